//! How fast the stream of a task may go (`limit`).
//!
//! What counts is what is sent: keys, values and headers of messages, before compression. It counts once it was sent, so one
//! event may go over; the next one waits for as long as it takes at the rate.

use crate::engine::pace::Pace;

/// A stream that had to wait for others may make up for this long, ms: as long as a healthy commit takes.
const CREDIT_MS: u64 = 100;

/// The bound of a stream, and what was sent under it. It outlives lives: a stream that begins again is no faster for it.
#[derive(Debug, Default)]
pub(super) struct Limit {
    /// Bytes a second; none: as fast as it goes.
    rate: Option<u64>,
    pace: Pace,
}

impl Limit {
    /// So many bytes a second from now on. Under another bound nothing was sent yet.
    pub(super) fn set(&mut self, rate: Option<u64>) {
        if self.rate != rate {
            *self = Limit { rate, pace: Pace::default() };
        }
    }

    /// The time before which no more rows may be looked at, ms; none: now.
    pub(super) fn waits(&self, now_ms: u64) -> Option<u64> {
        self.pace.waits(now_ms)
    }

    /// So many bytes were sent.
    pub(super) fn sent(&mut self, bytes: u64, now_ms: u64) {
        if let Some(rate) = self.rate {
            self.pace.passed(bytes, rate, CREDIT_MS, now_ms);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_bound_begins_anew() {
        let mut limit = Limit::default();
        limit.sent(1 << 20, 1_000);
        assert_eq!(limit.waits(1_000), None, "no bound");
        limit.set(Some(1 << 10));
        limit.sent(10 << 10, 1_000);
        assert_eq!(limit.waits(1_000), Some(10_900));
        limit.set(Some(1 << 10));
        assert_eq!(limit.waits(10_899), Some(10_900), "the same bound");
        limit.set(Some(1 << 20));
        assert_eq!(limit.waits(1_001), None);
        limit.sent(1 << 20, 2_000);
        limit.set(None);
        assert_eq!(limit.waits(2_000), None);
    }
}
