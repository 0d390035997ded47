//! Where the answer of an operation goes: any number of events, then one answer.
//!
//! Guarantees: nothing here waits, so that whoever works is never held up by whoever listens; an answer is never lost
//! to a full queue, events are, and whoever sends them is told.

use super::protocol::Answer;
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{mpsc, oneshot};

/// Events that may wait for a listener.
const EVENTS_MAX: usize = 256;

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    /// It is on its way.
    Sent,
    /// The listener is slower than we are.
    Full,
    /// Nobody listens any more.
    Gone,
}

/// The one operation that changes something and runs now.
#[derive(Debug, Clone, Default)]
pub(super) struct Busy(Arc<Mutex<Option<(u64, &'static str)>>>);

impl Busy {
    /// Takes the place, or tells who has it.
    pub(super) fn take(&self, id: u64, name: &'static str) -> Result<Working, (u64, &'static str)> {
        let mut place = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match *place {
            Some(other) => Err(other),
            None => {
                *place = Some((id, name));
                Ok(Working(self.clone()))
            }
        }
    }
}

/// The place, given back when dropped.
#[derive(Debug)]
pub(super) struct Working(Busy);

impl Drop for Working {
    fn drop(&mut self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Where events and the answer go. Dropped without an answer, the asker is told that there will be none.
#[derive(Debug)]
pub struct Reply {
    id: u64,
    events: mpsc::Sender<Value>,
    answer: oneshot::Sender<Answer>,
    _working: Option<Working>,
}

/// The other end of a [`Reply`].
pub(super) struct Replies {
    pub(super) events: mpsc::Receiver<Value>,
    pub(super) answer: oneshot::Receiver<Answer>,
}

impl Reply {
    pub(super) fn new(id: u64, working: Option<Working>) -> (Reply, Replies) {
        let (events, event_list) = mpsc::channel(EVENTS_MAX);
        let (answer, answers) = oneshot::channel();
        (Reply { id, events, answer, _working: working }, Replies { events: event_list, answer: answers })
    }

    /// Tells something on the way.
    pub fn event(&self, event: Value) -> Told {
        match self.events.try_send(event) {
            Ok(()) => Told::Sent,
            Err(mpsc::error::TrySendError::Full(_)) => Told::Full,
            Err(mpsc::error::TrySendError::Closed(_)) => Told::Gone,
        }
    }

    /// True when nobody listens any more.
    pub fn is_gone(&self) -> bool {
        self.events.is_closed()
    }

    /// It is done.
    pub fn done(self, result: Value) {
        let answer = Answer::done(self.id, result);
        self.answer(answer);
    }

    /// It is not done, and a command that asked ends with `exit`.
    pub fn refused(self, exit: u8, error: impl Into<String>) {
        let answer = Answer::refused(self.id, exit, error);
        self.answer(answer);
    }

    /// It is not done; there is more to read than a line.
    pub fn refused_with(self, exit: u8, error: impl Into<String>, result: Value) {
        let answer = Answer { result: Some(result), ..Answer::refused(self.id, exit, error) };
        self.answer(answer);
    }

    fn answer(self, answer: Answer) {
        // Who has gone away does not want it.
        let _ = self.answer.send(answer);
    }
}
