//! The topics of a target that is ours: which there are, how many partitions they have, how far they reach.

use super::Output;
use crate::catalog::ClusterFacts;
use crate::checkpoint::{EndsRecord, StateChange, StateRecord, TaskState};
use crate::kafka::limits::MAX_MESSAGE_BYTES_DEFAULT;
use crate::kafka::{TopicId, TopicName};
use crate::plan::{TaskPlan, TopicSettings};
use crate::run::event::{Event, Name};
use crate::run::failure::{Class, Failure};
use crate::target::kafka::io::NewTopic;
use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;

impl Output {
    /// A data topic and its number of partitions, made if it is missing and may be made.
    pub(in crate::run::task) fn topic(
        &mut self,
        name: &TopicName,
        settings: &TopicSettings,
    ) -> Result<(TopicId, NonZeroU32), Failure> {
        let id = self.topics.intern(name);
        if let Some(&partitions) = self.partitions.get(&id) {
            return Ok((id, partitions));
        }
        let partitions = match &self.admin {
            Some(admin) => {
                let mut partitions = admin.partitions(name)?;
                if partitions.is_none() && settings.create {
                    admin.create_topics(&[NewTopic::data(name.clone(), settings)])?;
                    Event::info(Name::TopicCreated, format!("topic {name} created")).task(&self.task).emit();
                    partitions = admin.partitions(name)?;
                }
                partitions
            }
            None => Some(settings.partitions.and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN)),
        };
        let Some(partitions) = partitions else {
            return Err(Failure::new(
                Class::Precheck,
                format!("L0204 topic-missing: topic {name} does not exist, and `create never` is set"),
            ));
        };
        self.partitions.insert(id, partitions);
        Ok((id, partitions))
    }

    /// The number of a topic that is written to.
    pub(in crate::run::task) fn number(&mut self, name: &TopicName) -> TopicId {
        self.topics.intern(name)
    }

    /// Bytes that a topic takes in one batch, as it was told to this life; none: it was not.
    pub(in crate::run::task) fn told_limit(&self, topic: &str) -> Option<u64> {
        self.limits.get(topic).copied()
    }

    /// Bytes that a topic takes in one batch; those of Kafka's own limit where it may not be seen.
    pub(in crate::run::task) fn limit(&mut self, name: &TopicName) -> Result<usize, Failure> {
        let Some(admin) = &self.admin else { return Ok(usize::MAX) };
        if !self.limits.contains_key(name.as_str()) {
            self.limits.extend(limits(&admin.facts([name])?));
        }
        let told = self.told_limit(name.as_str());
        Ok(told.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(MAX_MESSAGE_BYTES_DEFAULT))
    }

    /// A topic, if it exists: its number of partitions, and whether it takes no record without a key.
    pub(in crate::run::task) fn existing(
        &mut self,
        name: &TopicName,
    ) -> Result<Option<(TopicId, NonZeroU32, bool)>, Failure> {
        let Some(admin) = &self.admin else { return Ok(None) };
        let facts = admin.facts([name])?;
        let Some(topic) = facts.topics.get(name.as_str()) else { return Ok(None) };
        let compacted = topic.config.get("cleanup.policy").is_some_and(|policy| policy.contains("compact"));
        let Some(partitions) = NonZeroU32::new(topic.partitions) else { return Ok(None) };
        Ok(Some((self.topics.intern(name), partitions, compacted)))
    }

    /// Notes how far the topics reach that were written to, for the next commit: a topic that ends before that later on
    /// was deleted, or lost records.
    pub(in crate::run::task) fn note_ends(&mut self) -> Result<(), Failure> {
        let Some(admin) = &self.admin else { return Ok(()) };
        for topic in std::mem::take(&mut self.written) {
            if let (Some(name), Some(partitions)) = (self.topics.name(topic), self.partitions.get(&topic)) {
                let ends = EndsRecord { ends: admin.end_offsets(name, partitions.get())? };
                if let Some(before) = self.ends.get(name.as_str()) {
                    not_cut(name.as_str(), before, &ends)?;
                }
                self.ends.insert(name.to_string(), ends.clone());
                self.pending.push(StateChange::put(StateRecord::Ends(name.to_string(), ends)));
            }
        }
        Ok(())
    }

    /// True when rows were sent since the ends were noted.
    pub(in crate::run::task) fn has_written(&self) -> bool {
        !self.written.is_empty()
    }

    /// Holds the data topics against the ends that were noted.
    pub(in crate::run::task) fn ends_held<'e>(
        &self,
        noted: impl IntoIterator<Item = (&'e String, &'e EndsRecord)>,
    ) -> Result<(), Failure> {
        let Some(admin) = &self.admin else { return Ok(()) };
        for (topic, record) in noted {
            let Ok(name) = TopicName::new(topic.clone()) else { continue };
            if admin.partitions(&name)?.is_none() {
                return Err(lost(topic, GONE));
            }
            let partitions =
                record.ends.iter().map(|(partition, _)| *partition as u32 + 1).max().unwrap_or(0);
            let now = EndsRecord { ends: admin.end_offsets(&name, partitions)? };
            not_cut(topic, record, &now)?;
        }
        Ok(())
    }

    /// A topic has so many partitions from now on.
    pub(in crate::run::task) fn repartition(&mut self, topic: &str, partitions: u32) {
        if let (Ok(name), Some(partitions)) = (TopicName::new(topic), NonZeroU32::new(partitions)) {
            let id = self.topics.intern(&name);
            self.partitions.insert(id, partitions);
        }
    }

    /// Topics that have another number of partitions than was recorded, by name: that one, and the one they have.
    pub(in crate::run::task) fn repartitioned<'e>(
        &self,
        recorded: impl IntoIterator<Item = (&'e str, u32)>,
    ) -> Result<BTreeMap<String, (u32, u32)>, Failure> {
        let mut found = BTreeMap::new();
        let Some(admin) = &self.admin else { return Ok(found) };
        for (topic, recorded) in recorded.into_iter().collect::<BTreeSet<_>>() {
            let Ok(name) = TopicName::new(topic) else { continue };
            if let Some(now) = admin.partitions(&name)?.filter(|now| now.get() != recorded) {
                found.insert(topic.to_owned(), (recorded, now.get()));
            }
        }
        Ok(found)
    }
}

