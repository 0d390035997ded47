//! The part of S0206 about masks: two for one column in one level, neither of which is nearer.

use super::super::flow::{Flow, Project};
use super::super::pairs::{Beginnings, Groups, Pairs, SEARCH};
use super::overrides_cross::CROSSINGS_MAX;
use crate::ast::{Settings, TableBlock};
use crate::diagnostic::Diagnostic;
use crate::hir::OVERRIDES_CROSS;
use crate::pattern::{Matcher, Relation, TableMatcher, TablePattern, some_table};
use crate::statement::MaskRule;
use crate::text::Spanned;

pub(super) fn check_masks_cross(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    check_block(&project.program.defaults.settings, findings);
    for flow in &project.flows {
        let pipeline = flow.pipeline;
        check_block(&pipeline.settings, findings);
        check_level(flow, &pipeline.tables, findings);
        for to in &pipeline.to {
            check_block(&to.settings, findings);
            check_level(flow, &to.tables, findings);
        }
        for block in flow.blocks() {
            check_block(&block.settings, findings);
        }
    }
}

/// A mask and the columns it takes.
struct Masked<'p> {
    rule: &'p Spanned<MaskRule>,
    columns: Matcher,
}

impl<'p> Masked<'p> {
    /// None where the columns cannot be read, which has been told.
    fn new(rule: &'p Spanned<MaskRule>) -> Option<Masked<'p>> {
        Some(Masked { rule, columns: rule.value.column.compile_column().ok()? })
    }

    /// True when both take a column, and make different things of it.
    fn disagrees(&self, other: &Masked<'_>) -> bool {
        self.rule.value.method != other.rule.value.method
            && self.columns.relation(&other.columns) != Relation::Disjoint
    }

    /// True when it takes every column of the other.
    fn takes(&self, other: &Masked<'_>) -> bool {
        matches!(self.columns.relation(&other.columns), Relation::Equal | Relation::Wider)
    }
}

/// Masks of one block; those of its profiles are weaker than its own, and none of them is stronger than another.
fn check_block(settings: &Settings, findings: &mut Vec<Diagnostic>) {
    for masks in [&settings.masks, &settings.profile_masks] {
        let masks: Vec<Masked<'_>> = masks.iter().filter_map(Masked::new).collect();
        let pairs = (0..masks.len()).flat_map(|later| (0..later).map(move |first| (first, later)));
        let mut pairs = Pairs::new(pairs);
        let mut groups = Groups::default();
        for (first, later) in pairs.by_ref() {
            if masks[first].disagrees(&masks[later]) {
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

fn check_level(flow: &Flow<'_>, blocks: &[TableBlock], findings: &mut Vec<Diagnostic>) {
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
        let Some((a, b)) = both.find(|(a, b)| a.disagrees(b)) else { continue };
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
    use super::super::super::testing::check_diagnostics;

    #[test]
    fn two_masks_of_one_block() {
        check_diagnostics(
            "include shop.*\nmask email with null\n\
             mask EMAIL keep last 4  # error[S0206]: `email` and `EMAIL` take the same columns and mask them in two ways\n",
        );
        check_diagnostics(
            "include shop.*\nmask *_mail, phone with null\n\
             mask work_* keep last 4  # error[S0206]: `*_mail` and `work_*` take the same columns and mask them in two ways\n\
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
}
