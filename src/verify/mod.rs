//! Compares what is in Kafka with what is in the source, while both go on.
//!
//! A topic is read to its end and folded: for each key the last row. Then the source is read, chunk by chunk. Each chunk shows all
//! that the topic has shown before it, because it is read only when the source shows the position that the task has committed
//! with it. A row that is in the topic as it is in the chunk is done with. One that is not is awaited: until the task has
//! committed everything that the chunk may have shown, it must come along, or it differs. So nothing stands still, and nothing
//! is taken for a difference because it was on its way.
//!
//! What the source's rows should look like is made by the rules and encoders of the plan; what is in the topic is read without
//! them, by the form of the format alone.
//!
//! Nothing is written, neither to the source nor to Kafka.

mod fold;
mod identity;
mod message;
mod report;
mod round;
mod topic;
mod world;

pub use report::{Difference, Kind, MOST_TOLD, Report, TableReport};

use crate::mysql::schema::TableName;
use crate::plan::TaskPlan;
use std::path::Path;
use std::time::Duration;
use world::World;

/// How to compare.
#[derive(Debug, Clone)]
pub struct Options {
    /// Only these tables; none: all.
    pub tables: Vec<TableName>,
    /// Most bytes a second that are read from the source.
    pub rate_bytes_s: Option<u64>,
    /// Bytes that keys may take; with more of them, topic and source are read several times.
    pub memory_bytes: u64,
    /// How long the task may take to come to where the source was read.
    pub patience: Duration,
    /// Tell the keys of rows that differ.
    pub show_keys: bool,
}

/// How far a comparison is.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'p> {
    /// Table, or topic while that is read.
    pub what: &'p str,
    /// Records of the topic so far.
    pub records: u64,
    /// Rows of the source so far.
    pub rows: u64,
    /// Rows there are, as the server estimates.
    pub rows_estimate: u64,
}

/// Whoever watches a comparison.
pub trait Watcher {
    /// Tells how far it is, often.
    fn progress(&mut self, progress: &Progress<'_>);

    /// True when it is to end.
    fn stops(&self) -> bool;
}

/// Why nothing can be said.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct VerifyError {
    /// Exit code for it.
    pub exit: u8,
    /// What happened, and what to do.
    pub text: String,
}

impl VerifyError {
    /// Wrong usage.
    fn usage(text: impl Into<String>) -> VerifyError {
        VerifyError { exit: 2, text: text.into() }
    }

    /// The world failed.
    fn failed(text: impl Into<String>) -> VerifyError {
        VerifyError { exit: 3, text: text.into() }
    }
}

/// Compares the tables of a task.
///
/// # Errors
/// The task sends to no cluster, or has never committed; servers that do not answer; a task that does not go on; a table whose
/// columns change meanwhile.
pub fn verify(
    plan: &TaskPlan,
    project: &Path,
    options: &Options,
    watcher: &mut dyn Watcher,
) -> Result<Report, VerifyError> {
    let mut world = World::open(plan, project, options, watcher)?;
    let mut report = Report::default();
    for (topic, tables) in world.topics()? {
        round::compare(&mut world, &topic, tables, &mut report)?;
    }
    report.tables.sort_by(|a, b| a.table.cmp(&b.table));
    Ok(report)
}
