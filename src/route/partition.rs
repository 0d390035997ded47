//! How a record finds its partition.
//!
//! What is hashed, by hash:
//!
//! | | `by key` | `by column` | `by table` | `by database` |
//! |---|---|---|---|---|
//! | `murmur2`, `crc32` | key bytes | the columns as a compact JSON object | `db.table` | database |
//! | `java-hash` | texts of the key's columns, `_` between them | the same of the columns | database and table, nothing between | database |
//! | `canal-hash` | database, and with it the text of each column of the primary key, or of `key` | the same of the columns | table | database |
//!
//! Names are those in messages, texts those of `canal-json`, NULL is the empty text. Rows without a key go to partition 0;
//! with `canal-hash` rows without a primary key to that of the database, as Canal sends them, which writes no keys itself.

use super::error::RouteError;
use crate::format::{FormatPlan, KeyEncoder, OutputTable, Scratch, TextColumns};
use crate::kafka::{JavaHash, c_partition, canal_partition, java_hash, java_partition, masked_partition};
use crate::mysql::value::Value;
use crate::statement::{KeyForm, PartitionHash};
use std::num::NonZeroU32;
use std::ops::Range;

/// A hash over bytes.
#[derive(Debug, Clone, Copy)]
pub(super) enum BytesHash {
    Murmur2,
    Crc32,
}

/// A hash over texts.
#[derive(Debug, Clone, Copy)]
pub(super) enum TextsHash {
    Java,
    Canal {
        /// Of the database.
        database: i32,
    },
}

/// The partition of a whole table, which has these names in messages; of `n`.
pub fn table_partition(hash: PartitionHash, db: &str, table: &str, n: NonZeroU32) -> i32 {
    match hash {
        PartitionHash::Murmur2 => java_partition(format!("{db}.{table}").as_bytes(), n),
        PartitionHash::Crc32 => c_partition(format!("{db}.{table}").as_bytes(), n),
        PartitionHash::JavaHash => masked_partition(java_hash(format!("{db}{table}").as_bytes()), n),
        PartitionHash::CanalHash => canal_partition(java_hash(table.as_bytes()), n),
    }
}

/// How a record finds its partition.
#[derive(Debug)]
pub(super) enum Partitioner {
    /// Always this one.
    Fixed(i32),
    /// Hash of the key bytes.
    Key(BytesHash),
    /// Hash of these columns, as compact JSON.
    Columns(BytesHash, Box<KeyEncoder>),
    /// Hash of the texts of these columns, and of what comes before them.
    Texts { hash: TextsHash, origin: Option<String>, columns: TextColumns },
}

/// What the columns of a key or of `by column` are to a hash.
pub(super) struct Hashed<'t> {
    /// Them alone.
    pub(super) table: OutputTable<'t>,
    /// What distinguishes merged tables.
    pub(super) origin: Option<&'t str>,
}

impl Partitioner {
    /// By the hash of key bytes, or of these columns; none: without a key.
    ///
    /// # Errors
    /// When a column is of a character set that is not supported.
    pub(super) fn by_key(
        hash: PartitionHash,
        format: &FormatPlan,
        db: &str,
        key: Option<Hashed<'_>>,
        partitions: NonZeroU32,
    ) -> Result<Partitioner, RouteError> {
        Ok(match (hash, key) {
            (PartitionHash::Murmur2, Some(_)) => Partitioner::Key(BytesHash::Murmur2),
            (PartitionHash::Crc32, Some(_)) => Partitioner::Key(BytesHash::Crc32),
            (PartitionHash::JavaHash, Some(key)) => Partitioner::texts(TextsHash::Java, format, key)?,
            (PartitionHash::CanalHash, Some(key)) => {
                Partitioner::texts(TextsHash::Canal { database: java_hash(db.as_bytes()) }, format, key)?
            }
            (PartitionHash::CanalHash, None) => {
                Partitioner::Fixed(canal_partition(java_hash(db.as_bytes()), partitions))
            }
            (PartitionHash::Murmur2 | PartitionHash::Crc32 | PartitionHash::JavaHash, None) => {
                Partitioner::Fixed(0)
            }
        })
    }

