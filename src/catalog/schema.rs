//! The tables of a server as a lock file keeps them.

use crate::mysql::ident::TableNameCase;
use crate::mysql::schema::{ColumnText, TableName};
use std::collections::{BTreeMap, BTreeSet};

/// What is kept of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceSchema {
    /// Version of the server, `8.4.2` or `10.11.9-MariaDB`.
    pub server: Option<String>,
    /// How names of databases and tables are compared.
    pub case: TableNameCase,
    /// How long the server keeps its log, ms; none when it keeps it for ever, or does not say.
    pub binlog_expires_ms: Option<u64>,
    /// Tables by name.
    pub tables: BTreeMap<TableName, TableSchema>,
    /// What has no rows of its own: views, sequences, tables that keep their history as rows.
    pub views: BTreeSet<TableName>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSchema {
    /// Estimate of its rows.
    pub rows: Option<u64>,
    /// Columns in table order.
    pub columns: Vec<ColumnSchema>,
    /// Primary key: indexes of columns in key order; empty without one.
    pub primary_key: Vec<usize>,
    /// Unique keys, in the server's order.
    pub unique_keys: Vec<Vec<usize>>,
    /// Other indexes, in the server's order.
    pub indexes: Vec<Vec<usize>>,
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnSchema {
    /// Its name as the server spells it.
    pub name: String,
    /// Type, collation, whether it may be NULL.
    pub text: ColumnText,
}
