//! Tables that waited alone and are to go on: their columns are proven anew, and their rows loaded.
//!
//! Guarantees: a table goes on only where it could be sent as it is now; that it does is stored before the first of its rows
//! is read, so that no crash lets it wait again or go on without its load. The others lose nothing but a moment.

use super::Task;
use super::output::Output;
use super::source::Source;
use super::tables::Tables;
use crate::catalog::{ClusterFacts, SourceCatalog};
use crate::checkpoint::{History, SchemaRecord, SnapRecord, StateKey, StateRecord, TaskState};
use crate::diagnostic::Severity;
use crate::failpoint::hit;
use crate::mysql::schema::{TableName, TableState};
use crate::route::Salts;
use crate::run::event::{Event, Name};
use crate::run::failure::{Class, Failure};
use crate::run::precheck;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

impl Task {
    /// Lets the tables go on that an operator wishes to, and stores it. What still keeps one from it is told to whoever asked.
    pub(super) fn heal(
        &self,
        source: &Source,
        facts: Option<&ClusterFacts>,
        salts: &Arc<Salts>,
        mut state: TaskState,
        output: &mut Output,
    ) -> Result<TaskState, Failure> {
        let wished = self.orders.wishes().heal;
        if wished.is_empty() {
            return Ok(state);
        }
        let mut refused = BTreeMap::new();
        for table in &wished {
            if !state.parked.contains_key(table) {
                continue;
            }
            match self.kept_from(table, (source, facts), salts, &state, output)? {
                Some(cause) => drop(refused.insert(table.clone(), cause)),
                None => unpark(table, &mut state, output),
            }
        }
        hit("heal.storing");
        output.store_now()?;
        hit("heal.stored");
        for table in wished.iter().filter(|table| !refused.contains_key(*table)) {
            let text = format!(
                "{table} goes on: its rows are loaded anew; what was deleted while it waited is not told"
            );
            Event::info(Name::TableResumed, text).task(&self.id).emit();
        }
        self.orders.wish(|wishes| {
            wishes.heal.retain(|table| !wished.contains(table));
            wishes.kept.extend(refused);
        });
        Ok(state)
    }

    /// What keeps a table from being sent as it is now, if anything does.
    fn kept_from(
        &self,
        table: &TableName,
        (source, facts): (&Source, Option<&ClusterFacts>),
        salts: &Arc<Salts>,
        state: &TaskState,
        output: &mut Output,
    ) -> Result<Option<String>, Failure> {
        let found = source.catalog.tables.iter().find(|found| found.version.name == *table);
        let Some(found) = found.filter(|found| found.kind.has_rows()) else {
            return Ok(Some("there is no such table any more; `exclude` leaves it out".to_owned()));
        };
        let alone = SourceCatalog {
            server: source.catalog.server.clone(),
            tables: vec![found.clone()],
            survey: source.catalog.survey.clone(),
        };
        let errors = precheck::lines(&precheck::findings(&self.plan, &alone, facts), Severity::Error);
        if !errors.is_empty() {
            return Ok(Some(errors));
        }
        let flavor = source.catalog.server.flavor();
        let mut trial =
            Tables::new(self.plan.clone(), salts.clone(), flavor, History::default(), state, HashSet::new());
        match trial.fits(&Arc::new(found.version.clone()), output) {
            Ok(()) => Ok(None),
            Err(failure) if matches!(failure.class, Class::Connection | Class::Request) => Err(failure),
            Err(failure) => Ok(Some(failure.text)),
        }
    }
}

/// The table does not wait any more: it is loaded, and nothing that was known of its columns counts.
fn unpark(table: &TableName, state: &mut TaskState, output: &mut Output) {
    state.parked.remove(table);
    output.remove(StateKey::Park(table.clone()));
    let snap = SnapRecord::pending("", state.tables.contains_key(table));
    output.store(StateRecord::Snap(table.clone(), snap.clone()));
    state.snaps.insert(table.clone(), snap);
    let newest = state.schemas.newest(table);
    // What people gave is what they want to be used.
    if let (Some(pos), false) = (&state.pos, newest.is_some_and(SchemaRecord::is_given)) {
        let doubt = TableState::Suspect {
            reason: "it waited, and its columns are read again".to_owned(),
            before: newest.and_then(|newest| newest.state.last().cloned()),
        };
        let record = SchemaRecord { since: pos.position.clone(), statement: None, state: doubt };
        if let Some(stored) = state.schemas.add(table, record) {
            output.store(stored);
        }
    }
}
