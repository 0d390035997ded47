//! A program as its rules look at it: patterns compiled once, the tables that are known, and which setting holds where.

use crate::ast::{Settings, TableBlock};
use crate::hir::{Pipeline, Program, To};
use crate::pattern::{Covered, Matcher, NamePattern, Relation, TableMatcher, TablePattern};
use crate::statement::{Names, RENAME_PLACEHOLDERS, Rename, TOPIC_PLACEHOLDERS, Template};
use crate::text::{Span, Spanned};
use std::collections::BTreeMap;

/// Most known tables of a pipeline. What a rule finds in this many it need not find in more.
const KNOWN_MAX: usize = 20_000;

/// A program and its pipelines.
pub(super) struct Project<'p> {
    pub(super) program: &'p Program,
    pub(super) flows: Vec<Flow<'p>>,
}

/// A pipeline.
pub(super) struct Flow<'p> {
    pub(super) pipeline: &'p Pipeline,
    pub(super) include: Vec<Selector<'p>>,
    pub(super) exclude: Vec<Selector<'p>>,
    pub(super) renames: Vec<Renaming<'p>>,
    /// Tables that are surely selected, if they exist, each once: those the lines of the pipeline name, and members of
    /// ranges.
    pub(super) known: Vec<Known>,
    /// One for each target.
    pub(super) lanes: Vec<Lane<'p>>,
}

/// A pattern of tables and its place.
pub(super) struct Selector<'p> {
    pub(super) pattern: &'p TablePattern,
    pub(super) span: Span,
    pub(super) matcher: TableMatcher,
}

/// A `rename` line.
pub(super) struct Renaming<'p> {
    pub(super) rename: &'p Rename,
    pub(super) span: Span,
    /// Tables it says something about.
    pub(super) tables: TableMatcher,
    /// In one of columns, the column.
    pub(super) column: Option<Matcher>,
}

/// What a `rename` line names anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Renamed {
    Database,
    Table,
    Column,
}

/// A table that is known by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Known {
    pub(super) db: String,
    pub(super) table: String,
    /// Where it is named: at an `include` if one does so.
    pub(super) span: Span,
}

/// A table's name in messages, and the lines that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewName {
    pub(super) db: String,
    pub(super) table: String,
    /// Indexes of renames: of the database, of the table.
    pub(super) lines: (Option<usize>, Option<usize>),
}

/// A pipeline towards one of its targets.
pub(super) struct Lane<'p> {
    pub(super) to: &'p To,
    /// `defaults`, pipeline, `to`, and then `table` blocks with their levels.
    levels: Vec<Level<'p>>,
}

/// A block of settings.
struct Level<'p> {
    /// The higher wins.
    rank: u8,
    /// Which tables; none means all.
    tables: Option<TableMatcher>,
    settings: &'p Settings,
}

/// Tables that a rule asks about: one, or all that a pattern takes.
#[derive(Clone, Copy)]
pub(super) enum Subject<'a> {
    One(&'a Known),
    All(&'a Selector<'a>),
}

/// The setting that holds for tables.
pub(super) enum Setting<'p, T> {
    /// None is given.
    Default,
    /// This one, and the pattern of the `table` block it stands in.
    Given(&'p Spanned<T>, Option<&'p TableMatcher>),
    /// Not one for all of them.
    Various,
}

impl<'p> Project<'p> {
    pub(super) fn new(program: &'p Program) -> Project<'p> {
        let flows = program.pipelines.iter().map(|pipeline| Flow::new(program, pipeline)).collect();
        Project { program, flows }
    }
}

/// Patterns that reach this stage can be read; one that cannot would be left out.
fn selectors(patterns: &[Spanned<TablePattern>]) -> Vec<Selector<'_>> {
    patterns.iter().filter_map(|one| Selector::new(&one.value, one.span)).collect()
}

impl<'p> Selector<'p> {
    pub(super) fn new(pattern: &'p TablePattern, span: Span) -> Option<Selector<'p>> {
        Some(Selector { pattern, span, matcher: pattern.compile().ok()? })
    }
}

impl<'p> Renaming<'p> {
    fn new(rename: &'p Spanned<Rename>) -> Option<Renaming<'p>> {
        let (tables, column) = match &rename.value {
            Rename::Database { from, .. } => {
                let any = NamePattern::Glob("*".to_owned());
                (TableMatcher { db: from.compile().ok()?, table: any.compile().ok()? }, None)
            }
            Rename::Table { from, .. } => (from.compile().ok()?, None),
            Rename::Column { table, column, .. } => (table.compile().ok()?, Some(column.compile().ok()?)),
        };
        Some(Renaming { rename: &rename.value, span: rename.span, tables, column })
    }

    pub(super) fn kind(&self) -> Renamed {
        match self.rename {
            Rename::Database { .. } => Renamed::Database,
            Rename::Table { .. } => Renamed::Table,
            Rename::Column { .. } => Renamed::Column,
        }
    }

    /// The new name.
    pub(super) fn to(&self) -> &'p Template {
        match self.rename {
            Rename::Database { to, .. } | Rename::Table { to, .. } | Rename::Column { to, .. } => to,
        }
    }

