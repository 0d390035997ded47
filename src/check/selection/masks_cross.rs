//! The part of S0206 about masks: two for one column in one level, neither of which is nearer.

use super::super::columns::sent;
use super::super::flow::{Flow, Known, Project};
use super::super::pairs::{Beginnings, Groups, Pairs, SEARCH};
use super::super::settings::{Setting, Subject};
use super::overrides_cross::CROSSINGS_MAX;
use crate::ast::{Settings, TableBlock};
use crate::diagnostic::Diagnostic;
use crate::hir::OVERRIDES_CROSS;
use crate::pattern::{Matcher, Relation, TableMatcher, TablePattern, some_table};
use crate::statement::MaskRule;
use crate::text::{Span, Spanned};
use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

/// It costs as much as a pair to look at so many columns.
const COLUMNS_OF_PAIR: usize = 10;

pub(super) fn check_masks_cross(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let columns: Vec<Columns<'_, '_>> = project.flows.iter().map(Columns::new).collect();
    check_block(&project.program.defaults.settings, None, &columns, findings);
    for columns in &columns {
        let (flow, own) = (columns.flow, std::slice::from_ref(columns));
        let pipeline = flow.pipeline;
        check_block(&pipeline.settings, None, own, findings);
        check_level(columns, &pipeline.tables, findings);
        for to in &pipeline.to {
            check_block(&to.settings, None, own, findings);
            check_level(columns, &to.tables, findings);
        }
        for block in flow.blocks() {
            check_block(&block.settings, Some(&block.pattern.value), own, findings);
        }
    }
}

/// A mask and the columns it takes.
struct Masked<'p> {
    rule: &'p Spanned<MaskRule>,
    columns: Matcher,
}

/// How two masks disagree.
enum Disagreement {
    /// One takes every column of the other.
    Sure,
    /// A column could be called so that both take it.
    OfSomeName,
}

impl<'p> Masked<'p> {
    /// None where the columns cannot be read, which has been told.
    fn new(rule: &'p Spanned<MaskRule>) -> Option<Masked<'p>> {
        Some(Masked { rule, columns: rule.value.column.compile_column().ok()? })
    }

    /// None unless both may take a column, and make different things of it.
    fn disagreement(&self, other: &Masked<'_>) -> Option<Disagreement> {
        if self.rule.value.method == other.rule.value.method {
            return None;
        }
        match self.columns.relation(&other.columns) {
            Relation::Disjoint => None,
            Relation::Equal | Relation::Wider | Relation::Narrower => Some(Disagreement::Sure),
            Relation::Crossing | Relation::TooLarge => Some(Disagreement::OfSomeName),
        }
    }

    /// True when it takes every column of the other.
    fn takes(&self, other: &Masked<'_>) -> bool {
        matches!(self.columns.relation(&other.columns), Relation::Equal | Relation::Wider)
    }
}

/// The masked columns that a pipeline sends, as far as `schema.lock` lists them. They are looked for where patterns cross, of which only a column
/// that both take tells whether they meet.
struct Columns<'a, 'p> {
    flow: &'a Flow<'p>,
    found: OnceCell<Found<'a>>,
}

#[derive(Default)]
struct Found<'a> {
    /// Those for which one mask holds, by its place.
    decided: HashMap<Span, Vec<(&'a Known, &'a str)>>,
    /// Those about which blocks of one level disagree.
    undecided: Vec<(&'a Known, &'a str)>,
}

impl<'a, 'p> Columns<'a, 'p> {
    fn new(flow: &'a Flow<'p>) -> Columns<'a, 'p> {
        Columns { flow, found: OnceCell::new() }
    }

