//! The thread that reads existing rows for a task's load: one read at a time, over connections of its own.
//!
//! Guarantees: an answer carries the number of the life that asked; dropping [`Reads`] ends the connection and the
//! thread, whatever they wait for.

use crate::catalog::{Engine, TableFacts};
use crate::change::RowBatch;
use crate::engine::load::{Ask, CHUNK_BYTES, Chunk};
use crate::mysql::key::KeyPart;
use crate::mysql::position::{BinlogPosition, ServerIdentity};
use crate::mysql::schema::{TableName, TableVersion};
use crate::run::failure::Failure;
use crate::source::mysql::io::{
    Barrier, ChunkReader, ChunkRequest, Closer, Endpoint, FailureClass, Session, SourceFailure, tables,
};
use crate::source::mysql::page::paging_key;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// Rows of a barrier read that cross to the task together.
const BARRIER_ROWS: usize = 1_000;

/// Bytes of a barrier read that cross to the task together.
const BARRIER_BYTES: usize = 1 << 20;

/// How long a connection is kept that nothing is read over.
const IDLE: Duration = Duration::from_secs(5);

/// What a read brought.
pub(in crate::run) struct Answer {
    /// Life that asked.
    pub(super) life: u64,
    /// What was found.
    pub(super) what: Result<Found, Failure>,
}

/// Kinds of answers, one for each [`Ask`] (a barrier gives several).
pub(in crate::run) enum Found {
    /// Columns and paging key; none: the table is gone.
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
    Moved(TableName),
}

/// Rows of one table.
pub(in crate::run) struct TableRows {
    /// Its columns.
    pub(super) version: Arc<TableVersion>,
    /// The rows.
    pub(super) rows: RowBatch,
}

/// The reading thread of one life.
pub(super) struct Reads {
    asks: Option<Sender<(Ask, u64)>>,
    go: Option<Sender<()>>,
    open: OpenConnection,
    thread: Option<JoinHandle<()>>,
}

/// Handle of the connection in use, to end its waits.
type OpenConnection = Arc<Mutex<Option<Closer>>>;

impl Reads {
    /// Starts the thread; `answer` hands an answer over and is false when nobody wants it any more.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub(super) fn start(
        name: &str,
        endpoint: Endpoint,
        server: ServerIdentity,
        answer: impl Fn(Answer) -> bool + Send + 'static,
    ) -> std::io::Result<Reads> {
        let (asks, inbox) = bounded(1);
        let (go, gate) = bounded(1);
        let open = OpenConnection::default();
        let thread = std::thread::Builder::new().name(format!("loader {name}")).spawn({
            let open = open.clone();
            move || {
                let mut reader = Reader { endpoint, server, chunks: None, open, gate };
                reader.serve(&inbox, answer);
            }
        })?;
        Ok(Reads { asks: Some(asks), go: Some(go), open, thread: Some(thread) })
    }

    /// Asks for a read. The load asks for one at a time, so this does not wait.
    pub(super) fn ask(&self, ask: Ask, life: u64) {
        if let Some(asks) = &self.asks {
            // The thread ends only with this value; a failed send has no one to tell.
            let _ = asks.send((ask, life));
        }
    }

    /// The stream stands at the barrier: its rows may come.
    pub(super) fn go(&self) {
        if let Some(go) = &self.go {
            // One barrier, one word; a thread that has ended wants none.
            let _ = go.try_send(());
        }
    }
}

impl Drop for Reads {
    fn drop(&mut self) {
        self.asks = None;
        self.go = None;
        if let Some(closer) = self.open.lock().unwrap_or_else(PoisonError::into_inner).take() {
            closer.close();
        }
        // The thread may be connecting, which has a deadline of its own; it holds nothing anybody waits for.
        drop(self.thread.take());
    }
}

struct Reader {
    endpoint: Endpoint,
    server: ServerIdentity,
    chunks: Option<ChunkReader>,
    open: OpenConnection,
    gate: Receiver<()>,
}

