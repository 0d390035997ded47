//! Statements that say what becomes of tables: in `defaults`, a pipeline, `to`, and `table`.

use super::argument::{quantity, words};
use super::shape::Value;
use super::statement::Stmt;
use crate::statement::{Cleanup, ColumnRule, FormatName, KeyRule, PartitionRule, Template};
use crate::text::{Span, Spanned};

/// Settings of one block. Each is a property of its own.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Settings {
    /// `topic`.
    pub topic: Option<Spanned<Template>>,
    /// `topic { create … }`: true is `if-missing`.
    pub topic_create: Option<Spanned<bool>>,
    /// `topic { partitions … }`.
    pub topic_partitions: Option<Spanned<u64>>,
    /// `topic { replicas … }`.
    pub topic_replicas: Option<Spanned<u64>>,
    /// `topic { cleanup … }`.
    pub topic_cleanup: Option<Spanned<Cleanup>>,
    /// `topic { retention … }`, ms.
    pub topic_retention_ms: Option<Spanned<u64>>,
    /// `partition`.
    pub partition: Option<Spanned<PartitionRule>>,
    /// `key`.
    pub key: Option<Spanned<KeyRule>>,
    /// `columns`.
    pub columns: Option<Spanned<ColumnRule>>,
    /// `format`.
    pub format: Option<Spanned<FormatName>>,
    /// `format { snapshot-op … }`: true is `init`.
    pub snapshot_init: Option<Spanned<bool>>,
    /// `format { enum … }`: true is `label`.
    pub enum_label: Option<Spanned<bool>>,
}

impl Settings {
    /// Takes a statement about tables; false when it is another one.
    pub(super) fn take(&mut self, statement: &Stmt) -> bool {
        match statement.spec.word {
            "topic" => self.take_topic(statement),
            "partition" => self.partition = partition(statement),
            "key" => self.key = Some(key(statement)),
            "columns" => self.columns = Some(columns(statement)),
            "format" => self.take_format(statement),
            _ => return false,
        }
        true
    }

    fn take_topic(&mut self, statement: &Stmt) {
        self.topic = statement.args.iter().find_map(|item| match &item.value {
            Value::Template(template) => Some(Spanned::new(template.clone(), item.span)),
            _ => None,
        });
        for inner in &statement.body.statements {
            let span = inner.head;
            let words = words(inner);
            match inner.spec.word {
                "create" => self.topic_create = Some(Spanned::new(words != ["never"], span)),
                "partitions" => self.topic_partitions = quantity(inner),
                "replicas" => self.topic_replicas = quantity(inner),
                "cleanup" => {
                    let cleanup = match words.as_slice() {
                        ["delete"] => Cleanup::Delete,
                        ["compact"] => Cleanup::Compact,
                        _ => Cleanup::CompactDelete,
                    };
                    self.topic_cleanup = Some(Spanned::new(cleanup, span));
                }
                other => {
                    debug_assert_eq!(other, "retention", "in the table, but not read in a topic");
                    self.topic_retention_ms = quantity(inner);
                }
            }
        }
    }

    fn take_format(&mut self, statement: &Stmt) {
        // The one format that is built; the signature lets no other through.
        self.format = Some(Spanned::new(FormatName::CanalJson, statement.head));
        for inner in &statement.body.statements {
            let words = words(inner);
            match inner.spec.word {
                "snapshot-op" => {
                    self.snapshot_init = Some(Spanned::new(words == ["init"], inner.head));
                }
                other => {
                    debug_assert_eq!(other, "enum", "in the table, but not read in a format");
                    self.enum_label = Some(Spanned::new(words == ["label"], inner.head));
                }
            }
        }
    }
}

fn partition(statement: &Stmt) -> Option<Spanned<PartitionRule>> {
    let rule = match words(statement).as_slice() {
        ["by", "key"] => PartitionRule::ByKey,
        ["by", "table"] => PartitionRule::ByTable,
        ["by", "database"] => PartitionRule::ByDatabase,
        ["by", _] => PartitionRule::ByColumns(exact_columns(statement)),
        // The table limits it to a million.
        _ => PartitionRule::To(u32::try_from(quantity(statement)?.value).ok()?),
    };
    Some(Spanned::new(rule, statement.head))
}

