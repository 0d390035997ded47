//! What runs, as data.

use crate::format::FormatPlan;
use crate::kafka::TopicName;
use crate::pattern::{NamePattern, TablePattern};
use crate::statement::{
    Acks, Compression, Delivery, Heartbeat, Mechanism, OnFailover, Rename, SecretRef, ServerIds, Start,
    Template, Text, TlsMode, Version,
};
use crate::statement::{Cleanup, ColumnRule, FormatName, KeyRule, PartitionRule};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A compiled project: one task per (pipeline, source, target), sorted by id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Plan {
    /// The tasks.
    pub tasks: Vec<TaskPlan>,
}

impl Plan {
    /// The tasks that run: those of pipelines that are not paused.
    pub fn running(&self) -> impl Iterator<Item = &TaskPlan> {
        self.tasks.iter().filter(|task| task.paused.is_none())
    }

    /// The tasks that stand still, and why.
    pub fn paused(&self) -> impl Iterator<Item = (&TaskPlan, &str)> {
        self.tasks.iter().filter_map(|task| Some((task, task.paused.as_deref()?)))
    }
}

/// `<pipeline>.<source>.<target>`, always complete.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TaskId {
    /// Pipeline.
    pub pipeline: String,
    /// Source.
    pub source: String,
    /// Target.
    pub target: String,
}

impl TaskId {
    /// The transactional id of the task, below the prefix of its target's state.
    pub fn transactional_id(&self, prefix: &str) -> String {
        format!("{prefix}.{self}")
    }

    /// The name of its state topic.
    pub fn state_topic(&self, prefix: &str) -> String {
        format!("{}.state", self.transactional_id(prefix))
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.pipeline, self.source, self.target)
    }
}

/// Everything one task needs to run.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TaskPlan {
    /// Who it is.
    pub id: TaskId,
    /// Where changes come from.
    pub source: SourcePlan,
    /// Where records go.
    pub target: TargetPlan,
    /// Where the first start begins.
    pub start: Start,
    /// How long failures are waited out.
    pub retry: Retry,
    /// When what was produced is committed.
    pub commit: CommitPolicy,
    /// Which tables, and what becomes of them.
    pub rules: TableRules,
    /// It stands still, and why.
    pub paused: Option<String>,
    /// `label` statements.
    pub labels: Vec<(String, String)>,
}

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

/// When what was produced is committed: whichever comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CommitPolicy {
    /// Age of the open transaction, ms.
    pub every_ms: u32,
    /// Rows in it.
    pub rows: u32,
    /// Bytes in it.
    pub bytes: u64,
}

/// Which tables a task carries, and what becomes of each; asked by [`TaskPlan::decide`](TaskPlan).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TableRules {
    /// Selected.
    pub include: Vec<TablePattern>,
    /// Left out again.
    pub exclude: Vec<TablePattern>,
    /// Renames of databases, tables and columns.
    pub renames: Vec<Rename>,
    /// Settings by level, weakest first: what `defaults`, the pipeline, `to` and `table` blocks say.
    pub layers: Vec<Layer>,
}

/// Settings of one level for the tables a pattern takes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Layer {
    /// Level: 0 defaults, 1 pipeline, 2 `to`, 3 `table`, 4 `table` inside `to`.
    pub level: u8,
    /// Which tables; none: all.
    pub tables: Option<TablePattern>,
    /// `topic`.
    pub topic: Option<Template>,
    /// `topic { create … }`: true is `if-missing`.
    pub topic_create: Option<bool>,
    /// `topic { partitions … }`.
    pub topic_partitions: Option<u32>,
    /// `topic { replicas … }`.
    pub topic_replicas: Option<u16>,
    /// `topic { cleanup … }`.
    pub topic_cleanup: Option<Cleanup>,
    /// `topic { retention … }`, ms.
    pub topic_retention_ms: Option<u64>,
    /// `partition`.
    pub partition: Option<PartitionRule>,
    /// `key`.
    pub key: Option<KeyRule>,
    /// `columns`.
    pub columns: Option<ColumnRule>,
    /// `format`.
    pub format: Option<FormatName>,
    /// `format { snapshot-op … }`: true is `init`.
    pub snapshot_init: Option<bool>,
    /// `format { enum … }`: true is `label`.
    pub enum_label: Option<bool>,
}

/// What becomes of one table: every rule applied.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TableDecision {
    /// Database in messages.
    pub db: String,
    /// Table in messages.
    pub table: String,
    /// Topic.
    pub topic: TopicName,
    /// How the topic is made.
    pub topic_settings: TopicSettings,
    /// Key.
    pub key: KeyRule,
    /// Partition.
    pub partition: PartitionRule,
    /// Columns; none: all.
    pub columns: Option<ColumnRule>,
    /// Renamed columns: (pattern of source names, new name), strongest first.
    pub column_names: Vec<(NamePattern, Template)>,
    /// Format.
    pub format: FormatPlan,
    /// A null value follows a delete, for compacted topics.
    pub tombstones: bool,
}

/// How a data topic is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TopicSettings {
    /// Created when missing; else its absence is an error.
    pub create: bool,
    /// Partitions; none: the cluster's default.
    pub partitions: Option<u32>,
    /// Replicas; none: the cluster's default.
    pub replicas: Option<u16>,
    /// `cleanup.policy`; none: the cluster's default.
    pub cleanup: Option<Cleanup>,
    /// `retention.ms`; none: the cluster's default.
    pub retention_ms: Option<u64>,
}
