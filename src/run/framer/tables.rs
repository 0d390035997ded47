//! The tables of one stream: what their ids stand for, and the columns of their rows once they are proven.
//!
//! Guarantees: rows of a table reach a task only with columns that were proven; what waits for its proof is settled once,
//! whatever comes.
//! Does not: know transactions or tasks.

use super::place::Place;
use crate::mysql::binlog::layout::RowLayout;
use crate::mysql::binlog::table_map::{TableMap, table_id};
use crate::mysql::ddl::DdlEffect;
use crate::mysql::position::{BinlogPosition, Flavor};
use crate::mysql::schema::{Resolution, TableChange, TableName, TableVersion, Tracker};
use crate::run::failure::{Class, Failure};
use crate::run::ring::{Columns, MappedTable};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// Columns of a table as INFORMATION_SCHEMA has them now, and the end of the log after they were read.
pub(in crate::run) struct Reread {
    /// The columns; none: there is no such table (any more).
    pub(in crate::run) version: Option<TableVersion>,
    /// It is no table, though it has rows in the log.
    pub(in crate::run) ignored: bool,
    /// Everything that could have changed them before the read lies before this place.
    pub(in crate::run) upto: BinlogPosition,
}

/// Reads the columns of one table.
pub(in crate::run) type Rereader = Box<dyn FnMut(&TableName) -> Result<Reread, Failure> + Send>;

/// Tells which tables some task selects.
pub(in crate::run) type Wanted = Arc<dyn Fn(&TableName) -> bool + Send + Sync>;

/// Tables between two events of their stream.
pub(super) struct StreamTables {
    flavor: Flavor,
    ids: HashMap<u64, Mapping>,
    n_mapped: u32,
    tracker: Tracker,
    pub(super) wanted: Wanted,
    pub(super) reread: Rereader,
    pending: Vec<Pending>,
}

/// What a table id stands for.
enum Mapping {
    Wanted { body: Vec<u8>, table: Arc<MappedTable> },
    Unwanted,
}

/// Whose rows an event holds.
pub(super) enum RowsOf<'t> {
    /// Of a table that some task selects.
    Wanted(&'t Arc<MappedTable>),
    /// Of one that nobody selects, or that has no rows to send.
    Unwanted,
    /// No table map came before.
    Unmapped,
}

/// What a mapped name turned out to be.
enum Resolved {
    /// A table: its columns are settled, or will be.
    Table,
    /// Nothing that has rows to send.
    Ignored,
}

/// A table whose columns were read again and wait for the stream to reach the place up to which they are proven.
struct Pending {
    table: Arc<MappedTable>,
    map: TableMap,
    version: Arc<TableVersion>,
    upto: BinlogPosition,
}

impl StreamTables {
    /// Those of a stream about to begin, with what is known of tables in `tracker`.
    pub(super) fn new(flavor: Flavor, tracker: Tracker, wanted: Wanted, reread: Rereader) -> StreamTables {
        StreamTables {
            flavor,
            ids: HashMap::new(),
            n_mapped: 0,
            tracker,
            wanted,
            reread,
            pending: Vec::new(),
        }
    }

    /// True when some task selects the table.
    pub(super) fn wants(&self, table: &TableName) -> bool {
        (self.wanted)(table)
    }