impl Reader {
    fn serve(&mut self, asks: &Receiver<(Ask, u64)>, answer: impl Fn(Answer) -> bool) {
        loop {
            let (ask, life) = match asks.recv_timeout(IDLE) {
                Ok(asked) => asked,
                Err(RecvTimeoutError::Timeout) => {
                    self.part_from_chunks();
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let table = table_of(&ask).clone();
            let found = loop {
                match self.read(&ask, |found| answer(Answer { life, what: Ok(found) })) {
                    // Not visible yet (a stalled replica, say): the same read again, never skipped.
                    Err(failure) if failure.class == FailureClass::Behind && !asks_are_over(asks) => {}
                    found => break found,
                }
            };
            let what = match found {
                Ok(found) => Ok(found),
                Err(failure) => {
                    self.chunks = None;
                    self.forget();
                    match failure.class {
                        FailureClass::Table => Ok(Found::Moved(table)),
                        _ => Err(Failure::from(failure)),
                    }
                }
            };
            if !answer(Answer { life, what }) {
                return;
            }
        }
    }

    fn read(&mut self, ask: &Ask, give: impl Fn(Found) -> bool) -> Result<Found, SourceFailure> {
        match ask {
            Ask::Columns { table, .. } => {
                let mut session = Session::open(&self.endpoint, Some(&self.server))?;
                let found = tables(&mut session, |db, name| db == table.db && name == table.table)?;
                Ok(Found::Columns(found.into_iter().next().map(|facts| {
                    let key = load_key(&facts);
                    (Arc::new(facts.version), key)
                })))
            }
            Ask::MaxKey { version, key, contains } => {
                Ok(Found::MaxKey(self.chunks()?.max_key(version, key, contains)?))
            }
            Ask::Chunk { version, key, after, upto, limit, contains } => {
                let request = ChunkRequest {
                    table: version.clone(),
                    key: key.clone(),
                    after: after.clone(),
                    upto: upto.clone(),
                    limit: *limit,
                    max_bytes: CHUNK_BYTES,
                    contains: contains.clone(),
                };
                let chunk = self.chunks()?.read(&request)?;
                Ok(Found::Chunk(Chunk {
                    rows: chunk.rows,
                    last: chunk.last,
                    done: chunk.done,
                    high: chunk.high,
                    read_ms: chunk.read_ms,
                }))
            }
            Ask::Barrier { version, contains } => self.barrier(version, &contains.file, give),
        }
    }

    fn barrier(
        &mut self,
        version: &Arc<TableVersion>,
        contains: &BinlogPosition,
        give: impl Fn(Found) -> bool,
    ) -> Result<Found, SourceFailure> {
        let name = &version.name;
        self.part_from_chunks();
        let mut session = Session::open(&self.endpoint, Some(&self.server))?;
        let found = tables(&mut session, |db, table| db == name.db && table == name.table)?;
        session.quit();
        if found.first().is_none_or(|facts| facts.version != **version) {
            return Ok(Found::Moved(name.clone()));
        }
        let mut barrier = Barrier::open(&self.endpoint, &self.server, &found, contains)?;
        self.remember(barrier.closer()?);
        give(Found::Barrier(barrier.position().file.clone()));
        if self.gate.recv().is_err() {
            // The life that asked is over, and with it whoever would take the rows.
            return Ok(Found::Moved(name.clone()));
        }
        barrier.start(version.clone())?;
        while let Some(rows) = barrier.next(BARRIER_ROWS, BARRIER_BYTES)? {
            let rows = Some(TableRows { version: version.clone(), rows });
            if !give(Found::Rows { rows, end: false }) {
                break;
            }
        }
        barrier.quit();
        self.forget();
        Ok(Found::Rows { rows: None, end: true })
    }

    fn chunks(&mut self) -> Result<&mut ChunkReader, SourceFailure> {
        if self.chunks.is_none() {
            let chunks = ChunkReader::open(&self.endpoint, &self.server)?;
            self.remember(chunks.closer()?);
            self.chunks = Some(chunks);
        }
        Ok(self.chunks.as_mut().expect("opened above"))
    }

    fn part_from_chunks(&mut self) {
        if let Some(chunks) = self.chunks.take() {
            chunks.quit();
            self.forget();
        }
    }

    /// What ends a connection also keeps it open.
    fn forget(&self) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn remember(&self, closer: Closer) {
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = Some(closer);
    }
}

/// Columns that a table is loaded by, page by page; none where it has no usable key, or its engine no consistent view.
pub(super) fn load_key(facts: &TableFacts) -> Option<Vec<usize>> {
    match facts.engine {
        Engine::Transactional => paging_key(&facts.version).map(<[usize]>::to_vec),
        Engine::NonTransactional | Engine::Elsewhere => None,
    }
}

fn table_of(ask: &Ask) -> &TableName {
    match ask {
        Ask::Columns { table, .. } => table,
        Ask::MaxKey { version, .. } | Ask::Chunk { version, .. } | Ask::Barrier { version, .. } => {
            &version.name
        }
    }
}

/// True when the life that asks has ended.
fn asks_are_over(asks: &Receiver<(Ask, u64)>) -> bool {
    matches!(asks.try_recv(), Err(crossbeam_channel::TryRecvError::Disconnected))
}
