//! What an operator asks of a task: standing still, going on, loading tables anew.
//!
//! Guarantees: a wish is forgotten once it is stored, so that neither a failure nor a restart undoes it; a task that
//! stands still keeps its ownership and its position, and takes new plans.

use super::cut::PlanOfCut;
use super::life::Life;
use super::lost::store_ctl;
use super::output::{Output, Target};
use super::{Ended, Task, Wishes, fence};
use crate::checkpoint::{CtlRecord, StateRecord, TaskState};
use crate::control::Gap;
use crate::engine::commit::Ledger;
use crate::failpoint::hit;
use crate::run::context::wall_ms;
use crate::run::event::{Event, Name};
use crate::run::failure::Failure;
use crate::run::precheck::unpack;
use std::collections::{BTreeMap, BTreeSet};

/// Why a table is not loaded that the log knows, and what lets it be.
const HIDDEN: &str = "the source does not show it, and its log does not say that it is gone: grant SELECT on it to the user of \
                      the source, and ask again";

impl Task {
    /// True when the task is not to stream: an operator wishes so now, or did before.
    pub(super) fn is_halted(&mut self, target: &Target) -> Result<bool, Failure> {
        if let Some(wish) = self.orders.wishes().paused {
            return Ok(wish);
        }
        if let Some(known) = self.paused {
            return Ok(known);
        }
        let state = if target.has_state()? { target.peek_state()? } else { TaskState::default() };
        // What an edit breaks is known from here on, also of a task that does not begin for long.
        self.carry(state.snaps.keys());
        let stored = state.ctl.paused_since.is_some();
        self.paused = Some(stored);
        Ok(stored)
    }

    /// True when another owner has let the task stand still, or go on, since we asked: it may have been watched for days.
    pub(super) fn is_paused_otherwise(&mut self, state: &TaskState) -> bool {
        let stored = state.ctl.paused_since.is_some();
        let differs =
            self.orders.wishes().paused.is_none() && self.paused.is_some_and(|known| known != stored);
        if differs {
            self.paused = Some(stored);
        }
        differs
    }

    /// Owns the task, stores that it stands still, and goes no further: no source is asked.
    pub(super) fn halt(&mut self, target: Target) -> Result<Ended, Failure> {
        let facts = target.facts(&[])?;
        if let Some(facts) = &facts {
            target.make_state_topic(facts)?;
        }
        let Some((mut output, state)) = self.take_over(target, facts.as_ref())? else {
            return self.life();
        };
        if self.is_paused_otherwise(&state) {
            self.output = Some(output);
            return self.life();
        }
        match self.plan_of_cut(&state)? {
            PlanOfCut::Present => {}
            PlanOfCut::Stored => {
                self.output = Some(output);
                return self.life();
            }
            PlanOfCut::Passed => {
                self.output = Some(output);
                return Ok(Ended::Passed);
            }
        }
        // The plan is stored, together with its fences, by the first transaction that may hold rows of it.
        if self.generation_of_cut(&state).is_none() {
            self.number_generation(&state)?;
        }
        if state.ctl.paused_since.is_none() {
            output.store(StateRecord::Ctl(paused(&state.ctl, true)));
        }
        hit("pause.storing");
        output.store_now()?;
        self.wishes_stored(&Wishes { paused: Some(true), ..Wishes::default() });
        if let Some(pos) = state.pos {
            let mut status = self.status();
            status.seq = pos.seq;
            status.position = Some(pos.position.to_string());
            drop(status);
            self.position = Some(pos.position);
        }
        self.output = Some(output);
        Ok(Ended::Paused)
    }

    /// A task that goes on does not stand still any more, from its first commit on.
    pub(super) fn resume_stored(&mut self, state: &TaskState, output: &mut Output) {
        self.ctl = state.ctl.clone();
        self.show_gaps();
        for gap in self.ctl.gaps.iter().filter(|gap| self.n_lives == 1 && !gap.lost) {
            let text = format!(
                "what lies between {} and {} was skipped by hand; load the tables anew with `syncc resnapshot`",
                gap.from, gap.to
            );
            Event::warn(Name::StateEdited, text).task(&self.id).emit();
        }
        if state.ctl.paused_since.is_some() {
            self.ctl = paused(&state.ctl, false);
            store_ctl(&self.ctl, output);
        }
    }

