//! Rows on their way out: of the stream, of a chunk, of a table read at one place.
//!
//! The hot path: nothing is allocated per row or column, and a row's bytes are copied once, into the batch.

use super::history::without_history;
use super::letters::Outlet;
use super::life::{Life, another};
use super::reads::TableRows;
use super::tables::{Live, Slot};
use crate::change::{EventMeta, Origin, RowBatch, RowChange, SourceInfo, TransactionInfo};
use crate::engine::load::Rows;
use crate::failpoint::hit;
use crate::mysql::binlog::event::{Header, RawEvent};
use crate::mysql::binlog::rows::{RowError, RowKind, RowsEvent};
use crate::mysql::binlog::scratch::Scratch;
use crate::mysql::key::canonical_key;
use crate::mysql::position::Position;
use crate::mysql::schema::{TableName, TableVersion};
use crate::mysql::value::recycle;
use crate::run::context::wall_ms;
use crate::run::event::{Event, Name};
use crate::run::failure::{Class, Failure};
use crate::run::ring::{Columns, MappedTable};
use std::sync::Arc;

impl Life {
    /// Sends the rows of one event; their number comes back. `first` is the number of the first of them within the source
    /// transaction, where they are not told apart by the place of their event.
    pub(super) fn rows(
        &mut self,
        header: Header,
        body: &[u8],
        table: &Arc<MappedTable>,
        first: Option<u32>,
        now_ms: u64,
        wall_ms: i64,
    ) -> Result<u32, Failure> {
        let Some(columns) = table.columns.get() else { return Ok(0) };
        if !self.tables.is_selected(table) {
            return Ok(0);
        }
        let sent = match columns {
            Ok(columns) => {
                let event = RawEvent { header, body };
                self.rows_of(&event, table, columns, first, now_ms, wall_ms)
            }
            Err(failure) => Err(failure.clone()),
        };
        match sent {
            // What the target refuses is no matter of this table.
            Err(failure) if failure.class != Class::Data || failure.too_small.is_some() => Err(failure),
            Err(failure) if self.tables.parks(&table.name) => {
                self.park(&table.name, failure);
                Ok(0)
            }
            Err(failure) => {
                self.tell_of_event(header, &table.name, first, (now_ms, wall_ms), failure)?;
                Ok(1)
            }
            sent => sent,
        }
    }

    /// Sends the rows of one event, read by these columns.
    fn rows_of(
        &mut self,
        event: &RawEvent<'_>,
        table: &Arc<MappedTable>,
        columns: &Columns,
        first: Option<u32>,
        now_ms: u64,
        wall_ms: i64,
    ) -> Result<u32, Failure> {
        let number = table.number;
        let position = self.ledger.position();
        let Slot::Live(live) = self.tables.slot(number, columns, &mut self.output, position)? else {
            return Ok(0);
        };
        hit("txn.rows");
        if live.transaction != self.transaction_number {
            (live.transaction, live.rows_in_it) = (self.transaction_number, 0);
            live.counted = self.ledger.progress().table(&columns.version);
        }
        let mut meta = EventMeta {
            origin: Origin::Stream,
            event_ms: i64::from(event.header.time) * 1_000,
            now_ms: wall_ms,
            source: &self.source,
            transaction: &self.transaction,
            offset: match first {
                None => event_start(self.transaction.start, &event.header),
                Some(_) => self.transaction.start,
            },
            row: 0,
            number: self.n_rows,
        };
        let watched = self.load.watch(&table.name, &columns.version);
        let rows =
            RowsEvent::parse(event).map_err(|error| not_read(self.ledger.position(), &table.name, &error))?;
        let mut scratch = self.scratch.take().unwrap_or_else(|| Scratch::new(self.event_limit));
        let mut before = recycle(std::mem::take(&mut self.before));
        let mut after = recycle(std::mem::take(&mut self.after));
        let layout = match &live.layout {
            Some(layout)
                if watched.iter().flat_map(|watch| &watch.key).all(|at| live.route.used().contains(at)) =>
            {
                layout.clone()
            }
            Some(_) | None => columns.layout.clone(),
        };
        let mut rows = rows
            .read(&layout, &mut scratch)
            .map_err(|error| unread(self.ledger.position(), &columns.version, &error))?;
        let row_end = columns.version.row_end();
        let mut n_rows = 0;
        for row in first.unwrap_or(0).. {
            meta.row = row;
            let kind = match rows.next(&mut before, &mut after) {
                Ok(kind) => kind,
                Err(error) => {
                    let failure = unread(self.ledger.position(), &columns.version, &error);
                    if !live.letters.take_errors() {
                        return Err(failure);
                    }
                    meta.number = self.n_rows;
                    self.n_rows += 1;
                    n_rows += 1;
                    // Which row it is, nobody knows but by its place.
                    self.key.clear();
                    self.key.push(UNREADABLE);
                    self.key.extend_from_slice(&live.rows_in_it.to_le_bytes());
                    match self.ledger.progress().row(live.counted, &self.key) {
                        Ok(true) => {}
                        Ok(false) => break,
                        Err(differs) => return Err(another(self.ledger.position(), &differs)),
                    }
                    let into = (&mut self.output, &mut self.ledger, &mut self.counts);
                    self.records += tell(live, &failure.text, &meta, into, now_ms)?;
                    live.rows_in_it += 1;
                    break;
                }
            };
            meta.number = self.n_rows;
            self.n_rows += u64::from(kind.is_some());
            let change = match kind {
                None => break,
                Some(RowKind::Insert) => RowChange::Insert { after: &after },
                Some(RowKind::Update) => RowChange::Update { before: &before, after: &after },
                Some(RowKind::Delete) => RowChange::Delete { before: &before },
            };
            n_rows += 1;
            self.key.clear();
            identify(&change, &live.identity, &mut self.key);
            match self.ledger.progress().row(live.counted, &self.key) {
                Ok(true) => {}
                // It is in the target, from before a restart.
                Ok(false) => continue,
                Err(differs) => return Err(another(self.ledger.position(), &differs)),
            }
            let change = match row_end {
                None => change,
                Some(row_end) => match without_history(change, row_end) {
                    Some(change) => change,
                    None => continue,
                },
            };
            let into = (&mut self.output, &mut self.ledger, &mut self.counts);
            let n_records = send(live, &change, &meta, into, now_ms)?;
            // A change that is not sent does not bring the row: the load does.
            if let Some(watch) = watched.as_ref().filter(|_| !live.route.withheld()) {
                for image in change.images() {
                    self.key.clear();
                    canonical_key(image, &watch.key, &mut self.key);
                    self.load.touch(watch.window, &self.key);
                }
            }
            self.records += n_records;
            self.counts.changed(kind.unwrap_or(RowKind::Update), n_records);
            live.rows_in_it += 1;
        }
        self.before = recycle(before);
        self.after = recycle(after);
        self.scratch = Some(scratch);
        Ok(n_rows)
    }

