//! What a life is made of once it streams, and what the entries of the stream and the answers of reads do to it.

use super::Task;
use super::counts::Counts;
use super::limit::Limit;
use super::marks::Marks;
use super::online::Online;
use super::output::Output;
use super::progress::Paces;
use super::reads::{Answer, Found, Reads};
use super::tables::Tables;
use super::verdict::Waiting;
use crate::change::{SourceInfo, TransactionInfo};
use crate::checkpoint::{SnapRecord, SnapState, StateKey, StateRecord};
use crate::engine::commit::{HEARTBEAT_MS, Ledger};
use crate::engine::load::{Closed, Load, TableLoad};
use crate::engine::split::Differs;
use crate::failpoint::hit;
use crate::mysql::binlog::scratch::Scratch;
use crate::mysql::ddl::ir::AlterAction;
use crate::mysql::ddl::{DdlEffect, Statement, TableDdl};
use crate::mysql::position::{BinlogPosition, Gtid, Position, TransactionPlace};
use crate::mysql::schema::TableName;
use crate::mysql::value::Value;
use crate::plan::TaskId;
use crate::run::context::Clock;
use crate::run::event::{Event, Name};
use crate::run::failure::{Class, Failure};
use crate::run::follower::Follower;
use crate::run::ring::{Block, Definition, Entry, What};
use crate::run::state_dir::random_id;
use std::collections::HashMap;
use std::sync::Arc;

/// Entries looked at before orders and answers are looked at again.
const ENTRIES_PER_TURN: usize = 256;

/// Longest that entries are looked at before orders and answers are, ms: a target that is busy takes its time.
const TURN_MS: u64 = 100;

/// What a life is made of once it streams.
pub(super) struct Life {
    pub(super) ledger: Ledger,
    pub(super) load: Load,
    pub(super) follower: Follower,
    pub(super) output: Output,
    pub(super) tables: Tables,
    pub(super) reads: Reads,
    pub(super) number: u64,
    pub(super) generation: u64,
    pub(super) transaction_timeout_ms: u64,
    /// How long the target's transactions may last; none where it has none.
    pub(super) transactional_for_ms: Option<u64>,
    /// Block under the cursor and the next entry of it.
    pub(super) block: Option<(Arc<Block>, usize)>,
    /// The source transaction under the cursor was seen before: nothing of it is emitted.
    pub(super) skip: bool,
    pub(super) gtid: Option<Gtid>,
    /// Rows that do not count yet.
    pub(super) waiting: Waiting,
    /// The source and the source transaction under the cursor, as messages name them.
    pub(super) source: SourceInfo,
    pub(super) transaction: TransactionInfo,
    /// Number of the source transaction under the cursor, within this life; from 1.
    pub(super) transaction_number: u64,
    /// Rows of it that were read so far.
    pub(super) n_rows: u64,
    /// Copies of tables that tools for online schema changes have made, and what became of each.
    pub(super) online: HashMap<TableName, Online>,
    /// The reader had nothing for a while.
    pub(super) idle: bool,
    /// When the next entries last had to wait for the bound of the pipeline.
    pub(super) paced_ms: Option<u64>,
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
    /// Largest event of the log that is taken into memory, bytes.
    pub(super) event_limit: usize,
    pub(super) before: Vec<Value<'static>>,
    pub(super) after: Vec<Value<'static>>,
    pub(super) key: Vec<u8>,
    pub(super) load_announced: bool,
    /// Counted since the status was renewed.
    pub(super) counts: Counts,
    pub(super) paces: Paces,
    /// Existing rows are loaded at all.
    pub(super) loads: bool,
    /// What is told of loads; none: nothing.
    pub(super) marks: Option<Marks>,
    /// The stream has ended: the next life needs another one.
    pub(super) source_failed: bool,
    /// Something was committed in this life.
    pub(super) has_committed: bool,
}

/// What a look at the stream brought.
pub(super) enum Look {
    /// Entries were looked at.
    Moved,
    /// There is none, or it cannot be looked at yet.
    Nothing,
    /// The next one may not be looked at before this time, ms.
    Paced(u64),
}

