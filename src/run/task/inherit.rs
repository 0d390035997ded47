//! The state of a task that was renamed goes over to its new name.
//!
//! Guarantees: the new name has all of it before the old one loses it, and nothing is sent before both is done; so a crash in
//! between is met by the next start, which finishes. Who runs under the old name elsewhere is not disturbed.

use super::Task;
use super::edit::{self, Owned};
use super::output::Target;
use crate::checkpoint::{Fingerprint, PosRecord, StateKey, StateRecord, TaskState};
use crate::diagnostic::{Diagnostic, Severity};
use crate::failpoint::hit;
use crate::plan::{OTHER_SERVER, RENAMED_WITHOUT_MOVED, TargetKind, TaskId, TaskPlan};
use crate::run::context::Context;
use crate::run::event::{Event, Name};
use crate::run::failure::{Class, Failure};
use crate::run::precheck;
use std::fmt::Display;

/// A target that is to be another cluster: the state of the task does not go there with its name or address. None where it is the
/// same one, however it is reached.
///
/// # Errors
/// One of the clusters does not say who it is.
pub(in crate::run) fn another_cluster(
    old: &TaskPlan,
    new: &TaskPlan,
    context: &Context,
) -> Result<Option<Diagnostic>, Failure> {
    let brokers = |plan: &TaskPlan| match &plan.target.kind {
        TargetKind::Kafka(kafka) => Some(kafka.brokers.clone()),
        TargetKind::Stdout | TargetKind::File { .. } => None,
    };
    let (Some(before), Some(after)) = (brokers(old), brokers(new)) else { return Ok(None) };
    if before == after {
        return Ok(None);
    }
    let cluster = |plan: &TaskPlan| -> Result<String, Failure> {
        let facts = Target::open(plan, context)?.facts(&[])?;
        Ok(facts.map(|facts| facts.cluster_id).unwrap_or_default())
    };
    // One that is gone may be why the address changes; what it was is known to the state then.
    let Ok(before) = cluster(old) else { return Ok(None) };
    let after = cluster(new)?;
    Ok((before != after).then(|| on_another_cluster((&old.id, &before), (&new.id, &after))))
}

fn on_another_cluster(
    (old, before): (&TaskId, &dyn Display),
    (new, after): (&TaskId, &dyn Display),
) -> Diagnostic {
    let message = format!(
        "`{old}` has its position on the Kafka cluster {before}, and the target of `{new}` is the cluster {after}: `moved` and a new \
         address lead to the same cluster only"
    );
    Diagnostic::nowhere(OTHER_SERVER, Severity::Error, message).help(
        "declare the other cluster as a target of its own, without `moved`, and send to both until existing rows are loaded there; or \
         take the change back",
    )
}

impl Task {
    /// Takes over what is stored under a former name, once.
    pub(super) fn inherit(&mut self) -> Result<(), Failure> {
        if self.committed.is_some() {
            return Ok(());
        }
        let strangers = self.context.state.strangers(&self.id);
        if self.former.is_empty() && strangers.is_empty() {
            return Ok(());
        }
        let own = edit::read(&self.plan, &self.context)?;
        let mut has_state = own.pos.is_some();
        for id in self.former.clone() {
            let former = self.plan.called(&id);
            let stored = edit::read(&former, &self.context)?;
            let Some(pos) = &stored.pos else {
                if !has_state && !self.accepts_loss() {
                    self.refuse_another_cluster(&id)?;
                }
                continue;
            };
            match &own.pos {
                None => {}
                // It was interrupted between giving and forgetting.
                Some(mine) if (mine.seq, &mine.position) == (pos.seq, &pos.position) => {}
                Some(_) => {
                    let text = format!("{id} has state, and so has this task: nothing is handed over");
                    Event::warn(Name::StateMoved, text).task(&self.id).emit();
                    continue;
                }
            }
            self.refuse_as_a_reload_would(&stored)?;
            let mut giver = edit::own(&former, &self.context)?;
            if own.pos.is_none() {
                self.receive(&giver.state)?;
            }
            hit("moved.given");
            edit::forget_all(&mut giver)?;
            self.context.state.forget(&id.to_string());
            Event::info(Name::StateMoved, format!("goes on where {id} had come to"))
                .task(&self.id)
                .position(&pos.position.file)
                .emit();
            has_state = true;
            break;
        }
        self.former.clear();
        if !has_state {
            for id in strangers {
                self.refuse_to_begin_anew(&id)?;
            }
        }
        Ok(())
    }

