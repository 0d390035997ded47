//! The columns of one table, valid from one position of the log to another.

use crate::mysql::column_type::ColumnType;
use serde::{Deserialize, Serialize};
use std::fmt::{self, Write as _};

/// Full name of a table, as the server spells it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TableName {
    /// Database.
    pub db: String,
    /// Table.
    pub table: String,
}

impl TableName {
    /// From its two parts.
    pub fn new(db: impl Into<String>, table: impl Into<String>) -> TableName {
        TableName { db: db.into(), table: table.into() }
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Shown(&self.db).fmt(f)?;
        f.write_char('.')?;
        Shown(&self.table).fmt(f)
    }
}

/// A name without signs that would break a line, or what a terminal shows.
struct Shown<'n>(&'n str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.0.contains(char::is_control) {
            return f.write_str(self.0);
        }
        for sign in self.0.chars() {
            match sign.is_control() {
                true => write!(f, "{}", sign.escape_default())?,
                false => f.write_char(sign)?,
            }
        }
        Ok(())
    }
}

/// A table as rows of the log carry it: all columns in wire order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TableVersion {
    /// Whose columns.
    pub name: TableName,
    /// Columns in wire order, hidden ones included.
    pub columns: Vec<Column>,
    /// Declared primary key: indexes into `columns`, in key order; empty without one.
    pub primary_key: Vec<usize>,
    /// Unique keys of columns that are all NOT NULL, in the server's order, without the primary key.
    pub unique_keys: Vec<Vec<usize>>,
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Column {
    /// Name as the server spells it.
    pub name: String,
    /// Type.
    pub ty: ColumnType,
    /// May be NULL.
    pub nullable: bool,
    /// The type as SHOW CREATE TABLE words it, in lower case: `varchar(64)`, `decimal(10,2)`, `bigint
    /// unsigned`, `enum('a','b')`.
    pub declared: String,
    /// Not part of what users see: MariaDB's row hashes and implicit versioning columns. Never sent.
    pub hidden: bool,
    /// Collation by name for character columns, as needed to page by this column.
    pub collation: Option<String>,
}

impl TableVersion {
    /// True when rows of both are read alike: names, types and NULL of all columns agree.
    pub fn reads_like(&self, other: &TableVersion) -> bool {
        let seen = |column: &Column| (column.name.clone(), column.ty.clone(), column.nullable);
        self.columns.iter().map(seen).eq(other.columns.iter().map(seen))
    }

    /// Key that identifies rows: the primary key, else the first unique key without nullable columns, else
    /// none.
    pub fn row_key(&self) -> Option<&[usize]> {
        if !self.primary_key.is_empty() {
            return Some(&self.primary_key);
        }
        self.unique_keys.first().map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_breaks_no_line() {
        assert_eq!(TableName::new("d", "two\nlines").to_string(), "d.two\\nlines");
        assert_eq!(TableName::new("d", "größe").to_string(), "d.größe");
    }
}
