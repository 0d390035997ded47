//! A Kafka cluster as seen at one moment.

use serde::de::IgnoredAny;
use std::collections::{BTreeMap, BTreeSet};

/// A cluster.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClusterFacts {
    /// Its id.
    pub cluster_id: String,
    /// Number of brokers.
    pub brokers: u32,
    /// `transaction.max.timeout.ms`; none when we may not ask.
    pub transaction_max_timeout_ms: Option<u64>,
    /// Topics asked about that exist, by name.
    pub topics: BTreeMap<String, TopicFacts>,
}

/// A topic.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TopicFacts {
    /// Number of partitions.
    pub partitions: u32,
    /// Replicas of the partition that has the fewest.
    pub replicas: u32,
    /// Settings by Kafka's names; empty when we may not ask.
    pub config: BTreeMap<String, String>,
    /// The last record of each partition, where it was looked at.
    pub last: Vec<LastRecord>,
}

/// The last record of a partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastRecord {
    /// Partition.
    pub partition: i32,
    /// Offset.
    pub offset: i64,
    /// What its value looks like.
    pub shape: RecordShape,
}

/// What the value of a record looks like; holds no value of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordShape {
    /// There is none.
    Nothing,
    /// A JSON object with members of these names.
    Object(BTreeSet<String>),
    /// A zero and a number of a schema stand before it.
    Framed,
    /// Something else.
    Bytes,
}

impl RecordShape {
    /// That of a value.
    pub fn of(value: Option<&[u8]>) -> RecordShape {
        match value {
            None => RecordShape::Nothing,
            Some([0, rest @ ..]) if rest.len() >= 4 => RecordShape::Framed,
            Some(value) => match serde_json::from_slice::<BTreeMap<String, IgnoredAny>>(value) {
                Ok(members) => RecordShape::Object(members.into_keys().collect()),
                Err(_) => RecordShape::Bytes,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_of_values() {
        let check =
            |value: Option<&[u8]>, expected| assert_eq!(RecordShape::of(value), expected, "{value:?}");
        let members = |names: &[&str]| RecordShape::Object(names.iter().map(ToString::to_string).collect());
        check(None, RecordShape::Nothing);
        check(Some(b"{\"b\":[1],\"a\":{\"c\":2}}"), members(&["a", "b"]));
        check(Some(b"{}"), members(&[]));
        check(Some(b"[1]"), RecordShape::Bytes);
        check(Some(b""), RecordShape::Bytes);
        check(Some(&[0, 0, 0, 0, 7, 2]), RecordShape::Framed);
        check(Some(&[0, 1]), RecordShape::Bytes);
    }
}