    /// What ran here under a former name has its state on another cluster than the target is now, or has lost it.
    fn refuse_another_cluster(&self, former: &TaskId) -> Result<(), Failure> {
        let Some(crumb) = self.context.state.breadcrumb(&former.to_string()) else { return Ok(()) };
        let cluster = Target::open(&self.plan, &self.context)?.facts(&[])?.map(|facts| facts.cluster_id);
        match cluster {
            Some(cluster) if cluster != crumb.cluster => {
                let finding = on_another_cluster((former, &crumb.cluster), (&self.id, &cluster));
                let text = precheck::line(&finding);
                Err(Failure { code: Some(finding.code), ..Failure::new(Class::Refused, text) })
            }
            _ => Err(Failure::new(
                Class::State,
                format!(
                    "{} was `{former}`, whose state is gone: commit {} of topic {} was seen, and none is there. Restore the topic, \
                     or begin anew with --accept-state-loss",
                    self.id, crumb.seq, crumb.topic
                ),
            )),
        }
    }

    /// A task that ran here, is not declared any more and was what this one is: it was renamed, and nobody said so.
    fn refuse_to_begin_anew(&self, id: &TaskId) -> Result<(), Failure> {
        let code = RENAMED_WITHOUT_MOVED.number;
        if self.declared.contains(id) || self.context.accept.iter().any(|accepted| accepted == code) {
            return Ok(());
        }
        let stored = edit::read(&self.plan.called(id), &self.context)?;
        let recorded = stored.plans.values().next_back().and_then(precheck::unpack);
        let same = |recorded: &TaskPlan| {
            let (old, new) = (&recorded.source, &self.plan.source);
            recorded.rules == self.plan.rules && (&old.host, old.port) == (&new.host, new.port)
        };
        if stored.pos.is_none() || !recorded.as_ref().is_some_and(same) {
            return Ok(());
        }
        let (thing, from, to) = match id {
            id if id.pipeline != self.id.pipeline => ("pipeline", &id.pipeline, &self.id.pipeline),
            id if id.source != self.id.source => ("source", &id.source, &self.id.source),
            id => ("target", &id.target, &self.id.target),
        };
        Err(Failure::new(
            Class::Refused,
            format!(
                "{code}: `{id}` is called `{}` now, and would begin anew; write `moved {thing} {from} to {to}`, which hands position \
                 and progress over, or let it begin anew with --accept {code}",
                self.id
            ),
        ))
    }

    /// What the new files make of the renamed task must be allowed before its state is touched.
    fn refuse_as_a_reload_would(&mut self, stored: &TaskState) -> Result<(), Failure> {
        let newest = stored.plans.values().next_back();
        let Some(recorded) = newest.and_then(precheck::unpack) else { return Ok(()) };
        let tables: Vec<_> = stored.snaps.keys().cloned().collect();
        let recorded = recorded.called(&self.id);
        let accepted = precheck::refuse_breaking(&recorded, &self.plan, &tables, &self.context.accept)?;
        self.orders.wish(|wishes| wishes.accepted.extend(accepted));
        Ok(())
    }

    /// Stores all that another task has, as ours.
    fn receive(&self, given: &TaskState) -> Result<(), Failure> {
        let Owned { mut output, .. } = edit::own_anew(&self.plan, &self.context)?;
        for (key, value) in given.encode() {
            let record = match StateKey::decode(&key) {
                None | Some(StateKey::Owner | StateKey::Retired) => continue,
                Some(key) => StateRecord::decode(key, &value).map_err(|error| edit::unreadable(&error))?,
            };
            output.store(match record {
                StateRecord::Pos(pos) => {
                    let fingerprint = Fingerprint { task: self.id.to_string(), ..pos.fingerprint.clone() };
                    StateRecord::Pos(PosRecord { fingerprint, ..pos })
                }
                other => other,
            });
        }
        output.store_and_release()
    }
}
