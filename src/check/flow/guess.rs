//! Patterns that take nothing that is sent, and what they were probably meant to be.

use super::super::index::exact_table;
use super::Flow;
use crate::hir::SourceLock;
use crate::mysql::schema::TableName;
use crate::pattern::{NamePattern, TablePattern};
use crate::statement::{Rename, closest};
use crate::text::Span;
use std::collections::{BTreeMap, BTreeSet};

/// Most patterns of a pipeline for which this is asked. Who has more of them has not misspelt them.
const GUESSES_MAX: usize = 200;

/// Most patterns of `include`, and most blocks, of a pipeline for which this is asked.
const LINES_MAX: usize = 1_000;

/// What was probably meant by a pattern that takes nothing that is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::check) struct Guess {
    pub(in crate::check) pattern: TablePattern,
    /// What is written is the name in messages, where the one in the source belongs.
    pub(in crate::check) is_new_name: bool,
    /// `schema.lock` lists what was meant, or a line of the pipeline makes the one name of the other.
    pub(in crate::check) is_sure: bool,
}

/// Guesses for the blocks and lines of a pipeline.
#[derive(Debug, Default)]
pub(in crate::check) struct Guesses {
    /// For `table` blocks: these are read as if they were written so.
    pub(in crate::check) blocks: BTreeMap<TablePattern, Guess>,
    /// For lines of `exclude` that name a table which `schema.lock` does not list.
    pub(in crate::check) excludes: BTreeMap<TablePattern, Guess>,
    /// Databases that lines name and no `include` takes, though one is called nearly so: where that is told, and that one.
    databases: BTreeMap<String, (Span, String)>,
}

impl Guesses {
    /// True when what is wrong with a line is told at another line of its pipeline: the database that both name.
    pub(in crate::check) fn is_told_elsewhere(&self, pattern: &TablePattern, place: Span) -> bool {
        self.database(pattern).is_some_and(|(told, _)| *told != place)
    }

    /// Where the database of a pattern is told to be misspelt, and what an `include` calls it.
    pub(in crate::check) fn database(&self, pattern: &TablePattern) -> Option<&(Span, String)> {
        match &pattern.db {
            NamePattern::Exact(db) => self.databases.get(db),
            NamePattern::Glob(_) | NamePattern::Regex(_) => None,
        }
    }
}

impl<'p> Flow<'p> {
    /// Guesses for everything in the pipeline that takes nothing.
    pub(super) fn guesses(&self) -> Guesses {
        let mut guesses = Guesses::default();
        if self.include.is_empty() || self.is_too_long() {
            return guesses;
        }
        let blocks: BTreeSet<&TablePattern> = self.blocks().map(|block| &block.pattern.value).collect();
        let idle = self.blocks().filter(|block| self.takes_nothing(&block.pattern.value));
        let idle: Vec<(&TablePattern, Span)> =
            idle.take(GUESSES_MAX).map(|block| (&block.pattern.value, block.pattern.span)).collect();
        for (pattern, _) in &idle {
            let guess = self.guess(pattern).filter(|guess| !blocks.contains(&guess.pattern));
            guesses.blocks.extend(guess.map(|guess| ((*pattern).clone(), guess)));
        }
        guesses.excludes = self.misspelt_excludes();
        // A database is told of once: at a block, else at a `rename`, else at an `exclude`.
        let renames = self.renames.iter().filter_map(|one| Some((one.pattern()?, one.span)));
        let excludes = self.exclude.iter().map(|one| (one.pattern, one.span));
        let lines = idle.into_iter().chain(renames.take(GUESSES_MAX)).chain(excludes.take(GUESSES_MAX));
        for (pattern, place) in lines {
            let NamePattern::Exact(db) = &pattern.db else { continue };
            if guesses.databases.contains_key(db) {
                continue;
            }
            if let Some(near) = self.near_database(db) {
                guesses.databases.insert(db.clone(), (place, near.to_owned()));
            }
        }
        guesses
    }

    /// Excludes of one table each that is not there, while another one is, is called nearly so, and is sent because a pattern
    /// takes it. What once was there may be excluded for ever: names that differ in digits are not meant.
    fn misspelt_excludes(&self) -> BTreeMap<TablePattern, Guess> {
        let without_digits = |name: &str| name.replace(|sign: char| sign.is_ascii_digit(), "");
        let named: BTreeSet<&TablePattern> = (self.include.iter().map(|one| one.pattern))
            .chain(self.blocks().map(|block| &block.pattern.value))
            .chain(self.renames.iter().filter_map(|one| one.pattern()))
            .collect();
        let guess = |pattern: &TablePattern| {
            let (db, table) = exact_table(pattern)?;
            let matcher = pattern.compile().ok()?;
            let views = |lock: &SourceLock| lock.views.contains_key(&TableName::new(db, table));
            if self.locks.any_table(pattern, &matcher)
                || self.locks.is_case_alone(pattern)
                || self.locks.sources().any(views)
            {
                return None;
            }
            let near = self.locks.nearest(pattern).filter(|near| !self.takes_nothing(near))?;
            let is_other =
                exact_table(&near).is_none_or(|(_, other)| without_digits(other) != without_digits(table));
            (is_other && !named.contains(&near))
                .then_some((pattern.clone(), Guess { pattern: near, is_new_name: false, is_sure: false }))
        };
        let exact = self.exclude.iter().map(|one| one.pattern).filter(|_| self.locks.complete());
        exact.take(GUESSES_MAX).filter_map(guess).collect()
    }

