//! S0902: a relay that copies what it writes.

use super::super::Rule;
use super::super::flow::Project;
use super::copies::copies;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};

const FEEDS_ITSELF: Code = Code::new("S0902", "feeds-itself");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: FEEDS_ITSELF,
        what: "A relay writes into the target that it reads, and its pattern takes the topics it writes.",
        why: "Every message is copied again, without an end.",
        wrong: endpoints!(
            "source shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline copy {\n  from bus topic \"*\"\n  to bus\n  topic \"copy.{topic}\"\n}\n"
        ),
        right: endpoints!(
            "source shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline copy {\n  from bus topic \"shop.*\"\n  to bus\n  topic \"copy.{topic}\"\n}\n"
        ),
    },
    run: check_feeds_itself,
};

fn check_feeds_itself(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for copy in copies(project).iter().filter(|copy| copy.feeds(copy)) {
        let (topics, made) = (&copy.relay.topics.value, &copy.made);
        let message = format!("`{topics}` takes the topics that this pipeline writes, `{made}`");
        findings.push(
            Diagnostic::error(FEEDS_ITSELF, copy.relay.topics.span, message)
                .help("take fewer topics, or write to others"),
        );
    }
}
