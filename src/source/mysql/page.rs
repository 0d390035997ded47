//! The statements by which the rows of a table are read in the order of a key.
//!
//! Paging is done by the server, with its own comparison of values: (a, b) > (x, y) in the OR form, which both servers answer by a
//! range of the index, where the row form reads the index from its beginning. Values are bound, names are quoted, columns are
//! listed.

use crate::failpoint::{Bug, planted};
use crate::mysql::column_type::{ColumnType, Text};
use crate::mysql::ident::Quoted;
use crate::mysql::schema::{Column, TableVersion};
use std::fmt::Write;

/// The key by which a table can be read page by page, as indexes of columns: the primary key, else the unique key without
/// nullable columns that has the fewest columns. None when there is no key whose order the server can resume: then the table is
/// read in one go.
///
/// A FLOAT in a key is not usable: the bound value is never equal to the stored one.
pub fn paging_key(table: &TableVersion) -> Option<&[usize]> {
    let usable =
        |key: &&[usize]| !key.is_empty() && key.iter().all(|&at| bound(&table.columns[at].ty).is_some());
    let primary = Some(table.primary_key.as_slice()).filter(usable);
    primary.or_else(|| table.unique_keys.iter().map(Vec::as_slice).filter(usable).min_by_key(|key| key.len()))
}

/// Which rows of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Behind a key, not from the beginning.
    pub after: bool,
    /// Up to a key, not to the end.
    pub upto: bool,
}

/// One page in key order. Parameters: of each key the values of its columns, each but the last twice; then the number of rows.
pub fn page(table: &TableVersion, key: &[usize], bounds: Bounds) -> String {
    let mut sql = whole(table);
    let mut glue = " WHERE ";
    for (wanted, side, last) in [(bounds.after, ">", ">"), (bounds.upto, "<", "<=")] {
        if wanted {
            sql.push_str(glue);
            compare(&mut sql, table, key, side, last);
            glue = " AND ";
        }
    }
    sql.push_str(" ORDER BY ");
    order(&mut sql, table, key, "");
    sql.push_str(" LIMIT ?");
    sql
}

/// The greatest key, in one row; without parameters.
pub fn greatest(table: &TableVersion, key: &[usize]) -> String {
    let list = key.iter().map(|&at| selected(table, at)).collect::<Vec<_>>().join(", ");
    let mut sql = format!("SELECT {list} FROM {} ORDER BY ", name(table));
    order(&mut sql, table, key, " DESC");
    sql.push_str(" LIMIT 1");
    sql
}

/// All rows in no order; without parameters.
pub fn whole(table: &TableVersion) -> String {
    let list = visible(table).map(|at| selected(table, at)).collect::<Vec<_>>().join(", ");
    format!("SELECT {list} FROM {}", name(table))
}

/// The columns a SELECT can name: hidden ones are in the log only.
pub fn visible(table: &TableVersion) -> impl Iterator<Item = usize> + '_ {
    (0..table.columns.len()).filter(|&at| !table.columns[at].hidden)
}

/// `db`.`table`, quoted.
pub fn name(table: &TableVersion) -> String {
    format!("{}.{}", Quoted(&table.name.db), Quoted(&table.name.table))
}

/// How a column stands in the list: ENUM and SET as their numbers, YEAR(2) with all its digits, all others as they are.
fn selected(table: &TableVersion, at: usize) -> String {
    let column = &table.columns[at];
    match column.ty {
        ColumnType::Enum(_) | ColumnType::Set(_) => format!("CAST({} AS UNSIGNED)", Quoted(&column.name)),
        ColumnType::Year if is_short_year(column) => {
            let name = Quoted(&column.name);
            // 1900 is how it reads a zero, which is `0` to the log
            format!("CAST(IF(YEAR({name}) = 1900, 0, YEAR({name})) AS UNSIGNED)")
        }
        _ => Quoted(&column.name).to_string(),
    }
}

/// YEAR(2) of MariaDB: it says two digits of the year that it stores, and compares them as it likes.
pub(super) fn is_short_year(column: &Column) -> bool {
    column.ty == ColumnType::Year && column.declared == "year(2)"
}

/// `(a > ? OR (a = ? AND (b > ?)))`, the last column with `last`.
fn compare(sql: &mut String, table: &TableVersion, key: &[usize], side: &str, last: &str) {
    let by_bytes = side == ">" && planted(Bug::PagesByBytes);
    let mut open = 0;
    for (at, &column) in key.iter().enumerate() {
        // ENUM and SET compare as text unless made numbers, as in the list; YEAR(2) by two digits
        let name = selected(table, column);
        let value = bound(&table.columns[column].ty)
            .map(|value| {
                collated(value, &table.columns[column].ty, table.columns[column].collation.as_deref())
            })
            .unwrap_or_default();
        let (name, value) = match &table.columns[column].ty {
            ColumnType::Char(_) | ColumnType::VarChar(_) | ColumnType::Text(_) if by_bytes => {
                (format!("CAST({name} AS BINARY)"), format!("CAST({value} AS BINARY)"))
            }
            _ => (name, value),
        };
        let end = at + 1 == key.len();
        let _ = write!(sql, "({name} {} {value}", if end { last } else { side });
        open += 1;
        if !end {
            let _ = write!(sql, " OR ({name} = {value} AND ");
            open += 1;
        }
    }
    sql.extend(std::iter::repeat_n(')', open));
}

