//! What the control socket does.

use super::Event;
use super::board::{Board, status};
use crate::control::{Handler, Operation};
use crossbeam_channel::Sender;

/// What the control socket does.
pub(super) struct Socket {
    pub(super) board: Board,
    pub(super) events: Sender<Event>,
}

impl Handler for Socket {
    fn handle(&self, operation: Operation) -> serde_json::Value {
        match operation {
            Operation::Status => serde_json::to_value(status(&self.board)).unwrap_or(serde_json::Value::Null),
            Operation::Stop => {
                let _ = self.events.send(Event::Stop);
                serde_json::Value::String("stopping".into())
            }
        }
    }
}
