//! Times in which a task does nothing but to show that it lives: after a failure, and where an operator wants it to stand still.

use super::{Command, Exit, Input, Task};
use crate::control::TaskState;
use crate::engine::commit::HEARTBEAT_MS;
use crate::run::event::{Event, Name};
use crossbeam_channel::RecvTimeoutError;
use std::sync::atomic::Ordering;
use std::time::Duration;

impl Task {
    /// Waits; a drain ends the task, another plan ends the wait.
    pub(super) fn wait(&mut self, wait_ms: u64) -> Option<Exit> {
        self.waits.store(true, Ordering::Relaxed);
        let until_ms = self.clock.now_ms() + wait_ms;
        self.wait_until(until_ms, |_| false)
    }

    /// Stands still, and stays the owner, until an operator says otherwise.
    pub(super) fn stand(&mut self) -> Option<Exit> {
        // Nobody reads the stream meanwhile.
        self.follower = None;
        self.falls_behind();
        self.set_state(TaskState::Paused);
        Event::info(Name::TaskPaused, "stands still; `syncc resume` lets it go on").task(&self.id).emit();
        let ended = self
            .wait_until(u64::MAX, |task| task.output.is_none() || task.orders.wishes().paused == Some(false));
        if ended.is_none() && self.orders.wishes().paused == Some(false) {
            Event::info(Name::TaskResumed, "goes on").task(&self.id).emit();
        }
        ended
    }

    /// Gives the task up, where its target is at rest. Best effort: without it the successor waits for missed beats.
    pub(super) fn give_up(&mut self) {
        if let Some(mut output) = self.output.take() {
            let _ = output.release();
        }
    }

    /// Waits for a moment or until it is enough; a drain ends the task, another plan ends the wait.
    fn wait_until(&mut self, until_ms: u64, enough: impl Fn(&Task) -> bool) -> Option<Exit> {
        let mut beat_ms = self.clock.now_ms();
        loop {
            let now_ms = self.clock.now_ms();
            self.watch_retention(now_ms);
            if now_ms >= beat_ms + HEARTBEAT_MS {
                beat_ms = now_ms;
                // A target that fails meanwhile is opened anew by the next life.
                if self.output.as_mut().is_some_and(|output| output.beat().is_err()) {
                    self.output = None;
                }
            }
            match self.orders.take() {
                Some(Command::Drain) => {
                    self.give_up();
                    self.set_state(TaskState::Stopped);
                    return Some(Exit::Done);
                }
                Some(Command::Swap { plan, generation }) => {
                    self.adopt(plan, Some(generation));
                    return None;
                }
                None => {}
            }
            if enough(self) {
                return None;
            }
            let left_ms = until_ms.min(beat_ms + HEARTBEAT_MS).saturating_sub(now_ms);
            match self.inbox.recv_timeout(Duration::from_millis(left_ms)) {
                Ok(Input::Wake | Input::Answer(_)) => {}
                Err(RecvTimeoutError::Timeout) if self.clock.now_ms() >= until_ms => return None,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Some(Exit::Done),
            }
        }
    }
}
