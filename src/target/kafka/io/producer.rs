//! The producer of one task, its transactions, and the producer without them.
//!
//! A failure ends the producer it happened on: it is dropped, and nothing aborts its transaction. The next producer with
//! the same transactional id makes the broker refuse whatever of the old one is still on its way.
//!
//! A commit is bounded by the transaction timeout instead of waiting for ever. That is safe because its outcome is never
//! guessed: after a timeout the producer is gone, and the state topic says whether the commit happened.

use super::batch::{Alive, NativeProducer};
use super::connection::Connection;
use super::error::{Class, KafkaFailure};
use super::events::Events;
use super::settings::ProducerSettings;
use super::token;
use crate::checkpoint::{DurablePosition, StateChange, StateKey, StateRecord};
use crate::engine::Covered;
use crate::engine::commit::keeps_producer;
use crate::failpoint::{Bug, hit, planted};
use crate::kafka::{Batch, TopicTable};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::producer::{BaseProducer, Producer as _};
use std::time::{Duration, Instant};

/// How long a call that opens a producer waits before it looks whether it was refused: first, and at most.
///
/// Short at first, because the client library takes its next step towards a producer id at once when it is called
/// again, and by a timer of half a second otherwise: a producer is open after 65 ms instead of 250.
const OPEN_SLICE: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(250));

/// The same for a call that asks for metadata.
const METADATA_SLICE: Duration = Duration::from_secs(1);

/// A transactional producer without an open transaction.
pub struct Producer {
    native: NativeProducer,
    limits: Limits,
}

/// An open transaction.
///
/// Dropped without a commit, its records never become visible: the broker ends it when the next producer of the task
/// opens, or by its timeout.
pub struct Txn {
    native: NativeProducer,
    limits: Limits,
    rows: u64,
    failed: bool,
}

/// What a commit left behind.
pub struct Committed {
    /// The position that is now stored.
    pub durable: DurablePosition,
    /// The producer for the next transaction. None when the connection to the transaction coordinator was in trouble:
    /// the client library may have sent the commit twice, and the second one must not meet the next transaction. Open
    /// a new producer then; nothing is lost.
    pub producer: Option<Producer>,
}

#[derive(Debug, Clone, Copy)]
struct Limits {
    commit: Duration,
    /// A commit that took this long may have been sent again.
    doubtful: Duration,
}

impl Limits {
    fn new(settings: &ProducerSettings) -> Limits {
        Limits {
            commit: Duration::from_millis(settings.transaction_timeout_ms.into()),
            doubtful: Duration::from_millis(u64::from(settings.socket_timeout_ms()) / 2),
        }
    }
}

impl Producer {
    /// Opens the producer and takes over its transactional id: earlier producers with it are refused from now on, and
    /// an open transaction of theirs is ended.
    ///
    /// # Errors
    /// After `timeout`, or as soon as login, certificate or rights are refused.
    pub fn open(
        connection: &Connection,
        settings: &ProducerSettings,
        timeout: Duration,
    ) -> Result<Producer, KafkaFailure> {
        const WHAT: &str = "open the producer";
        let native = client(connection, settings, true)?;
        let deadline = Instant::now() + timeout;
        let (mut slice, longest) = OPEN_SLICE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let answer = native.client().init_transactions(left.min(slice));
            native.take_events();
            let error = match answer {
                Ok(()) => return Ok(Producer { native, limits: Limits::new(settings) }),
                Err(error) => error,
            };
            if let Some(failure) = native.events().refusal(WHAT) {
                return Err(failure);
            }
            if !is_retriable(&error) {
                return Err(transaction_failure(&native, WHAT, &error));
            }
            // The client library goes on in the background; the next call takes up the wait.
            if left <= slice {
                let failure = KafkaFailure::from_client(WHAT, &error);
                return Err(with_trouble(failure, native.events()));
            }
            slice = (slice + slice / 2).min(longest);
        }
    }

    /// Begins a transaction. The broker learns of it with the first record.
    ///
    /// # Errors
    /// When the producer has been fenced or broken meanwhile.
    pub fn begin(self) -> Result<Txn, KafkaFailure> {
        const WHAT: &str = "begin a transaction";
        self.native.take_events();
        match self.native.client().begin_transaction() {
            Ok(()) => Ok(Txn { native: self.native, limits: self.limits, rows: 0, failed: false }),
            Err(error) => Err(transaction_failure(&self.native, WHAT, &error)),
        }
    }
}

