//! An instance that runs the task: the order of what it does is that of the real one, its decisions are the engine's.

use super::broker::{Broker, Fenced, Record};
use super::source::{Source, TABLES, index, offset, place, table_of, version};
use crate::dice::Dice;
use std::collections::VecDeque;
use syncc::change::{Cell, RowBatch};
use syncc::checkpoint::{
    DurablePosition, Fingerprint, OwnerRecord, SnapRecord, SnapState, StateRecord, TaskState,
};
use syncc::engine::Covered;
use syncc::engine::commit::{Due, HEARTBEAT_MS, Ledger, Policy};
use syncc::engine::load::{Ask, Chunk, Closed, Load, Policy as LoadPolicy, TableLoad, Wanted};
use syncc::engine::owner::{Claim, alive, claim, confirm};
use syncc::mysql::key::KeyPart;
use syncc::mysql::position::Position;
use syncc::mysql::value::Value;
use syncc::plan::CommitPolicy;
use syncc::statement::Split;

/// Exit codes: another one runs the task, another one has taken it.
pub(super) const ELSEWHERE: i32 = 21;
pub(super) const OWNER_LOST: i32 = 22;

/// Why a life ends.
#[derive(Debug)]
enum Failure {
    /// The producer was refused: whose is the task?
    Ownership,
    /// Another one owns it.
    OwnerLost,
    /// A request or its answer was lost.
    Transient,
    /// Something that must not be.
    Wrong(String),
}

impl From<Fenced> for Failure {
    fn from(_: Fenced) -> Failure {
        Failure::Ownership
    }
}

/// What an instance is about.
pub(super) enum Phase {
    Peek,
    Watch { owner: OwnerRecord, from: usize, until_ms: u64 },
    Take { before: Option<OwnerRecord> },
    Confirm { before: Option<OwnerRecord>, epoch: u64 },
    Live(Box<Life>),
    Rest { until_ms: u64 },
    Ended(i32),
}

/// What instances share.
pub(super) struct Servers {
    pub(super) source: Source,
    pub(super) broker: Broker,
    pub(super) now_ms: u64,
    /// Requests and answers get lost.
    pub(super) trouble: bool,
}

pub(super) struct Instance {
    name: &'static str,
    pub(super) incarnation: String,
    pub(super) takeover: bool,
    pub(super) phase: Phase,
    pub(super) frozen_until_ms: u64,
    /// Since when it has been at work without a pause.
    pub(super) steady_since_ms: u64,
    /// It was the owner at some time.
    owned: bool,
    beat: u64,
    /// Cuts it has made.
    pub(super) n_cuts: u64,
}

impl Instance {
    pub(super) fn new(name: &'static str, incarnation: String, takeover: bool) -> Instance {
        Instance {
            name,
            incarnation,
            takeover,
            phase: Phase::Peek,
            frozen_until_ms: 0,
            steady_since_ms: 0,
            owned: false,
            beat: 0,
            n_cuts: 0,
        }
    }

    /// At work, and seen to be, since this time; none: it is not.
    pub(super) fn steady_since(&self) -> Option<u64> {
        matches!(self.phase, Phase::Live(_)).then_some(self.steady_since_ms)
    }

    fn takes_over(&self) -> bool {
        self.takeover && !self.owned
    }

    fn owner(&mut self, released: bool) -> Record {
        self.beat += 1;
        Record::State(Box::new(StateRecord::Owner(OwnerRecord {
            incarnation: self.incarnation.clone(),
            instance: self.name.to_owned(),
            // two containers of one image
            host: "pod".to_owned(),
            pid: 1,
            version: "0".to_owned(),
            started: 0,
            beat: self.beat,
            interval_ms: HEARTBEAT_MS,
            released,
        })))
    }

