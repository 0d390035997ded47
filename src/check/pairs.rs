//! Pairs of lines that a rule compares: bounded, so that no file keeps it busy for hours, and never silently.

use crate::diagnostic::{Code, Diagnostic};
use crate::pattern::TablePattern;
use crate::text::Span;
use std::collections::BTreeMap;

/// What it costs to ask whether there is a table that both take, in pairs.
pub(super) const SEARCH: usize = 200;

/// Most pairs that a rule compares in a pipeline.
pub(super) const PAIRS_MAX: usize = 2_000_000;

/// Pairs, up to the most that are compared.
pub(super) struct Pairs<I> {
    pairs: I,
    left: usize,
    is_cut: bool,
}

impl<I: Iterator> Pairs<I> {
    pub(super) fn new(pairs: I) -> Pairs<I> {
        Pairs { pairs, left: PAIRS_MAX, is_cut: false }
    }

    /// Counts the last pair as so many more: it is looked at closer than others.
    pub(super) fn costs(&mut self, more: usize) {
        self.left = self.left.saturating_sub(more);
    }

    /// Says that some were not compared, where that is so.
    pub(super) fn told(&self, code: Code, place: Span, what: &str, findings: &mut Vec<Diagnostic>) {
        if self.is_cut {
            told_of_cut(code, place, what, findings);
        }
    }
}

/// Says that there are too many of something to compare all of it.
pub(super) fn told_of_cut(code: Code, place: Span, what: &str, findings: &mut Vec<Diagnostic>) {
    let message = format!("there are too many {what} to compare each with each other");
    findings.push(Diagnostic::advice(code, place, message).help(
        "only the first pairs were; the same mistake among the others is not seen: make one pattern of many",
    ));
}

impl<I: Iterator> Iterator for Pairs<I> {
    type Item = I::Item;

    fn next(&mut self) -> Option<I::Item> {
        let next = self.pairs.next()?;
        self.is_cut = self.left == 0;
        self.left = self.left.checked_sub(1)?;
        Some(next)
    }
}

/// Patterns by what their names begin with: two that begin differently have no table in common, and need not be compared.
pub(super) struct Beginnings<'p> {
    /// Of each pattern, what database and table begin with.
    of: Vec<(&'p str, &'p str)>,
    /// Beginnings of tables in order, with the numbers of their patterns.
    sorted: Vec<(&'p str, usize)>,
}

impl<'p> Beginnings<'p> {
    pub(super) fn new(patterns: impl IntoIterator<Item = &'p TablePattern>) -> Beginnings<'p> {
        let patterns = patterns.into_iter();
        let of: Vec<_> =
            patterns.map(|pattern| (pattern.db.beginning(), pattern.table.beginning())).collect();
        let mut sorted: Vec<_> = of.iter().enumerate().map(|(n, &(_, table))| (table, n)).collect();
        sorted.sort_unstable();
        Beginnings { of, sorted }
    }

    /// All pairs that may have a table in common, the lower number first; in the order of the higher, then of the lower.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (usize, usize)> {
        (0..self.of.len()).flat_map(|later| self.before(later).into_iter().map(move |first| (first, later)))
    }

    /// Lower numbers of patterns that may have a table in common with one.
    fn before(&self, later: usize) -> Vec<usize> {
        let (db, table) = self.of[later];
        let from = |beginning: &str| self.sorted.partition_point(|&(other, _)| other < beginning);
        let longer = self.sorted[from(table)..].iter().take_while(|(other, _)| other.starts_with(table));
        let shorter = table.char_indices().map(|(end, _)| &table[..end]).flat_map(|beginning| {
            self.sorted[from(beginning)..].iter().take_while(move |&&(other, _)| other == beginning)
        });
        let is_near = |first: usize| {
            let other = self.of[first].0;
            first < later && (other.starts_with(db) || db.starts_with(other))
        };
        let mut found: Vec<usize> = longer.chain(shorter).map(|&(_, n)| n).filter(|&n| is_near(n)).collect();
        found.sort_unstable();
        found
    }
}

/// Numbers in groups: those of a pair are in one.
#[derive(Default)]
pub(super) struct Groups {
    /// The group of a number, or another number of it that is nearer to its name.
    parents: BTreeMap<usize, usize>,
    /// By the name of the group, its last pair.
    last: BTreeMap<usize, (usize, usize)>,
}

impl Groups {
    fn name(&mut self, n: usize) -> usize {
        let mut name = n;
        while let Some(&parent) = self.parents.get(&name).filter(|&&parent| parent != name) {
            name = parent;
        }
        self.parents.insert(n, name);
        name
    }

    /// Puts the groups of the two together. The pairs come in the order in which the last is asked for.
    pub(super) fn join(&mut self, first: usize, later: usize) {
        let (a, b) = (self.name(first), self.name(later));
        self.parents.insert(a, b);
        self.last.remove(&a);
        self.last.insert(b, (first, later));
    }

    /// True when no pair was met.
    pub(super) fn is_empty(&self) -> bool {
        self.last.is_empty()
    }

    /// Of each group its last pair.
    pub(super) fn last(self) -> impl Iterator<Item = (usize, usize)> {
        self.last.into_values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::{NamePattern, Relation};
    use crate::text::FileSet;

    #[test]
    fn what_is_cut_is_said() {
        let place = Span { file: FileSet::new().add("a.sync", "x"), start: 0, end: 1 };
        let said = |n: usize| {
            let mut pairs = Pairs::new(0..n);
            let taken = pairs.by_ref().count();
            let mut findings = Vec::new();
            pairs.told(Code::new("S0206", "overrides-cross"), place, "lines", &mut findings);
            (taken, findings.len())
        };
        assert_eq!(said(PAIRS_MAX), (PAIRS_MAX, 0));
        assert_eq!(said(PAIRS_MAX + 1), (PAIRS_MAX, 1));
        let mut dear = Pairs::new(0..9);
        dear.next();
        dear.costs(PAIRS_MAX);
        assert_eq!(dear.count(), 0);
    }

    #[test]
    fn only_what_begins_alike_is_compared() {
        let pattern = |text: &str| {
            let (db, table) = text.split_once('.').expect("a table");
            let name = |name: &str| match name.contains(['*', '[']) {
                true => NamePattern::Glob(name.to_owned()),
                false => NamePattern::Exact(name.to_owned()),
            };
            TablePattern { db: name(db), table: name(table) }
        };
        let patterns = ["a.b*", "a.bc*", "a.*", "x.b*", "a*.bcd", "a.c*", "a.b[0..9]"].map(pattern);
        let pairs: Vec<_> = Beginnings::new(&patterns).pairs().collect();
        let near = [(0, 1), (0, 2), (1, 2), (0, 4), (1, 4), (2, 4), (2, 5), (0, 6), (1, 6), (2, 6), (4, 6)];
        assert_eq!(pairs, near);
        // All that have a table in common are among them.
        let matchers = patterns.each_ref().map(|pattern| pattern.compile().expect("a pattern"));
        for later in 0..patterns.len() {
            for first in 0..later {
                let is_near = near.contains(&(first, later));
                assert!(is_near || matchers[first].relation(&matchers[later]) == Relation::Disjoint);
            }
        }
    }

    #[test]
    fn groups_grow_together() {
        let mut groups = Groups::default();
        for (first, later) in [(0, 1), (2, 3), (1, 4), (3, 4), (5, 6)] {
            groups.join(first, later);
        }
        assert_eq!(groups.last().collect::<Vec<_>>(), [(3, 4), (5, 6)]);
    }
}
