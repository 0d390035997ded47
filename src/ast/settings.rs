//! Statements that say what becomes of tables, and how a task goes about it: in `defaults`, a pipeline, `to`, and `table`.

use super::argument::{quantities, quantity, text, words};
use super::condition::Where;
use super::pipeline::{Commit, Retry, commit};
use super::setting::{
    columns, condition, key, markers, masks, number, partition, split, template, word, word_set,
};
use super::statement::Stmt;
use super::target::Producer;
use crate::statement::{
    BigintUnsigned, BinaryForm, ChangeKind, Cleanup, ColumnRule, Compatibility, Create, DdlKind,
    DdlPartition, DdlTopic, DecimalForm, Dialect, EnumForm, FormatHeartbeat, FormatName, Header, Key,
    KeyChange, Markers, MaskRule, Millis, NameCase, Nulls, OnDeny, OnError, OnInvalidValue, OnOversize,
    OnPositionLost, OnlineDdl, Partition, Property, Quoted, SnapshotOp, Split, Subject, Switch, Template,
    Timestamp, Truncate, Word, WordSet, table_properties,
};
use crate::text::{Span, Spanned};
use crate::transform::filter::Condition;
use std::collections::{BTreeMap, BTreeSet};

/// The word of conditions, which are several lines.
const CONDITIONS: &str = "where";

/// A property given by two blocks of one level: its statement, and both places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conflict {
    /// The statement's word.
    pub word: &'static str,
    /// Word of the block it stands in, where that is one of settings: `topic`, `format`, `ddl`.
    pub block: &'static str,
    /// The one that is kept.
    pub first: Span,
    /// The other.
    pub second: Span,
}

impl Conflict {
    /// The statement, with the block it stands in: `topic { replicas }`.
    pub fn statement(&self) -> String {
        match self.block {
            "" => self.word.to_owned(),
            block => format!("{block} {{ {} }}", self.word),
        }
    }
}