    /// Sends the rows of a chunk that the stream has not touched; their number comes back.
    pub(super) fn emit(&mut self, rows: &Rows, now_ms: u64) -> Result<u64, Failure> {
        self.load_rows(&rows.version, &rows.rows, Some(rows).filter(|rows| !rows.untouched()), now_ms)
    }

    /// Rows of a table without a usable key: all of them, at the place where the stream stands.
    pub(super) fn barrier_rows(
        &mut self,
        rows: Option<&TableRows>,
        end: bool,
        now_ms: u64,
    ) -> Result<(), Failure> {
        let sent = match rows {
            // Those that follow one which could not be sent.
            Some(found) if self.tables.waits(&found.version.name) => 0,
            Some(found) => match self.load_rows(&found.version, &found.rows, None, now_ms) {
                Err(failure) if self.parks(&found.version.name, &failure) => {
                    self.park(&found.version.name, failure);
                    0
                }
                sent => sent?,
            },
            None => 0,
        };
        self.has_loaded |= end;
        if let Some((table, record)) = self.load.barrier_emitted(sent, end) {
            self.store_snap(table, record, now_ms)?;
        }
        Ok(())
    }

    /// Sends existing rows as of where the stream stands, without those that it has touched; their number comes back.
    fn load_rows(
        &mut self,
        version: &Arc<TableVersion>,
        found: &RowBatch,
        touched: Option<&Rows>,
        now_ms: u64,
    ) -> Result<u64, Failure> {
        let position = self.ledger.position();
        let Slot::Live(live) = self.tables.loading_slot(version, &mut self.output, position)? else {
            return Ok(0);
        };
        let place = place_of(position);
        let meta = snapshot_meta(&self.source, &place);
        let mut values = recycle(std::mem::take(&mut self.after));
        let mut sent = 0;
        for index in 0..found.len() {
            found.row(index, &mut values);
            if let Some(rows) = touched {
                self.key.clear();
                canonical_key(&values, &rows.key, &mut self.key);
                if !rows.keeps(&self.key) {
                    continue;
                }
            }
            let change = RowChange::Insert { after: &values };
            let into = (&mut self.output, &mut self.ledger, &mut self.counts);
            let n_records = send(live, &change, &meta, into, now_ms)?;
            self.records += n_records;
            self.counts.loaded(n_records);
            sent += 1;
        }
        self.after = recycle(values);
        Ok(sent)
    }
}

