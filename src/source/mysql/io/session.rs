//! SQL that asks about the server: settings, rights, positions, tables. Over `mysql_async`, with a blocking face.
//!
//! Each session has a scheduler of its own that runs only while the thread waits for an answer. Sessions are read-only and
//! read under the rules of all ([`set_rules`]); a statement ends by the server's limit, or a little later by ours.

use super::ask::{self, Ask, set_rules};
use super::closer::Closer;
use super::connect::Endpoint;
use super::driver::{self, Trouble, drive};
use super::failure::{FailureClass, SourceFailure};
use super::text_row::TextRow;
use crate::mysql::position::{Flavor, ServerIdentity};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Error, Row};
use std::future::Future;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

/// How long a statement may run on the server. The list of all columns of a server with 100,000 tables takes minutes where the
/// server opens each.
const LIMIT: Duration = Duration::from_secs(300);

/// How long we wait for a statement: what the server's limit does not cover ends here.
const PATIENCE: Duration = Duration::from_secs(330);

/// How long taking leave may take.
const LEAVE: Duration = Duration::from_secs(1);

/// One connection for SQL.
pub struct Session {
    /// None once it has been shut down, which is at the end only.
    runtime: Option<Runtime>,
    /// None after a failure behind which nothing can be asked any more.
    conn: Option<Conn>,
    closed: watch::Sender<bool>,
    comment: String,
    identity: ServerIdentity,
    version: String,
}

impl Ask for Session {
    fn identity(&self) -> &ServerIdentity {
        &self.identity
    }

    fn query(&mut self, sql: &str) -> Result<Vec<TextRow>, SourceFailure> {
        let sql = format!("{}{sql}", self.comment);
        self.ask(async |conn| conn.query::<Row, _>(sql).await)
    }
}

impl Session {
    /// Connects, logs in, finds out who answers, and sets the rules of reading.
    ///
    /// With `expected`, another server is refused: a proxy or a name that moved leads elsewhere.
    ///
    /// # Errors
    /// Of the connection or the login, naming the step; [`FailureClass::OtherServer`].
    pub fn open(endpoint: &Endpoint, expected: Option<&ServerIdentity>) -> Result<Session, SourceFailure> {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| {
            SourceFailure::new(FailureClass::Lost, format!("the system gives no more handles: {error}"))
        })?;
        let conn = driver::connect(&runtime, endpoint)?;
        let mut session = Session {
            runtime: Some(runtime),
            conn: Some(conn),
            closed: watch::Sender::new(false),
            comment: endpoint.comment(),
            identity: ask::nobody(),
            version: String::new(),
        };
        (session.identity, session.version) =
            ask::who(&mut session, expected).map_err(|failure| endpoint.at(failure))?;
        set_rules(&mut session, LIMIT)?;
        Ok(session)
    }

    /// Who answers.
    pub fn identity(&self) -> &ServerIdentity {
        &self.identity
    }

    /// Which family it is of.
    pub fn flavor(&self) -> Flavor {
        self.identity.flavor
    }

    /// `VERSION()`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// A handle that ends the connection from another thread.
    pub fn closer(&self) -> Closer {
        Closer::of_word(self.closed.clone())
    }

    /// Takes leave of the server, which otherwise logs a broken connection.
    pub fn quit(mut self) {
        if let (Some(conn), Some(runtime)) = (self.conn.take(), &self.runtime) {
            // it may be gone: then there is nobody to tell
            drop(drive(runtime, LEAVE, conn.disconnect()));
        }
    }

    /// Runs a statement; rows it returns are dropped. `sql` holds no value and no name that was not quoted.
    ///
    /// # Errors
    /// The server's refusal, or a broken connection.
    pub fn run(&mut self, sql: &str) -> Result<(), SourceFailure> {
        Ask::run(self, sql)
    }

    /// Runs a statement and returns its rows, for small results. `sql` holds no value and no name that was not quoted.
    ///
    /// # Errors
    /// The server's refusal, or a broken connection.
    pub fn query(&mut self, sql: &str) -> Result<Vec<TextRow>, SourceFailure> {
        Ask::query(self, sql)
    }

    /// Has a statement prepared, once per session, and runs it with `values` for its `?`.
    ///
    /// # Errors
    /// As [`Session::query`].
    pub(super) fn rows(&mut self, sql: &str, values: &[&str]) -> Result<Vec<TextRow>, SourceFailure> {
        let sql = format!("{}{sql}", self.comment);
        let values: Vec<mysql_async::Value> = values.iter().map(|&value| value.into()).collect();
        self.ask(async |conn| conn.exec::<Row, _, _>(sql, values).await)
    }

    fn ask(
        &mut self,
        question: impl AsyncFnOnce(&mut Conn) -> Result<Vec<Row>, Error>,
    ) -> Result<Vec<TextRow>, SourceFailure> {
        let over = || SourceFailure::new(FailureClass::Lost, "the connection is closed");
        let (Some(runtime), Some(conn)) = (&self.runtime, &mut self.conn) else { return Err(over()) };
        let answer = drive(runtime, PATIENCE, or_closed(self.closed.subscribe(), question(conn)));
        let failure = match answer {
            Ok(rows) => return Ok(rows.into_iter().map(TextRow::of_driver).collect()),
            Err(Trouble::Said(error @ Error::Server(_))) => return Err(driver::failure(&error, PATIENCE)),
            Err(Trouble::Said(error)) => driver::failure(&error, PATIENCE),
            Err(Trouble::Late) => SourceFailure::from_io(&std::io::ErrorKind::TimedOut.into(), PATIENCE),
            Err(Trouble::Panicked) => {
                SourceFailure::protocol("the SQL driver gave up on what the server sends")
            }
        };
        self.conn = None;
        Err(failure)
    }
}

/// The work's result, or the end of the connection as soon as it is closed from another thread.
async fn or_closed<T>(
    mut closed: watch::Receiver<bool>,
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    tokio::select! {
        // a connection that was closed answers nothing, even if the answer is there
        biased;
        _ = closed.wait_for(|closed| *closed) => Err(mysql_async::DriverError::ConnectionClosed.into()),
        result = work => result,
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        drop(self.conn.take());
        if let Some(runtime) = self.runtime.take() {
            // nothing runs on it while nobody waits
            runtime.shutdown_background();
        }
    }
}
