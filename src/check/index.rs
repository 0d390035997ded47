//! Which of many patterns take a table, without asking each of them: most name one table.

use crate::pattern::{NamePattern, TableMatcher, TablePattern};
use foldhash::HashMap;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Patterns by what they name.
#[derive(Debug, Default)]
pub(super) struct Index<'p> {
    /// Patterns that name exactly a table, in the order of these, and then of their numbers.
    exact: Vec<(&'p str, &'p str)>,
    /// Their numbers.
    numbers: Vec<usize>,
    /// Numbers of all others.
    pub(super) open: Vec<usize>,
    /// The others by what their names begin and end with, or hold.
    shapes: Vec<Shape<'p>>,
}

/// Patterns of which database and table begin, and the table ends, with so many bytes, and which hold so many more.
#[derive(Debug)]
struct Shape<'p> {
    lengths: [usize; 4],
    numbers: HashMap<Signs<'p>, Vec<usize>>,
}

/// The signs that every name of a pattern begins with, of database and table, those that the table ends with, and where it has
/// none of these some that it holds.
type Signs<'p> = [Cow<'p, str>; 4];

impl Shape<'_> {
    /// Adds the numbers of the patterns that may take a table.
    fn near(&self, db: &str, table: &str, found: &mut Vec<usize>) {
        let [of_db, first, last, inner] = self.lengths;
        let end = table.len().checked_sub(last).and_then(|at| table.get(at..));
        let (Some(db), Some(start), Some(end)) = (db.get(..of_db), table.get(..first), end) else { return };
        // A name is looked up at each place where the signs may stand.
        let n_places = if inner == 0 { 1 } else { (table.len() + 1).saturating_sub(inner) };
        for held in (0..n_places).filter_map(|at| table.get(at..at + inner)) {
            let signs: Signs<'_> = [db, start, end, held].map(Cow::Borrowed);
            found.extend(self.numbers.get(&signs).into_iter().flatten());
        }
    }
}

fn signs(pattern: &TablePattern) -> Signs<'_> {
    let (start, end) = (pattern.table.beginning(), pattern.table.ending());
    let held = match (start, end) {
        ("", "") => pattern.table.held(),
        _ => String::new(),
    };
    [pattern.db.beginning().into(), start.into(), end.into(), held.into()]
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
        let mut shapes: BTreeMap<[usize; 4], HashMap<Signs<'p>, Vec<usize>>> = BTreeMap::new();
        for (n, pattern) in patterns.into_iter().enumerate() {
            match pattern.and_then(exact_table) {
                Some(table) => exact.push((table, n)),
                None => {
                    let signs = pattern.map_or_else(Signs::default, signs);
                    let lengths = signs.each_ref().map(|signs| signs.len());
                    shapes.entry(lengths).or_default().entry(signs).or_default().push(n);
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
        for shape in &self.shapes {
            shape.near(db, table, &mut open);
        }
        open.retain(|&n| matcher(n).is_none_or(|one| one.matches(db, table)));
        open.sort_unstable();
        // Signs may stand in a name more than once.
        open.dedup();
        self.named(db, table).iter().copied().chain(open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_that_takes_a_table_is_hit_once() {
        let texts =
            ["*ab*", "*b*", "*a[0..9]*bab*", "x*", "*b", "*", "xa?ab", "[x]abab", "xabab", "*ac*", "*é*"];
        let name = |text: &str| NamePattern::from_glob(text).expect("a pattern");
        let patterns = texts.map(|text| TablePattern::new(name("shop"), name(text)));
        let matchers = patterns.each_ref().map(|pattern| pattern.compile().expect("a pattern"));
        let index = Index::new(patterns.iter().map(Some));
        for table in ["xabab", "b", "xa", "é", "a7xbab", "abc", ""] {
            let mut hits: Vec<usize> = index.hits("shop", table, |n| Some(&matchers[n])).collect();
            hits.sort_unstable();
            let taken: Vec<usize> =
                (0..texts.len()).filter(|&n| matchers[n].matches("shop", table)).collect();
            assert_eq!(hits, taken, "{table}");
        }
    }
}
