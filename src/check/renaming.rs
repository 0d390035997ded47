//! Lines of `rename`, their patterns compiled once.

use crate::mysql::ident::TableNameCase;
use crate::pattern::{Matcher, NamePattern, TableMatcher, TablePattern};
use crate::statement::{Rename, Template};
use crate::text::{Span, Spanned};
use std::collections::HashMap;

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

/// Numbers of the lines about columns, by the names of these: many lines may be about as many columns.
pub(super) struct ColumnRenames {
    /// By a column's name in the form in which two spellings of it are equal.
    exact: HashMap<String, Vec<usize>>,
    /// Of patterns.
    open: Vec<usize>,
}

impl ColumnRenames {
    pub(super) fn new(renames: &[Renaming<'_>]) -> ColumnRenames {
        let mut all = ColumnRenames { exact: HashMap::new(), open: Vec::new() };
        for (n, one) in renames.iter().enumerate() {
            match one.rename {
                Rename::Column { column: NamePattern::Exact(name), .. } => {
                    all.exact.entry(folded(name)).or_default().push(n);
                }
                Rename::Column { .. } => all.open.push(n),
                Rename::Database { .. } | Rename::Table { .. } => {}
            }
        }
        all
    }

    /// Those that may be about a column, in order.
    pub(super) fn of(&self, column: &str) -> impl Iterator<Item = usize> + use<> {
        let named = if self.exact.is_empty() { None } else { self.exact.get(&folded(column)) };
        let mut lines: Vec<usize> = named.into_iter().flatten().chain(&self.open).copied().collect();
        lines.sort_unstable();
        lines.into_iter()
    }
}

fn folded(column: &str) -> String {
    TableNameCase::Insensitive.fold(column).into_owned()
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