    fn found(&self) -> &Found<'a> {
        self.found.get_or_init(|| {
            let mut found = Found::default();
            for lane in &self.flow.lanes {
                let tables = (0..self.flow.pipeline.from.len()).flat_map(|source| self.flow.locked(source));
                for (known, table) in tables {
                    for column in sent(lane, known, table).unwrap_or_default() {
                        let name = column.name.value.as_str();
                        match lane.mask(Subject::One(known), name) {
                            Setting::Default => {}
                            Setting::Given(rule, _) => {
                                found.decided.entry(rule.span).or_default().push((known, name));
                            }
                            Setting::Various => found.undecided.push((known, name)),
                        }
                    }
                }
            }
            found
        })
    }

    /// True when both masks take a column of a table of two blocks, and no nearer block decides.
    fn shows(&self, (one, other): (&TableMatcher, &TableMatcher), a: &Masked<'_>, b: &Masked<'_>) -> bool {
        self.found().undecided.iter().any(|(known, name)| {
            [a, b].iter().all(|mask| mask.columns.matches(name))
                && [one, other].iter().all(|tables| tables.matches(&known.db, &known.table))
        })
    }

    /// What it costs to ask that, in pairs.
    fn cost(&self) -> usize {
        self.found.get().map_or(0, |found| found.undecided.len() / COLUMNS_OF_PAIR)
    }
}

/// Names of the columns for which the masks of one block hold, by the place of the mask.
struct OfBlock<'a> {
    names: HashMap<Span, HashSet<&'a str>>,
}

impl<'a> OfBlock<'a> {
    fn new(
        masks: &[Masked<'_>],
        tables: Option<&TablePattern>,
        columns: &'a [Columns<'_, '_>],
    ) -> OfBlock<'a> {
        let tables = tables.and_then(|tables| tables.compile().ok());
        let is_of =
            |known: &Known| tables.as_ref().is_none_or(|tables| tables.matches(&known.db, &known.table));
        let of = |mask: &Masked<'_>| {
            let span = mask.rule.span;
            let found = columns.iter().filter_map(|columns| columns.found().decided.get(&span)).flatten();
            (span, found.filter(|(known, _)| is_of(known)).map(|(_, name)| *name).collect())
        };
        OfBlock { names: masks.iter().map(of).collect() }
    }

    fn of(&self, mask: &Masked<'_>) -> &HashSet<&'a str> {
        &self.names[&mask.rule.span]
    }

    /// True when one of the two holds for a column that both take.
    fn shows(&self, a: &Masked<'_>, b: &Masked<'_>) -> bool {
        self.of(a).iter().any(|name| b.columns.matches(name))
            || self.of(b).iter().any(|name| a.columns.matches(name))
    }

    /// What it costs to ask that, in pairs.
    fn cost(&self, a: &Masked<'_>, b: &Masked<'_>) -> usize {
        (self.of(a).len() + self.of(b).len()) / COLUMNS_OF_PAIR
    }
}

/// Masks of one block; those of its profiles are weaker than its own, and none of them is stronger than another.
fn check_block(
    settings: &Settings,
    tables: Option<&TablePattern>,
    columns: &[Columns<'_, '_>],
    findings: &mut Vec<Diagnostic>,
) {
    for masks in [&settings.masks, &settings.profile_masks] {
        let masks: Vec<Masked<'_>> = masks.iter().filter_map(Masked::new).collect();
        let pairs = (0..masks.len()).flat_map(|later| (0..later).map(move |first| (first, later)));
        let mut pairs = Pairs::new(pairs);
        let mut groups = Groups::default();
        let of_block = OnceCell::new();
        while let Some((first, later)) = pairs.next() {
            let (a, b) = (&masks[first], &masks[later]);
            let disagree = match a.disagreement(b) {
                None => false,
                Some(Disagreement::Sure) => true,
                Some(Disagreement::OfSomeName) => {
                    let of_block = of_block.get_or_init(|| OfBlock::new(&masks, tables, columns));
                    pairs.costs(of_block.cost(a, b));
                    of_block.shows(a, b)
                }
            };
            if disagree {
                groups.join(first, later);
            }
        }
        if groups.is_empty()
            && let Some(last) = masks.last()
        {
            pairs.told(OVERRIDES_CROSS, last.rule.span, "masks", findings);
        }
        for (first, later) in groups.last() {
            let (a, b) = (masks[first].rule, masks[later].rule);
            let message = match a.value.column == b.value.column {
                true => format!("`{}` is masked in two ways", b.value.column),
                false => format!(
                    "`{}` and `{}` take the same columns and mask them in two ways",
                    a.value.column, b.value.column
                ),
            };
            findings.push(
                Diagnostic::error(OVERRIDES_CROSS, b.span, message)
                    .label(b.value.method.to_string())
                    .beside(a.span, a.value.method.to_string())
                    .help("one block gives a column one mask: name the columns apart, or mask some in a nearer block"),
            );
        }
    }
}

