//! The statuses of all tasks, as the control socket and the screen see them.

use crate::control::{PausedTask, Pending, Refused, Status, TaskState, TaskStatus};
use crate::run::context::wall_ms;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Statuses of all tasks, shared with the control socket.
#[derive(Debug, Clone, Default)]
pub(super) struct Board(Arc<Mutex<BoardState>>);

/// See [`Board`].
#[derive(Debug, Default)]
pub(super) struct BoardState {
    /// Newest generation that a reload of this process made active; 0 before the first.
    pub(super) generation: u64,
    /// Start of the process, seconds since 1970.
    pub(super) started_s: u64,
    /// When the loop of the supervisor turned last.
    pub(super) turned: Option<Instant>,
    pub(super) refused: Option<Refused>,
    pub(super) pending: Option<Pending>,
    pub(super) paused: Vec<PausedTask>,
    pub(super) tasks: BTreeMap<String, Arc<Mutex<TaskStatus>>>,
}

impl Board {
    /// The board, to write on.
    pub(super) fn open(&self) -> MutexGuard<'_, BoardState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What all of them do.
    pub(super) fn status(&self) -> Status {
        let board = self.open();
        let now_ms = wall_ms();
        let tasks: Vec<TaskStatus> = board.tasks.values().map(|task| read(task, now_ms)).collect();
        Status {
            version: 1,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            started: board.started_s,
            generation: tasks.iter().map(|task| task.generation).fold(board.generation, u64::max),
            refused: board.refused.clone(),
            pending: board.pending.clone(),
            paused: board.paused.clone(),
            tasks,
        }
    }
}

/// A task's status now: its lag grows while it is silent, and a start that stands says at what.
fn read(task: &Mutex<TaskStatus>, now_ms: i64) -> TaskStatus {
    let mut status = task.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let behind_ms = status.behind_since_ms.map_or(0, |since_ms| (now_ms - since_ms).max(0));
    status.lag_seconds = behind_ms as f64 / 1_000.0;
    if status.state == TaskState::Starting && status.waiting.is_none() {
        status.waiting = status.waits_for.map(|why| format!("because {why}"));
    }
    status
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lag_grows_while_nothing_is_heard_of_the_task() {
        let behind = |behind_since_ms| Mutex::new(TaskStatus { behind_since_ms, ..TaskStatus::default() });
        assert_eq!(read(&behind(None), 5_000).lag_seconds, 0.0);
        assert_eq!(read(&behind(Some(1_500)), 5_000).lag_seconds, 3.5);
        // a server whose clock is ahead
        assert_eq!(read(&behind(Some(9_000)), 5_000).lag_seconds, 0.0);
    }

    #[test]
    fn a_start_tells_what_it_waits_for_by_intent_or_else_whose_answer() {
        let waits_for = Some("the target has not answered yet");
        let mut status = TaskStatus { waits_for, ..TaskStatus::default() };
        let waiting = |status: &TaskStatus| read(&Mutex::new(status.clone()), 0).waiting;
        assert_eq!(waiting(&status).as_deref(), Some("because the target has not answered yet"));
        status.waiting = Some("for signs of life".to_owned());
        assert_eq!(waiting(&status).as_deref(), Some("for signs of life"));
        status = TaskStatus { waits_for, state: TaskState::Streaming, ..TaskStatus::default() };
        assert_eq!(waiting(&status), None);
    }
}
