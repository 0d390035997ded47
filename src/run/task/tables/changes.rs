//! What is known of the columns of tables: by statements, and by what the stream or a load has shown.

use super::{Slot, Tables};
use crate::checkpoint::{DatabaseRecord, SchemaRecord, StateKey, StateRecord};
use crate::mysql::position::Position;
use crate::mysql::schema::{DatabaseChange, Followed, TableChange, TableName, TableState};
use crate::run::event::{Event, Name};
use crate::run::task::output::Output;
use std::sync::Arc;

impl Tables {
    /// The number that a table's columns have behind a statement which is not taken up yet.
    pub(in crate::run::task) fn number_behind(&self, followed: &Followed, name: &TableName) -> Option<u32> {
        let mut next = self.history.next_number();
        let mut number = self.history.number(name);
        let open = self.changed.iter().map(|(followed, _)| followed).chain([followed]);
        for TableChange { table, state } in open.flat_map(|followed| &followed.tables) {
            if self.state(table) == Some(state) {
                continue;
            }
            if table == name {
                number = Some(next);
            }
            next += 1;
        }
        number
    }

    /// A statement changed what is known.
    pub(in crate::run::task) fn define(&mut self, followed: &Followed, statement: &Arc<str>) {
        if *followed != Followed::default() {
            self.changed.push((followed.clone(), statement.clone()));
        }
    }

    /// A source transaction ended at `position`: what its statements changed holds from here on. True when anything waits
    /// to be stored.
    pub(in crate::run::task) fn ended(&mut self, position: &Position, output: &mut Output) -> bool {
        let any = !self.changed.is_empty();
        for (Followed { tables, databases }, statement) in std::mem::take(&mut self.changed) {
            for TableChange { table, state } in tables {
                self.know(&table, state, Some(statement.to_string()), position, output);
            }
            for DatabaseChange { name, collation, complete } in databases {
                match collation {
                    Some(collation) => {
                        output.store(StateRecord::Database(name, DatabaseRecord { collation, complete }));
                    }
                    None => output.remove(StateKey::Database(name)),
                }
            }
        }
        any
    }

    /// Stores what is known of a table from `since` on, and drops what nothing needs any more.
    pub(super) fn know(
        &mut self,
        table: &TableName,
        state: TableState,
        statement: Option<String>,
        since: &Position,
        output: &mut Output,
    ) {
        let record = SchemaRecord { since: since.clone(), statement, state };
        let before = self.history.newest(table).map(|newest| newest.state.clone());
        let Some(stored) = self.history.add(table, record.clone()) else { return };
        output.store(stored);
        let number = self.history.number(table).unwrap_or(0);
        if let Some((_, Slot::Live(live))) = self.loaded.get_mut(table) {
            live.route.envelope().set_schema(number);
        }
        for key in self.history.prune(table, self.needed.as_ref()) {
            output.remove(key);
        }
        if self.selects(table) {
            self.tell(table, before.as_ref(), &record);
        }
    }

    /// Tells people what is known of a table now.
    fn tell(&self, table: &TableName, before: Option<&TableState>, now: &SchemaRecord) {
        let by = now.statement.as_ref().map(|statement| format!(" by: {statement}")).unwrap_or_default();
        let event = match (&now.state, before) {
            (TableState::Proven { .. }, Some(TableState::Suspect { .. })) => {
                Event::info(Name::SchemaProven, format!("the columns of {table} are certain again"))
            }
            (TableState::Proven { .. }, Some(TableState::Proven { .. })) => {
                Event::info(Name::SchemaChanged, format!("{table} has other columns now{by}"))
            }
            (TableState::Suspect { reason, .. }, _) => Event::warn(
                Name::SchemaSuspect,
                format!("the columns of {table} are not certain any more: {reason}{by}"),
            ),
            (TableState::Proven { .. } | TableState::Gone, _) => return,
        };
        event.task(&self.plan.id).position(&now.since.file).emit();
    }
}
