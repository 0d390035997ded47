//! How much is committed at once while the source has more.
//!
//! As much as the policy allows where the target acknowledges commits as fast as they come, and little where it is slow: a
//! commit must end well before it would be given up, and the same rows would come again.

use crate::plan::CommitPolicy;

/// Rows and bytes that every target is trusted with before it has acknowledged as many.
const FIRST: (u64, u64) = (20_000, 8 << 20);

/// Most rows and bytes of the next commit, learned from how long others took.
#[derive(Debug, Clone, Copy)]
pub(super) struct Headroom {
    commit: CommitPolicy,
    rows: u64,
    bytes: u64,
}

impl Headroom {
    /// Nothing is known of the target.
    pub(super) fn new(commit: &CommitPolicy) -> Headroom {
        Headroom { commit: *commit, rows: 0, bytes: 0 }.holding(FIRST)
    }

    /// Whether so much is enough for a commit.
    pub(super) fn is_used(&self, rows: u64, bytes: u64) -> bool {
        rows >= self.rows || bytes >= self.bytes
    }

    /// A commit that used it was acknowledged after so long, ms. It is doubled when that took no longer than the time that
    /// passes between two commits, and halved otherwise.
    pub(super) fn learn(&mut self, took_ms: u64) {
        *self = match took_ms <= self.commit.every_ms.into() {
            true => self.holding((self.rows.saturating_mul(2), self.bytes.saturating_mul(2))),
            false => self.holding(((self.rows / 2).max(FIRST.0), (self.bytes / 2).max(FIRST.1))),
        };
    }

    fn holding(self, (rows, bytes): (u64, u64)) -> Headroom {
        Headroom { rows: rows.min(self.commit.rows.into()), bytes: bytes.min(self.commit.bytes), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_doubles_while_the_target_is_fast() {
        let check = |rows, bytes, took: &[u64], expected: (u64, u64)| {
            let mut headroom = Headroom::new(&CommitPolicy { every_ms: 500, rows, bytes });
            took.iter().for_each(|took_ms| headroom.learn(*took_ms));
            assert_eq!((headroom.rows, headroom.bytes), expected, "{took:?}");
            assert!(headroom.is_used(expected.0, 0) && headroom.is_used(0, expected.1));
            assert!(!headroom.is_used(expected.0 - 1, expected.1 - 1));
        };
        check(100_000, 20 << 20, &[], FIRST);
        check(100_000, 20 << 20, &[500], (40_000, 16 << 20));
        check(100_000, 20 << 20, &[500, 1, 0], (100_000, 20 << 20));
        check(100_000, 20 << 20, &[500, 1, 0, 501], (50_000, 10 << 20));
        check(100_000, 20 << 20, &[9_000, 9_000], FIRST);
        check(100, 1_000, &[0, 9_000, 0], (100, 1_000));
    }
}
