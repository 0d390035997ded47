//! What a data topic must be for the rows that go there.

use super::{
    CLEANUP_POLICY, Expected, PARTITIONS_DIFFER, REPLICAS, SIZE_LIMIT, TOPIC_MISSING, alter, number,
    policy_has,
};
use crate::catalog::{ClusterFacts, TopicFacts};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::kafka::TopicName;
use crate::kafka::limits::MAX_MESSAGE_BYTES_DEFAULT;
use crate::statement::{Cleanup, duration_text};

/// A data topic a task writes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicNeed {
    /// Name.
    pub name: TopicName,
    /// It is made when it is missing.
    pub create: bool,
    /// Partitions that are declared.
    pub partitions: Option<u32>,
    /// Replicas that are declared.
    pub replicas: Option<u16>,
    /// `min.insync.replicas` that is declared.
    pub min_insync: Option<u16>,
    /// `cleanup.policy` that is declared.
    pub cleanup: Option<Cleanup>,
    /// `retention.ms` that is declared.
    pub retention_ms: Option<u64>,
    /// A table whose rows go there without a key.
    pub keyless: Option<String>,
    /// The table with the widest rows, and their declared length in bytes; none where all fit a topic with Kafka's own limit.
    pub widest: Option<(String, u64)>,
    /// What messages of the tables look like; none for topics of something else.
    pub expected: Option<Expected>,
}

impl TopicNeed {
    /// A topic of which nothing is declared.
    pub fn plain(name: TopicName, create: bool) -> TopicNeed {
        TopicNeed {
            name,
            create,
            partitions: None,
            replicas: None,
            min_insync: None,
            cleanup: None,
            retention_ms: None,
            keyless: None,
            widest: None,
            expected: None,
        }
    }

    /// Everything that stands between the rows and their topic.
    pub(super) fn findings(&self, cluster: &ClusterFacts, brokers: &str) -> Vec<Diagnostic> {
        match cluster.topics.get(self.name.as_str()) {
            Some(topic) => self.of_existing(topic, brokers).into_iter().flatten().collect(),
            None if self.create => self.of_missing(cluster),
            None => vec![self.missing()],
        }
    }

    fn missing(&self) -> Diagnostic {
        let name = &self.name;
        let message = format!("topic `{name}` does not exist and may not be created");
        Diagnostic::nowhere(TOPIC_MISSING, Severity::Error, message).help(format!(
            "write `create if-missing` in its `topic` block, or run `kafka-topics --create --topic {name}`"
        ))
    }

    /// What the brokers would refuse when it is made, or rows afterwards.
    fn of_missing(&self, cluster: &ClusterFacts) -> Vec<Diagnostic> {
        let name = &self.name;
        let mut found = Vec::new();
        if let Some(replicas) = self.replicas.filter(|replicas| u32::from(*replicas) > cluster.brokers) {
            found.push(too_many_replicas(name.as_str(), replicas, cluster.brokers));
        }
        if let (Some(min), Some(replicas)) = (self.min_insync, self.replicas)
            && min > replicas
        {
            found.push(unreachable_minimum(name.as_str(), u64::from(min), u32::from(replicas)));
        }
        let compacts = matches!(self.cleanup, Some(Cleanup::Compact | Cleanup::CompactDelete));
        found.extend(self.keyless.as_ref().filter(|_| compacts).map(|table| self.keyless_rows(table)));
        found.extend(self.too_wide(MAX_MESSAGE_BYTES_DEFAULT as u64));
        found
    }

    fn of_existing(&self, topic: &TopicFacts, brokers: &str) -> [Option<Diagnostic>; 6] {
        let name = self.name.as_str();
        let error = |code: Code, message: String| Diagnostic::nowhere(code, Severity::Error, message);
        let actual = topic.partitions;
        let partitions = self.partitions.filter(|declared| *declared != actual).map(|declared| {
            error(
                PARTITIONS_DIFFER,
                format!("topic `{name}` has {actual} partitions, and {declared} are declared"),
            )
            .help(format!("write `partitions {actual}`, or send to another `topic`"))
        });
        let compacts = policy_has(topic, "compact");
        let keyless = self.keyless.as_ref().filter(|_| compacts).map(|table| self.keyless_rows(table));
        let kept = number(topic, "retention.ms").and_then(|ms| u64::try_from(ms).ok());
        let retention = match (self.retention_ms, kept) {
            (Some(declared), Some(kept)) if kept < declared && policy_has(topic, "delete") => Some(
                error(
                    CLEANUP_POLICY,
                    format!(
                        "topic `{name}` keeps records for {}, and `retention {}` is declared",
                        duration_text(kept),
                        duration_text(declared)
                    ),
                )
                .help(alter(name, &format!("retention.ms={declared}"))),
            ),
            _ => None,
        };
        let minimum = number(topic, "min.insync.replicas").and_then(|min| u64::try_from(min).ok());
        let minimum = minimum.filter(|min| *min > u64::from(topic.replicas));
        let limit = number(topic, "max.message.bytes").and_then(|limit| u64::try_from(limit).ok());
        [
            partitions,
            minimum.map(|min| unreachable_minimum(name, min, topic.replicas)),
            keyless,
            retention,
            self.too_wide(limit.unwrap_or(MAX_MESSAGE_BYTES_DEFAULT as u64)),
            self.expected.as_ref().and_then(|expected| expected.foreign(name, brokers, topic)),
        ]
    }

    fn keyless_rows(&self, table: &str) -> Diagnostic {
        let message = format!(
            "topic `{}` compacts, and rows of `{table}` have no key: the brokers refuse them",
            self.name
        );
        Diagnostic::nowhere(CLEANUP_POLICY, Severity::Error, message)
            .help("give the table a `key`, or send it to a topic with `cleanup delete`")
    }

    fn too_wide(&self, limit: u64) -> Option<Diagnostic> {
        let (table, bytes) = self.widest.as_ref().filter(|(_, bytes)| *bytes > limit)?;
        let name = self.name.as_str();
        let message =
            format!("topic `{name}` takes {limit} bytes, and a row of `{table}` may have {bytes} and more");
        Some(Diagnostic::nowhere(SIZE_LIMIT, Severity::Warning, message).help(format!(
            "leave large columns out with `columns except`, say with `on-oversize` where such rows go, or: {}",
            alter(name, "max.message.bytes=…")
        )))
    }
}

/// The finding for more replicas than there are brokers.
pub(super) fn too_many_replicas(topic: &str, replicas: u16, brokers: u32) -> Diagnostic {
    let message = format!("topic `{topic}` is to have {replicas} replicas, and there are {brokers} brokers");
    Diagnostic::nowhere(REPLICAS, Severity::Error, message)
        .help(format!("write `replicas {brokers}` or less, or add brokers"))
}

/// The finding for a topic that wants more replicas in sync than it has.
pub(super) fn unreachable_minimum(topic: &str, minimum: u64, replicas: u32) -> Diagnostic {
    let message = format!(
        "topic `{topic}` has {replicas} replicas, and `min.insync.replicas` {minimum}: the brokers refuse every record"
    );
    Diagnostic::nowhere(REPLICAS, Severity::Error, message)
        .help(alter(topic, &format!("min.insync.replicas={}", replicas.saturating_sub(1).max(1))))
}
