//! What a life is made of once it streams, and what it sees to itself: that it is seen to live, and does not wait for ever.

use super::counts::Counts;
use super::marks::Marks;
use super::online::Online;
use super::output::Output;
use super::progress::Paces;
use super::reads::Reads;
use super::tables::Tables;
use super::verdict::Waiting;
use crate::change::{SourceInfo, TransactionInfo};
use crate::engine::commit::{HEARTBEAT_MS, Ledger};
use crate::engine::load::Load;
use crate::engine::split::Differs;
use crate::mysql::binlog::scratch::Scratch;
use crate::mysql::position::{Gtid, Position};
use crate::mysql::schema::TableName;
use crate::mysql::value::Value;
use crate::run::event::{Event, Name};
use crate::run::failure::{Class, Failure};
use crate::run::follower::Follower;
use crate::run::ring::Block;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

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
    /// The last entry was the word of the server that it has nothing to send.
    pub(super) beaten: bool,
    pub(super) scratch: Option<Scratch>,
    /// Largest event of the log that is taken into memory, bytes.
    pub(super) event_limit: usize,
    pub(super) before: Vec<Value<'static>>,
    pub(super) after: Vec<Value<'static>>,
    pub(super) key: Vec<u8>,
    pub(super) load_announced: bool,
    /// When tables that the source did not show are asked for again.
    pub(super) look_ms: u64,
    /// Such tables that were told of.
    pub(super) told_unseen: HashSet<TableName>,
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
    /// The source has said something since the last commit.
    pub(super) has_heard: bool,
    /// A chunk, or a table that is read at one place, was handed over to its end since the last commit.
    pub(super) has_loaded: bool,
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
        .task(self.output.task())
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
    pub(super) fn beat_inside(&mut self, now_ms: u64) -> Result<(), Failure> {
        if now_ms < self.beat_ms + HEARTBEAT_MS {
            return Ok(());
        }
        self.beat_ms = now_ms;
        self.output.speak_between()
    }

    /// Rows say in which part of their source transaction they are, once it has several.
    pub(super) fn number_part(&mut self) {
        self.transaction.part = match self.ledger.parts() {
            0 => 0,
            parts => parts + 1,
        };
    }

    /// Logs what happens to the task at the place where it stands.
    pub(super) fn told(&self, event: Event<'_>) {
        event.task(self.output.task()).position(&self.ledger.position().file).emit();
    }

    /// Tells once of a source transaction that goes to the target in parts.
    pub(super) fn told_of_cut(&self) {
        if self.ledger.parts() == 1 {
            let text = "one source transaction is so large, or takes so long, that it is sent in several transactions";
            self.told(Event::info(Name::TransactionCut, text));
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
                "behind {}: one source transaction has brought {rows} rows and is not at its end, has too many tables or \
                 topics to be sent in parts, but `transaction-timeout` is {} s. Raise it above the time the transaction takes (and \
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
