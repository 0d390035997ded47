//! S0204: an `exclude` that takes nothing away.

use super::super::Rule;
use super::super::flow::Project;
use super::super::misspelt::meant;
use super::super::selector::Selector;
use super::taken::TakeNothing;
use crate::diagnostic::{Code, CodeDoc, Diagnostic, Fix};
use crate::hir::Pipeline;
use crate::pattern::{NamePattern, TablePattern};
use crate::statement::name_text;
use crate::text::Span;
use std::collections::BTreeMap;

const EXCLUDE_IDLE: Code = Code::new("S0204", "exclude-idle");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: EXCLUDE_IDLE,
        what: "An `exclude` has no name in common with any `include` of its pipeline, or stands there twice; or `schema.lock` does \
               not list the table it names, but one that is called nearly so and is sent.",
        why: "The line has no effect; perhaps its name is misspelt, and the table that was meant is sent.",
        wrong: pipeline!("  include shop.*\n  exclude crm.tmp_*\n"),
        right: pipeline!("  include shop.*\n  exclude shop.tmp_*\n"),
    },
    run: check_exclude_idle,
};

fn check_exclude_idle(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    // What could not be read, or is missing altogether, may be the include it belongs to.
    for flow in project
        .flows
        .iter()
        .filter(|flow| !flow.pipeline.left_out.may_be(&["from", "include"]) && !flow.include.is_empty())
    {
        let includes = TakeNothing::of(flow);
        let mut first: BTreeMap<(&TablePattern, Option<usize>), &Selector<'_>> = BTreeMap::new();
        let mut n_sources: BTreeMap<Span, usize> = BTreeMap::new();
        for exclude in &flow.exclude {
            *n_sources.entry(exclude.span).or_default() += 1;
        }
        for exclude in &flow.exclude {
            // Those for all sources come first. One that stands for several at once may be new to some of them.
            let of_all = first.get(&(exclude.pattern, None));
            let of_one = || first.get(&(exclude.pattern, exclude.source));
            let same = of_all.or_else(of_one).filter(|_| n_sources[&exclude.span] == 1);
            if let Some(same) = same {
                findings.push(twice(flow.pipeline, exclude, same));
                continue;
            }
            first.insert((exclude.pattern, exclude.source), exclude);
            if flow.guesses.is_told_elsewhere(exclude.pattern, exclude.span) {
                continue;
            }
            if !flow.is_met(exclude.pattern, &exclude.matcher) {
                if includes.explains(exclude.pattern) {
                    continue;
                }
                let message =
                    format!("`{}` takes nothing away: no `include` takes such a table", exclude.pattern);
                let mut finding = Diagnostic::warning(EXCLUDE_IDLE, exclude.span, message)
                    .help("remove it, or write the name that was meant");
                if let Some((_, near)) = flow.guesses.database(exclude.pattern) {
                    finding = finding.label(format!("did you mean the database `{}`?", name_text(near)));
                } else if let Some(cut) = flow.pipeline.cuts.get(&exclude.span) {
                    // Without it, a table that was meant to be left out would be sent, and nobody would be told any more.
                    let is_elsewhere = flow.include.iter().all(|include| {
                        matches!(include.pattern.db, NamePattern::Exact(_))
                            && matches!(exclude.pattern.db, NamePattern::Exact(_))
                            && include.pattern.db != exclude.pattern.db
                    });
                    let fix = if is_elsewhere { Fix::machine } else { Fix::choice };
                    finding = finding.fix(fix(format!("remove `{}`", exclude.pattern), cut.own, ""));
                }
                findings.push(finding);
            } else if let Some(guess) = flow.guesses.excludes.get(exclude.pattern) {
                let message =
                    format!("`{}` takes nothing away: `schema.lock` lists no such table", exclude.pattern);
                findings.push(meant(
                    Diagnostic::warning(EXCLUDE_IDLE, exclude.span, message),
                    exclude.span,
                    guess,
                ));
            }
        }
    }
}

/// An `exclude` that stands there already.
fn twice(pipeline: &Pipeline, exclude: &Selector<'_>, first: &Selector<'_>) -> Diagnostic {
    let message = format!("`{}` takes nothing away: it is excluded already", exclude.pattern);
    let finding = Diagnostic::warning(EXCLUDE_IDLE, exclude.span, message)
        .beside(first.span, "here")
        .help("remove it: it has no effect");
    match pipeline.cuts.get(&exclude.span) {
        Some(cut) => finding.fix(Fix::machine(format!("remove `{}`", exclude.pattern), cut.own, "")),
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{check_diagnostics, check_repaired};

    #[test]
    fn what_has_nothing_in_common() {
        check_diagnostics(
            "include shop.*, crm.a*\nexclude crm.a, shop.b\n\
             exclude crm.b  # warning[S0204]: `crm.b` takes nothing away: no `include` takes such a table\n",
        );
        check_diagnostics(
            "include shop.*\n\
             exclude crm.b  # warning[S0204]: `crm.b` takes nothing away: no `include` takes such a table\n\
             retry for 720  # error[S0017]: `720` lacks its unit: a duration such as `30s` is wanted\n",
        );
        check_diagnostics(
            "exclude crm.b\ninclude shop  # error[S0015]: `shop` is not a table as `DB.TABLE`\n",
        );
        check_diagnostics(
            "include shop.*\nexclude shop.t_*, shop.b\n\
             exclude shop.t_*  # warning[S0204]: `shop.t_*` takes nothing away: it is excluded already\n",
        );
        check_diagnostics("include shop.*\nexclude shop.b\n");
        check_repaired("include shop.*\nexclude shop.b, shop.b\n", "include shop.*\nexclude shop.b\n");
        check_repaired("include shop.*\nexclude crm.a, shop.b, crm.b\n", "include shop.*\nexclude shop.b\n");
    }
}
