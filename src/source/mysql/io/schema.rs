//! The tables of a server as a lock file keeps them.

use super::column::{COLUMNS, column, is_of, is_row_life};
use super::failure::{FailureClass, SourceFailure};
use super::introspect::{SYSTEM, version_number};
use super::session::Session;
use super::text_row::TextRow;
use crate::catalog::{ColumnSchema, SourceSchema, TableSchema};
use crate::mysql::ident::{Quoted, TableNameCase};
use crate::mysql::position::Flavor;
use crate::mysql::schema::TableName;
use crate::mysql::shadow;
use std::collections::{BTreeMap, BTreeSet};

/// Reads the tables of the databases that `selected` takes, which is told how the server compares names; never those of the server itself, no shadow tables of online
/// schema changes, and none whose name holds a line break, which no file can name.
///
/// # Errors
/// [`FailureClass::Table`] for a column whose type is not known, naming it; a broken connection. A table that goes away
/// while it is looked at is left out.
pub fn schema(
    session: &mut Session,
    selected: impl Fn(&str, TableNameCase) -> bool,
) -> Result<SourceSchema, SourceFailure> {
    let case = variable(session, "lower_case_table_names")?;
    let mut schema = SourceSchema {
        server: Some(server(session)),
        case: case.as_deref().and_then(TableNameCase::from_variable).unwrap_or(TableNameCase::Sensitive),
        binlog_expires_ms: binlog_expires_ms(session)?,
        tables: BTreeMap::new(),
        views: BTreeSet::new(),
    };
    let all = session
        .query("SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, TABLE_ROWS FROM INFORMATION_SCHEMA.TABLES")?;
    let names: BTreeSet<(&str, &str)> =
        all.iter().filter_map(|row| Some((row.text(0)?, row.text(1)?))).collect();
    for row in &all {
        let (Some(db), Some(table), Some(kind)) = (row.text(0), row.text(1), row.text(2)) else { continue };
        let is_shadow = shadow::bases(table).any(|base| names.contains(&(db, base)));
        let can_be_named = !db.contains(['\n', '\r']) && !table.contains(['\n', '\r']);
        if SYSTEM.iter().any(|system| system.eq_ignore_ascii_case(db))
            || !selected(db, schema.case)
            || is_shadow
            || !can_be_named
        {
            continue;
        }
        let name = TableName::new(db, table);
        match kind {
            "BASE TABLE" | "SYSTEM VERSIONED" => match one_table(session, &name, row.number(3))? {
                Kept::Table(found) => {
                    schema.tables.insert(name, found);
                }
                Kept::History => {
                    schema.views.insert(name);
                }
                Kept::Gone => {}
            },
            "VIEW" | "SEQUENCE" => {
                schema.views.insert(name);
            }
            // temporary tables and the server's own views
            _ => {}
        }
    }
    Ok(schema)
}

/// What is kept of a table.
enum Kept {
    Table(TableSchema),
    /// It declares columns for start and end of a row itself, so that its history cannot be told from its rows.
    History,
    Gone,
}

fn one_table(session: &mut Session, name: &TableName, rows: Option<u64>) -> Result<Kept, SourceFailure> {
    let mut columns = Vec::new();
    let mut declares_row_life = false;
    for row in session.rows(COLUMNS, &[&name.db, &name.table])? {
        if is_of(name, &row) {
            declares_row_life |= is_row_life(&row);
            columns.push(column(name, &row)?);
        }
    }
    // A column with a line break in its name cannot be written, and half a table is worse than none.
    if columns.is_empty() || columns.iter().any(|column| column.name.contains(['\n', '\r'])) {
        return Ok(Kept::Gone);
    }
    if declares_row_life {
        return Ok(Kept::History);
    }
    let sql = format!("SHOW INDEX FROM {} FROM {}", Quoted(&name.table), Quoted(&name.db));
    let keys = match session.query(&sql) {
        Ok(keys) => keys,
        Err(SourceFailure { class: FailureClass::Table, .. }) => return Ok(Kept::Gone),
        Err(failure) => return Err(failure),
    };
    let mut table =
        TableSchema { rows, columns, primary_key: Vec::new(), unique_keys: Vec::new(), indexes: Vec::new() };
    for (index, unique, columns) in indexes(&table.columns, &keys) {
        match (index.as_str(), unique) {
            ("PRIMARY", _) => table.primary_key = columns,
            (_, true) => table.unique_keys.push(columns),
            (_, false) => table.indexes.push(columns),
        }
    }
    Ok(Kept::Table(table))
}

/// Indexes of columns, in the server's order: name, whether it is unique, columns. Those on expressions are no indexes of
/// columns and are passed over.
fn indexes(columns: &[ColumnSchema], rows: &[TextRow]) -> Vec<(String, bool, Vec<usize>)> {
    let mut found: Vec<(String, bool, Option<Vec<usize>>)> = Vec::new();
    for row in rows {
        let Some(index) = row.text(2) else { continue };
        if found.last().is_none_or(|(name, ..)| name != index) {
            found.push((index.to_owned(), row.text(1) == Some("0"), Some(Vec::new())));
        }
        let at = row.text(4).and_then(|name| columns.iter().position(|column| column.name == name));
        if let Some((_, _, key)) = found.last_mut() {
            match at {
                Some(at) => key.iter_mut().for_each(|key| key.push(at)),
                None => *key = None,
            }
        }
    }
    found.into_iter().filter_map(|(name, unique, key)| Some((name, unique, key?))).collect()
}

/// The version without what distributions put behind it.
fn server(session: &Session) -> String {
    let (major, minor, patch) = version_number(session.version());
    let family = match session.flavor() {
        Flavor::MySql => "",
        Flavor::MariaDb => "-MariaDB",
    };
    format!("{major}.{minor}.{patch}{family}")
}

/// How long the server keeps its log; the older variable counts in days and holds where the newer is 0 or unknown.
fn binlog_expires_ms(session: &mut Session) -> Result<Option<u64>, SourceFailure> {
    let number = |value: Option<String>| {
        value.and_then(|value| value.parse::<f64>().ok()).filter(|&number| number > 0.0)
    };
    if let Some(seconds) = number(variable(session, "binlog_expire_logs_seconds")?) {
        return Ok(Some((seconds * 1000.0) as u64));
    }
    Ok(number(variable(session, "expire_logs_days")?).map(|days| (days * 86_400_000.0) as u64))
}

/// A global variable; none where the server does not know it.
fn variable(session: &mut Session, name: &str) -> Result<Option<String>, SourceFailure> {
    let rows = session.query(&format!("SHOW GLOBAL VARIABLES LIKE '{name}'"))?;
    let exact = rows.iter().find(|row| row.text(0).is_some_and(|found| found.eq_ignore_ascii_case(name)));
    Ok(exact.and_then(|row| row.text(1)).map(str::to_owned))
}
