//! When what was produced is committed, and how far it reaches.
//!
//! The ledger of one task: it counts what stands in the open transaction, follows the position from transaction end to
//! transaction end, and says when a commit, a cut of a long source transaction or a heartbeat is due.
//!
//! Guarantees: [`Ledger::cover`] gives a position only between two source transactions, and [`Ledger::cut`] one inside of
//! one together with what of it is covered; sequence numbers have no gap.

use super::Covered;
use super::headroom::Headroom;
use super::split::{Differs, Progress};
use crate::checkpoint::{DurablePosition, Fingerprint, MidRecord, PosRecord};
use crate::failpoint::{Bug, planted};
use crate::mysql::position::{Gtid, Position};
use crate::plan::CommitPolicy;
use crate::statement::Split;
use std::sync::Arc;

/// A commit on an idle source follows the last one no sooner than this, so that at most 100 a second are made.
const IDLE_COMMIT_SPACING_MS: u64 = 10;

/// The owner record is renewed this often, in every state. Four missed beats are death for a successor that watches.
pub const HEARTBEAT_MS: u64 = 5_000;

/// What is due now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Nothing before this time.
    At(u64),
    /// Rows wait: commit.
    Commit,
    /// Nothing to send, but the owner must be seen to live, and the position kept fresh behind filtered traffic.
    Heartbeat,
}

/// When a task commits, and when inside of a source transaction.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// Between two source transactions.
    pub commit: CommitPolicy,
    /// Where a large one is cut.
    pub split: Split,
    /// How long the target's transaction may stay open, ms: one that is older is cut wherever it is.
    pub open_ms: u64,
}

/// What the open transaction holds and how far the task is.
#[derive(Debug)]
pub struct Ledger {
    policy: Policy,
    headroom: Headroom,
    fingerprint: Fingerprint,
    generation: u64,
    /// Last committed number.
    seq: u64,
    /// End of the last source transaction that passed the emit stage.
    position: Position,
    /// A source transaction has begun and not ended.
    inside: bool,
    /// The source transaction, row by row.
    progress: Progress,
    rows: u64,
    bytes: u64,
    /// Of them those of the source transaction under the cursor.
    part_rows: u64,
    part_bytes: u64,
    /// When the first row of the open transaction came.
    opened_ms: Option<u64>,
    /// Something other than rows must be stored (load progress, a plan, an owner).
    dirty: bool,
    /// What comes next must not stand in one transaction with what came before.
    demanded: bool,
    /// The source transaction that has begun was put off.
    put_off: bool,
    commit_began_ms: u64,
    beat_ms: u64,
}

impl Ledger {
    /// A task that stands at `position`, whose last commit had the number `seq`; `mid` is what it stored of the source
    /// transaction behind.
    pub fn new(
        policy: Policy,
        fingerprint: Fingerprint,
        generation: u64,
        seq: u64,
        position: Position,
        mid: Option<MidRecord>,
    ) -> Ledger {
        Ledger {
            policy,
            headroom: Headroom::new(&policy.commit),
            fingerprint,
            generation,
            seq,
            position,
            inside: false,
            progress: Progress::new(mid),
            rows: 0,
            bytes: 0,
            part_rows: 0,
            part_bytes: 0,
            opened_ms: None,
            // The first commit writes owner and plan.
            dirty: true,
            demanded: false,
            put_off: false,
            commit_began_ms: 0,
            beat_ms: 0,
        }
    }

    /// Where the task is: the end of the last source transaction emitted.
    pub fn position(&self) -> &Position {
        &self.position
    }

    /// True between two source transactions.
    pub fn between(&self) -> bool {
        !self.inside
    }

    /// True between two source transactions, none of which has parts in the target whose rest is to come: what is read of
    /// the source now can be compared with the position.
    pub fn settled(&self) -> bool {
        !self.inside && !self.progress.is_cut()
    }

    /// True where windows may open: all that was emitted is what lies before the position.
    pub fn may_open(&self) -> bool {
        self.settled() || planted(Bug::WindowInside)
    }

    /// Parts of the source transaction under the cursor that are in the target.
    pub fn parts(&self) -> u32 {
        self.progress.parts()
    }

