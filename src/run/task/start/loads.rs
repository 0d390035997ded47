//! Which tables are loaded, which go on being loaded, and which are left alone.

use crate::checkpoint::{SnapRecord, SnapState, StateKey, StateRecord, TaskState};
use crate::engine::load::{TableLoad, key_order};
use crate::mysql::schema::TableName;
use crate::run::precheck;
use crate::run::task::Task;
use crate::run::task::output::Output;
use crate::run::task::reader::load_key;
use crate::run::task::source::Source;
use crate::statement::Markers;
use std::collections::HashSet;
use std::sync::Arc;

/// Tables of a life and their loads.
pub(super) struct Loads {
    pub(super) tables: Vec<TableLoad>,
    pub(super) known: HashSet<TableName>,
    pub(super) n_open: usize,
    /// Tables whose load had begun and is not gone on with, as that was stored.
    pub(super) given_up: Vec<(TableName, SnapRecord)>,
}

/// Loads that have begun and not ended, as it is stored.
pub(super) fn begun(state: &TaskState) -> Vec<(TableName, SnapRecord)> {
    let begun = state.snaps.iter().filter(|(_, record)| has_begun(record));
    begun.map(|(table, record)| (table.clone(), record.clone())).collect()
}

fn has_begun(record: &SnapRecord) -> bool {
    matches!(record.state, SnapState::Copying { .. })
}

impl Task {
    /// True when marks of loads are told from now on and were not before, or elsewhere. A load that is under way would have an end
    /// there and no beginning.
    pub(super) fn tells_loads_anew(&self, state: &TaskState, generation: u64) -> bool {
        let markers = &self.plan.stream.markers;
        if *markers == Markers::Off || state.plans.contains_key(&generation) {
            return false;
        }
        let recorded = state.plans.values().next_back().and_then(precheck::unpack);
        recorded.is_some_and(|recorded| recorded.stream.markers != *markers)
    }

    /// Which tables are to be loaded, continued or left alone. With `anew` none is continued.
    pub(super) fn table_loads(
        &self,
        source: &Source,
        output: &mut Output,
        state: &TaskState,
        anew: bool,
    ) -> Loads {
        let snapshot = crate::run::state_dir::random_id().unwrap_or_default();
        let mut open = Loads { tables: Vec::new(), known: HashSet::new(), n_open: 0, given_up: Vec::new() };
        for table in source.catalog.tables.iter().filter(|table| table.kind.has_rows()) {
            let name = table.version.name.clone();
            let key = load_key(table);
            let wanted = state.snaps.get(&name).is_some_and(|record| record.state != SnapState::Done);
            let (columns, order) = key_order(&table.version, key.as_deref().unwrap_or_default());
            let fresh = || SnapRecord {
                snapshot: snapshot.clone(),
                state: if self.plan.start.loads() || wanted { SnapState::Pending } else { SnapState::Done },
                key: columns.clone(),
                order: order.clone(),
                max: None,
                rows: 0,
                again: state
                    .snaps
                    .get(&name)
                    .map_or_else(|| state.tables.contains_key(&name), |record| record.again),
            };
            let record = match state.snaps.get(&name) {
                Some(record) if anew && has_begun(record) => {
                    SnapRecord { again: state.tables.contains_key(&name), ..fresh() }
                }
                Some(record) if record.state == SnapState::Done => record.clone(),
                // The last key tells where to go on in the order of then.
                Some(record) if key.is_some() && record.is_ordered_by(&columns, &order) => {
                    SnapRecord { order: order.clone(), ..record.clone() }
                }
                Some(_) => fresh(),
                None => fresh(),
            };
            let before = state.snaps.get(&name);
            if let Some(before) = before.filter(|before| !anew && has_begun(before))
                && before.snapshot != record.snapshot
            {
                open.given_up.push((name.clone(), before.clone()));
            }
            if before != Some(&record) {
                output.store(StateRecord::Snap(name.clone(), record.clone()));
            }
            if record.state != SnapState::Done && !state.parked.contains_key(&name) {
                open.n_open += 1;
            }
            open.known.insert(name.clone());
            if state.parked.contains_key(&name) {
                continue;
            }
            open.tables.push(TableLoad::new(
                Arc::new(table.version.clone()),
                key,
                record,
                table.rows_estimate,
            ));
        }
        let missing = state.snaps.iter().filter(|(name, _)| !open.known.contains(*name));
        for (name, record) in missing.collect::<Vec<_>>() {
            let parked = state.parked.contains_key(name);
            if self.plan.selects(&name.db, &name.table) {
                open.known.insert(name.clone());
                if record.state != SnapState::Done && !parked {
                    // Whether it is gone for good is what is asked first, and told then.
                    let again = state.tables.contains_key(name);
                    let record = match anew && has_begun(record) {
                        true => {
                            let pending = SnapRecord::pending(snapshot.clone(), again);
                            output.store(StateRecord::Snap(name.clone(), pending.clone()));
                            pending
                        }
                        false => record.clone(),
                    };
                    open.n_open += 1;
                    open.tables.push(TableLoad::unread(name.clone(), record));
                }
                continue;
            }
            if !anew && has_begun(record) {
                open.given_up.push((name.clone(), record.clone()));
            }
            // Rows stopped when the table left the plan; declared again, it is loaded again.
            output.remove(StateKey::Snap(name.clone()));
            if parked {
                output.remove(StateKey::Park(name.clone()));
            }
        }
        open
    }
}