impl Txn {
    /// Queues the records of `batch`, whose topics are numbers of `topics`. Waits while the queue is full.
    ///
    /// Only what can be told at once fails here; a delivery that fails later shows at the next call or at the commit.
    ///
    /// # Errors
    /// Any; the transaction cannot be committed any more.
    pub fn produce(&mut self, topics: &TopicTable, batch: &Batch) -> Result<(), KafkaFailure> {
        self.usable("produce a record")?;
        self.rows += batch.len() as u64;
        let sent = self.native.send(topics, batch);
        self.failed = sent.is_err();
        sent
    }

    /// Puts a change of the task's state into the transaction.
    ///
    /// # Errors
    /// As [`produce`](Txn::produce).
    pub fn stage(&mut self, change: &StateChange) -> Result<(), KafkaFailure> {
        self.usable("store a state record")?;
        let sent = self.native.send_change(change);
        self.failed = sent.is_err();
        sent
    }

    /// Commits the records together with the position that covers them. While they are on their way, what `alive` gives is stored
    /// with them every few seconds: whoever watches the owner sees it although nothing is committed.
    ///
    /// # Errors
    /// Any; whether the commit happened is told by the state topic alone.
    pub fn commit(mut self, covered: Covered, alive: Alive<'_>) -> Result<Committed, KafkaFailure> {
        let (key, value) = StateRecord::Pos(covered.record().clone()).encode();
        self.usable("commit")?;
        if planted(Bug::PositionApart) {
            let Some(producer) = self.finish(&mut *alive)? else {
                return Err(KafkaFailure::new(
                    Class::Protocol,
                    "commit",
                    None,
                    "the planted bug needs a calm broker",
                ));
            };
            hit("txn.apart");
            self = producer.begin()?;
        }
        self.native.send_state(&key, Some(&value))?;
        let producer = self.finish(alive)?;
        Ok(Committed { durable: DurablePosition::stored(covered.into_record()), producer })
    }

    /// Commits state records alone: who owns the task, which plan it runs. The stored position stays as it is.
    ///
    /// # Errors
    /// As [`commit`](Txn::commit).
    ///
    /// # Panics
    /// When the transaction holds rows: they must not be committed without the position that covers them.
    pub fn commit_state(self) -> Result<Option<Producer>, KafkaFailure> {
        assert_eq!(self.rows, 0, "rows are committed with the position that covers them");
        self.usable("commit")?;
        self.finish(&mut || None)
    }

    fn usable(&self, what: &'static str) -> Result<(), KafkaFailure> {
        match self.failed {
            false => Ok(()),
            true => Err(KafkaFailure::new(Class::Protocol, what, None, "the transaction has failed before")),
        }
    }

    fn finish(self, alive: Alive<'_>) -> Result<Option<Producer>, KafkaFailure> {
        const WHAT: &str = "commit the transaction";
        let started = Instant::now();
        if !self.native.flush(self.limits.commit, alive)? {
            return Err(with_trouble(
                self.native.explain(WHAT, Code::OperationTimedOut),
                self.native.events(),
            ));
        }
        if let Some(lost) = self.native.events().undelivered() {
            return Err(lost);
        }
        hit("txn.state_written");
        let left = self.limits.commit.saturating_sub(started.elapsed());
        #[cfg(feature = "failpoints")]
        crate::failpoint::hit_during_next_call("txn.commit_sent");
        if let Err(error) = self.native.client().commit_transaction(left) {
            return Err(transaction_failure(&self.native, WHAT, &error));
        }
        hit("txn.commit_acked");
        self.native.take_events();
        let in_trouble = self.native.events().coordinator_was_in_trouble();
        let ms = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        let keeps = keeps_producer(in_trouble, ms(started.elapsed()), ms(self.limits.doubtful));
        Ok(keeps.then_some(Producer { native: self.native, limits: self.limits }))
    }
}

/// A producer without transactions: rows first, then, when they are acknowledged, the state that covers them.
pub struct AtLeastOnce {
    native: NativeProducer,
    patience: Duration,
    staged: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    rows: u64,
    failed: bool,
}

