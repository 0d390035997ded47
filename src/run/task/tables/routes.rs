//! The way of a table's rows: its topic and partitions, its schemas, and where rows go that cannot be sent.

use super::{Live, Slot, Tables};
use crate::check::NAMES_COLLIDE;
use crate::checkpoint::{SnapRecord, StateRecord, TableRecord};
use crate::format::{fixed_schema, has_boundaries, heartbeat_every_ms};
use crate::kafka::TopicId;
use crate::mysql::position::Position;
use crate::mysql::schema::{TableName, TableState, TableVersion};
use crate::plan::{TableDecision, Taken};
use crate::route::{Envelope, TableRoute, schemas};
use crate::run::failure::{Class, Failure};
use crate::run::precheck::repartitioned;
use crate::run::ring::Columns;
use crate::run::task::boundaries::Boundaries;
use crate::run::task::letters::Letters;
use crate::run::task::marker::key_in;
use crate::run::task::output::Output;
use crate::statement::OnError;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Tables {
    /// Where rows of a table go that cannot be read; none where nothing says so.
    pub(in crate::run::task) fn letters(
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
    pub(in crate::run::task) fn fits(
        &mut self,
        version: &Arc<TableVersion>,
        output: &mut Output,
    ) -> Result<(), Failure> {
        self.make(version, output).map(drop)
    }

    /// Topics that tables had in former lives get their messages although no row of this life went there.
    pub(in crate::run::task) fn recall_topics(&mut self, output: &mut Output) -> Result<(), Failure> {
        if std::mem::replace(&mut self.recalled, true) {
            return Ok(());
        }
        for name in self.pinned.keys() {
            // A table that cannot be decided fails with its next row, where it can be told.
            if let Ok(Some(decision)) = self.plan.decide(&name.db, &name.table)
                && (heartbeat_every_ms(&decision.format).is_some() || has_boundaries(&decision.format))
            {
                let (topic, _) = output.topic(&decision.topic, &decision.topic_settings)?;
                output.decode(&decision.topic, fixed_schema(&decision.format))?;
                self.beats.watch(topic, &decision.format);
                learn_rowless_key(&mut self.rowless_keys, topic, (name, &decision), output)?;
            }
        }
        Ok(())
    }

    /// The slot of a table of the stream; `since` is the place its columns are valid from, when they are new.
    pub(in crate::run::task) fn slot(
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
    pub(in crate::run::task) fn loading_slot(
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
        learn_rowless_key(&mut self.rowless_keys, topic, (name, &decision), output)?;
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
        let key = self.rowless_keys.get(&topic).cloned().flatten();
        let time = self.plan.stream.timestamp;
        Ok(Slot::Live(Box::new(Live {
            topic: decision.topic.to_string(),
            letters,
            route,
            layout: None,
            transaction: 0,
            rows_in_it: 0,
            counted: 0,
            identity,
            boundaries: Boundaries::of(&decision, time, (topic, partitions), key),
            broken_text: 0,
        })))
    }
}

/// Looks up what key messages have that are of no row of `table`, where its format has such.
fn learn_rowless_key(
    keys: &mut BTreeMap<TopicId, Option<Vec<u8>>>,
    topic: TopicId,
    (table, decision): (&TableName, &TableDecision),
    output: &mut Output,
) -> Result<(), Failure> {
    let has_some = heartbeat_every_ms(&decision.format).is_some() || has_boundaries(&decision.format);
    if has_some && !keys.contains_key(&topic) {
        let key = key_in(&decision.topic, (table, decision), output)?;
        keys.insert(topic, key);
    }
    Ok(())
}
