//! A connection over which existing rows are read: one read at a time.

use super::reads::{Found, TableRows};
use crate::catalog::{Engine, TableFacts};
use crate::engine::load::{Ask, Chunk, Wanted};
use crate::mysql::position::{BinlogPosition, ServerIdentity};
use crate::mysql::schema::{TableName, TableVersion};
use crate::run::turns::Turn;
use crate::source::mysql::io::{
    Barrier, ChunkReader, ChunkRequest, Closer, Endpoint, FailureClass, Session, SourceFailure, tables,
};
use crate::source::mysql::page::paging_key;
use crossbeam_channel::{Receiver, RecvTimeoutError};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Rows of a barrier read that cross to the task together.
const BARRIER_ROWS: usize = 1_000;

/// Bytes of a barrier read that cross to the task together.
const BARRIER_BYTES: usize = 1 << 20;

/// Between the first two tries to see what is not visible yet. Who waits for a lock lets others pass meanwhile: whoever wants to
/// write to the table has waited behind him.
const AGAIN: Duration = Duration::from_millis(500);

/// Between two later tries: each pause is twice the one before, up to this.
const AGAIN_MOST: Duration = Duration::from_secs(10);

/// Handle of the connection in use, to end its waits.
#[derive(Clone, Default)]
pub(super) struct OpenConnection(Arc<(Mutex<Use>, Condvar)>);

#[derive(Default)]
struct Use {
    closer: Option<Closer>,
    over: bool,
}

impl OpenConnection {
    /// Ends what is waited for, now and later.
    pub(super) fn end(&self) {
        let mut using = self.using();
        using.over = true;
        if let Some(closer) = using.closer.take() {
            closer.close();
        }
        self.0.1.notify_all();
    }

    /// What ends a connection also keeps it open.
    fn forget(&self) {
        self.using().closer = None;
    }

    fn remember(&self, closer: Closer) {
        let mut using = self.using();
        if using.over {
            closer.close();
        } else {
            using.closer = Some(closer);
        }
    }

    /// Rests for so long. False when it is over, which ends the rest.
    fn rest(&self, time: Duration) -> bool {
        let rested = self.0.1.wait_timeout_while(self.using(), time, |using| !using.over);
        !rested.unwrap_or_else(PoisonError::into_inner).0.over
    }

    fn using(&self) -> MutexGuard<'_, Use> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads what a load wants.
pub(super) struct Reader {
    pub(super) endpoint: Endpoint,
    pub(super) server: ServerIdentity,
    /// The table of the heartbeat.
    pub(super) beat: Option<TableName>,
    pub(super) chunks: Option<ChunkReader>,
    pub(super) open: OpenConnection,
    /// Says that the stream stands at the barrier, and each time that rows of it were taken; false: nobody wants them any more.
    pub(super) gate: Receiver<bool>,
    /// Time for which what was read had to become visible, ms: counted up.
    pub(super) unseen_ms: Arc<AtomicU64>,
}

impl Reader {
    /// Reads. What cannot be seen yet (a stalled replica, say) is read again, never skipped.
    pub(super) fn found(
        &mut self,
        ask: &Ask,
        turn: &Turn,
        give: impl Fn(Found) -> bool,
    ) -> Result<Found, SourceFailure> {
        let mut pause = AGAIN;
        let found = loop {
            let found = self.read(ask, turn, &give);
            let waited = self.chunks.as_mut().map_or(Duration::ZERO, ChunkReader::take_waited);
            self.unseen_for(waited);
            match found {
                Err(failure) if failure.class == FailureClass::Behind && self.open.rest(pause) => {
                    self.unseen_for(pause);
                    pause = (pause * 2).min(AGAIN_MOST);
                }
                found => break found,
            }
        };
        match found {
            Ok(found) => Ok(found),
            Err(failure) => {
                self.chunks = None;
                self.open.forget();
                match failure.class {
                    FailureClass::Table => Ok(Found::Moved),
                    _ => Err(failure),
                }
            }
        }
    }

    fn unseen_for(&self, time: Duration) {
        self.unseen_ms.fetch_add(time.as_millis() as u64, Ordering::Relaxed);
    }

