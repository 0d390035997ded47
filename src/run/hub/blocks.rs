//! The ring of a stream: immutable blocks of plain events, a cursor for each task, history while there is room.
//!
//! Guarantees: a block is changed by nobody once published; the reader waits, and the socket with it, while blocks that a
//! task has not read fill the ring. A task that holds up another one loses its cursor, never an event: it goes on over a
//! connection of its own.

use super::feed::Tie;
use super::walk::Walker;
use crate::failpoint::{Bug, planted};
use crate::mysql::position::{GtidSet, Gtids, Position};
use crate::run::failure::Failure;
use crate::source::mysql::io::Plain;
use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long a task may have nothing to read because of another one: well above the longest healthy commit.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long nobody may read before the connection is given back: servers end what is not read.
const UNREAD: Duration = Duration::from_secs(10);

/// Interval at which a full ring looks whether somebody starves.
const LOOK: Duration = Duration::from_millis(50);

/// Buffers kept for blocks to come: one that is filled, one that waits.
const SPARES: usize = 2;

/// A buffer larger than this is not kept.
const SPARE_MAX: usize = 2 << 20;

/// What is known at the beginning of a block.
#[derive(Debug, Clone)]
pub(super) struct Stamp {
    /// Where it stands.
    pub(super) walker: Walker,
    /// Transactions that began before it, and those left out from the beginning; MySQL with GTIDs only.
    pub(super) begun: Option<Arc<GtidSet>>,
}

impl Stamp {
    /// True when everything that lies behind `seen` comes in this block or behind it.
    pub(super) fn serves(&self, seen: &Position) -> bool {
        match (&self.begun, &seen.gtids) {
            (Some(begun), Gtids::MySql(set)) => set.contains_set(begun),
            (Some(_), _) => false,
            (None, _) => self.walker.place().is_some_and(|place| place <= seen.file),
        }
    }
}

/// Buffers of blocks that nobody looks at any more.
pub(super) type Spares = Arc<Mutex<Vec<Vec<u8>>>>;

/// Whole plain events in one piece.
#[derive(Debug)]
pub(in crate::run) struct RawBlock {
    /// What is known at its beginning.
    pub(super) stamp: Stamp,
    /// Events, checksums already verified.
    pub(in crate::run) bytes: Vec<u8>,
    /// Where each of them stands.
    pub(in crate::run) events: Vec<Plain>,
    /// The server had nothing more when it was published.
    pub(in crate::run) drained: bool,
    /// Where its buffer goes.
    pub(super) spares: Spares,
}

impl Drop for RawBlock {
    fn drop(&mut self) {
        let mut spares = self.spares.lock().unwrap_or_else(PoisonError::into_inner);
        if spares.len() < SPARES && self.bytes.capacity() <= SPARE_MAX {
            let mut bytes = std::mem::take(&mut self.bytes);
            bytes.clear();
            spares.push(bytes);
        }
    }
}

/// One who reads a ring.
#[derive(Debug)]
struct Cursor {
    /// Number of the next block.
    next: u64,
    /// Since when there was nothing to read.
    starved: Option<Instant>,
    /// What its task says of itself, and is told.
    tie: Tie,
    detached: bool,
}

impl Cursor {
    fn waits(&self) -> bool {
        self.tie.waits.load(Ordering::Relaxed)
    }

    fn detach(&mut self) {
        self.detached = true;
        self.tie.detached.store(true, Ordering::Relaxed);
    }
}

/// What a cursor finds.
pub(super) enum Got {
    /// The next block.
    Block(Arc<RawBlock>),
    /// Nobody wants to know any more.
    Over,
    /// It held up others, or nobody read at all.
    Detached,
    /// The stream ended.
    Ended(Failure),
}

#[derive(Debug)]
struct State {
    blocks: VecDeque<Arc<RawBlock>>,
    bytes: usize,
    /// Number of the first block held.
    first: u64,
    /// What the next block will begin with.
    tail: Stamp,
    cursors: BTreeMap<u64, Cursor>,
    n_cursors: u64,
    end: Option<Failure>,
    closed: bool,
}

impl State {
    fn end(&self) -> u64 {
        self.first + self.blocks.len() as u64
    }

    fn add(&mut self, next: u64, tie: &Tie) -> u64 {
        let number = self.n_cursors;
        self.n_cursors += 1;
        let cursor = Cursor { next, starved: None, tie: tie.clone(), detached: false };
        self.cursors.insert(number, cursor);
        number
    }

    /// Number of the oldest block that somebody has yet to read.
    fn oldest(&self) -> u64 {
        let reading = self.cursors.values().filter(|cursor| !cursor.detached);
        reading.map(|cursor| cursor.next).min().unwrap_or(self.first)
    }

    /// Takes their cursors from those that hold up others. `blocked` says since when nothing moves.
    fn judge(&mut self, blocked: Instant) {
        let end = self.end();
        let oldest = self.oldest();
        let reading = || self.cursors.values().filter(|cursor| !cursor.detached);
        let starved = |cursor: &&Cursor| cursor.next == end;
        let patience_over = |cursor: &Cursor| cursor.starved.is_some_and(|since| since.elapsed() >= PATIENCE);
        let somebody = reading().filter(starved).count() > 0;
        let for_long = reading().filter(starved).any(patience_over);
        let all_wait = reading().all(Cursor::waits);
        if all_wait && blocked.elapsed() >= UNREAD {
            self.cursors.values_mut().for_each(Cursor::detach);
            self.closed = true;
            return;
        }
        for cursor in self.cursors.values_mut().filter(|cursor| cursor.next == oldest) {
            if for_long || somebody && cursor.waits() {
                cursor.detach();
            }
        }
    }
}

