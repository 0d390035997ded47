//! Which columns the rows of a table have, at the place of the log where a stream stands.
//!
//! Where the log names columns, the event is the authority, and what is known adds attributes by name. Without names, columns
//! are those that the [model](super::model) made of the statements up to here, or that were read again and proven; either way
//! they must fit the table map.
//!
//! Guarantees: columns are given out only when the event names them, or when they were proven and every statement since was
//! understood. That a table map fits known columns proves no names: columns of one type may have been renamed or swapped.
//! Does not: ask the server, or know tasks.

use super::from_map::{self, FromMapError};
use super::model::{Change, Model, Table, Wording};
use super::{TableChange, TableName, TableState, TableVersion};
use crate::mysql::binlog::layout::{LayoutError, RowLayout};
use crate::mysql::binlog::query::Session;
use crate::mysql::binlog::table_map::TableMap;
use crate::mysql::charset::collation;
use crate::mysql::ddl::Statement;
use crate::mysql::ident::TableNameCase;
use crate::mysql::position::Flavor;
use std::collections::HashMap;
use std::sync::Arc;

/// What one stream knows of tables.
#[derive(Debug)]
pub struct Tracker {
    flavor: Flavor,
    wording: Wording,
    case: TableNameCase,
    model: Model,
    /// By the names that table maps have.
    tables: HashMap<TableName, TableState>,
}

/// What a table map means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// The columns that are known.
    Known(Arc<TableVersion>),
    /// Other columns, as the event names them.
    Changed(Arc<TableVersion>),
    /// It is no table: its rows are counters of a sequence.
    NoTable,
    /// The event names the columns; attributes such as the declared type are to be asked for, then
    /// [`Tracker::refresh`].
    NeedsRefresh,
    /// The columns are not proven: they are to be read again at a place the stream has not passed, then
    /// [`Tracker::prove`].
    Unproven(Doubt),
}

/// Why columns are not proven.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// The table was never seen.
    #[error("nothing is known of its columns at this place of the log")]
    Unknown,
    /// A statement may have changed it, and the log does not name columns.
    #[error("{0}, and the log does not name its columns")]
    Statement(String),
    /// The known columns are not those of the log.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The known columns have another character set than those of the log.
    #[error("column {number}, `{name}`: the log has another character set")]
    Charset {
        /// Number from 1.
        number: usize,
        /// Name by the known columns.
        name: String,
    },
}

/// What a statement changed of what is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Followed {
    /// Of tables, each once.
    pub tables: Vec<TableChange>,
    /// Databases that are new, have another default collation, or are gone.
    pub databases: Vec<DatabaseChange>,
}

/// A database of which something else is known behind a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseChange {
    /// Which.
    pub name: String,
    /// Its default collation; none: it is gone, or nothing is known of it any more.
    pub collation: Option<String>,
    /// A table that is not known in it does not exist.
    pub complete: bool,
}

impl Tracker {
    /// A tracker that knows no table; `wording` is how the server words types, `case` how it compares names.
    pub fn new(wording: Wording, case: TableNameCase) -> Tracker {
        let flavor = wording.flavor;
        Tracker { flavor, wording, case, model: Model::new(flavor, case), tables: HashMap::new() }
    }

    /// How the server compares names of databases and tables.
    pub fn case(&self) -> TableNameCase {
        self.case
    }

    /// Tells a database whose statements are followed; before its tables. `complete`: all of them are told.
    pub fn follow_database(&mut self, name: &str, collation: &str, complete: bool) {
        self.model.set_database(name, collation, complete);
    }

    /// Takes columns as proven at the place of the stream, read again without a statement in between; with the definition
    /// where it was understood.
    pub fn prove(&mut self, table: &TableName, columns: Arc<TableVersion>, definition: Option<Arc<Table>>) {
        self.know(table, TableState::Proven { columns, definition });
    }