    /// Does one thing. `drain`: it has been asked to stop.
    ///
    /// # Errors
    /// What must never be.
    pub(super) fn step(&mut self, servers: &mut Servers, drain: bool, dice: &mut Dice) -> Result<(), String> {
        let now_ms = servers.now_ms;
        let failure = match std::mem::replace(&mut self.phase, Phase::Peek) {
            Phase::Peek => {
                let owner = servers.broker.state()?.owner;
                self.phase = match claim(owner.as_ref(), self.name) {
                    Claim::Watch { owner, for_ms } if !self.takes_over() => {
                        let from = servers.broker.n_records();
                        Phase::Watch { owner, from, until_ms: now_ms + for_ms }
                    }
                    Claim::Watch { .. } => Phase::Take { before: owner },
                    Claim::Free => {
                        let others =
                            owner.as_ref().filter(|owner| !owner.released && owner.instance != self.name);
                        if others.is_some() {
                            return Err(format!("{} takes what {others:?} owns", self.incarnation));
                        }
                        Phase::Take { before: owner }
                    }
                };
                return Ok(());
            }
            Phase::Watch { owner, from, until_ms } => {
                self.phase = if servers.broker.owners(from).any(|seen| alive(&owner, seen)) {
                    Phase::Ended(if self.owned { OWNER_LOST } else { ELSEWHERE })
                } else if now_ms >= until_ms {
                    Phase::Take { before: Some(owner) }
                } else {
                    Phase::Watch { owner, from, until_ms }
                };
                return Ok(());
            }
            Phase::Take { before } => {
                self.phase = Phase::Confirm { before, epoch: servers.broker.init() };
                return Ok(());
            }
            Phase::Confirm { before, epoch } => {
                let state = servers.broker.state()?;
                if confirm(before.as_ref(), state.owner.as_ref(), self.name).is_err() && !self.takes_over() {
                    self.phase = Phase::Ended(OWNER_LOST);
                    return Ok(());
                }
                let came = state.owner.as_ref().filter(|owner| {
                    let known = before.as_ref().is_some_and(|before| before.incarnation == owner.incarnation);
                    !owner.released && owner.instance != self.name && !known
                });
                if let Some(came) = came.filter(|_| !self.takes_over()) {
                    return Err(format!(
                        "{} drives out {}, which came before it",
                        self.incarnation, came.incarnation
                    ));
                }
                self.phase = Phase::Live(Box::new(Life::new(&state, epoch, servers)));
                self.steady_since_ms = now_ms;
                return Ok(());
            }
            Phase::Rest { until_ms } => {
                if now_ms < until_ms {
                    self.phase = Phase::Rest { until_ms };
                }
                return Ok(());
            }
            Phase::Ended(code) => {
                self.phase = Phase::Ended(code);
                return Ok(());
            }
            Phase::Live(mut life) => match life.step(self, servers, drain, dice) {
                Ok(true) => {
                    self.phase = Phase::Ended(0);
                    return Ok(());
                }
                Ok(false) => {
                    self.phase = Phase::Live(life);
                    return Ok(());
                }
                Err(failure) => failure,
            },
        };
        self.phase = match failure {
            Failure::Ownership => Phase::Rest { until_ms: now_ms + 10_000 + dice.below(10_000) as u64 },
            Failure::OwnerLost => Phase::Ended(OWNER_LOST),
            Failure::Transient => Phase::Rest { until_ms: now_ms + dice.below(2_000) as u64 },
            Failure::Wrong(wrong) => return Err(wrong),
        };
        Ok(())
    }
}

/// From a committed position to a failure.
pub(super) struct Life {
    pub(super) ledger: Ledger,
    pub(super) load: Load,
    epoch: u64,
    /// The source transaction under the cursor, and its next row while it is inside.
    at: (usize, usize),
    idle: bool,
    /// What is not produced yet.
    batch: Vec<Record>,
    /// State for the next commit.
    staged: Vec<Record>,
    reads: VecDeque<Ask>,
    /// What is produced and about to be committed.
    ending: Option<Covered>,
    beat_ms: u64,
}