/// Blocks on their way from a reader to its tasks.
#[derive(Debug)]
pub(super) struct Blocks {
    state: Mutex<State>,
    room: Condvar,
    filled: Condvar,
    capacity: usize,
    spares: Spares,
}

impl Blocks {
    /// An empty ring, which begins with `stamp`.
    pub(super) fn new(capacity: usize, stamp: Stamp) -> Blocks {
        let state = State {
            blocks: VecDeque::new(),
            bytes: 0,
            first: 0,
            tail: stamp,
            cursors: BTreeMap::new(),
            n_cursors: 0,
            end: None,
            closed: false,
        };
        Blocks {
            state: Mutex::new(state),
            room: Condvar::new(),
            filled: Condvar::new(),
            capacity,
            spares: Spares::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no thread panics while it holds the ring")
    }

    /// An empty buffer for the next block, and where it is to go in the end.
    pub(super) fn spare(&self) -> (Vec<u8>, Spares) {
        let spare = self.spares.lock().unwrap_or_else(PoisonError::into_inner).pop();
        (spare.unwrap_or_default(), self.spares.clone())
    }

    /// Adds a block, waiting for room; `tail` is what comes behind it. False when nobody reads any more.
    pub(super) fn publish(&self, block: RawBlock, tail: Stamp) -> bool {
        let size = block.bytes.len();
        let mut state = self.lock();
        let blocked = Instant::now();
        loop {
            if state.closed {
                return false;
            }
            let oldest = state.oldest();
            while state.bytes + size > self.capacity && state.first < oldest.min(state.end()) {
                let dropped = state.blocks.pop_front().expect("blocks before the cursors are held");
                state.bytes -= dropped.bytes.len();
                state.first += 1;
            }
            // A block larger than the ring goes in alone.
            if state.bytes + size <= self.capacity || state.blocks.is_empty() {
                break;
            }
            state.judge(blocked);
            if state.oldest() == oldest && !state.closed {
                state =
                    self.room.wait_timeout(state, LOOK).expect("no thread panics while it holds the ring").0;
            }
        }
        state.bytes += size;
        state.blocks.push_back(Arc::new(block));
        state.tail = tail;
        self.filled.notify_all();
        true
    }

    /// Nothing comes any more, for this reason.
    pub(super) fn finish(&self, failure: Failure) {
        self.lock().end = Some(failure);
        self.filled.notify_all();
    }

    /// A cursor at the newest block from which on everything behind `seen` comes; none when it is not held, or no more comes.
    pub(super) fn attach(&self, seen: &Position, tie: &Tie) -> Option<u64> {
        let mut state = self.lock();
        if state.closed || state.end.is_some() {
            return None;
        }
        let next = if state.tail.serves(seen) {
            state.end()
        } else {
            state.first + state.blocks.iter().rposition(|block| block.stamp.serves(seen))? as u64
        };
        let next = (next + u64::from(planted(Bug::MergeTooFar))).min(state.end());
        Some(state.add(next, tie))
    }

    /// What has been read so far; none once it has ended.
    pub(super) fn tail(&self) -> Option<Stamp> {
        let state = self.lock();
        (!state.closed && state.end.is_none()).then(|| state.tail.clone())
    }

    /// A cursor at the beginning of a stream that nobody reads yet.
    pub(super) fn attach_first(&self, tie: &Tie) -> u64 {
        let mut state = self.lock();
        let next = state.first;
        state.add(next, tie)
    }

    /// What `cursor` has next; waits for it until it is `over`.
    pub(super) fn next(&self, cursor: u64, over: &AtomicBool) -> Got {
        let mut state = self.lock();
        loop {
            let (first, closed) = (state.first, state.closed);
            let at = match state.cursors.get(&cursor) {
                Some(cursor) if !cursor.detached => cursor.next,
                Some(_) | None => return Got::Detached,
            };
            if let Some(block) = state.blocks.get((at - first) as usize).cloned() {
                if let Some(cursor) = state.cursors.get_mut(&cursor) {
                    cursor.next += 1;
                    cursor.starved = None;
                }
                self.room.notify_all();
                return Got::Block(block);
            }
            if let Some(failure) = &state.end {
                return Got::Ended(failure.clone());
            }
            if closed || over.load(Ordering::Relaxed) {
                return Got::Over;
            }
            if let Some(cursor) = state.cursors.get_mut(&cursor) {
                cursor.starved.get_or_insert_with(Instant::now);
            }
            state = self.filled.wait(state).expect("no thread panics while it holds the ring");
        }
    }

    /// True when `cursor` has nothing to read at the moment.
    pub(super) fn is_dry(&self, cursor: u64) -> bool {
        let state = self.lock();
        state.cursors.get(&cursor).is_none_or(|cursor| cursor.next >= state.end())
    }

    /// A task reads no further.
    pub(super) fn leave(&self, cursor: u64) {
        self.lock().cursors.remove(&cursor);
        self.room.notify_all();
    }

    /// Its tasks have to look for another stream: the connection is wanted for more of them.
    pub(super) fn give_up(&self) {
        let mut state = self.lock();
        state.cursors.values_mut().for_each(Cursor::detach);
        state.closed = true;
        self.room.notify_all();
        self.filled.notify_all();
    }

    /// Ends the ring: the reader's next publish fails.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.room.notify_all();
        self.filled.notify_all();
    }

    /// Wakes whoever waits for a block, to look at something else.
    pub(super) fn wake(&self) {
        // Whoever is about to wait holds the lock until it does.
        drop(self.lock());
        self.filled.notify_all();
    }
}
