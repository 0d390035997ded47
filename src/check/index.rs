//! Which of many patterns take a table, without asking each of them: most name one table.

use crate::pattern::{NamePattern, TableMatcher, TablePattern};
use std::collections::{BTreeMap, HashMap};

/// Patterns by what they name.
#[derive(Debug, Default)]
pub(super) struct Index<'p> {
    /// Patterns that name exactly a table, in the order of these, and then of their numbers.
    exact: Vec<(&'p str, &'p str)>,
    /// Their numbers.
    numbers: Vec<usize>,
    /// Numbers of all others.
    pub(super) open: Vec<usize>,
    /// The others by what their names begin and end with.
    shapes: Vec<Shape<'p>>,
}

/// Patterns of which database and table begin, and the table ends, with so many bytes.
#[derive(Debug)]
struct Shape<'p> {
    lengths: [usize; 3],
    numbers: HashMap<[&'p str; 3], Vec<usize>>,
}

impl Shape<'_> {
    /// Numbers of the patterns that may take a table.
    fn near<'a>(&'a self, db: &'a str, table: &'a str) -> Option<&'a [usize]> {
        let [of_db, first, last] = self.lengths;
        let numbers: &HashMap<[&'a str; 3], Vec<usize>> = &self.numbers;
        let end = table.get(table.len().checked_sub(last)?..)?;
        numbers.get(&[db.get(..of_db)?, table.get(..first)?, end]).map(Vec::as_slice)
    }
}

/// The signs that every name of a pattern begins and ends with, of database and table.
fn ends(pattern: &TablePattern) -> [&str; 3] {
    [pattern.db.beginning(), pattern.table.beginning(), pattern.table.ending()]
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
        let mut shapes: BTreeMap<[usize; 3], HashMap<[&'p str; 3], Vec<usize>>> = BTreeMap::new();
        for (n, pattern) in patterns.into_iter().enumerate() {
            match pattern.and_then(exact_table) {
                Some(table) => exact.push((table, n)),
                None => {
                    let ends = pattern.map_or([""; 3], ends);
                    shapes.entry(ends.map(str::len)).or_default().entry(ends).or_default().push(n);
                    open.push(n);
                }
            }
        }
        exact.sort_unstable();
        let (exact, numbers) = exact.into_iter().unzip();
        let shapes = shapes.into_iter().map(|(lengths, numbers)| Shape { lengths, numbers }).collect();
        Index { exact, numbers, open, shapes }
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
        let mut open: Vec<usize> = Vec::new();
        for near in self.shapes.iter().filter_map(|shape| shape.near(db, table)) {
            open.extend(near.iter().filter(|&&n| matcher(n).is_none_or(|one| one.matches(db, table))));
        }
        open.sort_unstable();
        self.named(db, table).iter().copied().chain(open)
    }
}
