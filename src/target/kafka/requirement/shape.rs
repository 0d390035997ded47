//! L0209: what records of a topic look like, and what they should look like.

use super::FOREIGN_WRITER;
use crate::catalog::{LastRecord, RecordShape, TopicFacts};
use crate::diagnostic::{Diagnostic, Severity};

/// What values of messages look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// Name of the format.
    pub format: String,
    /// JSON objects that have all members of one of these lists.
    pub members: Vec<&'static [&'static str]>,
    /// Data that the number of a schema stands before.
    pub framed: bool,
    /// Data that nothing stands before.
    pub bytes: bool,
}

impl Expected {
    /// True for what may have been sent as one of these messages.
    fn fits(&self, shape: &RecordShape) -> bool {
        match shape {
            RecordShape::Nothing => true,
            // Data without a frame may begin like one.
            RecordShape::Framed => self.framed || self.bytes,
            RecordShape::Bytes => self.bytes,
            RecordShape::Object(names) => {
                self.members.iter().any(|all| all.iter().all(|name| names.contains(*name)))
            }
        }
    }

    /// The finding for a record that does not.
    pub(super) fn foreign(&self, name: &str, brokers: &str, topic: &TopicFacts) -> Option<Diagnostic> {
        let LastRecord { partition, offset, .. } = topic.last.iter().find(|last| !self.fits(&last.shape))?;
        let message = format!(
            "topic `{name}` holds a record that is no message of `{}` (partition {partition}, offset {offset}): somebody else \
             writes there",
            self.format
        );
        Some(Diagnostic::nowhere(FOREIGN_WRITER, Severity::Warning, message).help(format!(
            "send to another `topic`, or find who writes: `kafka-acls --bootstrap-server {brokers} --list --topic {name}`; \
             `kafka-topics --bootstrap-server {brokers} --delete --topic {name}` where nobody needs what is in it"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sent_fits_and_other_things_do_not() {
        let json = Expected {
            format: "maxwell-json".into(),
            members: vec![&["database", "type", "ts"] as &[_], &["kinds", "sql"]],
            framed: false,
            bytes: false,
        };
        let avro = Expected { format: "avro".into(), members: Vec::new(), framed: true, bytes: false };
        let dts = Expected { bytes: true, framed: false, ..avro.clone() };
        let check = |expected: &Expected, value: Option<&[u8]>, fits: bool| {
            assert_eq!(expected.fits(&RecordShape::of(value)), fits, "{expected:?} {value:?}");
        };
        let row = b"{\"database\":\"a\",\"type\":\"insert\",\"ts\":1,\"data\":{}}";
        let framed = [0, 0, 0, 0, 1, 2];
        for (expected, object, frame, bytes) in
            [(&json, true, false, false), (&avro, false, true, false), (&dts, false, true, true)]
        {
            check(expected, Some(row), object);
            check(expected, Some(&framed), frame);
            check(expected, Some(b"hello"), bytes);
            check(expected, None, true);
        }
        check(&json, Some(b"{\"kinds\":[],\"sql\":\"\",\"x\":1}"), true);
        check(&json, Some(b"{\"database\":1}"), false);
        let topic = TopicFacts {
            last: vec![
                LastRecord { partition: 0, offset: 4, shape: RecordShape::Nothing },
                LastRecord { partition: 1, offset: 9, shape: RecordShape::Bytes },
            ],
            ..TopicFacts::default()
        };
        let finding = json.foreign("t", "k:9092", &topic).expect("it is foreign");
        assert!(
            finding.message.contains("partition 1, offset 9") && finding.message.contains("maxwell-json")
        );
        assert!(dts.foreign("t", "k:9092", &topic).is_none());
    }
}