fn order(sql: &mut String, table: &TableVersion, key: &[usize], direction: &str) {
    for (at, &column) in key.iter().enumerate() {
        let comma = if at == 0 { "" } else { ", " };
        let _ = write!(sql, "{comma}{}{direction}", Quoted(&table.columns[column].name));
    }
}

/// How a value of a type is bound, so that the server has exactly the stored value; none for types that make no key.
fn bound(ty: &ColumnType) -> Option<String> {
    Some(match ty {
        ColumnType::TinyInt { .. }
        | ColumnType::SmallInt { .. }
        | ColumnType::MediumInt { .. }
        | ColumnType::Int { .. }
        | ColumnType::BigInt { .. }
        | ColumnType::Double
        | ColumnType::Bit { .. }
        | ColumnType::Year
        | ColumnType::Binary { .. }
        | ColumnType::VarBinary { .. }
        | ColumnType::Blob { .. }
        | ColumnType::Enum(_)
        | ColumnType::Set(_) => "?".to_owned(),
        ColumnType::Decimal { precision, scale } => format!("CAST(? AS DECIMAL({precision},{scale}))"),
        ColumnType::Date => "CAST(? AS DATE)".to_owned(),
        ColumnType::Time { fsp } => format!("CAST(? AS TIME({fsp}))"),
        ColumnType::DateTime { fsp } | ColumnType::Timestamp { fsp } => format!("CAST(? AS DATETIME({fsp}))"),
        ColumnType::Char(text) | ColumnType::VarChar(text) | ColumnType::Text(text) => converted(text),
        ColumnType::Uuid => "CAST(? AS UUID)".to_owned(),
        ColumnType::Inet4 => "CAST(? AS INET4)".to_owned(),
        ColumnType::Inet6 => "CAST(? AS INET6)".to_owned(),
        ColumnType::Float | ColumnType::Json | ColumnType::Geometry | ColumnType::Vector => return None,
    })
}

/// The bytes are bound without a character set and take on the column's: nothing is converted.
fn converted(text: &Text) -> String {
    format!("CONVERT(? USING {})", word(&text.charset))
}

fn collated(value: String, ty: &ColumnType, collation: Option<&str>) -> String {
    match (ty, collation) {
        (ColumnType::Char(_) | ColumnType::VarChar(_) | ColumnType::Text(_), Some(collation)) => {
            format!("{value} COLLATE {}", word(collation))
        }
        _ => value,
    }
}

/// Names of character sets and collations are plain words; nothing else gets into a statement.
fn word(name: &str) -> String {
    name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mysql::column_type::Labels;
    use crate::mysql::schema::{Column, TableName};

    fn table(columns: &[(&str, ColumnType)]) -> TableVersion {
        let columns = columns.iter().map(|(name, ty)| Column {
            name: (*name).to_owned(),
            ty: ty.clone(),
            nullable: false,
            declared: String::new(),
            hidden: false,
            collation: Some("latin1_swedish_ci".to_owned()),
        });
        TableVersion {
            name: TableName::new("d`b", "t"),
            columns: columns.collect(),
            primary_key: Vec::new(),
            unique_keys: Vec::new(),
        }
    }

    fn text() -> ColumnType {
        ColumnType::VarChar(Text { charset: "latin1".to_owned(), max_bytes: 20, compressed: false })
    }

    #[test]
    fn pages_are_ranges_of_the_index() {
        let int = ColumnType::Int { unsigned: false };
        let table = table(&[
            ("a", int.clone()),
            ("b", text()),
            ("c`", ColumnType::Enum(Labels { labels: vec!["x".to_owned()] })),
        ]);
        let check = |key: &[usize], after: bool, upto: bool, sql: &str| {
            assert_eq!(page(&table, key, Bounds { after, upto }), sql);
        };
        let list = "SELECT `a`, `b`, CAST(`c``` AS UNSIGNED) FROM `d``b`.`t`";
        check(&[0], false, false, &format!("{list} ORDER BY `a` LIMIT ?"));
        check(&[0], true, true, &format!("{list} WHERE (`a` > ?) AND (`a` <= ?) ORDER BY `a` LIMIT ?"));
        let value = "CONVERT(? USING latin1) COLLATE latin1_swedish_ci";
        check(
            &[0, 1, 2],
            true,
            false,
            &format!(
                "{list} WHERE (`a` > ? OR (`a` = ? AND (`b` > {value} OR (`b` = {value} AND \
                 (CAST(`c``` AS UNSIGNED) > ?))))) ORDER BY `a`, `b`, `c``` LIMIT ?"
            ),
        );
        assert_eq!(
            greatest(&table, &[2, 0]),
            "SELECT CAST(`c``` AS UNSIGNED), `a` FROM `d``b`.`t` ORDER BY `c``` DESC, `a` DESC LIMIT 1"
        );
    }

    #[test]
    fn keys_that_cannot_be_resumed_are_passed_over() {
        let int = || ColumnType::Int { unsigned: false };
        let mut table = table(&[("a", int()), ("f", ColumnType::Float), ("b", int())]);
        assert_eq!(paging_key(&table), None);
        table.primary_key = vec![1];
        assert_eq!(paging_key(&table), None);
        table.unique_keys = vec![vec![0, 1], vec![0, 2], vec![2]];
        assert_eq!(paging_key(&table), Some(&[2][..]));
        table.primary_key = vec![0, 2];
        assert_eq!(paging_key(&table), Some(&[0, 2][..]));
    }
}
