//! Which tokens of a statement are names, and of what: noted while it is parsed, read by whoever writes it anew.

use crate::mysql::schema::TableName;
use serde::{Deserialize, Serialize};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ops::Range;

/// What some tokens are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Note {
    /// A table.
    Table {
        /// Which.
        name: TableName,
        /// With its database in front.
        qualified: bool,
    },
    /// A database.
    Database(String),
    /// A column of the table that the statement is about.
    Column {
        /// Its name.
        name: String,
    },
    /// A column of another table, that of the foreign key.
    ForeignColumn {
        /// Whose; none: it is not known.
        table: Option<TableName>,
        /// Its name.
        name: String,
    },
    /// A column with other names in front of it.
    Qualified,
    /// An expression: it may hold names of columns.
    Expression,
    /// One of a list: an action of ALTER TABLE, a column or key of CREATE TABLE, a table of DROP TABLE, a pair of RENAME TABLE.
    Part {
        /// Token where the list begins.
        list: usize,
    },
    /// An action of ALTER TABLE does this, among others.
    Does(Action),
    /// FIRST, or AFTER a column.
    Place,
    /// The default of a column, with the word in front.
    Default,
    /// A query: names in it are not known.
    Query,
    /// What MariaDB keeps in front of a statement.
    Prefix,
}

/// What an action of ALTER TABLE does, as far as that decides whether it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Action {
    /// ADD COLUMN.
    AddColumn,
    /// DROP COLUMN.
    DropColumn,
    /// RENAME COLUMN, CHANGE with another name.
    RenameColumn,
    /// MODIFY, CHANGE with the same name, ALTER COLUMN, CONVERT TO CHARACTER SET.
    ChangeColumn,
    /// ADD KEY and UNIQUE, CREATE INDEX.
    AddKey,
    /// DROP KEY, DROP CONSTRAINT, DROP INDEX.
    DropKey,
    /// Anything else about keys, indexes and constraints.
    OtherKey,
    /// Any partition clause.
    Partitions,
    /// RENAME TO.
    Rename,
    /// Comment, engine, options, versioning, and how it is done.
    Other,
}

/// Notes of one statement, by their first token. What is read twice, because the parser looked ahead, is noted once.
#[derive(Debug, Default)]
pub(super) struct Notes(RefCell<BTreeMap<(usize, u8, usize), Note>>);

impl Notes {
    pub(super) fn add(&self, tokens: Range<usize>, note: Note) {
        let rank = match &note {
            Note::Part { .. } => 0,
            Note::Does(action) => 100 + *action as u8,
            Note::Table { .. } => 2,
            Note::Database(_) => 3,
            Note::Column { .. } => 4,
            Note::ForeignColumn { .. } => 5,
            Note::Qualified => 6,
            Note::Expression => 7,
            Note::Place => 8,
            Note::Default => 9,
            Note::Query => 10,
            Note::Prefix => 11,
        };
        self.0.borrow_mut().insert((tokens.start, rank, tokens.end), note);
    }

    /// All of them, in order.
    pub(super) fn into_vec(self) -> Vec<(Range<usize>, Note)> {
        let notes = self.0.into_inner().into_iter();
        notes.map(|((start, _, end), note)| (start..end, note)).collect()
    }
}
