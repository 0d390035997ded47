//! How a task sends: from the plan to the settings of its producer, and the names it is known by in a cluster.
//!
//! Guarantees: nothing is asked for that the brokers refuse together; waits end inside of the transaction.

use super::connection::Connection;
use super::error::KafkaFailure;
use crate::catalog::ClusterFacts;
use crate::kafka::TopicName;
use crate::kafka::limits::MAX_MESSAGE_BYTES_DEFAULT;
use crate::plan::{Acks, Compression, KafkaPlan, TaskId, Version};
use rdkafka::config::ClientConfig;

/// Largest record the client itself lets pass, in bytes: the topic's own limit is what counts.
const CLIENT_RECORD_LIMIT_BYTES: u32 = 256 * 1024 * 1024;

/// What the broker may count in a batch that the client library does not, bytes.
const BATCH_SLACK_BYTES: u32 = 512;

/// Most requests without an answer whose order an idempotent producer keeps.
const IDEMPOTENT_IN_FLIGHT_MAX: u32 = 5;

/// Room a record takes in the producer queue besides its value, in bytes, counted by bounding the number of records.
const QUEUE_RECORD_OVERHEAD_BYTES: u64 = 256;

/// Least wait for a fuller batch in a transaction, ms: nobody sees its records before the commit, which sends what waits.
///
/// As soon as the oldest record has waited for so long, the client library asks without a pause whether it may be sent, while
/// it waits for the answer to the request before; half of its processor time went there.
const TRANSACTION_LINGER_MS: u32 = 200;

/// How often the client library tells how long brokers hold it back, ms. What it tells grows with the number of partitions.
const STATISTICS_MS: u32 = 10_000;

/// Settings of one task's producer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProducerSettings {
    /// `<prefix>.<task>`: the same for every life of the task, on every host.
    pub transactional_id: String,
    /// How long the broker keeps a transaction open that nobody ends, ms.
    pub transaction_timeout_ms: u32,
    /// Largest batch, bytes.
    pub batch_bytes: u32,
    /// Wait for a fuller batch, ms.
    pub linger_ms: u32,
    /// Codec.
    pub compression: Compression,
    /// Whose answer a record waits for.
    pub acks: Acks,
    /// Requests without an answer, per broker.
    pub in_flight: u32,
    /// Version of brokers that cannot say theirs.
    pub broker_version: Option<Version>,
    /// Bytes of values that may wait to be sent.
    pub queue_bytes: u64,
    /// Where state records go.
    pub state_topic: TopicName,
}

impl ProducerSettings {
    /// The settings a plan describes; `queue_bytes` is the task's share of the memory.
    ///
    /// # Errors
    /// [`Class::Config`](super::Class::Config) when the names do not make a topic name.
    pub fn new(plan: &KafkaPlan, task: &TaskId, queue_bytes: u64) -> Result<ProducerSettings, KafkaFailure> {
        Ok(ProducerSettings {
            transactional_id: transactional_id(&plan.state.prefix, task),
            transaction_timeout_ms: plan.transaction_timeout_ms,
            batch_bytes: plan.batch_bytes,
            linger_ms: plan.linger_ms,
            compression: plan.compression,
            acks: plan.acks,
            in_flight: plan.in_flight,
            broker_version: plan.broker_version,
            queue_bytes,
            state_topic: state_topic(&plan.state.prefix, task)?,
        })
    }

    /// Makes batches no larger than any of the topics takes: a batch is refused as a whole, and its records are not to
    /// blame. A topic whose limit we may not see counts with the broker's default. The queue has room for the largest record
    /// that any of them takes.
    pub fn fit(&mut self, facts: &ClusterFacts) {
        let limits = facts.topics.values().map(|topic| {
            let limit = topic.config.get("max.message.bytes").and_then(|limit| limit.parse().ok());
            limit.unwrap_or(MAX_MESSAGE_BYTES_DEFAULT as u32)
        });
        for limit in limits {
            self.batch_bytes = self.batch_bytes.min(limit.saturating_sub(BATCH_SLACK_BYTES)).max(1);
            self.queue_bytes = self.queue_bytes.max(limit.into());
        }
    }

