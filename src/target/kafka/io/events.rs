//! What the client library says on its own: errors of connections, its log, deliveries that failed.

use super::error::{Class, KafkaFailure, classify};
use super::token::TokenFile;
use rdkafka::client::{ClientContext, OAuthToken};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::ProducerContext;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::error::Error;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Name of the logical connection to the transaction coordinator. Source: librdkafka, `rdkafka_txnmgr.c`.
const COORDINATOR: &str = "TxnCoordinator";

/// Log facility of a producer that waits for its id, which a coordinator that starts makes it do. No commit can be on its
/// way then. Every other line about the coordinator counts as trouble. Source: librdkafka, `rdkafka_idempotence.c`.
const WAITS_FOR_ID: &str = "GETPID";

/// Log facility of partitions that a transaction may not write to: the one place that names the topic. The records are given up
/// with a code that says nothing of it. Source: librdkafka, `rd_kafka_txn_handle_AddPartitionsToTxn`.
const ADDS_PARTITIONS: &str = "ADDPARTS";

/// Log facility of what ended a transaction. Source: librdkafka, `rd_kafka_txn_set_abortable_error0`.
const TRANSACTION_ENDED: &str = "TXNERR";

/// Collects what one client says. Filled by whoever polls the client.
#[derive(Default)]
pub(super) struct Events {
    token: Option<TokenFile>,
    throttled: Throttled,
    seen: Mutex<Seen>,
    coordinator: AtomicBool,
}

#[derive(Default)]
struct Seen {
    refusal: Option<KafkaFailure>,
    trouble: Option<String>,
    undelivered: Option<Undelivered>,
    /// Topic that a transaction may not write to.
    denied: Option<String>,
    /// Words of what ended a transaction.
    ended: Option<String>,
}

/// Longest that brokers have held clients back at a time, in ms; 0: not at all. Shared by the clients of a connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Throttled(Arc<AtomicU64>);

impl Throttled {
    /// What was told since the last call; none: nothing was held back.
    pub(super) fn take_ms(&self) -> Option<u64> {
        Some(self.0.swap(0, Ordering::Relaxed)).filter(|ms| *ms > 0)
    }

    fn told(&self, statistics: &[u8]) {
        #[derive(Deserialize)]
        struct Statistics {
            #[serde(default)]
            brokers: BTreeMap<String, Broker>,
        }
        #[derive(Deserialize)]
        struct Broker {
            throttle: Option<Window>,
        }
        #[derive(Deserialize)]
        struct Window {
            max: i64,
        }
        let Ok(statistics) = serde_json::from_slice::<Statistics>(statistics) else { return };
        let longest = statistics.brokers.values().filter_map(|broker| broker.throttle.as_ref());
        let longest = longest.filter_map(|window| u64::try_from(window.max).ok()).max();
        self.0.fetch_max(longest.unwrap_or(0), Ordering::Relaxed);
    }
}

/// First record that was given up.
#[derive(Debug, Clone)]
struct Undelivered {
    code: Code,
    topic: String,
    partition: i32,
}

impl Events {
    /// Of a client that logs in with this token, if with one, and tells `throttled` how it is held back.
    pub(super) fn new(token: Option<TokenFile>, throttled: Throttled) -> Events {
        Events { token, throttled, ..Events::default() }
    }

    /// Where the client's token is.
    pub(super) fn token(&self) -> Option<&TokenFile> {
        self.token.as_ref()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A refusal that waiting does not mend: login, TLS, rights.
    pub(super) fn refusal(&self, what: &'static str) -> Option<KafkaFailure> {
        self.seen().refusal.clone().map(|failure| KafkaFailure { what, ..failure })
    }

    /// Words of the last trouble with a connection.
    pub(super) fn trouble(&self) -> Option<String> {
        self.seen().trouble.clone()
    }

    /// The first record that was given up.
    pub(super) fn undelivered(&self) -> Option<KafkaFailure> {
        const WHAT: &str = "deliver a record";
        let seen = self.seen();
        let is_given_up = |lost: &Undelivered| matches!(lost.code, Code::PurgeQueue | Code::PurgeInflight);
        // The producer is of no use from then on, whether a record was given up already or not.
        if let Some(topic) =
            seen.denied.as_ref().filter(|_| seen.undelivered.as_ref().is_none_or(is_given_up))
        {
            let code = Code::TopicAuthorizationFailed;
            return Some(KafkaFailure::of(WHAT, code, code.to_string()).on(topic));
        }
        let lost = seen.undelivered.clone()?;
        let given_up = is_given_up(&lost);
        let words = seen.ended.clone().filter(|_| given_up).unwrap_or_else(|| lost.code.to_string());
        Some(KafkaFailure::of(WHAT, lost.code, words).on(lost.topic).at(lost.partition))
    }

    /// True once the connection to the transaction coordinator has been in any trouble.
    pub(super) fn coordinator_was_in_trouble(&self) -> bool {
        self.coordinator.load(Ordering::Relaxed)
    }

    fn note(&self, words: &str) {
        if words.contains(COORDINATOR) {
            self.coordinator.store(true, Ordering::Relaxed);
        }
    }
}

impl ClientContext for Events {
    const ENABLE_REFRESH_OAUTH_TOKEN: bool = true;

    fn generate_oauth_token(&self, _: Option<&str>) -> Result<OAuthToken, Box<dyn Error>> {
        self.token.as_ref().ok_or("the plan names no token")?.read()
    }

