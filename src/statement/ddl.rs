//! Schema changes: which kinds there are, and what becomes of them.

use super::Template;
use super::words::words;
use serde::{Deserialize, Serialize};
use std::fmt;

words! {
    /// Kind of a schema change, in `allow` and `deny`.
    DdlKind {
        /// CREATE TABLE, also LIKE and SELECT.
        CreateTable = "create-table",
        /// DROP TABLE.
        DropTable = "drop-table",
        /// RENAME TABLE, ALTER TABLE … RENAME TO.
        RenameTable = "rename-table",
        /// All of ALTER TABLE but its rename.
        AlterTable = "alter-table",
        /// ADD COLUMN.
        AddColumn = "add-column",
        /// DROP COLUMN.
        DropColumn = "drop-column",
        /// RENAME COLUMN, CHANGE with another name.
        RenameColumn = "rename-column",
        /// MODIFY, CHANGE with the same name, ALTER COLUMN, CONVERT TO CHARACTER SET.
        ChangeColumn = "change-column",
        /// Keys, indexes and constraints.
        ChangeIndex = "change-index",
        /// Partition clauses of ALTER TABLE.
        ChangePartitions = "change-partitions",
        /// CREATE DATABASE.
        CreateDatabase = "create-database",
        /// ALTER DATABASE.
        AlterDatabase = "alter-database",
        /// DROP DATABASE.
        DropDatabase = "drop-database",
    }
}

impl DdlKind {
    /// The kind that this one is a part of.
    pub fn within(self) -> Option<DdlKind> {
        match self {
            DdlKind::AddColumn
            | DdlKind::DropColumn
            | DdlKind::RenameColumn
            | DdlKind::ChangeColumn
            | DdlKind::ChangeIndex
            | DdlKind::ChangePartitions => Some(DdlKind::AlterTable),
            DdlKind::CreateTable
            | DdlKind::DropTable
            | DdlKind::RenameTable
            | DdlKind::AlterTable
            | DdlKind::CreateDatabase
            | DdlKind::AlterDatabase
            | DdlKind::DropDatabase => None,
        }
    }
}

words! {
    /// What becomes of a schema change that is denied or not allowed.
    OnDeny {
        /// It is not sent; its columns are tracked all the same.
        Skip = "skip",
        /// The task stops before it.
        Stop = "stop",
    }
}

words! {
    /// What becomes of a TRUNCATE.
    Truncate {
        /// It is sent as a schema change.
        Emit = "emit",
        /// A warning is logged.
        Warn = "warn",
        /// The task stops before it.
        Stop = "stop",
    }
}

words! {
    /// A tool for online schema changes.
    OnlineDdl {
        /// gh-ost.
        GhOst = "gh-ost",
        /// pt-online-schema-change.
        PtOsc = "pt-osc",
    }
}

/// Topic of schema changes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DdlTopic {
    /// That of the table's rows.
    Same,
    /// One of their own.
    Topic(Template),
}

impl fmt::Display for DdlTopic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DdlTopic::Same => f.write_str("same"),
            DdlTopic::Topic(topic) => write!(f, "\"{topic}\""),
        }
    }
}

/// Partition of schema changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DdlPartition {
    /// Hash of `db.table` as in the message.
    ByTable,
    /// This one.
    To(u32),
    /// Each of them.
    ToAll,
}

impl fmt::Display for DdlPartition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DdlPartition::ByTable => f.write_str("by table"),
            DdlPartition::To(n) => write!(f, "to {n}"),
            DdlPartition::ToAll => f.write_str("to all"),
        }
    }
}
