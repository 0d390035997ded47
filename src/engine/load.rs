//! Loading existing rows while the stream runs: chunk windows, touched keys, barriers.
//!
//! Let R be all the task has emitted when a window opens, V the read view of the chunk, H a position such that nothing
//! in V lies after it. A window opens between two source transactions; the chunk is read with V ⊇ R; from the opening
//! on every key the stream touches is noted; once the task has passed H the chunk's untouched rows are emitted. A row
//! not touched in (R, H] has at V the value it has at H, so it is exact there; a touched one comes by its own events.
//!
//! Windows of several tables are open at once, each with its own R, V, H and touched keys; a table has one at most, so its
//! chunks come in the order of its key. One barrier at most is under way.
//!
//! Guarantees: no more reads and windows than the policy says; a window in which the table's definition moved is thrown
//! away and redone, and so is a barrier before whose place it moved; the last key moves only with rows that were handed over; a window holds no more than the [memory](Memory) it
//! was given, or one row.
//! Does not: compare keys (the server pages, equality of [canonical keys](crate::mysql::key) is all that is needed),
//! read anything, or know formats.

mod admission;
mod ask;
mod memory;
mod table;
mod window;

pub use admission::{Admission, Refusal};
pub use ask::{Ask, ReadId, Wanted};
pub use memory::{LEAST, Memory};
pub use table::{TableLoad, key_order};
pub use window::{Chunk, Closed, Redo, Rows, Watch};

use crate::checkpoint::{SnapRecord, SnapState};
use crate::failpoint::{Bug, planted};
use crate::mysql::ddl::DdlEffect;
use crate::mysql::key::KeyPart;
use crate::mysql::position::{BinlogPosition, Gtids, Position};
use crate::mysql::schema::{TableName, TableVersion};
use std::collections::BTreeMap;
use std::sync::Arc;
use window::Window;

/// Rows of the first chunk of a table; later ones follow the time they take.
const FIRST_CHUNK_ROWS: u32 = 2_000;

/// Most rows of a chunk.
const CHUNK_ROWS_MAX: u32 = 20_000;

/// Most bytes of a chunk.
const CHUNK_BYTES: usize = 16 << 20;

/// Least bytes that a chunk is made for, however slow the load is to be.
const CHUNK_BYTES_MIN: usize = 64 << 10;

/// Longest a chunk's SELECT should take, ms.
const CHUNK_MS: u64 = 1_000;

/// Bytes of all windows of a process. Of what a window is given of them half is for rows, half for touched keys; one whose keys
/// are more than that is redone with half its rows.
pub const WINDOWS_BYTES: usize = 64 << 20;

/// How existing rows are read.
#[derive(Debug, Clone)]
pub struct Policy {
    /// Rows of a chunk; none: they follow the time it takes.
    pub chunk_rows: Option<u32>,
    /// Reads and windows at once, at least 1.
    pub parallel: usize,
    /// Most bytes a second; none: as many as come. Chunks are made for a second of it.
    pub rate_bytes_s: Option<u64>,
}

impl Policy {
    /// Bytes that a chunk should have at most, in a window of so many.
    fn wanted_bytes(&self, window: usize) -> usize {
        let most = chunk_bytes(window);
        match self.rate_bytes_s {
            None => most,
            Some(rate) => usize::try_from(rate).unwrap_or(most).clamp(CHUNK_BYTES_MIN.min(most), most),
        }
    }
}

/// Bytes up to which a chunk keeps rows, in a window of so many.
fn chunk_bytes(window: usize) -> usize {
    CHUNK_BYTES.min(window / 2)
}

/// A read under way, and what follows of it.
struct Read {
    table: TableName,
    doing: Doing,
    /// Bytes that it may hold.
    memory: usize,
}

impl Read {
    fn is_barrier(&self) -> bool {
        matches!(self.doing, Doing::Barrier { .. })
    }
}

enum Doing {
    Columns {
        /// The definition moved once more since they were asked for.
        moved: bool,
    },
    MaxKey,
    Window(Window),
    Barrier {
        at: Option<BinlogPosition>,
        /// The stream stands at the barrier, and its rows were asked for.
        open: bool,
    },
    /// Nobody wants the answer any more.
    Void,
}

