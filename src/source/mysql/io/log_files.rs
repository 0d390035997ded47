//! The files of the log and their sizes: how much of it lies behind a place.

use super::failure::SourceFailure;
use super::session::Session;

/// The files that the server keeps, oldest first, each with its size in bytes.
///
/// # Errors
/// A broken connection, or no right to ask.
pub fn log_files(session: &mut Session) -> Result<Vec<(String, u64)>, SourceFailure> {
    let rows = session.query("SHOW BINARY LOGS")?;
    let file = |row: &super::TextRow| Some((row.text(0)?.to_owned(), row.text(1)?.parse().ok()?));
    Ok(rows.iter().filter_map(file).collect())
}