fn key(statement: &Stmt) -> Spanned<KeyRule> {
    let rule = match words(statement).as_slice() {
        ["primary"] => KeyRule::Primary,
        ["none"] => KeyRule::None,
        words => KeyRule::Columns { origin: words == ["origin"], columns: exact_columns(statement) },
    };
    Spanned::new(rule, statement.head)
}

fn columns(statement: &Stmt) -> Spanned<ColumnRule> {
    let mut patterns: Vec<_> = statement
        .args
        .iter()
        .filter_map(|item| match &item.value {
            Value::Columns(pattern) => Some(pattern.clone()),
            _ => None,
        })
        .collect();
    // The order of a set means nothing.
    patterns.sort();
    patterns.dedup();
    let rule = if words(statement) == ["except"] {
        ColumnRule::Except(patterns)
    } else {
        ColumnRule::Only(patterns)
    };
    Spanned::new(rule, statement.head)
}

fn exact_columns(statement: &Stmt) -> Vec<String> {
    statement
        .args
        .iter()
        .filter_map(|item| match &item.value {
            Value::Column(name) => Some(name.clone()),
            _ => None,
        })
        .collect()
}

/// A property given by two blocks of one level: its statement, and both places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conflict {
    /// The statement's word.
    pub word: &'static str,
    /// The one that is kept.
    pub first: Span,
    /// The other.
    pub second: Span,
}

impl Settings {
    /// Adds what `other` gives. What both give stays as it is, and is returned.
    pub fn add(&mut self, other: Settings) -> Vec<Conflict> {
        let mut conflicts = Vec::new();
        let c = &mut conflicts;
        add("topic", &mut self.topic, other.topic, c);
        add("create", &mut self.topic_create, other.topic_create, c);
        add("partitions", &mut self.topic_partitions, other.topic_partitions, c);
        add("replicas", &mut self.topic_replicas, other.topic_replicas, c);
        add("cleanup", &mut self.topic_cleanup, other.topic_cleanup, c);
        add("retention", &mut self.topic_retention_ms, other.topic_retention_ms, c);
        add("partition", &mut self.partition, other.partition, c);
        add("key", &mut self.key, other.key, c);
        add("columns", &mut self.columns, other.columns, c);
        add("format", &mut self.format, other.format, c);
        add("snapshot-op", &mut self.snapshot_init, other.snapshot_init, c);
        add("enum", &mut self.enum_label, other.enum_label, c);
        conflicts
    }

    /// What both give, with different values.
    pub fn disagreements(&self, other: &Settings) -> Vec<Conflict> {
        let mut found = Vec::new();
        let f = &mut found;
        differ("topic", &self.topic, &other.topic, f);
        differ("create", &self.topic_create, &other.topic_create, f);
        differ("partitions", &self.topic_partitions, &other.topic_partitions, f);
        differ("replicas", &self.topic_replicas, &other.topic_replicas, f);
        differ("cleanup", &self.topic_cleanup, &other.topic_cleanup, f);
        differ("retention", &self.topic_retention_ms, &other.topic_retention_ms, f);
        differ("partition", &self.partition, &other.partition, f);
        differ("key", &self.key, &other.key, f);
        differ("columns", &self.columns, &other.columns, f);
        differ("format", &self.format, &other.format, f);
        differ("snapshot-op", &self.snapshot_init, &other.snapshot_init, f);
        differ("enum", &self.enum_label, &other.enum_label, f);
        found
    }

    /// True when it gives what a conflict is about.
    pub fn gives(&self, conflict: &Conflict) -> bool {
        self.clone().add(self.clone()).iter().any(|own| own.word == conflict.word)
    }
}

fn differ<T: PartialEq>(
    word: &'static str,
    own: &Option<Spanned<T>>,
    other: &Option<Spanned<T>>,
    found: &mut Vec<Conflict>,
) {
    if let (Some(own), Some(other)) = (own, other)
        && own.value != other.value
    {
        found.push(Conflict { word, first: own.span, second: other.span });
    }
}

/// Fills a property that is not given yet.
pub fn add<T>(
    word: &'static str,
    own: &mut Option<Spanned<T>>,
    other: Option<Spanned<T>>,
    conflicts: &mut Vec<Conflict>,
) {
    match (own.as_ref(), other) {
        (Some(own), Some(other)) => conflicts.push(Conflict { word, first: own.span, second: other.span }),
        (None, Some(other)) => *own = Some(other),
        (_, None) => {}
    }
}
