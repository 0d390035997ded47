//! From a committed position to a failure: the log is followed, existing rows are loaded, and both are committed.

use super::broker::Record;
use super::plan::Plan;
use super::source::{FILE, KEYLESS, LATE, Source, TABLES, What, index, offset, table_of};
use super::task::{Failure, Instance, Servers};
use crate::dice::Dice;
use std::collections::VecDeque;
use std::sync::Arc;
use syncc::change::{Cell, RowBatch, RowChange};
use syncc::checkpoint::{DurablePosition, Fingerprint, SnapRecord, SnapState, StateRecord, TaskState};
use syncc::engine::Covered;
use syncc::engine::commit::{Due, HEARTBEAT_MS, Ledger, Policy, keeps_producer};
use syncc::engine::load::{
    Ask, Chunk, Closed, LEAST, Load, Memory, Need, Policy as LoadPolicy, ReadId, TableLoad, Wanted,
};
use syncc::engine::retry::{Committed, End};
use syncc::engine::split::goes_on_as_stored;
use syncc::mysql::ddl::{DdlEffect, TableDdl};
use syncc::mysql::key::{KeyPart, canonical_key};
use syncc::mysql::position::TransactionPlace;
use syncc::mysql::schema::{TableName, TableVersion};
use syncc::mysql::value::Value;
use syncc::plan::CommitPolicy;
use syncc::statement::Split;

/// An answer of the broker that takes longer may have been asked for twice, ms.
const DOUBTFUL_MS: u64 = 5_000;

/// Reads and windows at once.
const PARALLEL: usize = 2;

/// Numbers of loads, among those of a process: that of the task, and somebody else's.
const OWN: u64 = 1;
const OTHER: u64 = 2;

pub(super) struct Life {
    pub(super) ledger: Ledger,
    pub(super) load: Load,
    /// What all loads of the process may hold.
    memory: Memory,
    pub(super) epoch: u64,
    plan: Plan,
    /// Columns of each table where the stream stands.
    columns: [Arc<TableVersion>; TABLES.len()],
    /// The source transaction under the cursor, and its next change while it is inside.
    at: (usize, usize),
    /// It was seen before.
    skip: bool,
    idle: bool,
    /// What is not produced yet.
    batch: Vec<Record>,
    /// State for the next commit.
    staged: Vec<Record>,
    reads: VecDeque<Ask>,
    /// Rows that were read at one place; they come when the stream stands there.
    barrier: Option<(VecDeque<(i64, u64)>, bool)>,
    /// What is produced and about to be committed; true: it is the last of this life.
    ending: Option<(Covered, Option<Step>)>,
    beat_ms: u64,
    has_committed: bool,
}

/// What a step came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    On,
    /// As it was asked to.
    Stopped,
    /// Another plan takes over.
    Swapped,
}

