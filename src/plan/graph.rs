//! What runs, as data.

use super::Layer;
use crate::format::{CanalOptions, FormatPlan};
use crate::kafka::TopicName;
use crate::pattern::{NamePattern, TablePattern};
use crate::statement::Thing;
use crate::statement::{
    Acks, Compression, Delivery, Heartbeat, Mechanism, OnFailover, Rename, SecretRef, ServerIds, Start,
    Template, Text, TlsMode, Version,
};
use crate::statement::{
    ChangeKind, Cleanup, ColumnRule, DdlKind, DdlPartition, DdlTopic, Header, KeyChange, KeyForm, KeyRule,
    Markers, MaskRule, NameCase, OnDeny, OnError, OnInvalidValue, OnOversize, OnPositionLost, OnlineDdl,
    PartitionHash, PartitionRule, Split, Timestamp, Truncate, Word, WordSet,
};
use crate::transform::filter::Condition;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A compiled project: one task per (pipeline, source, target), sorted by id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Plan {
    /// The tasks.
    pub tasks: Vec<TaskPlan>,
    /// What copies topics of a target to another one, sorted.
    #[serde(default)]
    pub relays: Vec<RelayPlan>,
    /// What was renamed, sorted: its state is that of the old name.
    #[serde(default)]
    pub moved: Vec<MovedPlan>,
}

/// `moved THING A to B`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MovedPlan {
    /// What kind of thing.
    pub thing: Thing,
    /// What it was called.
    pub from: String,
    /// What it is called now.
    pub to: String,
}

impl MovedPlan {
    /// What a task is called after it.
    pub fn apply(&self, id: &TaskId) -> TaskId {
        let mut id = id.clone();
        let name = match self.thing {
            Thing::Pipeline => &mut id.pipeline,
            Thing::Source => &mut id.source,
            Thing::Target => &mut id.target,
        };
        if *name == self.from {
            name.clone_from(&self.to);
        }
        id
    }

    /// What a task was called before it.
    pub fn revert(&self, id: &TaskId) -> TaskId {
        MovedPlan { thing: self.thing, from: self.to.clone(), to: self.from.clone() }.apply(id)
    }
}

/// `from TARGET topic PATTERN`, towards one target.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RelayPlan {
    /// Pipeline.
    pub pipeline: String,
    /// Target whose topics are copied.
    pub from: String,
    /// Which of them.
    pub topics: NamePattern,
    /// Where to.
    pub to: String,
    /// What a topic is called there; `{topic}` is its name.
    pub topic: Template,
    /// It stands still, and why.
    pub paused: Option<String>,
}

impl Plan {
    /// The tasks that run: those of pipelines that are not paused.
    pub fn running(&self) -> impl Iterator<Item = &TaskPlan> {
        self.tasks.iter().filter(|task| task.paused.is_none())
    }

    /// The tasks of these pipelines alone; of all where none is named.
    ///
    /// # Errors
    /// A pipeline that is not declared, in words.
    pub fn only(mut self, pipelines: &[String]) -> Result<Plan, String> {
        let declared = |name: &&String| !self.tasks.iter().any(|task| task.id.pipeline == **name);
        if let Some(name) = pipelines.iter().find(declared) {
            return Err(format!("there is no pipeline `{name}`"));
        }
        self.tasks.retain(|task| pipelines.is_empty() || pipelines.contains(&task.id.pipeline));
        Ok(self)
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
    /// How it goes about its stream.
    pub stream: StreamPlan,
    /// Which tables, and what becomes of them.
    pub rules: TableRules,
    /// It stands still, and why.
    pub paused: Option<String>,
    /// `label` statements.
    pub labels: Vec<(String, String)>,
    /// Findings at servers that the files answer.
    #[serde(default)]
    pub allows: Allows,
}

/// Codes of `allow` statements, sorted, by the block they stand in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Allows {
    /// That of the source: about the source.
    pub source: Vec<String>,
    /// That of the target: about the target.
    pub target: Vec<String>,
    /// That of the pipeline: about anything.
    pub pipeline: Vec<String>,
    /// Those of its `table` blocks: about these tables.
    #[serde(default)]
    pub tables: Vec<(TablePattern, Vec<String>)>,
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

/// How a task goes about its stream.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StreamPlan {
    /// Time of messages.
    pub timestamp: Timestamp,
    /// Where marks of loads go.
    pub markers: Markers,
    /// Tools whose shadow tables are left out.
    pub online_ddl: WordSet<OnlineDdl>,
    /// What happens when the log does not reach back to the position.
    pub on_position_lost: OnPositionLost,
    /// Where large transactions are cut.
    pub split: Split,
    /// Most bytes a second; none: as fast as it goes.
    pub limit_bytes: Option<u64>,
}

/// Loads are not marked, and a part of a split transaction is what one crash may repeat.
impl Default for StreamPlan {
    fn default() -> StreamPlan {
        StreamPlan {
            timestamp: Timestamp::Produce,
            markers: Markers::Off,
            online_ddl: WordSet::new(OnlineDdl::ALL.to_vec()),
            on_position_lost: OnPositionLost::Stop,
            split: Split { bytes: 256 << 20, rows: Some(500_000) },
            limit_bytes: None,
        }
    }
}

