//! What is answered in words: whether it lives, whether it is ready, and what runs.

use crate::control::{Status, TaskState};
use std::fmt::Write as _;

/// Whether a generation is active and no task has failed, with counts and no names.
pub(super) fn ready(status: &Status) -> (bool, String) {
    let count = |state: TaskState| status.tasks.iter().filter(|task| task.state == state).count();
    let failed = count(TaskState::Failed);
    let parked: usize = status.tasks.iter().map(|task| task.parked.len()).sum();
    let stalled = status.tasks.iter().filter(|task| task.stalled.is_some()).count();
    let is_ready = status.generation > 0 && failed == 0;
    let mut text = String::from(if is_ready { "ready\n" } else { "not ready\n" });
    let _ = writeln!(text, "generation {}", status.generation);
    for state in TaskState::ALL {
        let n = count(state);
        if n > 0 {
            let _ = writeln!(text, "tasks {} {n}", state.name());
        }
    }
    let stale = usize::from(status.refused.is_some());
    for (what, n) in [("tables parked", parked), ("tasks stalled", stalled), ("stale configuration", stale)] {
        if n > 0 {
            let _ = writeln!(text, "{what} {n}");
        }
    }
    (is_ready, text)
}

/// Tasks, states, lags and last errors, as plain text.
pub(super) fn overview(status: &Status) -> String {
    let mut text = format!("syncc {}, generation {}\n", status.program, status.generation);
    if let Some(refused) = &status.refused {
        let _ = writeln!(text, "files refused: {}", refused.codes.join(", "));
    }
    for task in &status.tasks {
        let _ = writeln!(text, "\n{}  {}  lag {:.1} s", task.task, task.state.name(), task.lag_seconds);
        if let Some(position) = &task.position {
            let _ = writeln!(text, "  at {position}");
        }
        for told in [&task.stalled, &task.error].into_iter().flatten() {
            let _ = writeln!(text, "  {told}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::TaskStatus;

    #[test]
    fn readiness_tells_counts_and_no_names() {
        let task = |state| TaskStatus { task: "secret.s.t".into(), state, ..TaskStatus::default() };
        let mut status = Status { tasks: vec![task(TaskState::Streaming)], ..Status::default() };
        assert!(!ready(&status).0);
        status.generation = 1;
        assert_eq!(ready(&status), (true, "ready\ngeneration 1\ntasks streaming 1\n".into()));
        status.tasks.push(task(TaskState::Failed));
        let (is_ready, text) = ready(&status);
        assert_eq!(
            (is_ready, text.contains("tasks failed 1"), text.contains("secret")),
            (false, true, false)
        );
    }
}
