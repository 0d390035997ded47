//! What `status` and the progress line tell about a task.

use super::Task;
use super::life::Life;
use super::reads::Rest;
use crate::control::{ParkedTable, Progress, SuspectTable, TableStatus, TaskState};
use crate::precheck;
use crate::run::context::wall_ms;
use crate::run::event::{Event, Name};
use crate::run::precheck::line;
use std::collections::HashMap;
use std::sync::atomic::Ordering;

/// Status is renewed at most this often, ms.
pub(super) const STATUS_MS: u64 = 200;

/// A stream that was held back by its limit is said to be for so many ms.
const PACED_MS: u64 = 1_000;

/// The pace of a table is that of so many ms.
const PACE_MS: u64 = 2_000;

impl Task {
    /// Renews the status of the task, now and then.
    pub(super) fn renew_status(&mut self, life: &mut Life, now_ms: u64) {
        if now_ms < life.status_ms + STATUS_MS {
            return;
        }
        life.status_ms = now_ms;
        let (records, at_ms, _) = life.rate;
        if now_ms >= at_ms + 1_000 {
            let per_second = (life.records - records) as f64 * 1_000.0 / (now_ms - at_ms) as f64;
            life.rate = (life.records, now_ms, per_second);
        }
        let tables: Vec<TableStatus> = life
            .load
            .progress()
            .into_iter()
            .map(|one| TableStatus {
                table: one.table.to_string(),
                rows: one.rows,
                estimate: one.estimate,
                done: one.done,
                ..TableStatus::default()
            })
            .collect();
        let tables = life.paces.tell(tables, now_ms);
        let told = |rest: &&Rest| !life.load.is_reading() || !rest.is_meant();
        let rest = life.reads.rest.as_ref().filter(told);
        let unseen = || Some(format!("for the source to show {}", life.load.unseen().next()?));
        let (waits, rests) = (rest.and_then(Rest::why).or_else(unseen), rest.is_some_and(Rest::is_meant));
        let behind_since_ms = self.behind_since(life);
        life.paced_ms = life.paced_ms.filter(|&paced_ms| now_ms < paced_ms + PACED_MS);
        life.counts.answered(life.output.take_answers());
        self.counters.add(&mut life.counts);
        self.counters.visibility_wait_ms = self.unseen_ms.load(Ordering::Relaxed);
        self.tell_throttled(life);
        let (prepared, oldest) = life.waiting.undecided();
        let retention_left = self.retention.seconds_left(wall_ms());
        let mut status = self.status();
        status.generation = life.generation;
        status.records = self.records + life.records;
        status.records_per_second = life.rate.2;
        status.behind_since_ms = behind_since_ms;
        if behind_since_ms.is_none() {
            status.lag_bytes = Some(0);
        }
        status.retention_seconds_left = retention_left;
        status.waits_for = waits_for(life);
        status.waiting = life.paced_ms.map(|_| "for its pipeline's `limit`".to_owned());
        status.counters = self.counters.clone();
        status.state = if life.load.done() { TaskState::Streaming } else { TaskState::Snapshot };
        status.snapshot = (!tables.is_empty()).then(|| Progress {
            tables_done: tables.iter().filter(|table| table.done).count(),
            tables: tables.len(),
            rows: tables.iter().map(|table| table.rows).sum(),
            estimate: tables.iter().map(expected_rows).sum(),
            eta_seconds: eta(&tables),
            waits: waits.clone(),
            rests,
        });
        status.tables = tables;
        let parked = life.tables.parked().iter().map(|(table, record)| ParkedTable {
            table: table.to_string(),
            position: record.position.to_string(),
            reason: record.reason.clone(),
        });
        status.parked = parked.collect();
        let suspect = life.tables.suspect();
        let suspect = suspect
            .map(|(table, reason)| SuspectTable { table: table.to_string(), reason: reason.to_owned() });
        status.suspect = suspect.collect();
        status.prepared = prepared;
        status.oldest_prepared_seconds =
            oldest.map(|since_s| u64::try_from(wall_ms() / 1_000 - i64::from(since_s)).unwrap_or(0));
        status.spill_bytes = life.waiting.spill_bytes();
    }
}

