//! Where changes come from and where records go, as data.

use crate::statement::{
    Acks, Compression, Delivery, Heartbeat, Mechanism, OnFailover, SecretRef, ServerIds, Text, TlsMode,
    Version,
};
use serde::{Deserialize, Serialize};

/// A MySQL or MariaDB server.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SourcePlan {
    /// Name in the files.
    pub name: String,
    /// Host name or IP address; from the environment the whole address, see [`login`](SourcePlan::login).
    pub host: Text,
    /// Port, where the environment says none.
    pub port: u16,
    /// User; empty when the address of the environment may say it.
    pub user: String,
    /// Password; none logs in without one (client certificate).
    pub password: Option<SecretRef>,
    /// Encryption.
    pub tls: Tls,
    /// Zone of TIMESTAMP columns, a name or an offset; none: the server's own.
    pub time_zone: Option<String>,
    /// `HOST:PORT` of servers tried after it, in order.
    pub standby: Vec<String>,
    /// What another server means.
    pub on_failover: OnFailover,
    /// Ids under which connections register as replicas.
    pub server_ids: ServerIds,
    /// Most dump connections at once.
    pub readers: u8,
    /// How a quiet server shows that it lives.
    pub heartbeat: Heartbeat,
    /// Largest event of the log that is read, bytes.
    pub event_limit_bytes: u64,
    /// How long its failures are waited out.
    pub retry: Retry,
}

/// Encryption of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Tls {
    /// How much is verified.
    pub mode: TlsMode,
    /// `off because "…"`.
    pub because: Option<String>,
    /// File of accepted roots; none takes the built-in ones.
    pub ca: Option<String>,
    /// Client certificate and key files.
    pub identity: Option<(String, String)>,
    /// Host name the certificate must carry, if not the address.
    pub server_name: Option<String>,
    /// Nothing is written, and the address is not known yet: `off` if it is one of the machine itself.
    pub off_on_loopback: bool,
}

/// A target and how records reach it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TargetPlan {
    /// Name in the files.
    pub name: String,
    /// Kind.
    pub kind: TargetKind,
}

impl TargetPlan {
    /// True when what is connected to one of them may be used for the other: how long failures are waited out is no matter of it.
    pub fn is_reached_as(&self, other: &TargetPlan) -> bool {
        match (&self.kind, &other.kind) {
            (TargetKind::Kafka(a), TargetKind::Kafka(b)) => {
                let same = KafkaPlan { retry: b.retry, ..(**a).clone() };
                self.name == other.name && same == **b
            }
            (a, b) => self.name == other.name && a == b,
        }
    }
}

impl SourcePlan {
    /// True when a connection of one of them is as one of the other would be.
    pub fn is_reached_as(&self, other: &SourcePlan) -> bool {
        SourcePlan { retry: other.retry, on_failover: other.on_failover, ..self.clone() } == *other
    }
}

/// Kind of target.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TargetKind {
    /// A Kafka cluster.
    Kafka(Box<KafkaPlan>),
    /// One JSON line per record on standard output.
    Stdout,
    /// One JSON line per record, in a file per topic.
    File {
        /// Path with `{topic}`, relative to the project directory.
        path: String,
    },
}

/// A Kafka cluster and the settings of its producer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct KafkaPlan {
    /// `HOST:PORT`, in order.
    pub brokers: Vec<String>,
    /// SASL user and mechanism.
    pub sasl: Option<Sasl>,
    /// Encryption.
    pub tls: Tls,
    /// The schema registry beside it.
    pub registry: Option<RegistryPlan>,
    /// Version of brokers that cannot say theirs.
    pub broker_version: Option<Version>,
    /// What a crash may do.
    pub delivery: Delivery,
    /// How long a crash may hold back other readers, ms.
    pub transaction_timeout_ms: u32,
    /// State topics.
    pub state: StatePlan,
    /// Whose answer a message waits for.
    pub acks: Acks,
    /// Codec.
    pub compression: Compression,
    /// Bytes of a batch.
    pub batch_bytes: u32,
    /// Wait for a fuller batch, ms.
    pub linger_ms: u32,
    /// Requests without an answer, per broker.
    pub in_flight: u32,
    /// How long its failures are waited out.
    pub retry: Retry,
}

/// A schema registry.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RegistryPlan {
    /// `https://HOST[:PORT][/PATH]`.
    pub url: String,
    /// User.
    pub user: Option<String>,
    /// Password.
    pub password: Option<SecretRef>,
    /// Encryption, under `https`.
    pub tls: Tls,
}

/// SASL login.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sasl {
    /// User.
    pub user: String,
    /// Mechanism.
    pub mechanism: Mechanism,
    /// Password.
    pub password: SecretRef,
}

/// Names and settings of state topics.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StatePlan {
    /// `<prefix>.<task>.state` is the topic, `<prefix>.<task>` the transactional id.
    pub prefix: String,
    /// Replicas; none: min(3, brokers).
    pub replicas: Option<u16>,
    /// `min.insync.replicas`; none: max(1, replicas − 1).
    pub min_insync: Option<u16>,
}

/// How long failures are waited out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Retry {
    /// For lost connections, ms; 0 is `off`, [`FOREVER_MS`](crate::statement::FOREVER_MS) is `forever`.
    pub window_ms: u64,
    /// For statements and requests that fail otherwise, ms.
    pub errors_ms: u64,
}

/// As the managed service: 12 hours, and 10 minutes of them for errors.
impl Default for Retry {
    fn default() -> Retry {
        Retry { window_ms: 12 * 3_600_000, errors_ms: 10 * 60_000 }
    }
}
