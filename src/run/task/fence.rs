//! Fences: where a change that breaks consumers, and was accepted, takes effect in a topic.
//!
//! A record in every partition of every topic that the task had until then, in the transaction that stores the new plan:
//! without a value and without a key (on topics that compact with one in the form of the rows' keys), with headers that say what it is. Rows before it are of the old plan, rows behind
//! it of the new one, whatever crashes in between.

use super::output::Output;
use crate::checkpoint::TaskState;
use crate::engine::commit::Ledger;
use crate::format::MarkerKey;
use crate::kafka::TopicName;
use crate::mysql::position::Flavor;
use crate::mysql::schema::TableName;
use crate::plan::{TaskId, TaskPlan};
use crate::route::WantedSchema;
use crate::run::failure::{Class, Failure};
use crate::target::registry::Role;
use std::collections::BTreeMap;

/// What a registry calls the schema of a key in Avro. That of the topic's own keys would take no string beside their records.
const SUBJECT: &str = "__syncc-key";

/// Writes the fences of a generation into what is committed next. `before` is the plan under which the rows before them were
/// sent.
pub(super) fn write(
    (task, generation, codes): (&TaskId, u64, &str),
    before: &TaskPlan,
    state: &TaskState,
    output: &mut Output,
    ledger: &mut Ledger,
    now_ms: u64,
) -> Result<(), Failure> {
    let topics: BTreeMap<&String, &TableName> =
        state.tables.iter().map(|(table, record)| (&record.topic, table)).collect();
    for (topic, table) in topics {
        let Ok(name) = TopicName::new(topic.clone()) else { continue };
        // One that is gone has nobody to be told.
        let Some((id, partitions, compacted)) = output.existing(&name)? else { continue };
        let key = if compacted { Some(key(before, table, output)?) } else { None };
        let bytes = output.batch().bytes();
        for partition in 0..partitions.get() {
            let batch = output.batch();
            let part = |batch: &mut crate::kafka::Batch, bytes: &[u8]| {
                let start = batch.arena().len();
                batch.arena().extend_from_slice(bytes);
                start..batch.arena().len()
            };
            let key = key.as_ref().map(|key| part(batch, key));
            batch.push(id, partition as i32, key, None);
            for (name, value) in [
                ("syncc-marker", "fence".to_owned()),
                ("id", codes.to_owned()),
                ("task", task.to_string()),
                ("generation", generation.to_string()),
            ] {
                let value = part(batch, value.as_bytes());
                batch.header(name, value);
            }
        }
        let bytes = output.batch().bytes() - bytes;
        ledger.produced(u64::from(partitions.get()), bytes as u64, now_ms);
        output.flush()?;
    }
    Ok(())
}

/// Key of a fence on a topic that takes no record without one, to which rows of `table` went.
fn key(before: &TaskPlan, table: &TableName, output: &mut Output) -> Result<Vec<u8>, Failure> {
    let decision = before.decide(&table.db, &table.table).ok().flatten();
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
    marker.bytes(id).ok_or_else(|| Failure::new(Class::Bug, "the schema of a fence's key has no number"))
}
