//! Patterns that take nothing that is sent, and what they were probably meant to be.

use super::super::index::exact_table;
use super::Flow;
use crate::diagnostic::Diagnostic;
use crate::hir::SourceLock;
use crate::mysql::schema::TableName;
use crate::pattern::{NamePattern, Relation, TableMatcher, TablePattern};
use crate::statement::{Rename, closest, closest_glob, is_slip};
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
    /// For patterns of which nothing is sent: where that is told, of all that have it of one cause.
    told: BTreeMap<TablePattern, Span>,
    /// Where that is told, the other lines that it is true of, and the `exclude` that is the cause.
    same: BTreeMap<Span, (Vec<Span>, Option<Span>)>,
}

/// Why nothing of a pattern is sent.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Cause<'p> {
    /// The `exclude` at this place takes all of it.
    Exclude(Span),
    /// Nothing takes it.
    NotIncluded(&'p TablePattern),
}

impl Guesses {
    /// True when what is wrong with a line is told at another line of its pipeline: the database or the table that both name, or
    /// the `exclude` that takes away the tables of both.
    pub(in crate::check) fn is_told_elsewhere(&self, pattern: &TablePattern, place: Span) -> bool {
        let of_database = self.database(pattern).map(|(told, _)| told);
        of_database.or_else(|| self.told.get(pattern)).is_some_and(|told| *told != place)
    }