    /// Takes what is known of a table at the place of the stream.
    pub fn know(&mut self, table: &TableName, state: TableState) {
        let table = self.logged(table);
        match &state {
            TableState::Proven { definition: Some(definition), .. } => {
                self.model.set_table(definition.clone())
            }
            TableState::Proven { definition: None, .. } | TableState::Suspect { .. } => {
                self.model.forget(&table)
            }
            TableState::Gone => {}
        }
        self.tables.insert(table, state);
    }

    /// What is known of a table.
    pub fn state(&self, table: &TableName) -> Option<&TableState> {
        self.tables.get(&self.logged(table))
    }

    /// The columns known of a table, proven or not.
    pub fn known(&self, table: &TableName) -> Option<&Arc<TableVersion>> {
        self.state(table)?.last()
    }

    /// What statements about a table go on from, where that is known.
    pub fn definition(&self, table: &TableName) -> Option<&Arc<Table>> {
        match self.state(table)? {
            TableState::Proven { definition, .. } => definition.as_ref(),
            TableState::Suspect { .. } | TableState::Gone => None,
        }
    }

    /// The name as table maps have it.
    fn logged(&self, name: &TableName) -> TableName {
        TableName::new(self.case.fold(&name.db), self.case.fold(&name.table))
    }

    /// Follows a statement; `shown` is its text, for people.
    pub fn follow(&mut self, statement: &Statement, session: &Session, shown: &str) -> Followed {
        let mut followed = Followed::default();
        let effect = statement.effect();
        for change in self.model.apply(statement, session) {
            match change {
                Change::Defined(table) => {
                    let name = self.logged(&table.name);
                    let state = self.defined(&name, &table, shown);
                    self.change(&mut followed, name, state);
                }
                Change::Dropped(name) => {
                    let name = self.logged(&name);
                    self.change(&mut followed, name, TableState::Gone);
                }
                Change::Doubted { db, table: Some(table), doubt } => {
                    let name = self.logged(&TableName::new(db, table));
                    let state = self.suspect(&name, &doubt.to_string(), shown);
                    self.change(&mut followed, name, state);
                }
                Change::Doubted { db, table: None, doubt } => {
                    let db = self.case.fold(&db).into_owned();
                    for name in self.names(|name, _| name.db == db) {
                        let state = self.suspect(&name, &doubt.to_string(), shown);
                        self.change(&mut followed, name, state);
                    }
                }
                Change::Database { name, collation } => {
                    let complete = self.model.is_complete(&name);
                    let name = self.case.fold(&name).into_owned();
                    followed.databases.push(DatabaseChange { name, collation, complete });
                }
            }
        }
        // Of tables without a definition the model knows nothing.
        let unfollowed = |name: &TableName, state: &TableState| {
            effect.defines()
                && matches!(state, TableState::Proven { definition: None, .. })
                && effect.may_touch(name)
        };
        for name in self.names(unfollowed) {
            if !followed.tables.iter().any(|change| change.table == name) {
                let state = self.suspect(&name, "a statement may have changed it", shown);
                self.change(&mut followed, name, state);
            }
        }
        followed
    }

    /// Names of tables that are known, in order.
    fn names(&self, which: impl Fn(&TableName, &TableState) -> bool) -> Vec<TableName> {
        let found = self.tables.iter().filter(|(name, state)| which(name, state));
        let mut names: Vec<TableName> = found.map(|(name, _)| name.clone()).collect();
        names.sort();
        names
    }

    fn defined(&mut self, name: &TableName, table: &Arc<Table>, shown: &str) -> TableState {
        match table.version(self.wording) {
            Ok(columns) => TableState::Proven {
                columns: Arc::new(TableVersion { name: name.clone(), ..columns }),
                definition: Some(table.clone()),
            },
            Err(error) => {
                self.model.forget(name);
                self.suspect(name, &error.to_string(), shown)
            }
        }
    }

