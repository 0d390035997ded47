//! `schema.lock` from the side of its writer: schemas of servers to text, and how two schemas differ.
//!
//! Guarantees: what is written reads back as the same schema, and is what the formatter would write; a schema that has not
//! changed gives the text that is there, byte for byte.
//! Does not: ask servers, or touch files.

mod diff;
mod fold;
mod text;

pub use diff::{Change, changes};
pub use fold::Block;
pub use text::table_text;

use crate::catalog::{ColumnSchema, SourceSchema, TableSchema};
use crate::hir::{LockedTable, SourceLock};
use std::collections::BTreeMap;

/// A source's schema, and the day on which it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulled {
    /// The schema.
    pub schema: SourceSchema,
    /// `2026-09-20`; none when a person wrote the block.
    pub day: Option<String>,
}

/// The text of a lock file.
pub fn write(sources: &BTreeMap<String, Pulled>) -> String {
    let mut text = "edition 2026\n\n# written by `syncc schema pull`, reviewed like code\n".to_owned();
    for (n, block) in fold::blocks(sources).iter().enumerate() {
        if n > 0 {
            text.push('\n');
        }
        text::block(block, &mut text);
    }
    text
}

/// The schema that a lock file tells of a source.
pub fn pulled(lock: &SourceLock) -> Pulled {
    let tables = lock.tables.values().map(|table| (table.name.value.clone(), table_schema(table)));
    let schema = SourceSchema {
        server: lock.server.clone(),
        case: lock.case,
        binlog_expires_ms: lock.binlog_expires_ms,
        tables: tables.collect(),
        views: lock.views.keys().cloned().collect(),
    };
    Pulled { schema, day: lock.pulled.clone() }
}

fn table_schema(table: &LockedTable) -> TableSchema {
    let column = |column: &crate::hir::LockedColumn| ColumnSchema {
        name: column.name.value.clone(),
        text: column.text.clone(),
    };
    TableSchema {
        rows: table.rows,
        columns: table.columns.iter().map(column).collect(),
        primary_key: table.primary_key.clone(),
        unique_keys: table.unique_keys.clone(),
        indexes: table.indexes.clone(),
    }
}

/// What takes the place of `old` when a server showed `new` on a day: the old where nothing but the day or an estimate has
/// changed.
pub fn renewed(old: Option<&Pulled>, mut new: SourceSchema, day: &str) -> Pulled {
    for (name, table) in &mut new.tables {
        let before = old.and_then(|old| old.schema.tables.get(name)).and_then(|table| table.rows);
        table.rows = table.rows.map(|rows| steady(before, rows));
    }
    match old.filter(|old| old.schema == new) {
        Some(old) => old.clone(),
        None => Pulled { schema: new, day: Some(day.to_owned()) },
    }
}

/// An estimate of rows as a power of ten. Estimates waver, so the old one holds within a factor of ten.
fn steady(before: Option<u64>, rows: u64) -> u64 {
    let holds = |before: &u64| {
        rows >= before / 10 && rows <= before.saturating_mul(10) && (*before > 0) == (rows > 0)
    };
    before.filter(holds).unwrap_or_else(|| power_of_ten(rows))
}

/// The nearest power of ten, by its ratio; 0 stays 0.
fn power_of_ten(rows: u64) -> u64 {
    if rows == 0 {
        return 0;
    }
    let below = 10u64.pow(rows.ilog10());
    // √10 lies in the middle between two powers.
    if rows as f64 / below as f64 > 10f64.sqrt() { below.saturating_mul(10) } else { below }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_are_powers_of_ten_and_hold() {
        for (rows, power) in
            [(0, 0), (1, 1), (3, 1), (4, 10), (999, 1000), (31_000, 10_000), (32_000, 100_000)]
        {
            assert_eq!(power_of_ten(rows), power, "{rows}");
        }
        assert_eq!(steady(Some(1000), 9_999), 1000);
        assert_eq!(steady(Some(1000), 100), 1000);
        assert_eq!(steady(Some(1000), 10_001), 10_000);
        assert_eq!(steady(Some(1000), 99), 100);
        assert_eq!(steady(Some(0), 5), 10);
        assert_eq!(steady(Some(1), 0), 0);
        assert_eq!(steady(None, 5), 10);
    }
}
