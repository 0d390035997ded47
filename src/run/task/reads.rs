//! The threads that read existing rows for a task's load, each over connections of its own, and when they may.
//!
//! Guarantees: an answer carries the number of the life that asked; dropping [`Reads`] ends the connections and the
//! threads, whatever they wait for.

use super::reader::{OpenConnection, Reader};
use super::{Input, Task};
use crate::change::RowBatch;
use crate::engine::load::{Ask, Chunk, Need, Policy, ReadId, Refusal};
use crate::mysql::key::KeyPart;
use crate::mysql::position::{BinlogPosition, ServerIdentity};
use crate::mysql::schema::{TableName, TableVersion};
use crate::mysql::value::Timestamp;
use crate::mysql::zone::Zone;
use crate::run::failure::{Class, Failure};
use crate::run::panic_text;
use crate::run::room::Room;
use crate::run::turns::{Seat, Turn};
use crate::source::mysql::io::{self as source, Endpoint, Session};
use crate::statement::{Snapshot, Window, duration_text};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use std::collections::{BTreeSet, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::thread::JoinHandle;
use std::time::Duration;

/// How long a connection is kept that nothing is read over.
const IDLE: Duration = Duration::from_secs(5);

/// What a read brought.
pub(in crate::run) struct Answer {
    /// Life that asked.
    pub(super) life: u64,
    /// The read.
    pub(super) read: ReadId,
    /// What was found.
    pub(super) what: Result<Found, Failure>,
}

/// Kinds of answers, one for each kind of read (a barrier gives several).
pub(in crate::run) enum Found {
    /// Columns and paging key; none: the source shows no such table.
    Columns(Option<(Arc<TableVersion>, Option<Vec<usize>>)>),
    /// The greatest key; none: no row.
    MaxKey(Option<Vec<KeyPart>>),
    /// A chunk.
    Chunk(Chunk),
    /// The view of a barrier is open at this place.
    Barrier(BinlogPosition),
    /// Rows of the barrier; the last ones with `end`.
    Rows {
        /// Rows, if any.
        rows: Option<TableRows>,
        /// No more follow.
        end: bool,
    },
    /// The table is not as it was: its columns are asked for again.
    Moved,
}

impl Found {
    /// True for the last answer of a read.
    fn ends(&self) -> bool {
        match self {
            Found::Barrier(_) | Found::Rows { end: false, .. } => false,
            Found::Columns(_)
            | Found::MaxKey(_)
            | Found::Chunk(_)
            | Found::Rows { end: true, .. }
            | Found::Moved => true,
        }
    }
}

/// Rows of one table.
pub(in crate::run) struct TableRows {
    /// Its columns.
    pub(super) version: Arc<TableVersion>,
    /// The rows.
    pub(super) rows: RowBatch,
}

/// How a plan wants existing rows to be read.
pub(super) fn policy(snapshot: &Snapshot) -> Policy {
    Policy {
        chunk_rows: snapshot.chunk_rows,
        parallel: snapshot.parallel.unwrap_or(1).into(),
        rate_bytes_s: snapshot.rate_bytes_s,
    }
}

/// Why nothing is read although something is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rest {
    /// Other reads of the source are under way.
    Busy,
    /// It would be faster than is wanted; ms of the clock of the process.
    Rate(u64),
    /// It is not the time of day; minutes that are left.
    Hours(Window, u16),
    /// Windows that are open hold the memory that so many loads of the process share.
    Memory(usize),
}

impl Rest {
    /// True when it lies with nothing of the load that nothing is read.
    pub(super) fn is_meant(&self) -> bool {
        match self {
            Rest::Busy | Rest::Rate(_) | Rest::Hours(..) => true,
            // A window is open: who waits for memory has some.
            Rest::Memory(_) => false,
        }
    }

    /// For people; none while it is over in a moment.
    pub(super) fn why(&self) -> Option<String> {
        match self {
            Rest::Busy => Some("for its turn: another task reads existing rows of this source".to_owned()),
            Rest::Rate(_) => None,
            Rest::Hours(window, minutes) => {
                let left = duration_text(u64::from(*minutes) * 60_000);
                Some(format!("for the hours of its `window`, {window}: {left} left"))
            }
            Rest::Memory(1) => Some("to read more at once, for memory".to_owned()),
            Rest::Memory(loads) => {
                Some(format!("to read more at once, for memory, which {loads} loads share"))
            }
        }
    }
}

/// A read, and the right to be under way.
type Asked = (Ask, Turn);

