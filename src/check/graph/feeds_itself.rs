//! S0902: a relay that copies what it writes.

use super::super::Rule;
use super::super::flow::Project;
use super::copies::{as_written, copies};
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
        let (topics, made) = (as_written(&copy.relay.topics.value), as_written(&copy.made));
        let message = format!("`{topics}` takes the topics that this pipeline writes, `{made}`");
        findings.push(
            Diagnostic::error(FEEDS_ITSELF, copy.relay.topics.span, message)
                .help("take fewer topics, or write to others"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_project;

    /// A relay with these lines reads the cluster `bus`.
    #[track_caller]
    fn check(annotated: &str) {
        let dr = if annotated.contains("to dr\n") { "target dr kafka \"d\"\n" } else { "" };
        check_project(&[&format!(
            "edition 2026\ntarget bus kafka \"k\"\n{dr}pipeline copy {{\n{annotated}}}\n"
        )]);
    }

    #[test]
    fn what_it_writes_it_takes_again() {
        // Without a `topic` a copy keeps its name.
        check(
            "from bus topic \"shop.*\"  # error[S0902]: `shop.*` takes the topics that this pipeline writes, `shop.*`\nto bus\nto dr\n",
        );
        check(
            "from bus topic \"shop.orders\"  # error[S0902]: `shop.orders` takes the topics that this pipeline writes, `shop.orders`\nto bus\n",
        );
        check(
            "from bus topic \"*.orders\"  # error[S0902]: `*.orders` takes the topics that this pipeline writes, `copy.*.orders`\n\
             to bus\ntopic \"copy.{topic}\"\n",
        );
    }

    #[test]
    fn other_names_and_other_clusters_are_no_circle() {
        check("from bus topic \"shop.*\"\nto bus\ntopic \"copy.{topic}\"\n");
        check("from bus topic \"shop.orders\"\nto bus\ntopic \"{topic}.copy\"\n");
        check("from bus topic \"*\"\nto dr\n");
        check("from bus topic \"shop?*\"\nto bus {\ntopic \"copy\"\n}\n");
    }

    #[test]
    fn the_topic_of_a_target_counts_before_that_of_the_pipeline() {
        check(
            "from bus topic \"shop.*\"  # error[S0902]: `shop.*` takes the topics that this pipeline writes, `shop.all`\n\
             topic \"copy.{topic}\"\nto bus {\ntopic \"shop.all\"\n}\n",
        );
    }
}
