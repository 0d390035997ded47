//! What `schema.lock` says of the tables of a pipeline's sources.
//!
//! Where a source has no lock, or a part of it was left out, nothing is said about what is missing.

use super::index::exact_table;
use crate::hir::{LockedTable, Pipeline, Program, SourceLock};
use crate::mysql::ident::TableNameCase;
use crate::mysql::schema::TableName;
use crate::mysql::shadow;
use crate::pattern::{NamePattern, TableMatcher, TablePattern};
use crate::statement::{closest, name_text};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

/// The sources of a pipeline as the lock file has them.
#[derive(Clone)]
pub(super) struct Locks<'p> {
    /// One for each `from`.
    of: Vec<Option<&'p SourceLock>>,
    /// Every source has a lock, and nothing is left out of it.
    complete: bool,
    /// Patterns that were asked about, and whether they take a table: several rules ask about one.
    asked: Arc<Mutex<HashMap<TablePattern, bool>>>,
}

impl<'p> Locks<'p> {
    pub(super) fn new(program: &'p Program, pipeline: &Pipeline) -> Locks<'p> {
        let of: Vec<Option<&SourceLock>> =
            pipeline.from.iter().map(|from| program.lock.of(from.value)).collect();
        let known = |lock: &Option<&SourceLock>| lock.is_some_and(|lock| !lock.incomplete);
        let complete = !of.is_empty() && !pipeline.unknown_source && of.iter().all(known);
        Locks { of, complete, asked: Arc::default() }
    }

    /// The same for one source of the pipeline, or for all.
    pub(super) fn only(&self, source: Option<usize>) -> Locks<'p> {
        match source.and_then(|n| self.of.get(n)) {
            Some(&lock) => Locks {
                of: vec![lock],
                complete: lock.is_some_and(|lock| !lock.incomplete),
                asked: Arc::default(),
            },
            None => self.clone(),
        }
    }

    /// What is known of each source that has a lock.
    pub(super) fn sources(&self) -> impl Iterator<Item = &'p SourceLock> {
        // Members of a range share one.
        let mut last: Option<&SourceLock> = None;
        self.of.iter().flatten().copied().filter(move |lock| {
            let again = last.is_some_and(|last| std::ptr::eq(last, *lock));
            last = Some(lock);
            !again
        })
    }

    /// True when every table of the n-th source is known.
    pub(super) fn is_complete(&self, n: usize) -> bool {
        self.of[n].is_some_and(|lock| !lock.incomplete)
    }

    /// True when every table of every source is known.
    pub(super) fn complete(&self) -> bool {
        self.complete
    }

    /// A table of the n-th source.
    pub(super) fn table(&self, n: usize, db: &str, table: &str) -> Option<&'p LockedTable> {
        self.of[n]?.tables.get(&TableName::new(db, table))
    }

    /// True when a table is known that the pattern takes.
    pub(super) fn any_table(&self, pattern: &TablePattern, matcher: &TableMatcher) -> bool {
        if let Some(&takes) = self.asked.lock().unwrap_or_else(PoisonError::into_inner).get(pattern) {
            return takes;
        }
        let takes = self.sources().any(|lock| tables(lock, pattern, matcher).next().is_some());
        // An exact name is found sooner than remembered.
        if exact_table(pattern).is_none() {
            self.asked.lock().unwrap_or_else(PoisonError::into_inner).insert(pattern.clone(), takes);
        }
        takes
    }

    /// True when a source compares names without case.
    pub(super) fn has_no_case(&self) -> bool {
        self.sources().any(|lock| lock.case != TableNameCase::Sensitive)
    }

    /// True when a pattern takes no table, but takes one of a server that compares names without case when case does not count.
    pub(super) fn is_case_alone(&self, pattern: &TablePattern) -> bool {
        let takes = |lock: &SourceLock| !in_other_case(lock, pattern).is_empty();
        self.has_no_case()
            && pattern.compile().is_ok_and(|matcher| !self.any_table(pattern, &matcher))
            && self.sources().any(takes)
    }

    /// The pattern with the nearest name in place of the one that is not there.
    pub(super) fn nearest(&self, pattern: &TablePattern) -> Option<TablePattern> {
        let NamePattern::Exact(db) = &pattern.db else { return None };
        let names = || self.sources().flat_map(|lock| lock.tables.keys());
        let dbs: BTreeSet<&str> = names().map(|name| name.db.as_str()).collect();
        if !dbs.contains(db.as_str()) {
            let near = closest(db, dbs)?;
            let near = TablePattern::new(NamePattern::Exact(near.to_owned()), pattern.table.clone());
            let takes = near.compile().is_ok_and(|matcher| self.any_table(&near, &matcher));
            return takes.then_some(near);
        }
        let NamePattern::Exact(table) = &pattern.table else { return None };
        let near = closest(table, names().filter(|name| name.db == *db).map(|name| name.table.as_str()))?;
        Some(TablePattern::new(pattern.db.clone(), NamePattern::Exact(near.to_owned())))
    }
}