/// The reading threads of one life.
pub(super) struct Reads {
    policy: Policy,
    hours: Option<(Window, Option<Zone>)>,
    seat: Seat,
    room: Room,
    asks: Sender<Asked>,
    /// The other end, for threads that are yet to come.
    inbox: Receiver<Asked>,
    go: Sender<bool>,
    gate: Receiver<bool>,
    /// What all threads have in common.
    worker: Worker,
    threads: Vec<(OpenConnection, JoinHandle<()>)>,
    /// Reads under way.
    turns: HashMap<ReadId, Turn>,
    /// Why none was begun when one was wanted last.
    pub(super) rest: Option<Rest>,
}

/// What a reading thread is made of.
#[derive(Clone)]
struct Worker {
    task: String,
    life: u64,
    endpoint: Endpoint,
    server: ServerIdentity,
    /// The table of the heartbeat.
    beat: Option<TableName>,
    /// Where answers go.
    out: Sender<Input>,
    /// Time for which what was read had to become visible, ms.
    unseen_ms: Arc<AtomicU64>,
}

impl Task {
    /// The reads of this life, of which none is under way yet.
    pub(super) fn reads(&self, endpoint: Endpoint, server: ServerIdentity) -> Reads {
        let snapshot = self.plan.start.snapshot().cloned().unwrap_or_default();
        let wake = self.me.clone();
        let seat = self.context.turns.join(&self.id.source, self.clock.clone(), move || {
            // A full inbox holds a wake already.
            let _ = wake.try_send(Input::Wake);
        });
        let policy = policy(&snapshot);
        let (asks, inbox) = bounded(policy.parallel);
        let (go, gate) = bounded(1);
        let worker = Worker {
            task: self.id.to_string(),
            life: self.n_lives,
            endpoint,
            server,
            beat: self.plan.source.beat_table(),
            out: self.me.clone(),
            unseen_ms: self.unseen_ms.clone(),
        };
        Reads {
            hours: snapshot.window.map(|window| {
                let zone = Zone::from_name(&window.zone);
                (window, zone)
            }),
            policy,
            seat,
            room: self.context.rooms.join(),
            asks,
            inbox,
            go,
            gate,
            worker,
            threads: Vec::new(),
            turns: HashMap::new(),
            rest: None,
        }
    }
}

impl Reads {
    /// How existing rows are read.
    pub(super) fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Those of the tables that the source does not have. Where that cannot be asked now none is missing: the load tells of it.
    ///
    /// Waits for the source; for what an operator asks by hand only.
    pub(super) fn missing(&self, tables: &BTreeSet<TableName>) -> BTreeSet<TableName> {
        if tables.is_empty() {
            return BTreeSet::new();
        }
        let Worker { endpoint, server, .. } = &self.worker;
        let found = Session::open(endpoint, Some(server)).and_then(|mut session| {
            let wanted = |db: &str, table: &str| tables.contains(&TableName::new(db, table));
            let found = source::tables(&mut session, wanted)?;
            session.quit();
            Ok(found)
        });
        let Ok(found) = found else { return BTreeSet::new() };
        let found: BTreeSet<TableName> =
            found.into_iter().filter(|table| table.kind.has_rows()).map(|table| table.version.name).collect();
        tables.difference(&found).cloned().collect()
    }

    /// The load holds so many bytes.
    pub(super) fn holds(&mut self, bytes: usize) {
        self.room.holds(bytes);
    }

    /// Nothing is left to be read.
    pub(super) fn over(&mut self) {
        self.room.leave();
    }

    /// One more read, if one may begin now, and the bytes that it may hold; why not stands in `rest`.
    pub(super) fn begin(&mut self, need: Need, wall_ms: i64) -> Option<(Turn, usize)> {
        let closed = self
            .hours
            .as_ref()
            .and_then(|(window, zone)| Some((window, opens_in(window, zone.as_ref()?, wall_ms)?)));
        let begun = match closed {
            Some((window, minutes)) => Err(Rest::Hours(window.clone(), minutes)),
            None => self.turn_with_memory(need),
        };
        self.rest = begun.as_ref().err().cloned();
        begun.ok()
    }

    fn turn_with_memory(&mut self, need: Need) -> Result<(Turn, usize), Rest> {
        let turn = self.seat.begin(&self.policy).map_err(|refusal| match refusal {
            Refusal::Busy => Rest::Busy,
            Refusal::At(at_ms) => Rest::Rate(at_ms),
        })?;
        let memory = match need {
            Need::Nothing => 0,
            // Without it the turn is given back.
            Need::Memory => self.room.take(self.policy.parallel).map_err(Rest::Memory)?,
        };
        Ok((turn, memory))
    }

