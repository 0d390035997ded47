//! Lines of `rename`, their patterns compiled once.

use crate::pattern::{Matcher, NamePattern, TableMatcher, TablePattern};
use crate::statement::{Rename, Template};
use crate::text::{Span, Spanned};

/// A `rename` line.
pub(super) struct Renaming<'p> {
    pub(super) rename: &'p Rename,
    pub(super) span: Span,
    /// Tables it says something about.
    pub(super) tables: TableMatcher,
    /// In one of columns, the column.
    pub(super) column: Option<Matcher>,
}

/// What a `rename` line names anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Renamed {
    Database,
    Table,
    Column,
}

impl<'p> Renaming<'p> {
    pub(super) fn new(rename: &'p Spanned<Rename>) -> Option<Renaming<'p>> {
        let (tables, column) = match &rename.value {
            Rename::Database { from, .. } => {
                let any = NamePattern::Glob("*".to_owned());
                (TableMatcher { db: from.compile().ok()?, table: any.compile().ok()? }, None)
            }
            Rename::Table { from, .. } => (from.compile().ok()?, None),
            Rename::Column { table, column, .. } => {
                (table.compile().ok()?, Some(column.compile_column().ok()?))
            }
        };
        Some(Renaming { rename: &rename.value, span: rename.span, tables, column })
    }

    /// The pattern of its tables, in a line about tables or columns.
    pub(super) fn pattern(&self) -> Option<&'p TablePattern> {
        match self.rename {
            Rename::Database { .. } => None,
            Rename::Table { from, .. } => Some(from),
            Rename::Column { table, .. } => Some(table),
        }
    }

    pub(super) fn kind(&self) -> Renamed {
        match self.rename {
            Rename::Database { .. } => Renamed::Database,
            Rename::Table { .. } => Renamed::Table,
            Rename::Column { .. } => Renamed::Column,
        }
    }

    /// The new name.
    pub(super) fn to(&self) -> &'p Template {
        match self.rename {
            Rename::Database { to, .. } | Rename::Table { to, .. } | Rename::Column { to, .. } => to,
        }
    }

    /// What its pattern's captures stand for in a table, where the new name has placeholders.
    pub(super) fn captures(&self, db: &str, table: &str) -> Vec<(String, String)> {
        if self.to().as_literal().is_some() {
            return Vec::new();
        }
        let captures = match self.kind() {
            Renamed::Database => self.tables.db.captures(db),
            Renamed::Table | Renamed::Column => self.tables.captures(db, table),
        };
        captures.unwrap_or_default()
    }
}
