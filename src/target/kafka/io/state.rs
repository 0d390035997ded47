//! Reading the state topic, and other topics to their end.
//!
//! Committed records are read to the end that the topic has for a reader of *un*committed ones: asked as a reader of
//! committed records, the broker names the last stable offset instead, and a transaction that is still being ended would
//! be missed without a trace.

use super::connection::Connection;
use super::error::{Class, KafkaFailure};
use super::events::Events;
use super::token;
use crate::failpoint::{Bug, planted};
use crate::kafka::TopicName;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};
use std::cell::Cell;
use std::time::{Duration, Instant};

/// Longest a single question to the cluster waits before the deadline is looked at.
const SLICE: Duration = Duration::from_millis(500);

/// Pause before a question is asked again. Some errors come back at once, such as those of a connection being made.
const PAUSE: Duration = Duration::from_millis(10);

/// How long the last question before a verdict waits for its answer.
const LAST_LOOK: Duration = Duration::from_secs(5);

/// What the connection is used for, in failures.
const READ: &str = "read the state topic";

/// Which records are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// Those of committed transactions and those without a transaction, all that are there now. An open transaction
    /// hides what comes behind its beginning, and is waited for.
    Committed,
    /// The same up to the beginning of the first open transaction, without waiting.
    Visible,
    /// All, those of open and aborted transactions included.
    Uncommitted,
}

/// A topic read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateRead {
    /// Key and value in the order they were written; a record without a value removes its key.
    pub records: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    /// The end that was read to: every record from here on was written later.
    pub end: i64,
}

/// Reads partition 0 of `topic` from its beginning to the end it has now.
///
/// # Errors
/// [`Class::UnknownTopic`] when there is no such topic. [`Class::ForeignWriter`] when somebody's open transaction keeps
/// committed records hidden until `patience` is over. Any failure of the cluster.
pub fn read_all(
    connection: &Connection,
    topic: &TopicName,
    isolation: Isolation,
    patience: Duration,
) -> Result<StateRead, KafkaFailure> {
    let isolation = match isolation {
        Isolation::Committed if planted(Bug::StateUpToOpen) => Isolation::Visible,
        isolation => isolation,
    };
    let deadline = Instant::now() + patience;
    // To a reader of committed records the end is where the first open transaction begins.
    let end = {
        let asking = Reader::open(
            connection,
            match isolation {
                Isolation::Visible => Isolation::Visible,
                Isolation::Committed | Isolation::Uncommitted => Isolation::Uncommitted,
            },
        )?;
        asking.require_topic(topic, deadline)?;
        asking.watermarks(topic, 0, deadline)?.1
    };
    let reader = Reader::open(connection, isolation)?;
    reader.require_topic(topic, deadline)?;
    if isolation == Isolation::Committed {
        // A question that is asked is waited for: an answer that comes late tells more than that time was over.
        while reader.watermarks(topic, 0, deadline.max(Instant::now() + LAST_LOOK))?.1 < end {
            if Instant::now() >= deadline {
                let words = format!(
                    "records below offset {end} stay hidden by an open transaction that is not ours: somebody else \
                     writes to this topic"
                );
                return Err(KafkaFailure::new(Class::ForeignWriter, READ, None, words).on(topic.as_str()));
            }
            std::thread::sleep(PAUSE);
        }
    }
    // From here on the end of what is visible lies at `end` or behind it, so reaching it is reaching `end`.
    reader.assign(topic, Offset::Beginning)?;
    let mut records = Vec::new();
    loop {
        match reader.next(topic, deadline)? {
            Next::Record(record) => {
                if record.offset < end {
                    records.push((record.key, record.value));
                }
            }
            Next::End => return Ok(StateRead { records, end }),
            Next::Nothing => return Err(reader.timed_out(READ).on(topic.as_str())),
        }
    }
}