    /// Asks for a read. It is answered by the life that asks, if that goes on; there are as many threads as reads under way,
    /// so this does not wait.
    ///
    /// # Errors
    /// A thread cannot be started.
    pub(super) fn ask(&mut self, ask: Ask, turn: Turn) -> Result<(), Failure> {
        self.turns.insert(ask.read, turn.clone());
        if self.threads.len() < self.turns.len().min(self.policy.parallel) {
            let open = OpenConnection::default();
            let thread = self.worker.start(open.clone(), self.inbox.clone(), self.gate.clone());
            let thread = thread
                .map_err(|error| Failure::new(Class::Request, format!("cannot start a thread: {error}")))?;
            self.threads.push((open, thread));
        }
        // The other end is here.
        let _ = self.asks.send((ask, turn));
        Ok(())
    }

    /// An answer has come.
    pub(super) fn answered(&mut self, answer: &Answer) {
        if answer.what.as_ref().map_or(true, Found::ends) {
            self.turns.remove(&answer.read);
        }
    }

    /// The stream stands at the barrier, or rows of it were taken: the next ones may come.
    pub(super) fn go(&self) {
        // One word for each; a thread that has ended wants none.
        let _ = self.go.try_send(true);
    }

    /// The rows of the barrier count for nothing, if whoever reads it waits with them.
    pub(super) fn give_up_barrier(&self) {
        // Who has not taken the last word yet is told again.
        let _ = self.go.try_send(false);
    }

    /// True while it is not the time of day to read.
    pub(super) fn is_out_of_hours(&self) -> bool {
        matches!(self.rest, Some(Rest::Hours(..)))
    }

    /// When a read may begin that was too early, ms of the clock of the process.
    pub(super) fn due_ms(&self) -> Option<u64> {
        match self.rest {
            Some(Rest::Rate(at_ms)) => Some(at_ms),
            // It ends with a window of the load itself.
            Some(Rest::Busy | Rest::Hours(..) | Rest::Memory(_)) | None => None,
        }
    }
}

impl Drop for Reads {
    fn drop(&mut self) {
        // Threads that wait for asks end by this; those that connect have a deadline of their own, and hold nothing anybody
        // waits for.
        (self.asks, self.inbox) = bounded(0);
        (self.go, self.gate) = bounded(0);
        for (open, _) in &self.threads {
            open.end();
        }
        for turn in self.turns.values() {
            turn.end();
        }
    }
}

impl Worker {
    fn start(
        &self,
        open: OpenConnection,
        asks: Receiver<Asked>,
        gate: Receiver<bool>,
    ) -> std::io::Result<JoinHandle<()>> {
        let Worker { task, life, endpoint, server, beat, out, unseen_ms } = self.clone();
        std::thread::Builder::new().name(format!("loader {task}")).spawn(move || {
            let mut reader = Reader { endpoint, server, beat, chunks: None, open, gate, unseen_ms };
            loop {
                let (ask, turn) = match asks.recv_timeout(IDLE) {
                    Ok(asked) => asked,
                    Err(RecvTimeoutError::Timeout) => {
                        reader.part_from_chunks();
                        continue;
                    }
                    Err(RecvTimeoutError::Disconnected) => return,
                };
                let answer = |what| out.send(Input::Answer(Answer { life, read: ask.read, what })).is_ok();
                let found =
                    catch_unwind(AssertUnwindSafe(|| reader.found(&ask, &turn, |found| answer(Ok(found)))));
                let found = found.map_or_else(
                    |panic| {
                        let text = panic_text(panic.as_ref());
                        Err(Failure::new(Class::Request, format!("this is a bug in syncc: {text}")))
                    },
                    |found| found.map_err(Failure::from),
                );
                turn.end();
                if !answer(found) {
                    return;
                }
            }
        })
    }
}

/// Minutes until a window opens; none: it is open.
fn opens_in(window: &Window, zone: &Zone, wall_ms: i64) -> Option<u16> {
    let seconds = u32::try_from(wall_ms / 1_000).unwrap_or(0);
    let clock = zone.clock(Timestamp { seconds, micros: 0, fsp: 0 });
    window.opens_in(u16::from(clock.hour) * 60 + u16::from(clock.minute))
}