    /// A source transaction begins there.
    pub fn begin(&mut self, gtid: Option<&Gtid>, file: &Arc<str>, offset: u64) {
        self.inside = true;
        self.part_rows = 0;
        self.part_bytes = 0;
        self.progress.begin(gtid, file, offset);
    }

    /// The source transaction, row by row.
    pub fn progress(&mut self) -> &mut Progress {
        &mut self.progress
    }

    /// A source transaction ended, and with it the position advances.
    ///
    /// # Errors
    /// It was cut, and is not the one that was.
    pub fn end(&mut self, advance: impl FnOnce(&mut Position)) -> Result<(), Differs> {
        self.progress.end()?;
        self.inside = false;
        advance(&mut self.position);
        Ok(())
    }

    /// Between two source transactions the log has reached another place.
    pub fn reached(&mut self, advance: impl FnOnce(&mut Position)) {
        debug_assert!(!self.inside, "a place inside a source transaction is none");
        advance(&mut self.position);
    }

    /// Puts the source transaction off that has begun and of which nothing was produced: what came before it is committed first.
    pub fn put_off(&mut self) {
        (self.inside, self.put_off, self.demanded) = (false, true, true);
    }

    /// Takes up a source transaction that was put off.
    pub fn take_up(&mut self) {
        if std::mem::take(&mut self.put_off) {
            self.inside = true;
        }
    }

    /// Wants a commit at the next end of a source transaction.
    pub fn demand(&mut self) {
        self.demanded = true;
    }

    /// Records were produced.
    pub fn produced(&mut self, records: u64, bytes: u64, now_ms: u64) {
        self.part_rows += records;
        self.part_bytes += bytes;
        self.produced_beside(records, bytes, now_ms);
    }

    /// Records were produced that are not of the source transaction under the cursor, whatever it has brought: a cut parts
    /// nothing of them.
    pub fn produced_beside(&mut self, records: u64, bytes: u64, now_ms: u64) {
        self.rows += records;
        self.bytes += bytes;
        self.opened_ms.get_or_insert(now_ms);
    }

    /// State other than rows waits to be stored.
    pub fn touch(&mut self) {
        self.dirty = true;
    }

    /// True when the open transaction holds rows.
    pub fn has_rows(&self) -> bool {
        self.rows > 0
    }

    /// True when the source transaction under the cursor is to be cut here: it is large, or what it has brought has been
    /// open for as long as may be.
    pub fn cut_due(&self, now_ms: u64) -> bool {
        if self.rows == 0 || !self.may_cut() {
            return false;
        }
        let large = self.part_bytes >= self.policy.split.bytes
            || self.policy.split.rows.is_some_and(|rows| self.part_rows >= rows);
        large || self.opened_ms.is_some_and(|opened_ms| now_ms >= opened_ms + self.policy.open_ms)
    }

    /// True when the source transaction under the cursor can be cut here. One that has sent something else than rows cannot
    /// before its first row: it is by rows that a restart knows what is in the target.
    pub fn may_cut(&self) -> bool {
        self.inside && if self.progress.has_rows() { self.progress.may_cut() } else { self.part_rows == 0 }
    }

    /// Rows that wait inside a source transaction which cannot be cut, while the broker is about to end the transaction that
    /// holds them; none while there is time.
    pub fn overdue(&self, now_ms: u64, transaction_timeout_ms: u64) -> Option<u64> {
        let opened_ms = self.opened_ms.filter(|_| self.inside && !self.may_cut())?;
        (now_ms >= opened_ms + transaction_timeout_ms / 10 * 9).then_some(self.rows)
    }

