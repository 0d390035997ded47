//! Whole tables as of one place in the log: for tables without a usable key, and for engines without consistent views.
//!
//! The task that asks has stopped its reader between two transactions before. It then reads the log up to the place told here,
//! takes all rows, and goes on: no row is in both, none in neither.
//!
//! Locks: none on MariaDB with transactional engines; on MySQL `LOCK TABLES … READ` for as long as it takes to open the view; for
//! engines without views, until all rows are read.

use super::ask::{Ask, SIGN_OF_LIFE, set_held};
use super::cell::{agree, decode_row};
use super::closer::Closer;
use super::connect::Endpoint;
use super::failure::{FailureClass, SourceFailure};
use super::introspect;
use super::position::{log_file, snapshot_pair};
use super::row_session::{RowSession, Statement, WireColumn};
use super::session::Session;
use crate::catalog::{Engine, TableFacts};
use crate::change::RowBatch;
use crate::mysql::position::{BinlogPosition, Flavor, Gtids, Position, ServerIdentity};
use crate::mysql::schema::TableVersion;
use crate::source::mysql::page::{name, visible, whole};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// How long one call waits for what must be visible.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long the server lets one statement run, and so how long one table may take: a terabyte at 20 MB/s is read in 14 h. The place
/// to go on from is known of no table without a key, so a shorter limit would be one of its size.
const LIMIT: Duration = Duration::from_secs(24 * 3600);

/// Between two looks at a snapshot that is behind.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// A view of some tables, open at one place of the log.
pub struct Barrier {
    session: RowSession,
    position: Position,
    running: Option<Running>,
}

/// The table whose rows are being read.
struct Running {
    table: Arc<TableVersion>,
    listed: Vec<usize>,
    columns: Vec<WireColumn>,
    statement: Statement,
}

impl Barrier {
    /// Opens a view of `tables` on the server the task reads; it shows all that lies before `contains`, where the task stands.
    ///
    /// # Errors
    /// Those of connecting; [`FailureClass::Table`] when the columns are others than those of `tables`; [`FailureClass::Behind`] when the server cannot show that yet; [`FailureClass::Lost`] when a lock is not had within 30 s; [`FailureClass::Privilege`] without LOCK TABLES
    /// where it is needed.
    pub fn open(
        endpoint: &Endpoint,
        server: &ServerIdentity,
        tables: &[TableFacts],
        contains: &BinlogPosition,
    ) -> Result<Barrier, SourceFailure> {
        let off = || SourceFailure::new(FailureClass::Setting, "the server writes no log: `log_bin` is off");
        let mut session = RowSession::open(endpoint, server, LIMIT)?;
        set_held(&mut session)?;
        let views = tables.iter().all(|table| table.engine == Engine::Transactional);
        let position = if views && session.flavor() == Flavor::MariaDb {
            // what a reader of the log has seen need not be visible yet
            let deadline = Instant::now() + PATIENCE;
            loop {
                session.run("START TRANSACTION WITH CONSISTENT SNAPSHOT")?;
                let position = snapshot_pair(&mut session)?.ok_or_else(off)?;
                if position.file >= *contains {
                    break position;
                }
                session.run("ROLLBACK")?;
                if Instant::now() >= deadline {
                    let text = format!("what the log holds up to {contains} is not visible yet");
                    return Err(SourceFailure::new(FailureClass::Behind, text));
                }
                thread::sleep(LOOK_AGAIN);
            }
        } else {
            let locks = tables.iter().map(|table| format!("{} READ", name(&table.version)));
            let lock = format!("LOCK TABLES {}", locks.collect::<Vec<_>>().join(", "));
            // under the lock nothing of these tables is on its way: what is logged is visible
            let (mut locker, viewer) = match views {
                true => {
                    let mut locker = RowSession::open(endpoint, server, LIMIT)?;
                    set_held(&mut locker)?;
                    (locker, Some(session))
                }
                false => (session, None),
            };
            locker.run(&lock)?;
            let viewer = match viewer {
                Some(mut viewer) => {
                    viewer.run("START TRANSACTION WITH CONSISTENT SNAPSHOT")?;
                    Some(viewer)
                }
                None => None,
            };
            let file = log_file(&mut locker)?.ok_or_else(off)?;
            let position = Position { server: locker.identity().clone(), file, gtids: Gtids::Off };
            session = match viewer {
                Some(viewer) => {
                    locker.run("UNLOCK TABLES")?;
                    locker.quit();
                    viewer
                }
                None => locker,
            };
            position
        };
        // an ALTER that ran while the columns were read has ended before the view: the values of its rows mean something else
        let mut asked = Session::open(endpoint, Some(server))?;
        let listed = |db: &str, table: &str| {
            tables.iter().any(|facts| facts.version.name.db == db && facts.version.name.table == table)
        };
        let now = introspect::tables(&mut asked, listed)?;
        asked.quit();
        for facts in tables {
            if !now.iter().any(|now| now.version == facts.version) {
                let text = format!("the columns of {} have just been changed", facts.version.name);
                return Err(SourceFailure::new(FailureClass::Table, text));
            }
        }
        // rows may be taken slowly: the server is to wait for us
        session.run("SET SESSION net_write_timeout = 3600")?;
        Ok(Barrier { session, position, running: None })
    }