impl Life {
    pub(super) fn new(state: &TaskState, epoch: u64, servers: &Servers) -> Life {
        let source = &servers.source;
        let policy = Policy {
            commit: CommitPolicy { every_ms: 500, rows: 6, bytes: 1_000 },
            split: Split { bytes: 1 << 20, rows: Some(4) },
            open_ms: 20_000,
        };
        let fingerprint = Fingerprint { task: "p.s.t".into(), cluster: "c".into() };
        let stored = state.pos.as_ref();
        // What is in the log; tables may not show all of it yet.
        let position = stored.map_or_else(|| source.place(source.log.len()), |pos| pos.position.clone());
        let mid = stored.and_then(|pos| pos.mid.clone());
        let generation = match stored {
            Some(pos) if goes_on_as_stored(pos.mid.as_ref()) => pos.generation,
            Some(_) | None => servers.generation,
        };
        let plan = Plan { generation };
        let begins = source.begins(&position);
        let tables = (0..TABLES.len()).filter(|&table| plan.selects(table)).map(|table| {
            let version = source.version(table, source.visible);
            let key = (table != KEYLESS).then(|| vec![0]);
            let record = state.snaps.get(&version.name).cloned().unwrap_or_else(|| SnapRecord {
                key: key.iter().map(|_| "id".into()).collect(),
                ..SnapRecord::pending("s", false)
            });
            TableLoad::new(version, key, record, 10)
        });
        let load =
            Load::new(tables, LoadPolicy { chunk_rows: Some(2), parallel: PARALLEL, rate_bytes_s: None });
        // Every other life, one more load of its process has all of it.
        let mut memory = Memory::new(4 * LEAST);
        memory.join(OWN);
        if epoch % 2 == 1 {
            memory.holds(OTHER, 4 * LEAST);
        }
        Life {
            load,
            memory,
            ledger: Ledger::new(
                policy,
                fingerprint,
                generation,
                stored.map_or(0, |pos| pos.seq),
                position,
                mid,
            ),
            epoch,
            plan,
            columns: [0, 1, KEYLESS, LATE].map(|table| source.version(table, begins)),
            at: (begins, 0),
            skip: false,
            idle: false,
            batch: Vec::new(),
            staged: Vec::new(),
            reads: VecDeque::new(),
            barrier: None,
            ending: None,
            beat_ms: servers.now_ms,
            has_committed: false,
        }
    }

    pub(super) fn generation(&self) -> u64 {
        self.plan.generation
    }

    /// Does one thing.
    pub(super) fn step(
        &mut self,
        instance: &mut Instance,
        servers: &mut Servers,
        drain: bool,
        dice: &mut Dice,
    ) -> Result<Step, Failure> {
        let now_ms = servers.now_ms;
        if let Some((covered, last)) = self.ending.take() {
            self.end(covered, instance, servers, dice)?;
            return Ok(last.unwrap_or(Step::On));
        }
        if dice.percent(40) {
            self.answer(&servers.source, dice);
        }
        if self.ledger.settled() {
            self.windows(instance, now_ms);
            let at = self.ledger.position();
            if self.load.reached_barrier(at)
                && let Some((_, open)) = &mut self.barrier
            {
                *open = true;
            }
        }
        if let Some(read) = self.load.void_barrier()
            && self.barrier.take().is_some()
        {
            self.load.moved(read);
        }
        self.barrier_rows(instance, now_ms, dice);
        if self.ledger.between() {
            let edited = self.ledger.settled() && self.plan.generation != servers.generation;
            let last = match (drain, edited) {
                (true, _) => Some(Step::Stopped),
                (false, true) => Some(Step::Swapped),
                (false, false) => None,
            };
            let due = if last.is_some() { Due::Commit } else { self.ledger.due(now_ms, self.idle) };
            match due {
                Due::Commit | Due::Heartbeat => {
                    self.commit(instance, servers, last)?;
                    return Ok(Step::On);
                }
                Due::At(_) => {}
            }
        } else if drain && self.ledger.may_cut() {
            self.commit(instance, servers, Some(Step::Stopped))?;
            return Ok(Step::On);
        } else if self.ledger.cut_due(now_ms) {
            instance.counts.cuts += 1;
            self.commit(instance, servers, None)?;
            return Ok(Step::On);
        }
        if self.ledger.may_open() {
            self.memory.holds(OWN, self.load.held());
            if let Some(need) = self.load.wants() {
                let memory = match need {
                    Need::Nothing => Some(0),
                    Need::Memory => self.memory.take(OWN, PARALLEL),
                };
                self.reads.extend(memory.and_then(|memory| self.load.next(self.ledger.position(), memory)));
            }
        }
        if now_ms >= self.beat_ms + HEARTBEAT_MS {
            // inside of a long source transaction, too
            self.beat_ms = now_ms;
            self.batch.push(instance.owner(false));
        }
        if !self.batch.is_empty() && dice.percent(30) {
            servers.broker.produce(self.epoch, std::mem::take(&mut self.batch), now_ms)?;
        }
        if servers.trouble && dice.below(400) == 0 {
            return Err(Failure::Transient(End::Source));
        }
        let at = self.ledger.position();
        let is_held = self.ledger.settled() && (self.load.opening_barrier() || self.load.holds(at));
        if !is_held {
            self.consume(&servers.source, now_ms)?;
        }
        Ok(Step::On)
    }

