//! The loop of a life: entries of the stream, answers of reads, commits, commands.
//!
//! Order of each turn: commands and answers, then what is possible between two source transactions (windows, commits,
//! the end), then the next entries. Nothing here waits while there is something to do.

use super::history::without_history;
use super::output::Output;
use super::reads::{Answer, Found, Reads, TableRows};
use super::tables::{Slot, Tables};
use super::{Command, Ended, Input, Task};
use crate::change::{EventMeta, Origin, RowChange};
use crate::checkpoint::{SnapRecord, SnapState, StateRecord};
use crate::control::{Progress, TableStatus, TaskState};
use crate::engine::commit::{Due, HEARTBEAT_MS, Ledger};
use crate::engine::load::{Closed, Load, Rows, TableLoad};
use crate::failpoint::{Bug, hit, planted};
use crate::mysql::binlog::event::RawEvent;
use crate::mysql::binlog::rows::{RowKind, RowsEvent};
use crate::mysql::binlog::scratch::Scratch;
use crate::mysql::ddl::{DdlEffect, TableDdl};
use crate::mysql::key::canonical_key;
use crate::mysql::position::{BinlogPosition, Gtid, Position, TransactionPlace};
use crate::mysql::schema::TableName;
use crate::mysql::value::{Value, recycle};
use crate::plan::Start;
use crate::run::context::wall_ms;
use crate::run::event::{Event, Name};
use crate::run::failure::{Class, Failure};
use crate::run::hub::Hub;
use crate::run::ring::{Block, Entry, What};
use crossbeam_channel::RecvTimeoutError;
use std::sync::Arc;
use std::time::Duration;

/// The reader counts as idle when it had nothing for this long.
const IDLE: Duration = Duration::from_millis(2);

/// Entries looked at before commands and answers are looked at again.
const ENTRIES_PER_TURN: usize = 256;

/// The breadcrumb in the state directory is renewed at most this often, ms.
const BREADCRUMB_MS: u64 = 1_000;

/// Largest event of the log that is taken into memory, bytes. It passes the 84 MB event of a 40 MiB blob update.
pub(super) const EVENT_LIMIT_BYTES: usize = 96 << 20;

/// The ends of the topics are noted at most this often, ms.
const ENDS_MS: u64 = 60_000;

/// Status is renewed at most this often, ms.
const STATUS_MS: u64 = 200;

/// What a life is made of once it streams.
pub(super) struct Life {
    pub(super) ledger: Ledger,
    pub(super) load: Load,
    pub(super) hub: Hub,
    pub(super) output: Output,
    pub(super) tables: Tables,
    pub(super) reads: Reads,
    pub(super) number: u64,
    pub(super) generation: u64,
    pub(super) transaction_timeout_ms: u64,
    /// Block under the cursor and the next entry of it.
    pub(super) block: Option<(Arc<Block>, usize)>,
    /// The source transaction under the cursor was seen before: nothing of it is emitted.
    pub(super) skip: bool,
    pub(super) gtid: Option<Gtid>,
    /// The reader had nothing for a while.
    pub(super) idle: bool,
    /// When the last entry was looked at.
    pub(super) moved_ms: u64,
    pub(super) beat_ms: u64,
    pub(super) breadcrumb_ms: u64,
    pub(super) ends_ms: u64,
    pub(super) status_ms: u64,
    pub(super) records: u64,
    /// Records and time at the last few renewals of the status, for the rate.
    pub(super) rate: (u64, u64, f64),
    pub(super) event_s: u32,
    pub(super) scratch: Option<Scratch>,
    pub(super) before: Vec<Value<'static>>,
    pub(super) after: Vec<Value<'static>>,
    pub(super) key: Vec<u8>,
    pub(super) load_announced: bool,
    /// Existing rows are loaded at all.
    pub(super) loads: bool,
    /// Id of the loads this life begins.
    pub(super) snapshot: String,
    /// The stream has ended: the next life needs another one.
    pub(super) source_failed: bool,
    /// Something was committed in this life.
    pub(super) has_committed: bool,
}

/// What a look at the stream brought.
enum Look {
    Moved,
    Nothing,
}

