//! How two patterns relate as sets of names.
//!
//! Decided, not guessed: each is a deterministic automaton, and both are walked side by side over all names.
//! Only where an automaton would be too large nothing is known, and that is an answer of its own.

use super::automaton::{Automaton, TooLarge, walk};
use super::matcher::{Matcher, TableMatcher};
use std::collections::BTreeSet;
use std::ops::ControlFlow;

/// How a pattern relates to another, as sets of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Relation {
    /// They take the same names.
    Equal,
    /// Everything the first takes, the second takes too, and more.
    Narrower,
    /// Everything the second takes, the first takes too, and more.
    Wider,
    /// Some names are taken by both, some by the first only, some by the second only.
    Crossing,
    /// No name is taken by both; also when one takes no name at all.
    Disjoint,
    /// A regular expression is too large to compare.
    TooLarge,
}

/// Whether patterns together take everything another one takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Covered {
    /// They do.
    Yes,
    /// A name is left.
    No,
    /// A regular expression is too large to compare.
    TooLarge,
}

impl Matcher {
    /// How this pattern relates to `other`.
    pub fn relation(&self, other: &Matcher) -> Relation {
        if let (Some(a), Some(b)) = (self.column_name(), other.column_name()) {
            return if a == b { Relation::Equal } else { Relation::Disjoint };
        }
        match (self.column_name().filter(|a| a.is_ascii()), other.column_name().filter(|b| b.is_ascii())) {
            (Some(a), None) if !other.matches(a) => return Relation::Disjoint,
            (None, Some(b)) if !self.matches(b) => return Relation::Disjoint,
            (Some(_), None) if other.outline().many => return Relation::Narrower,
            (None, Some(_)) if self.outline().many => return Relation::Wider,
            _ => {}
        }
        match (self.exact_name(), other.exact_name()) {
            (Some(a), Some(b)) if a == b && self.matches(a) => Relation::Equal,
            (Some(_), Some(_)) => Relation::Disjoint,
            // an exact name needs no walk; a pattern that takes no other name is told by one
            (Some(a), None) if !other.matches(a) => Relation::Disjoint,
            (None, Some(b)) if !self.matches(b) => Relation::Disjoint,
            (Some(_), None) if other.outline().many => Relation::Narrower,
            (None, Some(_)) if self.outline().many => Relation::Wider,
            // nor does a pattern and itself, where a name that it takes is at hand
            (None, None)
                if self.is_written_as(other) && self.sample().is_some_and(|name| self.matches(name)) =>
            {
                Relation::Equal
            }
            (None, None) if let Some(relation) = self.outline().relation(other.outline()) => relation,
            (None, None) if self.surely_crosses(other) => Relation::Crossing,
            _ => match (self.automaton(), other.automaton()) {
                (Some(a), Some(b)) => walked(a, b),
                _ => Relation::TooLarge,
            },
        }
    }

    /// True when three names show that the two cross: one of each that the other does not take, and one of both. Most globs
    /// that cross are told so, for a hundredth of what a walk costs.
    fn surely_crosses(&self, other: &Matcher) -> bool {
        let (Some(own), Some(others)) = (self.sample(), other.sample()) else { return false };
        // Where one goes on with any signs and the other begins with any, a name of both is one behind the other.
        let is_of_both = |first: &str, second: &str| {
            let name = [first, second].concat();
            self.matches(&name) && other.matches(&name)
        };
        let is_of_one =
            self.matches(own) && !other.matches(own) && other.matches(others) && !self.matches(others);
        is_of_one && (is_of_both(own, others) || is_of_both(others, own))
    }

    /// Whether `others` together take every name this pattern takes.
    pub fn covered_by(&self, others: &[&Matcher]) -> Covered {
        match self.not_taken_by(others) {
            Ok(left) => {
                if left {
                    Covered::No
                } else {
                    Covered::Yes
                }
            }
            Err(TooLarge) => Covered::TooLarge,
        }
    }

