//! Loading existing rows while the stream runs: chunk windows, touched keys, barriers.
//!
//! Let R be all the task has emitted when a window opens, V the read view of the chunk, H a position such that nothing
//! in V lies after it. A window opens between two source transactions; the chunk is read with V ⊇ R; from the opening
//! on every key the stream touches is noted; once the task has passed H the chunk's untouched rows are emitted. A row
//! not touched in (R, H] has at V the value it has at H, so it is exact there; a touched one comes by its own events.
//!
//! Guarantees: at most one window at a time; a window in which the table's definition moved is thrown away and redone;
//! the last key moves only with rows that were handed over.
//! Does not: compare keys (the server pages, equality of [canonical keys](crate::mysql::key) is all that is needed),
//! read anything, or know formats.

use crate::change::RowBatch;
use crate::checkpoint::{SnapRecord, SnapState};
use crate::failpoint::{Bug, planted};
use crate::mysql::ddl::DdlEffect;
use crate::mysql::key::KeyPart;
use crate::mysql::position::{BinlogPosition, Gtids, Position};
use crate::mysql::schema::{TableName, TableVersion};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// Rows of the first chunk of a table; later ones follow the time they take.
const FIRST_CHUNK_ROWS: u32 = 2_000;

/// Most rows of a chunk.
const CHUNK_ROWS_MAX: u32 = 20_000;

/// Most bytes of a chunk.
pub const CHUNK_BYTES: usize = 16 << 20;

/// Longest a chunk's SELECT should take, ms.
const CHUNK_MS: u64 = 1_000;

/// Most bytes of touched keys in one window; beyond them the chunk is redone with half its rows.
const TOUCHED_BYTES: usize = 32 << 20;

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
    stale: bool,
}

impl TableLoad {
    /// A table and its progress.
    pub fn new(
        version: Arc<TableVersion>,
        key: Option<Vec<usize>>,
        record: SnapRecord,
        estimate: u64,
    ) -> TableLoad {
        TableLoad { version, key, record, estimate, stale: false }
    }

    /// A table whose columns are not known yet: they are the first thing that is asked for.
    pub fn unread(name: TableName, record: SnapRecord) -> TableLoad {
        let version =
            TableVersion { name, columns: Vec::new(), primary_key: Vec::new(), unique_keys: Vec::new() };
        TableLoad { stale: true, ..TableLoad::new(Arc::new(version), None, record, 0) }
    }
}

/// What the load wants from the source. `contains` is R: the read must see all of it.
#[derive(Debug, Clone)]
pub enum Ask {
    /// Columns and key of a table whose definition moved.
    Columns {
        /// Which.
        table: TableName,
        /// R.
        contains: Position,
    },
    /// The greatest key.
    MaxKey {
        /// Which table.
        version: Arc<TableVersion>,
        /// Key columns.
        key: Vec<usize>,
        /// R.
        contains: Position,
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
        /// At most so many.
        limit: u32,
        /// R.
        contains: Position,
    },
    /// All rows at one position, which the stream then stops at.
    Barrier {
        /// Which table.
        version: Arc<TableVersion>,
        /// R.
        contains: Position,
    },
}

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
    /// Emit the rows that [`Rows::keeps`] keeps, then call [`Load::emitted`].
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
    last: Option<Vec<KeyPart>>,
    touched: HashSet<Box<[u8]>>,
    whole: bool,
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

enum Active {
    Columns {
        table: TableName,
        /// The definition moved once more since they were asked for.
        moved: bool,
    },
    MaxKey(TableName),
    Window(Window),
    Barrier {
        table: TableName,
        at: Option<BinlogPosition>,
        /// The stream stands at the barrier, and its rows were asked for.
        open: bool,
    },
    /// A read is under way whose answer nobody wants any more.
    Void(TableName),
}

struct Window {
    table: TableName,
    touched: HashSet<Box<[u8]>>,
    touched_bytes: usize,
    chunk: Option<Chunk>,
    redo: Option<Redo>,
}

/// Progress of one table, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableProgress {
    /// Which.
    pub table: TableName,
    /// Rows sent.
    pub rows: u64,
    /// The server's estimate of all.
    pub estimate: u64,
    /// All sent.
    pub done: bool,
}