    /// Where the view stands: it shows everything before, of these tables nothing behind. File and offset count; GTIDs are there on
    /// MariaDB only.
    pub fn position(&self) -> &Position {
        &self.position
    }

    /// Whoever waits before he reads says so after each of these times, with [`Barrier::keep`].
    pub const KEEP: Duration = SIGN_OF_LIFE;

    /// Tells the server that somebody is there who still wants the view; otherwise it takes it away.
    ///
    /// # Errors
    /// A broken connection.
    pub fn keep(&mut self) -> Result<(), SourceFailure> {
        self.session.run("DO 0")
    }

    /// A handle that ends the connection from another thread.
    ///
    /// # Errors
    /// When the system has no more file handles.
    pub fn closer(&self) -> Result<Closer, SourceFailure> {
        self.session.closer()
    }

    /// Takes leave of the server, and of the locks.
    pub fn quit(self) {
        self.session.quit();
    }

    /// Begins to read a table; the one before has been read to its end.
    ///
    /// # Errors
    /// [`FailureClass::Table`] when the table is not as expected. After a failure the barrier is of no use.
    pub fn start(&mut self, table: Arc<TableVersion>) -> Result<(), SourceFailure> {
        if self.running.is_some() {
            return Err(SourceFailure::protocol("a table was begun before the one before it had ended"));
        }
        let statement = self.session.prepare(&whole(&table))?;
        let columns = self.session.execute(statement, &[])?;
        let listed: Vec<usize> = visible(&table).collect();
        agree(&table, &listed, &columns)?;
        self.running = Some(Running { table, listed, columns, statement });
        Ok(())
    }

    /// The next rows of the table, at most `rows` (at least one) and ending with the row that reaches `bytes`; none at its end.
    ///
    /// # Errors
    /// A broken connection, or rows that make no sense.
    pub fn next(&mut self, rows: usize, bytes: usize) -> Result<Option<RowBatch>, SourceFailure> {
        let Some(running) = &self.running else { return Ok(None) };
        let mut batch = RowBatch::new(running.table.columns.len());
        loop {
            if !self.session.next_row()? {
                let statement = running.statement;
                self.running = None;
                self.session.close(statement)?;
                break;
            }
            decode_row(&running.table, &running.listed, &running.columns, self.session.row(), &mut batch)?;
            if batch.len() >= rows.max(1) || batch.bytes() >= bytes {
                return Ok(Some(batch));
            }
        }
        Ok((!batch.is_empty()).then_some(batch))
    }
}
