//! What went wrong with Kafka, and what follows from it.

use crate::diagnostic::{Diagnostic, Severity};
use crate::target::kafka::acl::Denied;
use crate::target::kafka::requirement::{ACL_MISSING, BROKER_VERSION, KAFKA_LOGIN_FAILED, KAFKA_UNREACHABLE};
use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};
use std::fmt;

/// Kind of a failure, by what follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// The broker knows a newer producer of this transactional id, or ended our transaction by its timeout.
    Ownership,
    /// The cluster, or the way to it, is in trouble that usually passes.
    Transient,
    /// A topic or partition is not there.
    UnknownTopic,
    /// A record or batch is larger than the topic takes.
    Oversize,
    /// User, password or mechanism refused.
    Login,
    /// The user may not do this.
    Denied,
    /// Settings that cannot work: TLS that does not verify, names or values the broker refuses.
    Config,
    /// `transaction.timeout.ms` above the broker's limit.
    InvalidTransactionTimeout,
    /// Somebody else's open transaction in the state topic.
    ForeignWriter,
    /// The conversation went wrong in a way that a new producer may mend.
    Protocol,
}

/// A failure of a Kafka call. Its text holds names and the client's words, never a key, a value or a secret.
#[derive(Debug, Clone, thiserror::Error)]
#[error("cannot {what}{}", place(topic.as_deref(), *partition))]
pub struct KafkaFailure {
    /// Kind.
    pub class: Class,
    /// What was tried, after "cannot".
    pub what: &'static str,
    /// Topic, where one is concerned.
    pub topic: Option<String>,
    /// Partition, where one is concerned.
    pub partition: Option<i32>,
    /// What the client said.
    #[source]
    pub source: Cause,
}

/// What the client library or the broker said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// Error code, where there is one.
    pub code: Option<Code>,
    /// Words.
    pub words: String,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl std::error::Error for Cause {}

fn place(topic: Option<&str>, partition: Option<i32>) -> String {
    match (topic, partition) {
        (None, _) => String::new(),
        (Some(topic), None) => format!(" (topic `{topic}`)"),
        (Some(topic), Some(partition)) => format!(" (topic `{topic}`, partition {partition})"),
    }
}

impl KafkaFailure {
    /// A failure with a code of the client library.
    pub(super) fn of(what: &'static str, code: Code, words: impl Into<String>) -> KafkaFailure {
        let words = words.into();
        let class = classify(code, &words);
        KafkaFailure::new(class, what, Some(code), words)
    }

    /// A failure of a call of the client library. Values of settings, which may be secret, are left out.
    pub(super) fn from_client(what: &'static str, error: &KafkaError) -> KafkaFailure {
        match error {
            KafkaError::ClientConfig(_, words, key, _) => {
                KafkaFailure::config(what, format!("{words} ({key})"))
            }
            KafkaError::ClientCreation(words) => KafkaFailure::config(what, words.clone()),
            KafkaError::Nul(_) => KafkaFailure::config(what, "a setting or name contains a NUL byte"),
            KafkaError::AdminOp(code) => KafkaFailure::of(what, *code, code.to_string()),
            KafkaError::Transaction(error) => KafkaFailure::of(what, error.code(), error.string()),
            other => match other.rdkafka_error_code() {
                Some(code) => KafkaFailure::of(what, code, code.to_string()),
                None => KafkaFailure::new(Class::Protocol, what, None, other.to_string()),
            },
        }
    }

    /// Settings that cannot work.
    pub(super) fn config(what: &'static str, words: impl Into<String>) -> KafkaFailure {
        KafkaFailure::new(Class::Config, what, None, words)
    }

    pub(super) fn new(
        class: Class,
        what: &'static str,
        code: Option<Code>,
        words: impl Into<String>,
    ) -> KafkaFailure {
        let source = Cause { code, words: words.into() };
        KafkaFailure { class, what, topic: None, partition: None, source }
    }

    /// Names the topic.
    pub(super) fn on(mut self, topic: impl Into<String>) -> KafkaFailure {
        self.topic = Some(topic.into());
        self
    }

    /// Names the partition.
    pub(super) fn at(mut self, partition: i32) -> KafkaFailure {
        self.partition = Some(partition);
        self
    }

    /// True when the brokers do not know what they are asked for.
    fn is_too_old(&self) -> bool {
        let unknown = [Code::UnsupportedVersion, Code::UnsupportedFeature];
        self.source.code.is_some_and(|code| unknown.contains(&code))
    }

    /// True when no broker could be talked to; the rest of what passes is trouble inside the cluster.
    fn is_unreachable(&self) -> bool {
        let unreachable = [Code::BrokerTransportFailure, Code::AllBrokersDown, Code::Resolve];
        self.source.code.is_some_and(|code| unreachable.contains(&code))
    }

