//! The ring between a framer and its task: immutable blocks of what events are, history while there is room.
//!
//! Guarantees: a block is changed by nobody once published; the framer waits while unread blocks fill the ring; a consumed
//! block stays as history until its room is needed, so that a task may go back.

use super::failure::Failure;
use super::hub::RawBlock;
use crate::mysql::binlog::event::Header;
use crate::mysql::binlog::layout::RowLayout;
use crate::mysql::ddl::{DdlEffect, Outline, Statement};
use crate::mysql::ident::TableNameCase;
use crate::mysql::position::{BinlogPosition, Gtid};
use crate::mysql::schema::model::Table;
use crate::mysql::schema::{Followed, TableName, TableVersion};
use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock};

/// Bytes of events a ring holds; with what waits in the stream, enough for the tens of milliseconds a commit takes.
pub(super) const RING_BYTES: usize = 8 << 20;

/// Size at which a block is published; also sooner, when the socket has nothing more.
pub(super) const BLOCK_BYTES: usize = 1 << 20;

/// What events of one block of the stream are.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// Place of its first event, when that lies between two transactions.
    pub(super) start: Option<BinlogPosition>,
    /// The events; none for what the framer itself has to say.
    pub(super) raw: Option<Arc<RawBlock>>,
    /// Bytes that it keeps.
    pub(super) size: usize,
    /// What they are, in order.
    pub(super) entries: Vec<Entry>,
}

impl Block {
    /// The end of a stream.
    pub(super) fn stop(failure: Failure) -> Block {
        Block { entries: vec![Entry::stop(failure)], ..Block::default() }
    }

    /// The body of an entry's event.
    pub(super) fn body(&self, entry: &Entry) -> &[u8] {
        self.raw.as_ref().map_or(&[], |raw| &raw.bytes[entry.body.clone()])
    }
}

/// One event that a task has to look at.
#[derive(Debug)]
pub(super) struct Entry {
    /// Header of its event; none for what the framer itself has to say.
    pub(super) header: Option<Header>,
    /// Where the event's body lies in the block, without header and checksum.
    pub(super) body: Range<usize>,
    /// What it is.
    pub(super) what: What,
}

impl Entry {
    /// The stream cannot go on.
    pub(super) fn stop(failure: Failure) -> Entry {
        Entry { header: None, body: 0..0, what: What::Stop(failure) }
    }
}

/// Kinds of entries.
#[derive(Debug)]
pub(super) enum What {
    /// A source transaction begins.
    Begin {
        /// Its GTID, where the server writes them.
        gtid: Option<Gtid>,
        /// When the first server committed it, µs since 1970, where the log says so.
        committed_us: Option<u64>,
        /// File that holds it.
        file: Arc<str>,
        /// Offset of its first byte.
        offset: u64,
    },
    /// The connection that wrote the transaction.
    Writer(u32),
    /// Rows of one table.
    Rows(Arc<MappedTable>),
    /// What rows of the source transaction come to is decided later, or was decided.
    Verdict(Verdict),
    /// A statement that may have changed definitions, or made rows come or go without events.
    Definition(Arc<Definition>),
    /// The source transaction ended here.
    End {
        /// File that holds its end.
        file: Arc<str>,
        /// Offset behind its last byte.
        offset: u64,
    },
    /// Between two transactions the log has reached this place.
    Reached {
        /// File.
        file: Arc<str>,
        /// Offset.
        offset: u64,
        /// The server said so because it had nothing to send.
        beat: bool,
    },
    /// The stream cannot go on behind this point.
    Stop(Failure),
}

/// What a log says about rows in it that do not count yet, or not any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Rows behind this may be undone up to here.
    Savepoint(String),
    /// Rows behind the savepoint of this name are undone.
    BackTo(String),
    /// The rows of this source transaction do not count.
    Undone,
    /// The rows of this source transaction count once it is committed, which another one may say.
    Prepares,
    /// They wait for that, under this name.
    Prepared(String),
    /// What was prepared under this name counts.
    Committed(String),
    /// What was prepared under this name does not.
    RolledBack(String),
}

/// A statement and what followed from it.
#[derive(Debug)]
pub(super) struct Definition {
    /// What it says.
    pub(super) statement: Statement,
    /// What it may have touched.
    pub(super) effect: DdlEffect,
    /// What is known behind it, where that is something else than before.
    pub(super) followed: Followed,
    /// Its text without the strings in it, for people.
    pub(super) shown: Arc<str>,
    /// Its text with the places of its names; none for one that is never sent.
    pub(super) outline: Option<Outline>,
    /// How the server compares the names in it.
    pub(super) case: TableNameCase,
}

/// A table of the stream under one table id.
#[derive(Debug)]
pub(super) struct MappedTable {
    /// Number of the mapping within the life of its stream, for lookups without names.
    pub(super) number: u32,
    /// Whose rows.
    pub(super) name: TableName,
    /// Its columns once proven; a task that selects the table waits for it.
    pub(super) columns: OnceLock<Result<Columns, Failure>>,
}