    /// Reads the next entry of the log.
    fn consume(&mut self, source: &Source, now_ms: u64) -> Result<(), Failure> {
        self.ledger.take_up();
        let (txn, op) = self.at;
        let Some(transaction) = source.log.get(txn) else {
            self.idle = true;
            return Ok(());
        };
        self.idle = false;
        let (gtid, file) = (transaction.gtid.as_ref(), FILE.into());
        if self.ledger.between() {
            let position = self.ledger.position();
            let place = TransactionPlace { server: &position.server, gtid, file: FILE, end: offset(txn) + 1 };
            let Some(seen) = position.contains(&place) else {
                return Err(Failure::Wrong(format!("nobody knows whether {txn} was seen")));
            };
            self.skip = seen;
            self.ledger.begin(gtid, &file, offset(txn));
            return Ok(());
        }
        let change = match &transaction.what {
            What::Rows(ops) => ops.get(op),
            What::Statement { table, truncates } if op == 0 => {
                if !self.skip && self.plan.selects(*table) {
                    if self.ledger.has_rows() {
                        self.ledger.put_off();
                        return Ok(());
                    }
                    if self.ledger.parts() == 0 {
                        self.batch.push(Record::Change { txn, op });
                        self.ledger.produced(1, 10, now_ms);
                        self.ledger.demand();
                    }
                }
                let kind = if *truncates { TableDdl::Truncate } else { TableDdl::Alter };
                let tables = vec![TableName::new("shop", TABLES[*table])];
                self.load.definition_moved(&DdlEffect::Tables { tables, kind });
                self.columns[*table] = source.version(*table, txn + 1);
                self.at.1 = 1;
                return Ok(());
            }
            What::Statement { .. } => None,
        };
        let Some(change) = change else {
            let (skip, end) = (self.skip, offset(txn + 1));
            self.at = (txn + 1, 0);
            let ended = self.ledger.end(|position| {
                if !skip {
                    position.advance(gtid, FILE, end);
                }
            });
            return ended.map_err(|differs| Failure::Wrong(differs.to_string()));
        };
        self.at.1 += 1;
        if self.skip || !self.plan.selects(table_of(change.key)) {
            return Ok(());
        }
        let version = self.columns[table_of(change.key)].clone();
        let counted = self.ledger.progress().table(&version);
        let images = [(change.from, 0), (change.key, change.value.unwrap_or_default())]
            .map(|(key, value)| [Value::Int(key), Value::Int(value as i64)]);
        let row = match change.value {
            Some(_) => RowChange::Update { before: &images[0], after: &images[1] },
            None => RowChange::Delete { before: &images[0] },
        };
        let mut key = Vec::new();
        row.images().for_each(|image| canonical_key(image, &[0], &mut key));
        let is_new = self.ledger.progress().row(counted, &key);
        if !is_new.map_err(|differs| Failure::Wrong(differs.to_string()))? {
            return Ok(());
        }
        if self.plan.sends(change.key) {
            self.batch.push(Record::Change { txn, op });
            self.ledger.produced(1, 10, now_ms);
        }
        if let Some(watch) = self.load.watch(&version.name, &version) {
            for image in row.images() {
                key.clear();
                canonical_key(image, &watch.key, &mut key);
                self.load.touch(watch.window, &key);
            }
        }
        Ok(())
    }

