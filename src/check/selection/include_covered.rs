//! S0203: an `include` that another one makes needless.

use super::super::Rule;
use super::super::flow::{Flow, Project};
use super::super::locked::listed;
use super::super::selector::Selector;
use super::include_shadowed::is_shadowed;
use crate::diagnostic::{Code, CodeDoc, Diagnostic, Fix, Safety, TextEdit};
use crate::mysql::shadow;
use crate::pattern::{NamePattern, Relation, TablePattern};
use crate::text::Span;

const INCLUDE_COVERED: Code = Code::new("S0203", "include-covered");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: INCLUDE_COVERED,
        what: "Every table an `include` takes is taken by another one of the pipeline as well.",
        why: "The line has no effect. Whoever removes it later, to stop sending the table, will be surprised that the table goes on.",
        wrong: pipeline!("  include shop.*\n  include shop.orders\n"),
        right: pipeline!("  include shop.*\n  include crm.orders\n"),
    },
    run: check_include_covered,
};

fn check_include_covered(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for flow in &project.flows {
        let covered = |n: usize| Some((&flow.include[n], wider(flow, n)?));
        let covered: Vec<(&Selector<'_>, &Selector<'_>)> =
            (0..flow.include.len()).filter_map(covered).collect();
        let list = |one: &Selector<'_>| flow.pipeline.cuts.get(&one.span).map(|cut| cut.list);
        // A line that was copied is one mistake.
        for of_list in covered.chunk_by(|(one, _), (next, _)| list(one).is_some() && list(one) == list(next))
        {
            findings.extend(finding(flow, of_list));
        }
    }
}

/// What is told of patterns of one list, each with the include that makes it needless.
fn finding(flow: &Flow<'_>, covered: &[(&Selector<'_>, &Selector<'_>)]) -> Option<Diagnostic> {
    let (first, wider) = covered.first()?;
    let (message, removed) = match covered {
        [_] => (
            format!("`{}` is included by `{}` already", first.pattern, wider.pattern),
            format!("`{}`", first.pattern),
        ),
        many => {
            let patterns: Vec<&TablePattern> = many.iter().map(|(one, _)| one.pattern).collect();
            (
                format!("{} tables or patterns are included already: {}", many.len(), listed(&patterns)),
                "them".to_owned(),
            )
        }
    };
    let places: Vec<Span> = covered.iter().map(|(one, _)| one.span).collect();
    let edits = flow.pipeline.cuts_of(&places).into_iter();
    let edits: Vec<TextEdit> = edits.map(|span| TextEdit { span, text: String::new() }).collect();
    let title = format!("remove {removed}");
    let fix = (!edits.is_empty()).then_some(Fix { title, safety: Safety::Machine, edits });
    let (here, help) = match covered {
        [_] => ("here", "remove it: it has no effect"),
        _ => ("the first of them here", "remove them: they have no effect"),
    };
    let finding =
        Diagnostic::warning(INCLUDE_COVERED, first.span, message).beside(wider.span, here).help(help);
    Some(Diagnostic { fixes: fix.into_iter().collect(), ..finding })
}

/// The include that makes the n-th needless.
pub(super) fn wider<'f, 'p>(flow: &'f Flow<'p>, n: usize) -> Option<&'f Selector<'p>> {
    let one = &flow.include[n];
    if names_shadow_table(one.pattern) || is_shadowed(flow, one) {
        return None;
    }
    // What takes all of it takes one of its names, too.
    let others: Vec<usize> = match one.matcher.sample() {
        Some((db, table)) => flow.include_index.hits(db, table, |n| Some(&flow.include[n].matcher)).collect(),
        None => flow.include_index.open.clone(),
    };
    others
        .into_iter()
        .filter(|&other| other != n)
        .map(|other| &flow.include[other])
        .filter(|wider| wider.is_for_all_of(one))
        .find(|wider| {
            match one.matcher.relation(&wider.matcher) {
                Relation::Narrower => true,
                // Of two equal ones the later is too much.
                Relation::Equal => wider.span < one.span,
                Relation::Wider | Relation::Crossing | Relation::Disjoint | Relation::TooLarge => false,
            }
        })
}

/// Patterns do not take shadow tables, so one that is named exactly is not covered by any.
fn names_shadow_table(pattern: &TablePattern) -> bool {
    match &pattern.table {
        NamePattern::Exact(name) => shadow::bases(name).next().is_some(),
        NamePattern::Glob(_) | NamePattern::Regex(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{check_diagnostics, check_repaired};

    #[test]
    fn the_narrower_or_later_is_needless() {
        check_diagnostics(
            "include shop.a  # warning[S0203]: `shop.a` is included by `shop.*` already\n\
             include shop.*\ninclude crm.a\n\
             include crm.a  # warning[S0203]: `crm.a` is included by `crm.a` already\n",
        );
        check_diagnostics("include shop.*\ninclude shop._a_gho\n");
    }

    #[test]
    fn repaired_alone_and_in_lists() {
        check_repaired(
            "include shop.*\n  include shop.a # why\ninclude crm.a\n",
            "include shop.*\n   # why\ninclude crm.a\n",
        );
        check_repaired(
            "include shop.*\n  include shop.a \ninclude crm.a\n",
            "include shop.*\ninclude crm.a\n",
        );
        check_repaired("include shop.a, shop.b, shop.*, shop.c\n", "include shop.*\n");
        check_repaired("include shop.a, shop.b\ninclude shop.*\n", "include shop.*\n");
    }
}
