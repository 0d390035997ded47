//! What the client library says on its own: errors of connections, its log, deliveries that failed.

use super::error::{Class, KafkaFailure, classify};
use super::token::TokenFile;
use rdkafka::client::{ClientContext, OAuthToken};
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::ConsumerContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use rdkafka::message::{DeliveryResult, Message};
use rdkafka::producer::ProducerContext;
use std::error::Error;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Name of the logical connection to the transaction coordinator. Source: librdkafka, `rdkafka_txnmgr.c`.
const COORDINATOR: &str = "TxnCoordinator";

/// Log facility of a producer that waits for its id, which a coordinator that starts makes it do. No commit can be on its
/// way then. Every other line about the coordinator counts as trouble. Source: librdkafka, `rdkafka_idempotence.c`.
const WAITS_FOR_ID: &str = "GETPID";

/// Collects what one client says. Filled by whoever polls the client.
#[derive(Default)]
pub(super) struct Events {
    token: Option<TokenFile>,
    seen: Mutex<Seen>,
    coordinator: AtomicBool,
}

#[derive(Default)]
struct Seen {
    refusal: Option<KafkaFailure>,
    trouble: Option<String>,
    undelivered: Option<Undelivered>,
}

/// First record that was given up.
#[derive(Debug, Clone)]
struct Undelivered {
    code: Code,
    topic: String,
    partition: i32,
}

impl Events {
    /// Of a client that logs in with this token, if with one.
    pub(super) fn new(token: Option<TokenFile>) -> Events {
        Events { token, ..Events::default() }
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
        self.seen().undelivered.clone().map(|lost| {
            KafkaFailure::of("deliver a record", lost.code, lost.code.to_string())
                .on(lost.topic)
                .at(lost.partition)
        })
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

    fn stats_raw(&self, _: &[u8]) {}
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
