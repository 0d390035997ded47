//! A topic read on and on, each time to the end that it has at that moment.
//!
//! What has been committed when a read begins is seen when it ends: records that an open transaction still hides are
//! waited for, as in a read of the state topic.

use super::connection::Connection;
use super::error::{Class, KafkaFailure};
use super::state::{Isolation, Reader};
use crate::kafka::TopicName;
use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{Headers, Message};
use rdkafka::{Offset, TopicPartitionList};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

/// What the connection is used for, in failures.
const READ: &str = "read a topic";

/// Between two looks at records that are hidden.
const PAUSE: Duration = Duration::from_millis(10);

/// How often whoever follows is asked whether to go on while nothing comes.
const SLICE: Duration = Duration::from_millis(200);

/// Reads all partitions of a topic; committed records only.
pub struct Follower {
    visible: Reader,
    /// Told the true ends, behind open transactions.
    asking: Reader,
    topic: TopicName,
    /// A header that marks records.
    marker: &'static str,
    /// By number.
    parts: Vec<Part>,
}

struct Part {
    /// The first offset that was there at the beginning.
    first: i64,
    /// Everything before this has been seen.
    next: i64,
    /// To be reached by the present read.
    end: i64,
}

/// A record that was met.
#[derive(Debug, Clone, Copy)]
pub struct Followed<'m> {
    /// Partition.
    pub partition: i32,
    /// Offset.
    pub offset: i64,
    /// Key.
    pub key: Option<&'m [u8]>,
    /// Value; none in a tombstone.
    pub value: Option<&'m [u8]>,
    /// It has the header that marks records.
    pub marked: bool,
}

/// Key and value.
type OwnedRecord = (Option<Vec<u8>>, Option<Vec<u8>>);

