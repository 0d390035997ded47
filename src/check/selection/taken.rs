//! What `schema.lock` says of a pattern: does it take a table, and if not, what was meant.

use super::super::flow::Flow;
use super::super::locked::{Locks, in_other_case, tables};
use super::super::selector::Selector;
use super::include_covered::wider;
use super::include_shadowed::is_shadowed;
use super::system_schema::is_system;
use crate::mysql::schema::TableName;
use crate::pattern::{NamePattern, Relation, TableMatcher, TablePattern};
use std::cell::OnceCell;

/// What a pattern takes in the sources of a pipeline.
pub(super) enum Taken {
    /// Tables.
    Tables,
    /// No table, but objects that are none.
    Views(Vec<TableName>),
    /// Nothing as it is written. On a server that compares names without case it means tables: the pattern that takes
    /// them, where it can be told.
    OtherCase(Vec<TableName>, Option<TablePattern>),
    /// Nothing.
    Nothing,
}

/// What a pattern takes in sources; none when not every table of them is known.
pub(super) fn taken(locks: &Locks<'_>, pattern: &TablePattern, matcher: &TableMatcher) -> Option<Taken> {
    if locks.any_table(pattern, matcher) {
        return Some(Taken::Tables);
    }
    if !locks.complete() {
        return None;
    }
    let views: Vec<TableName> = locks
        .sources()
        .flat_map(|lock| lock.views.keys())
        .filter(|view| matcher.matches(&view.db, &view.table))
        .cloned()
        .collect();
    if !views.is_empty() {
        return Some(Taken::Views(views));
    }
    let meant: Vec<TableName> = locks.sources().flat_map(|lock| in_other_case(lock, pattern)).collect();
    Some(match meant.is_empty() {
        true => Taken::Nothing,
        false => {
            let exact = in_case_of(pattern, &meant);
            let takes = exact.compile().is_ok_and(|matcher| locks.any_table(&exact, &matcher));
            Taken::OtherCase(meant, takes.then_some(exact))
        }
    })
}

/// Includes of which no rule about patterns alone says anything, and what they take.
pub(super) fn includes<'f, 'p>(flow: &'f Flow<'p>) -> impl Iterator<Item = (&'f Selector<'p>, Taken)> {
    flow.include.iter().enumerate().filter_map(|(n, include)| {
        let taken = taken(&flow.locks.only(include.source), include.pattern, &include.matcher)?;
        let told = is_system(include.pattern) || is_shadowed(flow, include) || wider(flow, n).is_some();
        (!told).then_some((include, taken))
    })
}

/// A pattern in the case of the tables it means.
fn in_case_of(pattern: &TablePattern, meant: &[TableName]) -> TablePattern {
    let spelt = |pattern: &NamePattern, of: fn(&TableName) -> &String| match pattern {
        NamePattern::Exact(name) => {
            NamePattern::Exact(meant.first().map_or_else(|| name.clone(), |meant| of(meant).clone()))
        }
        NamePattern::Glob(glob) => NamePattern::Glob(glob.to_lowercase()),
        NamePattern::Regex(regex) => NamePattern::Regex(regex.clone()),
    };
    TablePattern::new(spelt(&pattern.db, |name| &name.db), spelt(&pattern.table, |name| &name.table))
}

/// True when a pattern takes a table that is sent already, or is to be left out: it is no repair to include it.
pub(super) fn is_decided(flow: &Flow<'_>, pattern: &TablePattern) -> bool {
    let Ok(matcher) = pattern.compile() else { return true };
    flow.locks.sources().any(|lock| {
        tables(lock, pattern, &matcher).any(|table| {
            let TableName { db, table } = &table.name.value;
            let takes = |one: &Selector<'_>| one.matcher.matches(db, table);
            flow.include.iter().any(takes) || flow.exclude.iter().any(takes)
        })
    })
}

/// Includes of a pipeline that take nothing, where lines about what they were meant to take have no effect: that is told at the
/// include.
pub(in crate::check) struct TakeNothing<'f, 'p> {
    flow: &'f Flow<'p>,
    /// Those of which `schema.lock` says so; looked for when they are asked for.
    by_lock: OnceCell<Vec<(&'f Selector<'p>, Taken)>>,
}

impl<'f, 'p> TakeNothing<'f, 'p> {
    pub(in crate::check) fn of(flow: &'f Flow<'p>) -> TakeNothing<'f, 'p> {
        TakeNothing { flow, by_lock: OnceCell::new() }
    }

    /// True when what is wrong with lines about a pattern, of which nothing is sent, is told at an include.
    pub(in crate::check) fn explains(&self, pattern: &TablePattern) -> bool {
        let Ok(tables) = pattern.compile() else { return false };
        let meets = |one: &TableMatcher| one.relation(&tables) != Relation::Disjoint;
        let mut met = self.flow.meeting(pattern, &tables).peekable();
        if met.peek().is_some() {
            return met.all(|include| is_shadowed(self.flow, include));
        }
        let by_lock = self.by_lock.get_or_init(|| {
            includes(self.flow)
                .filter(|(_, taken)| matches!(taken, Taken::OtherCase(..) | Taken::Nothing))
                .collect()
        });
        by_lock.iter().any(|(include, taken)| match taken {
            Taken::OtherCase(meant, _) => meant.iter().any(|table| tables.matches(&table.db, &table.table)),
            // A pattern may have been meant for anything in its database.
            Taken::Nothing if !matches!(include.pattern.table, NamePattern::Exact(_)) => {
                include.pattern.db == pattern.db
            }
            Taken::Nothing => {
                let near = self.flow.locks.only(include.source).nearest(include.pattern);
                near.and_then(|near| near.compile().ok()).is_some_and(|near| meets(&near))
            }
            Taken::Tables | Taken::Views(_) => false,
        })
    }
}
