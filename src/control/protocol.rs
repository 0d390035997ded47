//! What goes over the socket.

use serde::{Deserialize, Serialize};

/// Version of the protocol; fields are added within one.
pub(super) const VERSION: u32 = 1;

/// Longest line either side accepts, bytes.
pub(super) const LINE_MAX: usize = 1 << 20;

/// A question.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Request {
    /// Version of the protocol.
    pub v: u32,
    /// Comes back in the answer.
    pub id: u64,
    /// Name of the operation.
    pub op: String,
}

/// What can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// The status of every task.
    Status,
    /// Drain and end.
    Stop,
}

impl Operation {
    /// All of them.
    pub const ALL: [Operation; 2] = [Operation::Status, Operation::Stop];

    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Operation::Status => "status",
            Operation::Stop => "stop",
        }
    }

    /// By its name.
    pub fn named(name: &str) -> Option<Operation> {
        Operation::ALL.into_iter().find(|operation| operation.name() == name)
    }
}

/// An answer: exactly one a question.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Answer {
    /// Version of the protocol.
    pub v: u32,
    /// Of the question; 0 when that could not be read.
    pub id: u64,
    /// Done.
    pub ok: bool,
    /// Exit code for a command line that asked.
    pub exit: u8,
    /// What was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<serde_json::Value>,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl Answer {
    /// An answer with a result.
    pub fn done(id: u64, result: serde_json::Value) -> Answer {
        Answer { v: VERSION, id, ok: true, exit: 0, result: Some(result), error: None }
    }

    /// A refusal.
    pub fn refused(id: u64, error: impl Into<String>) -> Answer {
        Answer { v: VERSION, id, ok: false, exit: 2, result: None, error: Some(error.into()) }
    }
}
