//! The tables of a task: from a mapped table of the stream, or a loaded one, to its route.
//!
//! Guarantees: columns in use are stored with the first rows that are read by them; a topic's partition count is
//! pinned at the first row, and another count later is refused, because the hash would send keys elsewhere.

mod changes;
mod routes;

use super::beats::Beats;
use super::boundaries::Boundaries;
use super::letters::Letters;
use super::output::Output;
use crate::catalog::SourceCatalog;
use crate::checkpoint::{History, ParkRecord, StateRecord, TableRecord, TaskState};
use crate::kafka::TopicId;
use crate::mysql::binlog::layout::RowLayout;
use crate::mysql::ddl::Statement;
use crate::mysql::position::{Flavor, Position};
use crate::mysql::schema::{Followed, TableName, TableState, TableVersion};
use crate::plan::{Taken, TaskPlan};
use crate::route::{Salts, TableRoute, schemas};
use crate::run::failure::{Class, Failure};
use crate::run::ring::MappedTable;
use crate::statement::{OnError, Truncate};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// What a task does with a table.
pub(in crate::run::task) enum Slot {
    /// Its rows are sent.
    Live(Box<Live>),
    /// The plan does not select it.
    Unselected,
}

/// A table whose rows are sent.
pub(in crate::run::task) struct Live {
    /// Name of its topic.
    pub(in crate::run::task) topic: String,
    /// What becomes of rows that cannot be sent.
    pub(in crate::run::task) letters: Letters,
    /// Where to and how.
    pub(in crate::run::task) route: TableRoute,
    /// How its rows of the stream are read: what the route does not look at is passed over, and may be missing in the log.
    pub(in crate::run::task) layout: Option<Arc<RowLayout>>,
    /// Number of the source transaction that brought the last row.
    pub(in crate::run::task) transaction: u64,
    /// Rows that it has brought.
    pub(in crate::run::task) rows_in_it: u64,
    /// Number of the table within it.
    pub(in crate::run::task) counted: usize,
    /// Columns that tell rows apart: the primary key, or all that are read.
    pub(in crate::run::task) identity: Vec<usize>,
    /// Where source transactions have begun in its topic, for a format that tells.
    pub(in crate::run::task) boundaries: Option<Boundaries>,
    /// Places of text that had no meaning in their character set.
    broken_text: u64,
}

impl Live {
    /// Takes up the places of text that were sent as U+FFFD since the last call. Their number in this life, when it has come to
    /// one, ten, a hundred and so on, so that a table full of them is no log full of them.
    /// All of them are added to `counted`.
    pub(in crate::run::task) fn worth_telling(&mut self, counted: &mut u64) -> Option<u64> {
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
pub(in crate::run::task) struct Tables {
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
    pub(in crate::run::task) beats: Beats,
    /// Topics that get messages which are of no row, and what key these have.
    pub(in crate::run::task) rowless_keys: BTreeMap<TopicId, Option<Vec<u8>>>,
    /// Topics of former lives are among them.
    recalled: bool,
}

impl Tables {
    /// The tables of a life that begins with this state.
    pub(in crate::run::task) fn new(
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
            rowless_keys: BTreeMap::new(),
            recalled: false,
        }
    }

    /// Registers the schemas of the tables that are there, before anything is sent.
    ///
    /// # Errors
    /// When the registry cannot be used, or refuses a schema of a table that does not wait alone.
    pub(in crate::run::task) fn register(
        &self,
        catalog: &SourceCatalog,
        output: &mut Output,
    ) -> Result<(), Failure> {
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
    pub(in crate::run::task) fn selects(&self, name: &TableName) -> bool {
        if let Some(&selected) = self.selected.borrow().get(name) {
            return selected;
        }
        let selected = self.plan.selects(&name.db, &name.table);
        self.selected.borrow_mut().insert(name.clone(), selected);
        selected
    }

    /// True when a tool for online schema changes puts `other` in the place of `table`: its rows have been sent.
    pub(in crate::run::task) fn is_copy(&self, other: &TableName, table: &TableName) -> bool {
        other.db == table.db && self.plan.is_copy(&table.db, &other.table, &table.table)
    }

    /// True when rows of a table were sent, in this life or a former one.
    pub(in crate::run::task) fn has_sent(&self, name: &TableName) -> bool {
        self.pinned.contains_key(name)
    }

    /// True when the table's load has a record.
    pub(in crate::run::task) fn is_known(&self, name: &TableName) -> bool {
        self.known.contains(name)
    }

    /// The table's load has a record from now on.
    pub(in crate::run::task) fn learn(&mut self, name: &TableName) {
        self.known.insert(name.clone());
    }

    /// The table's load has no record any more.
    pub(in crate::run::task) fn forget(&mut self, name: &TableName) {
        self.known.remove(name);
    }

    /// The plan.
    pub(in crate::run::task) fn plan(&self) -> &Arc<TaskPlan> {
        &self.plan
    }

    /// What is known of a table before the open source transaction.
    pub(in crate::run::task) fn state(&self, name: &TableName) -> Option<&TableState> {
        self.history.newest(name).map(|newest| &newest.state)
    }

    /// True for a selected table of which nobody but the log of this process says that its rows came or went by `statement`.
    pub(in crate::run::task) fn tells_of_lost_rows(&self, name: &TableName, statement: &Statement) -> bool {
        let decided = self.plan.decide(&name.db, &name.table);
        decided.is_ok_and(|decision| {
            decision.is_some_and(|decision| {
                let sent = matches!(statement, Statement::Truncate(_)) || decision.ddl.is_some();
                decision.truncate != Truncate::Emit || !sent
            })
        })
    }

    /// As [`Tables::selects`], for a table of the stream.
    pub(in crate::run::task) fn is_selected(&self, table: &MappedTable) -> bool {
        match self.by_number.get(&table.number) {
            Some(Slot::Live(_)) => true,
            Some(Slot::Unselected) => false,
            None => self.selects(&table.name) && !self.parked.contains_key(&table.name),
        }
    }

    /// True for a table that waits when its rows cannot be read, while the others go on.
    pub(in crate::run::task) fn parks(&self, name: &TableName) -> bool {
        let decision = self.plan.decide(&name.db, &name.table);
        decision.is_ok_and(|decision| decision.is_some_and(|decision| decision.on_error == OnError::Park))
    }

    /// True for a table whose rows wait.
    pub(in crate::run::task) fn waits(&self, name: &TableName) -> bool {
        self.parked.contains_key(name)
    }

    /// Tables of the plan whose columns are not certain, and why.
    pub(in crate::run::task) fn suspect(&self) -> impl Iterator<Item = (&TableName, &str)> {
        let newest = self.history.all_newest().filter_map(|(table, record)| match &record.state {
            TableState::Suspect { reason, .. } => Some((table, &**reason)),
            TableState::Proven { .. } | TableState::Gone => None,
        });
        newest.filter(|(table, _)| self.selects(table))
    }

    /// The tables whose rows wait.
    pub(in crate::run::task) fn parked(&self) -> &BTreeMap<TableName, ParkRecord> {
        &self.parked
    }

    /// Lets the rows of a table wait from `position` on, `transaction` being the one behind it.
    pub(in crate::run::task) fn park(
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
    pub(in crate::run::task) fn of_topic(&self, topic: &str) -> Vec<String> {
        let tables = self.pinned.iter().filter(|(_, record)| record.topic == topic);
        tables.map(|(name, _)| name.to_string()).collect()
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
