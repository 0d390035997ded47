//! What is known of tables when a life begins: read from the source at the first position, from the state at every other.

use super::output::Output;
use crate::catalog::{ServerFacts, TableFacts};
use crate::checkpoint::{DatabaseRecord, History, SchemaRecord, StateKey, StateRecord, TaskState};
use crate::mysql::ddl::DdlEffect;
use crate::mysql::ident::TableNameCase;
use crate::mysql::position::Position;
use crate::mysql::schema::model::Wording;
use crate::mysql::schema::{TableName, TableState, TableVersion, Tracker};
use crate::plan::TaskPlan;
use crate::run::framer::Given;
use crate::source::mysql::io::Definitions;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Databases and tables as of the position where a life begins.
pub(super) struct Known {
    /// Versions of tables.
    pub(super) history: History,
    pub(super) databases: BTreeMap<String, DatabaseRecord>,
}

impl Known {
    /// What the state says, without what the plan has nothing to do with any more.
    pub(super) fn of_state(state: &TaskState, plan: &TaskPlan, output: &mut Output) -> Known {
        let mut known = Known { history: state.schemas.clone(), databases: state.databases.clone() };
        let names: Vec<TableName> = known.history.all_newest().map(|(name, _)| name.clone()).collect();
        for name in names.iter().filter(|name| !plan.captures(&name.db)) {
            for key in known.history.forget(name) {
                output.remove(key);
            }
        }
        known.databases.retain(|name, _| {
            let captured = plan.captures(name);
            if !captured {
                output.remove(StateKey::Database(name.clone()));
            }
            captured
        });
        known
    }

    /// True when statements about this database are followed.
    pub(super) fn has_database(&self, name: &str) -> bool {
        self.databases.contains_key(name)
    }

    /// Stores all tables of the databases that the plan selects from, also those that it does not select: a RENAME may bring
    /// one under a selected name. A table may have its first row while nothing runs, so none can be read later.
    ///
    /// `since` are the statements between `position` and the reading of the tables: what they may have touched is not known there.
    pub(super) fn seed(
        &mut self,
        tables: &[TableFacts],
        definitions: &Definitions,
        since: &[DdlEffect],
        wording: Wording,
        position: &Position,
        output: &mut Output,
    ) {
        let mut found: BTreeMap<TableName, TableState> = BTreeMap::new();
        for definition in &definitions.tables {
            if let Ok(columns) = definition.version(wording) {
                let columns = Arc::new(columns);
                let state = TableState::Proven { columns, definition: Some(definition.clone()) };
                found.insert(definition.name.clone(), state);
            }
        }
        for table in tables.iter().filter(|table| table.kind.has_rows()) {
            // What INFORMATION_SCHEMA says counts more; a definition that says otherwise was not understood.
            let definition = match found.remove(&table.version.name) {
                Some(TableState::Proven { columns, definition }) => {
                    definition.filter(|_| columns.reads_like(&table.version))
                }
                Some(TableState::Suspect { .. } | TableState::Gone) | None => None,
            };
            let columns = Arc::new(table.version.clone());
            found.insert(table.version.name.clone(), TableState::Proven { columns, definition });
        }
        found.retain(|name, _| !since.iter().any(|effect| effect.defines() && effect.may_touch(name)));
        for (name, state) in found {
            let record = SchemaRecord { since: position.clone(), statement: None, state };
            if let Some(record) = self.history.add(&name, record) {
                output.store(record);
            }
        }
        for database in &definitions.databases {
            if since.iter().any(|effect| may_alter(effect, &database.name)) {
                continue;
            }
            let complete =
                database.complete && !since.iter().any(|effect| defines_in(effect, &database.name));
            let record = DatabaseRecord { collation: database.collation.clone(), complete };
            output.store(StateRecord::Database(database.name.clone(), record.clone()));
            self.databases.insert(database.name.clone(), record);
        }
    }

    /// A tracker that stands where the life begins.
    pub(super) fn tracker(&self, server: &ServerFacts, position: &Position) -> Tracker {
        let mut tracker = Tracker::new(wording(server), table_name_case(server));
        for (name, record) in &self.databases {
            tracker.follow_database(name, &record.collation, record.complete);
        }
        for (name, known) in self.history.all_known(position) {
            tracker.know(name, known.state.clone());
        }
        tracker
    }
}

/// Columns that people gave for places behind the position where a life begins.
pub(super) fn given(history: &History, position: &Position) -> Vec<Given> {
    let given = |(table, record): (&TableName, &SchemaRecord)| match &record.state {
        TableState::Proven { columns, definition } => Some(Given {
            table: table.clone(),
            at: record.since.file.clone(),
            columns: columns.clone(),
            definition: definition.clone(),
        }),
        TableState::Suspect { .. } | TableState::Gone => None,
    };
    history.given_behind(position).filter_map(given).collect()
}

/// Whether a database may have other defaults behind a statement.
fn may_alter(effect: &DdlEffect, database: &str) -> bool {
    match effect {
        DdlEffect::Database(db) => TableNameCase::Insensitive.same(db, database),
        DdlEffect::Unknown => true,
        DdlEffect::Tables { .. }
        | DdlEffect::Nothing
        | DdlEffect::Transaction(_)
        | DdlEffect::Statement(_) => false,
    }
}

/// Whether a database may have other tables behind a statement.
fn defines_in(effect: &DdlEffect, database: &str) -> bool {
    let in_it = |table: &TableName| TableNameCase::Insensitive.same(&table.db, database);
    match effect {
        DdlEffect::Tables { tables, .. } | DdlEffect::Statement(tables) => tables.iter().any(in_it),
        DdlEffect::Database(_) | DdlEffect::Unknown => may_alter(effect, database),
        DdlEffect::Nothing | DdlEffect::Transaction(_) => false,
    }
}

/// How a server compares names of tables.
pub(super) fn table_name_case(server: &ServerFacts) -> TableNameCase {
    let case = server.variable("lower_case_table_names").and_then(TableNameCase::from_variable);
    case.unwrap_or(TableNameCase::Sensitive)
}

/// How a server words types.
pub(super) fn wording(server: &ServerFacts) -> Wording {
    Wording::of(server.flavor(), server.version_number)
}

/// What of tables decides how rows are read.
pub(super) fn columns(tables: &[TableFacts]) -> Vec<&TableVersion> {
    tables.iter().map(|table| &table.version).collect()
}
