//! What a service manager is told: that all tasks are at work, that files are looked at, that the loop turns.
//!
//! Without a manager that asks (`NOTIFY_SOCKET`), nothing happens here. Not told is no reason to stop.

use crate::control::{Status, TaskState};
use sd_notify::NotifyState;
use std::time::{Duration, Instant};

/// The manager of this process, if it has one.
pub(super) struct Service {
    ready: bool,
    reloading: bool,
    /// How often it wants to hear that we live.
    watchdog: Option<Duration>,
    told: Instant,
}

impl Service {
    /// Whoever started this process.
    pub(super) fn find() -> Service {
        // Half of what is allowed, as the manager's manual advises.
        let watchdog = sd_notify::watchdog_enabled().map(|allowed| allowed / 2);
        Service { ready: false, reloading: false, watchdog, told: Instant::now() }
    }

    /// The loop turns.
    pub(super) fn turn(&mut self, status: &Status) {
        if !self.ready && is_at_work(status) {
            self.ready = true;
            tell(&[NotifyState::Ready, NotifyState::Status(&summary(status))]);
        }
        if let Some(every) = self.watchdog
            && self.told.elapsed() >= every
        {
            self.told = Instant::now();
            tell(&[NotifyState::Watchdog, NotifyState::Status(&summary(status))]);
        }
    }

    /// The manager asked for a look at the files.
    pub(super) fn reloading(&mut self) {
        self.reloading = true;
        match NotifyState::monotonic_usec_now() {
            Ok(now) => tell(&[NotifyState::Reloading, now]),
            Err(_) => tell(&[NotifyState::Reloading]),
        }
    }

    /// The look is over.
    pub(super) fn reloaded(&mut self) {
        if std::mem::take(&mut self.reloading) {
            tell(&[NotifyState::Ready]);
        }
    }

    /// The end has begun.
    pub(super) fn stopping(&self) {
        tell(&[NotifyState::Stopping]);
    }
}

fn tell(states: &[NotifyState<'_>]) {
    let _ = sd_notify::notify(states);
}

/// True when every task loads or follows the log, or stands still or by because somebody wants it to.
fn is_at_work(status: &Status) -> bool {
    !(status.tasks.is_empty() && status.paused.is_empty())
        && status.tasks.iter().all(|task| match task.state {
            TaskState::Standby
            | TaskState::Snapshot
            | TaskState::Streaming
            | TaskState::Detached
            | TaskState::Paused => true,
            TaskState::Starting | TaskState::Retrying | TaskState::Failed | TaskState::Stopped => false,
        })
}

fn summary(status: &Status) -> String {
    let count = |state: TaskState| (state, status.tasks.iter().filter(|task| task.state == state).count());
    let counts = TaskState::ALL.map(count);
    let told = counts.iter().filter(|(_, n)| *n > 0).map(|(state, n)| format!("{n} {}", state.name()));
    format!("generation {}: {}", status.generation, told.collect::<Vec<_>>().join(", "))
}
