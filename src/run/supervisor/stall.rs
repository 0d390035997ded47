//! Tells when nothing moves although something waits, and what it waits for.

use super::Supervisor;
use crate::control::TaskStatus;
use crate::plan::TaskId;
use crate::run::event::{Event as Log, Name};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Without a commit for this long, a task that is behind is stalled: twice the longest healthy wait for a broker.
const PATIENCE: Duration = Duration::from_secs(60);

/// The last commit that was seen of each task, and when it was new.
pub(super) type Moves = BTreeMap<TaskId, (u64, Instant)>;

impl Supervisor<'_> {
    /// Looks at every task once a turn.
    pub(super) fn look_for_stalls(&mut self) {
        self.moves.retain(|id, _| self.tasks.contains_key(id));
        for (id, task) in &self.tasks {
            let mut status = task.shared.status.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            let moved = self.moves.entry(id.clone()).or_insert_with(|| (status.seq, Instant::now()));
            let stalled = stalled(moved, &status, Instant::now());
            let is_new = status.stalled.is_none();
            status.stalled.clone_from(&stalled);
            drop(status);
            if let Some(text) = stalled.filter(|_| is_new) {
                Log::warn(Name::TaskStalled, text).task(id).emit();
            }
        }
    }
}

/// What keeps a task, if it has not moved for long; `moved` is when it was last seen to.
fn stalled(moved: &mut (u64, Instant), status: &TaskStatus, now: Instant) -> Option<String> {
    if moved.0 != status.seq || !may_stall(status) {
        *moved = (status.seq, now);
    }
    let since = now.saturating_duration_since(moved.1);
    (since >= PATIENCE).then(|| {
        let why = status.waits_for.unwrap_or("the log that was read is not worked on");
        format!("nothing was committed for {} s although something waits: {why}", since.as_secs())
    })
}

/// True for a task that should move: one that waits to try again, or stands still, says so itself.
fn may_stall(status: &TaskStatus) -> bool {
    status.behind_since_ms.is_some() && status.state.sends()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::TaskState;

    #[test]
    fn a_task_stalls_when_something_waits_and_nothing_moves() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut moved = (7, start);
        let waits_for = Some("the target has not acknowledged a commit");
        let mut status =
            TaskStatus { state: TaskState::Streaming, seq: 7, waits_for, ..TaskStatus::default() };
        // an idle source
        assert_eq!(stalled(&mut moved, &status, at(600)), None);
        status.behind_since_ms = Some(1);
        assert_eq!(stalled(&mut moved, &status, at(659)), None);
        assert_eq!(
            stalled(&mut moved, &status, at(661)).as_deref(),
            Some(
                "nothing was committed for 61 s although something waits: the target has not acknowledged a commit"
            )
        );
        status.seq = 8;
        assert_eq!(stalled(&mut moved, &status, at(662)), None);
        // says for itself that it waits
        status.state = TaskState::Retrying;
        assert_eq!(stalled(&mut moved, &status, at(900)), None);
    }
}
