//! Who wrote the text of a CREATE TABLE: the client, or the server instead of a query.
//!
//! For CREATE TABLE … SELECT, and for LIKE of a temporary table, servers log the columns as SHOW CREATE TABLE prints them. That
//! text is UTF-8, while the event tells the character set of the client. (Observed on MySQL 5.7 to 9.7, MariaDB 10.11.)

use crate::mysql::binlog::query::Session;
use crate::mysql::charset::collation;
use crate::mysql::position::Flavor;

/// Who wrote a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Author {
    /// The client, or it makes no difference.
    Client,
    /// The server.
    Server,
    /// The one or the other: they may mean different names.
    Either,
}

/// Heads as servers write them.
const HEADS: [&str; 3] = ["CREATE TABLE ", "CREATE OR REPLACE TABLE ", "CREATE TABLE IF NOT EXISTS "];

/// What MySQL puts behind it since it does both in one transaction.
const TAIL: &str = " START TRANSACTION";

/// Who wrote `sql`.
pub(super) fn author(sql: &[u8], session: &Session, flavor: Flavor) -> Author {
    let client = session.client_collation.and_then(|id| collation(id, flavor).ok());
    let is_utf8 = client.is_none_or(|client| client.charset.name().starts_with("utf8"));
    if is_utf8 || sql.is_ascii() {
        return Author::Client;
    }
    let Ok(text) = std::str::from_utf8(sql) else { return Author::Client };
    let printed = HEADS.iter().filter_map(|head| text.strip_prefix(head)).any(|rest| {
        rest.starts_with(['`', '"'])
            && ["` (\n  `", "\" (\n  \""].iter().any(|columns| rest.contains(columns))
    });
    match printed {
        true if text.ends_with(TAIL) => Author::Server,
        true => Author::Either,
        false => Author::Client,
    }
}
