//! Messages of idle topics, for formats whose readers take silence for a dead connection.

use super::life::Life;
use super::marker::append;
use super::rows::place_of;
use crate::change::{EventMeta, Origin};
use crate::format::{FormatPlan, heartbeat_every_ms, write_heartbeat};
use crate::kafka::TopicId;
use crate::run::context::wall_ms;
use crate::run::failure::Failure;
use std::collections::BTreeMap;

/// The topics of a life that get such messages, and when each of them got the last.
#[derive(Debug, Default)]
pub(super) struct Beats {
    topics: BTreeMap<TopicId, Beat>,
}

#[derive(Debug)]
struct Beat {
    every_ms: u64,
    /// None before the first.
    sent_ms: Option<u64>,
}

impl Beats {
    /// A topic has messages of this format.
    pub(super) fn watch(&mut self, topic: TopicId, format: &FormatPlan) {
        if let Some(every_ms) = heartbeat_every_ms(format) {
            self.topics.entry(topic).or_insert(Beat { every_ms, sent_ms: None });
        }
    }

    /// Topics whose next message is due; it counts as sent.
    fn due(&mut self, now_ms: u64) -> Vec<TopicId> {
        let is_due = |beat: &Beat| beat.sent_ms.is_none_or(|sent_ms| now_ms >= sent_ms + beat.every_ms);
        let due = self.topics.iter_mut().filter(|(_, beat)| is_due(beat));
        due.map(|(topic, beat)| {
            beat.sent_ms = Some(now_ms);
            *topic
        })
        .collect()
    }
}

impl Life {
    /// Writes the messages that are due into what is about to be committed.
    pub(super) fn beat_topics(&mut self, now_ms: u64) -> Result<(), Failure> {
        self.tables.recall_topics(&mut self.output)?;
        let due = self.tables.beats.due(now_ms);
        if due.is_empty() {
            return Ok(());
        }
        let place = place_of(self.ledger.position());
        let now_ms = wall_ms();
        let meta = EventMeta {
            origin: Origin::Stream,
            event_ms: now_ms,
            now_ms,
            source: &self.source,
            transaction: &place,
            offset: place.start,
            row: 0,
            number: 0,
        };
        for topic in due {
            let key = self.tables.rowless_keys.get(&topic).and_then(Option::as_deref);
            let batch = self.output.batch();
            let id = batch.total() + 1;
            let arena = batch.arena();
            let start = arena.len();
            write_heartbeat(&meta, id, arena);
            let value = start..arena.len();
            let key = key.map(|key| append(batch, key));
            // Readers of these messages read the first partition only.
            batch.push(topic, 0, key, Some(value));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::DtsOptions;
    use crate::statement::FormatHeartbeat;

    #[test]
    fn a_topic_beats_from_the_first_commit_on() {
        let dts = |heartbeat| {
            FormatPlan::DtsAvro(DtsOptions { snapshot_init: false, heartbeat, transactions: false })
        };
        let mut beats = Beats::default();
        beats.watch(TopicId(1), &dts(FormatHeartbeat::Every(60_000)));
        beats.watch(TopicId(2), &dts(FormatHeartbeat::Off));
        beats.watch(TopicId(1), &dts(FormatHeartbeat::Every(60_000)));
        assert_eq!(beats.due(5), [TopicId(1)]);
        assert_eq!(beats.due(60_004), []);
        assert_eq!(beats.due(60_005), [TopicId(1)]);
    }
}