/// The tables of a source that a pattern takes. It takes no shadow table of an online schema change, unless it names it.
pub(super) fn tables<'a, 'p: 'a>(
    lock: &'p SourceLock,
    pattern: &'a TablePattern,
    matcher: &'a TableMatcher,
) -> impl Iterator<Item = &'p LockedTable> + 'a {
    let from = match (&pattern.db, &pattern.table) {
        (NamePattern::Exact(db), NamePattern::Exact(table)) => TableName::new(db, table),
        (NamePattern::Exact(db), _) => TableName::new(db, ""),
        _ => TableName::new("", ""),
    };
    let near = move |name: &TableName| match (&pattern.db, &pattern.table) {
        (NamePattern::Exact(db), NamePattern::Exact(table)) => name.db == *db && name.table == *table,
        (NamePattern::Exact(db), _) => name.db == *db,
        _ => true,
    };
    let exact = matches!(pattern.table, NamePattern::Exact(_));
    lock.tables
        .range(from..)
        .take_while(move |(name, _)| near(name))
        .filter(move |(name, _)| matcher.matches(&name.db, &name.table) && (exact || !is_shadow(lock, name)))
        .map(|(_, table)| table)
}

/// True for the shadow table of another one.
fn is_shadow(lock: &SourceLock, name: &TableName) -> bool {
    shadow::bases(&name.table).any(|base| lock.tables.contains_key(&TableName::new(&name.db, base)))
}

/// Tables that a pattern takes when case does not count.
pub(super) fn in_other_case(lock: &SourceLock, pattern: &TablePattern) -> Vec<TableName> {
    if let Some((db, table)) = exact_table(pattern) {
        if lock.case == TableNameCase::Sensitive {
            return Vec::new();
        }
        let folded = TableName::new(lock.case.fold(db), lock.case.fold(table));
        let name = lock.respelt.get(&folded).unwrap_or(&folded);
        let is_there = lock.tables.contains_key(name) && !is_shadow(lock, name);
        return is_there.then(|| name.clone()).into_iter().collect();
    }
    let folded = |pattern: &NamePattern| pattern.folded(lock.case)?.compile().ok();
    let (Some(db), Some(table)) = (folded(&pattern.db), folded(&pattern.table)) else { return Vec::new() };
    let takes = |name: &&TableName| {
        db.matches(&lock.case.fold(&name.db))
            && table.matches(&lock.case.fold(&name.table))
            && !is_shadow(lock, name)
    };
    lock.tables.keys().filter(takes).cloned().collect()
}

/// As it is written in a file.
pub(super) fn written(pattern: &TablePattern) -> String {
    let segment = |pattern: &NamePattern| match pattern {
        NamePattern::Exact(name) => name_text(name),
        NamePattern::Glob(_) | NamePattern::Regex(_) => pattern.to_string(),
    };
    format!("{}.{}", segment(&pattern.db), segment(&pattern.table))
}

/// Most names a message lists.
const LISTED_MAX: usize = 5;

/// Names for a message: `` `a`, `b` and 3 more``.
pub(super) fn listed<N: ToString>(names: &[N]) -> String {
    let shown: Vec<String> =
        names.iter().take(LISTED_MAX).map(|name| format!("`{}`", name.to_string())).collect();
    match names.len().checked_sub(LISTED_MAX) {
        Some(more) if more > 0 => format!("{} and {more} more", shown.join(", ")),
        _ => shown.join(", "),
    }
}
