//! S0701: a kind of schema change that is allowed and denied.

use super::super::Rule;
use super::super::flow::Project;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::statement::DdlKind;

const DDL_ALLOW_AND_DENY: Code = Code::new("S0701", "ddl-allow-and-deny");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: DDL_ALLOW_AND_DENY,
        what: "One kind of schema change stands in `allow` and in `deny` of one block.",
        why: "The order of lines never matters, so neither of the two can win. A narrower kind may be denied where a wider one is \
              allowed: `allow alter-table` with `deny drop-column`.",
        wrong: pipeline!(
            "  include shop.*\n  headers schema\n  ddl {\n    allow create-table, drop-table\n    deny drop-table\n    on-deny stop\n  }\n"
        ),
        right: pipeline!(
            "  include shop.*\n  headers schema\n  ddl {\n    allow create-table\n    deny drop-table\n    on-deny stop\n  }\n"
        ),
    },
    run: check_allow_and_deny,
};

fn check_allow_and_deny(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for (settings, _) in project.flows.iter().flat_map(|flow| &flow.lanes).flat_map(|lane| lane.blocks()) {
        let (Some(allow), Some(deny)) = (&settings.ddl_allow, &settings.ddl_deny) else { continue };
        let both: Vec<&DdlKind> =
            deny.value.items().iter().filter(|kind| allow.value.contains(kind)).collect();
        if both.is_empty() {
            continue;
        }
        let shown = both.iter().map(|kind| format!("`{kind}`")).collect::<Vec<_>>().join(" and ");
        let verb = if both.len() == 1 { "is" } else { "are" };
        let (first, later) =
            if allow.span < deny.span { (allow.span, deny.span) } else { (deny.span, allow.span) };
        findings.push(
            Diagnostic::error(DDL_ALLOW_AND_DENY, later, format!("{shown} {verb} allowed and denied"))
                .also(first, "the other list")
                .help("leave it in one of the two lists"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_diagnostics;

    #[test]
    fn one_kind_in_both_lists() {
        check_diagnostics(
            "include shop.*\nheaders schema\nddl {\ndeny add-column, drop-column\n\
             allow drop-column, add-column, create-table  # error[S0701]: `add-column` and `drop-column` are allowed and denied\n\
             on-deny skip\n}\n",
        );
        check_diagnostics(
            "include shop.*\nheaders schema\nddl {\nallow alter-table\ndeny drop-column\non-deny stop\n}\n",
        );
    }
}
