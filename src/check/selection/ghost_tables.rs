//! S0217: shadow tables of online schema changes that are sent like any other.

use super::super::Rule;
use super::super::flow::{Flow, Project};
use super::super::selector::Selector;
use super::super::settings::Subject;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::pattern::{Covered, NamePattern, Relation, TableMatcher, TablePattern};

const GHOST_TABLES: Code = Code::new("S0217", "ghost-tables");

/// Forms of the names of shadow tables.
const FORMS: &[&str] = &["_*_gho", "_*_ghc", "_*_del", "_*_new", "_*_old"];

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: GHOST_TABLES,
        what: "`online-ddl off` is written, and a pattern takes names that gh-ost and pt-online-schema-change give to their shadow tables, \
               such as `_orders_gho`.",
        why: "While a table is changed, every row of it is sent a second time from its copy, and what is left of the old table after \
              the change stays selected.",
        wrong: pipeline!("  include shop.*\n  online-ddl off\n"),
        right: pipeline!("  include shop.*\n  exclude shop._*\n  online-ddl off\n"),
    },
    run: check_ghost_tables,
};

fn check_ghost_tables(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let program = project.program;
    let defaults = &program.defaults.settings.task.once.online_ddl;
    for flow in &project.flows {
        let own = &flow.pipeline.settings.task.once.online_ddl;
        let off = flow.pipeline.from.iter().find_map(|from| {
            let of_source = &program.source(from.value).online_ddl;
            let nearest = own.as_ref().or(of_source.as_ref()).or(defaults.as_ref())?;
            nearest.value.is_empty().then_some(nearest.span)
        });
        let Some(off) = off else { continue };
        for include in flow.unbounded() {
            let Subject::All(include) = include else { continue };
            if let Some(form) = FORMS.iter().find(|form| takes(flow, include, form)) {
                let message =
                    format!("`{}` takes shadow tables, such as those called `{form}`", include.pattern);
                findings.push(
                    Diagnostic::advice(GHOST_TABLES, include.span, message)
                        .beside(off, "without this line they are left out")
                        .help("remove `online-ddl off`, or `exclude` them"),
                );
            }
        }
    }
}

/// True when an include takes names of a form that no exclude takes away.
fn takes(flow: &Flow<'_>, include: &Selector<'_>, form: &str) -> bool {
    let pattern = TablePattern::new(include.pattern.db.clone(), NamePattern::Glob(form.to_owned()));
    let Ok(shadows) = pattern.compile() else { return false };
    let excludes: Vec<&TableMatcher> = flow.exclude.iter().map(|one| &one.matcher).collect();
    shadows.relation(&include.matcher) != Relation::Disjoint && shadows.covered_by(&excludes) == Covered::No
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_diagnostics;

    #[test]
    fn patterns_that_take_them() {
        check_diagnostics(
            "online-ddl off\n\
             include shop.*  # advice[S0217]: `shop.*` takes shadow tables, such as those called `_*_gho`\n\
             include crm.orders, crm.item*\n",
        );
        check_diagnostics("online-ddl off\ninclude shop.*\nexclude shop._*\n");
        check_diagnostics("include shop.*\nonline-ddl gh-ost\n");
        check_diagnostics("include shop.*\n");
    }
}
