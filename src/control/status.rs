//! What `status` tells. Machines read it: fields are added, never changed, within one `version`.

use serde::{Deserialize, Serialize};

/// The whole instance.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Version of this shape.
    pub version: u32,
    /// Process id.
    pub pid: u32,
    /// Generation that is active; 0 until a task has read its state.
    pub generation: u64,
    /// Generation that the files would be, when they were refused, and since when (seconds since 1970).
    pub refused: Option<Refused>,
    /// Every task, sorted by id.
    pub tasks: Vec<TaskStatus>,
}

/// A refused reload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Refused {
    /// Number of errors.
    pub errors: usize,
    /// Since when, seconds since 1970.
    pub since: u64,
    /// Codes of the findings, each once.
    pub codes: Vec<String>,
}

/// What a task is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskState {
    /// Connecting, checking, taking ownership.
    #[default]
    Starting,
    /// Loading existing rows, while streaming.
    Snapshot,
    /// Following the log.
    Streaming,
    /// Waiting to try again.
    Retrying,
    /// Ended for good.
    Failed,
    /// Ended on request.
    Stopped,
}

impl TaskState {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            TaskState::Starting => "starting",
            TaskState::Snapshot => "snapshot",
            TaskState::Streaming => "streaming",
            TaskState::Retrying => "retrying",
            TaskState::Failed => "failed",
            TaskState::Stopped => "stopped",
        }
    }
}

/// One task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TaskStatus {
    /// `<pipeline>.<source>.<target>`.
    pub task: String,
    /// What it does.
    pub state: TaskState,
    /// Generation it runs.
    pub generation: u64,
    /// Committed position, for people.
    pub position: Option<String>,
    /// Number of the last commit.
    pub seq: u64,
    /// Records sent since the process started.
    pub records: u64,
    /// Records per second, over the last seconds.
    pub records_per_second: f64,
    /// Age of the newest committed change, seconds; 0 when everything is committed.
    pub lag_seconds: f64,
    /// Load of existing rows.
    pub snapshot: Option<Progress>,
    /// Recoveries since the process started.
    pub recoveries: u64,
    /// Seconds left of the retry window, while it runs.
    pub retry_seconds_left: Option<u64>,
    /// What a start waits for, while it waits.
    #[serde(default)]
    pub waiting: Option<String>,
    /// Last failure.
    pub error: Option<String>,
    /// `tls off because "…"` and the like: weakened switches in force.
    pub weakened: Vec<String>,
    /// Tables.
    pub tables: Vec<TableStatus>,
    /// Tables whose rows wait (`on-error park`), by name.
    #[serde(default)]
    pub parked: Vec<ParkedTable>,
}

/// A table whose rows wait.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ParkedTable {
    /// `db.table` at the source.
    pub table: String,
    /// Where it waits, for people.
    pub position: String,
    /// Why.
    pub reason: String,
}

/// Load of existing rows.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Tables loaded.
    pub tables_done: usize,
    /// Tables to load in all.
    pub tables: usize,
    /// Rows sent.
    pub rows: u64,
    /// The server's estimate of all rows.
    pub estimate: u64,
    /// Seconds left at the present rate, when it can be told.
    pub eta_seconds: Option<u64>,
}

/// One table of a task.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TableStatus {
    /// `db.table` at the source.
    pub table: String,
    /// Rows of the load sent.
    pub rows: u64,
    /// The server's estimate.
    pub estimate: u64,
    /// Loaded.
    pub done: bool,
}
