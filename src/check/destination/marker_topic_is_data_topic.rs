//! S0413: marks of loads among rows, in the form that they have in a topic of their own.

use super::super::Rule;
use super::super::flow::Project;
use super::super::side::{Purpose, meetings};
use crate::diagnostic::{Code, CodeDoc, Diagnostic};

const MARKER_TOPIC_IS_DATA_TOPIC: Code = Code::new("S0413", "marker-topic-is-data-topic");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: MARKER_TOPIC_IS_DATA_TOPIC,
        what: "`markers topic` names a topic that rows go to.",
        why: "Its readers meet messages of another form than the rows have, from the loads of all tables. Where each table's topic is to \
              tell of its own loads, `markers data` writes marks without a value into every partition.",
        wrong: pipeline!("  include shop.orders\n  markers topic \"shop.orders\"\n"),
        right: pipeline!("  include shop.orders\n  markers topic \"{pipeline}.markers\"\n"),
    },
    run: check_marker_topic,
};

fn check_marker_topic(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for met in meetings(project, Purpose::Markers) {
        let message = format!("marks of loads go to `{}`, a topic of rows", met.name);
        findings.push(
            Diagnostic::error(MARKER_TOPIC_IS_DATA_TOPIC, met.span, message)
                .beside(met.rows, "these rows go there")
                .help("write another topic, or `markers data` for marks among the rows of each table"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_diagnostics;

    #[test]
    fn exactly_equal_names() {
        check_diagnostics(
            "include shop.a\nmarkers topic \"shop.a\"  # error[S0413]: marks of loads go to `shop.a`, a topic of rows\n",
        );
        check_diagnostics("include shop.a\nmarkers topic \"shop.b\"\n");
        check_diagnostics("include shop.a\nmarkers data\n");
    }
}