    /// What its pattern's captures stand for in a table.
    fn captures(&self, db: &str, table: &str) -> Vec<(String, String)> {
        let captures = match self.kind() {
            Renamed::Database => self.tables.db.captures(db),
            Renamed::Table | Renamed::Column => self.tables.captures(db, table),
        };
        captures.unwrap_or_default()
    }
}

impl<'p> Flow<'p> {
    fn new(program: &'p Program, pipeline: &'p Pipeline) -> Flow<'p> {
        let mut flow = Flow {
            pipeline,
            include: selectors(&pipeline.include),
            exclude: selectors(&pipeline.exclude),
            renames: pipeline.renames.iter().filter_map(Renaming::new).collect(),
            known: Vec::new(),
            lanes: pipeline.to.iter().map(|to| Lane::new(program, pipeline, to)).collect(),
        };
        flow.known = flow.known();
        flow
    }

    /// True when an `include` takes the table and no `exclude` does.
    fn selects(&self, db: &str, table: &str) -> bool {
        let takes = |all: &[Selector<'_>]| all.iter().any(|one| one.matcher.matches(db, table));
        takes(&self.include) && !takes(&self.exclude)
    }

    fn known(&self) -> Vec<Known> {
        let blocks = self.blocks().map(|block| (&block.pattern.value, block.pattern.span));
        let renames = self.renames.iter().filter_map(|one| match one.rename {
            Rename::Table { from, .. } => Some((from, one.span)),
            Rename::Column { table, .. } => Some((table, one.span)),
            Rename::Database { .. } => None,
        });
        let includes = self.include.iter().map(|one| (one.pattern, one.span));
        let mut found: BTreeMap<(String, String), Span> = BTreeMap::new();
        for (pattern, span) in includes.chain(blocks).chain(renames) {
            let (Some(dbs), Some(tables)) = (pattern.db.members(), pattern.table.members()) else { continue };
            if found.len() + dbs.len().saturating_mul(tables.len()) > KNOWN_MAX {
                continue;
            }
            for db in &dbs {
                for table in &tables {
                    if self.selects(&db.name, &table.name) {
                        found.entry((db.name.clone(), table.name.clone())).or_insert(span);
                    }
                }
            }
        }
        found.into_iter().map(|((db, table), span)| Known { db, table, span }).collect()
    }

    /// All `table` blocks.
    pub(super) fn blocks(&self) -> impl Iterator<Item = &'p TableBlock> {
        self.pipeline.tables.iter().chain(self.pipeline.to.iter().flat_map(|to| &to.tables))
    }

    /// Groups of tables that together hold every selected one: the known, and what unbounded patterns take.
    pub(super) fn subjects(&self) -> impl Iterator<Item = Subject<'_>> {
        let unbounded = |one: &&Selector<'_>| {
            let bounded = one.pattern.db.members().is_some() && one.pattern.table.members().is_some();
            !bounded && !self.is_idle(&one.matcher)
        };
        let known = self.known.iter().map(Subject::One);
        known.chain(self.include.iter().filter(unbounded).map(Subject::All))
    }

    /// True when no table of a pattern is selected.
    pub(super) fn is_idle(&self, tables: &TableMatcher) -> bool {
        let met = |one: &Selector<'_>| tables.relation(&one.matcher) != Relation::Disjoint;
        let excludes: Vec<&TableMatcher> = self.exclude.iter().map(|one| &one.matcher).collect();
        !self.include.iter().any(met) || tables.covered_by(&excludes) == Covered::Yes
    }

    /// The rename of a kind that holds for a table: the narrowest.
    fn renaming(&self, kind: Renamed, db: &str, table: &str) -> Option<usize> {
        let hits = (0..self.renames.len())
            .filter(|&n| self.renames[n].kind() == kind && self.renames[n].tables.matches(db, table));
        hits.reduce(|best, n| {
            let relation = self.renames[n].tables.relation(&self.renames[best].tables);
            if relation == Relation::Narrower { n } else { best }
        })
    }

    /// A table's name in messages; none when a placeholder stands for nothing.
    pub(super) fn new_name(&self, source: &str, db: &str, table: &str) -> Option<NewName> {
        let lines = (self.renaming(Renamed::Database, db, table), self.renaming(Renamed::Table, db, table));
        let named = |line: Option<usize>, old: &str| match line {
            None => Some(old.to_owned()),
            Some(line) => {
                let renaming = &self.renames[line];
                let names = self.names(source, (db, table), (db, table));
                names.expand(renaming.to(), &renaming.captures(db, table), RENAME_PLACEHOLDERS).ok()
            }
        };
        Some(NewName { db: named(lines.0, db)?, table: named(lines.1, table)?, lines })
    }

    fn names<'a>(
        &'a self,
        source: &'a str,
        new: (&'a str, &'a str),
        origin: (&'a str, &'a str),
    ) -> Names<'a> {
        let pipeline = self.pipeline.name.value.as_str();
        Names { source, pipeline, db: new.0, table: new.1, origin_db: origin.0, origin_table: origin.1 }
    }

    /// The topic of a known table; none when that is not known, or a placeholder stands for nothing.
    pub(super) fn topic(&self, lane: &Lane<'p>, source: &str, known: &Known) -> Option<String> {
        let name = self.new_name(source, &known.db, &known.table)?;
        match lane.setting(Subject::One(known), |settings| settings.topic.as_ref()) {
            Setting::Default => Some(format!("{}.{}", name.db, name.table)),
            Setting::Various => None,
            Setting::Given(topic, tables) => {
                let captures = tables.and_then(|tables| tables.captures(&known.db, &known.table));
                let names = self.names(source, (&name.db, &name.table), (&known.db, &known.table));
                names.expand(&topic.value, &captures.unwrap_or_default(), TOPIC_PLACEHOLDERS).ok()
            }
        }
    }

    /// Names of its sources.
    pub(super) fn sources<'a>(&'a self, program: &'a Program) -> impl Iterator<Item = &'a str> {
        self.pipeline.from.iter().map(|from| program.source(from.value).name.value.as_str())
    }
}