/// What a read needs before it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// It brings next to nothing.
    Nothing,
    /// It is a window, which holds rows and keys.
    Memory,
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
    policy: Policy,
    tables: BTreeMap<TableName, TableLoad>,
    reads: BTreeMap<ReadId, Read>,
    /// The read that is a barrier.
    barrier: Option<ReadId>,
    n_reads: u64,
}

impl Load {
    /// A load of these tables.
    pub fn new(tables: impl IntoIterator<Item = TableLoad>, policy: Policy) -> Load {
        let tables = tables.into_iter().map(|load| (load.version.name.clone(), load)).collect();
        Load { policy, tables, reads: BTreeMap::new(), barrier: None, n_reads: 0 }
    }

    /// True when every table is loaded.
    pub fn done(&self) -> bool {
        self.reads.is_empty() && self.tables.values().all(TableLoad::is_done)
    }

    /// True while a read is under way, or rows that were read wait for their place.
    pub fn is_reading(&self) -> bool {
        !self.reads.is_empty()
    }

    /// True while the load under way is that of all tables, and not of one that came later or is loaded once more: no table is
    /// done, or some are by the same load. One that was made since needed none.
    pub fn is_of_all(&self) -> bool {
        let (done, open): (Vec<&TableLoad>, Vec<&TableLoad>) =
            self.tables.values().partition(|load| load.is_done());
        let done: Vec<_> = done.into_iter().filter(|load| !load.record.snapshot.is_empty()).collect();
        let is_same =
            |one: &&TableLoad| open.iter().any(|other| other.record.snapshot == one.record.snapshot);
        !open.is_empty() && (done.is_empty() || done.iter().any(is_same))
    }

    /// Progress of every table.
    pub fn progress(&self) -> Vec<TableProgress> {
        self.tables
            .iter()
            .map(|(table, load)| TableProgress {
                table: table.clone(),
                rows: load.record.rows,
                estimate: load.estimate,
                done: load.is_done(),
            })
            .collect()
    }

    /// Adds a table, or starts one anew. A read of it that is under way counts for nothing.
    pub fn add(&mut self, mut load: TableLoad) {
        let name = load.version.name.clone();
        load.reading = self.give_up(&name);
        self.tables.insert(name, load);
    }

    /// True while rows of the table are to be read.
    pub fn is_open(&self, table: &TableName) -> bool {
        self.tables.get(table).is_some_and(|load| !load.is_done())
    }

    /// True while all rows of the table are read at one place, which the stream has yet to reach, or stands at: what happens to the
    /// table until then is in them.
    pub fn is_at_barrier(&self, table: &TableName) -> bool {
        self.barrier
            .and_then(|id| self.reads.get(&id))
            .is_some_and(|read| read.is_barrier() && read.table == *table)
    }

    /// The read of a barrier whose rows nobody wants any more, until it is answered: the table's definition moved before its place.
    /// Whoever reads waits for a word.
    pub fn void_barrier(&self) -> Option<ReadId> {
        self.barrier.filter(|id| self.reads.get(id).is_some_and(|read| !read.is_barrier()))
    }

    /// Takes a table out of the load. All rows of a barrier that is under way have to come first, so it stays until then.
    pub fn leave(&mut self, table: &TableName) {
        if self.give_up(table).is_none() {
            self.tables.remove(table);
        }
    }

    /// A read of the table that is under way counts for nothing, unless it is a barrier, whose number comes back: all of its
    /// rows hold at one place, which the stream has yet to reach, or stands at.
    fn give_up(&mut self, table: &TableName) -> Option<ReadId> {
        let load = self.tables.get_mut(table)?;
        let is_barrier = |id: &ReadId| self.reads.get(id).is_some_and(Read::is_barrier);
        let id = load.reading.filter(|id| !is_barrier(id));
        if let Some(id) = id {
            load.reading = None;
            match self.reads.get_mut(&id) {
                // It has been answered.
                Some(Read { doing: Doing::Window(Window { chunk: Some(_), .. }), .. }) => {
                    self.reads.remove(&id);
                }
                Some(read) => read.doing = Doing::Void,
                None => {}
            }
        }
        load.reading
    }

