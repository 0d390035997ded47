//! S0211: an `include` of every table there is.

use super::super::Rule;
use super::super::flow::Project;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::pattern::{FILLER, NamePattern, Relation, TablePattern};

const EVERYTHING: Code = Code::new("S0211", "everything");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: EVERYTHING,
        what: "An `include` takes every table of every database.",
        why: "A database that is created next year is sent as well, with everything in it, and nobody is asked.",
        wrong: pipeline!("  include *.*\n"),
        right: pipeline!("  include shop.*\n"),
    },
    run: check_everything,
};

fn check_everything(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let any = || NamePattern::Glob("*".to_owned());
    let Ok(all) = TablePattern::new(any(), any()).compile() else { return };
    for flow in &project.flows {
        // Comparing with all there is costs a walk; a name that nobody writes rules most patterns out.
        let includes = flow.include.iter().filter(|one| one.matcher.matches(FILLER, FILLER));
        for include in includes.filter(|one| one.matcher.relation(&all) == Relation::Equal) {
            findings.push(
                Diagnostic::warning(EVERYTHING, include.span, "every table of every database is sent")
                    .help("name the databases: `include shop.*`"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_diagnostics;

    #[test]
    fn however_it_is_written() {
        check_diagnostics("include *.?*  # warning[S0211]: every table of every database is sent\n");
        check_diagnostics("include *.orders\n");
    }
}
