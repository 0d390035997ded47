//! How much is committed at once while the source has more.
//!
//! As much as the policy allows where the target acknowledges commits as fast as they come, and little where it is slow: a
//! commit must end well before it would be given up, and the same rows would come again.

use crate::plan::CommitPolicy;

/// Rows and bytes that every target is trusted with before it has acknowledged any: a link of 64 KiB a second takes 16 s for them.
const FIRST: (u64, u64) = (2_500, 1 << 20);

/// Rows and bytes that a target is trusted with which is not slow, however long its commits take.
const SOUND: (u64, u64) = (20_000, 8 << 20);

/// Longest commit of a target that is trusted with more, up to [`SOUND`], ms.
const SOUND_MS: u64 = 2_000;

/// Longest commit of a target that is trusted with [`SOUND`] any longer, ms. Owners are to be seen to live as often.
const SLOW_MS: u64 = 5_000;

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
    /// passes between two commits, and halved otherwise; what a sound target takes in any case is left to slow ones alone.
    pub(super) fn learn(&mut self, took_ms: u64) {
        let is_little = self.rows < SOUND.0 && self.bytes < SOUND.1;
        let doubled = (self.rows.saturating_mul(2), self.bytes.saturating_mul(2));
        let halved = |least: (u64, u64)| ((self.rows / 2).max(least.0), (self.bytes / 2).max(least.1));
        *self = match took_ms {
            _ if took_ms <= self.commit.every_ms.into() => self.holding(doubled),
            _ if is_little && took_ms <= SOUND_MS => self.holding(doubled),
            _ if took_ms > SLOW_MS => self.holding(halved(FIRST)),
            _ if is_little => *self,
            _ => self.holding(halved(SOUND)),
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
        check(100_000, 20 << 20, &[500], (5_000, 2 << 20));
        check(100_000, 20 << 20, &[500, 1, 0], SOUND);
        check(100_000, 20 << 20, &[500, 1, 0, 1, 1, 1], (100_000, 20 << 20));
        check(100_000, 20 << 20, &[500, 1, 0, 1, 1, 1, 501], (50_000, 10 << 20));
        check(100, 1_000, &[0, 9_000, 0], (100, 1_000));
        // one that is far away, and not slow
        check(100_000, 20 << 20, &[2_000, 2_000, 2_000], SOUND);
        check(100_000, 20 << 20, &[2_000, 2_000, 2_000, 5_000], SOUND);
        check(100_000, 20 << 20, &[2_000, 5_000], (5_000, 2 << 20));
        // 64 KiB a second, and a link that has become so
        check(100_000, 20 << 20, &[16_000, 16_000], FIRST);
        check(100_000, 20 << 20, &[1, 1, 1, 1, 32_000, 16_000, 9_000, 9_000, 9_000], FIRST);
    }
}
