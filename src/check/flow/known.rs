//! Tables that are known by name: those that lines name, and those of `schema.lock`.

use super::super::locked;
use super::super::selection::is_system_database;
use super::super::settings::Lane;
use super::Flow;
use crate::mysql::schema::TableName;
use crate::statement::Rename;
use crate::text::Span;
use foldhash::{HashMap, HashSet};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most known tables of a pipeline. What a rule finds in this many it need not find in more.
const KNOWN_MAX: usize = 20_000;

/// A table that is known by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::check) struct Known {
    pub(in crate::check) db: Arc<str>,
    pub(in crate::check) table: Arc<str>,
    /// Where it is named: at an `include` if one does so.
    pub(in crate::check) span: Span,
    /// A line of the pipeline names it, or it is a member of a range; else it is known from `schema.lock` alone.
    pub(in crate::check) written: bool,
    /// What says something about it. Tables that have this in common share it.
    pub(in crate::check) near: Arc<Near>,
}

/// For every target, the numbers of the levels that say something about a table.
pub(in crate::check) type Near = [Box<[usize]>];

impl Known {
    /// True when the two are one table, if they are of one source.
    pub(in crate::check) fn is_same_table(&self, other: &Known) -> bool {
        (&self.db, &self.table) == (&other.db, &other.table)
    }
}

impl Flow<'_> {
    /// All of them, in order.
    pub(in crate::check) fn known(&self) -> Vec<Known> {
        let blocks = self.blocks().map(|block| (&block.pattern.value, block.pattern.span));
        let renames = self.renames.iter().filter_map(|one| match one.rename {
            Rename::Table { from, .. } => Some((from, one.span)),
            Rename::Column { table, .. } => Some((table, one.span)),
            Rename::Database { .. } => None,
        });
        let includes = self.include.iter().map(|one| (one.pattern, one.span));
        // Each with its first place.
        let mut found: Vec<(Arc<str>, Arc<str>, Span)> = Vec::new();
        let settle = |found: &mut Vec<(Arc<str>, Arc<str>, Span)>| {
            found.sort_by(|one, other| (&one.0, &one.1).cmp(&(&other.0, &other.1)));
            found.dedup_by(|later, first| (&later.0, &later.1) == (&first.0, &first.1));
        };
        let mut seen = HashSet::default();
        // So many are settled: nothing was added since.
        let mut n_settled = 0;
        for (pattern, span) in includes.chain(blocks).chain(renames) {
            let (Some(n_dbs), Some(n_tables)) = (pattern.db.count(), pattern.table.count()) else { continue };
            if !seen.insert(pattern) {
                continue;
            }
            let n_members = n_dbs.saturating_mul(n_tables);
            if found.len() + n_members > KNOWN_MAX {
                if found.len() != n_settled {
                    settle(&mut found);
                    n_settled = found.len();
                }
                if found.len() + n_members > KNOWN_MAX {
                    continue;
                }
            }
            let tables = pattern.table.names().unwrap_or_default();
            for db in pattern.db.names().unwrap_or_default() {
                // Of what the server keeps for itself nothing else is said.
                if is_system_database(&db) {
                    continue;
                }
                let selected = tables.iter().filter(|table| self.selects(&db, table));
                found.extend(selected.map(|table| (db.clone(), table.clone(), span)));
            }
        }
        settle(&mut found);
        let mut nears = Nears::default();
        let mut known: Vec<Known> = found
            .into_iter()
            .map(|(db, table, span)| Known {
                near: nears.of(&self.lanes, &db, &table),
                db,
                table,
                span,
                written: true,
            })
            .collect();
        let unwritten = self.known_by_lock(&known, &mut nears);
        if !unwritten.is_empty() {
            known.extend(unwritten.into_iter().take(KNOWN_MAX.saturating_sub(known.len())));
            known.sort_by(|a, b| (&a.db, &a.table).cmp(&(&b.db, &b.table)));
        }
        known
    }

    /// Selected tables of `schema.lock` that no line names; `written` are those that lines do, in order.
    fn known_by_lock(&self, written: &[Known], nears: &mut Nears) -> Vec<Known> {
        let is_written = |name: &TableName| {
            let order = |one: &Known| (&*one.db, &*one.table).cmp(&(name.db.as_str(), name.table.as_str()));
            written.binary_search_by(order).is_ok()
        };
        let mut found: BTreeMap<&TableName, Span> = BTreeMap::new();
        for include in &self.include {
            let locks = self.locks.only(include.source);
            for table in
                locks.sources().flat_map(|lock| locked::tables(lock, include.pattern, &include.matcher))
            {
                let name = &table.name.value;
                if !is_written(name) && self.selects(&name.db, &name.table) {
                    found.entry(name).or_insert(include.span);
                }
            }
        }
        let known = |(TableName { db, table }, span): (&TableName, Span)| Known {
            near: nears.of(&self.lanes, db, table),
            db: db.as_str().into(),
            table: table.as_str().into(),
            span,
            written: false,
        };
        found.into_iter().map(known).collect()
    }
}

/// What says something about tables, each once: there are few of these, and many tables.
#[derive(Default)]
pub(super) struct Nears {
    /// By the numbers of all levels, those of a target behind a sign of their own.
    all: HashMap<Vec<Option<usize>>, Arc<Near>>,
    /// The numbers of the last table.
    last: Vec<Option<usize>>,
}

impl Nears {
    /// Towards each target, the levels that say something about a table.
    pub(super) fn of(&mut self, lanes: &[Lane<'_>], db: &str, table: &str) -> Arc<Near> {
        self.last.clear();
        for lane in lanes {
            self.last.extend(lane.near(db, table).map(Some));
            self.last.push(None);
        }
        if let Some(near) = self.all.get(&self.last) {
            return near.clone();
        }
        let near: Arc<Near> = self
            .last
            .split(Option::is_none)
            .take(lanes.len())
            .map(|levels| levels.iter().copied().flatten().collect())
            .collect();
        self.all.insert(self.last.clone(), near.clone());
        near
    }
}