    /// The table that is read next.
    fn candidate(&self) -> Option<&TableName> {
        if self.reads.len() >= self.policy.parallel.max(1) {
            return None;
        }
        let free = |load: &TableLoad| {
            let is_barrier = load.key.is_none() && !load.stale;
            let is_idle = load.reading.is_none() && !load.unseen;
            !load.is_done() && is_idle && (!is_barrier || self.barrier.is_none())
        };
        self.tables.iter().find(|(_, load)| free(load)).map(|(name, _)| name)
    }

    /// What the read needs which [`Load::next`] gives; none when it gives no read.
    pub fn wants(&self) -> Option<Need> {
        let load = self.tables.get(self.candidate()?)?;
        let is_window = !load.stale
            && load.key.is_some()
            && load.record.max.is_some()
            && matches!(load.record.state, SnapState::Copying { .. });
        Some(if is_window { Need::Memory } else { Need::Nothing })
    }

    /// Bytes of memory that windows hold.
    pub fn held(&self) -> usize {
        self.reads.values().map(|read| read.memory).sum()
    }

    /// The next read, if one more may be under way. Call between two source transactions only; `at` is R, and `memory` what it
    /// may hold, bytes.
    pub fn next(&mut self, at: &Position, memory: usize) -> Option<Ask> {
        let table = self.candidate()?.clone();
        let load = self.tables.get_mut(&table)?;
        self.n_reads += 1;
        let id = ReadId(self.n_reads);
        let version = load.version.clone();
        let (doing, what) = match (&load.key, &load.record.max, &load.record.state) {
            _ if load.stale => (Doing::Columns { moved: false }, Wanted::Columns(table.clone())),
            (None, _, _) => {
                load.record.rows = 0;
                load.record.state = SnapState::Copying { last: None };
                self.barrier = Some(id);
                (Doing::Barrier { at: None, open: false }, Wanted::Barrier(version))
            }
            (Some(key), None, _) | (Some(key), _, SnapState::Pending | SnapState::Done) => {
                load.record.state = SnapState::Copying { last: None };
                (Doing::MaxKey, Wanted::MaxKey { version, key: key.clone() })
            }
            (Some(key), Some(max), SnapState::Copying { last }) => {
                let chunk = Wanted::Chunk {
                    version,
                    key: key.clone(),
                    after: last.clone(),
                    upto: max.clone(),
                    limit: load.limit(&self.policy),
                    max_bytes: chunk_bytes(memory),
                };
                (Doing::Window(Window::default()), chunk)
            }
        };
        load.reading = Some(id);
        let begins = match &what {
            Wanted::MaxKey { .. } | Wanted::Barrier(_) => Some((table.clone(), load.record.clone())),
            Wanted::Columns(_) | Wanted::Chunk { .. } => None,
        };
        self.reads.insert(id, Read { table, doing, memory });
        let contains = match &what {
            Wanted::MaxKey { .. } => shown(at, Bug::GreatestKeyTooEarly),
            Wanted::Chunk { .. } => shown(at, Bug::NoVisibilityWait),
            Wanted::Columns(_) | Wanted::Barrier(_) => at.clone(),
        };
        Some(Ask { read: id, contains, what, begins })
    }

    /// How keys of rows of `table`, which have these columns in the stream, must be noted; none when the table is not watched.
    /// Of every event of a watched table every key is noted, before and after.
    ///
    /// The stream may be at other columns than the chunk, before the statement that changed them: the key's are found by
    /// name, and where one is missing the chunk is read again.
    pub fn watch(&mut self, table: &TableName, columns: &TableVersion) -> Option<Watch> {
        if self.reads.is_empty() {
            return None;
        }
        let load = self.tables.get(table)?;
        let id = load.reading?;
        let Some(Read { doing: Doing::Window(window), .. }) = self.reads.get_mut(&id) else { return None };
        let place = |&at: &usize| {
            let name = &load.version.columns.get(at)?.name;
            columns.columns.iter().position(|column| column.name == *name)
        };
        let key: Option<Vec<usize>> = load.key.as_deref()?.iter().map(place).collect();
        if key.is_none() {
            window.redo = Some(Redo::Definition);
        }
        key.map(|key| Watch { window: id, key })
    }

