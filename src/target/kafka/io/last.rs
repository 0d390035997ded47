//! The last record of each partition of some topics, to see who writes there.
//!
//! Asks for no right that the task does not need otherwise: a topic that may not be read is passed over.

use super::preflight::Admin;
use crate::catalog::{ClusterFacts, LastRecord, RecordShape};
use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// Topics that are looked at: enough to see a mistake that concerns all of them.
const TOPICS_MAX: usize = 50;

/// Offsets before the end that are read: the last ones may be ends of transactions, which are no records.
const OFFSETS: i64 = 10;

/// Longest that all of it may take: what was not seen until then is not told of.
const PATIENCE: Duration = Duration::from_secs(5);

impl Admin {
    /// Notes what the last committed record of each partition looks like, of the topics but `except`.
    pub fn look_at_last(&self, facts: &mut ClusterFacts, except: impl Fn(&str) -> bool) {
        let topics = facts.topics.iter().filter(|(name, _)| !except(name)).take(TOPICS_MAX);
        let mut list = TopicPartitionList::new();
        for (name, topic) in topics {
            for partition in 0..topic.partitions as i32 {
                // The one error is an offset that does not exist, and this one does.
                let _ = list.add_partition_offset(name, partition, Offset::OffsetTail(OFFSETS));
            }
        }
        for ((name, partition), (offset, shape)) in self.last_of(&list) {
            if let Some(topic) = facts.topics.get_mut(&name) {
                topic.last.push(LastRecord { partition, offset, shape });
            }
        }
    }

    fn last_of(&self, list: &TopicPartitionList) -> BTreeMap<(String, i32), (i64, RecordShape)> {
        let mut found = BTreeMap::new();
        let mut n_open = list.count();
        let Ok(reader) = self.committed_reader() else { return found };
        if n_open == 0 || reader.consumer().assign(list).is_err() {
            return found;
        }
        let deadline = Instant::now() + PATIENCE;
        while n_open > 0 && Instant::now() < deadline {
            match reader.consumer().poll(deadline.saturating_duration_since(Instant::now())) {
                Some(Ok(message)) => {
                    let place = (message.topic().to_owned(), message.partition());
                    found.insert(place, (message.offset(), RecordShape::of(message.payload())));
                }
                Some(Err(KafkaError::PartitionEOF(_))) => n_open -= 1,
                Some(Err(error)) if error.rdkafka_error_code() == Some(Code::TopicAuthorizationFailed) => {
                    n_open -= 1;
                }
                // Trouble with a connection lasts until it ends.
                Some(Err(_)) | None => {}
            }
        }
        found
    }
}