/// Watches what is written to a topic from now on, whether it will ever be committed or not.
pub struct Watch {
    reader: Reader,
    topic: TopicName,
    /// Everything before this offset has been seen.
    seen: Cell<i64>,
}

/// A record that was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedRecord {
    /// Offset in partition 0.
    pub offset: i64,
    /// Key.
    pub key: Vec<u8>,
    /// Value; none removes the key.
    pub value: Option<Vec<u8>>,
}

impl Watch {
    /// Starts at the present end of partition 0, or at `from`, the end of an earlier read.
    ///
    /// # Errors
    /// As [`read_all`].
    pub fn open(
        connection: &Connection,
        topic: &TopicName,
        from: Option<i64>,
        patience: Duration,
    ) -> Result<Watch, KafkaFailure> {
        let deadline = Instant::now() + patience;
        let isolation = match planted(Bug::WatchCommitted) {
            false => Isolation::Uncommitted,
            true => Isolation::Visible,
        };
        let reader = Reader::open(connection, isolation)?;
        reader.require_topic(topic, deadline)?;
        let from = match from {
            Some(from) => from,
            None => reader.watermarks(topic, 0, deadline)?.1,
        };
        reader.assign(topic, Offset::Offset(from))?;
        Ok(Watch { reader, topic: topic.clone(), seen: Cell::new(from) })
    }

    /// The next record; none when nothing was written until `patience` ended.
    ///
    /// None is proof: the cluster has been asked at the end whether there is anything else. Silence of a cluster that
    /// cannot be reached is a failure instead.
    ///
    /// # Errors
    /// When the cluster refuses, or does not answer at the end.
    pub fn next(&self, patience: Duration) -> Result<Option<WatchedRecord>, KafkaFailure> {
        let mut deadline = Instant::now() + patience;
        let mut last_look = false;
        loop {
            match self.reader.next(&self.topic, deadline)? {
                Next::Record(record) => {
                    self.seen.set(record.offset + 1);
                    return Ok(Some(record));
                }
                Next::End => {
                    // The client library does not say which end. One written this moment is met by the next poll.
                    let answer = self.reader.watermarks(&self.topic, 0, deadline.max(Instant::now() + SLICE));
                    match answer {
                        Ok((_, end)) => self.seen.set(end),
                        Err(failure) if failure.class == Class::Transient => {}
                        Err(failure) => return Err(failure),
                    }
                    if last_look {
                        return Ok(None);
                    }
                }
                Next::Nothing if last_look => {
                    return Err(self.reader.timed_out(READ).on(self.topic.as_str()));
                }
                Next::Nothing => {
                    deadline = Instant::now() + LAST_LOOK;
                    if self.reader.watermarks(&self.topic, 0, deadline)?.1 <= self.seen.get() {
                        return Ok(None);
                    }
                    last_look = true;
                }
            }
        }
    }
}

/// What a reader met.
pub(super) enum Next {
    Record(WatchedRecord),
    End,
    Nothing,
}

/// A consumer outside of any group.
pub(super) struct Reader {
    consumer: BaseConsumer<Events>,
}

impl Reader {
    pub(super) fn open(connection: &Connection, isolation: Isolation) -> Result<Reader, KafkaFailure> {
        let consumer: BaseConsumer<Events> = connection
            .reader(match isolation {
                Isolation::Committed | Isolation::Visible => true,
                Isolation::Uncommitted => false,
            })
            .create_with_context(connection.events())
            .map_err(|error| KafkaFailure::from_client("create the consumer", &error))?;
        token::give(consumer.client())?;
        Ok(Reader { consumer })
    }

    pub(super) fn consumer(&self) -> &BaseConsumer<Events> {
        &self.consumer
    }

