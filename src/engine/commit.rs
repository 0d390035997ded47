//! When what was produced is committed, and how far it reaches.
//!
//! The ledger of one task: it counts what stands in the open transaction, follows the position from transaction end to
//! transaction end, and says when a commit or a heartbeat is due.
//!
//! Guarantees: [`Ledger::cover`] gives a position only between two source transactions; sequence numbers have no gap.

use super::Covered;
use crate::checkpoint::{DurablePosition, Fingerprint, PosRecord};
use crate::mysql::position::Position;
use crate::plan::CommitPolicy;

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

/// What the open transaction holds and how far the task is.
#[derive(Debug)]
pub struct Ledger {
    policy: CommitPolicy,
    fingerprint: Fingerprint,
    generation: u64,
    /// Last committed number.
    seq: u64,
    /// End of the last source transaction that passed the emit stage.
    position: Position,
    /// A source transaction has begun and not ended.
    inside: bool,
    rows: u64,
    bytes: u64,
    /// When the first row of the open transaction came.
    opened_ms: Option<u64>,
    /// Something other than rows must be stored (load progress, a plan, an owner).
    dirty: bool,
    commit_began_ms: u64,
    beat_ms: u64,
}

impl Ledger {
    /// A task that stands at `position`, whose last commit had the number `seq`.
    pub fn new(
        policy: CommitPolicy,
        fingerprint: Fingerprint,
        generation: u64,
        seq: u64,
        position: Position,
    ) -> Ledger {
        Ledger {
            policy,
            fingerprint,
            generation,
            seq,
            position,
            inside: false,
            rows: 0,
            bytes: 0,
            opened_ms: None,
            // The first commit writes owner and plan.
            dirty: true,
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

    /// A source transaction begins.
    pub fn begin(&mut self) {
        self.inside = true;
    }

    /// A source transaction ended at `position`.
    pub fn end(&mut self, advance: impl FnOnce(&mut Position)) {
        self.inside = false;
        advance(&mut self.position);
    }

    /// Records were produced.
    pub fn produced(&mut self, records: u64, bytes: u64, now_ms: u64) {
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

    /// Rows that wait inside a source transaction which lasts so long that the broker is about to end the transaction that
    /// holds them; none while there is time.
    pub fn overdue(&self, now_ms: u64, transaction_timeout_ms: u64) -> Option<u64> {
        let opened_ms = self.opened_ms.filter(|_| self.inside)?;
        (now_ms >= opened_ms + transaction_timeout_ms / 10 * 9).then_some(self.rows)
    }

    /// What is due at `now_ms`; `reader_idle` says that the source had nothing more to read for a while.
    ///
    /// Inside a source transaction nothing is ever due: a position exists only between two.
    pub fn due(&self, now_ms: u64, reader_idle: bool) -> Due {
        if self.inside {
            return Due::At(now_ms + HEARTBEAT_MS);
        }
        if let Some(opened_ms) = self.opened_ms {
            let full = self.rows >= u64::from(self.policy.rows) || self.bytes >= self.policy.bytes;
            let old_at = opened_ms + u64::from(self.policy.every_ms);
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
        self.commit_began_ms = now_ms;
        Covered(PosRecord {
            seq: self.seq + 1,
            position: self.position.clone(),
            generation: self.generation,
            fingerprint: self.fingerprint.clone(),
        })
    }

    /// The commit has been acknowledged.
    pub fn committed(&mut self, durable: &DurablePosition, now_ms: u64) {
        debug_assert_eq!(durable.record().seq, self.seq + 1, "commits are numbered without gaps");
        self.seq = durable.record().seq;
        self.rows = 0;
        self.bytes = 0;
        self.opened_ms = None;
        self.dirty = false;
        self.beat_ms = now_ms;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mysql::position::{BinlogPosition, Flavor, Gtids, ServerIdentity};

    fn ledger() -> Ledger {
        let policy = CommitPolicy { every_ms: 500, rows: 100, bytes: 1_000 };
        let position = Position {
            server: ServerIdentity { flavor: Flavor::MySql, uuid: "u".into(), server_id: 1 },
            file: BinlogPosition { file: "binlog.000001".into(), offset: 4 },
            gtids: Gtids::Off,
        };
        let fingerprint = Fingerprint { task: "p.s.t".into(), cluster: "c".into() };
        let mut ledger = Ledger::new(policy, fingerprint, 1, 7, position);
        let covered = ledger.cover(0);
        ledger.committed(&DurablePosition::stored(covered.into_record()), 0);
        ledger
    }

    #[test]
    fn the_first_commit_stores_owner_and_plan_without_rows() {
        let mut fresh = ledger();
        fresh.touch();
        assert_eq!(fresh.due(1, false), Due::Commit);
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
        open.begin();
        open.produced(10_000, 1 << 30, 1);
        assert!(matches!(open.due(100_000, true), Due::At(_)));
        open.end(|_| {});
        assert_eq!(open.due(100_000, true), Due::Commit);
    }

    #[test]
    #[should_panic(expected = "inside a source transaction")]
    fn a_position_inside_a_transaction_covers_nothing() {
        let mut open = ledger();
        open.begin();
        open.cover(0);
    }

    #[test]
    fn rows_of_an_endless_source_transaction_are_told_before_the_broker_ends_theirs() {
        let mut open = ledger();
        open.produced(1, 1, 0);
        assert_eq!(open.overdue(60_000, 60_000), None, "between two transactions a commit is possible");
        open.begin();
        open.produced(2, 1, 1_000);
        assert_eq!(open.overdue(53_999, 60_000), None);
        assert_eq!(open.overdue(54_000, 60_000), Some(3));
    }

    #[test]
    fn an_idle_task_beats() {
        let idle = ledger();
        assert_eq!(idle.due(4_999, true), Due::At(5_000));
        assert_eq!(idle.due(5_000, true), Due::Heartbeat);
    }
}
