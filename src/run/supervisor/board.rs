//! The statuses of all tasks, as the control socket and the screen see them.

use crate::control::{PausedTask, Pending, Refused, Status, Streams, TaskState, TaskStatus};
use crate::run::context::{Context, wall_ms};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// Statuses of all tasks, shared with the control socket.
#[derive(Debug, Clone)]
pub(super) struct Board {
    state: Arc<Mutex<BoardState>>,
    /// Whose connections are told.
    context: Arc<Context>,
}

/// What a task posts.
#[derive(Debug)]
pub(super) struct Post {
    /// What it does.
    pub(super) status: Arc<Mutex<TaskStatus>>,
    /// It was parted from those that read its source with it.
    pub(super) detached: Arc<AtomicBool>,
}

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
    pub(super) tasks: BTreeMap<String, Post>,
}

impl Board {
    /// An empty board.
    pub(super) fn new(context: Arc<Context>) -> Board {
        Board { state: Arc::default(), context }
    }

    /// The board, to write on.
    pub(super) fn open(&self) -> MutexGuard<'_, BoardState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What all of them do.
    pub(super) fn status(&self) -> Status {
        let streams = self.context.hubs.streams().into_iter();
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
            streams: streams.map(|(source, hub, private)| Streams { source, hub, private }).collect(),
            tasks,
        }
    }
}

/// A task's status now: its lag grows while it is silent, a start that stands says at what, and who was parted from the others is
/// seen to be also while it hangs.
fn read(task: &Post, now_ms: i64) -> TaskStatus {
    let mut status = task.status.lock().unwrap_or_else(PoisonError::into_inner).clone();
    if status.state.sends() && task.detached.load(Ordering::Relaxed) {
        status.state = TaskState::Detached;
    }
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

    fn post(status: TaskStatus) -> Post {
        Post { status: Arc::new(Mutex::new(status)), detached: Arc::default() }
    }

    #[test]
    fn who_was_parted_from_the_others_is_seen_to_be_while_it_sends() {
        for (state, seen) in [
            (TaskState::Streaming, TaskState::Detached),
            (TaskState::Snapshot, TaskState::Detached),
            (TaskState::Retrying, TaskState::Retrying),
            (TaskState::Paused, TaskState::Paused),
        ] {
            let post = post(TaskStatus { state, ..TaskStatus::default() });
            assert_eq!(read(&post, 0).state, state);
            post.detached.store(true, Ordering::Relaxed);
            assert_eq!(read(&post, 0).state, seen);
        }
    }

    #[test]
    fn a_lag_grows_while_nothing_is_heard_of_the_task() {
        let behind = |behind_since_ms| post(TaskStatus { behind_since_ms, ..TaskStatus::default() });
        assert_eq!(read(&behind(None), 5_000).lag_seconds, 0.0);
        assert_eq!(read(&behind(Some(1_500)), 5_000).lag_seconds, 3.5);
        // a server whose clock is ahead
        assert_eq!(read(&behind(Some(9_000)), 5_000).lag_seconds, 0.0);
    }

    #[test]
    fn a_start_tells_what_it_waits_for_by_intent_or_else_whose_answer() {
        let waits_for = Some("the target has not answered yet");
        let mut status = TaskStatus { waits_for, ..TaskStatus::default() };
        let waiting = |status: &TaskStatus| read(&post(status.clone()), 0).waiting;
        assert_eq!(waiting(&status).as_deref(), Some("because the target has not answered yet"));
        status.waiting = Some("for signs of life".to_owned());
        assert_eq!(waiting(&status).as_deref(), Some("for signs of life"));
        status = TaskStatus { waits_for, state: TaskState::Streaming, ..TaskStatus::default() };
        assert_eq!(waiting(&status), None);
    }
}
