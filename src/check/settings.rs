//! Which setting holds for which tables.

use super::flow::Known;
use super::index::Index;
use super::selector::Selector;
use crate::ast::{Settings, TableBlock, Where};
use crate::hir::{Pipeline, Program, To};
use crate::pattern::{Covered, Matcher, Relation, TableMatcher};
use crate::statement::{MaskRule, Template};
use crate::text::{Span, Spanned};

/// A pipeline towards one of its targets.
pub(super) struct Lane<'p> {
    pub(super) to: &'p To,
    /// `defaults`, pipeline, `to`, and then `table` blocks with their levels.
    levels: Vec<Level<'p>>,
    index: Index<'p>,
}

/// A block of settings.
struct Level<'p> {
    /// The higher wins.
    rank: u8,
    /// Which tables; none means all.
    tables: Option<TableMatcher>,
    settings: &'p Settings,
    /// Its masks, the strongest first.
    masks: Vec<(Matcher, &'p Spanned<MaskRule>)>,
}

/// Tables that a rule asks about: one, or all that a pattern takes.
#[derive(Clone, Copy)]
pub(super) enum Subject<'a> {
    One(&'a Known),
    All(&'a Selector<'a>),
}

/// The setting that holds for tables.
pub(super) enum Setting<'p, 's, T> {
    /// None is given.
    Default,
    /// This one, and the pattern of the `table` block it stands in.
    Given(&'p Spanned<T>, Option<&'s TableMatcher>),
    /// Not one for all of them.
    Various,
}

impl<'p> Lane<'p> {
    pub(super) fn new(program: &'p Program, pipeline: &'p Pipeline, to: &'p To) -> Lane<'p> {
        let everywhere = |rank, settings| Level::new(rank, None, settings);
        let mut levels = vec![
            everywhere(0, &program.defaults.settings),
            everywhere(1, &pipeline.settings),
            everywhere(2, &to.settings),
        ];
        let mut index = Index::default();
        for n in 0..levels.len() {
            index.add(n, None);
        }
        for (rank, blocks) in [(3, &pipeline.tables), (4, &to.tables)] {
            for TableBlock { pattern, settings, .. } in blocks {
                if let Ok(tables) = pattern.value.compile() {
                    index.add(levels.len(), Some(&pattern.value));
                    levels.push(Level::new(rank, Some(tables), settings));
                }
            }
        }
        Lane { to, levels, index }
    }

    /// Every block of settings, and the pattern of a `table` block.
    pub(super) fn blocks(&self) -> impl Iterator<Item = (&'p Settings, Option<&TableMatcher>)> {
        self.levels.iter().map(|level| (level.settings, level.tables.as_ref()))
    }

    /// True when something was left out of the block of the statement at a place: what seems to be missing may be there.
    pub(super) fn is_damaged(&self, statement: Span) -> bool {
        self.levels.iter().any(|level| level.settings.damaged.contains(&statement))
    }

    /// True when something was left out around settings of tables.
    pub(super) fn is_incomplete(&self, pipeline: &Pipeline) -> bool {
        pipeline.incomplete || pipeline.tables.iter().chain(&self.to.tables).any(|block| block.incomplete)
    }

    /// Every `topic`, and the pattern of the `table` block it stands in.
    pub(super) fn topics(&self) -> impl Iterator<Item = (&'p Spanned<Template>, Option<&TableMatcher>)> {
        self.levels.iter().filter_map(|level| Some((level.settings.topic.as_ref()?, level.tables.as_ref())))
    }

    /// The conditions that hold for a table: those of the nearest level, none where levels disagree (S0206).
    pub(super) fn conditions(&self, known: &Known) -> &'p [Spanned<Where>] {
        let given = self
            .index
            .hits(&known.db, &known.table, |n| self.levels[n].tables.as_ref())
            .map(|n| &self.levels[n])
            .filter(|level| !level.settings.conditions.is_empty());
        let given: Vec<&Level<'p>> = given.collect();
        let wins = |level: &&&Level<'p>| {
            given.iter().all(|other| std::ptr::eq(**level, *other) || level.wins_over(other))
        };
        given.iter().find(wins).map_or(&[], |level| &level.settings.conditions)
    }

    /// The mask of a column of tables.
    pub(super) fn mask(&self, subject: Subject<'_>, column: &str) -> Setting<'p, '_, MaskRule> {
        self.nearest(subject, |level| {
            level.masks.iter().find(|(matcher, _)| matcher.matches(column)).map(|(_, rule)| *rule)
        })
    }

    /// The setting of the nearest level for tables.
    pub(super) fn setting<T: PartialEq + 'p>(
        &self,
        subject: Subject<'_>,
        of: impl Fn(&'p Settings) -> Option<&'p Spanned<T>>,
    ) -> Setting<'p, '_, T> {
        self.nearest(subject, |level| of(level.settings))
    }

    fn nearest<T: PartialEq + 'p>(
        &self,
        subject: Subject<'_>,
        of: impl Fn(&Level<'p>) -> Option<&'p Spanned<T>>,
    ) -> Setting<'p, '_, T> {
        let mut best: Option<(&Level<'p>, &'p Spanned<T>)> = None;
        let mut whole: Vec<(&Level<'p>, &'p Spanned<T>)> = Vec::new();
        let mut partial: Vec<(u8, &TableMatcher)> = Vec::new();
        let near: Vec<usize> = match subject {
            Subject::One(known) => {
                self.index.hits(&known.db, &known.table, |n| self.levels[n].tables.as_ref()).collect()
            }
            Subject::All(_) => (0..self.levels.len()).collect(),
        };
        for level in near.into_iter().map(|n| &self.levels[n]) {
            let Some(value) = of(level) else { continue };
            let relation = level.tables.as_ref().map_or(Relation::Narrower, |tables| match subject {
                // Only those that take it are here.
                Subject::One(_) => Relation::Narrower,
                Subject::All(all) => all.matcher.relation(tables),
            });
            match (relation, &level.tables) {
                (Relation::Equal | Relation::Narrower, _) => {
                    whole.push((level, value));
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
        // Of blocks that disagree none holds (S0206).
        if let Some((level, value)) = best {
            let disagrees = |(other, said): &(&Level<'p>, &Spanned<T>)| {
                said.value != value.value && !std::ptr::eq(level, *other) && !level.wins_over(other)
            };
            if whole.iter().any(disagrees) {
                return Setting::Various;
            }
        }
        best.map_or(Setting::Default, |(level, value)| Setting::Given(value, level.tables.as_ref()))
    }
}

impl<'p> Level<'p> {
    fn new(rank: u8, tables: Option<TableMatcher>, settings: &'p Settings) -> Level<'p> {
        let compiled =
            settings.all_masks().filter_map(|mask| Some((mask.value.column.compile_column().ok()?, mask)));
        Level { rank, tables, settings, masks: compiled.collect() }
    }

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