    fn read(&mut self, ask: &Ask, turn: &Turn, give: impl Fn(Found) -> bool) -> Result<Found, SourceFailure> {
        match &ask.what {
            Wanted::Columns(table) => {
                let mut session = Session::open(&self.endpoint, Some(&self.server))?;
                let found = tables(&mut session, |db, name| db == table.db && name == table.table)?;
                let with_rows = found.into_iter().find(|facts| facts.kind.has_rows());
                Ok(Found::Columns(with_rows.map(|facts| {
                    let key = load_key(&facts);
                    (Arc::new(facts.version), key)
                })))
            }
            Wanted::MaxKey { version, key } => {
                Ok(Found::MaxKey(self.chunks()?.max_key(version, key, &ask.contains)?))
            }
            Wanted::Chunk { version, key, after, upto, limit, max_bytes } => {
                let request = ChunkRequest {
                    table: version.clone(),
                    key: key.clone(),
                    after: after.clone(),
                    upto: upto.clone(),
                    limit: *limit,
                    max_bytes: *max_bytes,
                    contains: ask.contains.clone(),
                };
                let chunk = self.chunks()?.read(&request)?;
                turn.read(chunk.bytes);
                Ok(Found::Chunk(Chunk {
                    rows: chunk.rows,
                    last: chunk.last,
                    done: chunk.done,
                    high: chunk.high,
                    read_ms: chunk.read_ms,
                }))
            }
            Wanted::Barrier(version) => self.barrier(version, &ask.contains.file, give),
        }
    }

    /// All rows of a table. The log waits meanwhile; they are given batch by batch, as fast as these are taken.
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
            return Ok(Found::Moved);
        }
        let mut barrier = Barrier::open(&self.endpoint, &self.server, &found, contains)?;
        self.open.remember(barrier.closer()?);
        // Of a barrier that failed a word may be left.
        while self.gate.try_recv().is_ok() {}
        give(Found::Barrier(barrier.position().file.clone()));
        loop {
            match self.gate.recv_timeout(Barrier::KEEP) {
                Ok(true) => break,
                Err(RecvTimeoutError::Timeout) => barrier.keep()?,
                // The table has moved before the place of the barrier; or the life that asked is over, and with it whoever would
                // take the rows.
                Ok(false) | Err(RecvTimeoutError::Disconnected) => {
                    self.open.forget();
                    return Ok(Found::Moved);
                }
            }
        }
        barrier.start(version.clone())?;
        let mut is_given = false;
        loop {
            let rows = barrier.next(BARRIER_ROWS, BARRIER_BYTES)?;
            // One row alone may be large: these are given once those before them are taken.
            if is_given && self.gate.recv().is_err() {
                return Ok(Found::Moved);
            }
            let Some(rows) = rows else { break };
            let rows = Some(TableRows { version: version.clone(), rows });
            is_given = give(Found::Rows { rows, end: false });
            if !is_given {
                break;
            }
        }
        barrier.quit();
        self.open.forget();
        Ok(Found::Rows { rows: None, end: true })
    }

    fn chunks(&mut self) -> Result<&mut ChunkReader, SourceFailure> {
        if self.chunks.is_none() {
            let chunks =
                ChunkReader::open(&self.endpoint, &self.server)?.beats(&self.endpoint, self.beat.as_ref());
            self.open.remember(chunks.closer()?);
            self.chunks = Some(chunks);
        }
        Ok(self.chunks.as_mut().expect("opened above"))
    }

    /// Takes leave of the connection.
    pub(super) fn part_from_chunks(&mut self) {
        if let Some(chunks) = self.chunks.take() {
            chunks.quit();
            self.open.forget();
        }
    }
}

/// Columns that a table is loaded by, page by page; none where it has no usable key, or its engine no consistent view.
pub(super) fn load_key(facts: &TableFacts) -> Option<Vec<usize>> {
    match facts.engine {
        Engine::Transactional => paging_key(&facts.version).map(<[usize]>::to_vec),
        Engine::NonTransactional | Engine::Elsewhere => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_life_ends_a_rest() {
        let open = OpenConnection::default();
        assert!(open.rest(Duration::ZERO));
        let resting = open.clone();
        let rest = std::thread::spawn(move || resting.rest(Duration::MAX));
        open.end();
        assert!(!rest.join().expect("no panic"));
        assert!(!open.rest(Duration::MAX), "it stays over");
    }
}
