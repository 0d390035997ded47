//! Messages where a source transaction begins and ends, for formats that have them.
//!
//! A partition has both where rows of the transaction go to it: the beginning before the first of them, the end behind the
//! last, so that who reads one partition sees whole transactions, and no others. Rows of a load are of no transaction.
//!
//! Guarantees: both are committed with the rows between them, in their order; a transaction that is sent in parts begins and
//! ends once, whatever happens between two parts, because where it has begun is stored with each part.

use super::letters::Outlet;
use super::life::Life;
use super::marker::append;
use super::rows::{produced, stream_meta};
use super::tables::Live;
use crate::change::{EventMeta, Origin, RowChange};
use crate::engine::split::Progress;
use crate::format::{Boundary, has_boundaries, write_boundary};
use crate::kafka::{Batch, Mark, TopicId, TopicName};
use crate::mysql::binlog::event::Header;
use crate::plan::TableDecision;
use crate::route::Envelope;
use crate::run::failure::{Class, Failure};
use crate::statement::Timestamp;
use std::num::NonZeroU32;

/// What a table needs to know of the beginnings in its topic.
#[derive(Debug)]
pub(super) struct Boundaries {
    topic: (TopicId, TopicName),
    /// Of the messages; none but where the topic takes none without.
    key: Option<Vec<u8>>,
    time: Timestamp,
    /// By partition: number of the last source transaction that brought it a row of this table.
    last: Vec<u64>,
}

impl Boundaries {
    /// None for a table whose format has no such messages.
    pub(super) fn of(
        decision: &TableDecision,
        time: Timestamp,
        (topic, partitions): (TopicId, NonZeroU32),
        key: Option<Vec<u8>>,
    ) -> Option<Boundaries> {
        has_boundaries(&decision.format).then(|| Boundaries {
            topic: (topic, decision.topic.clone()),
            key,
            time,
            last: vec![0; partitions.get() as usize],
        })
    }

    /// Those of `partitions` that have no beginning of the source transaction with this number yet; from now on they have.
    fn missing(
        &mut self,
        partitions: impl Iterator<Item = i32>,
        transaction: u64,
        progress: &mut Progress,
    ) -> Vec<i32> {
        let mut missing = Vec::new();
        for partition in partitions {
            let Some(last) = self.last.get_mut(partition as usize) else { continue };
            // Another table of the topic may have been first.
            if std::mem::replace(last, transaction) != transaction
                && progress.begins_in(self.topic.1.as_str(), partition)
            {
                missing.push(partition);
            }
        }
        missing
    }
}

impl Live {
    /// Puts the beginning of the source transaction before the records behind `mark`, which are those of `change`, in each partition
    /// where they are its first. The number of records that this adds.
    pub(super) fn begin_transaction(
        &mut self,
        mark: &Mark,
        change: &RowChange<'_, '_>,
        meta: &EventMeta<'_>,
        (output, ledger, _): Outlet<'_>,
    ) -> Result<u64, Failure> {
        let Some(boundaries) = self.boundaries.as_mut().filter(|_| meta.origin == Origin::Stream) else {
            return Ok(0);
        };
        let batch = output.batch();
        let partitions = batch.since(mark).map(|record| record.partition);
        let missing = boundaries.missing(partitions, self.transaction, ledger.progress());
        if missing.is_empty() {
            return Ok(0);
        }
        batch.undo(mark);
        let begin = EventMeta { offset: meta.transaction.start, row: 0, ..*meta };
        for partition in &missing {
            let key = boundaries.key.as_deref();
            push(Boundary::Begin, (boundaries.topic.0, *partition, key), &begin, boundaries.time, batch);
        }
        // What the first writing has counted is counted by this one.
        self.route.take_broken_text();
        self.route.take_mapped();
        let again = self.route.push(change, meta, batch);
        again.map_err(|error| {
            Failure::new(Class::Bug, format!("a row was written once and not a second time: {error}"))
        })?;
        Ok(missing.len() as u64)
    }
}

impl Life {
    /// The source transaction ends: so it does in each partition where it has begun.
    pub(super) fn end_transaction(&mut self, header: Option<&Header>, now_ms: u64) -> Result<(), Failure> {
        if self.ledger.progress().begun().is_empty() {
            return Ok(());
        }
        let begun = self.ledger.progress().begun().clone();
        let meta = stream_meta(&self.source, &self.transaction, header, self.n_rows);
        let time = self.tables.plan().stream.timestamp;
        for (topic, partitions) in begun {
            let name =
                TopicName::new(topic).map_err(|error| Failure::new(Class::State, error.to_string()))?;
            let topic = self.output.number(&name);
            let key = self.tables.rowless_keys.get(&topic).and_then(Option::as_deref);
            for partition in partitions {
                let batch = self.output.batch();
                let bytes = batch.bytes();
                push(Boundary::Commit, (topic, partition, key), &meta, time, batch);
                let into = (&mut self.output, &mut self.ledger, &mut self.counts);
                self.records += produced(1, bytes, into, now_ms)?;
            }
        }
        Ok(())
    }
}

/// Appends one message.
fn push(
    boundary: Boundary,
    (topic, partition, key): (TopicId, i32, Option<&[u8]>),
    meta: &EventMeta<'_>,
    time: Timestamp,
    batch: &mut Batch,
) {
    let id = batch.total() + 1;
    let key = key.map(|key| append(batch, key));
    let arena = batch.arena();
    let start = arena.len();
    write_boundary(boundary, meta, id, arena);
    let value = start..arena.len();
    batch.push(topic, partition, key, Some(value));
    Envelope::bare(time).put("", meta, batch);
}