fn check_level(columns: &Columns<'_, '_>, blocks: &[TableBlock], findings: &mut Vec<Diagnostic>) {
    let flow = columns.flow;
    let blocks: Vec<MaskedBlock<'_>> = blocks.iter().filter_map(masked).collect();
    let mut n_found = 0;
    let beginnings = Beginnings::new(blocks.iter().map(|block| block.pattern));
    let mut pairs = Pairs::new(beginnings.pairs());
    while let Some((first, later)) = pairs.next() {
        let (first, later) = (&blocks[first], &blocks[later]);
        let (others, tables) = (&first.tables, &later.tables);
        if !matches!(others.relation(tables), Relation::Equal | Relation::Crossing | Relation::TooLarge) {
            continue;
        }
        let mut both = first.masks.iter().flat_map(|a| later.masks.iter().map(move |b| (a, b)));
        let meet = |(a, b): &(&Masked<'_>, &Masked<'_>)| match a.disagreement(b) {
            None => false,
            Some(Disagreement::Sure) => true,
            Some(Disagreement::OfSomeName) => columns.shows((others, tables), a, b),
        };
        let met = both.find(meet);
        pairs.costs(columns.cost());
        let Some((a, b)) = met else { continue };
        pairs.costs(SEARCH + blocks.len() / 10);
        // A narrower block that masks the column decides for the tables it takes.
        let decides = |third: &&MaskedBlock<'_>| {
            third.masks.iter().any(|mask| mask.takes(b))
                && [tables, others].iter().all(|one| third.tables.is_narrower(one))
        };
        let deciding = blocks.iter().filter(decides).map(|block| &block.tables);
        let none: Vec<&TableMatcher> = flow.exclude.iter().map(|one| &one.matcher).chain(deciding).collect();
        let is_open = |include: &TableMatcher| some_table(&[others, tables, include], &none) != Some(false);
        if !flow.include.iter().any(|include| is_open(&include.matcher)) {
            continue;
        }
        let (one, other) = (first.pattern, later.pattern);
        let message = format!("`{one}` and `{other}` mask `{}` in two ways", b.rule.value.column);
        findings.push(
            Diagnostic::error(OVERRIDES_CROSS, b.rule.span, message)
                .label(format!("for `{other}`"))
                .beside(a.rule.span, format!("for `{one}`"))
                .help("neither is narrower: add a `table` block for what both take, or change one of them"),
        );
        n_found += 1;
        if n_found == CROSSINGS_MAX {
            break;
        }
    }
    if n_found == 0
        && let Some(last) = blocks.last()
    {
        pairs.told(OVERRIDES_CROSS, last.masks[0].rule.span, "`table` blocks with masks", findings);
    }
}

/// A `table` block with masks.
struct MaskedBlock<'p> {
    pattern: &'p TablePattern,
    tables: TableMatcher,
    masks: Vec<Masked<'p>>,
}

