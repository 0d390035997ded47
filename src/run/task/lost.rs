//! A position that is lost: the log does not reach back to it, or is another one (`on-position-lost resnapshot`).
//!
//! Guarantees: the task goes on from the present, and all of its tables are loaded anew from there; that, the new position and
//! what lies between are stored in one transaction, so that a crash before it loses the position once more and one behind it
//! goes on with the loads. What was deleted in between cannot be known, and is not told.

use super::Task;
use super::known::Known;
use super::output::Output;
use crate::catalog::TableFacts;
use crate::checkpoint::{
    CtlRecord, GapRecord, SchemaRecord, SnapRecord, StateChange, StateKey, StateRecord, TaskState,
};
use crate::mysql::position::Position;
use crate::mysql::schema::{TableName, TableState};
use crate::run::context::wall_ms;
use crate::run::event::{Event, Name};
use crate::run::failure::{Class, Failure, Side};
use crate::source::mysql::io::Definitions;
use crate::statement::OnPositionLost;
use std::collections::BTreeSet;

impl Task {
    /// Goes on from the present after this failure, if the files say so. True then; a second time without a commit in between
    /// is a failure like others.
    pub(super) fn gives_up_position(&mut self, failure: &Failure) -> bool {
        let asked = self.plan.stream.on_position_lost == OnPositionLost::Resnapshot;
        if failure.class != Class::PositionLost || !asked || failure.for_good || self.position.is_none() {
            return false;
        }
        if self.lost {
            return false;
        }
        let text = format!("{}; `on-position-lost resnapshot` begins it from the present", failure.text);
        Event::warn(Name::SourcePositionLost, text).task(&self.id).failure(failure).emit();
        self.lost = true;
        self.position = None;
        self.cut = None;
        self.follower = None;
        true
    }

    /// Ends the life when the log was seen to end before what was read in it: the next one judges it.
    ///
    /// # Errors
    /// [`Class::Connection`], once for each such log.
    pub(super) fn watch_log(&mut self) -> Result<(), Failure> {
        match self.gauge.take_if(|gauge| gauge.is_short()) {
            None => Ok(()),
            Some(_) => {
                let text = "the log of the server ends before what was read in it: it was reset, or has lost its end";
                Err(Failure { side: Side::Source, ..Failure::new(Class::Connection, text) })
            }
        }
    }

    /// Notes what lies between the position that was lost and the one from which the task goes on.
    pub(super) fn note_lost(&mut self, state: &mut TaskState, to: &Position, output: &mut Output) {
        let from = state.pos.as_ref().map(|pos| pos.position.to_string()).unwrap_or_default();
        let to_text = to.to_string();
        let tables: BTreeSet<TableName> = state.snaps.keys().cloned().collect();
        let names = tables.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let text = format!(
            "what lies between {from} and {to_text} is lost; loaded anew from there, without what was deleted meanwhile: {names}"
        );
        Event::warn(Name::SourcePositionLost, text).task(&self.id).position(&to.file).emit();
        // All tables are loaded: what was skipped by hand is made good by that, too.
        self.ctl.gaps.clear();
        self.ctl.gaps.push(GapRecord {
            accepted_s: u64::try_from(wall_ms() / 1_000).unwrap_or_default(),
            from,
            to: to_text,
            tables,
            lost: true,
        });
        state.ctl = self.ctl.clone();
        output.store(StateRecord::Ctl(self.ctl.clone()));
        self.show_gaps();
    }

    /// All tables are loaded: what was lost is made good, as far as it can be. True when that is to be stored.
    pub(super) fn made_good(&mut self, output: &mut Output) -> bool {
        let n_gaps = self.ctl.gaps.len();
        self.ctl.gaps.retain(|gap| !gap.lost);
        if self.ctl.gaps.len() == n_gaps {
            return false;
        }
        store_ctl(&self.ctl, output);
        self.show_gaps();
        true
    }
}

/// What the state says of a position that is lost does not count any more: of these tables those with rows are to be loaded, none
/// waits, nothing was cut or prepared, and no copy is known. What is to be stored of that comes back.
pub(super) fn without_position(state: &mut TaskState, tables: &[TableFacts]) -> Vec<StateChange> {
    if let Some(pos) = &mut state.pos {
        pos.mid = None;
    }
    let parked = std::mem::take(&mut state.parked).into_keys().map(StateKey::Park);
    let prepared = std::mem::take(&mut state.prepared).into_keys().map(StateKey::Xa);
    let copies = std::mem::take(&mut state.online).into_keys().map(StateKey::Online);
    let loads = std::mem::take(&mut state.snaps).into_keys().map(StateKey::Snap);
    let gone = parked.chain(prepared).chain(copies).chain(loads);
    let mut changes: Vec<StateChange> = gone.map(StateChange::Remove).collect();
    for table in tables.iter().filter(|table| table.kind.has_rows()) {
        let name = &table.version.name;
        let snap = SnapRecord::pending("", state.tables.contains_key(name));
        changes.push(StateChange::put(StateRecord::Snap(name.clone(), snap.clone())));
        state.snaps.insert(name.clone(), snap);
    }
    changes
}

