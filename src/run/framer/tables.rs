//! The tables of one stream: what their ids stand for, and the columns of their rows once they are proven.
//!
//! Guarantees: rows of a table reach a task only with columns that were proven; what waits for its proof is settled once,
//! whatever comes.
//! Does not: know transactions or tasks.

use super::audit::Audit;
use crate::catalog::TableFacts;
use crate::mysql::binlog::control::FormatDescription;
use crate::mysql::binlog::layout::{LayoutError, RowLayout};
use crate::mysql::binlog::query::Session;
use crate::mysql::binlog::table_map::{TableMap, table_id};
use crate::mysql::ddl::{DdlEffect, Statement};
use crate::mysql::ident::TableNameCase;
use crate::mysql::position::{BinlogPosition, Flavor};
use crate::mysql::schema::model::Table;
use crate::mysql::schema::{
    Doubt, Followed, Resolution, TableChange, TableName, TableState, TableVersion, Tracker,
};
use crate::run::failure::{Class, Failure};
use crate::run::place::Place;
use crate::run::ring::{Columns, MappedTable};
use crate::source::mysql::io::Fenced;
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, OnceLock};

/// What a stream asks its server beside reading the log.
pub(in crate::run) struct Asks {
    /// Reads one table as the server has it now.
    pub(in crate::run) reread: Box<Reread>,
    /// Statements about definitions between two places of the log; none when nobody wants to know any more.
    pub(in crate::run) ahead: Box<Ahead>,
}

/// Columns of a table that people gave, from a place on.
pub(in crate::run) struct Given {
    /// Which.
    pub(in crate::run) table: TableName,
    /// From there on.
    pub(in crate::run) at: BinlogPosition,
    /// The columns.
    pub(in crate::run) columns: Arc<TableVersion>,
    /// What statements go on from.
    pub(in crate::run) definition: Option<Arc<Table>>,
}

type Reread = dyn FnMut(&TableName) -> Result<Fenced, Failure> + Send;

type Ahead = dyn FnMut(&BinlogPosition, &BinlogPosition) -> Result<Option<Vec<DdlEffect>>, Failure> + Send;

/// Tells which tables some task selects.
pub(in crate::run) type Wanted = Arc<dyn Fn(&TableName) -> bool + Send + Sync>;

/// Tables between two events of their stream.
pub(super) struct StreamTables {
    flavor: Flavor,
    /// The log is of MySQL before 8.0.
    before_8: bool,
    /// The log is of a server that tells the signs of YEAR columns with those of numbers.
    signs_of_years: bool,
    ids: HashMap<u64, Mapping>,
    n_mapped: u32,
    tracker: Tracker,
    pub(super) wanted: Wanted,
    pub(super) asks: Asks,
    /// What people gave, for places that are yet to come.
    pub(super) given: Vec<Given>,
    pending: Vec<Pending>,
    audit: Audit,
    /// Tables that have columns by a statement, and had no rows since.
    changed: HashSet<TableName>,
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
    definition: Option<Arc<Table>>,
    upto: BinlogPosition,
    /// Why it was read again.
    doubt: Doubt,
}

impl StreamTables {
    /// Those of a stream about to begin, with what is known of tables in `tracker`.
    pub(super) fn new(flavor: Flavor, tracker: Tracker, wanted: Wanted, asks: Asks) -> StreamTables {
        StreamTables {
            flavor,
            before_8: false,
            signs_of_years: true,
            ids: HashMap::new(),
            n_mapped: 0,
            tracker,
            wanted,
            asks,
            given: Vec::new(),
            pending: Vec::new(),
            audit: Audit::default(),
            changed: HashSet::new(),
        }
    }

