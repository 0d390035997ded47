//! The files of the log and their sizes: how much of it lies behind a place, and whether the place is there.

use super::failure::SourceFailure;
use super::position::gtids_known_at;
use super::session::Session;
use crate::mysql::position::{AtPlace, BinlogPosition, Gtids, MariaGtids, Position, file_number};
use crate::source::mysql::requirement::{EXPIRY, LogKept, log_kept};

/// The server has no event at a place of its log. Source: `ER_ERROR_WHEN_EXECUTING_COMMAND`.
const NO_EVENT: u16 = 1220;

/// Where the events of a file begin, behind its magic number.
const FIRST_EVENT: u64 = 4;

/// Events that belong to no transaction: the head of a file, and what is logged behind it of the files before. Names as in
/// `SHOW BINLOG EVENTS`.
const HEAD: [&str; 4] = ["Format_desc", "Start_encryption", "Gtid_list", "Binlog_checkpoint"];

/// Events at the beginning of a file among which these stand.
const HEAD_EVENTS: u32 = 1_000;

/// The files that the server keeps, oldest first, each with its size in bytes.
///
/// # Errors
/// A broken connection, or no right to ask.
pub fn log_files(session: &mut Session) -> Result<Vec<(String, u64)>, SourceFailure> {
    let rows = session.query("SHOW BINARY LOGS")?;
    let file = |row: &super::TextRow| Some((row.text(0)?.to_owned(), row.text(1)?.parse().ok()?));
    Ok(rows.iter().filter_map(file).collect())
}

/// How long the server keeps its log; none: for ever.
///
/// # Errors
/// A broken connection.
pub fn log_kept_now(session: &mut Session) -> Result<Option<LogKept>, SourceFailure> {
    let names = EXPIRY.map(|(name, _)| format!("'{name}'")).join(", ");
    let rows = session.query(&format!("SHOW GLOBAL VARIABLES WHERE Variable_name IN ({names})"))?;
    Ok(log_kept(|name| rows.iter().find(|row| row.text(0) == Some(name))?.text(1)))
}

/// Why a position that was read in this server's log cannot be in the log that it has now; none when it may be, or when it lies in a
/// file that is gone.
///
/// Where a log began again (`RESET`), or lost its end in a crash, its files have old names and other events; and GTIDs that were
/// given a second time prove nothing.
///
/// # Errors
/// A broken connection.
pub fn log_lacks(session: &mut Session, position: &Position) -> Result<Option<String>, SourceFailure> {
    let place = &position.file;
    let (Some(number), true) = (file_number(&place.file), place.offset > FIRST_EVENT) else {
        return Ok(None);
    };
    let Some(files) = allowed(log_files(session))? else { return Ok(None) };
    let Some((last, _)) = files.last() else { return Ok(None) };
    let Some((file, size)) = files.iter().find(|(file, _)| *file == place.file) else {
        let is_ahead = file_number(last).is_some_and(|last| last < number);
        return Ok(is_ahead.then(|| {
            format!("{} was read, and the log ends in {last}: it was reset, or is another one", place.file)
        }));
    };
    if *size < place.offset {
        return Ok(Some(format!(
            "{place} was read, and {file} ends at {size}: it was reset, or has lost its end"
        )));
    }
    if *size > place.offset && !begins_an_event(session, place)? {
        return Ok(Some(format!("no event begins at {place}, up to where the log was read: it was reset")));
    }
    match &position.gtids {
        Gtids::MariaDb(read) => other_gtids(session, place, read),
        Gtids::Off | Gtids::MySql(_) => Ok(None),
    }
}

/// False when the server says that no event begins there. Whoever may not look goes by what the server has executed.
fn begins_an_event(session: &mut Session, place: &BinlogPosition) -> Result<bool, SourceFailure> {
    let events = format!("SHOW BINLOG EVENTS IN {} FROM {} LIMIT 1", quoted(&place.file), place.offset);
    match session.query(&events) {
        Err(failure) if failure.code == Some(NO_EVENT) => Ok(false),
        events => allowed(events).map(|_| true),
    }
}

/// Why MariaDB's log cannot be the one in which `read` were the last GTIDs before `place`. Nothing is known of places beyond 4 GiB,
/// of which the server would look at the lower 32 bits.
fn other_gtids(
    session: &mut Session,
    place: &BinlogPosition,
    read: &MariaGtids,
) -> Result<Option<String>, SourceFailure> {
    if u32::try_from(place.offset).is_err() {
        return Ok(None);
    }
    let Some(logged) = allowed(gtids_known_at(session, place))?.flatten() else { return Ok(None) };
    let differs = match read.at_place_of(&logged) {
        AtPlace::Same => false,
        AtPlace::Behind => true,
        // Asked by GTID, a server begins with the head of a file, and what stands behind that may have been read before.
        AtPlace::Ahead => !ends_head_event(session, place)?,
    };
    Ok(differs.then(|| {
        format!(
            "{read} was read up to {place}, and the log has {logged} there: it was reset, or is another one"
        )
    }))
}

/// True when an event ends there that stands at the beginning of a file and belongs to no transaction.
fn ends_head_event(session: &mut Session, place: &BinlogPosition) -> Result<bool, SourceFailure> {
    let head = format!("SHOW BINLOG EVENTS IN {} LIMIT {HEAD_EVENTS}", quoted(&place.file));
    let events = allowed(session.query(&head))?.unwrap_or_default();
    let ending = events.iter().find(|event| event.number(4) == Some(place.offset));
    Ok(ending.and_then(|event| event.text(2)).is_some_and(|kind| HEAD.contains(&kind)))
}

/// What the server answers, or nothing when it refuses to.
fn allowed<T>(answer: Result<T, SourceFailure>) -> Result<Option<T>, SourceFailure> {
    match answer {
        Err(failure) if failure.code.is_some() => Ok(None),
        answer => answer.map(Some),
    }
}

fn quoted(file: &str) -> String {
    format!("'{}'", file.replace('\\', "\\\\").replace('\'', "\\'"))
}
