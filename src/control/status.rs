//! What `status` tells. Machines read it: fields are added, never changed, within one `version`.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The whole instance.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// Version of this shape.
    pub version: u32,
    /// Process id.
    pub pid: u32,
    /// Generation that is active; 0 until a task has read its state.
    pub generation: u64,
    /// Version of the program.
    #[serde(default)]
    pub program: String,
    /// Start of the process, seconds since 1970.
    #[serde(default)]
    pub started: u64,
    /// The last edit of the files, when it was refused.
    pub refused: Option<Refused>,
    /// Generation that is accepted and not active yet, and the tasks that still run the one before.
    #[serde(default)]
    pub pending: Option<Pending>,
    /// Tasks that stand still because the files say `paused`.
    #[serde(default)]
    pub paused: Vec<PausedTask>,
    /// Connections that read logs, by source.
    #[serde(default)]
    pub streams: Vec<Streams>,
    /// Every task, sorted by id.
    pub tasks: Vec<TaskStatus>,
}

/// Connections that read the log of a source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Streams {
    /// Its name.
    pub source: String,
    /// Shared by its tasks: 1, or 0 while none reads.
    pub hub: usize,
    /// Of tasks that stand far from the others, or were parted from them.
    pub private: usize,
}

/// A generation on its way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Its number.
    pub generation: u64,
    /// Tasks that do not run it yet.
    pub tasks: Vec<String>,
}

/// A task that stands still because the files say so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PausedTask {
    /// `<pipeline>.<source>.<target>`.
    pub task: String,
    /// What the files give as the reason.
    pub because: String,
}

/// A refused reload.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Refused {
    /// Number of errors.
    pub errors: usize,
    /// Since when, seconds since 1970.
    pub since: u64,
    /// Codes of the findings, each once.
    pub codes: Vec<String>,
    /// The errors, one line each: place, code, what is wrong.
    #[serde(default)]
    pub findings: Vec<String>,
}

/// What a task is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TaskState {
    /// Connecting, checking, taking ownership.
    #[default]
    Starting,
    /// Waiting, with `--standby`, for the instance that runs the task to fall silent.
    Standby,
    /// Loading existing rows, while streaming.
    Snapshot,
    /// Following the log.
    Streaming,
    /// Parted from the tasks that read its source with it, because it was slower or its target does not answer; it goes on over a
    /// connection of its own until it has come to them again.
    Detached,
    /// Waiting to try again.
    Retrying,
    /// Standing still because an operator asked for it; the task stays ours.
    Paused,
    /// Ended for good.
    Failed,
    /// Ended on request.
    Stopped,
}

impl TaskState {
    /// All of them.
    pub const ALL: [TaskState; 9] = [
        TaskState::Starting,
        TaskState::Standby,
        TaskState::Snapshot,
        TaskState::Streaming,
        TaskState::Detached,
        TaskState::Retrying,
        TaskState::Paused,
        TaskState::Failed,
        TaskState::Stopped,
    ];

    /// True for a task that sends what comes.
    pub fn sends(self) -> bool {
        match self {
            TaskState::Snapshot | TaskState::Streaming | TaskState::Detached => true,
            TaskState::Starting
            | TaskState::Standby
            | TaskState::Retrying
            | TaskState::Paused
            | TaskState::Failed
            | TaskState::Stopped => false,
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            TaskState::Starting => "starting",
            TaskState::Standby => "standby",
            TaskState::Snapshot => "snapshot",
            TaskState::Streaming => "streaming",
            TaskState::Detached => "detached",
            TaskState::Retrying => "retrying",
            TaskState::Paused => "paused",
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
    /// Age of the oldest change that may not be committed, seconds; 0 when everything is.
    pub lag_seconds: f64,
    /// Bytes of the source's log behind the committed position; none: not known.
    #[serde(default)]
    pub lag_bytes: Option<u64>,
    /// Seconds until the source may purge what is not read yet, by the time it keeps its log; none: for ever, or not known.
    #[serde(default)]
    pub retention_seconds_left: Option<u64>,
    /// Why nothing has moved for long, although something waits.
    #[serde(default)]
    pub stalled: Option<String>,
    /// What was skipped by hand.
    #[serde(default)]
    pub gaps: Vec<Gap>,
    /// What has been counted since the process started.
    #[serde(default)]
    pub counters: Counters,
    /// What a task that does not move waits for.
    #[serde(skip)]
    pub waits_for: Option<&'static str>,
    /// Since when that is so, ms since 1970; what `lag_seconds` is made of when somebody asks.
    #[serde(skip)]
    pub behind_since_ms: Option<i64>,
    /// Load of existing rows.
    pub snapshot: Option<Progress>,
    /// Recoveries since the process started.
    pub recoveries: u64,
    /// Seconds left of the retry window, while it runs.
    pub retry_seconds_left: Option<u64>,
    /// Words that the files give its pipeline, by their name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// What a start waits for, while it waits; or a stream that its `limit` holds back.
    #[serde(default)]
    pub waiting: Option<String>,
    /// The failure that holds: what happened, where, and what to do.
    pub error: Option<String>,
    /// Its class.
    #[serde(default)]
    pub error_kind: Option<String>,
    /// The last failure, also when it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_error: Option<LastError>,
    /// `tls off because "…"` and the like: weakened switches in force.
    pub weakened: Vec<String>,
    /// Tables.
    pub tables: Vec<TableStatus>,
    /// Tables whose rows wait (`on-error park`), by name.
    #[serde(default)]
    pub parked: Vec<ParkedTable>,
    /// Tables whose columns are not certain, by name.
    #[serde(default)]
    pub suspect: Vec<SuspectTable>,
    /// XA transactions that are prepared and not decided.
    #[serde(default)]
    pub prepared: usize,
    /// How long the oldest of them has been prepared, seconds.
    #[serde(default)]
    pub oldest_prepared_seconds: Option<u64>,
    /// Bytes of rows that wait in a file in the state directory.
    #[serde(default)]
    pub spill_bytes: u64,
}

/// A table whose columns are not certain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SuspectTable {
    /// `db.table` at the source.
    pub table: String,
    /// Why.
    pub reason: String,
}

/// A failure, and when it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastError {
    /// Seconds since 1970.
    pub at: u64,
    /// Its class.
    pub kind: String,
    /// What happened, where, and what to do.
    pub text: String,
}

