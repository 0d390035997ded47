//! The tables of a task: from a mapped table of the stream, or a loaded one, to its route.
//!
//! Guarantees: columns in use are stored with the first rows that are read by them; a topic's partition count is
//! pinned at the first row, and another count later is refused, because the hash would send keys elsewhere.

use super::beats::Beats;
use super::letters::Letters;
use super::output::Output;
use crate::catalog::SourceCatalog;
use crate::check::NAMES_COLLIDE;
use crate::checkpoint::{
    DatabaseRecord, History, ParkRecord, SchemaRecord, SnapRecord, StateKey, StateRecord, TableRecord,
    TaskState,
};
use crate::format::{fixed_schema, heartbeat_every_ms};
use crate::mysql::binlog::layout::RowLayout;
use crate::mysql::ddl::Statement;
use crate::mysql::position::{Flavor, Position};
use crate::mysql::schema::{DatabaseChange, Followed, TableChange, TableName, TableState, TableVersion};
use crate::plan::{Taken, TaskPlan};
use crate::route::{Envelope, Salts, TableRoute, schemas};
use crate::run::event::{Event, Name};
use crate::run::failure::{Class, Failure};
use crate::run::precheck::repartitioned;
use crate::run::ring::{Columns, MappedTable};
use crate::statement::{OnError, Truncate};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// What a task does with a table.
pub(super) enum Slot {
    /// Its rows are sent.
    Live(Box<Live>),
    /// The plan does not select it.
    Unselected,
}

/// A table whose rows are sent.
pub(super) struct Live {
    /// Name of its topic.
    pub(super) topic: String,
    /// What becomes of rows that cannot be sent.
    pub(super) letters: Letters,
    /// Where to and how.
    pub(super) route: TableRoute,
    /// How its rows of the stream are read: what the route does not look at is passed over, and may be missing in the log.
    pub(super) layout: Option<Arc<RowLayout>>,
    /// Number of the source transaction that brought the last row.
    pub(super) transaction: u64,
    /// Rows that it has brought.
    pub(super) rows_in_it: u64,
    /// Number of the table within it.
    pub(super) counted: usize,
    /// Columns that tell rows apart: the primary key, or all that are read.
    pub(super) identity: Vec<usize>,
    /// Places of text that had no meaning in their character set.
    broken_text: u64,
}

impl Live {
    /// Takes up the places of text that were sent as U+FFFD since the last call. Their number in this life, when it has come to
    /// one, ten, a hundred and so on, so that a table full of them is no log full of them.
    /// All of them are added to `counted`.
    pub(super) fn worth_telling(&mut self, counted: &mut u64) -> Option<u64> {
        let found = self.route.take_broken_text();
        *counted += found;
        if found == 0 {
            return None;
        }
        let before = self.broken_text;
        self.broken_text += found;
        (self.broken_text.checked_ilog10() != before.checked_ilog10()).then_some(self.broken_text)
    }
}

/// All tables a life has met.
pub(super) struct Tables {
    plan: Arc<TaskPlan>,
    /// Of the masks of the plan.
    salts: Arc<Salts>,
    /// Family of the source.
    flavor: Flavor,
    /// By the number of the mapping; the newest of each table only, as every file of the log maps all of them anew.
    by_number: HashMap<u32, Slot>,
    numbers: HashMap<TableName, u32>,
    loaded: HashMap<TableName, (Arc<TableVersion>, Slot)>,
    /// Where rows of tables go that have no route.
    unrouted: HashMap<TableName, Letters>,
    /// Whether the plan selects a table, asked once each.
    selected: RefCell<HashMap<TableName, bool>>,
    /// What is known of tables, as stored in the state or about to be.
    history: History,
    /// What the open source transaction has changed of it, and by which statement: it holds from its end on.
    changed: Vec<(Followed, Arc<str>)>,
    /// The oldest position from which anything is still to be read; none: that of the task.
    needed: Option<Position>,
    /// Topics and partition counts as stored in the state.
    pinned: BTreeMap<TableName, TableRecord>,
    /// Names and topics of the tables that are sent; none: nobody has asked yet.
    taken: Option<Taken>,
    /// Tables whose load has a record.
    known: HashSet<TableName>,
    /// Tables whose rows wait.
    parked: BTreeMap<TableName, ParkRecord>,
    /// Topics that get messages when they are idle.
    pub(super) beats: Beats,
    /// Topics of former lives are among them.
    recalled: bool,
}

