//! S0704: what is denied, and nobody says what happens then.

use super::super::Rule;
use super::super::flow::Project;
use crate::ast::Settings;
use crate::diagnostic::{Code, CodeDoc, Diagnostic, Fix};
use crate::text::Span;

const DENY_WITHOUT_ACTION: Code = Code::new("S0704", "deny-without-action");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: DENY_WITHOUT_ACTION,
        what: "`deny` without `on-deny`: what is denied is not sent, and the stream goes on.",
        why: "Whoever denies a DROP COLUMN may expect that the task stops before it. It goes on, and readers see rows without the \
              column and no word about why.",
        wrong: pipeline!("  include shop.*\n  headers schema\n  ddl {\n    deny drop-column\n  }\n"),
        right: pipeline!(
            "  include shop.*\n  headers schema\n  ddl {\n    deny drop-column\n    on-deny skip\n  }\n"
        ),
    },
    run: check_deny_without_action,
};

fn check_deny_without_action(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for lane in project.flows.iter().flat_map(|flow| &flow.lanes) {
        let everywhere =
            lane.blocks().any(|(settings, tables)| tables.is_none() && settings.ddl_on_deny.is_some());
        for (settings, tables) in lane.blocks() {
            let Some(deny) = settings.ddl_deny.as_ref().filter(|_| settings.ddl_on_deny.is_none()) else {
                continue;
            };
            let damaged = settings.ddl.as_ref().is_some_and(|ddl| lane.is_damaged(ddl.span));
            if everywhere || damaged {
                continue;
            }
            let behind = Span::new(deny.span.file, deny.span.end, deny.span.end);
            let indent = indent(settings, deny.span)
                .unwrap_or_else(|| if tables.is_some() { 3 * INDENT } else { 2 * INDENT });
            let line = format!("\n{}on-deny skip", " ".repeat(indent));
            findings.push(
                Diagnostic::warning(
                    DENY_WITHOUT_ACTION,
                    deny.span,
                    "what is denied here is passed over without a word",
                )
                .help("say so with `on-deny skip`, or let the task stop before it with `on-deny stop`")
                .fix(Fix::machine("add `on-deny skip`", behind, line)),
            );
        }
    }
}

/// Blanks of a level in formatted files.
const INDENT: usize = 2;

/// Blanks before a statement; none where it does not have its line to itself, as before a comment.
fn indent(settings: &Settings, statement: Span) -> Option<usize> {
    let line = settings.lines.get(&statement).filter(|line| **line != statement)?;
    Some((statement.start - line.start) as usize)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{check_diagnostics, check_repaired};

    #[test]
    fn said_nowhere() {
        check_diagnostics(
            "include shop.*\nheaders schema\nddl {\ndeny drop-column  # warning[S0704]: what is denied here is passed over without a word\n}\n",
        );
        check_diagnostics(
            "include shop.*\nheaders schema\nddl {\non-deny stop\n}\ntable shop.a {\nddl {\ndeny drop-column\n}\n}\n",
        );
    }

    #[test]
    fn repaired() {
        check_repaired(
            "  include shop.*\n  headers schema\n  ddl {\n    deny drop-column\n  }\n",
            "  include shop.*\n  headers schema\n  ddl {\n    deny drop-column\n    on-deny skip\n  }\n",
        );
        check_repaired(
            "  include shop.*\n  headers schema\n  ddl {\n    deny drop-column # readers\n  }\n",
            "  include shop.*\n  headers schema\n  ddl {\n    deny drop-column\n    on-deny skip # readers\n  }\n",
        );
    }
}
