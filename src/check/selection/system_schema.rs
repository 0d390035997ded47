//! S0210: tables of the server itself.

use super::super::Rule;
use super::super::flow::Project;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};

const SYSTEM_SCHEMA: Code = Code::new("S0210", "system-schema");

/// Databases of the server. Source: MySQL Reference Manual 8.4, 7.3 and chapters 28 to 30.
const SYSTEM: &[&str] = &["mysql", "sys", "information_schema", "performance_schema"];

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: SYSTEM_SCHEMA,
        what: "An `include` names a database of the server itself: `mysql`, `sys`, `information_schema` or \
               `performance_schema`.",
        why: "Their tables are not data: they hold accounts and password hashes, or are views of the server's memory that are \
              never logged.",
        wrong: pipeline!("  include shop.*\n  include mysql.*\n"),
        right: pipeline!("  include shop.*\n"),
    },
    run: check_system_schema,
};

fn check_system_schema(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for flow in &project.flows {
        for include in &flow.include {
            let named = include.pattern.db.members().unwrap_or_default();
            let system = named
                .iter()
                .find(|member| SYSTEM.iter().any(|system| member.name.eq_ignore_ascii_case(system)));
            if let Some(system) = system {
                let message = format!("`{}` is a database of the server itself", system.name);
                findings.push(
                    Diagnostic::error(SYSTEM_SCHEMA, include.span, message)
                        .help("remove it: what it holds is not sent"),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_diagnostics;

    #[test]
    fn only_what_is_named() {
        check_diagnostics(
            "include shop.*\ninclude m*.*\nexclude mysql.*\n\
             include Performance_Schema.a  # error[S0210]: `Performance_Schema` is a database of the server itself\n",
        );
    }
}