    /// By the hash of columns.
    ///
    /// # Errors
    /// When one is of a character set that is not supported.
    pub(super) fn by_columns(
        hash: PartitionHash,
        format: &FormatPlan,
        db: &str,
        hashed: Hashed<'_>,
    ) -> Result<Partitioner, RouteError> {
        let json = |bytes| {
            let columns = KeyEncoder::build(format, Some(KeyForm::Json), hashed.table, None)?;
            Ok(Partitioner::Columns(bytes, Box::new(columns)))
        };
        match hash {
            PartitionHash::Murmur2 => json(BytesHash::Murmur2),
            PartitionHash::Crc32 => json(BytesHash::Crc32),
            PartitionHash::JavaHash => Partitioner::texts(TextsHash::Java, format, hashed),
            PartitionHash::CanalHash => {
                Partitioner::texts(TextsHash::Canal { database: java_hash(db.as_bytes()) }, format, hashed)
            }
        }
    }

    /// One partition for a whole table.
    pub(super) fn by_table(hash: PartitionHash, db: &str, table: &str, n: NonZeroU32) -> Partitioner {
        Partitioner::Fixed(table_partition(hash, db, table, n))
    }

    /// One partition for a whole database.
    pub(super) fn by_database(hash: PartitionHash, db: &str, n: NonZeroU32) -> Partitioner {
        Partitioner::Fixed(match hash {
            PartitionHash::Murmur2 => java_partition(db.as_bytes(), n),
            PartitionHash::Crc32 => c_partition(db.as_bytes(), n),
            PartitionHash::JavaHash => masked_partition(java_hash(db.as_bytes()), n),
            PartitionHash::CanalHash => canal_partition(java_hash(db.as_bytes()), n),
        })
    }

    fn texts(hash: TextsHash, format: &FormatPlan, hashed: Hashed<'_>) -> Result<Partitioner, RouteError> {
        let columns = TextColumns::new(&format.texts(), hashed.table)?;
        Ok(Partitioner::Texts { hash, origin: hashed.origin.map(str::to_owned), columns })
    }

    /// The partition of a row. Its key bytes are those of the range `key` of `room`, which may be written to behind what it holds.
    ///
    /// # Errors
    /// When the row does not fit the table version.
    pub(super) fn of(
        &self,
        row: &[Value<'_>],
        key: Option<Range<usize>>,
        partitions: NonZeroU32,
        scratch: &mut Scratch,
        room: &mut Vec<u8>,
    ) -> Result<i32, RouteError> {
        match self {
            Partitioner::Fixed(partition) => Ok(*partition),
            Partitioner::Key(hash) => Ok(hash.partition(key.map_or(&[][..], |key| &room[key]), partitions)),
            Partitioner::Columns(hash, columns) => {
                let start = room.len();
                columns.encode(row, scratch, room)?;
                let partition = hash.partition(&room[start..], partitions);
                room.truncate(start);
                Ok(partition)
            }
            Partitioner::Texts { hash: TextsHash::Java, origin, columns } => {
                let mut hash = JavaHash::default();
                let mut first = true;
                let mut push = |text: &[u8]| {
                    if !std::mem::replace(&mut first, false) {
                        hash.push(b"_");
                    }
                    hash.push(text);
                };
                if let Some(origin) = origin {
                    push(origin.as_bytes());
                }
                columns.each(row, scratch, room, |text| push(text.unwrap_or_default()))?;
                Ok(masked_partition(hash.value(), partitions))
            }
            Partitioner::Texts { hash: TextsHash::Canal { database }, origin, columns } => {
                let mut hash = *database;
                if let Some(origin) = origin {
                    hash ^= java_hash(origin.as_bytes());
                }
                columns.each(row, scratch, room, |text| hash ^= java_hash(text.unwrap_or_default()))?;
                Ok(canal_partition(hash, partitions))
            }
        }
    }
}

impl BytesHash {
    fn partition(self, bytes: &[u8], partitions: NonZeroU32) -> i32 {
        match self {
            BytesHash::Murmur2 => java_partition(bytes, partitions),
            BytesHash::Crc32 => c_partition(bytes, partitions),
        }
    }
}
