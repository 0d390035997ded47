//! One row change.

use crate::failpoint::{Bug, planted};
use crate::mysql::position::Flavor;
use crate::mysql::value::Value;
use std::sync::Arc;

/// A row change with full images: one value per column of the table version, in wire order.
#[derive(Debug, Clone, Copy)]
pub enum RowChange<'r, 'b> {
    /// A row came; also every row of a snapshot.
    Insert {
        /// The row.
        after: &'r [Value<'b>],
    },
    /// A row changed.
    Update {
        /// As it was.
        before: &'r [Value<'b>],
        /// As it is.
        after: &'r [Value<'b>],
    },
    /// A row went.
    Delete {
        /// As it was.
        before: &'r [Value<'b>],
    },
}

impl<'r, 'b> RowChange<'r, 'b> {
    /// The rows it holds, as they were and as they are.
    pub fn images(&self) -> impl Iterator<Item = &'r [Value<'b>]> + use<'r, 'b> {
        let (first, second) = match *self {
            RowChange::Insert { after } => (after, None),
            RowChange::Delete { before } => (before, None),
            RowChange::Update { after, .. } if planted(Bug::OnlyAfterKey) => (after, None),
            RowChange::Update { before, after } => (before, Some(after)),
        };
        std::iter::once(first).chain(second)
    }

    /// The change as somebody sees it to whom only the rows that `keeps` takes exist: an update across that border is a delete
    /// or an insert. None when there is nothing to see.
    pub fn seen_through(self, mut keeps: impl FnMut(&[Value<'b>]) -> bool) -> Option<RowChange<'r, 'b>> {
        match self {
            RowChange::Insert { after } => keeps(after).then_some(self),
            RowChange::Delete { before } => keeps(before).then_some(self),
            RowChange::Update { before, after } => match (keeps(before), keeps(after)) {
                (true, true) => Some(self),
                (true, false) => Some(RowChange::Delete { before }),
                (false, true) => Some(RowChange::Insert { after }),
                (false, false) => None,
            },
        }
    }
}

/// Where a change comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A row that existed before the start.
    Snapshot,
    /// The log.
    Stream,
}

/// A source as messages name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceInfo {
    /// Name in the project.
    pub name: String,
    /// Which family.
    pub flavor: Flavor,
    /// Version of the server, as it says it (`8.0.36`, `10.11.6-MariaDB-log`).
    pub version: String,
}

/// A transaction of the log as messages name it; for rows of a snapshot, the place where the stream stood when they were
/// sent, with neither GTID nor writer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionInfo {
    /// GTID as the server writes it (`uuid:23`, `0-1-42`); empty where there is none.
    pub gtid: String,
    /// File of the log that holds it.
    pub file: Arc<str>,
    /// Offset of its first byte in that file.
    pub start: u64,
    /// Server that first wrote it; 0 for a snapshot.
    pub server_id: u32,
    /// Connection that wrote it, where the log says so.
    pub thread_id: Option<u32>,
    /// When the first server committed it, µs since 1970; MySQL 8.0 and later.
    pub committed_us: Option<u64>,
    /// Which part of a source transaction that is sent in several, from 2 on: of the first, nobody knew yet that others
    /// would follow. 0 for all others.
    pub part: u32,
}

impl TransactionInfo {
    /// A place of the log without a transaction.
    pub fn place(file: Arc<str>, offset: u64) -> TransactionInfo {
        TransactionInfo {
            gtid: String::new(),
            file,
            start: offset,
            server_id: 0,
            thread_id: None,
            committed_us: None,
            part: 0,
        }
    }
}

/// What a message tells about its event besides the row.
#[derive(Debug, Clone, Copy)]
pub struct EventMeta<'m> {
    /// Where it comes from.
    pub origin: Origin,
    /// Start of the statement at the source in ms (whole seconds in the log); for snapshot rows, when the chunk was read.
    pub event_ms: i64,
    /// When the message is built, in ms.
    pub now_ms: i64,
    /// Which source.
    pub source: &'m SourceInfo,
    /// Which transaction.
    pub transaction: &'m TransactionInfo,
    /// Offset of the event's first byte in the transaction's file; for snapshot rows the transaction's.
    pub offset: u64,
    /// Number of the row in its event, from 0; 0 for snapshot rows.
    pub row: u32,
    /// Number of the row in its transaction, from 0, over all tables that are sent; 0 for snapshot rows.
    pub number: u64,
}
