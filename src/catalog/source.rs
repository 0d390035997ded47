//! A MySQL or MariaDB server as seen at one moment.

use crate::mysql::position::Position;
use crate::mysql::position::{Flavor, ServerIdentity};
use crate::mysql::schema::{TableName, TableVersion};
use std::collections::BTreeMap;

/// Variables and identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerFacts {
    /// Who it is.
    pub identity: ServerIdentity,
    /// `VERSION()`.
    pub version: String,
    /// Numeric version.
    pub version_number: (u16, u16, u16),
    /// Global variables that matter, by lower-case name, value as text; absent ones are missing.
    pub variables: BTreeMap<String, String>,
    /// `SHOW GRANTS` lines of our user.
    pub grants: Vec<String>,
    /// End of the log and everything executed; none when the log is off or we may not ask.
    pub position: Option<Position>,
    /// MySQL `@@gtid_purged`, as text.
    pub gtid_purged: Option<String>,
    /// Binlog files still on the server, oldest first; empty when we may not ask.
    pub binlog_files: Vec<String>,
}

impl ServerFacts {
    /// Which family.
    pub fn flavor(&self) -> Flavor {
        self.identity.flavor
    }

    /// A variable's value.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }
}

/// What kind of object a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TableKind {
    /// An ordinary table.
    Base,
    /// A view.
    View,
    /// A MariaDB sequence.
    Sequence,
    /// A MariaDB system-versioned table.
    Versioned,
}

impl TableKind {
    /// Whether an object of this kind has rows to send. A sequence of MariaDB logs its counter as a row.
    pub fn has_rows(self) -> bool {
        match self {
            TableKind::Base | TableKind::Versioned => true,
            TableKind::View | TableKind::Sequence => false,
        }
    }
}

/// What matters of a storage engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// InnoDB and others with consistent views.
    Transactional,
    /// MyISAM, Aria, MEMORY and others without.
    NonTransactional,
}

/// One table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableFacts {
    /// Columns and keys, from INFORMATION_SCHEMA, hidden columns included where they can be known.
    pub version: TableVersion,
    /// Kind.
    pub kind: TableKind,
    /// Engine.
    pub engine: Engine,
    /// The server's estimate of its rows.
    pub rows_estimate: u64,
}

/// How large a server thinks a table is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSize {
    /// The table.
    pub name: TableName,
    /// Rows.
    pub rows: u64,
    /// Bytes of its rows as the engine keeps them, without indexes.
    pub bytes: u64,
}

/// A server and the tables a task selects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceCatalog {
    /// The server.
    pub server: ServerFacts,
    /// Tables, sorted by name.
    pub tables: Vec<TableFacts>,
}