    /// Adds to what is told of a line at `place` the other lines that it is true of, and the `exclude` that is the cause.
    pub(in crate::check) fn with_same(&self, mut finding: Diagnostic, place: Span) -> Diagnostic {
        let Some((others, exclude)) = self.same.get(&place) else { return finding };
        if let Some(exclude) = exclude {
            finding = finding.beside(*exclude, "taken away here");
        }
        for &other in others {
            finding = finding.beside(other, "the same here");
        }
        finding
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
        let renames = || self.renames.iter().filter_map(|one| Some((one.pattern()?, one.span)));
        let idle_renames = renames().take(GUESSES_MAX).filter(|(pattern, _)| self.takes_nothing(pattern));
        self.tell_once(&mut guesses, idle.iter().copied().chain(idle_renames));
        // A database is told of once: at a block, else at a `rename`, else at an `exclude`.
        let excludes = self.exclude.iter().map(|one| (one.pattern, one.span));
        let lines = idle.into_iter().chain(renames().take(GUESSES_MAX)).chain(excludes.take(GUESSES_MAX));
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

    /// Settles where it is told that nothing of a pattern is sent: at the first of the lines that have it of one cause.
    fn tell_once<'a>(&self, guesses: &mut Guesses, idle: impl Iterator<Item = (&'a TablePattern, Span)>) {
        let mut first: BTreeMap<Cause<'_>, Span> = BTreeMap::new();
        for (pattern, place) in idle {
            let cause = self.excluded_at(pattern).map_or(Cause::NotIncluded(pattern), Cause::Exclude);
            let exclude = match &cause {
                Cause::Exclude(place) => Some(*place),
                Cause::NotIncluded(_) => None,
            };
            let told = *first.entry(cause).or_insert(place);
            guesses.told.entry(pattern.clone()).or_insert(told);
            let (others, _) = guesses.same.entry(told).or_insert_with(|| (Vec::new(), exclude));
            others.extend((told != place).then_some(place));
        }
    }

    /// The `exclude` that takes away all that the includes take of a pattern.
    fn excluded_at(&self, pattern: &TablePattern) -> Option<Span> {
        let tables = pattern.compile().ok().filter(|_| self.exclude.len() <= LINES_MAX)?;
        let takes = |relation| matches!(relation, Relation::Equal | Relation::Narrower);
        let mut whole = self.exclude.iter().filter(|one| one.source.is_none());
        let whole = whole.find(|one| takes(tables.relation(&one.matcher)))?;
        self.is_met(pattern, &tables).then_some(whole.span)
    }

    /// Tables that lines of `rename` that take nothing were meant for.
    pub(super) fn meant_by_renames(&self) -> Vec<TableMatcher> {
        if self.include.is_empty() || self.is_too_long() {
            return Vec::new();
        }
        let tables = self.renames.iter().filter_map(|one| match one.rename {
            Rename::Table { from, .. } => Some(from),
            Rename::Database { .. } | Rename::Column { .. } => None,
        });
        let meant = tables.filter(|from| self.takes_nothing(from)).filter_map(|from| self.guess(from));
        meant.filter_map(|guess| guess.pattern.compile().ok()).collect()
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
        let excludes = self.exclude.iter().map(|one| one.pattern).filter(|_| self.locks.complete());
        let guess = |pattern| guess(pattern).or_else(|| self.misspelt_glob(pattern));
        excludes.take(GUESSES_MAX).filter_map(guess).collect()
    }

    /// The same of a glob of tables of one database.
    fn misspelt_glob(&self, pattern: &TablePattern) -> Option<(TablePattern, Guess)> {
        let (NamePattern::Exact(db), NamePattern::Glob(glob)) = (&pattern.db, &pattern.table) else {
            return None;
        };
        if self.locks.any_table(pattern, &pattern.compile().ok()?) {
            return None;
        }
        let tables = self.locks.sources().flat_map(|lock| lock.tables.keys());
        let own = tables.filter(|table| table.db == *db && self.selects(&table.db, &table.table));
        let near = closest_glob(glob, own.map(|table| table.table.as_str()))?;
        let table = match near.contains('*') {
            true => NamePattern::Glob(near),
            false => NamePattern::Exact(near),
        };
        let meant = TablePattern { db: pattern.db.clone(), table };
        Some((pattern.clone(), Guess { pattern: meant, is_new_name: false, is_sure: false }))
    }

    /// True for a table that a line of `exclude` is meant to leave out, as far as its name can be guessed.
    pub(in crate::check) fn is_meant_to_be_excluded(&self, db: &str, table: &str) -> bool {
        let mut meant = self.guesses.excludes.values();
        meant.any(|guess| match exact_table(&guess.pattern) {
            Some(meant) => meant == (db, table),
            None => guess.pattern.compile().is_ok_and(|tables| tables.matches(db, table)),
        })
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
        let near = || {
            let in_database = self.in_near_database(pattern).or_else(|| self.near_included(pattern));
            in_database.or_else(|| self.near_range(pattern)).or_else(|| self.longer_name(pattern))
        };
        let meant = listed.or_else(|| near().filter(is_sent))?;
        let is_sure =
            (is_listed || self.locks.complete()) && is_slip(&pattern.to_string(), &meant.to_string());
        Some(Guess { pattern: meant, is_new_name: false, is_sure })
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

    /// The one table of its database whose name goes on behind that of a table which `schema.lock` does not list: `audit_log` for
    /// `audit`.
    fn longer_name(&self, pattern: &TablePattern) -> Option<TablePattern> {
        let (db, table) = exact_table(pattern).filter(|_| self.locks.complete())?;
        if self.locks.any_table(pattern, &pattern.compile().ok()?) {
            return None;
        }
        let goes_on = |name: &&TableName| {
            name.db == db && name.table.strip_prefix(table).is_some_and(|rest| rest.starts_with('_'))
        };
        let longer: BTreeSet<&TableName> =
            self.locks.sources().flat_map(|lock| lock.tables.keys()).filter(goes_on).collect();
        let &[only] = Vec::from_iter(longer).as_slice() else { return None };
        Some(TablePattern::new(pattern.db.clone(), NamePattern::Exact(only.table.clone())))
    }

    /// The pattern of an `include` that differs in a few signs of one name, and in no range.
    fn near_range(&self, pattern: &TablePattern) -> Option<TablePattern> {
        // An exact name is looked for among exact ones.
        if exact_table(pattern).is_some() {
            return None;
        }
        let own = [outside_of_ranges(&pattern.db), outside_of_ranges(&pattern.table)];
        let near = |segment: usize| {
            let (text, ranges) = &own[segment];
            let beside = self.include.iter().filter_map(|one| {
                let of_one = [outside_of_ranges(&one.pattern.db), outside_of_ranges(&one.pattern.table)];
                let is_beside = of_one[1 - segment] == own[1 - segment] && of_one[segment].1 == *ranges;
                is_beside.then(|| (of_one[segment].0.clone(), one.pattern))
            });
            let beside: Vec<(String, &TablePattern)> = beside.collect();
            let near = closest(text, beside.iter().map(|(text, _)| text.as_str()))?;
            beside.iter().find(|(text, _)| text == near).map(|(_, pattern)| (*pattern).clone())
        };
        near(1).or_else(|| near(0))
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

/// A pattern without what stands in brackets, and what that is.
fn outside_of_ranges(pattern: &NamePattern) -> (String, Vec<String>) {
    let text = pattern.to_string();
    let mut outside = String::new();
    let mut ranges = Vec::new();
    let mut rest = text.as_str();
    while let Some((before, behind)) = rest.split_once('[') {
        let (range, behind) = behind.split_once(']').unwrap_or((behind, ""));
        outside += before;
        ranges.push(range.to_owned());
        rest = behind;
    }
    (outside + rest, ranges)
}
