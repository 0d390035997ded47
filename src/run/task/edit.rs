//! State read and edited by hand, for who knows what is skipped.
//!
//! Guarantees: a change is made as the owner, after the same questions as a start, and in one transaction; what it skips
//! stands in the state until the tables are loaded anew. Reading disturbs nobody.

use super::output::{Output, Target};
use crate::catalog::ClusterFacts;
use crate::checkpoint::{
    CodecError, CtlRecord, Fingerprint, GapRecord, OwnerRecord, RetiredRecord, StateKey, StateRecord,
    TaskState,
};
use crate::engine::commit::{Ledger, Policy};
use crate::engine::owner::{Claim, alive, claim, confirm};
use crate::mysql::position::{BinlogPosition, Gtids, Position};
use crate::plan::TaskPlan;
use crate::run::context::{Context, wall_ms};
use crate::run::failure::{Class, Failure};
use crate::run::precheck;
use crate::run::tap::Taps;

/// The records of a task as they are stored, committed ones only.
pub(in crate::run) fn read(plan: &TaskPlan, context: &Context) -> Result<TaskState, Failure> {
    let target = Target::open(plan, context)?;
    if target.has_state()? { target.peek_state() } else { Ok(TaskState::default()) }
}

/// A task that is ours for a change of its state.
pub(super) struct Owned {
    pub(super) output: Output,
    pub(super) state: TaskState,
}

/// Takes ownership of a task whose state is to be changed.
pub(super) fn own(plan: &TaskPlan, context: &Context) -> Result<Owned, Failure> {
    let target = Target::open(plan, context)?;
    if !target.has_state()? {
        return Err(Failure::new(Class::Usage, format!("task {} has no state yet", plan.id)));
    }
    owned(plan, target, context)
}

/// The same of one that may never have run.
pub(super) fn own_anew(plan: &TaskPlan, context: &Context) -> Result<Owned, Failure> {
    let target = Target::open(plan, context)?;
    if let Some(facts) = target.facts(&[])? {
        target.make_state_topic(&facts)?;
    }
    owned(plan, target, context)
}

/// Stored state that this release cannot read.
pub(super) fn unreadable(error: &CodecError) -> Failure {
    Failure::new(Class::State, format!("stored state cannot be read: {error}"))
}

fn owned(plan: &TaskPlan, target: Target, context: &Context) -> Result<Owned, Failure> {
    let facts = target.facts(&[])?;
    let before = target.peek_state()?;
    if let Claim::Watch { owner, for_ms } = claim(before.owner.as_ref(), context.state.instance()) {
        let until_ms = context.clock.now_ms() + for_ms;
        let lives = |seen: &OwnerRecord| alive(&owner, seen).then_some(());
        if target.watch_owner(lives, || context.clock.now_ms() >= until_ms)?.is_some() {
            let text = format!(
                "active elsewhere: {} (pid {}, syncc {}) runs task {}; stop it first",
                owner.host, owner.pid, owner.version, plan.id
            );
            return Err(Failure::new(Class::Elsewhere, text));
        }
    }
    let mut output = target.take(facts.as_ref(), Taps::default(), std::sync::Arc::default())?;
    let state = output.read_state()?;
    confirm(before.owner.as_ref(), state.owner.as_ref(), context.state.instance()).map_err(|other| {
        let text = format!("{} (pid {}) took task {} meanwhile", other.host, other.pid, plan.id);
        Failure::new(Class::OwnerLost, text)
    })?;
    foreign(plan, &state, &output, facts.as_ref())?;
    Ok(Owned { output, state })
}

/// State of another task or cluster is not touched.
fn foreign(
    plan: &TaskPlan,
    state: &TaskState,
    output: &Output,
    facts: Option<&ClusterFacts>,
) -> Result<(), Failure> {
    let ours = Fingerprint {
        task: plan.id.to_string(),
        cluster: facts.map(|facts| facts.cluster_id.clone()).unwrap_or_default(),
    };
    let stored = state.pos.as_ref().map(|pos| &pos.fingerprint);
    match stored.and_then(|stored| precheck::foreign(output.state_topic(), stored, &ours)) {
        Some(foreign) => Err(foreign),
        None => Ok(()),
    }
}

