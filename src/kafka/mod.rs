//! Facts about Kafka: names, partition hashes, limits, the shape of a record. No client types.

mod record;
mod topic;

pub use record::{Batch, Record, TopicId};
pub use topic::{TopicName, TopicNameError};