    fn suspect(&self, name: &TableName, reason: &str, shown: &str) -> TableState {
        let before = self.tables.get(name).and_then(|state| state.last().cloned());
        TableState::Suspect { reason: format!("{reason}: {shown}"), before }
    }

    fn change(&mut self, followed: &mut Followed, table: TableName, state: TableState) {
        followed.tables.retain(|change| change.table != table);
        match &state {
            TableState::Gone => drop(self.tables.remove(&table)),
            TableState::Proven { .. } | TableState::Suspect { .. } => {
                self.tables.insert(table.clone(), state.clone());
            }
        }
        followed.tables.push(TableChange { table, state });
    }

    /// Tells the columns behind a table map.
    pub fn on_table_map(&mut self, map: &TableMap) -> Resolution {
        let name = self.logged(&TableName::new(&map.db, &map.table));
        let known = self.tables.get(&name);
        if let Some(TableState::Proven { definition: Some(definition), .. }) = known
            && definition.sequence
        {
            return Resolution::NoTable;
        }
        if !map.named {
            return match known {
                None | Some(TableState::Gone) => Resolution::Unproven(Doubt::Unknown),
                Some(TableState::Suspect { reason, .. }) => {
                    Resolution::Unproven(Doubt::Statement(reason.clone()))
                }
                Some(TableState::Proven { columns, .. }) => match verify(map, columns, self.flavor) {
                    Ok(()) => Resolution::Known(columns.clone()),
                    Err(doubt) => Resolution::Unproven(doubt),
                },
            };
        }
        let Some(TableState::Proven { columns, definition }) = known else { return Resolution::NeedsRefresh };
        match from_map::build(map, self.flavor, &[columns]) {
            Ok(built) if built.version == **columns => Resolution::Known(columns.clone()),
            Ok(built) if built.complete => {
                // Where the event contradicts the model, the model is wrong.
                let definition = definition.clone().filter(|_| built.version.reads_like(columns));
                let columns = Arc::new(built.version);
                self.prove(&name, columns.clone(), definition);
                Resolution::Changed(columns)
            }
            // what is wrong with the event is told by the refresh
            Ok(_) | Err(_) => Resolution::NeedsRefresh,
        }
    }

    /// The columns a table map names, with attributes from `found`, which was read from the server just now,
    /// or else from what was known. None of it can put a value under a wrong name. The definition read with it holds where it has
    /// the same columns.
    ///
    /// # Errors
    /// When the event lacks a name, a character set or labels, or has a character set that is not known.
    pub fn refresh(
        &mut self,
        map: &TableMap,
        found: Option<&TableVersion>,
        definition: Option<Arc<Table>>,
    ) -> Result<Arc<TableVersion>, FromMapError> {
        let name = self.logged(&TableName::new(&map.db, &map.table));
        let before = self.known(&name).cloned();
        let sources: Vec<&TableVersion> = found.into_iter().chain(before.as_deref()).collect();
        let version = from_map::build(map, self.flavor, &sources)?.version;
        let version = match before {
            Some(before) if *before == version => before,
            Some(_) | None => Arc::new(version),
        };
        let definition = definition.filter(|definition| {
            definition.version(self.wording).is_ok_and(|defined| defined.reads_like(&version))
        });
        self.prove(&name, version.clone(), definition);
        Ok(version)
    }
}

/// Checks known columns against a table map without names: number, types, sizes, nullability, and sign and
/// character set where the event tells them.
fn verify(map: &TableMap, version: &TableVersion, flavor: Flavor) -> Result<(), Doubt> {
    RowLayout::build(map, version)?;
    for (index, (told, known)) in map.columns.iter().zip(&version.columns).enumerate() {
        let told = told.collation.and_then(|id| collation(id, flavor).ok());
        if let (Some(told), Some(text)) = (told, known.ty.as_text())
            && told.charset.name() != text.charset
        {
            return Err(Doubt::Charset { number: index + 1, name: known.name.clone() });
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "tracker_tests.rs"]
mod tests;