impl Task {
    /// Streams until the life ends.
    pub(super) fn stream(&mut self, life: &mut Life) -> Result<Ended, Failure> {
        loop {
            while let Ok(input) = self.inbox.try_recv() {
                self.take(input, life)?;
            }
            let now_ms = self.clock.now_ms();
            if life.ledger.between() {
                life.windows(now_ms)?;
                if life.load.reached_barrier(life.ledger.position()) {
                    life.reads.go();
                }
                if let Some(ended) = self.between(life, now_ms)? {
                    return Ok(ended);
                }
            } else {
                life.beat_inside(self, now_ms)?;
            }
            self.renew_status(life, now_ms);
            let position = life.ledger.position();
            let held = life.ledger.between() && (life.load.opening_barrier() || life.load.holds(position));
            let look = if held { Look::Nothing } else { life.consume(now_ms, wall_ms())? };
            match look {
                Look::Moved => {
                    life.idle = false;
                    life.moved_ms = now_ms;
                }
                Look::Nothing => {
                    life.output.flush()?;
                    self.rest(life)?;
                }
            }
        }
    }

    /// Waits for the next input, until something is due.
    fn rest(&mut self, life: &mut Life) -> Result<(), Failure> {
        let now_ms = self.clock.now_ms();
        let wait = match life.ledger.due(now_ms, life.idle) {
            Due::Commit | Due::Heartbeat => Duration::ZERO,
            Due::At(at_ms) => {
                Duration::from_millis(at_ms.saturating_sub(now_ms)).min(Duration::from_millis(STATUS_MS))
            }
        };
        let wait = if life.idle { wait } else { IDLE.min(wait.max(Duration::from_micros(100))) };
        match self.inbox.recv_timeout(wait) {
            Ok(input) => self.take(input, life),
            Err(RecvTimeoutError::Timeout) => {
                life.idle = true;
                life.stalled(now_ms)
            }
            Err(RecvTimeoutError::Disconnected) => {
                self.orders.give(Command::Drain);
                Ok(())
            }
        }
    }

    fn take(&mut self, input: Input, life: &mut Life) -> Result<(), Failure> {
        match input {
            Input::Wake => Ok(()),
            Input::Answer(answer) => life.answered(answer),
        }
    }

    /// What is possible between two source transactions: commits, the next read, the end of the life.
    fn between(&mut self, life: &mut Life, now_ms: u64) -> Result<Option<Ended>, Failure> {
        let order = self.orders.look();
        let ending = order.is_some();
        let loaded = self.context.once && life.load.done();
        if ending || loaded {
            hit("drain.begun");
        }
        let due = if ending || loaded { Due::Commit } else { life.ledger.due(now_ms, life.idle) };
        match due {
            Due::Commit | Due::Heartbeat => {
                let release = matches!(order, Some(Command::Drain)) || loaded;
                self.commit(life, release)?;
            }
            Due::At(_) => {}
        }
        if ending || loaded {
            if let Some(order) = &order {
                self.orders.done(order);
            }
            return Ok(Some(match order {
                Some(Command::Swap { plan, generation }) => Ended::Swapped { plan, generation },
                Some(Command::Drain) => Ended::Drained,
                None => Ended::Loaded,
            }));
        }
        if !life.load_announced && life.load.done() {
            life.load_announced = true;
            if !life.load.progress().is_empty() {
                Event::info(Name::SnapshotDone, "all existing rows are loaded").task(&self.id).emit();
            }
        }
        if let Some(ask) = life.load.next(life.ledger.position()) {
            hit("win.opened");
            life.reads.ask(ask, life.number);
        }
        Ok(None)
    }

    /// Commits what is open together with everything that waits to be stored.
    fn commit(&mut self, life: &mut Life, release: bool) -> Result<(), Failure> {
        let now_ms = self.clock.now_ms();
        if now_ms >= life.ends_ms + ENDS_MS || release {
            life.ends_ms = now_ms;
            life.output.note_ends()?;
        }
        life.output.flush()?;
        let has_rows = life.ledger.has_rows();
        let covered = life.ledger.cover(now_ms);
        life.output.stage_owner(release, &self.context)?;
        let durable = life.output.commit(covered, &self.context)?;
        let now_ms = self.clock.now_ms();
        life.ledger.committed(&durable, now_ms);
        life.beat_ms = now_ms;
        // The first commit of a life only says who we are: a source that lets us in and drops us again is no progress.
        if has_rows || life.has_committed {
            self.retry.progress();
            self.n_moved += 1;
        }
        life.has_committed = true;
        let first = self.committed.replace(durable.record().seq).is_none();
        if now_ms >= life.breadcrumb_ms + BREADCRUMB_MS || release || first {
            life.breadcrumb_ms = now_ms;
            // The state topic is what counts; a full disk is no reason to stop a stream that works.
            let _ = life.output.leave_breadcrumb(&self.context.state, durable.record());
        }
        let mut status = self.status();
        status.seq = durable.record().seq;
        status.position = Some(durable.record().position.to_string());
        status.retry_seconds_left = None;
        status.error = None;
        Ok(())
    }

