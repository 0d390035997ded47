//! Existing rows of a table, page by page, each page with the two positions that bound what it shows.
//!
//! A page is of use only if its read view holds everything the reader has passed: the request names that position, and the page
//! is read when the server can show it. The answer names a position behind which nothing of the view lies. Between the two the
//! reader decides by key which rows of the page are old.

use super::ask::{Ask, HELD_SECONDS, set_free, set_held, set_limit};
use super::beat::BeatRow;
use super::cell::{agree, decode_row};
use super::closer::Closer;
use super::connect::Endpoint;
use super::failure::{FailureClass, SourceFailure};
use super::key::{key_of, page_values};
use super::position::{log_file, snapshot_file};
use super::row_session::{Parameter, RowSession, Statement};
use crate::change::RowBatch;
use crate::failpoint::hit;
use crate::mysql::key::KeyPart;
use crate::mysql::position::{BinlogPosition, Flavor, Gtids, Position, ServerIdentity};
use crate::mysql::schema::{TableName, TableVersion};
use crate::source::mysql::page::{Bounds, greatest, name, page, visible};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// How long one call waits for what must be visible, in seconds.
const WAIT_SECONDS: u64 = 5;

/// How long the server lets the statement of a page run. A page that takes longer is read again with fewer rows.
const PAGE_LIMIT: Duration = Duration::from_secs(30);

/// How long it lets the search for the greatest key run, which sorts a table whose key is one of prefixes.
const SEARCH_LIMIT: Duration = Duration::from_secs(600);

/// Error for a lock that was not had in time. Source: `ER_LOCK_WAIT_TIMEOUT`.
const LOCK_TIMEOUT: u16 = 1205;

/// By what the rows of a page are divided that took too long.
const SMALLER: u32 = 8;

/// How long a lock for a page may be waited for, in seconds: whoever wants to write waits behind it.
const LOCK_SECONDS: u32 = 5;

/// Between two looks at a snapshot that is behind.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// One page.
#[derive(Clone)]
pub struct ChunkRequest {
    /// The table, with the columns that the log's rows are read by.
    pub table: Arc<TableVersion>,
    /// The key that orders the pages: [`paging_key`](crate::source::mysql::page::paging_key).
    pub key: Vec<usize>,
    /// The last key of the page before; none for the first page.
    pub after: Option<Vec<KeyPart>>,
    /// The greatest key of the load; rows above it came later and are in the log.
    pub upto: Vec<KeyPart>,
    /// Most rows.
    pub limit: u32,
    /// Rows are kept until they hold this many bytes; what is over is left for the next page.
    pub max_bytes: usize,
    /// What the page must show: everything the reader has passed.
    pub contains: Position,
}

/// Rows of one page.
pub struct Chunk {
    /// The rows, in key order.
    pub rows: RowBatch,
    /// Key of the last row; none without rows.
    pub last: Option<Vec<KeyPart>>,
    /// Whether the page reaches up to the greatest key of the load.
    pub done: bool,
    /// Nothing the page shows lies behind this place in the log.
    pub high: BinlogPosition,
    /// Bytes of the rows the server sent, those that were not kept too.
    pub bytes: u64,
    /// Duration of the read, without the wait before it, in ms.
    pub read_ms: u64,
    /// When it was read, ms since 1970 by the server's clock.
    pub server_ms: i64,
}

/// Reads pages over one connection, one at a time.
///
/// After any failure but [`FailureClass::Behind`] it is of no use, and a new one is opened.
pub struct ChunkReader {
    session: RowSession,
    /// The page statement that was prepared last, by its text.
    prepared: Option<(String, Statement)>,
    page_limit: Duration,
    /// The table of the page is locked.
    locked: bool,
    beat: Beat,
    /// Time that it has waited for what must be visible.
    waited: Duration,
}

