//! What is sent of a change, and in which message: keys, partitions, headers, markers.

use super::Template;
use super::words::words;
use serde::{Deserialize, Serialize};
use std::fmt;

words! {
    /// Form of a key's bytes.
    KeyForm {
        /// A JSON object of the key columns.
        Json = "json",
        /// An Avro record of them, with its schema in the registry.
        Avro = "avro",
        /// Their texts.
        Text = "text",
    }
}

words! {
    /// What an update of the key becomes.
    KeyChange {
        /// A delete of the old key and an insert of the new one.
        Split = "split",
        /// One update under the new key.
        Update = "update",
    }
}

words! {
    /// Hash that spreads keys over partitions.
    PartitionHash {
        /// What Java producers compute.
        Murmur2 = "murmur2",
        /// Java's `String.hashCode`, the rule of DTS.
        JavaHash = "java-hash",
        /// That of the original Canal.
        CanalHash = "canal-hash",
        /// What clients in C compute.
        Crc32 = "crc32",
    }
}

words! {
    /// A header of every message.
    Header {
        /// Where the change stands in the log.
        Position = "position",
        /// Version of the table's columns.
        Schema = "schema",
        /// When the source made the change.
        EventTime = "event-time",
        /// Kind of change.
        Op = "op",
        /// Transaction of the source.
        Transaction = "transaction",
    }
}

words! {
    /// Time of a message.
    Timestamp {
        /// When it is produced.
        Produce = "produce",
        /// When the source made the change.
        Event = "event",
    }
}

words! {
    /// Kind of a row change.
    ChangeKind {
        /// A new row.
        Insert = "insert",
        /// Another form of a row.
        Update = "update",
        /// The end of a row.
        Delete = "delete",
    }
}

words! {
    /// Case of names in messages, before `rename`.
    NameCase {
        /// As the source has them.
        AsSource = "as-source",
        /// In lower case.
        Lower = "lower",
        /// In upper case.
        Upper = "upper",
    }
}

#[expect(clippy::derivable_impls, reason = "the macro that makes the enum knows no default")]
impl Default for NameCase {
    fn default() -> NameCase {
        NameCase::AsSource
    }
}

impl NameCase {
    /// A name in this case.
    pub fn apply(self, name: &str) -> String {
        match self {
            NameCase::AsSource => name.to_owned(),
            NameCase::Lower => name.to_lowercase(),
            NameCase::Upper => name.to_uppercase(),
        }
    }
}

/// Where it is told that the load of a table begins and ends.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Markers {
    /// To the data's topics.
    Data,
    /// To a topic of their own.
    Topic(Template),
    /// Nowhere.
    Off,
}

impl fmt::Display for Markers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Markers::Data => f.write_str("data"),
            Markers::Topic(topic) => write!(f, "topic \"{topic}\""),
            Markers::Off => f.write_str("off"),
        }
    }
}

/// Which partition a message goes to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum PartitionRule {
    /// Hash of the key bytes; keyless rows go to partition 0.
    ByKey,
    /// Hash of `db.table` as in the message.
    ByTable,
    /// Hash of the database as in the message.
    ByDatabase,
    /// Hash of the values of these columns (source names).
    ByColumns(Vec<String>),
    /// This one.
    To(u32),
}

/// `partition`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Partition {
    /// Which.
    pub rule: PartitionRule,
    /// How it is computed, where a hash is.
    pub hash: PartitionHash,
}

impl fmt::Display for PartitionRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PartitionRule::ByKey => f.write_str("by key"),
            PartitionRule::ByTable => f.write_str("by table"),
            PartitionRule::ByDatabase => f.write_str("by database"),
            PartitionRule::ByColumns(columns) => write!(f, "by column {}", columns.join(", ")),
            PartitionRule::To(n) => write!(f, "to {n}"),
        }
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.hash {
            PartitionHash::Murmur2 => self.rule.fmt(f),
            hash => write!(f, "{} using {hash}", self.rule),
        }
    }
}

/// What the key of a message is.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum KeyRule {
    /// Primary key, else the first unique key without nullable columns.
    Primary,
    /// These columns (source names).
    Columns {
        /// `origin` first: source, database and table distinguish merged tables.
        origin: bool,
        /// Columns in order.
        columns: Vec<String>,
    },
    /// No key.
    None,
}

/// `key`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Key {
    /// Which columns.
    pub rule: KeyRule,
    /// In which form; none is that of the format.
    pub form: Option<KeyForm>,
}

impl fmt::Display for KeyRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyRule::Primary => f.write_str("primary"),
            KeyRule::None => f.write_str("none"),
            KeyRule::Columns { origin: true, columns } => write!(f, "origin, {}", columns.join(", ")),
            KeyRule::Columns { origin: false, columns } => f.write_str(&columns.join(", ")),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.form {
            None => self.rule.fmt(f),
            Some(form) => write!(f, "{} as {form}", self.rule),
        }
    }
}

/// A list of words, as it is written; the order of its items means nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct WordSet<T>(Vec<T>);

impl<T> Default for WordSet<T> {
    fn default() -> WordSet<T> {
        WordSet(Vec::new())
    }
}

impl<T: Ord> WordSet<T> {
    /// A set; what is given twice counts once.
    pub fn new(mut items: Vec<T>) -> WordSet<T> {
        items.sort();
        items.dedup();
        WordSet(items)
    }

    /// Its items in the order of the manual.
    pub fn items(&self) -> &[T] {
        &self.0
    }

    /// True when an item is in it.
    pub fn contains(&self, item: &T) -> bool {
        self.0.contains(item)
    }

    /// True without any.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T: fmt::Display> fmt::Display for WordSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("none");
        }
        self.0.iter().enumerate().try_for_each(|(n, item)| {
            let comma = if n == 0 { "" } else { ", " };
            write!(f, "{comma}{item}")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_have_no_order() {
        let set = |items: &[ChangeKind]| WordSet::new(items.to_vec());
        let one = set(&[ChangeKind::Delete, ChangeKind::Insert, ChangeKind::Insert]);
        assert_eq!(one, set(&[ChangeKind::Insert, ChangeKind::Delete]));
        assert_eq!(one.to_string(), "insert, delete");
        assert_eq!(set(&[]).to_string(), "none");
    }

    #[test]
    fn values_show_as_they_are_written() {
        let columns = KeyRule::Columns { origin: true, columns: vec!["id".into()] };
        assert_eq!(Key { rule: columns, form: Some(KeyForm::Text) }.to_string(), "origin, id as text");
        let rule = PartitionRule::ByColumns(vec!["a".into(), "b".into()]);
        assert_eq!(Partition { rule, hash: PartitionHash::Crc32 }.to_string(), "by column a, b using crc32");
        assert_eq!(Markers::Topic(Template::literal("m")).to_string(), "topic \"m\"");
    }
}
