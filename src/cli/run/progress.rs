//! One line that says how far everything is: live on a terminal, now and then elsewhere.

use crate::control::{Status, TaskState, TaskStatus};
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A live line is drawn anew this often.
const LIVE: Duration = Duration::from_millis(200);

/// Without a terminal, a line comes this often while existing rows are loaded.
const PLAIN_LOADING: Duration = Duration::from_secs(10);

/// Without a terminal, a line comes this often while the log is followed.
const PLAIN_STREAMING: Duration = Duration::from_secs(60);

/// Columns of a terminal that does not tell.
const COLUMNS: usize = 80;

/// Columns for the spinner, the blank behind it and the echo of Ctrl-C.
const BESIDE: usize = 5;

/// Pictures of the spinner.
const SPINNER: [char; 6] = ['⠋', '⠙', '⠸', '⠴', '⠦', '⠇'];

/// The same in ASCII.
const SPINNER_ASCII: [char; 4] = ['|', '/', '-', '\\'];

/// To the first column, and nothing from there on. The cursor rests behind the text, so that what the terminal echoes for
/// Ctrl-C stays on the line and goes with it.
const CLEAR_LINE: &str = "\r\u{1b}[2K";

/// The progress line. Clones show the same line.
#[derive(Clone)]
pub(super) struct Bars {
    line: Arc<Mutex<Line>>,
    live: bool,
    ascii: bool,
    quiet: bool,
}

/// What is on the screen.
#[derive(Default)]
struct Line {
    /// The live line; empty when there is none.
    text: String,
    drawn: Option<Instant>,
    n_drawn: usize,
}

impl Bars {
    /// A live line, if it is wanted, where standard error is a terminal.
    pub(super) fn new(live: bool, quiet: bool, ascii: bool) -> Bars {
        Bars { line: Arc::default(), live: live && !quiet && io::stderr().is_terminal(), ascii, quiet }
    }

    /// Shows a status.
    pub(super) fn show(&self, status: &Status) {
        if self.quiet || (!self.live && status.tasks.is_empty()) {
            return;
        }
        let loading = status.tasks.iter().any(|task| task.state == TaskState::Snapshot);
        let every = match (self.live, loading) {
            (true, _) => LIVE,
            (false, true) => PLAIN_LOADING,
            (false, false) => PLAIN_STREAMING,
        };
        let mut now = self.now();
        if now.drawn.is_some_and(|at| at.elapsed() < every) {
            return;
        }
        now.drawn = Some(Instant::now());
        now.n_drawn += 1;
        if self.live {
            now.text = self.picture(status, now.n_drawn);
            write(&format!("{CLEAR_LINE}{}", now.text));
        } else {
            // The log prints it, with this lock.
            drop(now);
            tracing::info!(target: "syncc", event = "process.progress", "{}", line(status));
        }
    }

    fn picture(&self, status: &Status, n: usize) -> String {
        if self.ascii {
            let text = line(status).replace('·', "|");
            return format!("{} {}", SPINNER_ASCII[n % SPINNER_ASCII.len()], cut(text, columns(), "..."));
        }
        format!("{} {}", SPINNER[n % SPINNER.len()], cut(line(status), columns(), "…"))
    }

    /// Prints text above the line.
    pub(super) fn print(&self, text: &str) {
        let now = self.now();
        if now.text.is_empty() {
            write(text);
        } else {
            write(&format!("{CLEAR_LINE}{text}{}", now.text));
        }
    }

    /// Takes the line away.
    pub(super) fn clear(&self) {
        let mut now = self.now();
        if !std::mem::take(&mut now.text).is_empty() {
            write(CLEAR_LINE);
        }
    }

    fn now(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Standard error is the last place to say anything; when it is gone, nobody listens.
fn write(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Columns of the terminal that a message may take; the spinner and the echo of Ctrl-C need some, too.
fn columns() -> usize {
    let size = rustix::termios::tcgetwinsize(io::stderr()).map_or(0, |size| usize::from(size.ws_col));
    if size == 0 { COLUMNS } else { size }.saturating_sub(BESIDE)
}

/// The first `columns` signs, with `more` at their end where some are left out. Each is taken for one column wide, as
/// the names of tasks are.
fn cut(text: String, columns: usize, more: &str) -> String {
    if text.chars().count() <= columns {
        return text;
    }
    let kept = columns.saturating_sub(more.chars().count());
    text.chars().take(kept).chain(more.chars()).collect()
}

/// Seconds for people: the two largest units.
pub(in crate::cli) fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..86_400 => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
        _ => format!("{} d {} h", seconds / 86_400, seconds / 3_600 % 24),
    }
}

/// The status of everything in one line.
pub(super) fn line(status: &Status) -> String {
    // Before a task has read its state, it has none.
    let mut text = match status.generation {
        0 => "starting".to_owned(),
        generation => format!("generation {generation}"),
    };
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
            let eta = progress.eta_seconds.map(|eta| format!(", {} left", duration(eta))).unwrap_or_default();
            let eta = progress.waits.as_ref().map_or(eta, |waits| format!(", waits {waits}"));
            format!(
                "{name} loading {percent} % ({}/{} tables, {} rows{eta}) {:.0} rows/s",
                progress.tables_done, progress.tables, progress.rows, task.records_per_second
            )
        }
        TaskState::Streaming => {
            format!("{name} {:.0} rows/s, lag {:.1} s", task.records_per_second, task.lag_seconds)
        }
        TaskState::Detached => format!("{name} detached, lag {:.1} s", task.lag_seconds),
        TaskState::Retrying => {
            let left = task.retry_seconds_left;
            let left = left.map(|left| format!(", gives up in {}", duration(left))).unwrap_or_default();
            format!("{name} retrying{left}")
        }
        TaskState::Starting | TaskState::Standby if task.waiting.is_some() => {
            format!("{name} waits {}", task.waiting.as_deref().unwrap_or_default())
        }
        TaskState::Starting
        | TaskState::Standby
        | TaskState::Paused
        | TaskState::Failed
        | TaskState::Stopped => {
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
                waits: None,
                rests: false,
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

    #[test]
    fn a_start_tells_what_it_waits_for() {
        let waiting = Some("for signs of life of db2 (pid 7), 14 s left".to_owned());
        let task = TaskStatus { task: "a.s.t".into(), waiting, ..TaskStatus::default() };
        let status = Status { tasks: vec![task], ..Status::default() };
        assert_eq!(line(&status), "starting · a.s.t waits for signs of life of db2 (pid 7), 14 s left");
        assert_eq!(cut(line(&status), 12, "…"), "starting · …");
    }

    #[test]
    fn durations_have_two_units() {
        let all: Vec<_> = [0, 59, 61, 43_192, 90_000].into_iter().map(duration).collect();
        assert_eq!(all, ["0 s", "59 s", "1 min", "11 h 59 min", "1 d 1 h"]);
    }
}
