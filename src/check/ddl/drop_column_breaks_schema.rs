//! S0705: a schema change that the registry's rule forbids.

use super::super::Rule;
use super::super::flow::Project;
use super::super::settings::Setting;
use super::sent;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::statement::{Compatibility, DdlKind, Property};

const DROP_COLUMN_BREAKS_SCHEMA: Code = Code::new("S0705", "drop-column-breaks-schema");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: DROP_COLUMN_BREAKS_SCHEMA,
        what: "`allow drop-column` where schemas must stay readable for old readers: `compatibility forward` or `full`.",
        why: "A reader of the old schema expects the column. The registry refuses the new one, and the task stops at the first row \
              after the DROP COLUMN that was allowed.",
        wrong: registry!(
            "  include shop.*\n  headers schema\n  ddl {\n    allow add-column, drop-column\n  }\n  format avro {\n    compatibility forward\n  }\n"
        ),
        right: registry!(
            "  include shop.*\n  headers schema\n  ddl {\n    allow add-column\n  }\n  format avro {\n    compatibility forward\n  }\n"
        ),
    },
    run: check_drop_column,
};

fn check_drop_column(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for flow in &project.flows {
        for lane in &flow.lanes {
            for subject in flow.subjects() {
                // Where nothing is said about kinds, nobody has allowed this one.
                let Setting::Given(allow, _) =
                    lane.setting((subject, Property::DdlAllow), |settings| settings.ddl_allow.as_ref())
                else {
                    continue;
                };
                let Setting::Given(rule, _) = lane
                    .setting((subject, Property::Compatibility), |settings| settings.compatibility.as_ref())
                else {
                    continue;
                };
                let Setting::Given(format, _) =
                    lane.setting((subject, Property::Format), |settings| settings.format.as_ref())
                else {
                    continue;
                };
                let forward = matches!(rule.value, Compatibility::Forward | Compatibility::Full);
                if forward
                    && format.value.needs_registry()
                    && sent(lane, subject, DdlKind::DropColumn).is_some()
                {
                    let message =
                        format!("`drop-column` is allowed, and `compatibility {}` forbids it", rule.value);
                    findings.push(
                        Diagnostic::warning(DROP_COLUMN_BREAKS_SCHEMA, allow.span, message)
                            .beside(rule.span, "old readers must be able to read on")
                            .help("leave `drop-column` out, or write `compatibility backward`"),
                    );
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_project;

    #[test]
    fn allowed_and_forbidden() {
        let project = |rule: &str, kinds: &str| {
            format!(
                "edition 2026\nsource a mysql \"db\" {{\npassword env P\n}}\ntarget o kafka \"k\" {{\nregistry \"https://r\"\n}}\n\
                 pipeline p from a to o {{\ninclude a.b*\nheaders schema\nformat avro {{\ncompatibility {rule}\n}}\nddl {{\n{kinds}\n}}\n}}\n"
            )
        };
        let told = "allow drop-column  # warning[S0705]: `drop-column` is allowed, and `compatibility full` forbids it";
        check_project(&[&project("full", told)]);
        check_project(&[&project("backward", "allow drop-column")]);
        check_project(&[&project("forward", "allow add-column")]);
    }
}
