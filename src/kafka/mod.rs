//! Facts about Kafka: names, partition hashes, limits, the shape of a record. No client types.

pub mod limits;
mod partitioner;
mod record;
mod topic;

pub use partitioner::{java_partition, murmur2};
pub use record::{Batch, Headers, Record, TopicId, TopicTable};
pub use topic::{TopicName, TopicNameError};