impl Tables {
    /// The tables of a life that begins with this state.
    pub(super) fn new(
        plan: Arc<TaskPlan>,
        salts: Arc<Salts>,
        flavor: Flavor,
        history: History,
        state: &TaskState,
        known: HashSet<TableName>,
    ) -> Tables {
        let selected = |name: &TableName| plan.selects(&name.db, &name.table);
        let parked = state.parked.iter().filter(|(name, _)| selected(name));
        let parked = parked.map(|(name, record)| (name.clone(), record.clone())).collect();
        Tables {
            plan,
            salts,
            flavor,
            by_number: HashMap::new(),
            numbers: HashMap::new(),
            loaded: HashMap::new(),
            unrouted: HashMap::new(),
            selected: RefCell::default(),
            history,
            changed: Vec::new(),
            needed: oldest(&parked),
            pinned: state.tables.clone(),
            taken: None,
            known,
            parked,
            beats: Beats::default(),
            recalled: false,
        }
    }

    /// Registers the schemas of the tables that are there, before anything is sent.
    ///
    /// # Errors
    /// When the registry cannot be used, or refuses a schema of a table that does not wait alone.
    pub(super) fn register(&self, catalog: &SourceCatalog, output: &mut Output) -> Result<(), Failure> {
        for table in catalog.tables.iter().filter(|table| table.kind.has_rows()) {
            let name = &table.version.name;
            let Ok(Some(decision)) = self.plan.decide(&name.db, &name.table) else { continue };
            // A table that cannot be routed fails with its first row, where it can be told.
            let version = Arc::new(table.version.clone());
            let wanted = schemas(&decision, &version, &self.plan.id, &self.salts, self.flavor);
            match output.schemas(name, &wanted.unwrap_or_default(), self.flavor) {
                Err(failure) if failure.class == Class::Data && self.parks(name) => {}
                registered => drop(registered?),
            }
        }
        Ok(())
    }

    /// True when the plan selects a table.
    pub(super) fn selects(&self, name: &TableName) -> bool {
        if let Some(&selected) = self.selected.borrow().get(name) {
            return selected;
        }
        let selected = self.plan.selects(&name.db, &name.table);
        self.selected.borrow_mut().insert(name.clone(), selected);
        selected
    }

    /// True when a tool for online schema changes puts `other` in the place of `table`: its rows have been sent.
    pub(super) fn is_copy(&self, other: &TableName, table: &TableName) -> bool {
        other.db == table.db && self.plan.is_copy(&table.db, &other.table, &table.table)
    }

    /// True when rows of a table were sent, in this life or a former one.
    pub(super) fn has_sent(&self, name: &TableName) -> bool {
        self.pinned.contains_key(name)
    }

    /// The table's load has a record from now on.
    pub(super) fn learn(&mut self, name: &TableName) {
        self.known.insert(name.clone());
    }

    /// The table's load has no record any more.
    pub(super) fn forget(&mut self, name: &TableName) {
        self.known.remove(name);
    }

    /// The plan.
    pub(super) fn plan(&self) -> &Arc<TaskPlan> {
        &self.plan
    }

    /// What is known of a table before the open source transaction.
    pub(super) fn state(&self, name: &TableName) -> Option<&TableState> {
        self.history.newest(name).map(|newest| &newest.state)
    }

    /// True for a selected table of which nobody but the log of this process says that its rows came or went by `statement`.
    pub(super) fn tells_of_lost_rows(&self, name: &TableName, statement: &Statement) -> bool {
        let decided = self.plan.decide(&name.db, &name.table);
        decided.is_ok_and(|decision| {
            decision.is_some_and(|decision| {
                let sent = matches!(statement, Statement::Truncate(_)) || decision.ddl.is_some();
                decision.truncate != Truncate::Emit || !sent
            })
        })
    }