    /// Notes a canonical key of the table that the window is of.
    pub fn touch(&mut self, window: ReadId, key: &[u8]) {
        if let Some(Read { doing: Doing::Window(window), memory, .. }) = self.reads.get_mut(&window) {
            window.touch(key, *memory / 2);
        }
    }

    /// Follows a statement: definitions may have moved by it, or rows gone without events.
    pub fn definition_moved(&mut self, effect: &DdlEffect) {
        for (name, load) in &mut self.tables {
            if effect.may_touch(name) && !load.is_done() {
                (load.stale, load.unseen) = (true, false);
            }
        }
        for read in self.reads.values_mut().filter(|read| effect.may_touch(&read.table)) {
            match &mut read.doing {
                Doing::Window(window) => window.redo = Some(Redo::Definition),
                Doing::Columns { moved } => *moved = true,
                // The columns it is read by may be those of before, and its rows hold behind the statement.
                Doing::Barrier { open: false, .. } => read.doing = Doing::Void,
                Doing::MaxKey | Doing::Barrier { open: true, .. } | Doing::Void => {}
            }
        }
    }

    /// Answers [`Wanted::Columns`]; none: the source shows no such table, which comes back. It is asked for again once that
    /// is [wanted](Load::look_again), or a statement has moved it.
    pub fn columns_read(
        &mut self,
        read: ReadId,
        found: Option<(Arc<TableVersion>, Option<Vec<usize>>)>,
    ) -> Option<TableName> {
        let Some(Read { table, doing: Doing::Columns { moved }, .. }) = self.ended(read) else { return None };
        if moved {
            // They may be those of before; the table is still stale, and they are asked for again.
            return None;
        }
        match found {
            None => {
                self.tables.get_mut(&table)?.unseen = true;
                Some(table)
            }
            Some((version, key)) => {
                if let Some(load) = self.tables.get_mut(&table) {
                    load.redefine(version, key);
                }
                None
            }
        }
    }

    /// Tables that the source did not show.
    pub fn unseen(&self) -> impl Iterator<Item = &TableName> {
        self.tables.iter().filter(|(_, load)| load.unseen).map(|(name, _)| name)
    }

    /// Tables that the source did not show are asked for again.
    pub fn look_again(&mut self) {
        self.tables.values_mut().for_each(|load| load.unseen = false);
    }

    /// Answers [`Wanted::MaxKey`]; none: the table is empty. Returns the record to store.
    pub fn max_read(&mut self, read: ReadId, max: Option<Vec<KeyPart>>) -> Option<(TableName, SnapRecord)> {
        let Some(Read { table, doing: Doing::MaxKey, .. }) = self.ended(read) else { return None };
        let load = self.tables.get_mut(&table)?;
        load.record.state = match max {
            Some(_) => SnapState::Copying { last: None },
            None => SnapState::Done,
        };
        load.record.max = max;
        let record = load.record.clone();
        Some((table, record))
    }

    /// Answers [`Wanted::Chunk`].
    pub fn chunk_read(&mut self, read: ReadId, chunk: Chunk) {
        match self.reads.get_mut(&read) {
            Some(Read { doing: Doing::Window(window), .. }) => window.chunk = Some(chunk),
            Some(_) | None => drop(self.ended(read)),
        }
    }

    /// Answers any read: the table is not as it was said to be, and its columns are asked for again.
    pub fn moved(&mut self, read: ReadId) {
        if self.barrier == Some(read) {
            self.barrier = None;
        }
        if let Some(read) = self.ended(read)
            && !matches!(read.doing, Doing::Void)
            && let Some(load) = self.tables.get_mut(&read.table)
        {
            load.stale = true;
        }
    }

