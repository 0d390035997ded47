//! One line that says how far everything is: live on a terminal, now and then elsewhere.

use crate::control::{Status, TaskState, TaskStatus};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Without a terminal, a line comes this often while existing rows are loaded.
const PLAIN_LOADING: Duration = Duration::from_secs(10);

/// Without a terminal, a line comes this often while the log is followed.
const PLAIN_STREAMING: Duration = Duration::from_secs(60);

/// The progress line. Clones show the same line.
#[derive(Clone)]
pub(super) struct Bars {
    bar: Option<ProgressBar>,
    plain: Arc<Mutex<Option<Instant>>>,
    quiet: bool,
}

impl Bars {
    /// A live line where standard error is a terminal.
    pub(super) fn new(quiet: bool) -> Bars {
        let live = !quiet && io::stderr().is_terminal();
        let bar = live.then(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(5));
            bar.set_style(
                ProgressStyle::with_template("{spinner} {wide_msg}")
                    .unwrap_or_else(|_| ProgressStyle::default_spinner()),
            );
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        });
        Bars { bar, plain: Arc::default(), quiet }
    }

    /// Shows a status.
    pub(super) fn show(&self, status: &Status) {
        if let Some(bar) = &self.bar {
            bar.set_message(line(status));
            return;
        }
        if self.quiet || status.tasks.is_empty() {
            return;
        }
        let loading = status.tasks.iter().any(|task| task.state == TaskState::Snapshot);
        let every = if loading { PLAIN_LOADING } else { PLAIN_STREAMING };
        let mut last = self.plain.lock().unwrap_or_else(PoisonError::into_inner);
        if last.is_none_or(|at| at.elapsed() >= every) {
            *last = Some(Instant::now());
            tracing::info!(target: "syncc", event = "process.progress", "{}", line(status));
        }
    }

    /// Prints text above the line.
    pub(super) fn print(&self, text: &str) {
        let print = || {
            // Standard error is the last place to say anything; when it is gone, nobody listens.
            let _ = io::stderr().write_all(text.as_bytes());
        };
        match &self.bar {
            Some(bar) => bar.suspend(print),
            None => print(),
        }
    }

    /// Takes the line away.
    pub(super) fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

/// The status of everything in one line.
pub(super) fn line(status: &Status) -> String {
    let mut text = format!("generation {}", status.generation);
    if let Some(refused) = &status.refused {
        let _ = write!(text, " (files refused: {})", refused.codes.join(", "));
    }
    for task in &status.tasks {
        let _ = write!(text, " · {}", task_line(task));
    }
    text
}

fn task_line(task: &TaskStatus) -> String {
    let name = &task.task;
    match task.state {
        TaskState::Snapshot => {
            let progress = task.snapshot.clone().unwrap_or_default();
            let percent = (progress.rows * 100).checked_div(progress.estimate).unwrap_or(0).min(99);
            let eta = progress.eta_seconds.map(|eta| format!(", {eta} s left")).unwrap_or_default();
            format!(
                "{name} loading {percent} % ({}/{} tables, {} rows{eta}) {:.0} rows/s",
                progress.tables_done, progress.tables, progress.rows, task.records_per_second
            )
        }
        TaskState::Streaming => {
            format!("{name} {:.0} rows/s, lag {:.1} s", task.records_per_second, task.lag_seconds)
        }
        TaskState::Retrying => {
            let left = task.retry_seconds_left.map(|left| format!(" ({left} s left)")).unwrap_or_default();
            format!("{name} retrying{left}")
        }
        TaskState::Starting | TaskState::Failed | TaskState::Stopped => {
            format!("{name} {}", task.state.name())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Progress;

    #[test]
    fn a_line_says_what_every_task_does() {
        let loading = TaskStatus {
            task: "a.s.t".into(),
            state: TaskState::Snapshot,
            records_per_second: 1200.4,
            snapshot: Some(Progress {
                tables_done: 1,
                tables: 4,
                rows: 500,
                estimate: 2_000,
                eta_seconds: Some(3),
            }),
            ..TaskStatus::default()
        };
        let streaming =
            TaskStatus { task: "b.s.t".into(), state: TaskState::Streaming, ..TaskStatus::default() };
        let status = Status { generation: 3, tasks: vec![loading, streaming], ..Status::default() };
        assert_eq!(
            line(&status),
            "generation 3 · a.s.t loading 25 % (1/4 tables, 500 rows, 3 s left) 1200 rows/s · b.s.t 0 rows/s, lag 0.0 s"
        );
    }
}