    /// What the user was refused, where that is what failed.
    pub fn denied(&self) -> Option<Denied> {
        match (self.source.code?, &self.topic) {
            (Code::TopicAuthorizationFailed, Some(topic)) => Some(Denied::Topic(topic.clone())),
            (Code::TransactionalIdAuthorizationFailed, _) => Some(Denied::Transactions),
            (Code::ClusterAuthorizationFailed, _) => Some(Denied::Cluster),
            _ => None,
        }
    }

    /// The failure as a finding of the precheck; none for what is no matter of the precheck.
    pub fn finding(&self) -> Option<Diagnostic> {
        let (code, help) = match self.class {
            Class::Transient if !self.is_unreachable() => return None,
            Class::Config if self.is_too_old() => {
                (BROKER_VERSION, "use newer brokers, or write `delivery at-least-once` in the target")
            }
            Class::Transient | Class::Config => {
                (KAFKA_UNREACHABLE, "check `brokers`, `tls`, and the addresses the brokers advertise")
            }
            Class::Login => (KAFKA_LOGIN_FAILED, "check `user`, `password` and the mechanism"),
            Class::Denied => {
                (ACL_MISSING, "grant it to this user: `syncc doctor --grants` lists the commands")
            }
            Class::Ownership
            | Class::UnknownTopic
            | Class::Oversize
            | Class::InvalidTransactionTimeout
            | Class::ForeignWriter
            | Class::Protocol => return None,
        };
        let message = format!("{self}: {}", self.source);
        Some(Diagnostic::nowhere(code, Severity::Error, message).help(help))
    }
}

/// The one place where codes become classes.
///
/// A code this release does not know is [`Class::Protocol`]: a new producer tries again from the committed position, for as long as
/// requests that fail are tried (`retry errors for`), as after any failure whose outcome only the stored state tells.
///
/// So is [`Code::InvalidArgument`], by which the client library refuses a call before it asks anybody: the files are checked before
/// it comes to that, so it is made of something that the cluster has answered, and the next answer may be another one.
pub(super) fn classify(code: Code, words: &str) -> Class {
    match code {
        Code::Fenced | Code::ProducerFenced | Code::InvalidProducerEpoch => Class::Ownership,
        // With TLS 1.3 a broker refuses our certificate, or asks for one, after the handshake.
        Code::BrokerTransportFailure if words.contains("alert") && words.contains("certificate") => {
            Class::Config
        }
        Code::BrokerTransportFailure
        | Code::Resolve
        | Code::AllBrokersDown
        | Code::MessageTimedOut
        | Code::OperationTimedOut
        | Code::TimedOutQueue
        | Code::RequestTimedOut
        | Code::QueueFull
        | Code::NotEnoughReplicas
        | Code::NotEnoughReplicasAfterAppend
        | Code::ISRInsufficient
        | Code::CoordinatorLoadInProgress
        | Code::CoordinatorNotAvailable
        | Code::NotCoordinator
        | Code::WaitingForCoordinator
        | Code::TransactionCoordinatorFenced
        | Code::ConcurrentTransactions
        | Code::LeaderNotAvailable
        | Code::NotLeaderForPartition
        | Code::FencedLeaderEpoch
        | Code::UnknownLeaderEpoch
        | Code::PreferredLeaderNotAvailable
        | Code::EligibleLeadersNotAvailable
        | Code::BrokerNotAvailable
        | Code::ReplicaNotAvailable
        | Code::StaleBrokerEpoch
        | Code::StaleControllerEpoch
        | Code::NotController
        | Code::ReassignmentInProgress
        | Code::NetworkException
        | Code::ListenerNotFound
        | Code::KafkaStorageError
        | Code::OffsetNotAvailable
        | Code::FetchSessionIdNotFound
        | Code::InvalidFetchSessionEpoch
        | Code::ThrottlingQuotaExceeded
        | Code::InvalidMessage
        | Code::BadMessage
        | Code::UnknownBroker
        | Code::RebootstrapRequired
        | Code::PurgeQueue
        | Code::PurgeInflight
        | Code::BrokerDestroy
        | Code::DestroyBroker
        | Code::NodeUpdate
        | Code::Retry
        | Code::WaitCache
        | Code::InProgress
        | Code::PreviousInProgress
        | Code::Interrupted
        | Code::Unknown => Class::Transient,
        Code::UnknownTopic
        | Code::UnknownPartition
        | Code::UnknownTopicOrPartition
        | Code::UnknownTopicId => Class::UnknownTopic,
        Code::MessageSizeTooLarge | Code::MessageBatchTooLarge => Class::Oversize,
        Code::Authentication
        | Code::SaslAuthenticationFailed
        | Code::UnsupportedSASLMechanism
        | Code::IllegalSASLState => Class::Login,
        Code::TopicAuthorizationFailed
        | Code::GroupAuthorizationFailed
        | Code::ClusterAuthorizationFailed
        | Code::TransactionalIdAuthorizationFailed => Class::Denied,
        Code::InvalidTransactionTimeout => Class::InvalidTransactionTimeout,
        // The same code stands for a peer that does not verify and for a connection cut while shaking hands.
        Code::SSL if tls_is_refused(words) => Class::Config,
        Code::SSL => Class::Transient,
        Code::InvalidConfig
        | Code::InvalidTopic
        | Code::InvalidPartitions
        | Code::InvalidReplicationFactor
        | Code::InvalidReplicaAssignment
        | Code::PolicyViolation
        | Code::InvalidRequiredAcks
        | Code::UnsupportedVersion
        | Code::UnsupportedFeature
        | Code::UnsupportedForMessageFormat
        | Code::UnsupportedCompressionType
        | Code::NotConfigured
        | Code::SecurityDisabled
        | Code::FileSystem
        | Code::CriticalSystemResource => Class::Config,
        _ => Class::Protocol,
    }
}