impl Life {
    /// Looks at the next entries.
    pub(super) fn consume(
        &mut self,
        clock: &Clock,
        wall_ms: i64,
        limit: &mut Limit,
    ) -> Result<Look, Failure> {
        let mut n_looked = 0;
        self.ledger.take_up();
        let began_ms = clock.now_ms();
        loop {
            if self.waiting.has_released() {
                let now_ms = clock.now_ms();
                if let Some(at_ms) = limit.waits(now_ms) {
                    return Ok(if n_looked > 0 { Look::Moved } else { Look::Paced(at_ms) });
                }
                let sent = self.counts.bytes;
                self.released(now_ms, wall_ms)?;
                limit.sent(self.counts.bytes - sent, now_ms);
                n_looked += 1;
                if now_ms >= began_ms + TURN_MS || n_looked >= ENTRIES_PER_TURN || self.ledger.cut_due(now_ms)
                {
                    return Ok(Look::Moved);
                }
                continue;
            }
            let (block, at) = match self.block.take() {
                Some(current) => current,
                None => match self.follower.ring().next() {
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
            if let What::Definition(definition) = &entry.what
                && !self.skip
                && self.waits_for_commit(definition)?
            {
                self.ledger.put_off();
                self.block = Some((block, at));
                return Ok(Look::Moved);
            }
            if matches!(entry.what, What::End { .. }) && !self.skip && self.waiting.release() {
                // What it holds comes first.
                self.block = Some((block, at));
                continue;
            }
            let now_ms = clock.now_ms();
            let may_bring = match entry.what {
                What::Begin { .. } => true,
                What::Rows(_) => !self.skip,
                What::Verdict(_)
                | What::Writer(_)
                | What::Definition(_)
                | What::End { .. }
                | What::Reached { .. }
                | What::Stop(_) => false,
            };
            if let Some(at_ms) = limit.waits(now_ms).filter(|_| may_bring) {
                self.block = Some((block, at));
                return Ok(if n_looked > 0 { Look::Moved } else { Look::Paced(at_ms) });
            }
            let sent = self.counts.bytes;
            let ended = self.entry(&block, entry, now_ms, wall_ms)?;
            limit.sent(self.counts.bytes - sent, now_ms);
            self.block = Some((block, at + 1));
            n_looked += 1;
            let tired = n_looked >= ENTRIES_PER_TURN || now_ms >= began_ms + TURN_MS;
            if ended || tired || self.ledger.cut_due(now_ms) {
                return Ok(Look::Moved);
            }
        }
    }

    /// True while something of the log has come that was not looked at.
    pub(super) fn has_unread(&self) -> bool {
        let in_block = self.block.as_ref().is_some_and(|(block, at)| *at < block.entries.len());
        in_block || self.follower.ring().has_next()
    }

    /// True while the next entry is one whose columns are not proven.
    pub(super) fn waits_for_columns(&self) -> bool {
        let Some((block, at)) = &self.block else { return false };
        block.entries.get(*at).is_some_and(|entry| match &entry.what {
            What::Rows(table) => table.columns.get().is_none(),
            What::Begin { .. }
            | What::Verdict(_)
            | What::Writer(_)
            | What::Definition(_)
            | What::End { .. }
            | What::Reached { .. }
            | What::Stop(_) => false,
        })
    }

    /// Looks at one entry. True when the task stands between two source transactions behind it.
    fn entry(&mut self, block: &Block, entry: &Entry, now_ms: u64, wall_ms: i64) -> Result<bool, Failure> {
        match &entry.what {
            What::Begin { gtid, committed_us, file, offset } => {
                let position = self.ledger.position();
                let place =
                    TransactionPlace { server: &position.server, gtid: gtid.as_ref(), file, end: offset + 1 };
                self.skip = match position.contains(&place) {
                    Some(contained) => {
                        let again = self.waiting.begin(contained, gtid.as_ref(), file, *offset);
                        contained && !again
                    }
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
                if !self.skip {
                    self.transaction = TransactionInfo {
                        gtid: gtid.as_ref().map(Gtid::to_string).unwrap_or_default(),
                        server_id: entry.header.map_or(0, |header| header.server_id),
                        committed_us: *committed_us,
                        ..TransactionInfo::place(file.clone(), *offset)
                    };
                }
                self.transaction_number += 1;
                self.n_rows = 0;
                self.ledger.begin(gtid.as_ref(), file, *offset);
                self.number_part();
                Ok(false)
            }
            What::Writer(thread) => {
                self.transaction.thread_id = Some(*thread);
                Ok(false)
            }
            What::Rows(table) => {
                let Some(header) = entry.header.filter(|_| !self.skip) else { return Ok(false) };
                let body = block.body(entry);
                if !self.waiting.holds() {
                    self.rows(header, body, table, None, now_ms, wall_ms)?;
                } else if self.tables.is_selected(table) {
                    self.waiting.keep(header, table, body)?;
                }
                Ok(false)
            }
            What::Verdict(verdict) => {
                if !self.skip {
                    self.verdict(verdict, entry.header.map_or(0, |header| header.time))?;
                }
                Ok(false)
            }
            What::Definition(definition) => {
                if !self.skip {
                    self.send_definition(definition, entry.header.as_ref(), now_ms)?;
                    self.definition(definition);
                }
                Ok(false)
            }
            What::End { file, offset } => {
                let (skip, gtid) = (self.skip, self.gtid.take());
                let ended = if skip {
                    self.ledger.end(|_| {})
                } else {
                    let advance = self.advance(gtid.as_ref(), file, *offset);
                    self.ledger.end(advance)
                };
                ended.map_err(|differs| another(self.ledger.position(), &differs))?;
                if self.tables.ended(self.ledger.position(), &mut self.output) {
                    self.ledger.touch();
                }
                self.event_s = entry.header.map_or(0, |header| header.time);
                Ok(true)
            }
            What::Reached { file, offset } => {
                let reached = BinlogPosition::new(&**file, *offset);
                if reached > self.ledger.position().file {
                    self.ledger.reached(|position| position.advance(None, file, *offset));
                }
                Ok(true)
            }
            What::Stop(failure) => {
                self.source_failed = true;
                Err(failure.clone())
            }
        }
    }

    /// True for a statement that is sent while rows from before it are not committed.
    fn waits_for_commit(&self, definition: &Definition) -> Result<bool, Failure> {
        // Rows of its own source transaction stay with it.
        let before = self.ledger.has_rows() && self.n_rows == 0;
        Ok(before && !self.outgoing(definition)?.is_empty())
    }

    /// A statement may have changed definitions, or made rows come or go without events.
    fn definition(&mut self, definition: &Definition) {
        let Definition { statement, effect, followed, shown, outline: _, case: _ } = definition;
        self.tables.define(followed, shown);
        self.load.definition_moved(effect);
        match effect {
            DdlEffect::Tables { tables, kind } => {
                if renames(*kind, tables) {
                    self.renamed(tables);
                }
                for table in gets_rows_without_events(statement) {
                    self.enter(table);
                }
                if moves_rows_without_events(statement) {
                    for table in
                        tables.iter().filter(|table| self.tables.tells_of_lost_rows(table, statement))
                    {
                        self.counts.truncates += 1;
                        Event::warn(
                            Name::TableTruncated,
                            format!("rows of {table} came or went without change events, by: {shown}"),
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
            let is_copy = |other: &TableName| self.tables.is_copy(other, table);
            if !tables.iter().any(is_copy) {
                self.enter(table);
            }
        }
    }

    /// A selected table has rows that nobody has sent: it is loaded.
    fn enter(&mut self, table: &TableName) {
        if self.loads && self.tables.selects(table) && !self.tables.waits(table) {
            self.load_anew(table);
        }
    }

    /// Loads the existing rows of a table from its first one on.
    pub(super) fn load_anew(&mut self, table: &TableName) {
        let id = random_id().unwrap_or_default();
        let record = SnapRecord::pending(id, self.tables.has_sent(table));
        self.load_announced = false;
        self.tables.learn(table);
        self.load.add(TableLoad::unread(table.clone(), record.clone()));
        if let Some(marks) = &mut self.marks {
            marks.forget(table);
        }
        self.output.store(StateRecord::Snap(table.clone(), record));
        self.ledger.touch();
    }

    /// A table was to be loaded and is not there: should one of its name be made later, the log has all of its rows.
    pub(super) fn vanished(&mut self, table: &TableName) {
        let text = format!("there is no table {table} at the source: nothing of it is loaded");
        Event::warn(Name::SnapshotTableDone, text).position(&self.ledger.position().file).emit();
        self.tables.forget(table);
        self.output.remove(StateKey::Snap(table.clone()));
        self.ledger.touch();
    }

    /// True when a failure lets its table wait, and the others go on.
    pub(super) fn parks(&self, table: &TableName, failure: &Failure) -> bool {
        failure.class == Class::Data && failure.too_small.is_none() && self.tables.parks(table)
    }

    /// Lets the rows of a table wait from the open transaction on; the others go on.
    pub(super) fn park(&mut self, table: &TableName, failure: Failure) {
        let position = self.ledger.position();
        Event::warn(
            Name::TableParked,
            format!(
                "{table} waits behind {}; the other tables go on. Once the cause is mended, `syncc resume {} {table}` loads it anew",
                position.file,
                self.tables.plan().id.pipeline
            ),
        )
        .position(&position.file)
        .failure(&failure)
        .emit();
        self.tables.park(table, position, self.transaction_number, failure.text, &mut self.output);
        self.load.leave(table);
        self.ledger.progress().leave(table);
        self.ledger.touch();
        // What status says must not lag behind the log.
        self.status_ms = 0;
    }

    /// An answer of the reading thread.
    pub(super) fn answered(&mut self, answer: Answer, now_ms: u64) -> Result<(), Failure> {
        if answer.life != self.number {
            return Ok(());
        }
        self.reads.answered(&answer);
        let read = answer.read;
        match answer.what? {
            Found::Columns(found) => {
                if let Some(gone) = self.load.columns_read(read, found) {
                    self.vanished(&gone);
                }
            }
            Found::MaxKey(max) => {
                if let Some((table, record)) = self.load.max_read(read, max) {
                    self.store_snap(table, record, now_ms)?;
                }
            }
            Found::Chunk(chunk) => {
                hit("win.read");
                self.load.chunk_read(read, chunk);
            }
            Found::Barrier(at) => self.load.barrier_opened(read, at),
            Found::Rows { rows, end } => self.barrier_rows(rows.as_ref(), end, now_ms)?,
            Found::Moved => self.load.moved(read),
        }
        Ok(())
    }

    /// Begins the reads that may be under way now. Between two source transactions only.
    pub(super) fn read_on(&mut self, now_ms: u64, wall_ms: i64) -> Result<(), Failure> {
        self.reads.rest = None;
        self.reads.holds(self.load.held());
        while let Some(need) = self.load.wants() {
            let Some((turn, memory)) = self.reads.begin(need, wall_ms) else { break };
            let Some(mut ask) = self.load.next(self.ledger.position(), memory) else { break };
            hit("win.opened");
            if let Some((table, record)) = ask.begins.take().filter(|_| self.marks.is_some()) {
                self.store_snap(table, record, now_ms)?;
            }
            self.reads.ask(ask, turn)?;
        }
        Ok(())
    }

    /// Emits chunks whose high mark has been passed. Between two source transactions only.
    pub(super) fn windows(&mut self, now_ms: u64) -> Result<(), Failure> {
        while let Some(closed) = self.load.close(self.ledger.position()) {
            match closed {
                Closed::Redo(table, cause) => {
                    self.counts.redone(cause);
                    Event::info(Name::WindowRedone, format!("a chunk of {table} is read again: {cause:?}"))
                        .emit();
                }
                Closed::Emit(rows) => {
                    hit("win.closing");
                    let sent = match self.emit(&rows, now_ms) {
                        Err(failure) if self.parks(&rows.version.name, &failure) => {
                            self.park(&rows.version.name, failure);
                            continue;
                        }
                        sent => sent?,
                    };
                    if let Some(record) = self.load.emitted(&rows, sent) {
                        self.store_snap(rows.version.name.clone(), record, now_ms)?;
                    }
                    hit("win.closed");
                }
            }
        }
        Ok(())
    }

    /// Keeps the progress of a table's load for the next commit, and tells of it.
    pub(super) fn store_snap(
        &mut self,
        table: TableName,
        record: SnapRecord,
        now_ms: u64,
    ) -> Result<(), Failure> {
        self.mark_load(&table, &record, now_ms)?;
        if record.state == SnapState::Done {
            Event::info(Name::SnapshotTableDone, format!("{table}: {} rows loaded", record.rows)).emit();
        }
        self.output.store(StateRecord::Snap(table, record));
        self.ledger.touch();
        Ok(())
    }

    /// A failure with the place of the row that caused it, where the target could not know it.
    ///
    /// `committed` is the position of the last commit.
    pub(super) fn located(&self, failure: Failure, committed: Option<&str>) -> Failure {
        let Some(topic) = &failure.too_small else { return failure };
        let tables = self.tables.of_topic(topic);
        let of = if tables.is_empty() { String::new() } else { format!(" of {}", tables.join(", ")) };
        let text = format!(
            "{}. It is a row{of} behind {}, where the task goes on once it fits: raise `max.message.bytes` of the topic, or \
             leave large columns out with `columns except`",
            failure.text,
            committed.unwrap_or("the start")
        );
        Failure { text, ..failure }
    }

    /// The owner is seen to live even while one source transaction lasts.
    pub(super) fn beat_inside(&mut self, task: &Task, now_ms: u64) -> Result<(), Failure> {
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

    /// Rows say in which part of their source transaction they are, once it has several.
    pub(super) fn number_part(&mut self) {
        self.transaction.part = match self.ledger.parts() {
            0 => 0,
            parts => parts + 1,
        };
    }

    /// Tells once of a source transaction that goes to the target in parts.
    pub(super) fn told_of_cut(&self, task: &TaskId) {
        if self.ledger.parts() == 1 {
            let text = "one source transaction is so large, or takes so long, that it is sent in several transactions";
            Event::info(Name::TransactionCut, text).task(task).position(&self.ledger.position().file).emit();
        }
    }

    /// A source transaction that cannot be cut and takes longer than a Kafka transaction may last cannot be sent: each try would
    /// end by the broker's timeout, for ever.
    pub(super) fn overdue(&self, now_ms: u64) -> Result<(), Failure> {
        let Some(timeout_ms) = self.transactional_for_ms else { return Ok(()) };
        let Some(rows) = self.ledger.overdue(now_ms, timeout_ms) else { return Ok(()) };
        Err(Failure::new(
            Class::Data,
            format!(
                "behind {}: one source transaction has brought {rows} rows and is not at its end, has too many tables to be sent in \
                 parts, but `transaction-timeout` is {} s. Raise it above the time the transaction takes (and \
                 `transaction.max.timeout.ms` of the brokers), or use `delivery at-least-once`",
                self.ledger.position().file,
                timeout_ms / 1_000
            ),
        ))
    }

    /// A source that stalls inside a transaction must not hold back the readers of our partitions.
    pub(super) fn stalled(&mut self, now_ms: u64) -> Result<(), Failure> {
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

/// The source transaction that was cut does not come again as it was: what of it is in the target cannot be told.
pub(super) fn another(position: &Position, differs: &Differs) -> Failure {
    Failure::new(
        Class::PositionLost,
        format!(
            "behind {}: the source transaction whose first part was sent is another one now: {differs}. Is this another server, or a \
             restored one? Its tables must be loaded anew",
            position.file
        ),
    )
}

/// True for a statement by which rows come or go that no event tells of: consumers keep what it takes away, and lack what it
/// brings until the table is loaded anew.
pub(super) fn moves_rows_without_events(statement: &Statement) -> bool {
    let moves = |action: &AlterAction| {
        matches!(
            action,
            AlterAction::RowsWithoutEvents
                | AlterAction::ImportRows
                | AlterAction::Exchange(_)
                | AlterAction::PartitionToTable(_)
                | AlterAction::TableToPartition(_)
        )
    };
    match statement {
        Statement::Truncate(_) => true,
        Statement::AlterTable(alter) => alter.actions.iter().any(moves),
        Statement::NotUnderstood(not) => not.kind == TableDdl::Truncate,
        Statement::CreateTable(_)
        | Statement::DropTables(_)
        | Statement::RenameTables(_)
        | Statement::CreateDatabase(_)
        | Statement::AlterDatabase { .. }
        | Statement::DropDatabase(_)
        | Statement::Sequence { .. }
        | Statement::Transaction(_)
        | Statement::Rows(_)
        | Statement::NoEffect
        | Statement::Irrelevant => false,
    }
}

/// The tables that have rows behind a statement which no event tells of: by an import, or by partitions that change places.
fn gets_rows_without_events(statement: &Statement) -> Vec<&TableName> {
    let Statement::AlterTable(alter) = statement else { return Vec::new() };
    let mut tables = Vec::new();
    for action in &alter.actions {
        if let AlterAction::ImportRows | AlterAction::TableToPartition(_) | AlterAction::Exchange(_) = action
        {
            tables.push(&alter.table);
        }
        if let AlterAction::Exchange(other) | AlterAction::PartitionToTable(other) = action {
            tables.push(other);
        }
    }
    tables
}

/// True for a statement that may give a table another name.
fn renames(kind: TableDdl, tables: &[TableName]) -> bool {
    match kind {
        TableDdl::Rename => true,
        TableDdl::Alter => tables.len() > 1,
        TableDdl::Create | TableDdl::Drop | TableDdl::Truncate => false,
    }
}