impl Known {
    /// Tables that were known and are not among these are gone.
    pub(super) fn forget_missing(
        &mut self,
        tables: &[TableFacts],
        now: &Definitions,
        position: &Position,
        output: &mut Output,
    ) {
        let selected = tables.iter().map(|table| &table.version.name);
        let there: BTreeSet<&TableName> =
            now.tables.iter().map(|table| &table.name).chain(selected).collect();
        let gone = self
            .history
            .all_newest()
            .filter(|(name, newest)| !there.contains(name) && newest.state != TableState::Gone);
        let gone: Vec<TableName> = gone.map(|(name, _)| name.clone()).collect();
        for name in gone {
            let record = SchemaRecord { since: position.clone(), statement: None, state: TableState::Gone };
            if let Some(stored) = self.history.add(&name, record) {
                output.store(stored);
            }
        }
        let databases: BTreeSet<&str> = now.databases.iter().map(|database| database.name.as_str()).collect();
        self.databases.retain(|name, _| {
            let stays = databases.contains(name.as_str());
            if !stays {
                output.remove(StateKey::Database(name.clone()));
            }
            stays
        });
    }
}

/// Stores what an operator asked for and what is missing; nothing of it needs no record.
pub(super) fn store_ctl(ctl: &CtlRecord, output: &mut Output) {
    match ctl.is_empty() {
        true => output.remove(StateKey::Ctl),
        false => output.store(StateRecord::Ctl(ctl.clone())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Engine, TableKind};
    use crate::checkpoint::{
        Fingerprint, MidRecord, OnlineRecord, ParkRecord, PosRecord, SnapState, TableRecord, XaRecord,
    };
    use crate::mysql::position::{BinlogPosition, Flavor, Gtids, ServerIdentity};
    use crate::mysql::schema::TableVersion;
    use std::collections::BTreeMap;

    fn table(name: &str, kind: TableKind) -> TableFacts {
        let version = TableVersion {
            name: TableName::new("shop", name),
            columns: Vec::new(),
            primary_key: Vec::new(),
            unique_keys: Vec::new(),
        };
        let (old_temporals, generated) = (Vec::new(), Vec::new());
        TableFacts {
            version,
            kind,
            engine: Engine::Transactional,
            rows_estimate: 0,
            old_temporals,
            generated,
        }
    }

    fn fold(records: Vec<(Vec<u8>, Vec<u8>)>, changes: &[StateChange]) -> TaskState {
        let changed = changes.iter().map(|change| match change {
            StateChange::Put(record) => {
                let (key, value) = record.encode();
                (key, Some(value))
            }
            StateChange::Remove(key) => (key.encode(), None),
        });
        let records = records.into_iter().map(|(key, value)| (key, Some(value)));
        TaskState::fold(records.chain(changed)).expect("it can be read")
    }

    #[test]
    fn all_is_loaded_and_nothing_waits_without_a_position() {
        let position = Position {
            server: ServerIdentity { flavor: Flavor::MySql, uuid: "u".into(), server_id: 1 },
            file: BinlogPosition::new("binlog.000001", 400),
            gtids: Gtids::Off,
        };
        let name = |name: &str| TableName::new("shop", name);
        let mut state = TaskState::default();
        let fingerprint = Fingerprint { task: "p.s.t".into(), cluster: "c".into() };
        let at = position.file.clone();
        let mid = MidRecord { gtid: None, at, parts: 1, tables: Vec::new(), begun: BTreeMap::new() };
        state.pos = Some(PosRecord {
            seq: 3,
            position: position.clone(),
            mid: Some(mid),
            generation: 1,
            fingerprint,
        });
        let parked = ParkRecord { position: position.clone(), rows_sent: 1, reason: "r".into() };
        state.parked.insert(name("waits"), parked);
        let xa = XaRecord { gtid: None, at: position.file.clone(), before: position.clone(), prepared: 7 };
        state.prepared.insert("x'01',x'',1".into(), xa);
        state.online.insert(name("_orders_gho"), OnlineRecord::default());
        for table in ["orders", "gone"] {
            let snap = SnapRecord { state: SnapState::Done, ..SnapRecord::pending("one", false) };
            state.snaps.insert(name(table), snap);
        }
        state.tables.insert(name("orders"), TableRecord { topic: "orders".into(), partitions: 3 });

        let stored = state.encode();
        let tables =
            [table("orders", TableKind::Base), table("fresh", TableKind::Base), table("v", TableKind::View)];
        let changes = without_position(&mut state, &tables);
        let loads: Vec<String> = state.snaps.keys().map(ToString::to_string).collect();
        assert_eq!(loads, ["shop.fresh", "shop.orders"]);
        assert!(state.snaps.values().all(|snap| snap.state == SnapState::Pending));
        assert!(state.snaps[&name("orders")].again && !state.snaps[&name("fresh")].again);
        assert!(state.parked.is_empty() && state.prepared.is_empty() && state.online.is_empty());
        assert_eq!(state.pos.as_ref().and_then(|pos| pos.mid.as_ref()), None);

        // and whoever reads what was stored finds the same, but for the position, which is stored with the next commit
        let mut found = fold(stored, &changes);
        found.pos.clone_from(&state.pos);
        assert_eq!(found, state);
    }
}
