//! S0407: schema changes among rows without anybody having said so.

use super::super::Rule;
use super::super::flow::Project;
use super::super::side::{Purpose, meetings};
use crate::diagnostic::{Code, CodeDoc, Diagnostic, Fix};

const DDL_TOPIC_IS_DATA_TOPIC: Code = Code::new("S0407", "ddl-topic-is-data-topic");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: DDL_TOPIC_IS_DATA_TOPIC,
        what: "The topic of schema changes has the name of a topic that rows go to, and the file does not say `topic same`.",
        why: "Schema changes of every table land among the rows of that one, and its readers meet messages they do not expect. Where \
              each table's changes belong among its own rows, `topic same` says so.",
        wrong: pipeline!(
            "  include shop.orders\n  ddl {\n    topic \"shop.orders\"\n    allow alter-table\n  }\n  headers schema\n"
        ),
        right: pipeline!("  include shop.orders\n  ddl {\n    topic same\n    allow alter-table\n  }\n"),
    },
    run: check_ddl_topic,
};

fn check_ddl_topic(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for met in meetings(project, Purpose::Ddl) {
        let message = format!("schema changes go to `{}`, a topic of rows", met.name);
        findings.push(
            Diagnostic::warning(DDL_TOPIC_IS_DATA_TOPIC, met.span, message)
                .beside(met.rows, "these rows go there")
                .help("write another topic, or `topic same` to send each table's changes among its rows")
                .fix(Fix::choice("write `same`", met.span, "same")),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{check_diagnostics, check_project};

    #[test]
    fn exactly_equal_names() {
        check_diagnostics(
            "include shop.a, shop.b\nheaders schema\nddl {\nallow alter-table\n\
             topic \"shop.a\"  # warning[S0407]: schema changes go to `shop.a`, a topic of rows\n}\n",
        );
        check_diagnostics("include shop.a\nheaders schema\nddl {\nallow alter-table\ntopic \"shop.A\"\n}\n");
        check_diagnostics("include shop.*\nheaders schema\nddl {\nallow alter-table\ntopic \"shop.a\"\n}\n");
        check_diagnostics("include shop.a\nddl {\nallow alter-table\ntopic same\n}\n");
    }

    #[test]
    fn rows_of_another_pipeline() {
        check_project(&["edition 2026\n\
            source a mysql \"db\" {\npassword env P\n}\ntarget o stdout\ntarget q stdout\n\
            pipeline x from a to o {\ninclude a.*\nheaders schema\nddl {\nallow alter-table\n\
            topic \"{source}.b\"  # warning[S0407]: schema changes go to `a.b`, a topic of rows\n}\n}\n\
            pipeline y from a to q {\ninclude a.c\nheaders schema\nddl {\nallow alter-table\ntopic \"a.b\"\n}\n}\n\
            pipeline z from a to o {\ninclude c.b\nrename database c to a\n}\n"]);
    }
}
