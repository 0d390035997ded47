//! Columns of a table whose columns are known: their names in messages, whether they are sent.

use super::flow::{Flow, Known};
use super::renaming::Renaming;
use super::settings::{Lane, Setting, Subject};
use crate::hir::{LockedColumn, LockedTable};
use crate::mysql::schema::TableName;
use crate::pattern::{Matcher, NamePattern, Relation};
use crate::statement::{ColumnRule, Property, RENAME_PLACEHOLDERS, closest};
use crate::text::Spanned;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A column's name in messages, and the line that gives it, if one does.
pub(super) struct ColumnName<'a, 'p> {
    pub(super) name: String,
    pub(super) line: Option<&'a Renaming<'p>>,
}

impl<'p> Flow<'p> {
    /// False when it is known of a table, in every source, that it has no such column.
    pub(super) fn may_have(&self, known: &Known, column: &str) -> bool {
        let mut tables = (0..self.pipeline.from.len()).map(|n| self.locks.table(n, &known.db, &known.table));
        tables.any(|table| table.is_none_or(|table| table.incomplete || table.column(column).is_some()))
    }

    /// The name of a column in messages; none when a placeholder of it stands for nothing.
    pub(super) fn column_name(
        &self,
        source: &str,
        known: &Known,
        column: &str,
    ) -> Option<ColumnName<'_, 'p>> {
        let (db, table) = (&*known.db, &*known.table);
        let takes = |one: &&Renaming<'_>| {
            one.column.as_ref().is_some_and(|name| name.matches(column)) && one.tables.matches(db, table)
        };
        let narrower = |one: &Renaming<'_>, other: &Renaming<'_>| match one.tables.relation(&other.tables) {
            Relation::Equal => match (&one.column, &other.column) {
                (Some(one), Some(other)) => one.relation(other) == Relation::Narrower,
                _ => false,
            },
            relation => relation == Relation::Narrower,
        };
        let lines = self.renames_of(column).filter(takes);
        let line = lines.reduce(|best, one| if narrower(one, best) { one } else { best });
        let name = match line {
            None => self.cased(column),
            Some(line) => {
                let mut captures = line.captures(db, table);
                captures
                    .extend(line.column.as_ref().and_then(|name| name.captures(column)).unwrap_or_default());
                captures.push(("column".to_owned(), column.to_owned()));
                let names = self.names_of(source, (db, table), (db, table));
                names.expand(line.to(), &captures, RENAME_PLACEHOLDERS).ok()?
            }
        };
        Some(ColumnName { name, line })
    }
}

impl Flow<'_> {
    /// Columns of a table with their names in messages; none when a placeholder of one stands for nothing.
    pub(super) fn named_columns(
        &self,
        source: &str,
        table: &TableName,
        columns: &[String],
    ) -> Option<Vec<Named>> {
        let near = Arc::from(Vec::new());
        let span = self.pipeline.head;
        let known = Known {
            db: table.db.as_str().into(),
            table: table.table.as_str().into(),
            span,
            written: false,
            near,
        };
        let named = |column: &String| {
            let name = self.column_name(source, &known, column)?.name;
            Some(Named { old: column.clone(), new: name })
        };
        columns.iter().map(named).collect()
    }
}

/// A column's name in the source and in messages.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) old: String,
    pub(super) new: String,
}

/// The columns that are sent; none when that is not one rule.
pub(super) fn sent<'t>(
    lane: &Lane<'_>,
    known: &Known,
    table: &'t LockedTable,
) -> Option<Vec<&'t LockedColumn>> {
    let rule =
        match lane.setting((Subject::One(known), Property::Columns), |settings| settings.columns.as_ref()) {
            Setting::Default if lane.may_lack_for(known, &["columns"]) => return None,
            Setting::Default => return Some(table.columns.iter().collect()),
            Setting::Various => return None,
            Setting::Given(rule, _) => rule,
        };
    Some(table.columns.iter().filter(|column| !lane.drops(rule, &column.name.value)).collect())
}

/// The columns that names of `columns except` were meant for which the table does not have.
pub(super) fn meant_left_out<'t>(lane: &Lane<'_>, known: &Known, table: &'t LockedTable) -> Vec<&'t str> {
    let rule = lane.setting((Subject::One(known), Property::Columns), |settings| settings.columns.as_ref());
    let Setting::Given(Spanned { value: ColumnRule::Except(patterns), .. }, _) = rule else {
        return Vec::new();
    };
    let names = || table.columns.iter().map(|column| column.name.value.as_str());
    let near = |pattern: &NamePattern| match pattern {
        NamePattern::Exact(name) if table.column(name).is_none() => closest(name, names()),
        NamePattern::Exact(_) | NamePattern::Glob(_) | NamePattern::Regex(_) => None,
    };
    patterns.iter().filter_map(near).collect()
}

/// Which columns a `columns` leaves out: its patterns compiled once, and each name looked at once.
pub(super) struct LeftOut {
    is_except: bool,
    patterns: Vec<Matcher>,
    told: Mutex<HashMap<String, bool>>,
}

impl LeftOut {
    pub(super) fn new(rule: &ColumnRule) -> LeftOut {
        let (is_except, patterns) = match rule {
            ColumnRule::Only(patterns) => (false, patterns),
            ColumnRule::Except(patterns) => (true, patterns),
        };
        let patterns = patterns.iter().filter_map(|pattern| pattern.compile_column().ok()).collect();
        LeftOut { is_except, patterns, told: Mutex::default() }
    }

    /// True when a column is not sent.
    pub(super) fn drops(&self, column: &str) -> bool {
        if let Some(&told) = self.told.lock().unwrap_or_else(PoisonError::into_inner).get(column) {
            return told;
        }
        let drops = self.patterns.iter().any(|pattern| pattern.matches(column)) == self.is_except;
        self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(column.to_owned(), drops);
        drops
    }
}