    /// What is due at `now_ms`; `reader_idle` says that the source had nothing more to read for a while.
    ///
    /// Inside a source transaction nothing of this is ever due; see [`cut_due`](Ledger::cut_due).
    pub fn due(&self, now_ms: u64, reader_idle: bool) -> Due {
        if self.inside {
            return Due::At(now_ms + HEARTBEAT_MS);
        }
        if self.demanded {
            return Due::Commit;
        }
        if let Some(opened_ms) = self.opened_ms {
            let full = self.headroom.is_used(self.rows, self.bytes);
            let old_at = opened_ms + u64::from(self.policy.commit.every_ms);
            let spaced_at = self.commit_began_ms + IDLE_COMMIT_SPACING_MS;
            if full || now_ms >= old_at || (reader_idle && now_ms >= spaced_at) {
                return Due::Commit;
            }
            return Due::At(if reader_idle { old_at.min(spaced_at) } else { old_at });
        }
        if self.dirty {
            return Due::Commit;
        }
        if now_ms >= self.beat_ms + HEARTBEAT_MS {
            return Due::Heartbeat;
        }
        Due::At(self.beat_ms + HEARTBEAT_MS)
    }

    /// The position that a commit beginning now covers. The caller has handed every row so far to the transaction.
    ///
    /// # Panics
    /// Inside a source transaction: nothing is covered there.
    pub fn cover(&mut self, now_ms: u64) -> Covered {
        assert!(!self.inside, "a commit was asked for inside a source transaction");
        let mid = self.progress.record().cloned();
        self.covered(mid, now_ms)
    }

    /// The position inside a source transaction that a commit beginning now covers, with what of the transaction is
    /// covered. The caller has handed every row so far to the target's transaction.
    ///
    /// # Panics
    /// Where the source transaction [may not be cut](Ledger::may_cut).
    pub fn cut(&mut self, now_ms: u64) -> Covered {
        assert!(self.inside, "there is nothing to cut between two source transactions");
        assert!(self.may_cut(), "what of it is in the target cannot be told by its rows");
        // What has brought nothing yet stays behind the position as a whole.
        let mid = match self.progress.has_rows() {
            true => Some(self.progress.cut().clone()),
            false => self.progress.record().cloned(),
        };
        (self.part_rows, self.part_bytes) = (0, 0);
        self.covered(mid, now_ms)
    }

    fn covered(&mut self, mid: Option<MidRecord>, now_ms: u64) -> Covered {
        self.commit_began_ms = now_ms;
        Covered(PosRecord {
            seq: self.seq + 1,
            position: self.position.clone(),
            mid,
            generation: self.generation + u64::from(planted(Bug::GenerationEarly)),
            fingerprint: self.fingerprint.clone(),
        })
    }

    /// The commit has been acknowledged.
    pub fn committed(&mut self, durable: &DurablePosition, now_ms: u64) {
        debug_assert_eq!(durable.record().seq, self.seq + 1, "commits are numbered without gaps");
        self.seq = durable.record().seq;
        // One that its age or an idle source brought about says nothing of larger ones.
        if self.headroom.is_used(self.rows, self.bytes) {
            self.headroom.learn(now_ms.saturating_sub(self.commit_began_ms));
        }
        self.rows = 0;
        self.bytes = 0;
        self.opened_ms = None;
        self.dirty = false;
        self.demanded = false;
        self.beat_ms = now_ms;
    }
}

