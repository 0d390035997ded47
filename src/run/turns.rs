//! Turns at reading existing rows: all tasks of a source share how many reads it has at once, and how fast they are.

use super::context::Clock;
use crate::engine::load::{Admission, Policy, Refusal};
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The sources of a process, by name.
#[derive(Debug, Default)]
pub(super) struct Sources(Mutex<HashMap<String, Arc<Source>>>);

/// Reads of one source.
#[derive(Default)]
struct Source(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    admission: Admission,
    /// How those who may wait for a turn are woken.
    wakes: HashMap<u64, Box<dyn Fn() + Send>>,
    n_seats: u64,
}

impl Sources {
    /// A place among those who read a source; `wake` is called when it is its turn, and must not wait.
    pub(super) fn join(&self, source: &str, clock: Clock, wake: impl Fn() + Send + 'static) -> Seat {
        let mut sources = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let source = sources.entry(source.to_owned()).or_default().clone();
        let mut waiting = source.waiting();
        waiting.n_seats += 1;
        let number = waiting.n_seats;
        waiting.wakes.insert(number, Box::new(wake));
        drop(waiting);
        Seat { source, number, clock }
    }
}

impl Source {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.waiting().admission.fmt(f)
    }
}

impl Waiting {
    fn wake_first(&self) {
        if let Some(wake) = self.admission.first().and_then(|first| self.wakes.get(&first)) {
            wake();
        }
    }
}

/// A task's place among those who read a source.
pub(super) struct Seat {
    source: Arc<Source>,
    number: u64,
    clock: Clock,
}

impl Seat {
    /// One more read.
    ///
    /// # Errors
    /// Not now.
    pub(super) fn begin(&self, policy: &Policy) -> Result<Turn, Refusal> {
        let mut waiting = self.source.waiting();
        let (parallel, rate) = (policy.parallel, policy.rate_bytes_s);
        waiting.admission.begin(self.number, parallel, rate.is_some(), self.clock.now_ms())?;
        // There may be room for one more.
        waiting.wake_first();
        let (source, clock) = (self.source.clone(), self.clock.clone());
        Ok(Turn(Arc::new(Held { source, clock, rate, ended: AtomicBool::new(false) })))
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut waiting = self.source.waiting();
        waiting.wakes.remove(&self.number);
        waiting.admission.leave(self.number);
        waiting.wake_first();
    }
}

/// A read that may be under way, until any of its clones says that it has ended.
#[derive(Debug, Clone)]
pub(super) struct Turn(Arc<Held>);

#[derive(Debug)]
struct Held {
    source: Arc<Source>,
    clock: Clock,
    rate: Option<u64>,
    ended: AtomicBool,
}

impl Turn {
    /// So many bytes were read.
    pub(super) fn read(&self, bytes: u64) {
        let now_ms = self.0.clock.now_ms();
        self.0.source.waiting().admission.read(bytes, self.0.rate, now_ms);
    }

    /// The read has ended.
    pub(super) fn end(&self) {
        self.0.end();
    }
}

impl Held {
    fn end(&self) {
        if !self.ended.swap(true, Ordering::Relaxed) {
            let mut waiting = self.source.waiting();
            waiting.admission.end();
            waiting.wake_first();
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.end();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn whoever_waits_is_woken_when_a_read_ends() {
        let policy = Policy { chunk_rows: None, parallel: 1, rate_bytes_s: None };
        let sources = Sources::default();
        let woken = Arc::new(AtomicUsize::new(0));
        let first = sources.join("shop", Clock::start(), || {});
        let second = sources.join("shop", Clock::start(), {
            let woken = woken.clone();
            move || {
                woken.fetch_add(1, Ordering::Relaxed);
            }
        });
        let turn = first.begin(&policy).expect("nobody reads");
        assert_eq!(second.begin(&policy).err(), Some(Refusal::Busy));
        assert!(sources.join("crm", Clock::start(), || {}).begin(&policy).is_ok(), "another source");
        let reader = turn.clone();
        reader.end();
        drop(turn);
        assert_eq!(woken.load(Ordering::Relaxed), 1);
        drop(reader);
        let turn = second.begin(&policy).expect("it is its turn");
        assert_eq!(first.begin(&policy).err(), Some(Refusal::Busy), "a read ends once");
        // Whoever goes away does not stand in the way.
        let third = sources.join("shop", Clock::start(), || {});
        assert_eq!(third.begin(&policy).err(), Some(Refusal::Busy));
        drop(first);
        turn.end();
        assert!(third.begin(&policy).is_ok());
    }
}
