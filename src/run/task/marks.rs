//! Marks of loads: that the rows of a table begin to come, and that all of them have (`markers`).
//!
//! Guarantees: a mark is in the transaction that stores what it tells, so a load that has begun, or has ended, is told once,
//! whatever crashes in between. Between the two marks of a load every row that exists is sent, by the load or by its own events.
//! Does not: tell that a load was given up; another one of the table begins then, or its table has left the plan.

use super::life::Life;
use super::marker::{Place, put};
use super::output::Output;
use crate::checkpoint::{SnapRecord, SnapState};
use crate::engine::load::TableLoad;
use crate::kafka::{TopicName, java_partition};
use crate::mysql::schema::TableName;
use crate::plan::{TaskPlan, TopicSettings};
use crate::route::{LoadMark, LoadMarkKind};
use crate::run::failure::{Class, Failure};
use crate::statement::Markers;
use std::collections::{HashMap, HashSet};

/// The marks of a life.
#[derive(Debug)]
pub(super) struct Marks {
    /// Tables whose load has begun and not ended, as it is stored or about to be.
    begun: HashSet<TableName>,
    /// Topics of rows that were written to.
    places: HashMap<TopicName, Place>,
}

impl Marks {
    /// The marks of a life that begins with these loads; none where nothing is to be told.
    pub(super) fn new(plan: &TaskPlan, loads: &[TableLoad]) -> Option<Marks> {
        let has_begun = |load: &&TableLoad| matches!(load.record.state, SnapState::Copying { .. });
        match plan.stream.markers {
            Markers::Off => None,
            Markers::Data | Markers::Topic(_) => Some(Marks {
                begun: loads.iter().filter(has_begun).map(|load| load.version.name.clone()).collect(),
                places: HashMap::new(),
            }),
        }
    }

    /// What a record says, where nothing has said it yet.
    fn news(&mut self, table: &TableName, record: &SnapRecord) -> Option<LoadMarkKind> {
        match record.state {
            SnapState::Pending => {
                self.begun.remove(table);
                None
            }
            SnapState::Copying { .. } => {
                self.begun.insert(table.clone()).then(|| LoadMarkKind::begin(record.again))
            }
            SnapState::Done => self.begun.remove(table).then(|| LoadMarkKind::end(record.again)),
        }
    }

    /// The load of a table is to begin anew.
    pub(super) fn forget(&mut self, table: &TableName) {
        self.begun.remove(table);
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
        let plan = self.tables.plan();
        // A table that cannot be decided fails with its first row, where it can be told.
        let Ok(Some(decision)) = plan.decide(&table.db, &table.table) else { return Ok(()) };
        let refused = |error| Failure::new(Class::Data, format!("table {table}, `markers`: {error}"));
        let Some((topic, settings)) = plan.marker_topic(&decision).map_err(refused)? else { return Ok(()) };
        let (task, position) = (plan.id.to_string(), self.ledger.position().to_string());
        let mark = LoadMark {
            marker,
            id: &record.snapshot,
            task: &task,
            generation: self.generation,
            source: &self.source.name,
            db: &decision.db,
            table: &decision.table,
            origin_db: &table.db,
            origin_table: &table.table,
            position: &position,
            rows: (record.state == SnapState::Done).then_some(record.rows),
        };
        let headers = mark.headers();
        let bytes = self.output.batch().bytes();
        let n_records = if topic == decision.topic {
            let place = marks.place(&topic, &settings, &mut self.output)?;
            place.mark(&headers, (table, Some(&decision)), &mut self.output)?
        } else {
            let (topic, partitions) = self.output.topic(&topic, &settings)?;
            let (key, value) = (mark.key(), mark.value());
            let place = (topic, java_partition(&key, partitions));
            put(self.output.batch(), place, (Some(&key), Some(&value)), &headers);
            1
        };
        let bytes = self.output.batch().bytes() - bytes;
        // That an empty table is loaded may be found out inside of a source transaction.
        self.ledger.produced_beside(n_records, bytes as u64, now_ms);
        self.output.flush_if_full()
    }
}
