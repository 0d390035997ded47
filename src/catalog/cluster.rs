//! A Kafka cluster as seen at one moment.

use std::collections::BTreeMap;

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
}
