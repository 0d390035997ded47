//! How much there is to load, as the server estimates it.

use super::failure::SourceFailure;
use super::session::Session;
use crate::catalog::TableSize;
use crate::mysql::position::Flavor;
use crate::mysql::schema::TableName;
use std::collections::{BTreeMap, BTreeSet};

/// Tables of a database; the value is its name.
const SIZES: &str = "SELECT TABLE_NAME, TABLE_ROWS, DATA_LENGTH, TABLE_SCHEMA FROM INFORMATION_SCHEMA.TABLES \
     WHERE TABLE_SCHEMA = ? AND TABLE_ROWS IS NOT NULL";

/// Estimates for `tables`, sorted by name; those that are gone, or that the server has no figures for, are missing.
///
/// No row is counted: InnoDB extrapolates from a few pages, and is easily wrong by half. MySQL 8 and later would answer from figures that are
/// up to a day old, and is told not to.
///
/// # Errors
/// A broken connection.
pub fn sizes(session: &mut Session, tables: &[TableName]) -> Result<Vec<TableSize>, SourceFailure> {
    if session.flavor() == Flavor::MySql {
        match session.run("SET SESSION information_schema_stats_expiry = 0") {
            // a server that keeps no old figures does not know the setting
            Ok(()) | Err(SourceFailure { code: Some(1193), .. }) => {}
            Err(failure) => return Err(failure),
        }
    }
    let mut of_database: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for name in tables {
        of_database.entry(&name.db).or_default().insert(&name.table);
    }
    let mut found = Vec::new();
    for (db, tables) in of_database {
        for row in session.rows(SIZES, &[db])? {
            let Some(table) = row.text(0).filter(|table| tables.contains(table)) else { continue };
            // the comparison of the server ignores case, and names may differ by nothing else
            if row.text(3) != Some(db) {
                continue;
            }
            let number = |column| row.number(column).unwrap_or(0);
            found.push(TableSize { name: TableName::new(db, table), rows: number(1), bytes: number(2) });
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(found)
}
