//! What the control socket hands to the supervisor, and what it answers itself.

use super::Event;
use super::board::Board;
use crate::control::{Handler, Operation, Reply};
use crossbeam_channel::{Sender, TrySendError};
use serde_json::Value;

/// Exit code of a command that gets no answer.
const NO_ANSWER: u8 = 3;

/// What the control socket does.
pub(super) struct Socket {
    pub(super) board: Board,
    pub(super) events: Sender<Event>,
}

impl Handler for Socket {
    fn handle(&self, operation: Operation, reply: Reply) {
        match operation {
            Operation::Status => {
                reply.done(serde_json::to_value(self.board.status()).unwrap_or(Value::Null));
            }
            Operation::Stop => {
                let _ = self.events.send(Event::Stop);
                reply.done("stopping".into());
            }
            Operation::Plan
            | Operation::Reload { .. }
            | Operation::Pause { .. }
            | Operation::Resume { .. }
            | Operation::Resnapshot { .. }
            | Operation::Tap { .. } => match self.events.try_send(Event::Asked(operation, reply)) {
                Err(TrySendError::Full(Event::Asked(_, reply))) => {
                    reply.refused(NO_ANSWER, "busy: too much happens at once; ask again");
                }
                // Who is not answered is told so when the reply goes away.
                Ok(()) | Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {}
            },
        }
    }
}
