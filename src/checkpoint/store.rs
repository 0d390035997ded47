//! Where the state of targets without a state topic is kept.

use super::codec::{CodecError, StateRecord};
use super::record::{DurablePosition, StateKey};
use super::state::TaskState;
use std::path::PathBuf;

/// One change of stored state besides the position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StateChange {
    /// Stores a record.
    Put(Box<StateRecord>),
    /// Removes a record.
    Remove(StateKey),
}

impl StateChange {
    /// Stores `record`.
    pub fn put(record: StateRecord) -> StateChange {
        StateChange::Put(Box::new(record))
    }

    /// Key and value as bytes; no value where a record is removed.
    pub fn encode(&self) -> (Vec<u8>, Option<Vec<u8>>) {
        match self {
            StateChange::Put(record) => {
                let (key, value) = record.encode();
                (key, Some(value))
            }
            StateChange::Remove(key) => (key.encode(), None),
        }
    }
}

/// Why state could not be loaded or saved.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file operation failed.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was tried: `read`, `write`, `replace`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is no state file, or cut short, or damaged.
    #[error("`{}` is damaged: {what}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: &'static str,
    },
    /// A record in it cannot be used.
    #[error(transparent)]
    Record(#[from] CodecError),
}

/// Keeps the state of one task.
pub trait Store {
    /// What is stored; the empty state when nothing is.
    ///
    /// # Errors
    /// When it cannot be read or is damaged; never the empty state in place of an unreadable one.
    fn load(&mut self) -> Result<TaskState, StoreError>;

    /// Stores the changes and the position together: after a crash, all of them are there or none.
    ///
    /// # Errors
    /// When the medium refuses; what was stored before is still there.
    fn save(&mut self, durable: Option<&DurablePosition>, changes: &[StateChange]) -> Result<(), StoreError>;
}
