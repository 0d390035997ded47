//! `start`: where a task begins, and how existing rows are read.

use serde::{Deserialize, Serialize};

/// Where the first start of a task begins.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Start {
    /// Existing rows, then the log.
    Snapshot(Snapshot),
    /// The log from now on.
    Now,
    /// The log from a place in the past.
    At(StartAt),
}

/// How existing rows are read.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Snapshot {
    /// Topics, subjects and CREATE TABLE messages are made.
    pub schema: bool,
    /// Existing rows are sent.
    pub data: bool,
    /// Rows per chunk; none adapts.
    pub chunk_rows: Option<u32>,
    /// Most bytes a second; none is unlimited.
    pub rate_bytes_s: Option<u64>,
    /// Hours in which rows are read; none: always.
    pub window: Option<Window>,
    /// Chunks read at once; none: one.
    pub parallel: Option<u8>,
}

impl Default for Snapshot {
    fn default() -> Snapshot {
        Snapshot {
            schema: true,
            data: true,
            chunk_rows: None,
            rate_bytes_s: None,
            window: None,
            parallel: None,
        }
    }
}

/// Hours of every day.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Window {
    /// Begin, minutes since midnight.
    pub from_minute: u16,
    /// End, minutes since midnight; before the begin, it is on the next day.
    pub to_minute: u16,
    /// Zone of both, a name of the time zone database or an offset.
    pub zone: String,
}

/// A place in the log.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum StartAt {
    /// Behind all these transactions: a GTID set of MySQL or a GTID position of MariaDB, as its server prints it.
    Gtid(String),
    /// A byte offset in a file.
    Binlog {
        /// Name of the file.
        file: String,
        /// Offset.
        offset: u64,
    },
    /// The first transaction committed at this time or later, microseconds since 1970.
    TimeUs(i64),
}

impl Start {
    /// True when existing rows are read.
    pub fn loads(&self) -> bool {
        match self {
            Start::Snapshot(snapshot) => snapshot.data,
            Start::Now | Start::At(_) => false,
        }
    }

    /// Rows per chunk, where they are fixed.
    pub fn chunk_rows(&self) -> Option<u32> {
        match self {
            Start::Snapshot(snapshot) => snapshot.chunk_rows,
            Start::Now | Start::At(_) => None,
        }
    }
}
