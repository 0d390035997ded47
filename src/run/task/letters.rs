//! Rows that cannot be sent, on their way to the topic that `dead-letter` names.
//!
//! Guarantees: what is told of a row is committed with the position that covers it; of a change that becomes several messages
//! either all are sent or all are told.

use super::counts::Counts;
use super::life::Life;
use super::output::Output;
use super::rows::{event_start, not_read, produced};
use super::tables::Live;
use crate::change::{EventMeta, Origin, RowChange};
use crate::engine::commit::Ledger;
use crate::kafka::{Batch, Mark, TopicId, TopicName, java_partition};
use crate::mysql::binlog::event::Header;
use crate::mysql::schema::TableName;
use crate::plan::{TableDecision, TaskPlan};
use crate::route::{Letter, Reason, op_of};
use crate::run::event::{Event, Name};
use crate::run::failure::{Class, Failure};
use std::num::NonZeroU32;

/// Bytes that a record takes in its batch besides key, value and headers, and more.
const ROOM_BYTES: usize = 512;

/// Where what cannot be sent of one table goes.
#[derive(Debug)]
pub(super) struct Letters {
    pipeline: String,
    table: TableName,
    errors: Option<LetterBox>,
    oversize: Option<LetterBox>,
    /// Bytes that the table's topic takes in one batch.
    limit: usize,
    /// Rows that were told of in this life.
    n_rows: u64,
}

#[derive(Debug)]
struct LetterBox {
    topic: TopicId,
    name: TopicName,
    partitions: NonZeroU32,
    limit: usize,
}

/// What a letter is written to, and counted in.
pub(super) type Outlet<'l> = (&'l mut Output, &'l mut Ledger, &'l mut Counts);

impl Letters {
    /// The topics of a table's letters, made if they are missing and may be made.
    pub(super) fn open(
        plan: &TaskPlan,
        table: &TableName,
        decision: &TableDecision,
        output: &mut Output,
    ) -> Result<Letters, Failure> {
        let refused = |error| Failure::new(Class::Data, format!("table {table}, `dead-letter`: {error}"));
        let to = plan.dead_letters((&table.db, &table.table), decision).map_err(refused)?;
        let mut open = |name: Option<TopicName>| -> Result<Option<LetterBox>, Failure> {
            let Some(name) = name else { return Ok(None) };
            let (topic, partitions) = output.topic(&name, &to.settings)?;
            let limit = output.limit(&name)?;
            Ok(Some(LetterBox { topic, name, partitions, limit }))
        };
        let (errors, oversize) = (open(to.errors)?, open(to.oversize)?);
        let limit = if oversize.is_some() { output.limit(&decision.topic)? } else { usize::MAX };
        let (pipeline, table) = (plan.id.pipeline.clone(), table.clone());
        Ok(Letters { pipeline, table, errors, oversize, limit, n_rows: 0 })
    }

    /// True where rows are told of that cannot be read or written.
    pub(super) fn take_errors(&self) -> bool {
        self.errors.is_some()
    }

    /// True when one of the records behind `mark` is to be told of instead of being sent.
    fn take_size(&self, batch: &Batch, mark: &Mark) -> bool {
        self.oversize.is_some() && batch.since(mark).any(|record| record.bytes() + ROOM_BYTES > self.limit)
    }

    /// Tells of the records behind `mark`, which are taken back; their number comes back.
    fn oversize(
        &mut self,
        mark: &Mark,
        change: &RowChange<'_, '_>,
        meta: &EventMeta<'_>,
        topic: &str,
        into: Outlet<'_>,
    ) -> Result<u64, Failure> {
        struct Message {
            partition: i32,
            key: Option<Vec<u8>>,
            value: Option<Vec<u8>>,
            bytes: usize,
        }
        let batch = into.0.batch();
        let messages: Vec<Message> = batch
            .since(mark)
            .map(|record| Message {
                partition: record.partition,
                key: record.key.map(<[u8]>::to_vec),
                value: record.value.map(<[u8]>::to_vec),
                bytes: record.bytes(),
            })
            .collect();
        batch.undo(mark);
        let largest = messages.iter().map(|message| message.bytes).max().unwrap_or(0);
        let error = format!(
            "a message of {largest} bytes, and topic {topic} takes {} (`max.message.bytes`) with all that goes with it",
            self.limit
        );
        let n_letters = messages.len() as u64;
        for Message { partition, key, value, bytes: _ } in messages {
            let (reason, place) = (Reason::Oversize, Some((topic, partition)));
            let (op, key, value) = (Some(op_of(change, meta)), key.as_deref(), value.as_deref());
            let letter = Letter { reason, error: &error, place, op, key, value, ..self.blank(meta) };
            put(self.oversize.as_ref(), &letter, into.0)?;
        }
        self.told(&error, into);
        Ok(n_letters)
    }

    /// Tells of a row that cannot be written; `key` is that of its message.
    fn unwritable(
        &mut self,
        error: &str,
        key: Option<&[u8]>,
        change: &RowChange<'_, '_>,
        meta: &EventMeta<'_>,
        into: Outlet<'_>,
    ) -> Result<u64, Failure> {
        let (reason, op) = (Reason::Unwritable, Some(op_of(change, meta)));
        let letter = Letter { reason, error, op, key, ..self.blank(meta) };
        put(self.errors.as_ref(), &letter, into.0)?;
        self.told(error, into);
        Ok(1)
    }