impl Life {
    fn new(state: &TaskState, epoch: u64, servers: &Servers) -> Life {
        let policy = Policy {
            commit: CommitPolicy { every_ms: 500, rows: 6, bytes: 1_000 },
            split: Split { bytes: 1 << 20, rows: Some(4) },
            open_ms: 20_000,
        };
        let fingerprint = Fingerprint { task: "p.s.t".into(), cluster: "c".into() };
        let position = match &state.pos {
            Some(pos) => pos.position.clone(),
            // What is in the log; tables may not show all of it yet.
            None => place(servers.source.log.len()),
        };
        let mid = state.pos.as_ref().and_then(|pos| pos.mid.clone());
        let seq = state.pos.as_ref().map_or(0, |pos| pos.seq);
        let at = (index(&position), 0);
        let tables = (0..TABLES.len()).map(|table| {
            let version = version(table);
            let record = state
                .snaps
                .get(&version.name)
                .cloned()
                .unwrap_or_else(|| SnapRecord { key: vec!["id".into()], ..SnapRecord::pending("s") });
            TableLoad::new(version, Some(vec![0]), record, 10)
        });
        Life {
            load: Load::new(tables, LoadPolicy { chunk_rows: Some(2), parallel: 2, rate_bytes_s: None }),
            ledger: Ledger::new(policy, fingerprint, 1, seq, position, mid),
            epoch,
            at,
            idle: false,
            batch: Vec::new(),
            staged: Vec::new(),
            reads: VecDeque::new(),
            ending: None,
            beat_ms: servers.now_ms,
        }
    }

    /// Does one thing; true: it has stopped.
    fn step(
        &mut self,
        instance: &mut Instance,
        servers: &mut Servers,
        drain: bool,
        dice: &mut Dice,
    ) -> Result<bool, Failure> {
        let now_ms = servers.now_ms;
        if let Some(covered) = self.ending.take() {
            return self
                .end(covered, instance, servers, drain, dice)
                .map(|()| drain && self.ledger.between());
        }
        if dice.percent(40) {
            self.answer(&servers.source, dice);
        }
        if self.ledger.settled() {
            self.windows(now_ms);
        }
        if self.ledger.between() {
            let due = if drain { Due::Commit } else { self.ledger.due(now_ms, self.idle) };
            match due {
                Due::Commit | Due::Heartbeat => {
                    self.commit(instance, servers, drain)?;
                    return Ok(false);
                }
                Due::At(_) => {}
            }
            if self.ledger.settled() {
                self.reads.extend(self.load.next(self.ledger.position()));
            }
        } else if self.ledger.cut_due(now_ms) {
            instance.n_cuts += 1;
            self.commit(instance, servers, false)?;
            return Ok(false);
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
            return Err(Failure::Transient);
        }
        self.consume(&servers.source, now_ms)?;
        Ok(false)
    }

    /// Reads the next entry of the log.
    fn consume(&mut self, source: &Source, now_ms: u64) -> Result<(), Failure> {
        let (txn, op) = self.at;
        let Some(ops) = source.log.get(txn) else {
            self.idle = true;
            return Ok(());
        };
        self.idle = false;
        if self.ledger.between() {
            self.ledger.begin(None, &"binlog.000001".into(), offset(txn));
            return Ok(());
        }
        let Some(change) = ops.get(op) else {
            self.at = (txn + 1, 0);
            return self
                .ledger
                .end(|position| position.file.offset = offset(txn + 1))
                .map_err(|differs| Failure::Wrong(differs.to_string()));
        };
        self.at.1 += 1;
        let version = version(table_of(change.key));
        let counted = self.ledger.progress().table(&version);
        let key = change.key.to_be_bytes();
        let sends = self.ledger.progress().row(counted, &key);
        if !sends.map_err(|differs| Failure::Wrong(differs.to_string()))? {
            return Ok(());
        }
        if let Some(watch) = self.load.watch(&version.name, &version) {
            self.load.touch(watch.window, &key);
        }
        self.batch.push(Record::Change { txn, op });
        self.ledger.produced(1, 10, now_ms);
        Ok(())
    }

    /// Emits what windows are passed.
    fn windows(&mut self, now_ms: u64) {
        while let Some(closed) = self.load.close(self.ledger.position()) {
            let Closed::Emit(rows) = closed else { continue };
            let mut sent = 0;
            let mut values = Vec::new();
            for index in 0..rows.rows.len() {
                rows.rows.row(index, &mut values);
                let [Value::Int(key), Value::Int(value)] = values[..] else { panic!("two integers a row") };
                if rows.keeps(&key.to_be_bytes()) {
                    self.batch.push(Record::Loaded { key, value: value as u64 });
                    self.ledger.produced(1, 10, now_ms);
                    sent += 1;
                }
            }
            let record = self.load.emitted(&rows, sent);
            self.store(record.map(|record| (rows.version.name.clone(), record)));
        }
    }

