//! The Kafka client: connections, producers, the state topic, preflight.
//!
//! Calls block; they belong on a task's own thread, or on one that may block. Nothing here retries past its deadline,
//! aborts a transaction or reuses a producer after a failure: that is the one recovery path of the engine.

mod batch;
mod connection;
mod error;
mod events;
mod follow;
mod last;
mod preflight;
mod producer;
mod settings;
mod state;
mod token;

pub use batch::Alive;
pub use connection::Connection;
pub use error::{Cause, Class, KafkaFailure};
pub use follow::{Followed, Follower, Take};
pub use preflight::{Admin, NewTopic};
pub use producer::{AtLeastOnce, Committed, Producer, Txn};
pub use settings::{ProducerSettings, state_topic, transactional_id};
pub use state::{Isolation, StateRead, Watch, WatchedRecord, read_all};

/// Version of the client library inside.
pub fn client_version() -> String {
    rdkafka::util::get_rdkafka_version().1
}
