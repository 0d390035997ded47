//! S0202: an `include` that its excludes take away.

use super::super::Rule;
use super::super::flow::{Flow, Project};
use super::super::locked::listed;
use super::super::selector::Selector;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::pattern::{Covered, Relation, TableMatcher, TablePattern};
use crate::text::Span;
use std::collections::BTreeMap;

const INCLUDE_SHADOWED: Code = Code::new("S0202", "include-shadowed");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: INCLUDE_SHADOWED,
        what: "Every table an `include` could take is taken away by `exclude`.",
        why: "`exclude` always wins, wherever it stands, so the line can never select anything.",
        wrong: pipeline!("  include shop.orders\n  include shop.tmp_import\n  exclude shop.tmp_*\n"),
        right: pipeline!("  include shop.orders\n  include shop.tmp_import\n"),
    },
    run: check_include_shadowed,
};

/// True when the excludes of a pipeline take everything from one of its includes.
pub(super) fn is_shadowed(flow: &Flow<'_>, include: &Selector<'_>) -> bool {
    if flow.shows_left(&include.matcher) {
        return false;
    }
    let excludes = flow.exclude.iter().filter(|exclude| exclude.is_for_all_of(include));
    let excludes: Vec<&TableMatcher> = excludes.map(|one| &one.matcher).collect();
    !excludes.is_empty() && include.matcher.covered_by(&excludes) == Covered::Yes
}

fn check_include_shadowed(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for flow in &project.flows {
        // One `exclude` that is too wide is one mistake, however many patterns it takes away.
        let mut by_excludes: BTreeMap<Vec<Span>, Vec<&Selector<'_>>> = BTreeMap::new();
        for include in flow.include.iter().filter(|include| is_shadowed(flow, include)) {
            by_excludes.entry(excludes_of(flow, include)).or_default().push(include);
        }
        findings.extend(by_excludes.iter().filter_map(|(by, includes)| finding(by, includes)));
    }
}

/// Where an include is taken away: at one exclude that takes all of it, which explains enough; else at all that take some.
fn excludes_of(flow: &Flow<'_>, include: &Selector<'_>) -> Vec<Span> {
    let takes = |exclude: &&Selector<'_>, all: bool| match include.matcher.relation(&exclude.matcher) {
        Relation::Equal | Relation::Narrower => true,
        Relation::Disjoint => false,
        Relation::Wider | Relation::Crossing | Relation::TooLarge => !all,
    };
    match flow.exclude.iter().find(|one| takes(one, true)) {
        Some(whole) => vec![whole.span],
        None => flow.exclude.iter().filter(|one| takes(one, false)).map(|one| one.span).collect(),
    }
}

/// What is told of includes that the same excludes take away.
fn finding(by: &[Span], includes: &[&Selector<'_>]) -> Option<Diagnostic> {
    let (first, others) = includes.split_first()?;
    let message = match others {
        [] => format!("`{}` can take no table: `exclude` wins over it", first.pattern),
        _ => {
            let patterns: Vec<&TablePattern> = includes.iter().map(|one| one.pattern).collect();
            format!("{} can take no table: `exclude` wins over them", listed(&patterns))
        }
    };
    let mut finding = Diagnostic::error(INCLUDE_SHADOWED, first.span, message)
        .help("remove what can take nothing, or narrow the `exclude`");
    for other in others {
        finding = finding.beside(other.span, "");
    }
    for &exclude in by {
        finding = finding.beside(exclude, "taken away here");
    }
    Some(finding)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_diagnostics;

    #[test]
    fn by_one_or_by_several() {
        check_diagnostics(
            "include shop.a\n\
             include shop.tmp_a  # error[S0202]: `shop.tmp_a` can take no table: `exclude` wins over it\n\
             exclude shop.tmp_*\n",
        );
        check_diagnostics(
            "include shop.t_[00..09]  # error[S0202]: `shop.t_[00..09]` can take no table: `exclude` wins over it\n\
             exclude shop.t_[00..04], shop.t_[05..09]\n",
        );
        check_diagnostics("include shop.t_[00..09]\nexclude shop.t_[00..04], shop.t_[06..09]\n");
    }

    #[test]
    fn one_exclude_that_is_too_wide_is_told_once() {
        check_diagnostics(
            "include shop.a, shop.b, crm.c  # error[S0202]: `shop.a`, `shop.b`, `shop.d` can take no table: `exclude` wins over them\n\
             include shop.d\nexclude shop.*\n",
        );
        check_diagnostics(
            "include shop.a, crm.c  # error[S0202]: `shop.a` can take no table: `exclude` wins over it\n\
             include crm.b  # error[S0202]: `crm.b` can take no table: `exclude` wins over it\n\
             exclude shop.a, crm.b\n",
        );
    }
}