impl<'p> Lane<'p> {
    fn new(program: &'p Program, pipeline: &'p Pipeline, to: &'p To) -> Lane<'p> {
        let everywhere = |rank, settings| Level { rank, tables: None, settings };
        let mut levels = vec![
            everywhere(0, &program.defaults.settings),
            everywhere(1, &pipeline.settings),
            everywhere(2, &to.settings),
        ];
        for (rank, blocks) in [(3, &pipeline.tables), (4, &to.tables)] {
            for TableBlock { pattern, settings, .. } in blocks {
                if let Ok(tables) = pattern.value.compile() {
                    levels.push(Level { rank, tables: Some(tables), settings });
                }
            }
        }
        Lane { to, levels }
    }

    /// Every `topic`, and the pattern of the `table` block it stands in.
    pub(super) fn topics(&self) -> impl Iterator<Item = (&'p Spanned<Template>, Option<&TableMatcher>)> {
        self.levels.iter().filter_map(|level| Some((level.settings.topic.as_ref()?, level.tables.as_ref())))
    }

    /// The setting of the nearest level for tables.
    pub(super) fn setting<T: 'p>(
        &self,
        subject: Subject<'_>,
        of: impl Fn(&'p Settings) -> Option<&'p Spanned<T>>,
    ) -> Setting<'_, T> {
        let mut best: Option<(&Level<'p>, &'p Spanned<T>)> = None;
        let mut partial: Vec<(u8, &TableMatcher)> = Vec::new();
        for level in &self.levels {
            let Some(value) = of(level.settings) else { continue };
            let relation = level.tables.as_ref().map_or(Relation::Narrower, |tables| match subject {
                Subject::One(known) if tables.matches(&known.db, &known.table) => Relation::Narrower,
                Subject::One(_) => Relation::Disjoint,
                Subject::All(all) => all.matcher.relation(tables),
            });
            match (relation, &level.tables) {
                (Relation::Equal | Relation::Narrower, _) => {
                    if best.as_ref().is_none_or(|(other, _)| level.wins_over(other)) {
                        best = Some((level, value));
                    }
                }
                (Relation::Wider | Relation::Crossing | Relation::TooLarge, Some(tables)) => {
                    partial.push((level.rank, tables));
                }
                (Relation::Disjoint | Relation::Wider | Relation::Crossing | Relation::TooLarge, _) => {}
            }
        }
        // Blocks for some of the tables may together hold them all.
        if let Subject::All(all) = subject {
            let least = best.as_ref().map_or(0, |(level, _)| level.rank);
            partial.retain(|(rank, _)| *rank >= least);
            let nearer: Vec<&TableMatcher> = partial.into_iter().map(|(_, one)| one).collect();
            if !nearer.is_empty() && all.matcher.covered_by(&nearer) != Covered::No {
                return Setting::Various;
            }
        }
        best.map_or(Setting::Default, |(level, value)| Setting::Given(value, level.tables.as_ref()))
    }
}

impl Level<'_> {
    /// True when this level's setting holds, for tables that both take.
    fn wins_over(&self, other: &Level<'_>) -> bool {
        match (&self.tables, &other.tables) {
            _ if self.rank != other.rank => self.rank > other.rank,
            (Some(own), Some(other)) => own.relation(other) == Relation::Narrower,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }
}
