//! Fences: where a change that breaks consumers, and was accepted, takes effect in a topic.
//!
//! A record in every partition of every topic that the task had until then, in the transaction that stores the new plan:
//! without a value and without a key, with headers that say what it is. Rows before it are of the old plan, rows behind
//! it of the new one, whatever crashes in between.

use super::output::Output;
use crate::checkpoint::TaskState;
use crate::engine::commit::Ledger;
use crate::kafka::TopicName;
use crate::plan::TaskId;
use crate::run::failure::Failure;
use std::collections::BTreeSet;

/// Key of a fence on a topic that takes no record without one.
const KEY: &[u8] = b"\"__syncc\"";

/// Writes the fences of a generation into what is committed next.
pub(super) fn write(
    (task, generation, codes): (&TaskId, u64, &str),
    state: &TaskState,
    output: &mut Output,
    ledger: &mut Ledger,
    now_ms: u64,
) -> Result<(), Failure> {
    let topics: BTreeSet<&String> = state.tables.values().map(|record| &record.topic).collect();
    for topic in topics {
        let Ok(name) = TopicName::new(topic.clone()) else { continue };
        // One that is gone has nobody to be told.
        let Some((id, partitions, compacted)) = output.existing(&name)? else { continue };
        let bytes = output.batch().bytes();
        for partition in 0..partitions.get() {
            let batch = output.batch();
            let part = |batch: &mut crate::kafka::Batch, bytes: &[u8]| {
                let start = batch.arena().len();
                batch.arena().extend_from_slice(bytes);
                start..batch.arena().len()
            };
            let key = compacted.then(|| part(batch, KEY));
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