    /// Asks until there is an answer, a refusal, or no time left.
    pub(super) fn ask<T>(
        &self,
        what: &'static str,
        deadline: Instant,
        mut question: impl FnMut(&BaseConsumer<Events>, Duration) -> Result<T, KafkaError>,
    ) -> Result<T, KafkaFailure> {
        let mut slice = SLICE;
        token::give(self.consumer.client())?;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let answer = question(&self.consumer, left.clamp(Duration::from_millis(1), slice));
            // Without an assignment this only takes errors and log lines.
            if self.consumer.assignment().is_ok_and(|list| list.count() == 0) {
                while self.consumer.poll(Duration::ZERO).is_some() {}
            }
            let failure = match answer {
                Ok(answer) => return Ok(answer),
                Err(error) => KafkaFailure::from_client(what, &error),
            };
            if let Some(refusal) = self.consumer.context().refusal(what) {
                return Err(refusal);
            }
            if failure.class != Class::Transient || left.is_zero() {
                return Err(self.with_trouble(failure));
            }
            std::thread::sleep(PAUSE.min(left));
            slice *= 2;
        }
    }

    pub(super) fn require_topic(&self, topic: &TopicName, deadline: Instant) -> Result<(), KafkaFailure> {
        self.ask(READ, deadline, |consumer, patience| {
            let metadata = consumer.fetch_metadata(Some(topic.as_str()), patience)?;
            match metadata.topics().first().and_then(|topic| topic.error()) {
                Some(code) => Err(KafkaError::MetadataFetch(Code::from(code))),
                None => Ok(()),
            }
        })
        .map_err(|failure| failure.on(topic.as_str()))
    }

    /// First offset and end of a partition, as a reader of this isolation sees them.
    pub(super) fn watermarks(
        &self,
        topic: &TopicName,
        partition: i32,
        deadline: Instant,
    ) -> Result<(i64, i64), KafkaFailure> {
        self.ask("ask for the end of a partition", deadline, |consumer, patience| {
            consumer.fetch_watermarks(topic.as_str(), partition, patience)
        })
        .map_err(|failure| failure.on(topic.as_str()).at(partition))
    }

    fn assign(&self, topic: &TopicName, from: Offset) -> Result<(), KafkaFailure> {
        let mut list = TopicPartitionList::new();
        list.add_partition_offset(topic.as_str(), 0, from)
            .and_then(|()| self.consumer.assign(&list))
            .map_err(|error| KafkaFailure::from_client(READ, &error).on(topic.as_str()))
    }

    fn next(&self, topic: &TopicName, deadline: Instant) -> Result<Next, KafkaFailure> {
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let failure = match self.consumer.poll(left) {
                Some(Ok(message)) => {
                    return Ok(Next::Record(WatchedRecord {
                        offset: message.offset(),
                        key: message.key().unwrap_or_default().to_vec(),
                        value: message.payload().map(<[u8]>::to_vec),
                    }));
                }
                Some(Err(KafkaError::PartitionEOF(_))) => return Ok(Next::End),
                Some(Err(error)) => KafkaFailure::from_client(READ, &error),
                None if Instant::now() >= deadline => return Ok(Next::Nothing),
                None => continue,
            };
            if let Some(refusal) = self.consumer.context().refusal(READ) {
                return Err(refusal);
            }
            // Rights to the group are not needed: nothing is committed to it.
            let passes = failure.class == Class::Transient
                || failure.source.code == Some(Code::GroupAuthorizationFailed);
            if !passes {
                return Err(failure.on(topic.as_str()));
            }
        }
    }

    fn timed_out(&self, what: &'static str) -> KafkaFailure {
        self.with_trouble(KafkaFailure::of(
            what,
            Code::OperationTimedOut,
            Code::OperationTimedOut.to_string(),
        ))
    }

    fn with_trouble(&self, mut failure: KafkaFailure) -> KafkaFailure {
        if let (Class::Transient, Some(trouble)) = (failure.class, self.consumer.context().trouble()) {
            failure.source.words = format!("{}; {trouble}", failure.source.words);
        }
        failure
    }
}