    fn store(&mut self, snap: Option<(syncc::mysql::schema::TableName, SnapRecord)>) {
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
        self.reads.swap(0, some);
        let Some(Ask { read, contains, what }) = self.reads.front() else { return };
        let read = *read;
        // a view shows what is visible, or what was a moment before
        let sees = |contains: &Position| index(contains) <= source.visible;
        let rows = source.rows(source.visible);
        let of = |name: &str| TABLES.iter().position(|table| *table == name).unwrap_or_default() as i64 * 100;
        match what {
            Wanted::MaxKey { version, .. } if sees(contains) => {
                let first = of(&version.name.table);
                let max = rows.range(first..first + 100).next_back().map(|(&key, _)| vec![KeyPart::Int(key)]);
                self.reads.pop_front();
                let snap = self.load.max_read(read, max);
                self.store(snap);
            }
            Wanted::Chunk { version, after, upto, limit, .. } if sees(contains) => {
                let after = after.as_ref().map_or(of(&version.name.table), |after| id(&after[0]) + 1);
                let found: Vec<(i64, u64)> = rows
                    .range(after..)
                    .take_while(|(key, _)| **key <= id(&upto[0]))
                    .take(*limit as usize)
                    .map(|(&key, &value)| (key, value))
                    .collect();
                let mut batch = RowBatch::new(2);
                for &(key, value) in &found {
                    batch.push(Cell::Int(key));
                    batch.push(Cell::Int(value as i64));
                }
                let done = found.len() < *limit as usize;
                // not before what is visible; all of the log, or some of it, has been written by then
                let ahead = dice.below(source.log.len() - source.visible + 1);
                let high = place(source.visible + ahead).file;
                let last = found.last().map(|&(key, _)| vec![KeyPart::Int(key)]);
                self.reads.pop_front();
                self.load.chunk_read(read, Chunk { rows: batch, last, done, high, read_ms: 1 });
            }
            Wanted::MaxKey { .. } | Wanted::Chunk { .. } => {}
            Wanted::Columns(_) | Wanted::Barrier(_) => panic!("no definition moves, and there is a key"),
        }
    }

    /// Produces what is open with the position that covers it; the transaction ends with the next step.
    fn commit(&mut self, instance: &mut Instance, servers: &mut Servers, drain: bool) -> Result<(), Failure> {
        let now_ms = servers.now_ms;
        let covered = if self.ledger.between() { self.ledger.cover(now_ms) } else { self.ledger.cut(now_ms) };
        let mut records = std::mem::take(&mut self.batch);
        records.append(&mut self.staged);
        records.push(instance.owner(drain && self.ledger.between()));
        records.push(Record::State(Box::new(StateRecord::Pos(covered.record().clone()))));
        self.beat_ms = now_ms;
        servers.broker.produce(self.epoch, records, now_ms)?;
        self.ending = Some(covered);
        Ok(())
    }

    fn end(
        &mut self,
        covered: Covered,
        instance: &mut Instance,
        servers: &mut Servers,
        drain: bool,
        dice: &mut Dice,
    ) -> Result<(), Failure> {
        let trouble = if servers.trouble { dice.below(30) } else { usize::MAX };
        if trouble == 0 {
            // the request is lost
            return Err(Failure::Transient);
        }
        servers.broker.end(self.epoch)?;
        instance.owned = true;
        if trouble == 1 {
            // its answer is lost
            return Err(Failure::Transient);
        }
        self.ledger.committed(&DurablePosition::stored(covered.into_record()), servers.now_ms);
        if trouble == 2 && !drain {
            // It was sent twice, and answered once: the other one is on its way.
            servers.broker.end_again_later(self.epoch);
            self.epoch = servers.broker.init();
            let state = servers.broker.state().map_err(Failure::Wrong)?;
            if state.owner.is_some_and(|owner| owner.instance != instance.name) {
                return Err(Failure::OwnerLost);
            }
        }
        Ok(())
    }
}

fn id(part: &KeyPart) -> i64 {
    match part {
        KeyPart::Int(id) => *id,
        other => panic!("keys are integers, not {other:?}"),
    }
}
