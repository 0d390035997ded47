//! Messages of schema changes, format by format. Not on the hot path: a statement is rare.
//!
//! Names in them, and in the statement's text, are those of messages already.

mod debezium;
mod maxwell;
mod plain;
#[cfg(test)]
mod tests;

use super::json_string::push_text;
use super::{FormatPlan, canal, dts};
use crate::change::EventMeta;
use crate::mysql::schema::model::Table;
use std::ops::Range;

/// What a statement does, as formats tell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// CREATE TABLE.
    CreateTable,
    /// ALTER TABLE.
    AlterTable,
    /// RENAME TABLE, ALTER TABLE … RENAME TO.
    RenameTable,
    /// CREATE INDEX, or an ALTER TABLE that begins with one.
    CreateIndex {
        /// As a statement of its own.
        alone: bool,
    },
    /// DROP INDEX, or an ALTER TABLE that begins with one.
    DropIndex {
        /// As a statement of its own.
        alone: bool,
    },
    /// DROP TABLE.
    DropTable,
    /// TRUNCATE TABLE.
    Truncate,
    /// CREATE DATABASE.
    CreateDatabase,
    /// ALTER DATABASE.
    AlterDatabase,
    /// DROP DATABASE.
    DropDatabase,
}

/// A table as messages of schema changes show it: columns that are sent, by their names in messages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    /// Its definition, with names of messages.
    pub table: Table,
}

/// A schema change with the names of messages.
#[derive(Debug, Clone)]
pub struct DdlMessage<'a> {
    /// What it does.
    pub deed: Deed,
    /// Its kinds, in the words of `allow` and `deny`; `truncate`.
    pub kinds: &'a [&'static str],
    /// Database.
    pub db: &'a str,
    /// Table; none for a database. Of several, the first.
    pub table: Option<&'a str>,
    /// The statement.
    pub sql: &'a str,
    /// Number of the table's columns behind it.
    pub schema: Option<u32>,
    /// The table before it; none where it was not there or is not known.
    pub before: Option<&'a Shape>,
    /// The table behind it; none where it is gone or not known.
    pub after: Option<&'a Shape>,
    /// Default character set of a database.
    pub charset: Option<&'a str>,
}

/// Whether a format tells one table a message, where the statement is about several.
pub fn tells_tables_apart(plan: &FormatPlan) -> bool {
    match plan {
        FormatPlan::MaxwellJson(_) | FormatPlan::DebeziumJson(_) => true,
        FormatPlan::CanalJson(_)
        | FormatPlan::DtsAvro(_)
        | FormatPlan::DebeziumAvro(_)
        | FormatPlan::Avro(_)
        | FormatPlan::Json(_) => false,
    }
}

/// Whether a format has a message for it.
pub fn tells(plan: &FormatPlan, deed: Deed) -> bool {
    match plan {
        // Neither has a word for it; Debezium's stands among the rows.
        FormatPlan::MaxwellJson(_) | FormatPlan::DebeziumJson(_) => deed != Deed::Truncate,
        FormatPlan::CanalJson(_)
        | FormatPlan::DtsAvro(_)
        | FormatPlan::DebeziumAvro(_)
        | FormatPlan::Avro(_)
        | FormatPlan::Json(_) => true,
    }
}

/// Appends the message with the number `id`; where its format has a key for it, the range of that comes back.
pub fn write_ddl(
    plan: &FormatPlan,
    change: &DdlMessage<'_>,
    meta: &EventMeta<'_>,
    id: u64,
    out: &mut Vec<u8>,
) -> (Option<Range<usize>>, Range<usize>) {
    let start = out.len();
    let key = match plan {
        FormatPlan::DebeziumJson(options) => {
            debezium::write_key(options.schemas, change, meta, out);
            Some(start..out.len())
        }
        FormatPlan::CanalJson(_)
        | FormatPlan::DtsAvro(_)
        | FormatPlan::MaxwellJson(_)
        | FormatPlan::DebeziumAvro(_)
        | FormatPlan::Avro(_)
        | FormatPlan::Json(_) => None,
    };
    let start = out.len();
    match plan {
        FormatPlan::CanalJson(options) => canal::write_ddl(options, change, meta, id, out),
        FormatPlan::DtsAvro(_) => dts::write_ddl(change, meta, id, out),
        FormatPlan::MaxwellJson(_) => maxwell::write(change, meta, out),
        FormatPlan::DebeziumJson(options) => debezium::write(options.schemas, change, meta, out),
        FormatPlan::DebeziumAvro(_) | FormatPlan::Avro(_) | FormatPlan::Json(_) => {
            plain::write(change, meta, out)
        }
    }
    (key, start..out.len())
}

/// Appends a JSON string.
fn push_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    push_text(text.as_bytes(), out);
    out.push(b'"');
}

/// Appends a JSON string, or `null`.
fn push_optional(text: Option<&str>, out: &mut Vec<u8>) {
    match text {
        Some(text) => push_string(text, out),
        None => out.extend_from_slice(b"null"),
    }
}

/// Appends values with commas between them.
fn push_list<T>(
    items: impl IntoIterator<Item = T>,
    out: &mut Vec<u8>,
    mut push: impl FnMut(T, &mut Vec<u8>),
) {
    out.push(b'[');
    for (n, item) in items.into_iter().enumerate() {
        if n > 0 {
            out.push(b',');
        }
        push(item, out);
    }
    out.push(b']');
}