    /// A coordinator connection that closes with a request on it raises no error but a log line of level `WARNING` or
    /// `INFO`, put into the queue before the request is tried again. Source: librdkafka 2.12.1,
    /// `rd_kafka_broker_conn_closed`. So the client's log level must not be below `INFO`.
    fn log(&self, _: RDKafkaLogLevel, facility: &str, words: &str) {
        if facility != WAITS_FOR_ID {
            self.note(words);
        }
        match facility {
            ADDS_PARTITIONS => {
                if let Some(topic) = denied_topic(words) {
                    self.seen().denied.get_or_insert(topic);
                }
            }
            TRANSACTION_ENDED => self.seen().ended = Some(words.to_owned()),
            _ => {}
        }
        tracing::debug!(target: "syncc::kafka", facility, "{words}");
    }

    fn error(&self, error: KafkaError, words: &str) {
        self.note(words);
        let Some(code) = error.rdkafka_error_code() else { return };
        let mut seen = self.seen();
        match classify(code, words) {
            class @ (Class::Login | Class::Denied | Class::Config)
                if code != Code::GroupAuthorizationFailed =>
            {
                seen.refusal = Some(KafkaFailure::new(class, "talk to Kafka", Some(code), words));
            }
            Class::Ownership
            | Class::Transient
            | Class::UnknownTopic
            | Class::Oversize
            | Class::Login
            | Class::Denied
            | Class::Config
            | Class::InvalidTransactionTimeout
            | Class::ForeignWriter
            | Class::Protocol => {}
        }
        // "All brokers are down" follows the line that says why.
        if code != Code::AllBrokersDown || seen.trouble.is_none() {
            seen.trouble = Some(words.to_owned());
        }
    }

    /// Of all that is told only the throttling is not to be had elsewhere.
    fn stats_raw(&self, statistics: &[u8]) {
        self.throttled.told(statistics);
    }
}

impl ProducerContext for Events {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        let Err((error, message)) = result else { return };
        let code = error.rdkafka_error_code().unwrap_or(Code::Fail);
        let mut seen = self.seen();
        // Records behind the first are given up because of it, with less telling codes.
        if seen.undelivered.is_none() {
            seen.undelivered =
                Some(Undelivered { code, topic: message.topic().to_owned(), partition: message.partition() });
        }
    }
}

impl ConsumerContext for Events {}

/// The topic in `… Failed to add partition "TOPIC" [0] to transaction: Broker: Topic authorization failed`.
fn denied_topic(words: &str) -> Option<String> {
    let (_, rest) = words.split_once("Failed to add partition \"")?;
    let (topic, why) = rest.split_once('"')?;
    why.contains("authorization failed").then(|| topic.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_kept_and_words_of_trouble_follow_it() {
        let events = Events::default();
        events.error(KafkaError::Global(Code::BrokerTransportFailure), "b1: connect refused");
        assert!(events.refusal("x").is_none());
        events.error(KafkaError::Global(Code::AllBrokersDown), "1/1 brokers are down");
        assert_eq!(events.trouble().as_deref(), Some("b1: connect refused"));
        events.error(KafkaError::Global(Code::Authentication), "b1: invalid credentials");
        assert_eq!(events.refusal("open").map(|f| (f.class, f.what)), Some((Class::Login, "open")));
    }

    #[test]
    fn a_topic_that_may_not_be_written_to_is_named() {
        let line = "[thrd:main]: b1/1: Failed to add partition \"shop.orders\" [2] to transaction: Broker: Topic authorization failed";
        assert_eq!(denied_topic(line).as_deref(), Some("shop.orders"));
        let other =
            "Failed to add partition \"shop.state\" [0] to transaction: Broker: Operation not attempted";
        assert_eq!(denied_topic(other), None);
        let events = Events::default();
        events.log(RDKafkaLogLevel::Error, "ADDPARTS", other);
        events.log(RDKafkaLogLevel::Error, "ADDPARTS", line);
        events.log(RDKafkaLogLevel::Error, "TXNERR", "Current transaction failed in state InTransaction: x");
        let lose = |code| {
            let lost = Undelivered { code, topic: "shop.state".into(), partition: 0 };
            events.seen().undelivered = Some(lost);
            events.undelivered().expect("it was given up")
        };
        let failure = lose(Code::PurgeQueue);
        assert_eq!((failure.class, failure.topic.as_deref()), (Class::Denied, Some("shop.orders")));
        assert_eq!(lose(Code::MessageTimedOut).topic.as_deref(), Some("shop.state"));
        events.seen().denied = None;
        assert!(lose(Code::PurgeQueue).source.words.contains("Current transaction failed"));
    }

    #[test]
    fn throttling_is_told_once() {
        let throttled = Throttled::default();
        let events = Events::new(None, throttled.clone());
        events.stats_raw(
            br#"{"name":"x","brokers":{"a":{"throttle":{"min":0,"max":0}},"b":{"state":"INIT"}}}"#,
        );
        assert_eq!(throttled.take_ms(), None);
        events.stats_raw(br#"{"brokers":{"a":{"throttle":{"max":12}},"b":{"throttle":{"max":900}}}}"#);
        events.stats_raw(br#"{"brokers":{"a":{"throttle":{"max":7}}}}"#);
        events.stats_raw(b"{");
        assert_eq!((throttled.take_ms(), throttled.take_ms()), (Some(900), None));
    }

    #[test]
    fn only_the_coordinator_makes_a_commit_doubtful() {
        let events = Events::default();
        events.log(RDKafkaLogLevel::Info, "FAIL", "[thrd:b1]: b1: Disconnected");
        events.log(
            RDKafkaLogLevel::Warning,
            "GETPID",
            "Failed to acquire PID from TxnCoordinator/1: retrying",
        );
        assert!(!events.coordinator_was_in_trouble());
        events.log(RDKafkaLogLevel::Info, "FAIL", "[thrd:TxnCoordinator]: TxnCoordinator: b1: Disconnected");
        assert!(events.coordinator_was_in_trouble());
    }
}