    /// Emits what windows are passed.
    fn windows(&mut self, instance: &mut Instance, now_ms: u64) {
        while let Some(closed) = self.load.close(self.ledger.position()) {
            let Closed::Emit(rows) = closed else {
                instance.counts.redone += 1;
                continue;
            };
            let mut sent = 0;
            let mut values = Vec::new();
            let mut bytes = Vec::new();
            for at in 0..rows.rows.len() {
                rows.rows.row(at, &mut values);
                let [Value::Int(key), Value::Int(value)] = values[..] else { panic!("two integers a row") };
                bytes.clear();
                canonical_key(&values, &rows.key, &mut bytes);
                if rows.keeps(&bytes) && self.loaded(key, value as u64, now_ms) {
                    sent += 1;
                }
            }
            let record = self.load.emitted(&rows, sent);
            self.store(record.map(|record| (rows.version.name.clone(), record)));
        }
    }

    /// Sends an existing row, unless the plan leaves it out.
    fn loaded(&mut self, key: i64, value: u64, now_ms: u64) -> bool {
        let sends = self.plan.sends(key);
        if sends {
            let at = index(self.ledger.position());
            self.batch.push(Record::Loaded { key, value, at });
            self.ledger.produced(1, 10, now_ms);
        }
        sends
    }

    /// Sends some of the rows that were read at the place where the stream stands.
    fn barrier_rows(&mut self, instance: &mut Instance, now_ms: u64, dice: &mut Dice) {
        let Some((rows, true)) = &mut self.barrier else { return };
        let n_rows = (1 + dice.below(3)).min(rows.len());
        let some: Vec<(i64, u64)> = rows.drain(..n_rows).collect();
        let is_end = rows.is_empty();
        let mut sent = 0;
        for (key, value) in some {
            sent += u64::from(self.loaded(key, value, now_ms));
        }
        let record = self.load.barrier_emitted(sent, is_end);
        self.store(record);
        if is_end {
            instance.counts.barriers += 1;
            self.barrier = None;
        }
    }

    fn store(&mut self, snap: Option<(TableName, SnapRecord)>) {
        if let Some((table, record)) = snap {
            self.staged.push(Record::State(Box::new(StateRecord::Snap(table, record))));
            self.ledger.touch();
        }
    }

    /// A read ends, if the tables show what it must contain.
    fn answer(&mut self, source: &Source, dice: &mut Dice) {
        if self.reads.is_empty() {
            return;
        }
        // several are under way, and end in any order
        let some = dice.below(self.reads.len());
        if !source.shows(&self.reads[some].contains) {
            return;
        }
        let Some(Ask { read, what, .. }) = self.reads.remove(some) else { return };
        let number = |version: &TableVersion| {
            TABLES.iter().position(|table| *table == version.name.table).expect("a table of the world")
        };
        let now = |table: usize| source.version(table, source.visible);
        match what {
            Wanted::Columns(name) => {
                let table =
                    TABLES.iter().position(|table| *table == name.table).expect("a table of the world");
                let key = (table != KEYLESS).then(|| vec![0]);
                let gone = self.load.columns_read(read, Some((now(table), key)));
                assert_eq!(gone, None, "it is there");
            }
            Wanted::MaxKey { version, .. } | Wanted::Chunk { version, .. } | Wanted::Barrier(version)
                if now(number(&version)) != version =>
            {
                self.load.moved(read);
            }
            Wanted::MaxKey { version, .. } => {
                let first = number(&version) as i64 * 100;
                let rows = source.rows(source.visible);
                let max = rows.range(first..first + 100).next_back().map(|(&key, _)| vec![KeyPart::Int(key)]);
                let snap = self.load.max_read(read, max);
                self.store(snap);
            }
            Wanted::Chunk { version, after, upto, limit, .. } => {
                let first = after.map_or(number(&version) as i64 * 100, |after| id(&after[0]) + 1);
                let chunk = page(source, (first, id(&upto[0])), limit, dice);
                self.load.chunk_read(read, chunk);
            }
            Wanted::Barrier(version) => self.open(read, source, number(&version)),
        }
    }

