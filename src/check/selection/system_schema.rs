//! S0210: tables of the server itself.

use super::super::Rule;
use super::super::flow::Project;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::pattern::TablePattern;

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
            if let Some(system) = system_database(include.pattern) {
                let message = format!("`{system}` is a database of the server itself");
                findings.push(
                    Diagnostic::error(SYSTEM_SCHEMA, include.span, message)
                        .help("remove it: what it holds is not sent"),
                );
            }
        }
    }
}

/// True when a pattern names a database of the server itself.
pub(super) fn is_system(pattern: &TablePattern) -> bool {
    system_database(pattern).is_some()
}

fn system_database(pattern: &TablePattern) -> Option<String> {
    let named = pattern.db.members().unwrap_or_default();
    named.into_iter().map(|member| member.name).find(|name| is_system_database(name))
}

/// True for a database of the server itself.
pub(in crate::check) fn is_system_database(name: &str) -> bool {
    SYSTEM.iter().any(|system| name.eq_ignore_ascii_case(system))
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
