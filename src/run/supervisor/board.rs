//! The statuses of all tasks, as the control socket and the screen see them.

use crate::control::{Refused, Status, TaskStatus};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Statuses of all tasks, shared with the control socket.
pub(super) type Board = Arc<Mutex<BoardState>>;

/// See [`Board`].
#[derive(Default)]
pub(super) struct BoardState {
    /// Newest generation that a reload of this process made active; 0 before the first.
    pub(super) generation: u64,
    pub(super) refused: Option<Refused>,
    pub(super) tasks: BTreeMap<String, Arc<Mutex<TaskStatus>>>,
}

/// What all of them do.
pub(super) fn status(board: &Board) -> Status {
    let board = board.lock().unwrap_or_else(PoisonError::into_inner);
    let tasks: Vec<TaskStatus> = board
        .tasks
        .values()
        .map(|task| task.lock().unwrap_or_else(PoisonError::into_inner).clone())
        .collect();
    Status {
        version: 1,
        pid: std::process::id(),
        generation: tasks.iter().map(|task| task.generation).fold(board.generation, u64::max),
        refused: board.refused.clone(),
        tasks,
    }
}
