//! Topics whose number of partitions is another one than when rows were first sent to them.
//!
//! Guarantees: no row is hashed by another number than those before it, unless that was accepted; then fences in the transaction
//! that stores the new number mark the place.

use super::Task;
use super::output::Output;
use crate::checkpoint::{StateRecord, TaskState};
use crate::plan::PARTITION_RULE_CHANGED;
use crate::run::failure::Failure;
use crate::run::precheck;

impl Task {
    /// Holds the numbers of partitions against those that the state knows. True when others were accepted: they are about to be
    /// stored, and fences are to be written.
    pub(super) fn hold_partitions(
        &mut self,
        output: &mut Output,
        state: &mut TaskState,
    ) -> Result<bool, Failure> {
        let tables = state.tables.iter().filter(|(name, record)| {
            // The rows of a table that goes to another topic now are hashed by the number of that one.
            self.plan
                .decide(&name.db, &name.table)
                .is_ok_and(|decision| decision.is_some_and(|one| one.topic.as_str() == record.topic))
        });
        let changed =
            output.repartitioned(tables.map(|(_, record)| (record.topic.as_str(), record.partitions)))?;
        if !self.accepts_partitions() {
            let mut refused = changed
                .iter()
                .filter_map(|(topic, &(recorded, now))| precheck::repartitioned(topic, now, recorded));
            return refused.next().map_or(Ok(false), Err);
        }
        for (topic, &(_, now)) in &changed {
            output.repartition(topic, now);
        }
        for (name, record) in &mut state.tables {
            if let Some(&(_, now)) = changed.get(&record.topic) {
                record.partitions = now;
                output.store(StateRecord::Table(name.clone(), record.clone()));
            }
        }
        if !changed.is_empty() {
            let code = PARTITION_RULE_CHANGED.number.to_owned();
            self.orders.wish(|wishes| {
                wishes.accepted.insert(code);
            });
            if self.committed.is_some() {
                // The client library looks for more partitions of a topic it writes to every few minutes.
                output.renew("a topic has another number of partitions")?;
            }
        }
        Ok(!changed.is_empty())
    }

    /// True when another number of partitions is accepted: with the plan of a reload, or for what was done while nothing ran.
    fn accepts_partitions(&self) -> bool {
        let is_code = |code: &String| code == PARTITION_RULE_CHANGED.number;
        self.orders.wishes().accepted.iter().any(is_code)
            || (self.committed.is_none() && self.accept.iter().any(is_code))
    }
}
