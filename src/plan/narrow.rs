//! Which of several patterns is the narrowest.

use crate::pattern::Relation;

/// Index of the narrowest of several things that all take one name; where two cross, the earlier stays. None without any.
pub(super) fn narrowest<T>(all: &[T], relation: impl Fn(&T, &T) -> Relation) -> Option<usize> {
    let mut best = 0;
    for n in 1..all.len() {
        if relation(&all[n], &all[best]) == Relation::Narrower {
            best = n;
        }
    }
    (!all.is_empty()).then_some(best)
}

/// Puts narrower things before wider ones; otherwise the order stays.
pub(super) fn narrower_first<T>(all: Vec<T>, relation: impl Fn(&T, &T) -> Relation) -> Vec<T> {
    let mut sorted: Vec<T> = Vec::with_capacity(all.len());
    for one in all {
        let at = sorted.iter().position(|other| relation(&one, other) == Relation::Narrower);
        sorted.insert(at.unwrap_or(sorted.len()), one);
    }
    sorted
}
