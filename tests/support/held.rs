//! The process of a server that is stopped, killed and started again by tests that share it.

use std::sync::{Mutex, PoisonError};

use rustix::process::Signal;

use super::process::Process;
use super::wait;

/// Seconds that an orderly stop may take.
const STOP_SECONDS: u64 = 60;

/// A process that is there, or not.
#[derive(Default)]
pub(crate) struct Held(Mutex<Option<Process>>);

impl Held {
    /// It runs.
    pub(crate) fn hold(&self, process: Process) {
        *self.process() = Some(process);
    }

    /// Stops it in an orderly way.
    #[track_caller]
    pub(crate) fn stop(&self) {
        self.signal(Signal::TERM);
        if let Some(mut process) = self.process().take() {
            process.wait(STOP_SECONDS);
        }
    }

    /// Kills it on the spot.
    pub(crate) fn kill(&self) {
        drop(self.process().take());
    }

    /// Starts it again by `try_start`, which is false while a port is taken.
    #[track_caller]
    pub(crate) fn start_again(&self, try_start: impl Fn() -> bool) {
        wait::until("a start on the same ports", 30, || {
            if try_start() { Ok(()) } else { Err("a port is taken") }
        });
    }

    /// Sends a signal: `STOP` makes it hang, `CONT` lets it go on.
    pub(crate) fn signal(&self, signal: Signal) {
        if let Some(process) = self.process().as_mut() {
            process.signal(signal);
        }
    }

    fn process(&self) -> std::sync::MutexGuard<'_, Option<Process>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