/// Words by which OpenSSL and librdkafka tell a refusal from a cut connection.
fn tls_is_refused(words: &str) -> bool {
    ["certificate", "verify", "verification", "alert", "wrong version number", "unsupported protocol"]
        .iter()
        .any(|sign| words.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_the_class_their_answer_needs() {
        let check = |code, words: &str, class| assert_eq!(classify(code, words), class, "{code:?} {words}");
        check(Code::ProducerFenced, "", Class::Ownership);
        check(Code::InvalidProducerEpoch, "", Class::Ownership);
        check(Code::ConcurrentTransactions, "", Class::Transient);
        check(Code::MessageTimedOut, "", Class::Transient);
        check(Code::UnknownTopicOrPartition, "", Class::UnknownTopic);
        check(Code::MessageSizeTooLarge, "", Class::Oversize);
        check(Code::SaslAuthenticationFailed, "", Class::Login);
        check(Code::TransactionalIdAuthorizationFailed, "", Class::Denied);
        check(Code::InvalidTransactionTimeout, "", Class::InvalidTransactionTimeout);
        check(Code::OutOfOrderSequenceNumber, "", Class::Protocol);
        check(Code::InvalidTransactionalState, "", Class::Protocol);
        check(Code::InvalidArgument, "", Class::Protocol);
        check(Code::SSL, "SSL handshake failed: certificate verify failed", Class::Config);
        check(Code::SSL, "SSL handshake failed: Disconnected", Class::Transient);
        let alert = "Receive failed: SSL routines::ssl/tls alert bad certificate: SSL alert number 42";
        check(Code::BrokerTransportFailure, alert, Class::Config);
        check(Code::BrokerTransportFailure, "Disconnected", Class::Transient);
    }

    #[test]
    fn a_refused_setting_is_named_without_its_value() {
        let error = KafkaError::ClientConfig(
            rdkafka::types::RDKafkaConfRes::RD_KAFKA_CONF_INVALID,
            "Invalid value".into(),
            "sasl.password".into(),
            "canary".into(),
        );
        let failure = KafkaFailure::from_client("open the producer", &error);
        let all = format!("{failure} {} {failure:?}", failure.source);
        assert!(all.contains("sasl.password"));
        assert!(!all.contains("canary"));
    }

    #[test]
    fn the_text_says_where() {
        let failure =
            KafkaFailure::of("produce", Code::MessageSizeTooLarge, "too large").on("shop.orders").at(3);
        assert_eq!(failure.to_string(), "cannot produce (topic `shop.orders`, partition 3)");
        assert!(failure.finding().is_none());
    }

    #[test]
    fn brokers_without_transactions_are_too_old() {
        let failure =
            KafkaFailure::of("open the producer", Code::UnsupportedFeature, "not supported by broker");
        assert_eq!(failure.finding().map(|it| it.code.number), Some("L0212"));
    }

    #[test]
    fn what_was_refused_is_known() {
        let failure = |code| KafkaFailure::of("produce", code, "denied").on("shop.orders");
        let topic = failure(Code::TopicAuthorizationFailed).denied();
        assert_eq!(topic, Some(Denied::Topic("shop.orders".into())));
        assert_eq!(failure(Code::TransactionalIdAuthorizationFailed).denied(), Some(Denied::Transactions));
        assert_eq!(failure(Code::MessageSizeTooLarge).denied(), None);
    }
}