/// Lets a task go on at another position of the same server; what lies between is skipped, and what was prepared before it is
/// not known any more. Where it was and where it is now come back.
pub(in crate::run) fn set_position(
    plan: &TaskPlan,
    wanted: &str,
    context: &Context,
) -> Result<(Position, Position), Failure> {
    let Owned { mut output, state } = own(plan, context)?;
    let Some(pos) = &state.pos else {
        let text = format!("task {} has no position yet: it has never committed", plan.id);
        return Err(Failure::new(Class::Usage, text));
    };
    let from = pos.position.clone();
    let to = moved(&from, wanted).map_err(|text| Failure::new(Class::Usage, text))?;
    let mut ctl: CtlRecord = state.ctl.clone();
    ctl.gaps.push(GapRecord {
        accepted_s: u64::try_from(wall_ms() / 1_000).unwrap_or_default(),
        from: from.to_string(),
        to: to.to_string(),
        tables: state.snaps.keys().cloned().collect(),
        lost: false,
    });
    output.store(StateRecord::Ctl(ctl));
    // Whether they were decided in what is skipped cannot be told here. One that is committed later stops the task, with what to do.
    for xid in state.prepared.keys() {
        output.remove(StateKey::Xa(xid.clone()));
    }
    let fingerprint = pos.fingerprint.clone();
    let policy = Policy { commit: plan.commit, split: plan.stream.split, open_ms: 0 };
    let mut ledger = Ledger::new(policy, fingerprint, pos.generation, pos.seq, to.clone(), None);
    let covered = ledger.cover(context.clock.now_ms());
    output.stage_owner(true)?;
    output.commit(covered)?;
    Ok((from, to))
}

/// Forgets everything that is stored about a task but who ran it and where it had come to: the next start is a first one.
pub(in crate::run) fn forget(plan: &TaskPlan, context: &Context) -> Result<(), Failure> {
    let mut owned = own(plan, context)?;
    forget_all(&mut owned)?;
    context.state.forget(&plan.id.to_string());
    Ok(())
}

/// The position that a text names, on the server and in the terms of `from`.
fn moved(from: &Position, wanted: &str) -> Result<Position, String> {
    let file = wanted.rsplit_once(':').and_then(|(file, offset)| {
        let is_file = file.contains('.') && !file.contains(',');
        is_file.then(|| Some(BinlogPosition::new(file, offset.parse().ok()?)))?
    });
    let mut to = from.clone();
    match (&from.gtids, file) {
        (Gtids::Off, Some(file)) => to.file = file,
        (Gtids::Off, None) => {
            return Err(format!(
                "`{wanted}` is no position of this server; write FILE:OFFSET, as in {}",
                from.file
            ));
        }
        (Gtids::MySql(_) | Gtids::MariaDb(_), Some(_)) => {
            return Err(format!(
                "this task goes by GTIDs, a file and an offset alone prove nothing; write GTIDs, as in {}",
                from.gtids
            ));
        }
        (Gtids::MySql(_), None) => {
            to.gtids = Gtids::MySql(wanted.parse().map_err(|error| format!("{error}"))?);
        }
        (Gtids::MariaDb(_), None) => {
            to.gtids = Gtids::MariaDb(wanted.parse().map_err(|error| format!("{error}"))?);
        }
    }
    if to.gtids != Gtids::Off {
        // The place it had is that of other GTIDs: on MariaDB all before it would count as seen.
        to.file = BinlogPosition::unknown();
    }
    Ok(to)
}

/// Removes all records of a task that is ours but who ran it and where it had come to, and gives it up.
pub(super) fn forget_all(owned: &mut Owned) -> Result<(), Failure> {
    let Owned { output, state } = owned;
    for (key, _) in state.encode() {
        match StateKey::decode(&key) {
            Some(StateKey::Owner | StateKey::Retired) | None => {}
            Some(key) => output.remove(key),
        }
    }
    if let Some(pos) = &state.pos {
        output.store(StateRecord::Retired(RetiredRecord { position: pos.position.clone() }));
    }
    output.store_and_release()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mysql::position::{Flavor, ServerIdentity};

    fn position(gtids: Gtids) -> Position {
        let server = ServerIdentity { flavor: Flavor::MySql, uuid: "u".into(), server_id: 1 };
        Position { server, file: BinlogPosition::new("binlog.000001", 4), gtids }
    }

    #[test]
    fn a_position_is_written_in_the_terms_of_the_server() {
        let by_file = position(Gtids::Off);
        let to = moved(&by_file, "binlog.000007:120").expect("a place");
        assert_eq!(to.file, BinlogPosition::new("binlog.000007", 120));
        assert!(moved(&by_file, "0-1-7").is_err());
        assert!(moved(&by_file, "binlog.000007:x").is_err());

        let maria = position(Gtids::MariaDb("0-1-7".parse().expect("GTIDs")));
        let to = moved(&maria, "0-1-3").expect("a place");
        assert!(to.file.is_unknown(), "what lies before the old place is not taken for seen: {to:?}");
        assert_eq!(to.to_string(), "0-1-3");
        assert!(moved(&maria, "binlog.000007:120").is_err());
        assert!(moved(&maria, "nonsense").is_err());

        let uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
        let mysql = position(Gtids::MySql(format!("{uuid}:1-5").parse().expect("GTIDs")));
        let to = moved(&mysql, &format!("{uuid}:1-6")).expect("a place");
        assert_eq!(to.gtids.to_string(), format!("{uuid}:1-6"));
        assert!(moved(&mysql, "0-1-8").is_err());
    }
}
