//! Which of several patterns is the narrowest.

use crate::pattern::Relation;
use foldhash::HashMap;
use std::sync::{Mutex, PoisonError};

/// How things with an index relate to each other, asked once per pair: a relation of two patterns costs up to milliseconds,
/// and every table of a pattern asks for the same pairs.
#[derive(Debug, Default)]
pub(super) struct Relations {
    known: Mutex<HashMap<(usize, usize), Relation>>,
}

impl Relations {
    fn of(&self, a: usize, b: usize, relation: impl Fn(usize, usize) -> Relation) -> Relation {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        *known.entry((a, b)).or_insert_with(|| relation(a, b))
    }

    /// The narrowest of several things that all take one name; where two cross, the earlier stays. None without any.
    pub(super) fn narrowest(
        &self,
        hits: &[usize],
        relation: impl Fn(usize, usize) -> Relation,
    ) -> Option<usize> {
        let (&first, rest) = hits.split_first()?;
        Some(rest.iter().fold(first, |best, &n| match self.of(n, best, &relation) {
            Relation::Narrower => n,
            Relation::Equal
            | Relation::Wider
            | Relation::Crossing
            | Relation::Disjoint
            | Relation::TooLarge => best,
        }))
    }

    /// Puts narrower things before wider ones; otherwise the order stays.
    pub(super) fn narrower_first(
        &self,
        hits: Vec<usize>,
        relation: impl Fn(usize, usize) -> Relation,
    ) -> Vec<usize> {
        let mut sorted: Vec<usize> = Vec::with_capacity(hits.len());
        for n in hits {
            let at = sorted.iter().position(|&other| self.of(n, other, &relation) == Relation::Narrower);
            sorted.insert(at.unwrap_or(sorted.len()), n);
        }
        sorted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers as sets of their multiples: 4 is narrower than 2, 2 and 3 cross.
    fn relation(a: usize, b: usize) -> Relation {
        match (a % b, b % a) {
            (0, 0) => Relation::Equal,
            (0, _) => Relation::Narrower,
            (_, 0) => Relation::Wider,
            _ => Relation::Crossing,
        }
    }

    #[test]
    fn narrower_wins_and_crossing_keeps_the_earlier() {
        let relations = Relations::default();
        assert_eq!(relations.narrowest(&[2, 8, 4], relation), Some(8));
        assert_eq!(relations.narrowest(&[2, 3], relation), Some(2));
        assert_eq!(relations.narrowest(&[], relation), None);
        assert_eq!(relations.narrower_first(vec![2, 3, 8, 4, 12, 6], relation), [8, 12, 4, 6, 2, 3]);
    }
}