/// The load of one task.
pub struct Load {
    tables: BTreeMap<TableName, TableLoad>,
    active: Option<Active>,
    fixed_rows: Option<u32>,
    limit: u32,
}

impl Load {
    /// A load of these tables; `chunk_rows` fixes the rows of a chunk.
    pub fn new(tables: impl IntoIterator<Item = TableLoad>, chunk_rows: Option<u32>) -> Load {
        let tables = tables.into_iter().map(|load| (load.version.name.clone(), load)).collect();
        let limit = chunk_rows.unwrap_or(FIRST_CHUNK_ROWS);
        Load { tables, active: None, fixed_rows: chunk_rows, limit }
    }

    /// True when every table is loaded.
    pub fn done(&self) -> bool {
        self.active.is_none() && self.tables.values().all(|load| load.record.state == SnapState::Done)
    }

    /// Progress of every table.
    pub fn progress(&self) -> Vec<TableProgress> {
        self.tables
            .iter()
            .map(|(table, load)| TableProgress {
                table: table.clone(),
                rows: load.record.rows,
                estimate: load.estimate,
                done: load.record.state == SnapState::Done,
            })
            .collect()
    }

    /// Adds a table, or starts one anew. A read of it that is under way counts for nothing, and no other one is asked for
    /// before its answer has come: answers carry no names.
    pub fn add(&mut self, load: TableLoad) {
        let name = load.version.name.clone();
        self.void(&name);
        self.tables.insert(name, load);
    }

    /// Takes a table out of the load. All rows of a barrier that is under way have to come first, so it stays until then.
    pub fn leave(&mut self, table: &TableName) {
        if matches!(&self.active, Some(Active::Barrier { table: held, .. }) if held == table) {
            return;
        }
        self.void(table);
        self.tables.remove(table);
    }

    /// A read of the table that is under way counts for nothing.
    fn void(&mut self, name: &TableName) {
        self.active = match self.active.take() {
            Some(active) if active.table() != name => Some(active),
            // All of its rows hold at one place, which the stream has yet to reach, or stands at.
            Some(barrier @ Active::Barrier { .. }) => Some(barrier),
            Some(Active::Window(Window { chunk: Some(_), .. })) | None => None,
            Some(Active::Columns { .. } | Active::MaxKey(_) | Active::Window(_) | Active::Void(_)) => {
                Some(Active::Void(name.clone()))
            }
        };
    }

    /// The next read, if none is under way. Call between two source transactions only; `at` is R.
    pub fn next(&mut self, at: &Position) -> Option<Ask> {
        if self.active.is_some() {
            return None;
        }
        let (name, load) = self.tables.iter_mut().find(|(_, load)| load.record.state != SnapState::Done)?;
        let contains = at.clone();
        if load.stale {
            self.active = Some(Active::Columns { table: name.clone(), moved: false });
            return Some(Ask::Columns { table: name.clone(), contains });
        }
        let version = load.version.clone();
        let Some(key) = load.key.clone() else {
            self.active = Some(Active::Barrier { table: name.clone(), at: None, open: false });
            load.record.rows = 0;
            load.record.state = SnapState::Copying { last: None };
            return Some(Ask::Barrier { version, contains });
        };
        match (&load.record.max, &load.record.state) {
            (None, _) | (_, SnapState::Pending) => {
                self.active = Some(Active::MaxKey(name.clone()));
                Some(Ask::MaxKey { version, key, contains: shown(contains, Bug::GreatestKeyTooEarly) })
            }
            (Some(max), SnapState::Copying { last }) => {
                let ask = Ask::Chunk {
                    version,
                    key,
                    after: last.clone(),
                    upto: max.clone(),
                    limit: self.limit,
                    contains: shown(contains, Bug::NoVisibilityWait),
                };
                self.active = Some(Active::Window(Window {
                    table: name.clone(),
                    touched: HashSet::new(),
                    touched_bytes: 0,
                    chunk: None,
                    redo: None,
                }));
                Some(ask)
            }
            (Some(_), SnapState::Done) => unreachable!("tables that are done were passed over"),
        }
    }

