//! What a life counts on its way, between two renewals of the status.

use super::schemas::Answers;
use crate::control::Counters;
use crate::engine::load::Redo;
use crate::format::Mapped;
use crate::mysql::binlog::rows::RowKind;

/// Counted since the status was renewed.
#[derive(Debug, Default)]
pub(super) struct Counts {
    inserted: u64,
    updated: u64,
    deleted: u64,
    read: u64,
    dropped: u64,
    /// Bytes of keys and values.
    pub(super) bytes: u64,
    /// Places of text that were sent as U+FFFD.
    pub(super) text_replaced: u64,
    /// Other values that were sent as something else.
    pub(super) mapped: Mapped,
    /// Rows, or what of an event cannot be read, that were told of in a dead-letter topic.
    pub(super) dead_letters: u64,
    /// Statements by which rows came or went without events.
    pub(super) truncates: u64,
    /// Schemas that the registry has taken.
    schemas_registered: u64,
    /// Schemas that it will not have.
    schemas_refused: u64,
    /// Messages of schema changes.
    pub(super) ddl_sent: u64,
    /// Schema changes, or parts of them, that are not sent.
    pub(super) ddl_withheld: u64,
    redone_definition: u64,
    redone_touched: u64,
}

impl Counts {
    /// A change of the stream became so many records.
    pub(super) fn changed(&mut self, kind: RowKind, n_records: u64) {
        let counter = match kind {
            _ if n_records == 0 => &mut self.dropped,
            RowKind::Insert => &mut self.inserted,
            RowKind::Update => &mut self.updated,
            RowKind::Delete => &mut self.deleted,
        };
        *counter += 1;
    }

    /// A row of a load became so many records.
    pub(super) fn loaded(&mut self, n_records: u64) {
        *(if n_records == 0 { &mut self.dropped } else { &mut self.read }) += 1;
    }

    /// The registry has said so much of schemas.
    pub(super) fn answered(&mut self, Answers { taken, refused }: Answers) {
        self.schemas_registered += taken;
        self.schemas_refused += refused;
    }

    /// A chunk is read again.
    pub(super) fn redone(&mut self, cause: Redo) {
        *(match cause {
            Redo::Definition => &mut self.redone_definition,
            Redo::Touched => &mut self.redone_touched,
        }) += 1;
    }
}

impl Counters {
    /// Takes over what has been counted.
    pub(super) fn add(&mut self, counts: &mut Counts) {
        let Counts {
            inserted,
            updated,
            deleted,
            read,
            dropped,
            bytes,
            text_replaced,
            mapped,
            dead_letters,
            truncates,
            schemas_registered,
            schemas_refused,
            ddl_sent,
            ddl_withheld,
            redone_definition,
            redone_touched,
        } = std::mem::take(counts);
        self.inserted += inserted;
        self.updated += updated;
        self.deleted += deleted;
        self.read += read;
        self.dropped += dropped;
        self.bytes += bytes;
        self.text_replaced += text_replaced;
        self.dates_mapped += mapped.dates;
        self.numbers_mapped += mapped.numbers;
        self.geometries_mapped += mapped.geometries;
        self.dead_letters += dead_letters;
        self.truncates += truncates;
        self.schemas_registered += schemas_registered;
        self.schemas_refused += schemas_refused;
        self.ddl_sent += ddl_sent;
        self.ddl_withheld += ddl_withheld;
        for (cause, n) in [("definition", redone_definition), ("touched", redone_touched)] {
            if n > 0 {
                *self.windows_redone.entry(cause.to_owned()).or_default() += n;
            }
        }
    }
}
