//! The part of S0206 about masks: two for one column in one level, neither of which is nearer.

use super::super::flow::{Flow, Project};
use crate::ast::{Settings, TableBlock};
use crate::diagnostic::Diagnostic;
use crate::hir::OVERRIDES_CROSS;
use crate::pattern::{Relation, TableMatcher, some_table};
use crate::statement::MaskRule;
use crate::text::Spanned;
use std::collections::BTreeSet;

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

/// Masks of one block; those of its profiles are weaker than its own, and none of them is stronger than another.
fn check_block(settings: &Settings, findings: &mut Vec<Diagnostic>) {
    for masks in [&settings.masks, &settings.profile_masks] {
        let mut groups: Vec<(BTreeSet<usize>, (usize, usize))> = Vec::new();
        let pairs = (0..masks.len()).flat_map(|later| (0..later).map(move |first| (first, later)));
        for pair in pairs.filter(|&(first, later)| disagree(&masks[first], &masks[later])) {
            let mut rules = BTreeSet::from([pair.0, pair.1]);
            let met =
                |(group, _): &mut (BTreeSet<usize>, _)| group.contains(&pair.0) || group.contains(&pair.1);
            for (group, _) in groups.extract_if(.., met) {
                rules.extend(group);
            }
            groups.push((rules, pair));
        }
        for (_, (first, later)) in groups {
            let (a, b) = (&masks[first], &masks[later]);
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
    let masked = |block| -> Option<(&TableBlock, TableMatcher)> {
        let block: &TableBlock = block;
        block.settings.all_masks().next()?;
        Some((block, block.pattern.value.compile().ok()?))
    };
    let blocks: Vec<(&TableBlock, TableMatcher)> = blocks.iter().filter_map(masked).collect();
    for (n, (later, tables)) in blocks.iter().enumerate() {
        for (first, others) in &blocks[..n] {
            if !matches!(others.relation(tables), Relation::Equal | Relation::Crossing | Relation::TooLarge) {
                continue;
            }
            let pairs =
                first.settings.all_masks().flat_map(|a| later.settings.all_masks().map(move |b| (a, b)));
            let Some((a, b)) = pairs.into_iter().find(|(a, b)| disagree(a, b)) else { continue };
            // A narrower block that masks the column decides for the tables it takes.
            let decides = |third: &&(&TableBlock, TableMatcher)| {
                [tables, others].iter().all(|one| third.1.relation(one) == Relation::Narrower)
                    && third.0.settings.all_masks().any(|mask| takes(mask, b))
            };
            let deciding = blocks.iter().filter(decides).map(|(_, tables)| tables);
            let none: Vec<&TableMatcher> =
                flow.exclude.iter().map(|one| &one.matcher).chain(deciding).collect();
            let is_open =
                |include: &TableMatcher| some_table(&[others, tables, include], &none) != Some(false);
            if !flow.include.iter().any(|include| is_open(&include.matcher)) {
                continue;
            }
            let (one, other) = (&first.pattern.value, &later.pattern.value);
            let message = format!("`{one}` and `{other}` mask `{}` in two ways", b.value.column);
            findings.push(
                Diagnostic::error(OVERRIDES_CROSS, b.span, message)
                    .label(format!("for `{other}`"))
                    .beside(a.span, format!("for `{one}`"))
                    .help(
                        "neither is narrower: add a `table` block for what both take, or change one of them",
                    ),
            );
        }
    }
}

/// True when both take a column, and make different things of it.
fn disagree(a: &Spanned<MaskRule>, b: &Spanned<MaskRule>) -> bool {
    a.value.method != b.value.method && relation(a, b) != Relation::Disjoint
}

/// True when the first takes every column of the second.
fn takes(a: &Spanned<MaskRule>, b: &Spanned<MaskRule>) -> bool {
    matches!(relation(a, b), Relation::Equal | Relation::Wider)
}

fn relation(a: &Spanned<MaskRule>, b: &Spanned<MaskRule>) -> Relation {
    match (a.value.column.compile_column(), b.value.column.compile_column()) {
        (Ok(a), Ok(b)) => a.relation(&b),
        // What cannot be read has been told.
        _ => Relation::Disjoint,
    }
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