/// Whether the row of a heartbeat proves what is visible.
enum Beat {
    /// There is none, or the server does not commit in the order of its log.
    None,
    /// Nobody has looked yet.
    Table(Box<(Endpoint, TableName)>),
    /// It does.
    Row(Box<BeatRow>),
}

impl ChunkReader {
    /// Connects to the server the positions are of.
    ///
    /// # Errors
    /// As [`Session::open`](super::Session::open).
    pub fn open(endpoint: &Endpoint, server: &ServerIdentity) -> Result<ChunkReader, SourceFailure> {
        let mut session = RowSession::open(endpoint, server, PAGE_LIMIT)?;
        if session.flavor() == Flavor::MariaDb {
            // between two pages it holds no view, and rests for as long as the load does
            session.run(&format!("SET SESSION idle_transaction_timeout = {HELD_SECONDS}"))?;
        }
        Ok(ChunkReader {
            session,
            prepared: None,
            page_limit: PAGE_LIMIT,
            locked: false,
            beat: Beat::None,
            waited: Duration::ZERO,
        })
    }

    /// Where there are no GTIDs, proves by the heartbeat row of this table what is visible, instead of by locks.
    pub fn beats(mut self, endpoint: &Endpoint, table: Option<&TableName>) -> ChunkReader {
        if let Some(table) = table {
            self.beat = Beat::Table(Box::new((endpoint.clone(), table.clone())));
        }
        self
    }

    /// For how long it waited, since it was asked last, for what must be visible.
    pub fn take_waited(&mut self) -> Duration {
        std::mem::take(&mut self.waited)
    }

    /// Changes how long the server lets the statement of a page run, at least 1 ms.
    ///
    /// # Errors
    /// A broken connection.
    pub fn limit_pages(&mut self, limit: Duration) -> Result<(), SourceFailure> {
        self.page_limit = limit;
        set_limit(&mut self.session, limit)
    }

    /// A handle that ends the connection from another thread.
    ///
    /// # Errors
    /// When the system has no more file handles.
    pub fn closer(&self) -> Result<Closer, SourceFailure> {
        self.session.closer()
    }

    /// Takes leave of the server.
    pub fn quit(self) {
        if let Beat::Row(row) = self.beat {
            row.quit();
        }
        self.session.quit();
    }

    /// Waits until what is read from now on shows all that lies before `position`. MySQL without GTIDs and without a heartbeat row
    /// has no way to wait for that; there a table's own page waits, by a lock.
    ///
    /// # Errors
    /// [`FailureClass::Behind`] when the server cannot show it yet.
    pub fn wait_for(&mut self, position: &Position) -> Result<(), SourceFailure> {
        self.catch_up(None, position)?;
        self.end_view()
    }

    /// The greatest key of the table among what is visible once `contains` is; none for an empty table.
    ///
    /// # Errors
    /// [`FailureClass::Behind`] when the server cannot show `contains` yet; [`FailureClass::Table`] when the table is not as expected.
    pub fn max_key(
        &mut self,
        table: &TableVersion,
        key: &[usize],
        contains: &Position,
    ) -> Result<Option<Vec<KeyPart>>, SourceFailure> {
        self.catch_up(Some(table), contains)?;
        set_limit(&mut self.session, SEARCH_LIMIT)?;
        let statement = self.session.prepare(&greatest(table, key))?;
        let columns = self.session.execute(statement, &[])?;
        agree(table, key, &columns)?;
        // the statement lists the key's columns in key order, a batch those of the table: decode by a table of the key alone
        let narrow = TableVersion {
            columns: key.iter().map(|&at| table.columns[at].clone()).collect(),
            ..table.clone()
        };
        let all: Vec<usize> = (0..key.len()).collect();
        let mut batch = RowBatch::new(key.len());
        while self.session.next_row()? {
            decode_row(&narrow, &all, &columns, self.session.row(), &mut batch)?;
        }
        self.session.close(statement)?;
        set_limit(&mut self.session, self.page_limit)?;
        self.end_view()?;
        if batch.is_empty() {
            return Ok(None);
        }
        key_of(&batch, 0, &all).map(Some).ok_or_else(|| no_key(table))
    }

