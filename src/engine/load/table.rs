//! One table of a load.

use super::ask::ReadId;
use super::window::Chunk;
use super::{CHUNK_MS, CHUNK_ROWS_MAX, FIRST_CHUNK_ROWS, Policy};
use crate::checkpoint::{SnapRecord, SnapState};
use crate::mysql::schema::{Column, TableName, TableVersion};
use std::sync::Arc;

/// A table to load.
#[derive(Debug, Clone)]
pub struct TableLoad {
    /// Its columns as the SELECT names them.
    pub version: Arc<TableVersion>,
    /// Columns it is paged by; none: barrier read.
    pub key: Option<Vec<usize>>,
    /// Progress as stored.
    pub record: SnapRecord,
    /// The server's estimate of its rows.
    pub estimate: u64,
    /// Its definition moved since `version` was read.
    pub(super) stale: bool,
    /// Its columns were asked for, and the source showed no such table.
    pub(super) unseen: bool,
    /// The read or the window of it that is under way.
    pub(super) reading: Option<ReadId>,
    /// Rows of its next chunk; none: as many as a first one has.
    limit: Option<u32>,
}

impl TableLoad {
    /// A table and its progress.
    pub fn new(
        version: Arc<TableVersion>,
        key: Option<Vec<usize>>,
        record: SnapRecord,
        estimate: u64,
    ) -> TableLoad {
        TableLoad { version, key, record, estimate, stale: false, unseen: false, reading: None, limit: None }
    }

    /// A table whose columns are not known yet: they are the first thing that is asked for.
    pub fn unread(name: TableName, record: SnapRecord) -> TableLoad {
        let version =
            TableVersion { name, columns: Vec::new(), primary_key: Vec::new(), unique_keys: Vec::new() };
        TableLoad { stale: true, ..TableLoad::new(Arc::new(version), None, record, 0) }
    }

    pub(super) fn is_done(&self) -> bool {
        self.record.state == SnapState::Done
    }

    /// Rows of the next chunk.
    pub(super) fn limit(&self, policy: &Policy) -> u32 {
        self.limit.or(policy.chunk_rows).unwrap_or(FIRST_CHUNK_ROWS)
    }

    /// The next chunk has half of the rows.
    pub(super) fn halve(&mut self, policy: &Policy) {
        self.limit = Some((self.limit(policy) / 2).max(1));
    }

    /// The next chunk has as many rows as this one suggests, which had a window of so many bytes, where their number is not fixed.
    pub(super) fn adapt(&mut self, chunk: &Chunk, policy: &Policy, window: usize) {
        if policy.chunk_rows.is_some() || chunk.done {
            return;
        }
        let (bytes, wanted) = (chunk.rows.bytes(), policy.wanted_bytes(window));
        if chunk.read_ms > CHUNK_MS || bytes > wanted {
            self.halve(policy);
        } else if chunk.read_ms < CHUNK_MS / 4 && bytes < wanted / 4 {
            self.limit = Some((self.limit(policy) * 2).min(CHUNK_ROWS_MAX));
        }
    }

    /// Its columns are these now. Another key orders rows differently: the last key means nothing any more.
    pub(super) fn redefine(&mut self, version: Arc<TableVersion>, key: Option<Vec<usize>>) {
        let (columns, order) = key_order(&version, key.as_deref().unwrap_or_default());
        if !self.record.is_ordered_by(&columns, &order) {
            self.record.state = SnapState::Pending;
            self.record.max = None;
            self.record.rows = 0;
        }
        (self.record.key, self.record.order) = (columns, order);
        self.version = version;
        self.key = key;
        self.stale = false;
    }
}

/// What decides how the server orders the rows of a table by a key: the names of its columns, and how each of them compares.
pub fn key_order(version: &TableVersion, key: &[usize]) -> (Vec<String>, Vec<String>) {
    let columns = key.iter().map(|&at| &version.columns[at]);
    let compared = |column: &Column| match &column.collation {
        Some(collation) => format!("{} collate {collation}", column.declared),
        None => column.declared.clone(),
    };
    columns.map(|column| (column.name.clone(), compared(column))).unzip()
}
