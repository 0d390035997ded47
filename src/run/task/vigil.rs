//! Being seen to live while something else than the target is waited for: whoever stands by takes a task that falls silent.

use super::output::Output;
use crate::engine::commit::HEARTBEAT_MS;
use crate::run::failure::{Class, Failure, Side};
use crossbeam_channel::{RecvTimeoutError, bounded};
use std::time::Duration;

/// Does what may take long; who owns the task by `output` says so meanwhile, as often as always.
///
/// # Errors
/// The target took no word: the task may be somebody else's by now. `output` is gone then.
pub(super) fn seen_to_live<T>(output: &mut Option<Output>, wait: impl FnOnce() -> T) -> Result<T, Failure> {
    let Some(mut ours) = output.take() else { return Ok(wait()) };
    std::thread::scope(|scope| {
        let (over, is_over) = bounded::<()>(0);
        let speak = move || -> Result<Output, Failure> {
            while is_over.recv_timeout(Duration::from_millis(HEARTBEAT_MS)) == Err(RecvTimeoutError::Timeout)
            {
                ours.beat()?;
            }
            Ok(ours)
        };
        let speaker = std::thread::Builder::new().name("owner".into()).spawn_scoped(scope, speak);
        let speaker = speaker
            .map_err(|error| Failure::new(Class::Request, format!("cannot start a thread: {error}")))?;
        let waited = wait();
        drop(over);
        match speaker.join() {
            Ok(spoken) => *output = Some(spoken?),
            Err(panic) => std::panic::resume_unwind(panic),
        }
        Ok(waited)
    })
}

/// Does what may take long in a thread of its own, where the target is needed for it or in the middle of something; `speak` is
/// called as often as an owner says that it lives.
///
/// # Errors
/// The target took no word, or there can be no such thread.
pub(super) fn speaking_meanwhile<T: Send>(
    wait: impl FnOnce() -> T + Send,
    mut speak: impl FnMut() -> Result<(), Failure>,
) -> Result<T, Failure> {
    std::thread::scope(|scope| {
        let (over, is_over) = bounded::<()>(0);
        let wait = move || {
            // Ends the beats also where it panics.
            let _over = over;
            wait()
        };
        let waiting = std::thread::Builder::new().name("waits".into()).spawn_scoped(scope, wait);
        let waiting = waiting
            .map_err(|error| Failure::new(Class::Request, format!("cannot start a thread: {error}")))?;
        let mut spoken = Ok(());
        while is_over.recv_timeout(Duration::from_millis(HEARTBEAT_MS)) == Err(RecvTimeoutError::Timeout) {
            if spoken.is_ok() {
                spoken = speak();
            }
        }
        match waiting.join() {
            Ok(waited) => spoken.map(|()| waited),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// The target that is ours.
///
/// # Errors
/// It is not any more.
pub(super) fn ours(output: &mut Option<Output>) -> Result<&mut Output, Failure> {
    output.as_mut().ok_or_else(silent)
}

/// There is no target by which the task would be seen to live.
pub(super) fn silent() -> Failure {
    let text = "the target took no sign of life while something else was waited for";
    Failure { side: Side::Target, ..Failure::new(Class::Connection, text) }
}