    /// Whose rows stand behind a table id.
    pub(super) fn rows_of(&self, id: u64) -> RowsOf<'_> {
        match self.ids.get(&id) {
            Some(Mapping::Wanted { table, .. }) => RowsOf::Wanted(table),
            Some(Mapping::Unwanted) => RowsOf::Unwanted,
            None => RowsOf::Unmapped,
        }
    }

    /// A new file begins: ids mean something else from here on.
    pub(super) fn forget_ids(&mut self) {
        self.ids.clear();
    }

    /// Takes a table map.
    ///
    /// # Errors
    /// It is not understood, or the columns could not be asked for.
    pub(super) fn map(&mut self, body: &[u8], place: &Place) -> Result<(), Failure> {
        let broken =
            |error: &dyn std::fmt::Display| Failure::new(Class::Data, format!("at {place}: {error}"));
        let id = table_id(body).map_err(|error| broken(&error))?;
        match self.ids.get(&id) {
            Some(Mapping::Wanted { body: known, .. }) if known == body => return Ok(()),
            Some(Mapping::Unwanted) => return Ok(()),
            Some(Mapping::Wanted { .. }) | None => {}
        }
        let map = TableMap::parse(body, self.flavor).map_err(|error| broken(&error))?;
        let name = TableName::new(&map.db, &map.table);
        if !self.wants(&name) {
            self.ids.insert(id, Mapping::Unwanted);
            return Ok(());
        }
        let table = Arc::new(MappedTable { number: self.n_mapped, name, columns: OnceLock::new() });
        self.n_mapped += 1;
        let mapping = match self.resolve(&table, map, place)? {
            Resolved::Table => Mapping::Wanted { body: body.to_vec(), table },
            Resolved::Ignored => Mapping::Unwanted,
        };
        self.ids.insert(id, mapping);
        Ok(())
    }

    /// Finds the columns of a new mapping, or reads them again and waits for the proof.
    fn resolve(
        &mut self,
        table: &Arc<MappedTable>,
        map: TableMap,
        place: &Place,
    ) -> Result<Resolved, Failure> {
        let resolution = self.tracker.on_table_map(&map);
        let version = match resolution {
            Resolution::Known(version) | Resolution::Changed(version) => version,
            Resolution::NeedsRefresh => {
                // The event names the columns; only attributes are wanted, which no later statement can falsify.
                let found = (self.reread)(&table.name)?;
                if found.ignored {
                    return Ok(Resolved::Ignored);
                }
                match self.tracker.refresh(&map, found.version.as_ref()) {
                    Ok(version) => version,
                    Err(doubt) => {
                        settle(table, Err(unproven(&table.name, place, &doubt.to_string())));
                        return Ok(Resolved::Table);
                    }
                }
            }
            Resolution::Unproven(doubt) => {
                let found = (self.reread)(&table.name)?;
                if found.ignored {
                    return Ok(Resolved::Ignored);
                }
                let Some(version) = found.version else {
                    settle(table, Err(unproven(&table.name, place, &doubt.to_string())));
                    return Ok(Resolved::Table);
                };
                self.pending.push(Pending {
                    table: table.clone(),
                    map,
                    version: Arc::new(version),
                    upto: found.upto,
                });
                return Ok(Resolved::Table);
            }
        };
        let columns = columns(&map, version, place);
        settle(table, columns);
        Ok(Resolved::Table)
    }

    /// Follows a statement that may have changed definitions.
    pub(super) fn defined(&mut self, effect: &DdlEffect, place: &Place) -> Vec<TableChange> {
        let changes = self.tracker.on_ddl(effect);
        self.pending.retain(|pending| {
            if effect.may_touch(&pending.table.name) {
                let reason = "another statement followed before its columns could be read";
                settle(&pending.table, Err(unproven(&pending.table.name, place, reason)));
                return false;
            }
            true
        });
        // Whatever was mapped before is mapped anew behind the statement.
        self.ids.clear();
        changes
    }

    /// True while a table waits for the stream to reach its proof.
    pub(super) fn wait_for_proof(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Gives up every proof that is still awaited.
    pub(super) fn give_up_proofs(&mut self, place: &Place) {
        for pending in std::mem::take(&mut self.pending) {
            let reason = "too much was logged between the statement and the place up to which the columns could be read";
            settle(&pending.table, Err(unproven(&pending.table.name, place, reason)));
        }
    }

    /// Proves the tables whose place the stream has reached without another statement in between.
    pub(super) fn settle_proofs(&mut self, place: &Place) {
        if self.pending.is_empty() {
            return;
        }
        let here = place.position();
        let (reached, waiting): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.pending).into_iter().partition(|pending| pending.upto <= here);
        self.pending = waiting;
        for pending in reached {
            let columns = columns(&pending.map, pending.version.clone(), place);
            if columns.is_ok() {
                self.tracker.prove(&pending.table.name, pending.version);
            }
            settle(&pending.table, columns);
        }
    }
}

fn columns(map: &TableMap, version: Arc<TableVersion>, place: &Place) -> Result<Columns, Failure> {
    match RowLayout::build(map, &version) {
        Ok(layout) => Ok(Columns { version, layout: Arc::new(layout) }),
        Err(error) => Err(unproven(&version.name, place, &error.to_string())),
    }
}

fn settle(table: &MappedTable, columns: Result<Columns, Failure>) {
    table.columns.set(columns).expect("a mapping is settled once");
}

fn unproven(table: &TableName, place: &Place, reason: &str) -> Failure {
    Failure::new(
        Class::Data,
        format!(
            "at {place}: the columns of {table} are not proven: {reason}. Set `binlog_row_metadata` to FULL, so that the \
             log names them, or exclude the table"
        ),
    )
}