/// Columns of a mapped table, and how its rows are read.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    /// The columns.
    pub(super) version: Arc<TableVersion>,
    /// What statements go on from, where that is known.
    pub(super) definition: Option<Arc<Table>>,
    /// The decoder's plan.
    pub(super) layout: Arc<RowLayout>,
}

/// Blocks on their way from the framer to its task.
#[derive(Debug)]
pub(super) struct Ring {
    state: Mutex<State>,
    room: Condvar,
    capacity: usize,
}

#[derive(Debug)]
struct State {
    blocks: VecDeque<Arc<Block>>,
    bytes: usize,
    /// Number of the first block held.
    first: u64,
    /// Number of the next block the task reads.
    cursor: u64,
    closed: bool,
}

impl Ring {
    /// An empty ring.
    pub(super) fn new(capacity: usize) -> Ring {
        let state = State { blocks: VecDeque::new(), bytes: 0, first: 0, cursor: 0, closed: false };
        Ring { state: Mutex::new(state), room: Condvar::new(), capacity }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread panics while it holds the ring")
    }

    /// Adds a block, waiting for room. False when the ring was closed: the framer ends.
    pub(super) fn publish(&self, block: Block) -> bool {
        let size = block.size;
        let mut state = self.lock();
        loop {
            if state.closed {
                return false;
            }
            while state.bytes + size > self.capacity && state.first < state.cursor {
                let dropped = state.blocks.pop_front().expect("blocks before the cursor are held");
                state.bytes -= dropped.size;
                state.first += 1;
            }
            // A block larger than the ring goes in alone.
            if state.bytes + size <= self.capacity || state.blocks.is_empty() {
                break;
            }
            state = self.room.wait(state).expect("no thread panics while it holds the ring");
        }
        state.bytes += size;
        state.blocks.push_back(Arc::new(block));
        true
    }

    /// True when another block of `size` bytes would have to wait for the task.
    pub(super) fn full(&self, size: usize) -> bool {
        let state = self.lock();
        let history: usize =
            state.blocks.iter().take((state.cursor - state.first) as usize).map(|block| block.size).sum();
        state.bytes - history + size > self.capacity
    }

    /// True while there is a next block.
    pub(super) fn has_next(&self) -> bool {
        let state = self.lock();
        state.cursor - state.first < state.blocks.len() as u64
    }

    /// The next block, if there is one.
    pub(super) fn next(&self) -> Option<Arc<Block>> {
        let mut state = self.lock();
        let block = state.blocks.get((state.cursor - state.first) as usize)?.clone();
        state.cursor += 1;
        self.room.notify_all();
        Some(block)
    }

    /// Ends the ring: the framer's next publish fails.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.room.notify_all();
    }

    /// Moves the cursor back to the newest block that begins at or before `place`, between two transactions. False
    /// when that block has left the ring.
    pub(super) fn rewind(&self, place: &BinlogPosition) -> bool {
        let mut state = self.lock();
        let found =
            state.blocks.iter().rposition(|block| block.start.as_ref().is_some_and(|start| start <= place));
        if let Some(index) = found {
            state.cursor = state.first + index as u64;
        }
        found.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(offset: u64, size: usize) -> Block {
        Block { start: Some(BinlogPosition::new("b.000001", offset)), size, ..Block::default() }
    }

    #[test]
    fn consumed_blocks_stay_while_there_is_room_and_serve_going_back() {
        let ring = Ring::new(10);
        assert!(ring.publish(block(4, 4)));
        assert!(ring.publish(block(100, 4)));
        assert_eq!(ring.next().map(|block| block.size), Some(4));
        assert!(ring.has_next());
        assert!(ring.next().is_some());
        assert!(!ring.has_next());
        assert!(ring.next().is_none());
        assert!(ring.rewind(&BinlogPosition::new("b.000001", 99)));
        assert_eq!(
            ring.next().and_then(|block| block.start.clone()),
            Some(BinlogPosition::new("b.000001", 4))
        );
        assert!(ring.publish(block(200, 4)), "the consumed block makes room");
        assert!(!ring.rewind(&BinlogPosition::new("b.000001", 99)), "its block has left");
    }

    #[test]
    fn the_reader_waits_for_room_and_ends_when_the_ring_closes() {
        let ring = Arc::new(Ring::new(4));
        assert!(ring.publish(block(4, 4)));
        assert!(ring.full(1));
        let reader = std::thread::spawn({
            let ring = ring.clone();
            move || (ring.publish(block(8, 4)), ring.publish(block(12, 4)))
        });
        assert!(ring.next().is_some());
        ring.close();
        let (first, second) = reader.join().expect("the reader thread ends");
        assert!(!second || first, "blocks are published in order");
    }

    #[test]
    fn an_event_larger_than_the_ring_goes_in_alone() {
        let ring = Ring::new(4);
        assert!(ring.publish(block(4, 9)));
        assert!(ring.next().is_some());
        assert!(ring.publish(block(13, 9)));
    }
}
