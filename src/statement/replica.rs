//! How syncc appears to a source: as one of its replicas.

use serde::{Deserialize, Serialize};

/// `server-id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ServerIds {
    /// Hashes of prefix, source and stream.
    Auto,
    /// These, one for each stream.
    Range {
        /// First.
        first: u32,
        /// Last.
        last: u32,
    },
}

/// `on-failover`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum OnFailover {
    /// Another server ends the task.
    Stop,
    /// A server whose log is proven to go on where the other's ended is followed.
    Follow,
}

/// `heartbeat`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Heartbeat {
    /// How often, ms.
    pub every_ms: u64,
    /// Database and name of the table of which one row is updated.
    pub table: Option<(String, String)>,
}
