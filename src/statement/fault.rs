//! What becomes of what cannot be sent, and of what takes long or much.

use super::Template;
use super::quantity::size_text;
use super::words::words;
use serde::{Deserialize, Serialize};
use std::fmt;

words! {
    /// What becomes of a value outside of what the format can say.
    OnInvalidValue {
        /// It is sent as the format's page says, and counted.
        Map = "map",
        /// Its row is not sent: one that cannot be.
        Stop = "stop",
    }
}

words! {
    /// What becomes of a task whose position the server's log does not reach back to any more.
    OnPositionLost {
        /// It stops.
        Stop = "stop",
        /// All rows are loaded again.
        Resnapshot = "resnapshot",
    }
}

/// What becomes of a row that cannot be sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum OnError {
    /// The task stops before it.
    Stop,
    /// Its table waits, and loses nothing; the others go on.
    Park,
    /// It goes to this topic.
    DeadLetter(Template),
}

impl fmt::Display for OnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OnError::Stop => f.write_str("stop"),
            OnError::Park => f.write_str("park"),
            OnError::DeadLetter(topic) => write!(f, "dead-letter \"{topic}\""),
        }
    }
}

/// What becomes of a message that is larger than its topic takes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum OnOversize {
    /// The task stops before it.
    Stop,
    /// It goes to this topic.
    DeadLetter(Template),
}

impl fmt::Display for OnOversize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OnOversize::Stop => f.write_str("stop"),
            OnOversize::DeadLetter(topic) => write!(f, "dead-letter \"{topic}\""),
        }
    }
}

/// Where a transaction of the source is cut: whichever comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Split {
    /// Bytes of a part.
    pub bytes: u64,
    /// Rows of a part; none is the default.
    pub rows: Option<u64>,
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "after {}", size_text(self.bytes))?;
        match self.rows {
            None => Ok(()),
            Some(rows) => write!(f, ", {rows} rows"),
        }
    }
}
