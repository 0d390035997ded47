//! The row of `heartbeat … table`: the only thing that is ever written to a source.
//!
//! One row counts up. The server commits in the order of its log, so once such a write has returned, all that had been logged
//! before it began is visible: this proves what a file and an offset alone cannot.

use super::ask::Ask;
use super::closer::Closer;
use super::connect::Endpoint;
use super::failure::{FailureClass, SourceFailure};
use super::introspect::allowed;
use super::row_session::RowSession;
use super::session::Session;
use crate::catalog::BeatTable;
use crate::mysql::ident::Quoted;
use crate::mysql::position::ServerIdentity;
use crate::mysql::schema::TableName;
use std::time::Duration;

/// How long the server may be silent to a write.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long the row may be locked by somebody else, in seconds.
const LOCK_SECONDS: u32 = 5;

/// A connection that writes to the row.
pub struct BeatRow {
    session: RowSession,
    table: TableName,
    update: String,
}

impl BeatRow {
    /// Connects to the server that is read.
    ///
    /// # Errors
    /// Of the connection or the login; [`FailureClass::OtherServer`].
    pub fn open(
        endpoint: &Endpoint,
        server: &ServerIdentity,
        table: &TableName,
    ) -> Result<BeatRow, SourceFailure> {
        let mut session = RowSession::bare(endpoint, PATIENCE, server)?;
        session.run("SET NAMES utf8mb4")?;
        session.run(&format!(
            "SET SESSION sql_mode = '', autocommit = 1, lock_wait_timeout = {LOCK_SECONDS}, \
             innodb_lock_wait_timeout = {LOCK_SECONDS}"
        ))?;
        let (db, name) = (Quoted(&table.db), Quoted(&table.table));
        let update = format!("UPDATE {db}.{name} SET beat = beat + 1 WHERE id = 1");
        Ok(BeatRow { session, table: table.clone(), update })
    }

    /// A handle that ends the connection from another thread.
    ///
    /// # Errors
    /// When the system has no more file handles.
    pub fn closer(&self) -> Result<Closer, SourceFailure> {
        self.session.closer()
    }

    /// Counts the row up; when this returns it is committed.
    ///
    /// # Errors
    /// A broken connection, a missing right, a server that is read only; [`FailureClass::Setting`] without the row.
    pub fn write(&mut self) -> Result<(), SourceFailure> {
        self.session.run(&self.update)?;
        match self.session.scalar("SELECT ROW_COUNT()")?.as_deref() {
            Some("1") => Ok(()),
            _ => Err(SourceFailure::new(
                FailureClass::Setting,
                format!("the row of `heartbeat` in {} is not there: `id` 1", self.table),
            )),
        }
    }

    /// Whether a write proves that what was logged before is visible: the server commits in the order of its log.
    pub(super) fn proves(&mut self) -> Result<bool, SourceFailure> {
        Ok(self.session.scalar("SELECT @@GLOBAL.binlog_order_commits")?.as_deref() == Some("1"))
    }

    /// Takes leave of the server.
    pub fn quit(self) {
        self.session.quit();
    }
}

/// What the table of `heartbeat` is like. A table that we may not see is missing.
///
/// # Errors
/// A broken connection, or an answer that makes no sense.
pub fn beat_table(session: &mut Session, table: &TableName) -> Result<BeatTable, SourceFailure> {
    let engine = session.rows(
        "SELECT ENGINE FROM INFORMATION_SCHEMA.TABLES WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?",
        &[&table.db, &table.table],
    )?;
    let Some(engine) = engine.first().map(|row| row.text(0).unwrap_or_default().to_owned()) else {
        return Ok(BeatTable::Missing);
    };
    if !engine.eq_ignore_ascii_case("InnoDB") {
        return Ok(BeatTable::Unfit("its engine is not InnoDB"));
    }
    let columns = session.rows(
        "SELECT LOWER(COLUMN_NAME), DATA_TYPE FROM INFORMATION_SCHEMA.COLUMNS \
         WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ? AND LOWER(COLUMN_NAME) IN ('id', 'beat')",
        &[&table.db, &table.table],
    )?;
    let is_whole = |name: &str, types: &[&str]| {
        columns
            .iter()
            .any(|row| row.text(0) == Some(name) && row.text(1).is_some_and(|ty| types.contains(&ty)))
    };
    if !is_whole("id", &["tinyint", "smallint", "mediumint", "int", "bigint"])
        || !is_whole("beat", &["bigint"])
    {
        return Ok(BeatTable::Unfit(
            "it lacks a column `id` of whole numbers, or a column `beat` of type BIGINT",
        ));
    }
    if !is_logged(session, &table.db)? {
        return Ok(BeatTable::Unfit(
            "`binlog_do_db` or `binlog_ignore_db` keeps its database out of the log",
        ));
    }
    let (db, name) = (Quoted(&table.db), Quoted(&table.table));
    let rows = allowed(session.scalar(&format!("SELECT COUNT(*) FROM {db}.{name} WHERE id = 1")))?;
    Ok(match rows.flatten().as_deref() {
        // whether there is one we may not ask: that is a finding of its own
        None | Some("1") => BeatTable::Fits,
        Some(_) => BeatTable::Unfit("it has not exactly one row with `id` 1"),
    })
}

/// Whether writes to a database stand in the log.
fn is_logged(session: &mut Session, db: &str) -> Result<bool, SourceFailure> {
    let rows = match session.query("SHOW MASTER STATUS") {
        Err(SourceFailure { code: Some(1064), .. }) => allowed(session.query("SHOW BINARY LOG STATUS"))?,
        result => allowed(result)?,
    };
    let Some(row) = rows.as_ref().and_then(|rows| rows.first()) else { return Ok(true) };
    let named = |at: usize| {
        let list = row.text(at).unwrap_or_default();
        (!list.is_empty()).then(|| list.split(',').any(|one| one.trim().eq_ignore_ascii_case(db)))
    };
    Ok(named(2).unwrap_or(true) && !named(3).unwrap_or(false))
}
