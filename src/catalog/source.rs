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
    /// Our account as GRANT writes it: `` `cdc`@`%` ``.
    pub account: String,
    /// `SHOW GRANTS` lines of our user, those of the roles in force among them.
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
    /// FEDERATED, MERGE and others whose rows stand in other tables, and change there without a word in our log.
    Elsewhere,
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
    /// Columns stored as servers did before MySQL 5.6, by name.
    pub old_temporals: Vec<String>,
    /// Columns that the server computes from others, by name.
    pub generated: Vec<String>,
}

impl TableFacts {
    /// Has system versioning with listed columns for start and end of a row's life, so that nothing in its log tells history from
    /// rows.
    pub fn has_own_life(&self) -> bool {
        self.kind == TableKind::Versioned && self.version.row_end().is_none()
    }
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
    /// What only the look before a start asks for.
    pub survey: Survey,
}

impl SourceCatalog {
    /// Of a server that could not be asked.
    pub fn empty() -> SourceCatalog {
        let identity = ServerIdentity { flavor: Flavor::MySql, uuid: String::new(), server_id: 0 };
        let server = ServerFacts {
            identity,
            version: String::new(),
            version_number: (0, 0, 0),
            variables: BTreeMap::new(),
            account: String::new(),
            grants: Vec::new(),
            position: None,
            gtid_purged: None,
            binlog_files: Vec::new(),
        };
        SourceCatalog { server, tables: Vec::new(), survey: Survey::default() }
    }
}

/// What a look before a start asks for beside settings and tables. What we may not ask is none, or empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// Where the server itself takes changes from; none when it is no replica, or we may not ask.
    pub upstream: Option<Upstream>,
    /// Whether we were allowed to ask for it.
    pub upstream_known: bool,
    /// Who is registered as a replica; none when we may not ask.
    pub replicas: Option<Vec<Replica>>,
    /// `Threads_running`, us included.
    pub threads_running: Option<u64>,
    /// Age of the oldest open transaction, seconds.
    pub oldest_transaction_s: Option<u64>,
    /// How far the server's system is ahead of UTC now, minutes.
    pub system_offset_min: Option<i32>,
    /// Estimates of what there is to load; tables without are not listed.
    pub sizes: Vec<TableSize>,
    /// Foreign keys of the selected tables whose actions change rows.
    pub cascades: Vec<Cascade>,
    /// What the table of `heartbeat` is like; none where there is none.
    pub beat: Option<BeatTable>,
}

/// What the table is like that a heartbeat counts up in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BeatTable {
    /// As it must be.
    Fits,
    /// There is none, or none that we may see.
    Missing,
    /// It cannot be used, and why: `its engine is not InnoDB`.
    Unfit(&'static str),
}

/// A server's own source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// `HOST:PORT`.
    pub address: String,
    /// How far behind it is, seconds; none when replication stands still.
    pub lag_s: Option<u64>,
}

/// One entry of a server's list of replicas.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replica {
    /// Its server id.
    pub server_id: u32,
    /// What it calls itself; syncc says `syncc/TASK`.
    pub host: String,
}

/// A foreign key whose action changes or deletes rows of its own table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cascade {
    /// The table whose rows the server changes.
    pub child: TableName,
    /// Name of the key.
    pub constraint: String,
    /// `ON DELETE CASCADE`, `ON UPDATE SET NULL`.
    pub actions: String,
}