    pub(super) fn show_gaps(&self) {
        let gaps = self.ctl.gaps.iter().map(|gap| Gap {
            accepted: gap.accepted_s,
            from: gap.from.clone(),
            to: gap.to.clone(),
            lost: gap.lost,
            tables: gap.tables.iter().map(ToString::to_string).collect(),
        });
        self.status().gaps = gaps.collect();
    }

    /// Carries out what is wished, to be stored by the next commit. True when there is anything to store.
    pub(super) fn grant(&mut self, life: &mut Life, wishes: &Wishes, now_ms: u64) -> Result<bool, Failure> {
        if wishes.paused == Some(true) {
            self.ctl = paused(&self.ctl, true);
            life.output.store(StateRecord::Ctl(self.ctl.clone()));
        }
        let missing = life.reads.missing(&wishes.anew);
        for table in wishes.anew.difference(&missing) {
            life.load_anew(table, now_ms)?;
        }
        let mut kept = BTreeMap::new();
        let mut hidden = BTreeSet::new();
        for table in missing {
            let why = match life.is_gone(&table) {
                true => {
                    life.vanished(&table, now_ms)?;
                    "there is no such table at the source"
                }
                false => {
                    hidden.insert(table.clone());
                    HIDDEN
                }
            };
            kept.insert(table, why.to_owned());
        }
        self.orders.wish(|wishes| wishes.kept.extend(kept));
        if !wishes.anew.is_empty() && !self.ctl.gaps.is_empty() {
            for gap in &mut self.ctl.gaps {
                // What lies in the gap is made good by a load, and a table that is hidden has none.
                gap.tables.retain(|table| !wishes.anew.contains(table) || hidden.contains(table));
            }
            self.ctl.gaps.retain(|gap| !gap.tables.is_empty());
            self.show_gaps();
            store_ctl(&self.ctl, &mut life.output);
        }
        Ok(wishes.paused.is_some() || !wishes.anew.is_empty())
    }

    /// What was wished is stored, or holds.
    pub(super) fn wishes_stored(&mut self, stored: &Wishes) {
        if stored.paused.is_some() {
            self.paused = stored.paused;
        }
        self.orders.wish(|wishes| {
            // What was wished meanwhile stands.
            if wishes.paused == stored.paused {
                wishes.paused = None;
            }
            wishes.anew.retain(|table| !stored.anew.contains(table));
            wishes.accepted.retain(|code| !self.fenced.contains(code));
        });
        self.fenced.clear();
    }

    /// Fences for what was accepted with the plan that is about to be stored.
    pub(super) fn fence(
        &mut self,
        generation: u64,
        state: &TaskState,
        output: &mut Output,
        ledger: &mut Ledger,
    ) -> Result<(), Failure> {
        let accepted = self.orders.wishes().accepted;
        if !accepted.is_empty() {
            let codes: Vec<&str> = accepted.iter().map(String::as_str).collect();
            let now_ms = self.clock.now_ms();
            let newest = state.plans.iter().next_back().and_then(|(_, stored)| unpack(stored));
            let before = newest.map(|plan| plan.called(&self.id));
            let before = before.as_ref().unwrap_or(&self.plan);
            fence::write((&self.id, generation, &codes.join(",")), before, state, output, ledger, now_ms)?;
            let text = format!("{}: fences are written where the new plan begins", codes.join(", "));
            Event::warn(Name::StateAccepted, text).task(&self.id).generation(generation).emit();
        }
        self.fenced = accepted;
        Ok(())
    }
}

/// The record, with or without the wish to stand still.
fn paused(ctl: &CtlRecord, pause: bool) -> CtlRecord {
    let now_s = u64::try_from(wall_ms() / 1_000).unwrap_or_default();
    let mut ctl = ctl.clone();
    ctl.paused_since = pause.then_some(now_s);
    ctl
}
