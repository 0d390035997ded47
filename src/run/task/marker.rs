//! Records that are no rows, among those that are.
//!
//! They have no value, and a key only on topics that compact, in the form of the rows' keys.

use super::output::Output;
use crate::format::MarkerKey;
use crate::kafka::{Batch, TopicId, TopicName};
use crate::mysql::position::Flavor;
use crate::mysql::schema::TableName;
use crate::plan::{TableDecision, TopicSettings};
use crate::route::WantedSchema;
use crate::run::failure::{Class, Failure};
use crate::target::registry::Role;
use std::num::NonZeroU32;
use std::ops::Range;

/// What a registry calls the schema of a key in Avro. That of the topic's own keys would take no string beside their records.
const SUBJECT: &str = "__syncc-key";

/// A topic of rows that is written to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    topic: TopicId,
    partitions: NonZeroU32,
    /// It takes no record without a key.
    compacted: bool,
}

impl Place {
    /// A topic, if it exists.
    pub(super) fn find(name: &TopicName, output: &mut Output) -> Result<Option<Place>, Failure> {
        let found = output.existing(name)?;
        Ok(found.map(|(topic, partitions, compacted)| Place { topic, partitions, compacted }))
    }

    /// A topic, made if it is missing and may be made.
    pub(super) fn make(
        name: &TopicName,
        settings: &TopicSettings,
        output: &mut Output,
    ) -> Result<Place, Failure> {
        let (topic, partitions) = output.topic(name, settings)?;
        let compacted = output.existing(name)?.is_some_and(|(_, _, compacted)| compacted);
        Ok(Place { topic, partitions, compacted })
    }

    /// Appends a record without a value to every partition. `decision` is that of the table whose rows go there, where the plan
    /// has one. The number of records comes back.
    pub(super) fn mark(
        self,
        headers: &[(&'static str, String)],
        (table, decision): (&TableName, Option<&TableDecision>),
        output: &mut Output,
    ) -> Result<u64, Failure> {
        let key = if self.compacted { Some(key(table, decision, output)?) } else { None };
        for partition in 0..self.partitions.get() {
            put(output.batch(), (self.topic, partition as i32), (key.as_deref(), None), headers);
        }
        Ok(u64::from(self.partitions.get()))
    }
}

/// Appends a record with its key, value and headers.
pub(super) fn put(
    batch: &mut Batch,
    (topic, partition): (TopicId, i32),
    (key, value): (Option<&[u8]>, Option<&[u8]>),
    headers: &[(&'static str, String)],
) {
    let key = key.map(|key| append(batch, key));
    let value = value.map(|value| append(batch, value));
    batch.push(topic, partition, key, value);
    for (name, text) in headers {
        let text = append(batch, text.as_bytes());
        batch.header(name, text);
    }
}

/// Appends bytes of a key, a value or a header.
pub(super) fn append(batch: &mut Batch, bytes: &[u8]) -> Range<usize> {
    let start = batch.arena().len();
    batch.arena().extend_from_slice(bytes);
    start..batch.arena().len()
}

/// Key of a message of no row in a topic of rows: none but where the topic takes no record without one.
pub(super) fn key_in(
    topic: &TopicName,
    (table, decision): (&TableName, &TableDecision),
    output: &mut Output,
) -> Result<Option<Vec<u8>>, Failure> {
    match output.existing(topic)? {
        Some((_, _, true)) => key(table, Some(decision), output).map(Some),
        Some((_, _, false)) | None => Ok(None),
    }
}

/// Key of such a record among rows of `table`.
fn key(table: &TableName, decision: Option<&TableDecision>, output: &mut Output) -> Result<Vec<u8>, Failure> {
    // Of a table that the plan does not know nothing was sent under it.
    let marker =
        decision.map_or(MarkerKey::Json, |decision| MarkerKey::of(&decision.format, decision.key_form));
    let wanted = marker.schema().map(|schema| WantedSchema {
        role: Role::Key,
        subject: SUBJECT.to_owned(),
        rule: None,
        schema,
    });
    let id = match wanted {
        Some(wanted) => output.schemas(table, &[wanted], Flavor::MySql)?.key,
        None => None,
    };
    marker.bytes(id).ok_or_else(|| Failure::new(Class::Bug, "the schema of a marker's key has no number"))
}
