//! S0409: two topics that Kafka's metrics take for one.

use super::super::Rule;
use super::super::flow::{Placed, Project};
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::hir::TargetId;
use crate::text::Span;
use foldhash::HashMap;
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

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
    // By target and by what the metrics call it: a name, and whether there is another one.
    let mut first: HashMap<(TargetId, Metric<'_>), (&str, bool)> = HashMap::default();
    for (target, placed) in all_placed(project) {
        let (name, is_other) = first.entry((target, Metric(placed.topic))).or_insert((placed.topic, false));
        *is_other |= *name != placed.topic;
    }
    first.retain(|_, (_, is_other)| *is_other);
    if first.is_empty() {
        return;
    }
    // Of those all names, each with its first place.
    let mut topics: BTreeMap<(TargetId, String), BTreeMap<&str, Span>> = BTreeMap::new();
    for (target, placed) in all_placed(project) {
        if first.contains_key(&(target, Metric(placed.topic))) {
            let metric = (target, placed.topic.replace('.', "_"));
            let first = topics.entry(metric).or_default().entry(placed.topic).or_insert(placed.span());
            *first = placed.span().min(*first);
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

fn all_placed<'a>(project: &'a Project<'_>) -> impl Iterator<Item = (TargetId, Placed<'a>)> {
    project.flows.iter().flat_map(|flow| {
        flow.lanes.iter().enumerate().flat_map(move |(n, lane)| {
            let placed = (0..flow.pipeline.from.len()).flat_map(move |source| flow.placed(n, source));
            placed.map(|placed| (lane.to.target.value, placed))
        })
    })
}

/// The name of a topic as metrics have it: `.` and `_` are one.
struct Metric<'a>(&'a str);

fn metric_byte(byte: u8) -> u8 {
    if byte == b'.' { b'_' } else { byte }
}

impl PartialEq for Metric<'_> {
    fn eq(&self, other: &Self) -> bool {
        let mut bytes = self.0.bytes().zip(other.0.bytes());
        self.0.len() == other.0.len() && bytes.all(|(one, other)| metric_byte(one) == metric_byte(other))
    }
}

impl Eq for Metric<'_> {}

impl Hash for Metric<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        // A hasher takes many bytes as fast as one.
        let mut bytes = [0; 64];
        for chunk in self.0.as_bytes().chunks(bytes.len()) {
            bytes.iter_mut().zip(chunk).for_each(|(to, &from)| *to = metric_byte(from));
            state.write(&bytes[..chunk.len()]);
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
