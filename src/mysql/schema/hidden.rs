//! Columns that MariaDB keeps and logs, but lists nowhere.
//!
//! With names in the log they are recognised there. Without, columns read from INFORMATION_SCHEMA have to be
//! completed, or the number of columns differs from the log's. Observed on MariaDB 10.11 and 11.8.

use super::{Column, TableVersion, declared};
use crate::mysql::column_type::ColumnType;
use crate::mysql::ident::same_column;

/// What the name of a hash column begins with; a number from 1 follows.
const ROW_HASH: &str = "DB_ROW_HASH_";

/// Start and end of the row's life under implicit versioning.
const ROW_LIFE: [&str; 2] = ["row_start", "row_end"];

/// The hidden columns of a table, in wire order: they follow all listed ones.
///
/// `versioned` is true for a system-versioned table (`TABLE_TYPE` is `SYSTEM VERSIONED`) that lists no row
/// start and end of its own. `long_keys` has one entry for each unique key of an InnoDB table whose index
/// type is `HASH` (keys over TEXT and BLOB, or too long ones), in the order in which they were declared:
/// whether one of its columns may be NULL.
pub fn hidden_columns(versioned: bool, long_keys: &[bool]) -> Vec<Column> {
    let hidden = |name: String, ty: ColumnType, nullable: bool| Column {
        declared: declared::synthesize(&ty),
        name,
        ty,
        nullable,
        hidden: true,
        collation: None,
    };
    let life = ROW_LIFE.iter().filter(|_| versioned);
    let life = life.map(|name| hidden((*name).to_owned(), ColumnType::Timestamp { fsp: 6 }, false));
    let hashes = long_keys.iter().enumerate().map(|(at, &nullable)| {
        hidden(format!("{ROW_HASH}{}", at + 1), ColumnType::BigInt { unsigned: true }, nullable)
    });
    life.chain(hashes).collect()
}

impl TableVersion {
    /// The hidden column with the end of a row's life, of a table with implicit system versioning.
    pub fn row_end(&self) -> Option<usize> {
        self.columns.iter().position(|column| column.hidden && same_column(&column.name, ROW_LIFE[1]))
    }
}

/// Marks the hidden columns among those that the log names; `listed` tells whether the server lists a name.
pub(super) fn hide(columns: &mut [Column], listed: impl Fn(&str) -> bool) {
    let mut end = columns.len();
    while end > 0 && is_row_hash(&columns[end - 1]) && !listed(&columns[end - 1].name) {
        end -= 1;
        columns[end].hidden = true;
    }
    if let [.., start, stop] = &mut columns[..end]
        && same_column(&start.name, ROW_LIFE[0])
        && same_column(&stop.name, ROW_LIFE[1])
        && !listed(&start.name)
        && !listed(&stop.name)
    {
        start.hidden = true;
        stop.hidden = true;
    }
}

fn is_row_hash(column: &Column) -> bool {
    let number = column.name.strip_prefix(ROW_HASH);
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|digit| digit.is_ascii_digit()))
        && matches!(column.ty, ColumnType::BigInt { .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_the_order_of_the_log() {
        let check = |versioned: bool, long_keys: &[bool], expected: &[&str]| {
            let shown: Vec<String> = hidden_columns(versioned, long_keys)
                .iter()
                .map(|column| {
                    format!("{} {}{}", column.name, column.declared, if column.nullable { "?" } else { "" })
                })
                .collect();
            assert_eq!(shown, expected);
        };
        check(false, &[], &[]);
        check(
            true,
            &[false, true],
            &[
                "row_start timestamp(6)",
                "row_end timestamp(6)",
                "DB_ROW_HASH_1 bigint unsigned",
                "DB_ROW_HASH_2 bigint unsigned?",
            ],
        );
    }

    #[test]
    fn a_listed_column_is_not_hidden() {
        let hidden = |listed: &[&str]| -> Vec<bool> {
            let mut columns = hidden_columns(true, &[true]);
            columns.iter_mut().for_each(|column| column.hidden = false);
            hide(&mut columns, |name| listed.contains(&name));
            columns.iter().map(|column| column.hidden).collect()
        };
        assert_eq!(hidden(&[]), [true, true, true]);
        assert_eq!(hidden(&["row_start", "row_end"]), [false, false, true]);
        // behind a column of the user nothing is hidden
        assert_eq!(hidden(&["DB_ROW_HASH_1"]), [false, false, false]);
    }
}
