//! Facts about Kafka: names, partition hashes, limits, the shape of a record. No client types.

mod java_hash;
pub mod limits;
mod partitioner;
mod record;
mod topic;

pub use java_hash::{JavaHash, canal_partition, java_hash, masked_partition};
pub use partitioner::{c_partition, java_partition, murmur2};
pub use record::{Batch, Headers, Mark, Record, TopicId, TopicTable};
pub use topic::{TopicName, TopicNameError};