macro_rules! settings {
    ($($(#[$doc:meta])* $variant:ident, $field:ident: $type:ty, $word:literal, $block:literal;)+) => {
        /// Settings of one block. Each is a property of its own.
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct Settings {
            $($(#[$doc])* pub $field: Option<Spanned<$type>>,)+
            /// `mask`.
            pub masks: Vec<Spanned<MaskRule>>,
            /// `mask` of the profiles it takes: they hold for columns that its own leave.
            pub profile_masks: Vec<Spanned<MaskRule>>,
            /// `where`, each of which must hold.
            pub conditions: Vec<Spanned<Where>>,
            /// What a task as a whole does.
            pub task: TaskSettings,
            /// What goes away when one of these statements is removed, by its place.
            pub lines: BTreeMap<Span, Span>,
            /// Places of statements in whose block something was left out.
            pub damaged: BTreeSet<Span>,
        }

        impl Settings {
            /// Adds what `other` gives. What both give stays as it is, and is returned.
            pub fn add(&mut self, other: Settings) -> Vec<Conflict> {
                let mut conflicts = Vec::new();
                $(add(($word, $block), &mut self.$field, other.$field, &mut conflicts);)+
                self.masks.extend(other.masks);
                self.profile_masks.extend(other.profile_masks);
                self.conditions.extend(other.conditions);
                self.task.add(other.task, &mut conflicts);
                self.lines.extend(other.lines);
                self.damaged.extend(other.damaged);
                conflicts
            }

            /// What it gives, and where it gives nothing what `weaker` does. Masks add up by column.
            pub fn over(&self, weaker: &Settings) -> Settings {
                let weaker_masks = self.profile_masks.iter().chain(&weaker.masks).chain(&weaker.profile_masks);
                let conditions = if self.conditions.is_empty() { &weaker.conditions } else { &self.conditions };
                let format = |settings: &Settings| settings.format.as_ref().map(|format| format.value);
                // Options are those of the format they are written with.
                let is_of_another = |block: &str| {
                    block == "format" && format(self).is_some() && format(self) != format(weaker)
                };
                let mut lines = weaker.lines.clone();
                lines.extend(&self.lines);
                Settings {
                    $(
                        $field: match &self.$field {
                            None if !is_of_another($block) => weaker.$field.clone(),
                            own => own.clone(),
                        },
                    )+
                    masks: self.masks.clone(),
                    profile_masks: weaker_masks.cloned().collect(),
                    conditions: conditions.clone(),
                    task: self.task.over(&weaker.task),
                    lines,
                    damaged: self.damaged.union(&weaker.damaged).copied().collect(),
                }
            }

            /// What both give, with different values.
            pub fn disagreements(&self, other: &Settings) -> Vec<Conflict> {
                let mut found = Vec::new();
                $(differ(($word, $block), &self.$field, &other.$field, &mut found);)+
                found.extend(self.other_conditions(other));
                found
            }

            /// True when it says anything about tables.
            pub fn concerns_tables(&self) -> bool {
                let given = [$(self.$field.is_some(),)+];
                given.contains(&true)
                    || self.all_masks().next().is_some()
                    || !self.conditions.is_empty()
            }

            /// Where a property is given.
            pub fn span(&self, property: Property) -> Option<Span> {
                match property {
                    $(Property::$variant => self.$field.as_ref().map(|value| value.span),)+
                }
            }
        }
    };
}

table_properties!(settings);

/// Declares statements that a block gives at most once.
macro_rules! once {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $field:ident: $type:ty = $word:literal;)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct $name {
            $($(#[$doc])* pub $field: Option<Spanned<$type>>,)+
            /// What goes away when one of these statements is removed, by its place.
            pub lines: BTreeMap<Span, Span>,
        }

        impl $name {
            /// Adds what `other` gives. What both give stays as it is, and is noted.
            pub fn add(&mut self, other: $name, conflicts: &mut Vec<Conflict>) {
                $(add(($word, ""), &mut self.$field, other.$field, conflicts);)+
                self.lines.extend(other.lines);
            }

            /// What both give, with different values.
            pub fn disagreements(&self, other: &$name, found: &mut Vec<Conflict>) {
                $(differ(($word, ""), &self.$field, &other.$field, found);)+
            }

            /// What it gives, and where it gives nothing what `weaker` does.
            pub fn over(&self, weaker: &$name) -> $name {
                let lines = self.lines.iter().chain(&weaker.lines).map(|(&place, &line)| (place, line)).collect();
                $name { $($field: self.$field.as_ref().or(weaker.$field.as_ref()).cloned(),)+ lines }
            }
        }
    };
}

pub(super) use once;

/// Settings of a task as a whole.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TaskSettings {
    /// Those that are one statement each.
    pub once: TaskStatements,
    /// `retry`.
    pub retry: Retry,
    /// Those of the producer.
    pub producer: Producer,
}

once! {
    /// Statements about a task as a whole.
    TaskStatements {
        /// `names`.
        names: NameCase = "names";
        /// `timestamp`.
        timestamp: Timestamp = "timestamp";
        /// `markers`.
        markers: Markers = "markers";
        /// `online-ddl`.
        online_ddl: WordSet<OnlineDdl> = "online-ddl";
        /// `on-position-lost`.
        on_position_lost: OnPositionLost = "on-position-lost";
        /// `commit`.
        commit: Commit = "commit";
        /// `split`.
        split: Split = "split";
        /// `limit`, bytes a second.
        limit_bytes: u64 = "limit";
    }
}

impl TaskSettings {
    fn add(&mut self, other: TaskSettings, conflicts: &mut Vec<Conflict>) {
        self.once.add(other.once, conflicts);
        self.retry.add(other.retry, conflicts);
        self.producer.add(other.producer, conflicts);
    }

    /// What both give, with different values.
    pub fn disagreements(&self, other: &TaskSettings) -> Vec<Conflict> {
        let mut found = Vec::new();
        self.once.disagreements(&other.once, &mut found);
        self.retry.disagreements(&other.retry, &mut found);
        self.producer.disagreements(&other.producer, &mut found);
        found
    }

    /// What it gives, and where it gives nothing what `weaker` does.
    pub fn over(&self, weaker: &TaskSettings) -> TaskSettings {
        TaskSettings {
            once: self.once.over(&weaker.once),
            retry: self.retry.over(&weaker.retry),
            producer: self.producer.over(&weaker.producer),
        }
    }

    /// Takes a statement about a task; false when it is another one.
    fn take(&mut self, statement: &Stmt) -> bool {
        let once = &mut self.once;
        match statement.spec.word {
            "names" => once.names = word(statement),
            "timestamp" => once.timestamp = word(statement),
            "markers" => once.markers = Some(markers(statement)),
            "online-ddl" => once.online_ddl = Some(word_set(statement)),
            "on-position-lost" => once.on_position_lost = word(statement),
            "commit" => once.commit = commit(statement),
            "split" => once.split = split(statement),
            "limit" => once.limit_bytes = quantity(statement),
            "retry" => {
                self.retry.take(statement);
                return true;
            }
            _ => return self.producer.take(statement),
        }
        once.lines.insert(statement.head, statement.line);
        true
    }
}

impl Settings {
    /// Its masks, then those of its profiles.
    pub fn all_masks(&self) -> impl Iterator<Item = &Spanned<MaskRule>> {
        self.masks.iter().chain(&self.profile_masks)
    }

    /// True when it gives what a conflict is about.
    pub fn gives(&self, conflict: &Conflict) -> bool {
        let is_it =
            |property: &&Property| (property.word(), property.block()) == (conflict.word, conflict.block);
        conflict.word == CONDITIONS && !self.conditions.is_empty()
            || Property::ALL.iter().find(is_it).is_some_and(|&property| self.span(property).is_some())
    }

    /// The conditions of both, when they do not say the same. Their order means nothing.
    fn other_conditions(&self, other: &Settings) -> Option<Conflict> {
        let said = |settings: &Settings| -> BTreeSet<Condition> {
            settings.conditions.iter().map(|one| one.value.condition.clone()).collect()
        };
        let (first, second) = (self.conditions.first()?.span, other.conditions.first()?.span);
        (said(self) != said(other)).then_some(Conflict { word: CONDITIONS, block: "", first, second })
    }

    /// True when a statement at a place is among these settings.
    pub fn says(&self, place: Span) -> bool {
        let TaskSettings { once, retry, producer } = &self.task;
        [&self.lines, &once.lines, &retry.lines, &producer.lines]
            .iter()
            .any(|lines| lines.contains_key(&place))
    }

    /// Takes a statement about tables or a task; false when it is another one.
    pub(super) fn take(&mut self, statement: &Stmt) -> bool {
        match statement.spec.word {
            "topic" => self.take_topic(statement),
            "key" => self.key = Some(key(statement)),
            "key-change" => self.key_change = word(statement),
            "partition" => self.partition = partition(statement),
            "format" => self.take_format(statement),
            "tombstones" => self.tombstones = word(statement),
            "headers" => self.headers = Some(word_set(statement)),
            "changes" => self.changes = Some(word_set(statement)),
            "columns" => self.columns = Some(columns(statement)),
            "mask" => self.masks.extend(masks(statement)),
            "where" => self.conditions.extend(condition(statement)),
            "ddl" => self.take_ddl(statement),
            "truncate" => self.truncate = word(statement),
            "on-error" => {
                self.on_error = Some(match (template(statement), words(statement).first()) {
                    (Some(topic), _) => Spanned::new(OnError::DeadLetter(topic.value), topic.span),
                    (None, Some(&"park")) => Spanned::new(OnError::Park, statement.head),
                    (None, _) => Spanned::new(OnError::Stop, statement.head),
                });
            }
            "on-oversize" => {
                self.on_oversize = Some(match template(statement) {
                    Some(topic) => Spanned::new(OnOversize::DeadLetter(topic.value), topic.span),
                    None => Spanned::new(OnOversize::Stop, statement.head),
                });
            }
            "on-invalid-value" => self.on_invalid_value = word(statement),
            _ => return self.task.take(statement),
        }
        let all = std::iter::once(statement).chain(&statement.body.statements);
        self.lines.extend(all.map(|one| (one.head, one.line)));
        if !statement.body.left_out.is_empty() {
            self.damaged.insert(statement.head);
        }
        true
    }

    fn take_topic(&mut self, statement: &Stmt) {
        self.topic = template(statement);
        for inner in &statement.body.statements {
            match inner.spec.word {
                "create" => self.topic_create = word(inner),
                "partitions" => self.topic_partitions = number(inner),
                "replicas" => self.topic_replicas = number(inner),
                "min-insync" => self.topic_min_insync = number(inner),
                "cleanup" => {
                    let cleanup = Cleanup::from_word(&words(inner).join(", "));
                    self.topic_cleanup = cleanup.map(|cleanup| Spanned::new(cleanup, inner.head));
                }
                other => {
                    debug_assert_eq!(other, "retention", "in the table, but not read in a topic");
                    self.topic_retention = quantity(inner).map(|ms| Spanned::new(Millis(ms.value), ms.span));
                }
            }
        }
    }

    fn take_format(&mut self, statement: &Stmt) {
        self.format = word(statement);
        for inner in &statement.body.statements {
            match inner.spec.word {
                "subject" => self.subject = word(inner),
                "compatibility" => self.compatibility = word(inner),
                "nulls" => self.nulls = word(inner),
                "snapshot-op" => self.snapshot_op = word(inner),
                "bigint-unsigned" => self.bigint_unsigned = word(inner),
                "decimal" => self.decimal = word(inner),
                "binary" => self.binary = word(inner),
                "enum" => self.enum_form = word(inner),
                "time-zone" => {
                    self.time_zone = text(inner).map(|zone| Spanned::new(Quoted(zone.value), zone.span));
                }
                "schemas" => self.schemas = word(inner),
                "dialect" => self.dialect = word(inner),
                "transactions" => self.transactions = word(inner),
                other => {
                    debug_assert_eq!(other, "heartbeat", "in the table, but not read in a format");
                    let every = quantities(inner).first().copied();
                    let heartbeat = every.map_or(FormatHeartbeat::Off, FormatHeartbeat::Every);
                    self.format_heartbeat = Some(Spanned::new(heartbeat, inner.head));
                }
            }
        }
    }

    fn take_ddl(&mut self, statement: &Stmt) {
        let switch = word(statement).unwrap_or(Spanned::new(Switch::On, statement.head));
        self.ddl = Some(switch);
        for inner in &statement.body.statements {
            match inner.spec.word {
                "topic" => {
                    self.ddl_topic = Some(match template(inner) {
                        Some(topic) => Spanned::new(DdlTopic::Topic(topic.value), topic.span),
                        None => Spanned::new(DdlTopic::Same, inner.head),
                    });
                }
                "partition" => {
                    let partition = match (words(inner).as_slice(), number(inner)) {
                        (_, Some(n)) => DdlPartition::To(n.value),
                        (["to", "all"], None) => DdlPartition::ToAll,
                        (_, None) => DdlPartition::ByTable,
                    };
                    self.ddl_partition = Some(Spanned::new(partition, inner.head));
                }
                "allow" => self.ddl_allow = Some(word_set(inner)),
                "deny" => self.ddl_deny = Some(word_set(inner)),
                other => {
                    debug_assert_eq!(other, "on-deny", "in the table, but not read in a ddl");
                    self.ddl_on_deny = word(inner);
                }
            }
        }
    }
}

pub(super) fn differ<T: PartialEq>(
    (word, block): (&'static str, &'static str),
    own: &Option<Spanned<T>>,
    other: &Option<Spanned<T>>,
    found: &mut Vec<Conflict>,
) {
    if let (Some(own), Some(other)) = (own, other)
        && own.value != other.value
    {
        found.push(Conflict { word, block, first: own.span, second: other.span });
    }
}

/// Fills a property that is not given yet.
pub(super) fn add<T>(
    (word, block): (&'static str, &'static str),
    own: &mut Option<Spanned<T>>,
    other: Option<Spanned<T>>,
    conflicts: &mut Vec<Conflict>,
) {
    match (own.as_ref(), other) {
        (Some(own), Some(other)) => {
            conflicts.push(Conflict { word, block, first: own.span, second: other.span });
        }
        (None, Some(other)) => *own = Some(other),
        (_, None) => {}
    }
}