    /// All rows of a table, and the exact place where they hold.
    fn open(&mut self, read: ReadId, source: &Source, table: usize) {
        let first = table as i64 * 100;
        let rows = source.rows(source.visible);
        let rows = rows.range(first..first + 100).map(|(&key, &value)| (key, value)).collect();
        self.barrier = Some((rows, false));
        self.load.barrier_opened(read, source.place(source.visible).file);
    }

    /// Produces what is open with the position that covers it; the transaction ends with the next step.
    fn commit(
        &mut self,
        instance: &mut Instance,
        servers: &mut Servers,
        last: Option<Step>,
    ) -> Result<(), Failure> {
        let now_ms = servers.now_ms;
        let covered = if self.ledger.between() { self.ledger.cover(now_ms) } else { self.ledger.cut(now_ms) };
        let mut records = std::mem::take(&mut self.batch);
        records.append(&mut self.staged);
        records.push(instance.owner(last == Some(Step::Stopped)));
        records.push(Record::State(Box::new(StateRecord::Pos(covered.record().clone()))));
        self.beat_ms = now_ms;
        servers.broker.produce(self.epoch, records, now_ms)?;
        self.ending = Some((covered, last));
        Ok(())
    }

    fn end(
        &mut self,
        covered: Covered,
        instance: &mut Instance,
        servers: &mut Servers,
        dice: &mut Dice,
    ) -> Result<(), Failure> {
        let trouble = if servers.trouble { dice.below(30) } else { usize::MAX };
        if trouble == 0 {
            // the request is lost
            return Err(Failure::Transient(End::Target));
        }
        servers.broker.end(self.epoch)?;
        instance.owned = true;
        if trouble == 1 {
            // its answer is lost
            return Err(Failure::Transient(End::Target));
        }
        let has_rows = self.ledger.has_rows();
        self.ledger.committed(&DurablePosition::stored(covered.into_record()), servers.now_ms);
        if has_rows || self.has_committed {
            let progress = Committed { counts: true, heard: true, loaded: true };
            instance.retry.committed(progress);
        }
        self.has_committed = true;
        // It was sent twice, and answered once: the other one is on its way.
        let (in_trouble, took_ms) = match trouble {
            2 => (true, 10),
            3 => (false, DOUBTFUL_MS + 1),
            _ => (false, 10),
        };
        if matches!(trouble, 2 | 3) {
            servers.broker.end_again_later(self.epoch);
        }
        if !keeps_producer(in_trouble, took_ms, DOUBTFUL_MS) {
            self.epoch = servers.broker.init();
            let state = servers.broker.state().map_err(Failure::Wrong)?;
            if state.owner.is_some_and(|owner| owner.instance != instance.name) {
                return Err(Failure::OwnerLost);
            }
        }
        Ok(())
    }
}

/// Rows between two keys, both of them included, as the tables show them.
fn page(source: &Source, (first, last): (i64, i64), limit: u32, dice: &mut Dice) -> Chunk {
    let rows = source.rows(source.visible);
    // an order that cannot be is that of a table which another one has taken the place of
    let between = if first <= last { rows.range(first..=last) } else { rows.range(first..first) };
    let found: Vec<(i64, u64)> = between.take(limit as usize).map(|(&key, &value)| (key, value)).collect();
    let mut batch = RowBatch::new(2);
    for &(key, value) in &found {
        batch.push(Cell::Int(key));
        batch.push(Cell::Int(value as i64));
    }
    let done = found.len() < limit as usize;
    // not before what is visible; all of the log, or some of it, has been written by then
    let ahead = dice.below(source.log.len() - source.visible + 1);
    let high = source.place(source.visible + ahead).file;
    let last = found.last().map(|&(key, _)| vec![KeyPart::Int(key)]);
    Chunk { rows: batch, last, done, high, read_ms: 1 }
}

fn id(part: &KeyPart) -> i64 {
    match part {
        KeyPart::Int(id) => *id,
        other => panic!("keys are integers, not {other:?}"),
    }
}
