//! The files of the log and their sizes: how much of it lies behind a place, and whether the place is there.

use super::failure::SourceFailure;
use super::session::Session;
use crate::mysql::position::{BinlogPosition, file_number};

/// The server has no event at a place of its log. Source: `ER_ERROR_WHEN_EXECUTING_COMMAND`.
const NO_EVENT: u16 = 1220;

/// Where the events of a file begin, behind its magic number.
const FIRST_EVENT: u64 = 4;

/// The files that the server keeps, oldest first, each with its size in bytes.
///
/// # Errors
/// A broken connection, or no right to ask.
pub fn log_files(session: &mut Session) -> Result<Vec<(String, u64)>, SourceFailure> {
    let rows = session.query("SHOW BINARY LOGS")?;
    let file = |row: &super::TextRow| Some((row.text(0)?.to_owned(), row.text(1)?.parse().ok()?));
    Ok(rows.iter().filter_map(file).collect())
}

/// Why a place that was read in this server's log cannot be in the log that it has now; none when it may be, or when the place lies
/// in a file that is gone.
///
/// Where a log began again (`RESET`), or lost its end in a crash, its files have old names and other events; and GTIDs that were
/// given a second time prove nothing.
///
/// # Errors
/// A broken connection.
pub fn log_lacks(session: &mut Session, place: &BinlogPosition) -> Result<Option<String>, SourceFailure> {
    let (Some(number), true) = (file_number(&place.file), place.offset > FIRST_EVENT) else {
        return Ok(None);
    };
    let files = match log_files(session) {
        Err(failure) if failure.code.is_some() => return Ok(None),
        files => files?,
    };
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
    if *size == place.offset {
        return Ok(None);
    }
    let quoted = place.file.replace('\\', "\\\\").replace('\'', "\\'");
    let events = format!("SHOW BINLOG EVENTS IN '{quoted}' FROM {} LIMIT 1", place.offset);
    match session.query(&events) {
        Ok(_) => Ok(None),
        Err(failure) if failure.code == Some(NO_EVENT) => {
            Ok(Some(format!("no event begins at {place}, up to where the log was read: it was reset")))
        }
        // Whoever may not look goes by what the server has executed.
        Err(failure) if failure.code.is_some() => Ok(None),
        Err(failure) => Err(failure),
    }
}