fn masked(block: &TableBlock) -> Option<MaskedBlock<'_>> {
    let masks: Vec<Masked<'_>> = block.settings.all_masks().filter_map(Masked::new).collect();
    let pattern = &block.pattern.value;
    (!masks.is_empty()).then(|| Some(MaskedBlock { pattern, tables: pattern.compile().ok()?, masks }))?
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{check_diagnostics, check_files, check_locked};

    #[test]
    fn two_masks_of_one_block() {
        check_diagnostics(
            "include shop.*\nmask email with null\n\
             mask EMAIL keep last 4  # error[S0206]: `email` and `EMAIL` take the same columns and mask them in two ways\n",
        );
        check_diagnostics(
            "include shop.*\nmask *_mail, phone with null\n\
             mask work_mail keep last 4  # error[S0206]: `*_mail` and `work_mail` take the same columns and mask them in two ways\n\
             mask zip keep first 2\n",
        );
        check_diagnostics("include shop.*\nmask email with null\nmask e* with null\nmask fax keep last 2\n");
    }

    #[test]
    fn levels_add_up_and_the_nearest_wins() {
        check_diagnostics(
            "include shop.*\nmask email with null\ntable shop.* {\nmask e* keep last 4\n}\ntable shop.a {\nmask email with fixed \"x\"\n}\n\
             to out {\nmask email keep first 1\n}\n",
        );
    }

    #[test]
    fn blocks_that_cross() {
        check_diagnostics(
            "include shop.*\ntable shop.a* {\nmask email with null\nmask fax with null\n}\n\
             table shop.*b {\nmask email keep last 4  # error[S0206]: `shop.a*` and `shop.*b` mask `email` in two ways\n\
             mask phone with null\n}\n",
        );
        check_diagnostics(
            "include shop.*\ntable shop.a* {\nmask email with null\n}\ntable shop.*b {\nmask email keep last 4\n}\n\
             table shop.a*b {\nmask e* with null\n}\n",
        );
    }

    const PEOPLE: &str = "table shop.people {\nprimary id\ncolumn id \"int not null\"\ncolumn home_mail \"text\"\n\
        column work_phone \"text\"\n}\n";
    const STAFF: &str =
        "table shop.staff {\nprimary id\ncolumn id \"int not null\"\ncolumn Work_Mail \"text\"\n}\n";
    const TWO_WAYS: &str =
        "error[S0206]: `*_mail` and `work_*` take the same columns and mask them in two ways";

    #[test]
    fn patterns_that_cross_meet_in_a_column() {
        let masks = |said: &str| format!("mask *_mail with null\nmask work_* keep last 4{said}\n");
        let both = format!("{PEOPLE}{STAFF}");
        let told = format!("  # {TWO_WAYS}");
        check_diagnostics(&format!("include shop.*\n{}", masks("")));
        check_locked(&format!("include shop.people\n{}", masks("")), &both);
        check_locked(&format!("include shop.*\n{}", masks(&told)), &both);
        check_locked(&format!("include shop.*\ntable shop.* {{\n{}}}\n", masks(&told)), &both);
        check_locked(&format!("include shop.*\ntable shop.p* {{\n{}}}\n", masks("")), &both);
        // A nearer block decides.
        let decided =
            format!("include shop.*\n{}table shop.staff {{\nmask work_mail with null\n}}\n", masks(""));
        check_locked(&decided, &both);
    }

    #[test]
    fn patterns_of_a_profile_and_of_all_pipelines() {
        let ends = "source shop mysql \"db\" {\npassword env P\n}\ntarget out stdout\n";
        let pipeline = "pipeline p from shop to out {\ninclude shop.*\n";
        let lock = |tables: &str| format!("edition 2026\nlock source shop {{\n{tables}}}\n");
        for (tables, said) in [(PEOPLE, String::new()), (STAFF, format!("  # {TWO_WAYS}"))] {
            let masks = format!("mask *_mail with null\nmask work_* keep last 4{said}\n");
            let profile =
                format!("edition 2026\n{ends}profile personal {{\n{masks}}}\n{pipeline}with personal\n}}\n");
            check_files(&[("a.sync", &profile), ("schema.lock", &lock(tables))]);
            let defaults = format!("edition 2026\n{ends}defaults {{\n{masks}}}\n{pipeline}}}\n");
            check_files(&[("a.sync", &defaults), ("schema.lock", &lock(tables))]);
        }
    }

    #[test]
    fn patterns_of_blocks_that_cross() {
        let blocks = |said: &str, more: &str| {
            format!(
                "include shop.*\ntable shop.s* {{\nmask *_mail with null\n}}\n\
                 table shop.*f {{\nmask work_* keep last 4{said}\n}}\n{more}"
            )
        };
        check_diagnostics(&blocks("", ""));
        check_locked(&blocks("", ""), &STAFF.replace("Work_Mail", "work_phone"));
        check_locked(
            &blocks("  # error[S0206]: `shop.s*` and `shop.*f` mask `work_*` in two ways", ""),
            STAFF,
        );
        check_locked(&blocks("", "table shop.staff {\nmask work_mail with null\n}\n"), STAFF);
    }
}