    fn renew_status(&mut self, life: &mut Life, now_ms: u64) {
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
            })
            .collect();
        let lag = if life.idle || life.event_s == 0 {
            0.0
        } else {
            (wall_ms() as f64 / 1_000.0 - f64::from(life.event_s)).max(0.0)
        };
        let mut status = self.status();
        status.generation = life.generation;
        status.records = self.records + life.records;
        status.records_per_second = life.rate.2;
        status.lag_seconds = lag;
        status.state = if life.load.done() { TaskState::Streaming } else { TaskState::Snapshot };
        status.snapshot = (!tables.is_empty()).then(|| Progress {
            tables_done: tables.iter().filter(|table| table.done).count(),
            tables: tables.len(),
            rows: tables.iter().map(|table| table.rows).sum(),
            estimate: tables.iter().map(|table| table.estimate.max(table.rows)).sum(),
            eta_seconds: eta(&tables, life.rate.2),
        });
        status.tables = tables;
    }
}

/// Seconds until all rows are loaded at the present rate.
fn eta(tables: &[TableStatus], per_second: f64) -> Option<u64> {
    let left: u64 = tables
        .iter()
        .filter(|table| !table.done)
        .map(|table| table.estimate.saturating_sub(table.rows))
        .sum();
    (left > 0 && per_second >= 1.0).then(|| (left as f64 / per_second).ceil() as u64)
}

impl Life {
    /// Looks at the next entries.
    fn consume(&mut self, now_ms: u64, wall_ms: i64) -> Result<Look, Failure> {
        let mut n_looked = 0;
        loop {
            let (block, at) = match self.block.take() {
                Some(current) => current,
                None => match self.hub.ring().next() {
                    Some(block) => (block, 0),
                    None => return Ok(if n_looked > 0 { Look::Moved } else { Look::Nothing }),
                },
            };
            let Some(entry) = block.entries.get(at) else { continue };
            if let What::Rows(table) = &entry.what
                && !self.skip
                && self.tables.is_selected(table)
                && table.columns.get().is_none()
            {
                // Only later blocks can prove its columns.
                self.block = Some((block, at));
                return Ok(if n_looked > 0 { Look::Moved } else { Look::Nothing });
            }
            let ended = self.entry(&block, entry, now_ms, wall_ms)?;
            self.block = Some((block, at + 1));
            n_looked += 1;
            if ended || n_looked >= ENTRIES_PER_TURN {
                return Ok(Look::Moved);
            }
        }
    }

    /// Looks at one entry. True when the task stands between two source transactions behind it.
    fn entry(&mut self, block: &Block, entry: &Entry, now_ms: u64, wall_ms: i64) -> Result<bool, Failure> {
        match &entry.what {
            What::Begin { gtid, file, offset } => {
                let position = self.ledger.position();
                let place =
                    TransactionPlace { server: &position.server, gtid: gtid.as_ref(), file, end: offset + 1 };
                self.skip = match position.contains(&place) {
                    Some(contained) => contained,
                    None => {
                        return Err(Failure::new(
                            Class::Data,
                            format!(
                                "at {file}:{offset}: a transaction without GTID among those with GTID; somebody is \
                                 switching `gtid_mode`, and a set cannot prove what was read"
                            ),
                        ));
                    }
                };
                self.gtid.clone_from(gtid);
                self.ledger.begin();
                Ok(false)
            }
            What::Rows(table) => {
                if !self.skip {
                    self.rows(block, entry, table, now_ms, wall_ms)?;
                }
                Ok(false)
            }
            What::Definition(effect) => {
                if !self.skip {
                    self.definition(effect);
                }
                Ok(false)
            }
            What::End { file, offset } => {
                let (skip, gtid) = (self.skip, self.gtid.take());
                self.ledger.end(|position| {
                    if !skip {
                        position.advance(gtid.as_ref(), file, *offset);
                    }
                });
                self.event_s = entry.header.map_or(0, |header| header.time);
                Ok(true)
            }
            What::Reached { file, offset } => {
                let reached = BinlogPosition::new(&**file, *offset);
                if reached > self.ledger.position().file {
                    self.ledger.end(|position| position.advance(None, file, *offset));
                }
                Ok(true)
            }
            What::Stop(failure) => {
                self.source_failed = true;
                Err(failure.clone())
            }
        }
    }