    /// True for a table that a line of `exclude` is meant to leave out, as far as its name can be guessed.
    pub(in crate::check) fn is_meant_to_be_excluded(&self, db: &str, table: &str) -> bool {
        let mut meant = self.guesses.excludes.values();
        meant.any(|guess| exact_table(&guess.pattern) == Some((db, table)))
    }

    /// True for a pipeline of so many lines that looking for what was meant would take long.
    fn is_too_long(&self) -> bool {
        self.include.len() > LINES_MAX
            || self.blocks().nth(LINES_MAX).is_some()
            || self.renames.len() > GUESSES_MAX
    }

    /// True for a pattern of which no table is sent, as far as that is known.
    fn takes_nothing(&self, pattern: &TablePattern) -> bool {
        let is_unlisted = || {
            let matcher = pattern.compile();
            self.locks.complete()
                && !self.locks.is_case_alone(pattern)
                && matcher.is_ok_and(|matcher| !self.locks.any_table(pattern, &matcher))
        };
        self.is_idle(pattern) || is_unlisted()
    }

    /// What was probably meant by a pattern that takes nothing.
    pub(in crate::check) fn guess(&self, pattern: &TablePattern) -> Option<Guess> {
        if self.is_too_long() {
            return None;
        }
        let is_sent = |meant: &TablePattern| meant != pattern && !self.takes_nothing(meant);
        let by_new_name = self.by_new_name(pattern).into_iter().find(is_sent);
        if let Some(pattern) = by_new_name {
            return Some(Guess { pattern, is_new_name: true, is_sure: true });
        }
        let listed = self.locks.nearest(pattern).filter(is_sent);
        let is_listed = listed.is_some();
        let near = || self.in_near_database(pattern).or_else(|| self.near_included(pattern));
        let pattern = listed.or_else(|| near().filter(is_sent))?;
        Some(Guess { pattern, is_new_name: false, is_sure: is_listed || self.locks.complete() })
    }

    /// What a pattern means if it is written with the names of messages.
    fn by_new_name(&self, pattern: &TablePattern) -> Vec<TablePattern> {
        let is_name = |pattern: &NamePattern, name: Option<&str>| match (pattern, name) {
            (NamePattern::Exact(written), Some(name)) => written == name,
            _ => false,
        };
        let dbs = self.renames.iter().filter_map(|one| match one.rename {
            Rename::Database { from, to } if is_name(&pattern.db, to.as_literal()) => Some(from),
            _ => None,
        });
        let dbs: Vec<&NamePattern> = dbs.chain([&pattern.db]).collect();
        let of_dbs = dbs.iter().map(|&db| TablePattern::new(db.clone(), pattern.table.clone()));
        let of_tables = self.renames.iter().filter_map(|one| match one.rename {
            Rename::Table { from, to } => {
                (is_name(&pattern.table, to.as_literal()) && dbs.contains(&&from.db)).then(|| from.clone())
            }
            Rename::Database { .. } | Rename::Column { .. } => None,
        });
        of_dbs.chain(of_tables).collect()
    }

    /// The database that an `include` names nearly so, where none takes this one.
    fn near_database(&self, db: &str) -> Option<&str> {
        if self.include.iter().any(|one| one.matcher.db.matches(db)) {
            return None;
        }
        let named = self.include.iter().filter_map(|one| match &one.pattern.db {
            NamePattern::Exact(name) => Some(name.as_str()),
            NamePattern::Glob(_) | NamePattern::Regex(_) => None,
        });
        closest(db, named)
    }

    fn in_near_database(&self, pattern: &TablePattern) -> Option<TablePattern> {
        let NamePattern::Exact(db) = &pattern.db else { return None };
        let near = self.near_database(db)?;
        Some(TablePattern::new(NamePattern::Exact(near.to_owned()), pattern.table.clone()))
    }

    /// The pattern with another beginning of its table: that of tables that an `include` names in the same databases.
    fn near_included(&self, pattern: &TablePattern) -> Option<TablePattern> {
        let beside = self.include.iter().filter(|one| one.pattern.db == pattern.db);
        let table = match &pattern.table {
            NamePattern::Exact(table) => {
                let named = beside.filter_map(|one| Some(exact_table(one.pattern)?.1));
                NamePattern::Exact(closest(table, named)?.to_owned())
            }
            NamePattern::Glob(glob) => {
                let own = pattern.table.beginning();
                let begins =
                    beside.map(|one| one.pattern.table.beginning()).filter(|begin| !begin.is_empty());
                let near = closest(own, begins)?;
                NamePattern::from_glob(&format!("{near}{}", &glob[own.len()..])).ok()?
            }
            NamePattern::Regex(_) => return None,
        };
        Some(TablePattern::new(pattern.db.clone(), table))
    }
}
