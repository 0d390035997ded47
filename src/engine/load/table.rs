//! One table of a load.

use super::ask::ReadId;
use super::window::Chunk;
use super::{CHUNK_MS, CHUNK_ROWS_MAX, FIRST_CHUNK_ROWS, Policy};
use crate::checkpoint::{SnapRecord, SnapState};
use crate::mysql::schema::{TableName, TableVersion};
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
        TableLoad { version, key, record, estimate, stale: false, reading: None, limit: None }
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
        let key_type = |version: &TableVersion, key: &[usize]| -> Vec<_> {
            key.iter().map(|&at| (version.columns[at].name.clone(), version.columns[at].ty.clone())).collect()
        };
        let same_key = match (&self.key, &key) {
            (Some(old), Some(new)) => key_type(&self.version, old) == key_type(&version, new),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if !same_key {
            self.record.state = SnapState::Pending;
            self.record.max = None;
            self.record.rows = 0;
        }
        self.record.key = key.iter().flatten().map(|&at| version.columns[at].name.clone()).collect();
        self.version = version;
        self.key = key;
        self.stale = false;
    }
}
