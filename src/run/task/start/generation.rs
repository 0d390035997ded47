//! The plan of a life beside the one that is stored: whether the two differ, and the number of the newer.

use crate::checkpoint::{StoredPlan, TaskState};
use crate::mysql::schema::TableName;
use crate::run::failure::Failure;
use crate::run::precheck;
use crate::run::task::Task;
use crate::run::task::output::Output;

/// Plans kept in the state besides the newest.
const PLANS_KEPT: usize = 10;

/// The plan of a life, numbered beside those that are stored.
pub(in crate::run::task) struct Numbered {
    /// Its number.
    generation: u64,
    /// The newest number that is stored.
    latest: u64,
}

impl Task {
    /// The generation this life runs, and its plan stored if it is new.
    pub(in crate::run::task) fn settle_generation(
        &mut self,
        output: &mut Output,
        state: &TaskState,
    ) -> Result<u64, Failure> {
        if let Some(generation) = self.generation_of_cut(state) {
            return Ok(generation);
        }
        let numbered = self.number_generation(state)?;
        self.store_generation(&numbered, output, state);
        Ok(numbered.generation)
    }

    /// That of the source transaction which goes on as it was cut, while another plan waits for its end.
    pub(in crate::run::task) fn generation_of_cut(&self, state: &TaskState) -> Option<u64> {
        let pos = state.pos.as_ref().filter(|_| self.after_cut.is_some())?;
        self.status().generation = pos.generation;
        Some(pos.generation)
    }

    /// The number of the plan. One that breaks consumers is refused here, or what of it is accepted is noted.
    pub(in crate::run::task) fn number_generation(&mut self, state: &TaskState) -> Result<Numbered, Failure> {
        let newest = state.plans.iter().next_back();
        let recorded = newest.and_then(|(_, stored)| precheck::unpack(stored));
        let latest = newest.map_or(0, |(&generation, _)| generation);
        let generation = if recorded.as_ref() == Some(&*self.plan) {
            // A pipeline that was removed and is declared again has an older one.
            latest.max(self.generation.unwrap_or(0))
        } else {
            if let Some(recorded) = recorded.as_ref().filter(|_| self.is_of_others(state)) {
                // The files were edited while nothing ran, or before this task could begin, or another instance has other ones:
                // the rules of a reload hold for what the state says, not for what came in between.
                let tables: Vec<TableName> = state.snaps.keys().cloned().collect();
                let recorded = recorded.called(&self.id);
                let accepted = precheck::refuse_breaking(&recorded, &self.plan, &tables, &self.accepts())?;
                self.orders.wish(|wishes| wishes.accepted.extend(accepted));
            }
            self.generation.unwrap_or(0).max(latest + 1)
        };
        self.generation = Some(generation);
        self.status().generation = generation;
        Ok(Numbered { generation, latest })
    }

    /// True for a state that this process has not written, or not last.
    pub(in crate::run::task) fn is_of_others(&self, state: &TaskState) -> bool {
        let instance = self.context.state.instance();
        self.committed.is_none() || state.owner.as_ref().is_some_and(|owner| owner.instance != instance)
    }

    /// Stores the plan with the next commit, if its number is new.
    pub(in crate::run::task) fn store_generation(
        &self,
        numbered: &Numbered,
        output: &mut Output,
        state: &TaskState,
    ) {
        if numbered.generation <= numbered.latest {
            return;
        }
        let bytes = serde_json::to_vec(&*self.plan).expect("a plan is plain data");
        let (packing, bytes) = precheck::pack(&bytes);
        for record in StoredPlan::records(numbered.generation, packing, &bytes) {
            output.store(record);
        }
        for (&old, stored) in state.plans.iter().rev().skip(PLANS_KEPT - 1) {
            for key in stored.keys(old) {
                output.remove(key);
            }
        }
    }

    /// Codes of changes that are accepted: those that the task was started with, and those of reloads which are not stored
    /// yet, because the task has stood still since.
    pub(in crate::run::task) fn accepts(&self) -> Vec<String> {
        let wished = self.orders.wishes().accepted;
        self.accept.iter().cloned().chain(wished).collect()
    }
}