    /// How the server compares names.
    pub(super) fn case(&self) -> TableNameCase {
        self.tracker.case()
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

    /// Learns which server wrote what follows.
    pub(super) fn written_by(&mut self, description: &FormatDescription) {
        self.before_8 = description.is_mysql_before((8, 0, 0));
        // 8.0.20 tells none, 8.0.29 tells them; that those between them do is assumed
        self.signs_of_years = !description.is_mysql_before((8, 0, 21));
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
            Some(Mapping::Wanted { body: known, table })
                if known == body && !self.given.iter().any(|given| given.table == table.name) =>
            {
                return Ok(());
            }
            Some(Mapping::Unwanted) => return Ok(()),
            Some(Mapping::Wanted { .. }) | None => {}
        }
        let map = match self.signs_of_years {
            true => TableMap::parse(body, self.flavor),
            false => TableMap::parse_without_signs_of_years(body),
        };
        let map = map.map_err(|error| broken(&error))?;
        let name = TableName::new(&map.db, &map.table);
        if !self.wants(&name) {
            self.ids.insert(id, Mapping::Unwanted);
            return Ok(());
        }
        self.take_given(&name, place);
        if self.changed.remove(&name) && !map.named {
            self.audit.order(&name);
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

    /// The stream has come to where people gave a table's columns.
    fn take_given(&mut self, name: &TableName, place: &Place) {
        if self.given.is_empty() {
            return;
        }
        let here = place.position();
        let (reached, waiting): (Vec<_>, Vec<_>) = std::mem::take(&mut self.given)
            .into_iter()
            .partition(|given| given.table == *name && given.at <= here);
        self.given = waiting;
        for Given { table, columns, definition, .. } in reached {
            self.tracker.prove(&table, columns, definition);
        }
    }

    /// Finds the columns of a new mapping, or reads them again and waits for the proof.
    fn resolve(
        &mut self,
        table: &Arc<MappedTable>,
        map: TableMap,
        place: &Place,
    ) -> Result<Resolved, Failure> {
        let version = match self.tracker.on_table_map(&map) {
            Resolution::Known(version) | Resolution::Changed(version) => version,
            Resolution::NoTable => return Ok(Resolved::Ignored),
            Resolution::NeedsRefresh => {
                // The event names the columns; only attributes are wanted, none of which can put a value under a wrong name.
                let Fenced { table: found, definition, .. } = (self.asks.reread)(&table.name)?;
                if found.as_ref().is_some_and(|found| !found.kind.has_rows()) {
                    return Ok(Resolved::Ignored);
                }
                if found.as_ref().is_some_and(TableFacts::has_own_life) {
                    settle(table, Err(own_life(&table.name, place)));
                    return Ok(Resolved::Table);
                }
                match self.tracker.refresh(&map, found.as_ref().map(|found| &found.version), definition) {
                    Ok(version) => version,
                    Err(doubt) => {
                        settle(table, Err(self.unproven(&table.name, &map, place, &doubt.to_string())));
                        return Ok(Resolved::Table);
                    }
                }
            }
            Resolution::Unproven(doubt) => {
                let Fenced { table: found, definition, upto } = (self.asks.reread)(&table.name)?;
                match found {
                    Some(found) if !found.kind.has_rows() => return Ok(Resolved::Ignored),
                    Some(found) if found.has_own_life() => settle(table, Err(own_life(&table.name, place))),
                    Some(found) => {
                        let (table, version) = (table.clone(), Arc::new(found.version));
                        self.pending.push(Pending { table, map, version, definition, upto, doubt });
                    }
                    None => {
                        let reason = format!("{doubt}, and there is no such table any more");
                        settle(table, Err(self.unproven(&table.name, &map, place, &reason)));
                    }
                }
                return Ok(Resolved::Table);
            }
        };
        let definition = self.tracker.definition(&table.name).cloned();
        if definition.as_ref().is_some_and(|definition| definition.has_own_life()) {
            settle(table, Err(own_life(&table.name, place)));
            return Ok(Resolved::Table);
        }
        let columns = self
            .columns(&map, version, definition)
            .map_err(|error| self.unproven(&table.name, &map, place, &error.to_string()));
        settle(table, columns);
        Ok(Resolved::Table)
    }

    /// Follows a statement that may have changed definitions.
    pub(super) fn defined(
        &mut self,
        statement: &Statement,
        session: &Session,
        shown: &str,
        place: &Place,
    ) -> Followed {
        let effect = statement.effect();
        for pending in std::mem::take(&mut self.pending) {
            if effect.may_touch(&pending.table.name) {
                self.give_up(
                    &pending,
                    &format!("and another statement followed before they could be read: {shown}"),
                    place,
                );
            } else {
                self.pending.push(pending);
            }
        }
        self.audit.touched(&effect);
        let followed = self.tracker.follow(statement, session, shown);
        for TableChange { table, state } in &followed.tables {
            if matches!(state, TableState::Proven { .. }) && self.wants(table) {
                self.changed.insert(table.clone());
            }
        }
        // Whatever was mapped before is mapped anew behind the statement.
        self.ids.clear();
        followed
    }

    /// Nothing more is to be read at the moment: reads again what is to be compared.
    ///
    /// # Errors
    /// The server could not be asked.
    pub(super) fn caught_up(&mut self) -> Result<(), Failure> {
        for table in self.audit.due() {
            let found = (self.asks.reread)(&table)?;
            self.audit.read(table, found);
        }
        Ok(())
    }

    /// Compares what was read again with what is known, where the stream has come to it.
    ///
    /// # Errors
    /// A table has other columns than the statements say; rows may have been sent under wrong names since.
    pub(super) fn settle_audit(&mut self, place: &Place) -> Result<(), Failure> {
        let differing = self.audit.compare(&place.position(), |table| self.tracker.state(table));
        let Some((table, what)) = differing else { return Ok(()) };
        Err(Failure::new(
            Class::Data,
            format!(
                "at {place}: the columns of {table} are not what they should be: {what}. A statement was followed wrongly, or not \
                 logged, and rows may have been sent under wrong names since. Load the table anew: take it out of the pipeline and \
                 put it back; `binlog_row_metadata` FULL lets the log name columns from then on"
            ),
        ))
    }

    /// True while a table waits for the stream to reach its proof.
    pub(super) fn wait_for_proof(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Settles the proofs that are still awaited by the statements between `from` and the places up to which they hold.
    pub(super) fn look_ahead(&mut self, from: &BinlogPosition, place: &Place) -> Result<(), Failure> {
        let Some(upto) = self.pending.iter().map(|pending| &pending.upto).max().cloned() else {
            return Ok(());
        };
        let Some(effects) = (self.asks.ahead)(from, &upto)? else { return Ok(()) };
        let (touched, proven): (Vec<_>, Vec<_>) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition(|pending| effects.iter().any(|effect| effect.may_touch(&pending.table.name)));
        for pending in touched {
            self.give_up(&pending, "and another statement follows before they could be read", place);
        }
        proven.into_iter().for_each(|pending| self.prove(pending, place));
        Ok(())
    }

    fn give_up(&self, pending: &Pending, why: &str, place: &Place) {
        let reason = format!("{}, {why}", pending.doubt);
        settle(&pending.table, Err(self.unproven(&pending.table.name, &pending.map, place, &reason)));
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
        reached.into_iter().for_each(|pending| self.prove(pending, place));
    }

    /// No statement lies between the stream and the place up to which the columns hold.
    fn prove(&mut self, pending: Pending, place: &Place) {
        let Pending { table, map, version, definition, doubt, .. } = pending;
        let columns = match self.columns(&map, version.clone(), definition.clone()) {
            Ok(columns) => {
                self.tracker.prove(&table.name, version, definition);
                Ok(columns)
            }
            Err(error) => {
                let reason = format!("{doubt}, and the server has other columns by now: {error}");
                Err(self.unproven(&table.name, &map, place, &reason))
            }
        };
        settle(&table, columns);
    }

    /// Why rows of a table cannot be read, with what the log and we know of its columns, and what can be done.
    fn unproven(&self, table: &TableName, map: &TableMap, place: &Place, reason: &str) -> Failure {
        let known = match self.tracker.known(table) {
            Some(version) => {
                let columns =
                    version.columns.iter().map(|column| format!("{} {}", column.name, column.declared));
                columns.collect::<Vec<_>>().join(", ")
            }
            None => "nothing".to_owned(),
        };
        let logged = map.columns.iter().map(|column| match &column.name {
            Some(name) => format!("{name} {}", column.wire),
            None => column.wire.to_string(),
        });
        let logged = logged.collect::<Vec<_>>().join(", ");
        Failure::new(
            Class::Data,
            format!(
                "at {place}: the columns of {table} are not proven: {reason}. The log has ({logged}); known is ({known}). Leave the \
                 table out, give the columns with `syncc schema set`, or let it wait with `on-error park` until `syncc resume` loads it anew. With \
                 `binlog_row_metadata` FULL the log names columns from then on"
            ),
        )
    }

    fn columns(
        &self,
        map: &TableMap,
        version: Arc<TableVersion>,
        definition: Option<Arc<Table>>,
    ) -> Result<Columns, LayoutError> {
        let layout = RowLayout::build(map, &version)?;
        let layout = if self.before_8 { layout.before_8() } else { layout };
        Ok(Columns { version, definition, layout: Arc::new(layout) })
    }
}

/// Why rows of a table are not read whose history is told from its rows by columns of its own.
fn own_life(table: &TableName, place: &Place) -> Failure {
    Failure::new(
        Class::Data,
        format!(
            "at {place}: {table} has system versioning with columns of its own for start and end of a row: its history cannot be \
             told from its rows. Leave the table out, or let it wait with `on-error park`"
        ),
    )
}

fn settle(table: &MappedTable, columns: Result<Columns, Failure>) {
    table.columns.set(columns).expect("a mapping is settled once");
}
