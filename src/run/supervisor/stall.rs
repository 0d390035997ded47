//! Tells when nothing moves although something waits, and what it waits for.
//!
//! A task moves when its position does, when it sends, or when rows of a load come. That it says who it is every few seconds is
//! no move. What it does between two tries does not count as one either: whoever fails again and again stands still.

use super::Supervisor;
use crate::control::{Progress, TaskState, TaskStatus};
use crate::plan::TaskId;
use crate::run::event::{Event as Log, Name};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Without a move for this long, a task for which something waits is stalled: twice the longest healthy wait for a broker.
const PATIENCE: Duration = Duration::from_secs(60);

/// A task that has begun anew is given this long to move. Shorter than the server waits for a lock, so that a load which
/// fails by that over and over is told, too.
const BEGUN: Duration = Duration::from_secs(20);

/// What was last seen of each task.
pub(super) type Moves = BTreeMap<TaskId, Moved>;

/// What was last seen of a task, and since when it is so.
#[derive(Debug)]
pub(super) struct Moved {
    mark: Mark,
    since: Instant,
    state: TaskState,
    state_since: Instant,
}

/// What differs once a task has moved.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mark {
    position: Option<String>,
    records: u64,
    rows: u64,
    tables: usize,
}

impl Mark {
    fn of(status: &TaskStatus) -> Mark {
        let load = status.snapshot.as_ref();
        Mark {
            position: status.position.clone(),
            records: status.records,
            rows: load.map_or(0, |load| load.rows),
            tables: load.map_or(0, |load| load.tables_done),
        }
    }
}

impl Supervisor<'_> {
    /// Looks at every task once a turn.
    pub(super) fn look_for_stalls(&mut self) {
        self.moves.retain(|id, _| self.tasks.contains_key(id));
        for (id, task) in &self.tasks {
            let mut status = task.shared.status.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let now = Instant::now();
            let moved = self.moves.entry(id.clone()).or_insert_with(|| Moved::new(&status, now));
            let stalled = moved.stalled(&status, now);
            let is_new = status.stalled.is_none();
            status.stalled.clone_from(&stalled);
            drop(status);
            if let Some(text) = stalled.filter(|_| is_new) {
                Log::warn(Name::TaskStalled, text).task(id).emit();
            }
        }
    }
}

impl Moved {
    fn new(status: &TaskStatus, now: Instant) -> Moved {
        Moved { mark: Mark::of(status), since: now, state: status.state, state_since: now }
    }

    /// What keeps the task, if it has not moved for long.
    fn stalled(&mut self, status: &TaskStatus, now: Instant) -> Option<String> {
        let mark = Mark::of(status);
        if mark != self.mark || !something_waits(status) {
            (self.mark, self.since) = (mark, now);
        }
        if status.state != self.state {
            (self.state, self.state_since) = (status.state, now);
        }
        let since = now.saturating_duration_since(self.since);
        if since < PATIENCE {
            return None;
        }
        let in_state = now.saturating_duration_since(self.state_since);
        let is_told = match status.state {
            TaskState::Snapshot | TaskState::Streaming | TaskState::Detached => in_state >= BEGUN,
            TaskState::Starting => in_state >= PATIENCE,
            // It says itself what went wrong, and when it tries again.
            TaskState::Retrying => false,
            TaskState::Standby | TaskState::Paused | TaskState::Failed | TaskState::Stopped => return None,
        };
        if !is_told {
            // What was told holds until it moves.
            return status.stalled.clone();
        }
        let why = status.waits_for.unwrap_or("the log that was read is not worked on");
        Some(format!("nothing has moved for {} s although something waits: {why}", since.as_secs()))
    }
}

/// True while there is something that the task should send, store or get over with.
fn something_waits(status: &TaskStatus) -> bool {
    match status.state {
        TaskState::Snapshot | TaskState::Streaming | TaskState::Detached => {
            status.behind_since_ms.is_some() || status.snapshot.as_ref().is_some_and(is_loading)
        }
        TaskState::Retrying => true,
        // What it waits for by intent, an owner to fall silent say, it tells itself.
        TaskState::Starting => status.waiting.is_none(),
        TaskState::Standby | TaskState::Paused | TaskState::Failed | TaskState::Stopped => false,
    }
}

/// True for a load that is not at its end and does not wait for its turn or its hours, which it tells itself.
fn is_loading(load: &Progress) -> bool {
    load.tables_done < load.tables && !load.rests
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A task that is seen at times, in seconds.
    struct Seen {
        start: Instant,
        moved: Moved,
        status: TaskStatus,
    }

    impl Seen {
        fn new(state: TaskState) -> Seen {
            let start = Instant::now();
            let waits_for = Some("of its target");
            let status = TaskStatus { state, waits_for, ..TaskStatus::default() };
            Seen { start, moved: Moved::new(&status, start), status }
        }

        /// What is told; kept, as the supervisor does.
        fn at(&mut self, seconds: u64) -> Option<String> {
            let told = self.moved.stalled(&self.status, self.start + Duration::from_secs(seconds));
            self.status.stalled.clone_from(&told);
            told
        }
    }

    fn told(seconds: u64) -> Option<String> {
        Some(format!("nothing has moved for {seconds} s although something waits: of its target"))
    }

    #[test]
    fn a_task_stalls_when_something_waits_and_nothing_moves() {
        let mut seen = Seen::new(TaskState::Streaming);
        assert_eq!(seen.at(600), None, "an idle source");
        seen.status.behind_since_ms = Some(1);
        assert_eq!((seen.at(659), seen.at(661)), (None, told(61)));
        seen.status.seq += 1;
        assert_eq!(seen.at(662), told(62), "a sign of life is no move");
        seen.status.position = Some("b.1:4".to_owned());
        assert_eq!((seen.at(663), seen.at(722), seen.at(723)), (None, None, told(60)));
        seen.status.records += 1;
        assert_eq!(seen.at(724), None);
        seen.status.behind_since_ms = None;
        assert_eq!(seen.at(900), None);
    }

    #[test]
    fn a_load_stalls_when_no_rows_come() {
        let mut seen = Seen::new(TaskState::Snapshot);
        let load =
            |rows, rests| Some(Progress { tables: 2, tables_done: 1, rows, rests, ..Progress::default() });
        seen.status.snapshot = load(0, true);
        assert_eq!(seen.at(600), None, "as it was told to");
        seen.status.snapshot = load(0, false);
        assert_eq!((seen.at(659), seen.at(660)), (None, told(60)));
        seen.status.snapshot = load(7, false);
        assert_eq!((seen.at(661), seen.at(720)), (None, None));
        seen.status.state = TaskState::Paused;
        assert_eq!(seen.at(800), None);
    }

    #[test]
    fn tries_are_no_moves() {
        let mut seen = Seen::new(TaskState::Snapshot);
        seen.status.behind_since_ms = Some(1);
        assert_eq!(seen.at(30), None);
        seen.status.state = TaskState::Retrying;
        assert_eq!(seen.at(90), None, "it tells itself");
        seen.status.state = TaskState::Streaming;
        assert_eq!((seen.at(91), seen.at(110)), (None, None), "it has just begun");
        assert_eq!(seen.at(111), told(111));
        // And what was told holds over the next try.
        seen.status.state = TaskState::Retrying;
        assert_eq!(seen.at(120), told(111));
        seen.status.state = TaskState::Starting;
        assert_eq!((seen.at(125), seen.at(185)), (told(111), told(185)));
        seen.status.state = TaskState::Streaming;
        seen.status.records = 1;
        assert_eq!(seen.at(186), None);
    }
}