    /// Settings of the client library for a producer; a transactional one when `transactional`.
    pub(super) fn client(&self, connection: &Connection, transactional: bool) -> ClientConfig {
        let mut config = connection.client();
        let queue_records = (self.queue_bytes / QUEUE_RECORD_OVERHEAD_BYTES).max(1_000);
        config
            .set("enable.idempotence", self.is_idempotent().to_string())
            .set("acks", acks(self.acks))
            .set("max.in.flight.requests.per.connection", self.in_flight.to_string())
            .set("statistics.interval.ms", STATISTICS_MS.to_string())
            .set("delivery.report.only.error", "true")
            .set("message.max.bytes", CLIENT_RECORD_LIMIT_BYTES.to_string())
            .set("message.timeout.ms", self.message_timeout_ms().to_string())
            .set("socket.timeout.ms", self.socket_timeout_ms().to_string())
            .set("batch.size", self.batch_bytes.to_string())
            .set("batch.num.messages", "1000000")
            .set("linger.ms", self.linger_ms(transactional).to_string())
            .set("queue.buffering.max.kbytes", (self.queue_bytes / 1024).max(1).to_string())
            .set("queue.buffering.max.messages", queue_records.to_string())
            .set("compression.codec", codec(self.compression));
        if transactional {
            config
                .set("transactional.id", &self.transactional_id)
                .set("transaction.timeout.ms", self.transaction_timeout_ms.to_string());
        }
        config
    }

    /// Whether the broker drops what a retry repeats. It refuses to without all replicas' answers, and with more requests
    /// under way than it remembers. Source: Kafka, `ProducerConfig`, `enable.idempotence`; brokers before 0.11 cannot.
    fn is_idempotent(&self) -> bool {
        let old = self.broker_version.is_some_and(|version| version < Version::new(0, 11, 0));
        self.acks == Acks::All && self.in_flight <= IDEMPOTENT_IN_FLIGHT_MAX && !old
    }

    /// Wait for a fuller batch, ms. The client library demands that it ends before a record is given up.
    fn linger_ms(&self, transactional: bool) -> u32 {
        let least = if transactional { TRANSACTION_LINGER_MS } else { 0 };
        self.linger_ms.max(least).min(self.message_timeout_ms() / 2)
    }

    /// How long a record may wait for its acknowledgement, ms: it is given up before the broker ends the transaction.
    pub(super) fn message_timeout_ms(&self) -> u32 {
        (self.transaction_timeout_ms / 10 * 9).max(1)
    }

    /// How long an answer may take, ms: a dead connection is noticed in time to be replaced within the transaction.
    pub(super) fn socket_timeout_ms(&self) -> u32 {
        (self.transaction_timeout_ms / 2).clamp(500, 30_000)
    }
}

fn acks(acks: Acks) -> &'static str {
    match acks {
        Acks::All => "all",
        Acks::Leader => "1",
        Acks::None => "0",
    }
}

fn codec(compression: Compression) -> &'static str {
    match compression {
        Compression::None => "none",
        Compression::Lz4 => "lz4",
        Compression::Zstd => "zstd",
        Compression::Snappy => "snappy",
        Compression::Gzip => "gzip",
    }
}

/// The transactional id of a task.
pub fn transactional_id(prefix: &str, task: &TaskId) -> String {
    task.transactional_id(prefix)
}

/// The state topic of a task.
///
/// # Errors
/// [`Class::Config`](super::Class::Config) when the names do not make a topic name.
pub fn state_topic(prefix: &str, task: &TaskId) -> Result<TopicName, KafkaFailure> {
    let name = task.state_topic(prefix);
    TopicName::new(name.as_str())
        .map_err(|error| KafkaFailure::config("name the state topic", error.to_string()).on(name))
}

#[cfg(test)]
mod tests {
    use super::super::Class;
    use super::*;
    use crate::catalog::TopicFacts;
    use crate::plan::{Tls, TlsMode};
    use rdkafka::producer::BaseProducer;
    use std::path::Path;

    fn plan() -> KafkaPlan {
        let brokers = vec!["a:9092".into(), "b:9092".into()];
        KafkaPlan { batch_bytes: 1_000_000, ..KafkaPlan::new(brokers, Tls::mode(TlsMode::Off)) }
    }

    fn connection(plan: &KafkaPlan) -> Connection {
        Connection::new(plan, None, Path::new("."), "syncc").unwrap()
    }

