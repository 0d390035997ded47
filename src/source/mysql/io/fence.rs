//! Definitions of tables as the server has them now, for a reader of its log that stands somewhere before.
//!
//! What is read here holds at an earlier place of the log only if no statement about the table lies between that place and the
//! end of the log told with it. The end is asked for *after* the reading: whatever could be seen in the definition was logged
//! before it could be seen, so nothing seen lies behind.
//! Does not: know where a reader stands, or wait for it.

use super::failure::{FailureClass, SourceFailure};
use super::introspect::{SYSTEM, tables};
use super::position::log_file;
use super::session::Session;
use crate::catalog::TableFacts;
use crate::mysql::binlog::query;
use crate::mysql::ident::Quoted;
use crate::mysql::position::{BinlogPosition, Flavor};
use crate::mysql::schema::TableName;
use crate::mysql::schema::model::{Doubt, Table};
use std::sync::Arc;

/// Id of `utf8mb4_general_ci` in both families: the character set of our sessions.
const UTF8MB4: u16 = 45;

/// All tables of some databases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Definitions {
    /// The databases, by name.
    pub databases: Vec<DatabaseDefinition>,
    /// Their tables, by name.
    pub tables: Vec<Arc<Table>>,
}

/// A database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseDefinition {
    /// Its name.
    pub name: String,
    /// Default collation of new tables.
    pub collation: String,
    /// All its tables are told: we may see them all, and understand them all.
    pub complete: bool,
}

/// One table, and a place of the log up to which that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fenced {
    /// The table; none: there is none of this name.
    pub table: Option<TableFacts>,
    /// Its definition, where it was understood.
    pub definition: Option<Arc<Table>>,
    /// End of the log after both were read.
    pub upto: BinlogPosition,
}

/// Reads the definitions of all tables and sequences of the databases that `selected` takes; never those of the server itself.
///
/// A table that goes away meanwhile is left out; the definitions are those of one moment only if two readings agree.
///
/// # Errors
/// A broken connection, or an answer that makes no sense.
pub fn definitions(
    session: &mut Session,
    selected: impl Fn(&str) -> bool,
) -> Result<Definitions, SourceFailure> {
    let mut found = Definitions::default();
    let schemata =
        session.query("SELECT SCHEMA_NAME, DEFAULT_COLLATION_NAME FROM INFORMATION_SCHEMA.SCHEMATA")?;
    for row in &schemata {
        let (Some(name), Some(collation)) = (row.text(0), row.text(1)) else { continue };
        if SYSTEM.iter().any(|system| system.eq_ignore_ascii_case(name)) || !selected(name) {
            continue;
        }
        let mut database =
            DatabaseDefinition { name: name.to_owned(), collation: collation.to_owned(), complete: true };
        let listed = session.rows(
            "SELECT TABLE_NAME, TABLE_SCHEMA FROM INFORMATION_SCHEMA.TABLES \
             WHERE TABLE_SCHEMA = ? AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED', 'SEQUENCE')",
            &[name],
        )?;
        // the comparison above ignores case, and names may differ by nothing else
        for row in listed.iter().filter(|row| row.text(1) == Some(name)) {
            let Some(table) = row.text(0) else {
                database.complete = false;
                continue;
            };
            match definition(session, &TableName::new(name, table))? {
                Some(definition) => found.tables.push(Arc::new(definition)),
                None => database.complete = false,
            }
        }
        found.databases.push(database);
    }
    found.databases.sort_by(|a, b| a.name.cmp(&b.name));
    found.tables.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}

/// Reads one table, and then the end of the log.
///
/// # Errors
/// As [`tables`]; [`FailureClass::Setting`] when the server writes no log any more.
pub fn fenced(session: &mut Session, name: &TableName) -> Result<Fenced, SourceFailure> {
    let table = tables(session, |db, table| db == name.db && table == name.table)?.into_iter().next();
    let definition = match &table {
        Some(table) if table.kind.has_rows() => definition(session, name)?.map(Arc::new),
        Some(_) | None => None,
    };
    let upto = log_file(session)?.ok_or_else(|| {
        SourceFailure::new(FailureClass::Setting, "the server writes no log any more: `log_bin` is off")
    })?;
    Ok(Fenced { table, definition, upto })
}

/// The definition of a table; none where it is gone, may not be asked for, or is not understood.
fn definition(session: &mut Session, name: &TableName) -> Result<Option<Table>, SourceFailure> {
    let text = create_statement(session, name)?;
    Ok(text.and_then(|text| defined(&text, name, session.flavor()).ok()))
}

/// What SHOW CREATE TABLE says; none where the table is gone or may not be asked for.
///
/// # Errors
/// A broken connection.
pub fn create_statement(session: &mut Session, name: &TableName) -> Result<Option<String>, SourceFailure> {
    let sql = format!("SHOW CREATE TABLE {}.{}", Quoted(&name.db), Quoted(&name.table));
    let rows = match session.query(&sql) {
        Ok(rows) => rows,
        Err(SourceFailure { class: FailureClass::Table | FailureClass::Privilege, .. }) => return Ok(None),
        Err(failure) => return Err(failure),
    };
    Ok(rows.first().and_then(|row| row.text(1)).map(str::to_owned))
}

/// The table of a CREATE TABLE statement, as SHOW CREATE TABLE prints it.
///
/// # Errors
/// A text that makes no table, or is not understood.
pub fn defined(text: &str, name: &TableName, flavor: Flavor) -> Result<Table, Doubt> {
    Table::from_create(text, name, &shown_session(), flavor)
}

/// What SHOW CREATE TABLE is written under: our session has no modes, and NULL is written out for every TIMESTAMP.
pub fn shown_session() -> query::Session {
    query::Session {
        sql_mode: Some(0),
        client_collation: Some(UTF8MB4),
        connection_collation: Some(UTF8MB4),
        server_collation: Some(UTF8MB4),
        explicit_timestamp: Some(true),
        ..query::Session::default()
    }
}
