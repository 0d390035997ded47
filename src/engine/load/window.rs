//! A chunk and the keys that the stream touches while it is under way.

use super::ask::ReadId;
use crate::change::RowBatch;
use crate::failpoint::{Bug, planted};
use crate::mysql::key::KeyPart;
use crate::mysql::position::BinlogPosition;
use crate::mysql::schema::{TableName, TableVersion};
use std::collections::HashSet;
use std::sync::Arc;

/// Rows of one chunk.
pub struct Chunk {
    /// The rows, in key order.
    pub rows: RowBatch,
    /// Key of the last row; none when there was no row.
    pub last: Option<Vec<KeyPart>>,
    /// The chunk reaches up to the greatest key: there are no more.
    pub done: bool,
    /// H.
    pub high: BinlogPosition,
    /// How long the SELECT took.
    pub read_ms: u64,
}

/// Why a window was thrown away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Redo {
    /// The table's definition moved, or its rows went without events.
    Definition,
    /// Too many keys were touched.
    Touched,
}

/// What becomes of a chunk whose H has been passed.
pub enum Closed {
    /// Emit the rows that [`Rows::keeps`] keeps, then call [`Load::emitted`](super::Load::emitted).
    Emit(Rows),
    /// Nothing to emit; the chunk is read again.
    Redo(TableName, Redo),
}

/// Rows ready to be emitted.
pub struct Rows {
    /// Of which table.
    pub version: Arc<TableVersion>,
    /// Key columns.
    pub key: Vec<usize>,
    /// The rows.
    pub rows: RowBatch,
    pub(super) last: Option<Vec<KeyPart>>,
    pub(super) touched: HashSet<Box<[u8]>>,
    pub(super) whole: bool,
}

impl Rows {
    /// True when the stream has not touched the row with this canonical key since the window opened.
    pub fn keeps(&self, key: &[u8]) -> bool {
        !self.touched.contains(key) || planted(Bug::TouchedKept)
    }

    /// True when nothing at all was touched: keys need not be computed.
    pub fn untouched(&self) -> bool {
        self.touched.is_empty()
    }
}

/// How the keys of an event's rows are noted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// The window that is open.
    pub window: ReadId,
    /// Columns of the key, among those of the stream.
    pub key: Vec<usize>,
}

/// An open window.
#[derive(Default)]
pub(super) struct Window {
    pub(super) touched: HashSet<Box<[u8]>>,
    touched_bytes: usize,
    pub(super) chunk: Option<Chunk>,
    pub(super) redo: Option<Redo>,
}

impl Window {
    /// Notes a canonical key; beyond `most` bytes of keys the chunk is read again.
    pub(super) fn touch(&mut self, key: &[u8], most: usize) {
        if self.redo.is_some() || self.touched.contains(key) {
            return;
        }
        self.touched_bytes += key.len() + 2 * size_of::<Box<[u8]>>();
        self.touched.insert(key.into());
        if self.touched_bytes > most {
            self.redo = Some(Redo::Touched);
            self.touched = HashSet::new();
        }
    }
}