/// Upper bounds of the classes that the time of commits is counted in, ms.
pub const COMMIT_MS: [u64; 12] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000, 30_000];

/// What a task has counted since the process started.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Counters {
    /// Rows inserted at the source, and sent.
    pub inserted: u64,
    /// Rows updated.
    pub updated: u64,
    /// Rows deleted.
    pub deleted: u64,
    /// Rows of loads.
    pub read: u64,
    /// Changes of which nothing is sent, as the rules of the pipeline say.
    pub dropped: u64,
    /// Bytes of keys and values.
    pub bytes: u64,
    /// Commits that stored a position.
    pub commits: u64,
    /// How long they took together, ms.
    pub commit_ms: u64,
    /// How many took at most each of [`COMMIT_MS`], and longer ones last: not cumulated.
    pub commit_classes: [u64; COMMIT_MS.len() + 1],
    /// Recoveries by the class of the failure.
    pub recoveries: BTreeMap<String, u64>,
    /// Chunks of a load that were read again, by cause.
    pub windows_redone: BTreeMap<String, u64>,
    /// Statements by which rows came or went without events.
    pub truncates: u64,
    /// Places of text that were sent as U+FFFD.
    pub text_replaced: u64,
    /// Dates that no calendar has and that were sent as something else.
    #[serde(default)]
    pub dates_mapped: u64,
    /// Numbers above 2⁶³ − 1 that were sent as something else.
    #[serde(default)]
    pub numbers_mapped: u64,
    /// Empty geometries that were sent as null.
    #[serde(default)]
    pub geometries_mapped: u64,
    /// Rows, or what of an event cannot be read, that were told of in a dead-letter topic.
    #[serde(default)]
    pub dead_letters: u64,
    /// Schemas that the registry has taken.
    #[serde(default)]
    pub schemas_registered: u64,
    /// Schemas that the registry has refused.
    #[serde(default)]
    pub schemas_refused: u64,
    /// Messages of schema changes.
    #[serde(default)]
    pub ddl_sent: u64,
    /// Schema changes, or parts of them, that are not sent.
    #[serde(default)]
    pub ddl_withheld: u64,
    /// Times that the ownership was in doubt.
    pub owner_lost: u64,
    /// Time for which reads of existing rows waited until the source showed what its log has, ms.
    #[serde(default)]
    pub visibility_wait_ms: u64,
}

impl Counters {
    /// A commit took so long.
    pub fn committed(&mut self, ms: u64) {
        let class = COMMIT_MS.iter().position(|&most| ms <= most).unwrap_or(COMMIT_MS.len());
        self.commits += 1;
        self.commit_ms += ms;
        self.commit_classes[class] += 1;
    }
}

/// A part of the log that was skipped by hand, or lost.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// When, seconds since 1970.
    pub accepted: u64,
    /// Where the task was.
    pub from: String,
    /// Where it went on.
    pub to: String,
    /// Tables that may lack changes until they are loaded anew.
    pub tables: Vec<String>,
    /// The log between was gone, and the tables are being loaded anew.
    #[serde(default)]
    pub lost: bool,
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
    /// Why no rows are read now, or fewer at once than might be, while some are to be.
    #[serde(default)]
    pub waits: Option<String>,
    /// None are read because it is not their turn or their time.
    #[serde(skip)]
    pub rests: bool,
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
    /// Rows of the load a second, over the last seconds.
    #[serde(default)]
    pub rows_per_second: f64,
    /// Seconds left at the present rate, when it can be told.
    #[serde(default)]
    pub eta_seconds: Option<u64>,
}
