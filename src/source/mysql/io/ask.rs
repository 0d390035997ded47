//! Questions that both kinds of session ask: who answers, and under which rules it is read.

use super::failure::{FailureClass, SourceFailure};
use super::text_row::TextRow;
use crate::mysql::position::{Flavor, ServerIdentity};
use std::time::Duration;

/// A session that answers in text.
pub(super) trait Ask {
    /// Who answers.
    fn identity(&self) -> &ServerIdentity;

    /// Runs a statement and returns its rows, for small results. `sql` holds no value and no name that was not quoted.
    fn query(&mut self, sql: &str) -> Result<Vec<TextRow>, SourceFailure>;

    /// Runs a statement; rows it returns are dropped.
    fn run(&mut self, sql: &str) -> Result<(), SourceFailure> {
        self.query(sql).map(drop)
    }

    /// First column of the first row.
    fn scalar(&mut self, sql: &str) -> Result<Option<String>, SourceFailure> {
        Ok(self.query(sql)?.first().and_then(|row| row.text(0)).map(str::to_owned))
    }

    /// Which family the server is of.
    fn flavor(&self) -> Flavor {
        self.identity().flavor
    }
}

/// What stands for a server that has not been asked yet.
pub(super) fn nobody() -> ServerIdentity {
    ServerIdentity { flavor: Flavor::MySql, uuid: String::new(), server_id: 0 }
}

/// Who answers, and with which version. With `expected`, another server is refused: a proxy or a name that moved leads elsewhere.
pub(super) fn who(
    session: &mut impl Ask,
    expected: Option<&ServerIdentity>,
) -> Result<(ServerIdentity, String), SourceFailure> {
    let version = session.scalar("SELECT VERSION()")?.unwrap_or_default();
    let flavor = match version.contains("MariaDB") || has_variable(session, "gtid_binlog_pos")? {
        true => Flavor::MariaDb,
        false => Flavor::MySql,
    };
    let uuid = match flavor {
        Flavor::MySql => session.scalar("SELECT @@GLOBAL.server_uuid")?,
        Flavor::MariaDb if has_variable(session, "server_uid")? => {
            session.scalar("SELECT @@GLOBAL.server_uid")?
        }
        Flavor::MariaDb => None,
    };
    let server_id = session.query("SELECT @@GLOBAL.server_id")?.first().and_then(|row| row.number(0));
    let found = ServerIdentity { flavor, uuid: uuid.unwrap_or_default(), server_id: server_id.unwrap_or(0) };
    match expected {
        Some(expected) if !expected.same_log(&found) => {
            let text = format!("another server answers: {} instead of {}", shown(&found), shown(expected));
            Err(SourceFailure::new(FailureClass::OtherServer, text))
        }
        _ => Ok((found, version)),
    }
}

fn has_variable(session: &mut impl Ask, name: &'static str) -> Result<bool, SourceFailure> {
    match session.query(&format!("SELECT @@GLOBAL.{name}")) {
        Ok(_) => Ok(true),
        // unknown system variable
        Err(SourceFailure { code: Some(1193), .. }) => Ok(false),
        Err(failure) => Err(failure),
    }
}

fn shown(identity: &ServerIdentity) -> String {
    let flavor = match identity.flavor {
        Flavor::MySql => "MySQL",
        Flavor::MariaDb => "MariaDB",
    };
    format!("{flavor} with server id {} and UUID `{}`", identity.server_id, identity.uuid)
}

/// Sets the rules of reading: UTC, no conversion of character data on the way out, plain SQL, read only, and statements that the
/// server itself ends after `limit`.
pub(super) fn set_rules(session: &mut impl Ask, limit: Duration) -> Result<(), SourceFailure> {
    session.run("SET NAMES utf8mb4")?;
    session.run(
        "SET SESSION character_set_results = NULL, time_zone = '+00:00', sql_mode = '', autocommit = 1, \
         lock_wait_timeout = 30, net_write_timeout = 600, net_read_timeout = 600, sql_big_selects = 1, \
         sql_select_limit = 18446744073709551615",
    )?;
    session.run("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")?;
    set_limit(session, limit)
}

/// Changes how long a statement may run on the server, at least 1 ms. MySQL ends only SELECT by it, MariaDB all statements.
pub(super) fn set_limit(session: &mut impl Ask, limit: Duration) -> Result<(), SourceFailure> {
    session.run(&match session.flavor() {
        Flavor::MySql => format!("SET SESSION max_execution_time = {}", limit.as_millis()),
        Flavor::MariaDb => format!("SET SESSION max_statement_time = {}", limit.as_secs_f64()),
    })
}

/// How long a session that holds locks or a view may hear nothing of us before the server ends it, seconds: one whose client has
/// vanished without a word would hold them for hours.
pub(super) const HELD_SECONDS: u32 = 60;

/// How often whoever holds locks or a view and has nothing to ask must say that it lives.
pub(super) const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// Lets the server end the session soon when its client vanishes while it holds locks or a view.
pub(super) fn set_held(session: &mut impl Ask) -> Result<(), SourceFailure> {
    session.run(&match session.flavor() {
        Flavor::MySql => format!("SET SESSION wait_timeout = {HELD_SECONDS}"),
        Flavor::MariaDb => {
            format!("SET SESSION wait_timeout = {HELD_SECONDS}, idle_transaction_timeout = {HELD_SECONDS}")
        }
    })
}

/// Nothing is held any more, and the session may rest again.
pub(super) fn set_free(session: &mut impl Ask) -> Result<(), SourceFailure> {
    session.run("SET SESSION wait_timeout = DEFAULT")
}
