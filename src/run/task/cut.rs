//! A source transaction that was sent in part, at the beginning of a life.

use super::Task;
use crate::checkpoint::TaskState;
use crate::engine::split::goes_on_as_stored;
use crate::mysql::schema::TableName;
use crate::plan::{SourcePlan, TaskPlan};
use crate::run::event::{Event, Name};
use crate::run::failure::{Class, Failure};
use crate::run::precheck;
use std::sync::Arc;

/// Under which plan the source transaction goes on.
pub(super) enum PlanOfCut {
    /// That of the files; or none was cut.
    Present,
    /// The stored one, which is that of the task now.
    Stored,
    /// It has ended under the stored one: the plan of the files is due.
    Passed,
}

impl Task {
    /// A source transaction that was cut goes on under the plan of then, whatever the files say by now: what of it is in the
    /// target was counted under that plan. Servers are reached as the files say now.
    pub(super) fn plan_of_cut(&mut self, state: &TaskState) -> Result<PlanOfCut, Failure> {
        let cut = state.pos.as_ref().is_some_and(|pos| goes_on_as_stored(pos.mid.as_ref()));
        match (cut, &self.after_cut) {
            (false, None) | (true, Some(_)) => return Ok(PlanOfCut::Present),
            (false, Some(_)) => return Ok(PlanOfCut::Passed),
            (true, None) => {}
        }
        let of_then = state.pos.as_ref().and_then(|pos| state.plans.get(&pos.generation));
        let recorded = of_then.and_then(precheck::unpack).map(|plan| plan.called(&self.id));
        let Some(recorded) = recorded else {
            return Err(Failure::new(
                Class::State,
                "a source transaction was sent in part, and the plan it was sent under cannot be read; the release that stored it \
                 can finish it",
            ));
        };
        let stored = TaskPlan {
            // the zone decides which rows are sent, and they are counted
            source: SourcePlan { time_zone: recorded.source.time_zone.clone(), ..self.plan.source.clone() },
            target: self.plan.target.clone(),
            retry: self.plan.retry,
            paused: self.plan.paused.clone(),
            labels: self.plan.labels.clone(),
            allows: self.plan.allows.clone(),
            ..recorded.clone()
        };
        if stored == *self.plan {
            return Ok(PlanOfCut::Present);
        }
        if self.is_of_others(state) {
            let tables: Vec<TableName> = state.snaps.keys().cloned().collect();
            let accepted = precheck::refuse_breaking(&recorded, &self.plan, &tables, &self.accepts())?;
            self.orders.wish(|wishes| wishes.accepted.extend(accepted));
        }
        Event::info(Name::TaskSwapped, "a transaction that was sent in part goes on under the plan of then")
            .task(&self.id)
            .emit();
        let present = std::mem::replace(&mut self.plan, Arc::new(stored));
        self.after_cut = Some((present, self.generation));
        self.follower = None;
        Ok(PlanOfCut::Stored)
    }
}
