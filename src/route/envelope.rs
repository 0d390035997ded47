//! What stands on a record besides its key and its value: headers and its time.
//!
//! All values are text. Guarantees: costs nothing where nothing is asked for, and allocates nothing where something is.

use crate::change::{EventMeta, Origin, RowChange, TransactionInfo};
use crate::kafka::Batch;
use crate::statement::{Header, Timestamp, Word, WordSet};
use std::io::Write as _;

/// Header of a record that belongs to a source transaction which is sent in parts: that transaction.
const SPLIT: &str = "split";

/// Header beside [`SPLIT`]: the number of the part.
const PART: &str = "part";

/// What records of one table carry.
#[derive(Debug, Clone, Default)]
pub struct Envelope {
    headers: WordSet<Header>,
    event_time: bool,
    schema: u32,
}

impl Envelope {
    /// The headers and the time that a plan asks for.
    pub fn new(headers: &WordSet<Header>, timestamp: Timestamp) -> Envelope {
        Envelope { headers: headers.clone(), event_time: timestamp == Timestamp::Event, schema: 0 }
    }

    /// No headers: of records that are no rows, beside rows.
    pub fn bare(timestamp: Timestamp) -> Envelope {
        Envelope { event_time: timestamp == Timestamp::Event, ..Envelope::default() }
    }

    /// The columns of the records have this number from here on; 0: it is not known.
    pub fn set_schema(&mut self, number: u32) {
        self.schema = number;
    }

    /// Puts headers and time on the last record of the batch.
    pub fn put(&self, op: &str, meta: &EventMeta<'_>, batch: &mut Batch) {
        if self.event_time {
            batch.time(meta.event_ms);
        }
        for &header in self.headers.items() {
            let arena = batch.arena();
            let start = arena.len();
            if self.write(header, op, meta, arena).is_some() {
                let end = batch.arena().len();
                batch.header(header.word(), start..end);
            }
        }
        if meta.transaction.part > 0 && meta.origin == Origin::Stream {
            part_of(meta.transaction, batch);
        }
    }

    /// None for a header that has no value here.
    fn write(&self, header: Header, op: &str, meta: &EventMeta<'_>, out: &mut Vec<u8>) -> Option<()> {
        let transaction = meta.transaction;
        let of_stream = meta.origin == Origin::Stream;
        match header {
            Header::Position if of_stream => {
                write!(out, "{}:{}:{}", transaction.file, transaction.start, meta.number)
            }
            Header::Position => write!(out, "{}:{}", transaction.file, transaction.start),
            Header::Schema if self.schema == 0 => return None,
            Header::Schema => write!(out, "{}", self.schema),
            Header::EventTime => write!(out, "{}", meta.event_ms),
            Header::Op => write!(out, "{op}"),
            Header::Transaction if !of_stream => return None,
            Header::Transaction => name(transaction, out),
        }
        .expect("a vector takes every byte");
        Some(())
    }
}

/// Says that the record belongs to a source transaction that is sent in parts: to which, and in which part.
fn part_of(transaction: &TransactionInfo, batch: &mut Batch) {
    let arena = batch.arena();
    let start = arena.len();
    name(transaction, arena).expect("a vector takes every byte");
    let end = arena.len();
    batch.header(SPLIT, start..end);
    let arena = batch.arena();
    let start = arena.len();
    write!(arena, "{}", transaction.part).expect("a vector takes every byte");
    let end = arena.len();
    batch.header(PART, start..end);
}

/// A transaction as headers name it.
fn name(transaction: &TransactionInfo, out: &mut Vec<u8>) -> std::io::Result<()> {
    match transaction.gtid.as_str() {
        "" => write!(out, "{}:{}", transaction.file, transaction.start),
        gtid => write!(out, "{gtid}"),
    }
}

/// The letter of a change in the header `op`.
pub fn op_of(change: &RowChange<'_, '_>, meta: &EventMeta<'_>) -> &'static str {
    match (change, meta.origin) {
        (_, Origin::Snapshot) => "r",
        (RowChange::Insert { .. }, Origin::Stream) => "c",
        (RowChange::Update { .. }, Origin::Stream) => "u",
        (RowChange::Delete { .. }, Origin::Stream) => "d",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::sample::streamed;
    use crate::kafka::TopicId;

    #[track_caller]
    fn check(meta: &EventMeta<'_>, schema: u32, expected: &str) {
        let mut envelope = Envelope::new(&WordSet::new(Header::ALL.to_vec()), Timestamp::Event);
        envelope.set_schema(schema);
        let mut batch = Batch::new();
        batch.push(TopicId(0), 0, None, None);
        envelope.put("c", meta, &mut batch);
        let record = batch.records().next().expect("a record");
        assert_eq!(record.time_ms, Some(meta.event_ms));
        let shown = record
            .headers
            .iter()
            .map(|(name, value)| format!("{name}={}", std::str::from_utf8(value).expect("text")));
        assert_eq!(shown.collect::<Vec<_>>().join(" "), expected);
    }

    #[test]
    fn of_the_stream() {
        check(
            &EventMeta { number: 7, ..streamed() },
            3,
            "position=mysql-bin.000007:917:7 schema=3 event-time=1709605231000 op=c \
             transaction=3e11fa47-71ca-11e1-9e33-c80aa9429562:23",
        );
        let place = TransactionInfo::place("b.000001".into(), 4);
        check(
            &EventMeta { transaction: &place, ..streamed() },
            0,
            "position=b.000001:4:0 event-time=1709605231000 op=c transaction=b.000001:4",
        );
        let part = TransactionInfo { part: 3, ..place };
        check(
            &EventMeta { transaction: &part, ..streamed() },
            0,
            "position=b.000001:4:0 event-time=1709605231000 op=c transaction=b.000001:4 split=b.000001:4 part=3",
        );
    }

    #[test]
    fn of_the_load() {
        let place = TransactionInfo::place("b.000001".into(), 4);
        check(
            &EventMeta { origin: Origin::Snapshot, transaction: &place, ..streamed() },
            1,
            "position=b.000001:4 schema=1 event-time=1709605231000 op=c",
        );
    }

    #[test]
    fn nothing_is_put_where_nothing_is_asked_for() {
        let mut batch = Batch::new();
        batch.push(TopicId(0), 0, None, None);
        Envelope::default().put("c", &streamed(), &mut batch);
        assert!(batch.records().all(|record| record.is_plain()));
        assert_eq!(batch.bytes(), 0);
    }
}