/// Which tables a task carries, and what becomes of each; asked by [`TaskPlan::decide`](TaskPlan).
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TableRules {
    /// Selected.
    pub include: Vec<TablePattern>,
    /// Left out again.
    pub exclude: Vec<TablePattern>,
    /// Case of names that no rename gives.
    pub names: NameCase,
    /// Renames of databases, tables and columns.
    pub renames: Vec<Rename>,
    /// Settings by level, weakest first: what `defaults`, the pipeline, `to` and `table` blocks say.
    pub layers: Vec<Layer>,
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
    /// Form of its bytes; none: that of the format.
    pub key_form: Option<KeyForm>,
    /// What an update of the key becomes.
    pub key_change: KeyChange,
    /// Partition.
    pub partition: PartitionRule,
    /// How it is computed.
    pub hash: PartitionHash,
    /// Columns; none: all.
    pub columns: Option<ColumnRule>,
    /// Renamed columns: (pattern of source names, new name), strongest first.
    pub column_names: Vec<(NamePattern, Template)>,
    /// Case of the names of other columns.
    pub names: NameCase,
    /// Masks: the first that takes a column holds for it.
    pub masks: Vec<MaskRule>,
    /// Rows are sent for which each is true.
    pub conditions: Vec<Condition>,
    /// Zone of the texts in them, where they are compared with a TIMESTAMP; none: UTC.
    pub time_zone: Option<String>,
    /// Format.
    pub format: FormatPlan,
    /// Headers of every message.
    pub headers: WordSet<Header>,
    /// A null value follows a delete.
    pub tombstones: bool,
    /// Kinds of changes that are sent.
    pub changes: WordSet<ChangeKind>,
    /// How schema changes are sent; none: not at all.
    pub ddl: Option<DdlPlan>,
    /// What becomes of a TRUNCATE.
    pub truncate: Truncate,
    /// What becomes of a row that cannot be sent.
    pub on_error: OnError,
    /// What becomes of a message that is too large.
    pub on_oversize: OnOversize,
    /// What becomes of a value that the format cannot say.
    pub on_invalid_value: OnInvalidValue,
}

impl TableDecision {
    /// True when a column is among those that are sent. A pattern that does not compile fails elsewhere, by name.
    pub fn sends(&self, column: &str) -> bool {
        let takes = |patterns: &[NamePattern]| {
            patterns
                .iter()
                .any(|pattern| pattern.compile_column().is_ok_and(|pattern| pattern.matches(column)))
        };
        match &self.columns {
            None => true,
            Some(ColumnRule::Only(patterns)) => takes(patterns),
            Some(ColumnRule::Except(patterns)) => !takes(patterns),
        }
    }

    /// What becomes of a table of which nothing is written.
    pub fn plain(db: impl Into<String>, table: impl Into<String>, topic: TopicName) -> TableDecision {
        TableDecision {
            db: db.into(),
            table: table.into(),
            topic,
            topic_settings: TopicSettings::default(),
            key: KeyRule::Primary,
            key_form: None,
            key_change: KeyChange::Split,
            partition: PartitionRule::ByKey,
            hash: PartitionHash::Murmur2,
            columns: None,
            column_names: Vec::new(),
            names: NameCase::AsSource,
            masks: Vec::new(),
            conditions: Vec::new(),
            time_zone: None,
            format: FormatPlan::CanalJson(CanalOptions::default()),
            headers: WordSet::default(),
            tombstones: false,
            changes: WordSet::new(ChangeKind::ALL.to_vec()),
            ddl: None,
            truncate: Truncate::Warn,
            on_error: OnError::Stop,
            on_oversize: OnOversize::Stop,
            on_invalid_value: OnInvalidValue::Map,
        }
    }
}

/// How schema changes of a table are sent.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DdlPlan {
    /// Their topic.
    pub topic: DdlTopic,
    /// Their partition.
    pub partition: DdlPartition,
    /// Kinds that are sent; none: all.
    pub allow: Option<WordSet<DdlKind>>,
    /// Kinds that are not.
    pub deny: WordSet<DdlKind>,
    /// What happens at the others.
    pub on_deny: OnDeny,
}

/// Made when missing, with the cluster's own numbers.
impl Default for TopicSettings {
    fn default() -> TopicSettings {
        TopicSettings {
            create: true,
            partitions: None,
            replicas: None,
            min_insync: None,
            cleanup: None,
            retention_ms: None,
        }
    }
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
    /// `min.insync.replicas`; none: the cluster's default.
    #[serde(default)]
    pub min_insync: Option<u16>,
    /// `cleanup.policy`; none: the cluster's default.
    pub cleanup: Option<Cleanup>,
    /// `retention.ms`; none: the cluster's default.
    pub retention_ms: Option<u64>,
}