    /// Columns of the key by which rows of `table`, which have these columns in the stream, must be noted; none when the
    /// table is not watched. Of every event of a watched table every key is noted, before and after.
    ///
    /// The stream may be at other columns than the chunk, before the statement that changed them: the key's are found by
    /// name, and where one is missing the chunk is read again.
    pub fn watch(&mut self, table: &TableName, columns: &TableVersion) -> Option<Vec<usize>> {
        let Some(Active::Window(window)) = &mut self.active else { return None };
        if window.table != *table {
            return None;
        }
        let load = self.tables.get(table)?;
        let place = |&at: &usize| {
            let name = &load.version.columns.get(at)?.name;
            columns.columns.iter().position(|column| column.name == *name)
        };
        let key: Option<Vec<usize>> = load.key.as_deref()?.iter().map(place).collect();
        if key.is_none() {
            window.redo = Some(Redo::Definition);
        }
        key
    }

    /// Notes a canonical key of the watched table.
    pub fn touch(&mut self, key: &[u8]) {
        let Some(Active::Window(window)) = &mut self.active else { return };
        if window.redo.is_some() || window.touched.contains(key) {
            return;
        }
        window.touched_bytes += key.len() + 2 * size_of::<Box<[u8]>>();
        window.touched.insert(key.into());
        if window.touched_bytes > TOUCHED_BYTES {
            window.redo = Some(Redo::Touched);
            window.touched = HashSet::new();
        }
    }

    /// Follows a statement: definitions may have moved by it, or rows gone without events.
    pub fn definition_moved(&mut self, effect: &DdlEffect) {
        for (name, load) in &mut self.tables {
            if effect.may_touch(name) && load.record.state != SnapState::Done {
                load.stale = true;
            }
        }
        if let Some(Active::Window(window)) = &mut self.active
            && effect.may_touch(&window.table)
        {
            window.redo = Some(Redo::Definition);
        }
        if let Some(Active::Columns { table, moved }) = &mut self.active {
            *moved |= effect.may_touch(table);
        }
    }