    /// The number that a table's columns have behind a statement which is not taken up yet.
    pub(super) fn number_behind(&self, followed: &Followed, name: &TableName) -> Option<u32> {
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
    pub(super) fn define(&mut self, followed: &Followed, statement: &Arc<str>) {
        if *followed != Followed::default() {
            self.changed.push((followed.clone(), statement.clone()));
        }
    }

    /// A source transaction ended at `position`: what its statements changed holds from here on. True when anything waits
    /// to be stored.
    pub(super) fn ended(&mut self, position: &Position, output: &mut Output) -> bool {
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
    fn know(
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

    /// As [`Tables::selects`], for a table of the stream.
    pub(super) fn is_selected(&self, table: &MappedTable) -> bool {
        match self.by_number.get(&table.number) {
            Some(Slot::Live(_)) => true,
            Some(Slot::Unselected) => false,
            None => self.selects(&table.name) && !self.parked.contains_key(&table.name),
        }
    }

    /// True for a table that waits when its rows cannot be read, while the others go on.
    pub(super) fn parks(&self, name: &TableName) -> bool {
        let decision = self.plan.decide(&name.db, &name.table);
        decision.is_ok_and(|decision| decision.is_some_and(|decision| decision.on_error == OnError::Park))
    }

    /// Where rows of a table go that cannot be read; none where nothing says so.
    pub(super) fn letters(
        &mut self,
        name: &TableName,
        output: &mut Output,
    ) -> Result<Option<&mut Letters>, Failure> {
        if !self.unrouted.contains_key(name) {
            let decision = self.plan.decide(&name.db, &name.table);
            let Ok(Some(decision)) = decision else { return Ok(None) };
            if !matches!(decision.on_error, OnError::DeadLetter(_)) {
                return Ok(None);
            }
            let letters = Letters::open(&self.plan, name, &decision, output)?;
            self.unrouted.insert(name.clone(), letters);
        }
        Ok(self.unrouted.get_mut(name))
    }

    /// Whether rows of a table with these columns can be sent.
    pub(super) fn fits(&mut self, version: &Arc<TableVersion>, output: &mut Output) -> Result<(), Failure> {
        self.make(version, output).map(drop)
    }

    /// True for a table whose rows wait.
    pub(super) fn waits(&self, name: &TableName) -> bool {
        self.parked.contains_key(name)
    }

    /// The tables whose rows wait.
    pub(super) fn parked(&self) -> &BTreeMap<TableName, ParkRecord> {
        &self.parked
    }

    /// Lets the rows of a table wait from `position` on, `transaction` being the one behind it.
    pub(super) fn park(
        &mut self,
        name: &TableName,
        position: &Position,
        transaction: u64,
        reason: String,
        output: &mut Output,
    ) {
        let slot = self.numbers.remove(name).and_then(|number| self.by_number.remove(&number));
        let rows_sent = match slot {
            Some(Slot::Live(live)) if live.transaction == transaction => live.rows_in_it,
            Some(Slot::Live(_) | Slot::Unselected) | None => 0,
        };
        let record = ParkRecord { position: position.clone(), rows_sent, reason };
        output.store(StateRecord::Park(name.clone(), record.clone()));
        self.parked.insert(name.clone(), record);
        self.needed = oldest(&self.parked);
    }

    /// Names of the tables whose rows go to a topic.
    pub(super) fn of_topic(&self, topic: &str) -> Vec<String> {
        let tables = self.pinned.iter().filter(|(_, record)| record.topic == topic);
        tables.map(|(name, _)| name.to_string()).collect()
    }

    /// Topics that tables had in former lives get their messages although no row of this life went there.
    pub(super) fn recall_topics(&mut self, output: &mut Output) -> Result<(), Failure> {
        if std::mem::replace(&mut self.recalled, true) {
            return Ok(());
        }
        for name in self.pinned.keys() {
            // A table that cannot be decided fails with its next row, where it can be told.
            if let Ok(Some(decision)) = self.plan.decide(&name.db, &name.table)
                && heartbeat_every_ms(&decision.format).is_some()
            {
                let (topic, _) = output.topic(&decision.topic, &decision.topic_settings)?;
                output.decode(&decision.topic, fixed_schema(&decision.format))?;
                self.beats.watch(topic, &decision.format);
            }
        }
        Ok(())
    }

    /// The slot of a table of the stream; `since` is the place its columns are valid from, when they are new.
    pub(super) fn slot(
        &mut self,
        number: u32,
        Columns { version, definition, layout }: &Columns,
        output: &mut Output,
        since: &Position,
    ) -> Result<&mut Slot, Failure> {
        if !self.by_number.contains_key(&number) {
            let mut slot = self.make(version, output)?;
            if let Slot::Live(live) = &mut slot {
                let used: Vec<usize> = live.route.used().iter().copied().chain(version.row_end()).collect();
                live.layout = Some(Arc::new((**layout).clone().only(&used)));
            }
            // What the stream found without a statement: by the names in the log, or read again.
            let known = self.history.newest(&version.name).map(|newest| &newest.state);
            if matches!(slot, Slot::Live(_)) && known.and_then(TableState::proven) != Some(version) {
                let state = TableState::Proven { columns: version.clone(), definition: definition.clone() };
                self.know(&version.name, state, None, since, output);
            }
            // A table that appears in the stream without a record was created there: no row existed before.
            if matches!(slot, Slot::Live(_)) && self.known.insert(version.name.clone()) {
                output.store(StateRecord::Snap(version.name.clone(), SnapRecord::none_needed()));
            }
            let slot = self.numbered(slot, &version.name);
            if let Some(before) = self.numbers.insert(version.name.clone(), number) {
                self.by_number.remove(&before);
            }
            self.by_number.insert(number, slot);
        }
        Ok(self.by_number.get_mut(&number).expect("made above"))
    }

    /// The slot of a table being loaded.
    pub(super) fn loading_slot(
        &mut self,
        version: &Arc<TableVersion>,
        output: &mut Output,
        since: &Position,
    ) -> Result<&mut Slot, Failure> {
        let name = &version.name;
        let current = self.loaded.get(name).is_some_and(|(known, _)| Arc::ptr_eq(known, version));
        if !current {
            let slot = self.make(version, output)?;
            // What the stream says of the table counts more: the two may word an attribute differently.
            if matches!(slot, Slot::Live(_)) && self.history.newest(name).is_none() {
                let state = TableState::Proven { columns: version.clone(), definition: None };
                self.know(name, state, None, since, output);
            }
            let slot = self.numbered(slot, name);
            self.loaded.insert(name.clone(), (version.clone(), slot));
        }
        Ok(&mut self.loaded.get_mut(name).expect("made above").1)
    }

    /// The slot, whose records say which version of the columns they have.
    fn numbered(&self, mut slot: Slot, name: &TableName) -> Slot {
        if let Slot::Live(live) = &mut slot {
            live.route.envelope().set_schema(self.history.number(name).unwrap_or(0));
        }
        slot
    }

    /// Refuses a table that comes to the name or the topic of another one without being meant to.
    fn take_place(&mut self, name: &TableName) -> Result<(), Failure> {
        let history = &self.history;
        let is_gone = |other: &TableName| {
            history.newest(other).is_some_and(|newest| matches!(newest.state, TableState::Gone))
        };
        let taken = self.taken.get_or_insert_with(|| {
            let mut taken = Taken::default();
            for other in self.pinned.keys() {
                // What these share they had before; who has no name any more fails with its next row.
                let _ = taken.take(&self.plan, other, is_gone);
            }
            taken
        });
        let taken = taken.take(&self.plan, name, is_gone);
        match taken.map_err(|error| Failure::new(Class::Data, format!("table {name}: {error}")))? {
            None => Ok(()),
            Some(collision) => {
                let text =
                    format!("{} {}: table {name}: {collision}", NAMES_COLLIDE.number, NAMES_COLLIDE.name);
                Err(Failure { code: Some(NAMES_COLLIDE), ..Failure::new(Class::Data, text) })
            }
        }
    }

    fn make(&mut self, version: &Arc<TableVersion>, output: &mut Output) -> Result<Slot, Failure> {
        let name = &version.name;
        let refused =
            |what: &dyn std::fmt::Display| Failure::new(Class::Data, format!("table {name}: {what}"));
        let Some(decision) = self.plan.decide(&name.db, &name.table).map_err(|error| refused(&error))? else {
            return Ok(Slot::Unselected);
        };
        self.take_place(name)?;
        let (topic, partitions) = output.topic(&decision.topic, &decision.topic_settings)?;
        output.decode(&decision.topic, fixed_schema(&decision.format))?;
        self.beats.watch(topic, &decision.format);
        let record = TableRecord { topic: decision.topic.to_string(), partitions: partitions.get() };
        let pinned = self.pinned.get(name);
        if let Some(pinned) = pinned.filter(|pinned| pinned.topic == record.topic)
            && let Some(failure) = repartitioned(&record.topic, record.partitions, pinned.partitions)
        {
            return Err(failure);
        }
        if pinned != Some(&record) {
            self.pinned.insert(name.clone(), record.clone());
            output.store(StateRecord::Table(name.clone(), record));
        }
        let wanted = schemas(&decision, version, &self.plan.id, &self.salts, self.flavor)
            .map_err(|error| refused(&error))?;
        let registered = output.schemas(name, &wanted, self.flavor)?;
        let (task, salts) = (&self.plan.id, &self.salts);
        let route = TableRoute::build(&decision, version, topic, partitions, task, salts, registered)
            .map_err(|error| refused(&error))?
            .with_envelope(Envelope::new(&decision.headers, self.plan.stream.timestamp));
        let identity = match version.primary_key.is_empty() {
            // Others need not be read.
            true => route.used().to_vec(),
            false => version.primary_key.clone(),
        };
        let letters = Letters::open(&self.plan, name, &decision, output)?;
        Ok(Slot::Live(Box::new(Live {
            topic: decision.topic.to_string(),
            letters,
            route,
            layout: None,
            transaction: 0,
            rows_in_it: 0,
            counted: 0,
            identity,
            broken_text: 0,
        })))
    }
}

/// The oldest position at which a table waits. Places on different servers cannot be compared; then it is the first in the
/// order of names, and versions that are behind it by their server are kept anyway.
fn oldest(parked: &BTreeMap<TableName, ParkRecord>) -> Option<Position> {
    let older = |a: &Position, b: &Position| a.server == b.server && a.file < b.file;
    parked
        .values()
        .map(|record| &record.position)
        .fold(None, |oldest: Option<&Position>, one| match oldest {
            Some(oldest) if !older(one, oldest) => Some(oldest),
            Some(_) | None => Some(one),
        })
        .cloned()
}