impl AtLeastOnce {
    /// Opens the producer.
    ///
    /// # Errors
    /// When the cluster does not answer within `timeout`, or refuses login, certificate or rights.
    pub fn open(
        connection: &Connection,
        settings: &ProducerSettings,
        timeout: Duration,
    ) -> Result<AtLeastOnce, KafkaFailure> {
        const WHAT: &str = "open the producer";
        let native = client(connection, settings, false)?;
        let deadline = Instant::now() + timeout;
        let topic = settings.state_topic.as_str();
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let answer = native.client().client().fetch_metadata(Some(topic), left.min(METADATA_SLICE));
            native.take_events();
            let error = match answer {
                Ok(_) => break,
                Err(error) => error,
            };
            if let Some(failure) = native.events().refusal(WHAT) {
                return Err(failure);
            }
            if left.is_zero() {
                return Err(with_trouble(KafkaFailure::from_client(WHAT, &error), native.events()));
            }
        }
        let patience = Duration::from_millis(settings.transaction_timeout_ms.into());
        Ok(AtLeastOnce { native, patience, staged: Vec::new(), rows: 0, failed: false })
    }

    /// Queues the records of `batch`, whose topics are numbers of `topics`. Waits while the queue is full.
    ///
    /// # Errors
    /// Any; this producer saves nothing any more.
    pub fn produce(&mut self, topics: &TopicTable, batch: &Batch) -> Result<(), KafkaFailure> {
        self.rows += batch.len() as u64;
        let sent = self.native.send(topics, batch);
        self.failed |= sent.is_err();
        sent
    }

    /// Notes a change of the task's state, stored when the rows before it are acknowledged.
    pub fn stage(&mut self, change: &StateChange) {
        self.staged.push(change.encode());
    }

    /// Waits for the rows, then stores what was staged and the position. While it waits, what `alive` gives is stored every few
    /// seconds.
    ///
    /// # Errors
    /// Any; rows may be there without the position, and will come again.
    pub fn flush_and_save(
        mut self,
        covered: Covered,
        alive: Alive<'_>,
    ) -> Result<(DurablePosition, AtLeastOnce), KafkaFailure> {
        let (key, value) = StateRecord::Pos(covered.record().clone()).encode();
        self.staged.push((key, Some(value)));
        let producer = self.save(alive)?;
        Ok((DurablePosition::stored(covered.into_record()), producer))
    }

    /// Stores what was staged; the stored position stays as it is.
    ///
    /// # Errors
    /// As [`flush_and_save`](AtLeastOnce::flush_and_save).
    ///
    /// # Panics
    /// When there are rows since the last save: they must not be acknowledged without the position that covers them.
    pub fn save_state(self) -> Result<AtLeastOnce, KafkaFailure> {
        assert_eq!(self.rows, 0, "rows are saved with the position that covers them");
        self.save(&mut || None)
    }

    fn save(mut self, alive: Alive<'_>) -> Result<AtLeastOnce, KafkaFailure> {
        const WHAT: &str = "store the position";
        if self.failed {
            return Err(KafkaFailure::new(Class::Protocol, WHAT, None, "the producer has failed before"));
        }
        self.settle("deliver the rows", alive)?;
        // Whoever reads that the task is given up takes it, and must find the position.
        let owner = StateKey::Owner.encode();
        self.staged.sort_by_key(|(key, _)| *key == owner);
        for (key, value) in std::mem::take(&mut self.staged) {
            self.native.send_state(&key, value.as_deref())?;
        }
        self.settle(WHAT, &mut || None)?;
        self.rows = 0;
        Ok(self)
    }

    fn settle(&self, what: &'static str, alive: Alive<'_>) -> Result<(), KafkaFailure> {
        let settled = self.native.flush(self.patience, alive)?;
        if settled && self.native.events().undelivered().is_none() {
            return Ok(());
        }
        Err(with_trouble(self.native.explain(what, Code::OperationTimedOut), self.native.events()))
    }
}

fn client(
    connection: &Connection,
    settings: &ProducerSettings,
    transactional: bool,
) -> Result<NativeProducer, KafkaFailure> {
    let producer: BaseProducer<Events> = settings
        .client(connection, transactional)
        .create_with_context(connection.events())
        .map_err(|error| KafkaFailure::from_client("create the producer", &error))?;
    token::give(producer.client())?;
    NativeProducer::new(producer, settings.state_topic.as_str())
}

fn is_retriable(error: &KafkaError) -> bool {
    matches!(error, KafkaError::Transaction(error) if error.is_retriable() && !error.is_fatal())
}

/// The reason behind an error of a transaction call: a fatal error of the client, else a record that was given up.
fn transaction_failure(native: &NativeProducer, what: &'static str, error: &KafkaError) -> KafkaFailure {
    let own = KafkaFailure::from_client(what, error);
    let failure = match own.class {
        Class::Ownership | Class::InvalidTransactionTimeout | Class::Denied | Class::Login => own,
        Class::Transient
        | Class::UnknownTopic
        | Class::Oversize
        | Class::Config
        | Class::ForeignWriter
        | Class::Protocol => match own.source.code {
            Some(code) => {
                let known = native.explain(what, code);
                if known.source.code == own.source.code { own } else { known }
            }
            None => own,
        },
    };
    with_trouble(failure, native.events())
}

/// Adds what is known about the connections to a failure that only says that time ran out.
fn with_trouble(mut failure: KafkaFailure, events: &Events) -> KafkaFailure {
    if let (Class::Transient, Some(trouble)) = (failure.class, events.trouble()) {
        failure.source.words = format!("{}; {trouble}", failure.source.words);
    }
    failure
}
