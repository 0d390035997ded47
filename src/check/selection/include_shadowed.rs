//! S0202: an `include` that its excludes take away.

use super::super::Rule;
use super::super::flow::{Flow, Project};
use super::super::selector::Selector;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::pattern::{Covered, Relation, TableMatcher};

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
        for include in flow.include.iter().filter(|include| is_shadowed(flow, include)) {
            let message = format!("`{}` can take no table: `exclude` wins over it", include.pattern);
            let mut finding = Diagnostic::error(INCLUDE_SHADOWED, include.span, message)
                .help("remove this line, or narrow the `exclude`");
            // One that takes all of it explains enough.
            let takes = |exclude: &&Selector<'_>, all: bool| match include.matcher.relation(&exclude.matcher)
            {
                Relation::Equal | Relation::Narrower => true,
                Relation::Disjoint => false,
                Relation::Wider | Relation::Crossing | Relation::TooLarge => !all,
            };
            let whole: Vec<&Selector<'_>> =
                flow.exclude.iter().filter(|one| takes(one, true)).take(1).collect();
            let by = if whole.is_empty() {
                flow.exclude.iter().filter(|one| takes(one, false)).collect()
            } else {
                whole
            };
            for exclude in by {
                finding = finding.beside(exclude.span, "taken away here");
            }
            findings.push(finding);
        }
    }
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
}
