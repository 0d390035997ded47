//! What a load wants from the source.

use crate::checkpoint::SnapRecord;
use crate::mysql::key::KeyPart;
use crate::mysql::position::Position;
use crate::mysql::schema::{TableName, TableVersion};
use std::sync::Arc;

/// Number of a read, by which its answer is known. Numbers of one load are never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReadId(pub(super) u64);

/// A read that is wanted.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Its number.
    pub read: ReadId,
    /// R: the read must see all of it.
    pub contains: Position,
    /// What is read.
    pub what: Wanted,
    /// The table whose load begins with this read, and the record that says so: every row that exists then is sent from here on,
    /// by the load or by its own events.
    pub begins: Option<(TableName, SnapRecord)>,
}

/// What is read.
#[derive(Debug, Clone)]
pub enum Wanted {
    /// Columns and key of a table whose definition moved.
    Columns(TableName),
    /// The greatest key.
    MaxKey {
        /// Which table.
        version: Arc<TableVersion>,
        /// Key columns.
        key: Vec<usize>,
    },
    /// The next rows by key.
    Chunk {
        /// Which table.
        version: Arc<TableVersion>,
        /// Key columns.
        key: Vec<usize>,
        /// Behind this key.
        after: Option<Vec<KeyPart>>,
        /// Up to this key.
        upto: Vec<KeyPart>,
        /// At most so many rows.
        limit: u32,
        /// Rows are kept until they have so many bytes.
        max_bytes: usize,
    },
    /// All rows at one position, which the stream then stops at.
    Barrier(Arc<TableVersion>),
}
