//! S0509: messages without a key into a compacted topic.

use super::super::Rule;
use super::super::flow::Project;
use super::super::settings::Setting;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::statement::{Cleanup, KeyRule, Property};

const KEYLESS_COMPACTED: Code = Code::new("S0509", "keyless-compacted");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: KEYLESS_COMPACTED,
        what: "`key none` for a topic with `cleanup compact`.",
        why: "Compaction keeps the last message of each key. Kafka refuses a message without one.",
        wrong: pipeline!(
            "  include shop.*\n  topic \"{db}.{table}\" {\n    cleanup compact\n  }\n  key none\n"
        ),
        right: pipeline!(
            "  include shop.*\n  topic \"{db}.{table}\" {\n    cleanup delete\n  }\n  key none\n"
        ),
    },
    run: check_keyless_compacted,
};

fn check_keyless_compacted(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for flow in &project.flows {
        for lane in &flow.lanes {
            for subject in flow.subjects() {
                let key = lane.setting((subject, Property::Key), |settings| settings.key.as_ref());
                let cleanup = lane
                    .setting((subject, Property::TopicCleanup), |settings| settings.topic_cleanup.as_ref());
                let (Setting::Given(key, _), Setting::Given(cleanup, _)) = (key, cleanup) else { continue };
                let compacts = match cleanup.value {
                    Cleanup::Compact | Cleanup::CompactDelete => true,
                    Cleanup::Delete => false,
                };
                if key.value.rule == KeyRule::None && compacts {
                    findings.push(
                        Diagnostic::error(
                            KEYLESS_COMPACTED,
                            key.span,
                            "a compacted topic takes no message without a key",
                        )
                        .beside(cleanup.span, "it is compacted by this line")
                        .help("name the key's columns, or write `cleanup delete`"),
                    );
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_diagnostics;

    #[test]
    fn only_where_both_hold() {
        check_diagnostics(
            "include shop.*\ntopic \"{db}.{table}\" {\ncleanup compact, delete\n}\ntable shop.a {\n\
             key none  # error[S0509]: a compacted topic takes no message without a key\n}\n",
        );
        check_diagnostics(
            "include shop.*\nkey none\ntable shop.a {\nkey id\ntopic \"x\" {\ncleanup compact\n}\n}\n",
        );
    }
}