    /// Answers [`Ask::Columns`]; none: the table is gone.
    pub fn columns_read(&mut self, found: Option<(Arc<TableVersion>, Option<Vec<usize>>)>) {
        let Some(Active::Columns { table: name, moved }) = self.answered() else { return };
        if moved {
            // They may be those of before; the table is still stale, and they are asked for again.
            return;
        }
        let Some((version, key)) = found else {
            self.tables.remove(&name);
            return;
        };
        let Some(load) = self.tables.get_mut(&name) else { return };
        let key_type = |version: &TableVersion, key: &[usize]| -> Vec<_> {
            key.iter().map(|&at| (version.columns[at].name.clone(), version.columns[at].ty.clone())).collect()
        };
        let same_key = match (&load.key, &key) {
            (Some(old), Some(new)) => key_type(&load.version, old) == key_type(&version, new),
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        // Another key orders rows differently: the last key means nothing any more.
        if !same_key {
            load.record.state = SnapState::Pending;
            load.record.max = None;
            load.record.rows = 0;
        }
        load.record.key = key.iter().flatten().map(|&at| version.columns[at].name.clone()).collect();
        load.version = version;
        load.key = key;
        load.stale = false;
    }

    /// Answers [`Ask::MaxKey`]; none: the table is empty. Returns the record to store.
    pub fn max_read(&mut self, max: Option<Vec<KeyPart>>) -> Option<(TableName, SnapRecord)> {
        let Some(Active::MaxKey(name)) = self.answered() else { return None };
        let load = self.tables.get_mut(&name)?;
        load.record.state = match max {
            Some(_) => SnapState::Copying { last: None },
            None => SnapState::Done,
        };
        load.record.max = max;
        let record = load.record.clone();
        Some((name, record))
    }

    /// Answers [`Ask::Chunk`].
    pub fn chunk_read(&mut self, chunk: Chunk) {
        if let Some(Active::Window(mut window)) = self.answered() {
            window.chunk = Some(chunk);
            self.active = Some(Active::Window(window));
        }
    }

    /// The read under way, which has come to its end.
    fn answered(&mut self) -> Option<Active> {
        self.active.take()
    }

    /// Answers [`Ask::Barrier`]: the view is open; all rows follow and hold at `at`.
    pub fn barrier_opened(&mut self, at: BinlogPosition) {
        if let Some(Active::Barrier { at: place, .. }) = &mut self.active {
            *place = Some(at);
        }
    }

    /// True when the stream must not go on: the task stands at the barrier and its rows have not all come.
    pub fn holds(&self, at: &Position) -> bool {
        matches!(&self.active, Some(Active::Barrier { at: Some(place), .. }) if at.file >= *place)
    }

    /// True once, when the task, standing between two source transactions at `at`, has reached the barrier: its rows are
    /// wanted now. Sent any sooner, the changes before the barrier would come behind rows that show them.
    pub fn reached_barrier(&mut self, at: &Position) -> bool {
        match &mut self.active {
            Some(Active::Barrier { at: Some(place), open, .. }) if at.file >= *place => {
                !std::mem::replace(open, true)
            }
            Some(_) | None => false,
        }
    }

    /// True while the barrier is not open yet: the stream stands still at R meanwhile.
    pub fn opening_barrier(&self) -> bool {
        matches!(&self.active, Some(Active::Barrier { at: None, .. }))
    }

    /// Rows of the barrier were emitted; `end` says that they were the last. Returns the record to store.
    pub fn barrier_emitted(&mut self, rows: u64, end: bool) -> Option<(TableName, SnapRecord)> {
        let Some(Active::Barrier { table, .. }) = &self.active else { return None };
        let table = table.clone();
        let load = self.tables.get_mut(&table)?;
        load.record.rows += rows;
        if end {
            load.record.state = SnapState::Done;
            self.active = None;
        }
        Some((table, load.record.clone()))
    }

    /// Closes the window if its chunk has come and the task, standing between two source transactions at `at`, has
    /// passed its H.
    pub fn close(&mut self, at: &Position) -> Option<Closed> {
        let Some(Active::Window(window)) = &self.active else { return None };
        let chunk = window.chunk.as_ref()?;
        if window.redo.is_none() && at.file < chunk.high {
            return None;
        }
        let Some(Active::Window(window)) = self.active.take() else { return None };
        let chunk = window.chunk.expect("looked at above");
        if let Some(cause) = window.redo {
            if cause == Redo::Touched {
                self.limit = (self.limit / 2).max(1);
            }
            return Some(Closed::Redo(window.table, cause));
        }
        self.adapt(&chunk);
        let load = self.tables.get(&window.table)?;
        Some(Closed::Emit(Rows {
            version: load.version.clone(),
            key: load.key.clone().unwrap_or_default(),
            rows: chunk.rows,
            last: chunk.last,
            touched: window.touched,
            whole: chunk.done,
        }))
    }

    /// The rows of a closed window were handed over, `sent` of them. Returns the record to store with them.
    pub fn emitted(&mut self, rows: &Rows, sent: u64) -> Option<SnapRecord> {
        let load = self.tables.get_mut(&rows.version.name)?;
        load.record.rows += sent;
        if rows.whole {
            load.record.state = SnapState::Done;
        } else if let Some(last) = &rows.last {
            load.record.state = SnapState::Copying { last: Some(last.clone()) };
        }
        Some(load.record.clone())
    }

    /// Forgets the read under way, as after a lost connection; its rows are asked for again.
    pub fn abandon(&mut self) {
        self.active = None;
    }

    fn adapt(&mut self, chunk: &Chunk) {
        if self.fixed_rows.is_some() || chunk.done {
            return;
        }
        let heavy = chunk.read_ms > CHUNK_MS || chunk.rows.bytes() > CHUNK_BYTES;
        let light = chunk.read_ms < CHUNK_MS / 4 && chunk.rows.bytes() < CHUNK_BYTES / 4;
        if heavy {
            self.limit = (self.limit / 2).max(1);
        } else if light {
            self.limit = (self.limit * 2).min(CHUNK_ROWS_MAX);
        }
    }
}

/// What a read must show: R, unless a bug is planted.
fn shown(mut contains: Position, bug: Bug) -> Position {
    if planted(bug) {
        contains.file.offset = 4;
        contains.gtids = Gtids::Off;
    }
    contains
}

impl Active {
    fn table(&self) -> &TableName {
        match self {
            Active::Columns { table, .. }
            | Active::MaxKey(table)
            | Active::Void(table)
            | Active::Barrier { table, .. } => table,
            Active::Window(window) => &window.table,
        }
    }
}

#[cfg(test)]
mod tests;