/// Where an event of a transaction begins. Its header knows the last 32 bits of where it ends; events that came in one
/// compressed piece, or that have no place of their own, are where the transaction is.
pub(super) fn event_start(transaction: u64, header: &Header) -> u64 {
    if header.end_position == 0 {
        return transaction;
    }
    let low = header.end_position.wrapping_sub(header.size);
    let passed = low.wrapping_sub(transaction as u32);
    transaction + u64::from(passed)
}

/// Where the stream stands, for what is not from it.
pub(super) fn place_of(position: &Position) -> TransactionInfo {
    TransactionInfo::place(position.file.file.as_str().into(), position.file.offset)
}

/// What a message tells besides that is of the source transaction, and of no row of it.
pub(super) fn stream_meta<'m>(
    source: &'m SourceInfo,
    transaction: &'m TransactionInfo,
    header: Option<&Header>,
    number: u64,
) -> EventMeta<'m> {
    EventMeta {
        origin: Origin::Stream,
        event_ms: header.map_or(0, |header| i64::from(header.time) * 1_000),
        now_ms: wall_ms(),
        source,
        transaction,
        offset: header.map_or(transaction.start, |header| event_start(transaction.start, header)),
        row: 0,
        number,
    }
}

fn snapshot_meta<'m>(source: &'m SourceInfo, place: &'m TransactionInfo) -> EventMeta<'m> {
    let now_ms = wall_ms();
    EventMeta {
        origin: Origin::Snapshot,
        event_ms: now_ms,
        now_ms,
        source,
        transaction: place,
        offset: place.start,
        row: 0,
        number: 0,
    }
}

/// Routes one change into the batch and counts what came of it; the number of records comes back.
fn send(
    live: &mut Live,
    change: &RowChange<'_, '_>,
    meta: &EventMeta<'_>,
    (output, ledger, counts): Outlet<'_>,
    now_ms: u64,
) -> Result<u64, Failure> {
    let bytes = output.batch().bytes();
    let first = output.batch().len();
    let n_records = live.push(change, meta, (output, ledger, counts))?;
    if let Some(places) = live.worth_telling(&mut counts.text_replaced) {
        let table = &live.route.version().name;
        let text = format!(
            "{table}: bytes that are no text in the character set of their column were sent as U+FFFD, {places} times so far"
        );
        Event::warn(Name::TextReplaced, text).task(output.task()).position(&ledger.position().file).emit();
    }
    counts.mapped += live.route.take_mapped();
    output.show(&live.route.version().name, first);
    produced(n_records, bytes, (output, ledger, counts), now_ms)
}

/// Tells of rows of an event that cannot be read, and counts what came of it; the number of records comes back.
fn tell(
    live: &mut Live,
    error: &str,
    meta: &EventMeta<'_>,
    (output, ledger, counts): Outlet<'_>,
    now_ms: u64,
) -> Result<u64, Failure> {
    let bytes = output.batch().bytes();
    let n_records = live.letters.unreadable(error, meta, (output, ledger, counts))?;
    produced(n_records, bytes, (output, ledger, counts), now_ms)
}

/// Counts records that came into the batch, which had so many bytes before.
pub(super) fn produced(
    n_records: u64,
    before: usize,
    (output, ledger, counts): Outlet<'_>,
    now_ms: u64,
) -> Result<u64, Failure> {
    let bytes = (output.batch().bytes() - before) as u64;
    counts.bytes += bytes;
    ledger.produced(n_records, bytes, now_ms);
    output.flush_if_full()?;
    Ok(n_records)
}

/// Rows that cannot be read or written stop the task, or park their table: going on with it would lose them.
pub(super) fn not_read(position: &Position, table: &TableName, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(Class::Data, format!("behind {}, table {table}: {error}", position.file))
}

/// As [`not_read`], with the name of the column that is about.
fn unread(position: &Position, version: &TableVersion, error: &RowError) -> Failure {
    let column = match error {
        RowError::Partial { column } | RowError::Value { column, .. } => version.columns.get(*column),
        RowError::Event(_) | RowError::Columns { .. } => None,
    };
    let named = column.map(|column| format!("column `{}`: ", column.name)).unwrap_or_default();
    not_read(position, &version.name, &format_args!("{named}{error}"))
}

/// In the place of what happened to a row: it cannot be read.
const UNREADABLE: u8 = 3;

/// What tells one row of a transaction from the others: what happened, and to which rows.
fn identify(change: &RowChange<'_, '_>, identity: &[usize], out: &mut Vec<u8>) {
    out.push(match change {
        RowChange::Insert { .. } => 0,
        RowChange::Update { .. } => 1,
        RowChange::Delete { .. } => 2,
    });
    for image in change.images() {
        canonical_key(image, identity, out);
    }
}