    fn rows(
        &mut self,
        block: &Block,
        entry: &Entry,
        table: &Arc<crate::run::ring::MappedTable>,
        now_ms: u64,
        wall_ms: i64,
    ) -> Result<(), Failure> {
        let Some(columns) = table.columns.get() else { return Ok(()) };
        let number = table.number;
        if !self.tables.is_selected(table) {
            return Ok(());
        }
        let columns = columns.clone()?;
        let position = self.ledger.position();
        let Slot::Live(live) = self.tables.slot(number, &columns.version, &mut self.output, position)? else {
            return Ok(());
        };
        let Some(header) = entry.header else { return Ok(()) };
        hit("txn.rows");
        let event = RawEvent { header, body: &block.bytes[entry.body.clone()] };
        let meta =
            EventMeta { origin: Origin::Stream, event_ms: i64::from(header.time) * 1_000, now_ms: wall_ms };
        let watched = self.load.watch(&table.name, &columns.version);
        let rows = RowsEvent::parse(&event)
            .map_err(|error| not_read(self.ledger.position(), &table.name, &error))?;
        let mut scratch = self.scratch.take().unwrap_or_else(|| Scratch::new(EVENT_LIMIT_BYTES));
        let mut before = recycle(std::mem::take(&mut self.before));
        let mut after = recycle(std::mem::take(&mut self.after));
        let mut rows = rows
            .read(&columns.layout, &mut scratch)
            .map_err(|error| not_read(self.ledger.position(), &table.name, &error))?;
        let row_end = columns.version.row_end();
        loop {
            let kind = rows
                .next(&mut before, &mut after)
                .map_err(|error| not_read(self.ledger.position(), &table.name, &error))?;
            let change = match kind {
                None => break,
                Some(RowKind::Insert) => RowChange::Insert { after: &after },
                Some(RowKind::Update) => RowChange::Update { before: &before, after: &after },
                Some(RowKind::Delete) => RowChange::Delete { before: &before },
            };
            let change = match row_end {
                None => change,
                Some(row_end) => match without_history(change, row_end) {
                    Some(change) => change,
                    None => continue,
                },
            };
            if let Some(key) = &watched {
                for image in images(&change) {
                    self.key.clear();
                    canonical_key(image, key, &mut self.key);
                    self.load.touch(&self.key);
                }
            }
            let bytes = self.output.batch().bytes();
            let n_records = live
                .route
                .push(&change, &meta, self.output.batch())
                .map_err(|error| not_read(self.ledger.position(), &table.name, &error))?;
            let bytes = self.output.batch().bytes() - bytes;
            self.ledger.produced(n_records as u64, bytes as u64, now_ms);
            self.records += n_records as u64;
            self.output.flush_if_full()?;
        }
        self.before = recycle(before);
        self.after = recycle(after);
        self.scratch = Some(scratch);
        Ok(())
    }

    /// A statement may have changed definitions, or made rows come or go without events.
    fn definition(&mut self, effect: &DdlEffect) {
        self.tables.forget_columns(effect, &mut self.output);
        self.load.definition_moved(effect);
        match effect {
            DdlEffect::Tables { tables, kind } => {
                if renames(*kind, tables) {
                    self.renamed(tables);
                }
                if *kind == TableDdl::Truncate {
                    for table in tables.iter().filter(|table| self.tables.selects(table)) {
                        Event::warn(
                            Name::TableTruncated,
                            format!("{table} was truncated: its rows went without change events"),
                        )
                        .position(&self.ledger.position().file)
                        .emit();
                    }
                }
            }
            DdlEffect::Database(_)
            | DdlEffect::Unknown
            | DdlEffect::Nothing
            | DdlEffect::Transaction(_)
            | DdlEffect::Statement(_) => {}
        }
    }