/// Takes records, one by one, and none now and then while nothing comes; breaks off when it has seen enough.
pub type Take<'t> = &'t mut dyn FnMut(Option<&Followed<'_>>) -> ControlFlow<()>;

impl Follower {
    /// A reader that stands before the first record of a topic with so many partitions. Records with the header `marker` are marked.
    ///
    /// # Errors
    /// There is no such topic; any failure of the cluster.
    pub fn open(
        connection: &Connection,
        topic: &TopicName,
        partitions: u32,
        marker: &'static str,
        patience: Duration,
    ) -> Result<Follower, KafkaFailure> {
        let deadline = Instant::now() + patience;
        let visible = Reader::open(connection, Isolation::Visible)?;
        let asking = Reader::open(connection, Isolation::Uncommitted)?;
        visible.require_topic(topic, deadline)?;
        let parts = (0..partitions as i32).map(|partition| {
            let (first, _) = asking.watermarks(topic, partition, deadline)?;
            Ok(Part { first, next: first, end: first })
        });
        let parts = parts.collect::<Result<_, KafkaFailure>>()?;
        Ok(Follower { visible, asking, topic: topic.clone(), marker, parts })
    }

    /// True when the first records are gone.
    pub fn is_cut(&self) -> bool {
        self.parts.iter().any(|part| part.first > 0)
    }

    /// Stands before the first record again.
    pub fn rewind(&mut self) {
        self.parts.iter_mut().for_each(|part| part.next = part.first);
    }

    /// Reads on to the end that the topic has now, and hands each record to `take`, in order within a partition, until it breaks
    /// off.
    ///
    /// # Errors
    /// [`Class::ForeignWriter`] when an open transaction hides what lies before the end for longer than `patience`; any failure of
    /// the cluster.
    pub fn catch_up(&mut self, patience: Duration, take: Take<'_>) -> Result<ControlFlow<()>, KafkaFailure> {
        let deadline = Instant::now() + patience;
        for (partition, part) in self.parts.iter_mut().enumerate() {
            part.end = self.asking.watermarks(&self.topic, partition as i32, deadline)?.1;
        }
        for (partition, part) in self.parts.iter().enumerate().filter(|(_, part)| part.is_behind()) {
            while self.visible.watermarks(&self.topic, partition as i32, deadline)?.1 < part.end {
                if Instant::now() >= deadline {
                    let words =
                        format!("records below offset {} stay hidden by an open transaction", part.end);
                    let failure = KafkaFailure::new(Class::ForeignWriter, READ, None, words);
                    return Err(failure.on(self.topic.as_str()).at(partition as i32));
                }
                if take(None).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
                std::thread::sleep(PAUSE);
            }
        }
        self.read(patience, take)
    }

    /// Key and value of one record; none when it is gone.
    ///
    /// # Errors
    /// Any failure of the cluster.
    pub fn record(
        &self,
        partition: i32,
        offset: i64,
        patience: Duration,
    ) -> Result<Option<OwnedRecord>, KafkaFailure> {
        let deadline = Instant::now() + patience;
        let refused = |error: &KafkaError| KafkaFailure::from_client(READ, error).on(self.topic.as_str());
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(self.topic.as_str(), partition, Offset::Offset(offset))
            .and_then(|()| self.visible.consumer().assign(&list))
            .map_err(|error| refused(&error))?;
        let found = loop {
            match self.visible.consumer().poll(SLICE) {
                Some(Ok(message)) if message.offset() == offset => {
                    break Some((message.key().map(<[u8]>::to_vec), message.payload().map(<[u8]>::to_vec)));
                }
                Some(Ok(_) | Err(KafkaError::PartitionEOF(_))) => break None,
                Some(Err(error)) if Instant::now() >= deadline => return Err(refused(&error)),
                None if Instant::now() >= deadline => break None,
                Some(Err(_)) | None => {}
            }
        };
        self.visible.consumer().unassign().map_err(|error| refused(&error))?;
        Ok(found)
    }

    fn read(&mut self, patience: Duration, take: Take<'_>) -> Result<ControlFlow<()>, KafkaFailure> {
        let refused = |error: &KafkaError| KafkaFailure::from_client(READ, error);
        let mut list = TopicPartitionList::new();
        for (partition, part) in self.parts.iter().enumerate().filter(|(_, part)| part.is_behind()) {
            list.add_partition_offset(self.topic.as_str(), partition as i32, Offset::Offset(part.next))
                .map_err(|error| refused(&error))?;
        }
        if list.count() == 0 {
            return Ok(ControlFlow::Continue(()));
        }
        self.visible.consumer().assign(&list).map_err(|error| refused(&error))?;
        let mut deadline = Instant::now() + patience;
        let mut flow = ControlFlow::Continue(());
        while flow.is_continue() && self.parts.iter().any(Part::is_behind) {
            let failure = match self.visible.consumer().poll(SLICE) {
                Some(Ok(message)) => {
                    deadline = Instant::now() + patience;
                    let Some(part) = self.parts.get_mut(message.partition() as usize) else { continue };
                    // What came behind the end is for the next read.
                    part.next = (message.offset() + 1).min(part.end);
                    if message.offset() >= part.end {
                        continue;
                    }
                    let mut names = message.headers().into_iter().flat_map(Headers::iter);
                    let marked = names.any(|header| header.key == self.marker);
                    flow = take(Some(&Followed {
                        partition: message.partition(),
                        offset: message.offset(),
                        key: message.key(),
                        value: message.payload(),
                        marked,
                    }));
                    continue;
                }
                // The end of what was visible when the read began lies at `end` or behind it.
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    if let Some(part) = self.parts.get_mut(partition as usize) {
                        part.next = part.next.max(part.end);
                    }
                    continue;
                }
                Some(Err(error)) => KafkaFailure::from_client(READ, &error),
                None => {
                    flow = take(None);
                    let words = Code::OperationTimedOut.to_string();
                    KafkaFailure::of(READ, Code::OperationTimedOut, words)
                }
            };
            let passes = failure.class == Class::Transient
                || failure.source.code == Some(Code::GroupAuthorizationFailed);
            if !passes || Instant::now() >= deadline {
                return Err(failure.on(self.topic.as_str()));
            }
        }
        self.visible.consumer().unassign().map_err(|error| refused(&error))?;
        Ok(flow)
    }
}

impl Part {
    fn is_behind(&self) -> bool {
        self.next < self.end
    }
}
