//! S0401: a `rename` of what is not sent.

use super::super::Rule;
use super::super::flow::Project;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};

const RENAME_IDLE: Code = Code::new("S0401", "rename-idle");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: RENAME_IDLE,
        what: "A `rename` is for a database, table or column of tables that the pipeline does not send.",
        why: "The line has no effect; if its name is misspelt, messages carry the old name.",
        wrong: pipeline!("  include shop.*\n  rename table shpo.order_item to order_lines\n"),
        right: pipeline!("  include shop.*\n  rename table shop.order_item to order_lines\n"),
    },
    run: check_rename_idle,
};

fn check_rename_idle(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for flow in project.flows.iter().filter(|flow| !flow.pipeline.incomplete && !flow.include.is_empty()) {
        for renaming in flow.renames.iter().filter(|renaming| flow.renames_nothing(renaming)) {
            findings.push(
                Diagnostic::warning(RENAME_IDLE, renaming.span, "nothing that is sent has this name")
                    .help("a `rename` is written with the names in the source"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_diagnostics;

    #[test]
    fn of_all_three_kinds() {
        check_diagnostics(
            "include shop.*\nexclude shop.tmp\nrename database s* to a\nrename table shop.a to b\n\
             rename database crm to a  # warning[S0401]: nothing that is sent has this name\n\
             rename table shop.tmp to b  # warning[S0401]: nothing that is sent has this name\n\
             rename column crm.a.b to c  # warning[S0401]: nothing that is sent has this name\n",
        );
    }
}