    /// Reads a page. Where the server ends the statement because it takes too long, the page gets fewer rows.
    ///
    /// # Errors
    /// As [`ChunkReader::max_key`]; [`FailureClass::Lost`] when one row alone takes too long.
    pub fn read(&mut self, request: &ChunkRequest) -> Result<Chunk, SourceFailure> {
        let mut limit = request.limit;
        loop {
            match self.page(request, limit) {
                Err(failure) if failure.took_too_long() && limit > 1 => {
                    self.end_view()?;
                    limit = (limit / SMALLER).max(1);
                }
                result => return result,
            }
        }
    }

    fn page(&mut self, request: &ChunkRequest, limit: u32) -> Result<Chunk, SourceFailure> {
        let table = &*request.table;
        let snapshot = self.catch_up(Some(table), &request.contains)?;
        hit("win.caught_up");
        let bounds = Bounds { after: request.after.is_some(), upto: true };
        let statement = self.statement(page(table, &request.key, bounds))?;
        let mut values = request.after.as_deref().map(page_values).unwrap_or_default();
        values.extend(page_values(&request.upto));
        values.push(Parameter::UInt(u64::from(limit)));

        let started = Instant::now();
        let columns = self.session.execute(statement, &values)?;
        let listed: Vec<usize> = visible(table).collect();
        agree(table, &listed, &columns)?;
        let mut rows = RowBatch::new(table.columns.len());
        let (mut cut, mut bytes) = (false, 0);
        while self.session.next_row()? {
            bytes += self.session.row().len() as u64;
            if !rows.is_empty() && rows.bytes() >= request.max_bytes {
                // the rest still has to be fetched: the protocol has no way to wave it off
                cut = true;
                continue;
            }
            decode_row(table, &listed, &columns, self.session.row(), &mut rows)?;
        }
        let read_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        hit("win.selected");

        let high = match snapshot {
            Some(place) => place,
            // asked after the rows were read: all they show had been logged by then
            None => log_file(&mut self.session)?.ok_or_else(|| {
                SourceFailure::new(
                    FailureClass::Setting,
                    "the server writes no log any more: `log_bin` is off",
                )
            })?,
        };
        self.end_view()?;
        let server_ms = self.server_clock()?;
        let last = match rows.len().checked_sub(1) {
            None => None,
            Some(last) => Some(key_of(&rows, last, &request.key).ok_or_else(|| no_key(table))?),
        };
        let done = !cut && rows.len() < limit as usize;
        Ok(Chunk { rows, last, done, high, bytes, read_ms, server_ms })
    }

    /// [`Self::wait_visible`], with the time that it takes.
    fn catch_up(
        &mut self,
        table: Option<&TableVersion>,
        contains: &Position,
    ) -> Result<Option<BinlogPosition>, SourceFailure> {
        let began = Instant::now();
        let caught_up = self.wait_visible(table, contains);
        self.waited += began.elapsed();
        caught_up
    }