    /// Whether a name is taken by this pattern and by none of `others`.
    fn not_taken_by(&self, others: &[&Matcher]) -> Result<bool, TooLarge> {
        if let Some(name) = self.exact_name() {
            return Ok(self.matches(name) && !others.iter().any(|other| other.matches(name)));
        }
        let mut left = false;
        walk(
            &automata(self, others)?,
            |alive| alive[0],
            |accepts| {
                left = accepts[0] && !accepts[1..].contains(&true);
                if left { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        )?;
        Ok(left)
    }
}

impl TableMatcher {
    /// Whether `other` takes everything this pattern takes, and more. Where a name at hand shows that it does not, no
    /// automaton is asked.
    pub fn is_narrower(&self, other: &TableMatcher) -> bool {
        let may_be = |own: &Matcher, other: &Matcher| {
            own.sample().is_none_or(|name| other.matches(name) || !own.matches(name))
        };
        may_be(&self.db, &other.db)
            && may_be(&self.table, &other.table)
            && self.relation(other) == Relation::Narrower
    }

    /// How this pattern relates to `other`.
    pub fn relation(&self, other: &TableMatcher) -> Relation {
        use Relation::{Crossing, Disjoint, Equal, Narrower, TooLarge, Wider};
        let dbs = self.db.relation(&other.db);
        // Two thirds of all pairs of a project are of two databases.
        if dbs == Disjoint {
            return Disjoint;
        }
        match (dbs, self.table.relation(&other.table)) {
            (Disjoint, _) | (_, Disjoint) => Disjoint,
            (TooLarge, _) | (_, TooLarge) => TooLarge,
            (Equal, relation) | (relation, Equal) => relation,
            (Narrower, Narrower) => Narrower,
            (Wider, Wider) => Wider,
            (Crossing, _) | (_, Crossing) | (Narrower, Wider) | (Wider, Narrower) => Crossing,
        }
    }

    /// Whether `others` together take every table this pattern takes, as an include hidden by its excludes
    /// (S0202).
    pub fn covered_by(&self, others: &[&TableMatcher]) -> Covered {
        // Most patterns are far from being covered, and one name shows it.
        if let Some((db, table)) = self.sample()
            && !others.iter().any(|other| other.matches(db, table))
        {
            return Covered::No;
        }
        let mut near = Vec::new();
        for other in others {
            match self.relation(other) {
                Relation::Equal | Relation::Narrower => return Covered::Yes,
                Relation::Disjoint => {}
                Relation::Wider | Relation::Crossing | Relation::TooLarge => near.push(*other),
            }
        }
        match self.has_table_outside(&near) {
            Ok(true) => Covered::No,
            Ok(false) => Covered::Yes,
            Err(TooLarge) => Covered::TooLarge,
        }
    }

    /// Whether a table is taken by this pattern and by none of `others`.
    ///
    /// Databases fall into groups by which of the others take them; within a group only those decide about
    /// the table.
    fn has_table_outside(&self, others: &[&TableMatcher]) -> Result<bool, TooLarge> {
        let dbs: Vec<&Matcher> = others.iter().map(|other| &other.db).collect();
        let mut groups = BTreeSet::new();
        walk(
            &automata(&self.db, &dbs)?,
            |alive| alive[0],
            |accepts| {
                if accepts[0] {
                    groups.insert(accepts[1..].to_vec());
                }
                ControlFlow::Continue(())
            },
        )?;
        for group in groups {
            let tables: Vec<&Matcher> =
                others.iter().zip(group).filter(|(_, takes)| *takes).map(|(other, _)| &other.table).collect();
            if self.table.not_taken_by(&tables)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Whether a table is taken by all of `all` and by none of `none`; `None` where a regular expression is too large to
/// compare.
pub fn some_table(all: &[&TableMatcher], none: &[&TableMatcher]) -> Option<bool> {
    let (first, more) = all.split_first()?;
    // Most of many are far away, and a walk beside them is dear.
    let is_near = |one: &&TableMatcher| all.iter().all(|wanted| wanted.relation(one) != Relation::Disjoint);
    let none: Vec<&TableMatcher> = none.iter().copied().filter(is_near).collect();
    let others: Vec<&TableMatcher> = more.iter().chain(&none).copied().collect();
    let dbs: Vec<&Matcher> = others.iter().map(|other| &other.db).collect();
    let mut groups = BTreeSet::new();
    let walked = walk(
        &automata(&first.db, &dbs).ok()?,
        |alive| alive[..all.len()].iter().all(|alive| *alive),
        |accepts| {
            if accepts[..all.len()].iter().all(|accepts| *accepts) {
                groups.insert(accepts[all.len()..].to_vec());
            }
            ControlFlow::Continue(())
        },
    );
    walked.ok()?;
    for group in groups {
        let denied = none.iter().zip(group).filter(|(_, takes)| *takes).map(|(other, _)| &other.table);
        let tables: Vec<&Matcher> = more.iter().map(|other| &other.table).chain(denied).collect();
        let mut found = false;
        let walked = walk(
            &automata(&first.table, &tables).ok()?,
            |alive| alive[..all.len()].iter().all(|alive| *alive),
            |accepts| {
                let (wanted, denied) = accepts.split_at(all.len());
                found = !wanted.contains(&false) && !denied.contains(&true);
                if found { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        );
        walked.ok()?;
        if found {
            return Some(true);
        }
    }
    Some(false)
}

fn automata<'m>(first: &'m Matcher, others: &[&'m Matcher]) -> Result<Vec<&'m Automaton>, TooLarge> {
    std::iter::once(first).chain(others.iter().copied()).map(|one| one.automaton().ok_or(TooLarge)).collect()
}

fn walked(a: &Automaton, b: &Automaton) -> Relation {
    let (mut both, mut first, mut second) = (false, false, false);
    let walked = walk(
        &[a, b],
        |alive| alive[0] || alive[1],
        |accepts| {
            match (accepts[0], accepts[1]) {
                (true, true) => both = true,
                (true, false) => first = true,
                (false, true) => second = true,
                (false, false) => {}
            }
            if both && first && second { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        },
    );
    match (walked, both, first, second) {
        (Err(TooLarge), ..) => Relation::TooLarge,
        (Ok(()), false, ..) => Relation::Disjoint,
        (Ok(()), true, false, false) => Relation::Equal,
        (Ok(()), true, false, true) => Relation::Narrower,
        (Ok(()), true, true, false) => Relation::Wider,
        (Ok(()), true, true, true) => Relation::Crossing,
    }
}
