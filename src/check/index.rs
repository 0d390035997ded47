//! Which of many patterns take a table, without asking each of them: most name one table.

use crate::pattern::{NamePattern, TableMatcher, TablePattern};

/// Patterns by what they name.
#[derive(Debug, Default)]
pub(super) struct Index<'p> {
    /// Patterns that name exactly a table, in the order of these, and then of their numbers.
    exact: Vec<(&'p str, &'p str)>,
    /// Their numbers.
    numbers: Vec<usize>,
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
    /// Of patterns, each under its number; one that is none takes every table.
    pub(super) fn new(patterns: impl IntoIterator<Item = Option<&'p TablePattern>>) -> Index<'p> {
        let mut exact = Vec::new();
        let mut open = Vec::new();
        for (n, pattern) in patterns.into_iter().enumerate() {
            match pattern.and_then(exact_table) {
                Some(table) => exact.push((table, n)),
                None => open.push(n),
            }
        }
        exact.sort_unstable();
        let (exact, numbers) = exact.into_iter().unzip();
        Index { exact, numbers, open }
    }

    /// Numbers of the patterns that name exactly this table.
    pub(super) fn named(&self, db: &str, table: &str) -> &[usize] {
        let first = self.exact.partition_point(|&exact| exact < (db, table));
        let same = self.exact[first..].iter().take_while(|&&exact| exact == (db, table)).count();
        &self.numbers[first..first + same]
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