    /// Waits until a new read view holds `contains`. MariaDB: opens that view and returns its exact place. MySQL without GTIDs: writes
    /// the heartbeat row, which is committed behind all of it, or locks the table until the view ends, because under the lock nothing of it is on its way, and all that is logged is visible.
    fn wait_visible(
        &mut self,
        table: Option<&TableVersion>,
        contains: &Position,
    ) -> Result<Option<BinlogPosition>, SourceFailure> {
        let behind = || {
            SourceFailure::new(
                FailureClass::Behind,
                format!(
                    "what the log holds up to {} is not visible yet after {WAIT_SECONDS} s",
                    contains.file
                ),
            )
        };
        match (self.session.flavor(), &contains.gtids) {
            (Flavor::MySql, Gtids::MySql(set)) if set.is_empty() => Ok(None),
            (Flavor::MySql, Gtids::MySql(set)) => {
                let waited = self
                    .session
                    .scalar(&format!("SELECT WAIT_FOR_EXECUTED_GTID_SET('{set}', {WAIT_SECONDS})"))?;
                match waited.as_deref() {
                    Some("0") => Ok(None),
                    _ => Err(behind()),
                }
            }
            (Flavor::MySql, Gtids::Off | Gtids::MariaDb(_)) => {
                if self.beaten()? {
                    return Ok(None);
                }
                let Some(table) = table else { return Ok(None) };
                self.session.run(&format!("SET SESSION lock_wait_timeout = {LOCK_SECONDS}"))?;
                set_held(&mut self.session)?;
                match self.session.run(&format!("LOCK TABLES {} READ", name(table))) {
                    Err(SourceFailure { code: Some(LOCK_TIMEOUT), .. }) => Err(behind()),
                    Err(failure) => Err(failure),
                    Ok(()) => {
                        self.locked = true;
                        Ok(None)
                    }
                }
            }
            (Flavor::MariaDb, _) => {
                let deadline = Instant::now() + Duration::from_secs(WAIT_SECONDS);
                loop {
                    self.session.run("START TRANSACTION WITH CONSISTENT SNAPSHOT")?;
                    let place = snapshot_file(&mut self.session)?.ok_or_else(|| {
                        SourceFailure::new(
                            FailureClass::Setting,
                            "the server writes no log: `log_bin` is off",
                        )
                    })?;
                    if place >= contains.file {
                        return Ok(Some(place));
                    }
                    self.session.run("ROLLBACK")?;
                    if Instant::now() >= deadline {
                        return Err(behind());
                    }
                    thread::sleep(LOOK_AGAIN);
                }
            }
        }
    }

    /// Writes the heartbeat row, if that proves anything here.
    fn beaten(&mut self) -> Result<bool, SourceFailure> {
        if let Beat::Table(table) = &self.beat {
            let (endpoint, table) = &**table;
            let mut row = BeatRow::open(endpoint, self.session.identity(), table)?;
            self.beat = match row.proves()? {
                true => Beat::Row(Box::new(row)),
                false => Beat::None,
            };
        }
        let Beat::Row(row) = &mut self.beat else { return Ok(false) };
        match row.write() {
            Ok(()) => Ok(true),
            Err(SourceFailure { code: Some(LOCK_TIMEOUT), .. }) => Err(SourceFailure::new(
                FailureClass::Behind,
                "the row of `heartbeat` is locked by somebody else",
            )),
            Err(failure) => Err(failure),
        }
    }

    fn end_view(&mut self) -> Result<(), SourceFailure> {
        match self.session.flavor() {
            Flavor::MySql if std::mem::take(&mut self.locked) => {
                self.session.run("UNLOCK TABLES")?;
                set_free(&mut self.session)
            }
            Flavor::MySql => Ok(()),
            Flavor::MariaDb => self.session.run("ROLLBACK"),
        }
    }

    fn server_clock(&mut self) -> Result<i64, SourceFailure> {
        let seconds = self.session.scalar("SELECT CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)")?;
        seconds
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| SourceFailure::protocol("the server's clock makes no sense"))
    }

    fn statement(&mut self, sql: String) -> Result<Statement, SourceFailure> {
        match self.prepared.take() {
            Some((text, statement)) if text == sql => {
                self.prepared = Some((text, statement));
                return Ok(statement);
            }
            Some((_, other)) => self.session.close(other)?,
            None => {}
        }
        let statement = self.session.prepare(&sql)?;
        self.prepared = Some((sql, statement));
        Ok(statement)
    }
}

fn no_key(table: &TableVersion) -> SourceFailure {
    SourceFailure::new(
        FailureClass::Table,
        format!("a key of {} holds NULL or a type that pages cannot use", table.name),
    )
}