/// What became of a topic that was deleted.
const GONE: &str = "does not exist any more";

/// Rows that were acknowledged are not there any more.
fn lost(topic: &str, what: &str) -> Failure {
    let text = format!(
        "topic {topic} {what}: what was sent to it is gone. Load it anew under another name, or accept the loss with \
         --accept-state-loss"
    );
    Failure::new(Class::State, text)
}

/// No partition of a topic ends before it did.
fn not_cut(topic: &str, before: &EndsRecord, now: &EndsRecord) -> Result<(), Failure> {
    let now: BTreeMap<i32, i64> = now.ends.iter().copied().collect();
    match before.ends.iter().all(|(partition, end)| now.get(partition).is_some_and(|now| now >= end)) {
        true => Ok(()),
        false => {
            Err(lost(topic, "ends before what was acknowledged (deleted and made again, or a lost leader)"))
        }
    }
}

/// A topic that rows of a table were sent to is there: it is made once, with the first of them.
pub(in crate::run::task) fn not_gone<'t>(
    state: &TaskState,
    plan: &TaskPlan,
    missing: impl Iterator<Item = &'t TopicName>,
) -> Result<(), Failure> {
    let sent_to = |topic: &TopicName| {
        state.tables.iter().any(|(name, record)| {
            let decision = plan.decide(&name.db, &name.table).ok().flatten();
            record.topic == topic.as_str() && decision.is_some_and(|one| one.topic == *topic)
        })
    };
    match missing.into_iter().find(|topic| sent_to(topic)) {
        Some(topic) => Err(lost(topic.as_str(), GONE)),
        None => Ok(()),
    }
}

/// Bytes that topics take in one batch, of those that say it.
pub(super) fn limits(facts: &ClusterFacts) -> BTreeMap<String, u64> {
    let limit = |config: &BTreeMap<String, String>| config.get("max.message.bytes")?.parse().ok();
    facts.topics.iter().filter_map(|(name, topic)| Some((name.clone(), limit(&topic.config)?))).collect()
}