    /// Takes out a read that has come to its end.
    fn ended(&mut self, id: ReadId) -> Option<Read> {
        let read = self.reads.remove(&id)?;
        if let Some(load) = self.tables.get_mut(&read.table)
            && load.reading == Some(id)
        {
            load.reading = None;
        }
        Some(read)
    }

    /// Answers [`Wanted::Barrier`]: the view is open; all rows follow and hold at `at`.
    pub fn barrier_opened(&mut self, read: ReadId, at: BinlogPosition) {
        if let Some(Read { doing: Doing::Barrier { at: place, .. }, .. }) = self.reads.get_mut(&read) {
            *place = Some(at);
        }
    }

    /// Place of the barrier under way, none while it is not open, and whether its rows were asked for.
    fn barrier(&self) -> Option<(Option<&BinlogPosition>, bool)> {
        match &self.reads.get(&self.barrier?)?.doing {
            Doing::Barrier { at, open } => Some((at.as_ref(), *open)),
            Doing::Columns { .. } | Doing::MaxKey | Doing::Window(_) | Doing::Void => None,
        }
    }

    /// True when the stream must not go on: the task stands at the barrier and its rows have not all come.
    pub fn holds(&self, at: &Position) -> bool {
        matches!(self.barrier(), Some((Some(place), _)) if at.file >= *place)
    }

    /// True once, when the task, standing between two source transactions at `at`, has reached the barrier: its rows are
    /// wanted now. Sent any sooner, the changes before the barrier would come behind rows that show them.
    pub fn reached_barrier(&mut self, at: &Position) -> bool {
        if !self.holds(at) {
            return false;
        }
        let read = self.barrier.and_then(|id| self.reads.get_mut(&id));
        match read.map(|read| &mut read.doing) {
            Some(Doing::Barrier { open, .. }) => !std::mem::replace(open, true),
            Some(_) | None => false,
        }
    }

    /// True while the barrier is not open yet: the stream stands still at R meanwhile.
    pub fn opening_barrier(&self) -> bool {
        matches!(self.barrier(), Some((None, _))) && !planted(Bug::BarrierUnheld)
    }

    /// Rows of the barrier were emitted; `end` says that they were the last. Returns the record to store.
    pub fn barrier_emitted(&mut self, rows: u64, end: bool) -> Option<(TableName, SnapRecord)> {
        let id = self.barrier?;
        let table = self.reads.get(&id)?.table.clone();
        if end {
            self.barrier = None;
            self.ended(id);
        }
        let load = self.tables.get_mut(&table)?;
        load.record.rows += rows;
        if end {
            load.record.state = SnapState::Done;
        }
        Some((table, load.record.clone()))
    }

    /// Closes a window whose chunk has come and whose H the task, standing between two source transactions at `at`, has
    /// passed. Call until there is none.
    pub fn close(&mut self, at: &Position) -> Option<Closed> {
        let ripe = |read: &Read| match &read.doing {
            Doing::Window(Window { chunk: Some(chunk), redo, .. }) => redo.is_some() || at.file >= chunk.high,
            Doing::Window(_)
            | Doing::Columns { .. }
            | Doing::MaxKey
            | Doing::Barrier { .. }
            | Doing::Void => false,
        };
        let id = self.reads.iter().find(|(_, read)| ripe(read)).map(|(&id, _)| id)?;
        let Read { table, doing: Doing::Window(window), memory } = self.ended(id)? else { return None };
        let load = self.tables.get_mut(&table)?;
        if let Some(cause) = window.redo {
            if cause == Redo::Touched {
                load.halve(&self.policy);
            }
            return Some(Closed::Redo(table, cause));
        }
        let chunk = window.chunk?;
        load.adapt(&chunk, &self.policy, memory);
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
}

/// What a read must show: R, unless a bug is planted.
fn shown(r: &Position, bug: Bug) -> Position {
    let mut contains = r.clone();
    if planted(bug) {
        contains.file.offset = 4;
        contains.gtids = Gtids::Off;
    }
    contains
}

#[cfg(test)]
mod tests;
