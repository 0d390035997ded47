//! Relays as edges from one target to another, with the topics that come out of them.

use super::super::flow::Project;
use crate::hir::{Relay, TargetId};
use crate::pattern::{NamePattern, Relation};
use crate::statement::TemplatePart;

/// A relay towards one target.
pub(super) struct Copy<'p> {
    pub(super) relay: &'p Relay,
    pub(super) to: TargetId,
    /// Topics that it writes.
    pub(super) made: NamePattern,
}

/// Every relay towards every target.
pub(super) fn copies<'p>(project: &Project<'p>) -> Vec<Copy<'p>> {
    let mut copies = Vec::new();
    for pipeline in project.flows.iter().map(|flow| flow.pipeline) {
        for relay in &pipeline.relays {
            for to in &pipeline.to {
                let topics = relay.topics.value.to_string();
                let made = pipeline.topic_of_relay(to).map_or(topics.clone(), |topic| {
                    let part = |part: &TemplatePart| match part {
                        TemplatePart::Text(text) => text.clone(),
                        TemplatePart::Hole { name, filter: None } if name == "topic" => topics.clone(),
                        TemplatePart::Hole { .. } => "*".to_owned(),
                    };
                    topic.value.parts.iter().map(part).collect()
                });
                if let Ok(made) = NamePattern::from_glob(&made) {
                    copies.push(Copy { relay, to: to.target.value, made });
                }
            }
        }
    }
    copies
}

/// True when two patterns of topics have a name in common.
pub(super) fn meet(one: &NamePattern, other: &NamePattern) -> bool {
    match (one.compile(), other.compile()) {
        (Ok(one), Ok(other)) => one.relation(&other) != Relation::Disjoint,
        _ => false,
    }
}

impl Copy<'_> {
    /// True when what it writes is copied by the other.
    pub(super) fn feeds(&self, other: &Copy<'_>) -> bool {
        self.to == other.relay.target.value && meet(&self.made, &other.relay.topics.value)
    }
}
