//! The tables of a task: from a mapped table of the stream, or a loaded one, to its route.
//!
//! Guarantees: columns in use are stored with the first rows that are read by them; a topic's partition count is
//! pinned at the first row, and another count later is refused, because the hash would send keys elsewhere.

use super::output::Output;
use crate::checkpoint::{SchemaRecord, SnapRecord, SnapState, StateKey, StateRecord, TableRecord};
use crate::mysql::ddl::DdlEffect;
use crate::mysql::position::Position;
use crate::mysql::schema::{TableName, TableVersion};
use crate::plan::TaskPlan;
use crate::route::{Salts, TableRoute};
use crate::run::event::{Event, Name};
use crate::run::failure::{Class, Failure};
use crate::run::ring::MappedTable;
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
    /// Where to and how.
    pub(super) route: TableRoute,
    /// Places of text that had no meaning in their character set.
    broken_text: u64,
}

impl Live {
    /// Takes up the places of text that were sent as U+FFFD since the last call. Their number in this life, when it has come to
    /// one, ten, a hundred and so on, so that a table full of them is no log full of them.
    pub(super) fn worth_telling(&mut self) -> Option<u64> {
        let found = self.route.take_broken_text();
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
    salts: Salts,
    /// By the number of the mapping; the newest of each table only, as every file of the log maps all of them anew.
    by_number: HashMap<u32, Slot>,
    numbers: HashMap<TableName, u32>,
    loaded: HashMap<TableName, (Arc<TableVersion>, Slot)>,
    /// Whether the plan selects a table, asked once each.
    selected: RefCell<HashMap<TableName, bool>>,
    /// Columns as stored in the state, or as they were last.
    stored: BTreeMap<TableName, TableVersion>,
    /// Tables of `stored` that a statement may have changed since: the state has no record of them.
    doubted: HashSet<TableName>,
    /// Topics and partition counts as stored in the state.
    pinned: BTreeMap<TableName, TableRecord>,
    /// Tables whose load has a record.
    known: HashSet<TableName>,
}

impl Tables {
    /// The tables of a life that begins with this state.
    pub(super) fn new(
        plan: Arc<TaskPlan>,
        salts: Salts,
        stored: BTreeMap<TableName, TableVersion>,
        pinned: BTreeMap<TableName, TableRecord>,
        known: HashSet<TableName>,
    ) -> Tables {
        Tables {
            plan,
            salts,
            by_number: HashMap::new(),
            numbers: HashMap::new(),
            loaded: HashMap::new(),
            selected: RefCell::default(),
            stored,
            doubted: HashSet::new(),
            pinned,
            known,
        }
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

    /// The table's load has a record from now on.
    pub(super) fn learn(&mut self, name: &TableName) {
        self.known.insert(name.clone());
    }

    /// A statement may have changed columns: those of the state prove nothing from here on, not even to the next life.
    pub(super) fn forget_columns(&mut self, effect: &DdlEffect, output: &mut Output) {
        if !effect.defines() {
            return;
        }
        for name in self.stored.keys().filter(|name| effect.may_touch(name)) {
            if self.doubted.insert(name.clone()) {
                output.remove(StateKey::Schema(name.clone()));
            }
        }
    }

    /// As [`Tables::selects`], for a table of the stream.
    pub(super) fn is_selected(&self, table: &MappedTable) -> bool {
        match self.by_number.get(&table.number) {
            Some(Slot::Live(_)) => true,
            Some(Slot::Unselected) => false,
            None => self.selects(&table.name),
        }
    }

    /// Names of the tables whose rows go to a topic.
    pub(super) fn of_topic(&self, topic: &str) -> Vec<String> {
        let tables = self.pinned.iter().filter(|(_, record)| record.topic == topic);
        tables.map(|(name, _)| name.to_string()).collect()
    }

    /// The slot of a table of the stream; `since` is the place its columns are valid from, when they are new.
    pub(super) fn slot(
        &mut self,
        number: u32,
        version: &Arc<TableVersion>,
        output: &mut Output,
        since: &Position,
    ) -> Result<&mut Slot, Failure> {
        if !self.by_number.contains_key(&number) {
            let slot = self.make(version, output, since)?;
            // A table that appears in the stream without a record was created there: no row existed before.
            if matches!(slot, Slot::Live(_)) && self.known.insert(version.name.clone()) {
                let record = SnapRecord {
                    snapshot: String::new(),
                    state: SnapState::Done,
                    key: Vec::new(),
                    max: None,
                    rows: 0,
                };
                output.store(StateRecord::Snap(version.name.clone(), record));
            }
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
            let slot = self.make(version, output, since)?;
            self.loaded.insert(name.clone(), (version.clone(), slot));
        }
        Ok(&mut self.loaded.get_mut(name).expect("made above").1)
    }

    fn make(
        &mut self,
        version: &Arc<TableVersion>,
        output: &mut Output,
        since: &Position,
    ) -> Result<Slot, Failure> {
        let name = &version.name;
        let refused =
            |what: &dyn std::fmt::Display| Failure::new(Class::Data, format!("table {name}: {what}"));
        let Some(decision) = self.plan.decide(&name.db, &name.table).map_err(|error| refused(&error))? else {
            return Ok(Slot::Unselected);
        };
        let (topic, partitions) = output.topic(&decision.topic, &decision.topic_settings)?;
        let record = TableRecord { topic: decision.topic.to_string(), partitions: partitions.get() };
        match self.pinned.get(name) {
            Some(pinned) if pinned.topic == record.topic && pinned.partitions != record.partitions => {
                return Err(refused(&format!(
                    "topic {} has {} partitions now and had {}; hashing keys by another number would break their \
                     order. Use another topic",
                    record.topic, record.partitions, pinned.partitions
                )));
            }
            Some(pinned) if *pinned == record => {}
            Some(_) | None => {
                self.pinned.insert(name.clone(), record.clone());
                output.store(StateRecord::Table(name.clone(), record));
            }
        }
        let before = self.stored.get(name);
        let same = before == Some(&**version);
        if self.doubted.remove(name) || !same {
            if before.is_some() && !same {
                Event::info(Name::SchemaChanged, format!("{name} has other columns now"))
                    .task(&self.plan.id)
                    .emit();
            }
            self.stored.insert(name.clone(), (**version).clone());
            let schema = SchemaRecord { since: since.clone(), table: (**version).clone() };
            output.store(StateRecord::Schema(name.clone(), schema));
        }
        let route = TableRoute::build(&decision, version, topic, partitions, &self.plan.id, &self.salts)
            .map_err(|error| refused(&error))?;
        Ok(Slot::Live(Box::new(Live { route, broken_text: 0 })))
    }
}
