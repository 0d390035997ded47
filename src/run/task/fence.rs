//! Fences: where a change that breaks consumers, and was accepted, takes effect in a topic.
//!
//! A record in every partition of every topic that the task had until then, in the transaction that stores the new plan, with
//! headers that say what it is. Rows before it are of the old plan, rows behind it of the new one, whatever crashes in between.

use super::marker::Place;
use super::output::Output;
use crate::checkpoint::TaskState;
use crate::engine::commit::Ledger;
use crate::kafka::TopicName;
use crate::mysql::schema::TableName;
use crate::plan::{TaskId, TaskPlan};
use crate::route::MARKER;
use crate::run::failure::Failure;
use std::collections::BTreeMap;

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
    let headers = [
        (MARKER, "fence".to_owned()),
        ("id", codes.to_owned()),
        ("task", task.to_string()),
        ("generation", generation.to_string()),
    ];
    let topics: BTreeMap<&String, &TableName> =
        state.tables.iter().map(|(table, record)| (&record.topic, table)).collect();
    for (topic, table) in topics {
        let Ok(name) = TopicName::new(topic.clone()) else { continue };
        // One that is gone has nobody to be told.
        let Some(place) = Place::find(&name, output)? else { continue };
        let decision = before.decide(&table.db, &table.table).ok().flatten();
        let bytes = output.batch().bytes();
        let n_records = place.mark(&headers, (table, decision.as_ref()), output)?;
        let bytes = output.batch().bytes() - bytes;
        ledger.produced(n_records, bytes as u64, now_ms);
        output.flush()?;
    }
    Ok(())
}
