//! S0602: any change of a schema is taken.

use super::super::Rule;
use super::super::flow::Project;
use crate::diagnostic::{Code, CodeDoc, Diagnostic, Fix};
use crate::statement::Compatibility;
use crate::text::Span;

const COMPATIBILITY_NONE: Code = Code::new("S0602", "compatibility-none");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: COMPATIBILITY_NONE,
        what: "`compatibility none`: the registry takes every change of a schema.",
        why: "An ALTER TABLE at the source then reaches readers that cannot read what comes next; with a rule the registry refuses \
              it, and the task stops before the first such message.",
        wrong: registry!("  include shop.*\n  format avro {\n    compatibility none\n  }\n"),
        right: registry!("  include shop.*\n  format avro {\n    compatibility backward\n  }\n"),
    },
    run: check_compatibility_none,
};

fn check_compatibility_none(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for (settings, _) in project.flows.iter().flat_map(|flow| &flow.lanes).flat_map(|lane| lane.blocks()) {
        let Some(rule) = settings.compatibility.as_ref().filter(|rule| rule.value == Compatibility::None)
        else {
            continue;
        };
        let message = "the registry takes every change of a schema, also one that readers cannot read";
        let text = "compatibility backward";
        // The statement, from its word on.
        let span: Span = rule.span;
        findings.push(
            Diagnostic::warning(COMPATIBILITY_NONE, span, message)
                .help("`backward` takes what new readers can read, `forward` what old ones can, `full` both")
                .fix(Fix::choice(format!("write `{text}`"), span, text)),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_project;

    #[test]
    fn wherever_it_is_written() {
        check_project(&["edition 2026\nsource shop mysql \"db1\" {\npassword env P\n}\n\
             target bus kafka \"kafka1\" {\nregistry \"https://r\"\n}\npipeline p from shop to bus {\n\
             include shop.*\nformat debezium-avro {\n\
             compatibility none  # warning[S0602]: the registry takes every change of a schema, also one that readers cannot read\n}\n\
             table shop.a {\nformat avro {\ncompatibility full\n}\n}\n}\n"]);
    }
}
