//! Positions as the server tells them.

use super::ask::Ask;
use super::failure::{FailureClass, SourceFailure};
use super::session::Session;
use crate::mysql::position::{BinlogPosition, Flavor, Gtids, MariaGtids, Position};

/// Where the log ends and, with GTIDs, what has been executed. The two are read by one statement and are still no pair:
/// transactions that are in the log may be missing in the set (their commit is under way). `None` when the log is off.
///
/// # Errors
/// [`FailureClass::Privilege`] without REPLICATION CLIENT (MariaDB: BINLOG MONITOR).
pub fn end_of_log(session: &mut Session) -> Result<Option<Position>, SourceFailure> {
    let Some(file) = log_file(session)? else { return Ok(None) };
    let gtids = executed(session)?;
    Ok(Some(Position { server: session.identity().clone(), file, gtids }))
}

/// A position that everything after it can be read from, and with it all that no SELECT may yet see.
///
/// MySQL with GTIDs: the executed set, a lower bound of what is visible; the file part is the beginning of the log file of that
/// moment, because an offset would claim transactions that are logged but not executed. MySQL without: file and offset. MariaDB: a
/// consistent snapshot's file and offset, and its GTIDs, an exact pair.
///
/// # Errors
/// [`FailureClass::Setting`] when the log is off; [`FailureClass::Privilege`].
pub fn start_position(session: &mut Session) -> Result<Position, SourceFailure> {
    let off = || SourceFailure::new(FailureClass::Setting, "the server writes no log: `log_bin` is off");
    match session.flavor() {
        Flavor::MySql => {
            let file = log_file(session)?.ok_or_else(off)?;
            let gtids = executed(session)?;
            let file = match &gtids {
                Gtids::Off => file,
                Gtids::MySql(_) | Gtids::MariaDb(_) => BinlogPosition::new(file.file, 4),
            };
            Ok(Position { server: session.identity().clone(), file, gtids })
        }
        Flavor::MariaDb => {
            session.run("START TRANSACTION WITH CONSISTENT SNAPSHOT")?;
            let position = snapshot_pair(session);
            session.run("ROLLBACK")?;
            position?.ok_or_else(off)
        }
    }
}

/// MariaDB: file, offset and GTIDs of the snapshot this session's transaction reads from. `None` when the log is off.
pub(super) fn snapshot_pair(session: &mut impl Ask) -> Result<Option<Position>, SourceFailure> {
    let Some(file) = snapshot_file(session)? else { return Ok(None) };
    let gtids = gtids_at(session, &file)?;
    Ok(Some(Position { server: session.identity().clone(), file, gtids: Gtids::MariaDb(gtids) }))
}

/// MariaDB: the GTIDs of a place between two transactions of its log.
///
/// # Errors
/// A broken connection, or an answer that makes no sense, such as none for a file that is gone.
pub fn gtids_of(session: &mut Session, file: &BinlogPosition) -> Result<MariaGtids, SourceFailure> {
    gtids_at(session, file)
}

fn gtids_at(session: &mut impl Ask, file: &BinlogPosition) -> Result<MariaGtids, SourceFailure> {
    let known = gtids_known_at(session, file)?;
    known.ok_or_else(|| SourceFailure::protocol(format!("the server knows no GTIDs at {file}")))
}

/// MariaDB: the last GTID of each domain before a place of its log; none where no event begins or ends, or in a file that is gone.
/// Of an offset the server looks at the lower 32 bits.
pub(super) fn gtids_known_at(
    session: &mut impl Ask,
    file: &BinlogPosition,
) -> Result<Option<MariaGtids>, SourceFailure> {
    // the name comes from the server and is a file name; still nothing but such characters goes into the statement
    let name: String =
        file.file.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')).collect();
    let text = session.scalar(&format!("SELECT BINLOG_GTID_POS('{name}', {})", file.offset))?;
    let gtids = text.map(|text| text.parse()).transpose();
    gtids.map_err(|error| SourceFailure::protocol(format!("BINLOG_GTID_POS: {error}")))
}

/// The server's clock, microseconds since 1970.
///
/// # Errors
/// A broken connection, or an answer that makes no sense.
pub fn clock_us(session: &mut Session) -> Result<i64, SourceFailure> {
    let us = session.scalar("SELECT CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS SIGNED)")?;
    us.and_then(|text| text.parse().ok())
        .ok_or_else(|| SourceFailure::protocol("the server's clock makes no sense"))
}

/// MariaDB: file and offset of the snapshot this session's transaction reads from.
pub(super) fn snapshot_file(session: &mut impl Ask) -> Result<Option<BinlogPosition>, SourceFailure> {
    let mut file = None;
    let mut offset = None;
    for row in session.query("SHOW STATUS LIKE 'binlog_snapshot_%'")? {
        match row.text(0).map(str::to_ascii_lowercase).as_deref() {
            Some("binlog_snapshot_file") => {
                file = row.text(1).filter(|name| !name.is_empty()).map(str::to_owned);
            }
            Some("binlog_snapshot_position") => offset = row.number(1),
            _ => {}
        }
    }
    Ok(file.zip(offset).map(|(file, offset)| BinlogPosition::new(file, offset)))
}

/// File and offset behind the last event written; `None` when the log is off.
pub(super) fn log_file(session: &mut impl Ask) -> Result<Option<BinlogPosition>, SourceFailure> {
    let rows = match session.query("SHOW MASTER STATUS") {
        // the words of MySQL 8.4 and later
        Err(SourceFailure { code: Some(1064), .. }) => session.query("SHOW BINARY LOG STATUS")?,
        result => result?,
    };
    Ok(rows.first().and_then(|row| Some(BinlogPosition::new(row.text(0)?, row.number(1)?))))
}

fn executed(session: &mut Session) -> Result<Gtids, SourceFailure> {
    match session.flavor() {
        Flavor::MySql => {
            let mode = session.scalar("SELECT @@GLOBAL.gtid_mode")?.unwrap_or_default();
            if mode.eq_ignore_ascii_case("OFF") || mode.eq_ignore_ascii_case("OFF_PERMISSIVE") {
                return Ok(Gtids::Off);
            }
            let text = session.scalar("SELECT @@GLOBAL.gtid_executed")?.unwrap_or_default();
            let set =
                text.parse().map_err(|error| SourceFailure::protocol(format!("gtid_executed: {error}")))?;
            Ok(Gtids::MySql(set))
        }
        Flavor::MariaDb => {
            let text = session.scalar("SELECT @@GLOBAL.gtid_binlog_pos")?.unwrap_or_default();
            let gtids =
                text.parse().map_err(|error| SourceFailure::protocol(format!("gtid_binlog_pos: {error}")))?;
            Ok(Gtids::MariaDb(gtids))
        }
    }
}
