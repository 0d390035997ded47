//! S0413: marks of loads among rows, in the form that they have in a topic of their own.

use super::super::Rule;
use super::super::flow::Project;
use super::super::side::{Purpose, meetings};
use crate::diagnostic::{Code, CodeDoc, Diagnostic};

const MARKER_TOPIC_IS_DATA_TOPIC: Code = Code::new("S0413", "marker-topic-is-data-topic");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: MARKER_TOPIC_IS_DATA_TOPIC,
        what: "`markers topic \"…\"`, where the pipeline tells that the load of a table begins and ends, names a topic to which rows go.",
        why: "Who reads the rows of that topic would meet messages of another form among them, about the loads of all tables. To tell \
              the readers of each table of its own load, write `markers data`: marks without a value then come in every partition of \
              the table's topic.",
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