/// True when the producer of a commit that was acknowledged may serve the next transaction.
///
/// `in_trouble` says that the connection to the coordinator of transactions broke meanwhile, `took_ms` how long the answer
/// took, and `doubtful_ms` how long it may take before the client asks a second time. A second request that is still on
/// its way would end the next transaction of the same producer.
pub fn keeps_producer(in_trouble: bool, took_ms: u64, doubtful_ms: u64) -> bool {
    let late = took_ms > doubtful_ms;
    match (in_trouble, late) {
        (false, false) => true,
        (_, true) => planted(Bug::KeptAfterTimeout),
        (true, false) => planted(Bug::KeptAfterTrouble),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mysql::position::{BinlogPosition, Flavor, Gtids, ServerIdentity};
    use crate::mysql::schema::{TableName, TableVersion};

    fn ledger() -> Ledger {
        let policy = Policy {
            commit: CommitPolicy { every_ms: 500, rows: 100, bytes: 1_000 },
            split: Split { bytes: 1 << 20, rows: Some(1_000) },
            open_ms: 20_000,
        };
        let position = Position {
            server: ServerIdentity { flavor: Flavor::MySql, uuid: "u".into(), server_id: 1 },
            file: BinlogPosition { file: "binlog.000001".into(), offset: 4 },
            gtids: Gtids::Off,
        };
        let fingerprint = Fingerprint { task: "p.s.t".into(), cluster: "c".into() };
        let mut ledger = Ledger::new(policy, fingerprint, 1, 7, position, None);
        let covered = ledger.cover(0);
        ledger.committed(&DurablePosition::stored(covered.into_record()), 0);
        ledger
    }

    #[test]
    fn a_schema_change_stands_between_two_commits() {
        let mut ledger = ledger();
        ledger.begin(None, &"binlog.000001".into(), 50);
        ledger.produced(1, 10, 5);
        ledger.end(|position| position.file.offset = 100).expect("it was not cut");
        ledger.begin(None, &"binlog.000001".into(), 50);
        // not after half a second, but now
        ledger.put_off();
        assert_eq!((ledger.due(6, false), ledger.between()), (Due::Commit, true));
        let covered = ledger.cover(6);
        let durable = DurablePosition::stored(covered.into_record());
        assert_eq!(durable.record().position.file.offset, 100);
        ledger.committed(&durable, 6);
        ledger.take_up();
        assert!(!ledger.between() && !ledger.has_rows());
        ledger.produced(1, 10, 7);
        ledger.demand();
        assert_ne!(ledger.due(7, true), Due::Commit, "not inside of it");
        ledger.end(|position| position.file.offset = 200).expect("it was not cut");
        assert_eq!(ledger.due(7, false), Due::Commit);
        let covered = ledger.cover(7);
        ledger.committed(&DurablePosition::stored(covered.into_record()), 7);
        assert_ne!(ledger.due(8, false), Due::Commit);
        ledger.take_up();
        assert!(ledger.between(), "nothing was put off");
    }

    #[test]
    fn the_first_commit_stores_owner_and_plan_without_rows() {
        let mut fresh = ledger();
        fresh.touch();
        assert_eq!(fresh.due(1, false), Due::Commit);
    }

    fn begin(ledger: &mut Ledger) {
        ledger.begin(None, &"binlog.000001".into(), 4);
    }

    /// The next row of the source transaction under the cursor.
    fn show_row(ledger: &mut Ledger) {
        let version = TableVersion {
            name: TableName::new("shop", "orders"),
            columns: Vec::new(),
            primary_key: Vec::new(),
            unique_keys: Vec::new(),
        };
        let table = ledger.progress().table(&Arc::new(version));
        ledger.progress().row(table, b"key").expect("it is the same every time");
    }

    #[test]
    fn rows_wait_for_age_size_or_an_idle_reader() {
        let mut by_age = ledger();
        by_age.produced(1, 1, 1_000);
        assert_eq!(by_age.due(1_001, false), Due::At(1_500));
        assert_eq!(by_age.due(1_500, false), Due::Commit);
        assert_eq!(by_age.due(1_001, true), Due::Commit);
        let mut by_rows = ledger();
        by_rows.produced(100, 1, 1_000);
        assert_eq!(by_rows.due(1_000, false), Due::Commit);
        let mut by_bytes = ledger();
        by_bytes.produced(1, 1_000, 1_000);
        assert_eq!(by_bytes.due(1_000, false), Due::Commit);
    }

    #[test]
    fn commits_grow_with_a_target_that_is_fast() {
        let mut ledger = ledger();
        ledger.headroom = Headroom::new(&CommitPolicy { every_ms: 500, rows: 1_000_000, bytes: 16 << 20 });
        // MiB that are committed before more is taken, and those that are committed because the source is idle
        for (mib, is_full) in [(1, true), (1, false), (2, true), (4, true), (8, true), (16, true), (16, true)]
        {
            ledger.produced(1, mib << 20, 1_000);
            assert_eq!(ledger.due(1_000, false) == Due::Commit, is_full, "{mib} MiB");
            let durable = DurablePosition::stored(ledger.cover(1_000).into_record());
            ledger.committed(&durable, 1_001);
        }
    }

    #[test]
    fn idle_commits_keep_their_distance() {
        let mut busy = ledger();
        busy.produced(1, 1, 2_000);
        let covered = busy.cover(2_000);
        busy.committed(&DurablePosition::stored(covered.into_record()), 2_003);
        busy.produced(1, 1, 2_004);
        assert_eq!(busy.due(2_005, true), Due::At(2_010));
        assert_eq!(busy.due(2_010, true), Due::Commit);
    }

    #[test]
    fn nothing_is_due_inside_a_source_transaction() {
        let mut open = ledger();
        begin(&mut open);
        open.produced(10_000, 1 << 30, 1);
        assert!(matches!(open.due(100_000, true), Due::At(_)));
        open.end(|_| {}).unwrap();
        assert_eq!(open.due(100_000, true), Due::Commit);
    }

    #[test]
    #[should_panic(expected = "inside a source transaction")]
    fn a_position_inside_a_transaction_covers_nothing() {
        let mut open = ledger();
        begin(&mut open);
        open.cover(0);
    }

    #[test]
    fn a_source_transaction_is_cut_by_rows_bytes_or_age() {
        let open = |records, bytes| {
            let mut open = ledger();
            open.produced(999, 1 << 19, 0);
            assert!(!open.cut_due(60_000), "between two transactions a commit is possible");
            begin(&mut open);
            show_row(&mut open);
            open.produced(records, bytes, 1_000);
            open
        };
        assert!(!open(999, 1).cut_due(1_000), "what came before is not of this one");
        assert!(open(1_000, 1).cut_due(1_000));
        assert!(open(1, 1 << 20).cut_due(1_000));
        assert!(!open(1, 1).cut_due(19_999));
        assert!(open(1, 1).cut_due(20_000));
    }

    #[test]
    fn a_cut_stores_the_position_before_and_what_is_covered() {
        let mut open = ledger();
        begin(&mut open);
        show_row(&mut open);
        open.produced(5, 5, 0);
        let covered = open.cut(1);
        assert_eq!(covered.record().mid.as_ref().map(|mid| mid.parts), Some(1));
        open.committed(&DurablePosition::stored(covered.into_record()), 1);
        assert!(!open.cut_due(100_000), "nothing waits");
        open.end(|_| {}).unwrap();
        assert_eq!(open.cover(2).record().mid, None);
    }

    #[test]
    fn what_was_cut_is_stored_until_its_end() {
        let mut open = ledger();
        begin(&mut open);
        show_row(&mut open);
        open.produced(1, 1, 0);
        let stored = open.cut(0).into_record();
        let mut again = Ledger::new(
            open.policy,
            stored.fingerprint.clone(),
            1,
            stored.seq,
            stored.position.clone(),
            stored.mid.clone(),
        );
        assert!(again.between() && !again.settled());
        assert_eq!(again.cover(1).record().mid, stored.mid);
        begin(&mut again);
        show_row(&mut again);
        again.end(|_| {}).unwrap();
        assert!(again.settled());
    }

    #[test]
    fn what_has_sent_no_row_is_not_cut() {
        let mut open = ledger();
        open.produced(1, 1, 0);
        begin(&mut open);
        assert!(open.may_cut() && open.cut_due(20_000), "what came before it waits");
        assert_eq!(open.cut(20_000).record().mid, None, "nothing of it is covered");
        // a schema change, by which a restart would not know what is in the target
        open.produced(1, 1, 20_000);
        assert!(!open.may_cut() && !open.cut_due(100_000));
        show_row(&mut open);
        assert!(open.may_cut());
    }

    #[test]
    fn what_is_of_no_source_transaction_keeps_none_from_being_cut() {
        let mut open = ledger();
        begin(&mut open);
        open.produced_beside(1, 1, 1_000);
        assert!(!open.cut_due(20_999) && open.cut_due(21_000));
        assert_eq!(open.cut(21_000).record().mid, None);
    }

    #[test]
    fn an_idle_task_beats() {
        let idle = ledger();
        assert_eq!(idle.due(4_999, true), Due::At(5_000));
        assert_eq!(idle.due(5_000, true), Due::Heartbeat);
    }
}
