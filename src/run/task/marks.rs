//! Marks of loads: that the rows of a table begin to come, and that all of them have, or that no more come (`markers`).
//!
//! Guarantees: a mark is in the transaction that stores what it tells, so a load that has begun, or has ended, is told once,
//! whatever crashes in between. Between the two marks of a load every row that exists is sent, by the load or by its own events.
//! Does not: tell that a load was given up whose table waits, or has left the plan where marks stand among its rows.

use super::life::Life;
use super::marker::{Place, put};
use super::output::Output;
use crate::checkpoint::{SnapRecord, SnapState};
use crate::engine::load::TableLoad;
use crate::kafka::{TopicId, TopicName, java_partition};
use crate::mysql::schema::TableName;
use crate::plan::{DecideError, TaskPlan, TopicSettings};
use crate::route::{LoadMark, LoadMarkKind};
use crate::run::failure::{Class, Failure};
use crate::statement::Markers;
use std::collections::HashMap;
use std::num::NonZeroU32;

/// The marks of a life.
#[derive(Debug)]
pub(super) struct Marks {
    /// Loads that have begun and not ended, as it is stored or about to be.
    begun: HashMap<TableName, Begun>,
    /// Topics of rows that were written to.
    places: HashMap<TopicName, Place>,
}

/// A load whose beginning was told.
#[derive(Debug)]
struct Begun {
    id: String,
    /// Rows had been sent before it.
    again: bool,
}

impl Begun {
    fn of(record: &SnapRecord) -> Begun {
        Begun { id: record.snapshot.clone(), again: record.again }
    }
}

impl Marks {
    /// The marks of a life that begins with these loads, and gives up those that had begun before; none where nothing is to be
    /// told.
    pub(super) fn new(
        plan: &TaskPlan,
        loads: &[TableLoad],
        given_up: &[(TableName, SnapRecord)],
    ) -> Option<Marks> {
        let loads = loads.iter().map(|load| (&load.version.name, &load.record));
        let loads = loads.filter(|(_, record)| matches!(record.state, SnapState::Copying { .. }));
        let given_up = given_up.iter().map(|(table, record)| (table, record));
        match plan.stream.markers {
            Markers::Off => None,
            Markers::Data | Markers::Topic(_) => Some(Marks {
                begun: loads
                    .chain(given_up)
                    .map(|(table, record)| (table.clone(), Begun::of(record)))
                    .collect(),
                places: HashMap::new(),
            }),
        }
    }

    /// What a record says, where nothing has said it yet.
    fn news(&mut self, table: &TableName, record: &SnapRecord) -> Option<LoadMarkKind> {
        match record.state {
            SnapState::Pending => None,
            SnapState::Copying { .. } => match self.begun.insert(table.clone(), Begun::of(record)) {
                Some(_) => None,
                None => Some(LoadMarkKind::begin(record.again)),
            },
            SnapState::Done => self.begun.remove(table).map(|begun| LoadMarkKind::end(begun.again)),
        }
    }

    /// A topic of rows, made if it is missing and may be made.
    fn place(
        &mut self,
        topic: &TopicName,
        settings: &TopicSettings,
        output: &mut Output,
    ) -> Result<Place, Failure> {
        if let Some(&place) = self.places.get(topic) {
            return Ok(place);
        }
        let place = Place::make(topic, settings, output)?;
        self.places.insert(topic.clone(), place);
        Ok(place)
    }
}

impl Life {
    /// Tells what the record of a load says, if it says anything new; it is stored with the mark.
    pub(super) fn mark_load(
        &mut self,
        table: &TableName,
        record: &SnapRecord,
        now_ms: u64,
    ) -> Result<(), Failure> {
        // Rows of a table that waits are missing, whatever its load has come to.
        let Some(marks) = self.marks.as_mut().filter(|_| !self.tables.waits(table)) else { return Ok(()) };
        let Some(marker) = marks.news(table, record) else { return Ok(()) };
        let rows = (record.state == SnapState::Done).then_some(record.rows);
        self.mark(table, marker, (&record.snapshot, rows), now_ms)
    }

    /// The load of a table, if one is under way, does not come to its end. That is told where its beginning was.
    pub(super) fn give_up_load(&mut self, table: &TableName, now_ms: u64) -> Result<(), Failure> {
        match self.marks.as_mut().and_then(|marks| marks.begun.remove(table)) {
            Some(Begun { id, again }) => self.mark(table, LoadMarkKind::given_up(again), (&id, None), now_ms),
            None => Ok(()),
        }
    }

    fn mark(
        &mut self,
        table: &TableName,
        marker: LoadMarkKind,
        (id, rows): (&str, Option<u64>),
        now_ms: u64,
    ) -> Result<(), Failure> {
        let Some(marks) = &mut self.marks else { return Ok(()) };
        let plan = self.tables.plan();
        // A table that cannot be decided fails with its first row, where it can be told.
        let decision = plan.decide(&table.db, &table.table).ok().flatten();
        let (db, name) = decision.as_ref().map_or((&*table.db, &*table.table), |one| (&*one.db, &*one.table));
        let refused =
            |error: DecideError| Failure::new(Class::Data, format!("table {table}, `markers`: {error}"));
        let (task, position) = (plan.id.to_string(), self.ledger.position().to_string());
        let mark = LoadMark {
            marker,
            id,
            task: &task,
            generation: self.generation,
            source: &self.source.name,
            db,
            table: name,
            origin_db: &table.db,
            origin_table: &table.table,
            position: &position,
            rows,
        };
        let bytes = self.output.batch().bytes();
        let n_records = match &decision {
            Some(decision) => match plan.marker_topic(decision).map_err(refused)? {
                Some((topic, settings)) if topic == decision.topic => {
                    let place = marks.place(&topic, &settings, &mut self.output)?;
                    place.mark(&mark.headers(), (table, Some(decision)), &mut self.output)?
                }
                Some((topic, settings)) => {
                    let (topic, partitions) = self.output.topic(&topic, &settings)?;
                    alone(&mark, topic, partitions, &mut self.output)
                }
                None => 0,
            },
            // It has left the plan, and with it the topic of its rows.
            None => match plan.own_marker_topic().map_err(refused)? {
                Some(topic) => self
                    .output
                    .existing(&topic)?
                    .map_or(0, |(topic, partitions, _)| alone(&mark, topic, partitions, &mut self.output)),
                None => 0,
            },
        };
        let bytes = self.output.batch().bytes() - bytes;
        // That an empty table is loaded may be found out inside of a source transaction.
        self.ledger.produced_beside(n_records, bytes as u64, now_ms);
        self.output.flush_if_full()
    }
}

/// Appends a mark to a topic of marks alone. The number of records comes back.
fn alone(mark: &LoadMark<'_>, topic: TopicId, partitions: NonZeroU32, output: &mut Output) -> u64 {
    let (key, value) = (mark.key(), mark.value());
    let place = (topic, java_partition(&key, partitions));
    put(output.batch(), place, (Some(&key), Some(&value)), &mark.headers());
    1
}
