//! What becomes of one table, as data.

use crate::format::{CanalOptions, FormatPlan};
use crate::kafka::TopicName;
use crate::pattern::NamePattern;
use crate::statement::{
    ChangeKind, Cleanup, ColumnRule, DdlKind, DdlPartition, DdlTopic, Header, KeyChange, KeyForm, KeyRule,
    MaskRule, NameCase, OnDeny, OnError, OnInvalidValue, OnOversize, PartitionHash, PartitionRule, Template,
    Truncate, Word, WordSet,
};
use crate::transform::filter::Condition;
use serde::{Deserialize, Serialize};

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
