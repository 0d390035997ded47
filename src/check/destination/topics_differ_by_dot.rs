//! S0409: two topics that Kafka's metrics take for one.

use super::super::Rule;
use super::super::flow::Project;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::text::Span;
use std::collections::BTreeMap;

const TOPICS_DIFFER_BY_DOT: Code = Code::new("S0409", "topics-differ-by-dot");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: TOPICS_DIFFER_BY_DOT,
        what: "Two topics of one target have names that differ only in `.` and `_`.",
        why: "Kafka replaces dots in the names of its metrics by `_`, so it refuses to make a topic that would clash with one that \
              is there.",
        wrong: pipeline!("  include shop.a_b\n  include shop_a.b\n"),
        right: pipeline!("  include shop.a_b\n  include shop_a.b\n  rename database shop_a to shop2\n"),
    },
    run: check_topics_differ_by_dot,
};

fn check_topics_differ_by_dot(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    // By target and by what the metrics call it: all names, each with its first place.
    let mut topics: BTreeMap<(u32, String), BTreeMap<&str, Span>> = BTreeMap::new();
    for flow in &project.flows {
        for (n, lane) in flow.lanes.iter().enumerate() {
            for placed in (0..flow.pipeline.from.len()).flat_map(|source| flow.placed(n, source)) {
                let metric = (lane.to.target.value.0, placed.topic.replace('.', "_"));
                let first = topics.entry(metric).or_default().entry(placed.topic).or_insert(placed.span());
                *first = placed.span().min(*first);
            }
        }
    }
    for names in topics.into_values() {
        let mut placed: Vec<(Span, &str)> = names.into_iter().map(|(name, span)| (span, name)).collect();
        placed.sort();
        if let [(first, a), .., (later, b)] = placed.as_slice() {
            findings.push(
                Diagnostic::warning(
                    TOPICS_DIFFER_BY_DOT,
                    *later,
                    format!("the topics `{a}` and `{b}` differ only in `.` and `_`"),
                )
                .beside(*first, "the other topic")
                .help("Kafka's metrics cannot tell them apart: name one of them anew"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_diagnostics;

    #[test]
    fn also_across_pipelines() {
        check_diagnostics(
            "include shop.a_b\n\
             include shop_a.b  # warning[S0409]: the topics `shop.a_b` and `shop_a.b` differ only in `.` and `_`\n",
        );
        check_diagnostics("include shop.a_b, shop.a_c\n");
    }
}
