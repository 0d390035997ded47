//! Relays as edges from one target to another, with the topics that come out of them.

use super::super::flow::Project;
use crate::hir::{Relay, TargetId};
use crate::pattern::{NamePattern, Relation};
use crate::statement::{Template, TemplatePart};

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
                let topics = as_written(&relay.topics.value);
                let topic = |hole: &str| (hole == "topic").then(|| topics.to_owned());
                let made = match pipeline.topic_of_relay(to) {
                    None => relay.topics.value.clone(),
                    Some(template) => pattern_of(&template.value, topic),
                };
                copies.push(Copy { relay, to: to.target.value, made });
            }
        }
    }
    copies
}

/// A pattern of topics as it stands between its quotes.
pub(super) fn as_written(topics: &NamePattern) -> &str {
    match topics {
        NamePattern::Exact(text) | NamePattern::Glob(text) | NamePattern::Regex(text) => text,
    }
}

/// A pattern that takes every name a template can make: what is known of its placeholders, any text for the others.
pub(super) fn pattern_of(template: &Template, known: impl Fn(&str) -> Option<String>) -> NamePattern {
    let part = |part: &TemplatePart| match part {
        TemplatePart::Text(text) => text.clone(),
        TemplatePart::Hole { name, filter: None } => known(name).unwrap_or_else(|| "*".to_owned()),
        TemplatePart::Hole { .. } => "*".to_owned(),
    };
    let text: String = template.parts.iter().map(part).collect();
    NamePattern::from_glob(&text).unwrap_or(NamePattern::Glob("*".to_owned()))
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