    /// A table under a selected name may hold rows that nobody has sent: it is loaded, unless a tool for online changes put
    /// its copy in the place of the original.
    fn renamed(&mut self, tables: &[TableName]) {
        for table in tables {
            let wanted = self.loads && self.tables.selects(table);
            if !wanted || tables.iter().any(|other| is_shadow(other, table)) {
                continue;
            }
            let record = SnapRecord {
                snapshot: self.snapshot.clone(),
                state: SnapState::Pending,
                key: Vec::new(),
                max: None,
                rows: 0,
            };
            self.tables.learn(table);
            self.load.add(TableLoad::unread(table.clone(), record.clone()));
            self.store_snap(table.clone(), record);
        }
    }

    /// An answer of the reading thread.
    fn answered(&mut self, answer: Answer) -> Result<(), Failure> {
        if answer.life != self.number {
            return Ok(());
        }
        match answer.what? {
            Found::Columns(found) => self.load.columns_read(found),
            Found::MaxKey(max) => {
                if let Some((table, record)) = self.load.max_read(max) {
                    self.store_snap(table, record);
                }
            }
            Found::Chunk(chunk) => {
                hit("win.read");
                self.load.chunk_read(chunk);
            }
            Found::Barrier(at) => self.load.barrier_opened(at),
            Found::Rows { rows, end } => self.barrier_rows(rows.as_ref(), end)?,
            Found::Moved(table) => {
                self.load.abandon();
                let altered = DdlEffect::Tables { tables: vec![table], kind: TableDdl::Alter };
                self.load.definition_moved(&altered);
            }
        }
        Ok(())
    }

    /// Emits chunks whose high mark has been passed. Between two source transactions only.
    fn windows(&mut self, now_ms: u64) -> Result<(), Failure> {
        while let Some(closed) = self.load.close(self.ledger.position()) {
            match closed {
                Closed::Redo(table, cause) => {
                    Event::info(Name::WindowRedone, format!("a chunk of {table} is read again: {cause:?}"))
                        .emit();
                }
                Closed::Emit(rows) => {
                    hit("win.closing");
                    let sent = self.emit(&rows, now_ms)?;
                    if let Some(record) = self.load.emitted(&rows, sent) {
                        self.store_snap(rows.version.name.clone(), record);
                    }
                    hit("win.closed");
                }
            }
        }
        Ok(())
    }

    fn emit(&mut self, rows: &Rows, now_ms: u64) -> Result<u64, Failure> {
        let position = self.ledger.position();
        let Slot::Live(live) = self.tables.loading_slot(&rows.version, &mut self.output, position)? else {
            return Ok(0);
        };
        let wall_ms = wall_ms();
        let meta = EventMeta { origin: Origin::Snapshot, event_ms: wall_ms, now_ms: wall_ms };
        let mut values = recycle(std::mem::take(&mut self.after));
        let mut sent = 0;
        for index in 0..rows.rows.len() {
            rows.rows.row(index, &mut values);
            if !rows.untouched() {
                self.key.clear();
                canonical_key(&values, &rows.key, &mut self.key);
                if !rows.keeps(&self.key) && !planted(Bug::TouchedKept) {
                    continue;
                }
            }
            let bytes = self.output.batch().bytes();
            let n_records =
                live.route.push(&RowChange::Insert { after: &values }, &meta, self.output.batch()).map_err(
                    |error| Failure::new(Class::Data, format!("table {}: {error}", rows.version.name)),
                )?;
            let bytes = self.output.batch().bytes() - bytes;
            self.ledger.produced(n_records as u64, bytes as u64, now_ms);
            self.records += n_records as u64;
            sent += 1;
            self.output.flush_if_full()?;
        }
        self.after = recycle(values);
        Ok(sent)
    }

    /// Rows of a table without a usable key: all of them, at the place where the stream stands.
    fn barrier_rows(&mut self, rows: Option<&TableRows>, end: bool) -> Result<(), Failure> {
        let mut sent = 0;
        if let Some(found) = rows {
            let position = self.ledger.position();
            if let Slot::Live(live) = self.tables.loading_slot(&found.version, &mut self.output, position)? {
                let wall_ms = wall_ms();
                let meta = EventMeta { origin: Origin::Snapshot, event_ms: wall_ms, now_ms: wall_ms };
                let mut values = recycle(std::mem::take(&mut self.after));
                for index in 0..found.rows.len() {
                    found.rows.row(index, &mut values);
                    let bytes = self.output.batch().bytes();
                    let n_records = live
                        .route
                        .push(&RowChange::Insert { after: &values }, &meta, self.output.batch())
                        .map_err(|error| {
                            Failure::new(Class::Data, format!("table {}: {error}", found.version.name))
                        })?;
                    let bytes = self.output.batch().bytes() - bytes;
                    self.ledger.produced(n_records as u64, bytes as u64, 0);
                    self.records += n_records as u64;
                    sent += 1;
                    self.output.flush_if_full()?;
                }
                self.after = recycle(values);
            }
        }
        if let Some((table, record)) = self.load.barrier_emitted(sent, end) {
            self.store_snap(table, record);
        }
        Ok(())
    }