    /// Tells of rows of an event that cannot be read, from the row of `meta` on.
    pub(super) fn unreadable(
        &mut self,
        error: &str,
        meta: &EventMeta<'_>,
        into: Outlet<'_>,
    ) -> Result<u64, Failure> {
        let letter = Letter { error, ..self.blank(meta) };
        put(self.errors.as_ref(), &letter, into.0)?;
        self.told(error, into);
        Ok(1)
    }

    fn blank<'l>(&'l self, meta: &'l EventMeta<'l>) -> Letter<'l> {
        Letter {
            reason: Reason::Unreadable,
            error: "",
            pipeline: &self.pipeline,
            table: &self.table,
            place: None,
            op: None,
            meta,
            key: None,
            value: None,
        }
    }

    /// Counts a row, and says so in the log when their number has come to one, ten, a hundred and so on.
    fn told(&mut self, error: &str, (output, ledger, counts): Outlet<'_>) {
        let before = self.n_rows;
        self.n_rows += 1;
        counts.dead_letters += 1;
        if self.n_rows.checked_ilog10() != before.checked_ilog10() {
            let text = format!(
                "{}: what cannot be sent was written to its dead-letter topic, {} so far: {error}",
                self.table,
                if self.n_rows == 1 { "once".to_owned() } else { format!("{} times", self.n_rows) }
            );
            Event::warn(Name::RecordDeadLetter, text)
                .task(output.task())
                .position(&ledger.position().file)
                .emit();
        }
    }
}

/// Appends a letter, which has the key of the message that it tells of, or none.
fn put(to: Option<&LetterBox>, letter: &Letter<'_>, output: &mut Output) -> Result<(), Failure> {
    let Some(to) = to else { return Err(Failure::new(Class::Bug, "a letter has no topic")) };
    let key = letter.key.unwrap_or_default();
    let room = to.limit.saturating_sub(ROOM_BYTES + key.len());
    let Some(written) = letter.write(room) else {
        let (table, name, limit) = (letter.table, &to.name, to.limit);
        let text = format!(
            "table {table}: what tells of a row that cannot be sent does not fit topic {name} either, which takes {limit} bytes"
        );
        let too_small = Some(name.as_str().into());
        return Err(Failure { too_small, ..Failure::new(Class::Data, text) });
    };
    let batch = output.batch();
    let arena = batch.arena();
    let start = arena.len();
    arena.extend_from_slice(key);
    let middle = arena.len();
    arena.extend_from_slice(&written);
    let end = arena.len();
    let partition = if letter.key.is_some() { java_partition(key, to.partitions) } else { 0 };
    batch.push(to.topic, partition, letter.key.map(|_| start..middle), Some(middle..end));
    Ok(())
}

impl Live {
    /// Routes one change into the batch, or tells of it where it cannot be sent; the number of records comes back.
    pub(super) fn push(
        &mut self,
        change: &RowChange<'_, '_>,
        meta: &EventMeta<'_>,
        into: Outlet<'_>,
    ) -> Result<u64, Failure> {
        let batch = into.0.batch();
        let mark = batch.mark();
        match self.route.push(change, meta, batch) {
            Ok(n_records) if !self.letters.take_size(batch, &mark) => {
                Ok(n_records as u64 + self.begin_transaction(&mark, change, meta, into)?)
            }
            Ok(_) => self.letters.oversize(&mark, change, meta, &self.topic, into),
            Err(error) => {
                // Of a change that becomes two records, none is sent where one cannot.
                batch.undo(&mark);
                if !self.letters.take_errors() {
                    return Err(not_read(into.1.position(), &self.route.version().name, &error));
                }
                let key = self.route.key(change);
                self.letters.unwritable(&error.to_string(), key.as_deref(), change, meta, into)
            }
        }
    }
}

impl Life {
    /// Tells of an event whose rows cannot be read at all, where the table's rule says so; else the failure stays one.
    pub(super) fn tell_of_event(
        &mut self,
        header: Header,
        table: &TableName,
        first: Option<u32>,
        (now_ms, wall_ms): (u64, i64),
        failure: Failure,
    ) -> Result<(), Failure> {
        let Some(letters) = self.tables.letters(table, &mut self.output)? else { return Err(failure) };
        let meta = EventMeta {
            origin: Origin::Stream,
            event_ms: i64::from(header.time) * 1_000,
            now_ms: wall_ms,
            source: &self.source,
            transaction: &self.transaction,
            offset: match first {
                None => event_start(self.transaction.start, &header),
                Some(_) => self.transaction.start,
            },
            row: first.unwrap_or(0),
            number: self.n_rows,
        };
        let before = self.output.batch().bytes();
        let n_letters = letters.unreadable(
            &failure.text,
            &meta,
            (&mut self.output, &mut self.ledger, &mut self.counts),
        )?;
        self.n_rows += 1;
        let into = (&mut self.output, &mut self.ledger, &mut self.counts);
        self.records += produced(n_letters, before, into, now_ms)?;
        Ok(())
    }
}