impl Task {
    /// Tells once that brokers hold back what is sent.
    fn tell_throttled(&mut self, life: &Life) {
        if let Some(finding) = life.output.take_throttled(&self.plan).filter(|_| !self.throttled) {
            self.throttled = true;
            let allow = precheck::how_to_allow(&self.plan, &finding).map(|allow| format!("; {allow}"));
            let text = line(&finding) + &allow.unwrap_or_default();
            Event::info(Name::KafkaThrottled, text).task(&self.id).emit();
        }
    }

    /// Since when a change may wait that is not committed; none: everything the source has is.
    fn behind_since(&self, life: &Life) -> Option<i64> {
        if life.idle && life.ledger.between() && !life.ledger.has_rows() && !life.has_unread() {
            return None;
        }
        // What was committed last is as old as its event says; before the first one, as our last moment without lag.
        let event_ms = i64::from(life.event_s) * 1_000;
        Some(event_ms.max(self.retention.current_ms())).filter(|&since_ms| since_ms > 0)
    }

    /// The stream does not go on: what comes from now on waits.
    pub(super) fn falls_behind(&self) {
        let since_ms = match self.retention.current_ms() {
            0 => wall_ms(),
            current_ms => current_ms,
        };
        self.status().behind_since_ms.get_or_insert(since_ms);
    }
}

/// How fast each table is loaded.
#[derive(Debug, Default)]
pub(super) struct Paces(HashMap<String, Pace>);

#[derive(Debug)]
struct Pace {
    rows: u64,
    since_ms: u64,
    per_second: f64,
}

impl Paces {
    /// Says of each table how long it takes at the pace of the last seconds.
    fn tell(&mut self, mut tables: Vec<TableStatus>, now_ms: u64) -> Vec<TableStatus> {
        for table in tables.iter_mut().filter(|table| !table.done) {
            let pace = self.0.entry(table.table.clone()).or_insert_with(|| Pace {
                rows: table.rows,
                since_ms: now_ms,
                per_second: 0.0,
            });
            if now_ms >= pace.since_ms + PACE_MS {
                let rows = table.rows.saturating_sub(pace.rows);
                let per_second = rows as f64 * 1_000.0 / (now_ms - pace.since_ms) as f64;
                *pace = Pace { rows: table.rows, since_ms: now_ms, per_second };
            }
            table.rows_per_second = pace.per_second;
            table.eta_seconds = seconds(left(table), pace.per_second);
        }
        tables
    }
}

/// Rows of a table in all: known once it is loaded, estimated before.
fn expected_rows(table: &TableStatus) -> u64 {
    if table.done { table.rows } else { table.estimate.max(table.rows) }
}

/// Rows of a table that are still to come, by the estimate.
fn left(table: &TableStatus) -> u64 {
    if table.done { 0 } else { table.estimate.saturating_sub(table.rows) }
}

/// Seconds until all rows are loaded at the rate that all tables have together.
fn eta(tables: &[TableStatus]) -> Option<u64> {
    seconds(tables.iter().map(left).sum(), tables.iter().map(|table| table.rows_per_second).sum())
}

/// How long so many rows take.
fn seconds(left: u64, per_second: f64) -> Option<u64> {
    (left > 0 && per_second >= 1.0).then(|| (left as f64 / per_second).ceil() as u64)
}

/// What keeps a task that has something to do from its next commit.
fn waits_for(life: &Life) -> Option<&'static str> {
    if life.paced_ms.is_some() {
        return Some("its pipeline's `limit` lets nothing more through for now");
    }
    if !life.ledger.between() {
        return Some("a source transaction has begun, and the source sends no more of it");
    }
    if life.load.opening_barrier() {
        return Some(
            "a table without a usable key is to be read at one place, and the source has not opened a view of it",
        );
    }
    if life.load.holds(life.ledger.position()) {
        return Some("a table without a usable key is read at one place, and the log waits for its rows");
    }
    if life.waits_for_columns() {
        return Some("the columns of a table are not proven yet");
    }
    if let Some(Rest::Hours(..)) = life.reads.rest {
        return Some("existing rows are read only in the hours of `window`");
    }
    (!life.load.done()).then_some("existing rows were asked for, and the source does not send them")
}