    fn task(pipeline: &str) -> TaskId {
        TaskId { pipeline: pipeline.into(), source: "shop".into(), target: "bus".into() }
    }

    #[test]
    fn timeouts_end_inside_the_transaction() {
        let mut settings = ProducerSettings::new(&plan(), &task("main"), 64 << 20).unwrap();
        for timeout in [1_000, 10_000, 60_000, 900_000] {
            settings.transaction_timeout_ms = timeout;
            assert!(settings.message_timeout_ms() < timeout);
            assert!(settings.socket_timeout_ms() < timeout);
        }
        assert_eq!(settings.state_topic.as_str(), "syncc.main.shop.bus.state");
        assert_eq!(settings.transactional_id, "syncc.main.shop.bus");
    }

    #[test]
    fn what_a_broker_does_not_promise_is_not_asked_for() {
        let check = |change: fn(&mut KafkaPlan), expected: [&str; 3]| {
            let mut plan = plan();
            change(&mut plan);
            let settings = ProducerSettings::new(&plan, &task("main"), 64 << 20).unwrap();
            let config = settings.client(&connection(&plan), false);
            let keys = ["enable.idempotence", "acks", "max.in.flight.requests.per.connection"];
            assert_eq!(keys.map(|key| config.get(key).unwrap_or_default()), expected);
        };
        check(|_| {}, ["true", "all", "5"]);
        check(|plan| plan.in_flight = 1, ["true", "all", "1"]);
        check(|plan| plan.in_flight = 6, ["false", "all", "6"]);
        check(|plan| plan.acks = Acks::Leader, ["false", "1", "5"]);
        check(|plan| plan.acks = Acks::None, ["false", "0", "5"]);
        check(|plan| plan.broker_version = Some(Version::new(0, 10, 2)), ["false", "all", "5"]);
        let mut old = plan();
        old.broker_version = Some(Version::new(0, 10, 2));
        let client = connection(&old).client();
        assert_eq!(client.get("broker.version.fallback"), Some("0.10.2"));
    }

    #[test]
    fn batches_fill_in_a_transaction() {
        let mut settings = ProducerSettings::new(&plan(), &task("main"), 64 << 20).unwrap();
        let mut check = |linger_ms, timeout_ms, transactional, expected: &str| {
            (settings.linger_ms, settings.transaction_timeout_ms) = (linger_ms, timeout_ms);
            let config = settings.client(&connection(&plan()), transactional);
            assert_eq!(config.get("linger.ms"), Some(expected));
            config.create::<BaseProducer>().expect("the client library takes it");
        };
        check(0, 60_000, true, "200");
        check(0, 60_000, false, "0");
        check(300, 60_000, true, "300");
        check(900_000, 60_000, true, "27000");
        check(900_000, 10_000, true, "4500");
    }

    #[test]
    fn batches_fit_the_smallest_topic() {
        let topic = |limit: Option<&str>| TopicFacts {
            config: limit
                .map(|limit| ("max.message.bytes".to_owned(), limit.to_owned()))
                .into_iter()
                .collect(),
            ..TopicFacts::default()
        };
        let check = |limits: &[Option<&str>], expected| {
            let mut settings = ProducerSettings::new(&plan(), &task("main"), 64 << 20).unwrap();
            let mut facts = ClusterFacts::default();
            facts
                .topics
                .extend(limits.iter().zip(0..).map(|(limit, n): (_, u32)| (n.to_string(), topic(*limit))));
            settings.fit(&facts);
            assert_eq!(settings.batch_bytes, expected, "{limits:?}");
            settings.queue_bytes
        };
        assert_eq!(check(&[], 1_000_000), 64 << 20);
        assert_eq!(check(&[None, Some("2000000")], 1_000_000), 64 << 20);
        assert_eq!(check(&[Some("100000"), Some("50000")], 49_488), 64 << 20);
        assert_eq!(check(&[Some("100")], 1), 64 << 20);
        assert_eq!(
            check(&[Some("100000000")], 1_000_000),
            100_000_000,
            "the queue takes what the topic takes"
        );
    }

    #[test]
    fn names_outside_kafkas_alphabet_are_refused() {
        assert_eq!(state_topic("syncc", &task("größe")).unwrap_err().class, Class::Config);
    }
}
