//! Which of many patterns take a table, without asking each of them: most name one table.

use crate::pattern::{NamePattern, TableMatcher, TablePattern};
use std::collections::BTreeMap;

/// Patterns by what they name.
#[derive(Debug, Default)]
pub(super) struct Index<'p> {
    /// Numbers of the patterns that name exactly a table, by its database and its name.
    exact: BTreeMap<&'p str, BTreeMap<&'p str, Vec<usize>>>,
    /// Numbers of all others.
    pub(super) open: Vec<usize>,
}

/// Database and table of a pattern that names one table.
pub(super) fn exact_table(pattern: &TablePattern) -> Option<(&str, &str)> {
    match (&pattern.db, &pattern.table) {
        (NamePattern::Exact(db), NamePattern::Exact(table)) => Some((db, table)),
        _ => None,
    }
}

impl<'p> Index<'p> {
    /// Adds a pattern under its number.
    pub(super) fn add(&mut self, n: usize, pattern: Option<&'p TablePattern>) {
        match pattern.and_then(exact_table) {
            Some((db, table)) => self.exact.entry(db).or_default().entry(table).or_default().push(n),
            None => self.open.push(n),
        }
    }

    /// Numbers of the patterns that name exactly this table.
    pub(super) fn named(&self, db: &str, table: &str) -> &[usize] {
        self.exact.get(db).and_then(|tables| tables.get(table)).map_or(&[], Vec::as_slice)
    }

    /// Numbers of the patterns that take a table: those that name it, then the others in order.
    pub(super) fn hits<'a>(
        &'a self,
        db: &'a str,
        table: &'a str,
        matcher: impl Fn(usize) -> Option<&'a TableMatcher> + 'a,
    ) -> impl Iterator<Item = usize> + 'a {
        let open =
            self.open.iter().copied().filter(move |&n| matcher(n).is_none_or(|one| one.matches(db, table)));
        self.named(db, table).iter().copied().chain(open)
    }
}