    fn store_snap(&mut self, table: TableName, record: SnapRecord) {
        if record.state == SnapState::Done {
            Event::info(Name::SnapshotTableDone, format!("{table}: {} rows loaded", record.rows)).emit();
        }
        self.output.store(StateRecord::Snap(table, record));
        self.ledger.touch();
    }

    /// A failure with the place of the row that caused it, where the target could not know it.
    ///
    /// `committed` is the position of the last commit.
    pub(super) fn located(&self, failure: Failure, committed: Option<&str>) -> Failure {
        let Some(topic) = &failure.too_small else { return failure };
        let tables = self.tables.of_topic(topic).join(", ");
        let text = format!(
            "{}. It is a row of {tables} behind {}, where the task goes on once it fits: raise `max.message.bytes` of the topic, or \
             leave large columns out with `columns except`",
            failure.text,
            committed.unwrap_or("the start")
        );
        Failure { text, ..failure }
    }

    /// The owner is seen to live even while one source transaction lasts.
    fn beat_inside(&mut self, task: &Task, now_ms: u64) -> Result<(), Failure> {
        if now_ms < self.beat_ms + HEARTBEAT_MS {
            return Ok(());
        }
        self.beat_ms = now_ms;
        if self.output.is_idle() {
            // A transaction of its own: one that stays open until the source's ends would outlive its timeout.
            return self.output.beat(&task.context);
        }
        self.output.stage_owner(false, &task.context)
    }

    /// A source that stalls inside a transaction must not hold back the readers of our partitions.
    fn stalled(&mut self, now_ms: u64) -> Result<(), Failure> {
        let patience_ms = self.transaction_timeout_ms / 3;
        if !self.ledger.between() && self.output.is_open() && now_ms >= self.moved_ms + patience_ms {
            self.source_failed = true;
            return Err(Failure::new(
                Class::Connection,
                format!("the source stalled inside a transaction for {} s", patience_ms / 1_000),
            ));
        }
        Ok(())
    }
}

/// True for a statement that may give a table another name.
fn renames(kind: TableDdl, tables: &[TableName]) -> bool {
    match kind {
        TableDdl::Rename => true,
        TableDdl::Alter => tables.len() > 1,
        TableDdl::Create | TableDdl::Drop | TableDdl::Truncate => false,
    }
}

/// True when `other` has a name that gh-ost or pt-online-schema-change gives to its copy of `table`.
fn is_shadow(other: &TableName, table: &TableName) -> bool {
    if other.db != table.db {
        return false;
    }
    let gh_ost = other.table.strip_prefix('_').and_then(|name| name.strip_suffix("_gho"));
    let pt_osc = other.table.strip_suffix("_new").map(|name| name.trim_start_matches('_'));
    gh_ost == Some(&table.table) || (other.table.starts_with('_') && pt_osc == Some(table.table.as_str()))
}

/// Rows that cannot be read or written stop the task: going on would lose them.
fn not_read(position: &Position, table: &TableName, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(Class::Data, format!("behind {}, table {table}: {error}", position.file))
}

/// The images of a change.
fn images<'c, 'r, 'b>(
    change: &'c RowChange<'r, 'b>,
) -> impl Iterator<Item = &'r [Value<'b>]> + use<'c, 'r, 'b> {
    let (first, second) = match *change {
        RowChange::Insert { after } => (after, None),
        RowChange::Delete { before } => (before, None),
        RowChange::Update { before, after } => (before, Some(after)),
    };
    std::iter::once(first).chain(second)
}

/// True when a task that begins at `start` loads existing rows.
pub(super) fn loads(start: Start) -> bool {
    match start {
        Start::Snapshot { .. } => true,
        Start::Now => false,
    }
}
