//! How much may go through a second.

/// Bytes that went through at a rate, as the time they take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pace {
    /// Whatever may go through was used up to this time, ns.
    paid_ns: u64,
}

impl Pace {
    /// The time before which nothing more may go through, ms; none: now.
    pub fn waits(&self, now_ms: u64) -> Option<u64> {
        let at_ms = self.paid_ns.div_ceil(NS_PER_MS);
        (now_ms < at_ms).then_some(at_ms)
    }

    /// So many bytes went through, of which `rate` may a second. Of the time before `now_ms` in which nothing did,
    /// `credit_ms` count.
    pub fn passed(&mut self, bytes: u64, rate: u64, credit_ms: u64, now_ms: u64) {
        let took_ns = u128::from(bytes) * 1_000_000_000 / u128::from(rate.max(1));
        let credited_ns = now_ms.saturating_sub(credit_ms).saturating_mul(NS_PER_MS);
        let since_ns = self.paid_ns.max(credited_ns);
        self.paid_ns = since_ns.saturating_add(u64::try_from(took_ns).unwrap_or(u64::MAX));
    }
}

/// Nanoseconds of a millisecond.
const NS_PER_MS: u64 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_take_their_time_however_few_they_are() {
        let mut pace = Pace::default();
        assert_eq!(pace.waits(0), None);
        // 20 bytes at 1 MiB/s are 19 µs; a thousand times that is 19 ms.
        for _ in 0..1_000 {
            pace.passed(20, 1 << 20, 0, 5_000);
        }
        assert_eq!(pace.waits(5_000), Some(5_020));
        assert_eq!(pace.waits(5_020), None);
    }

    #[test]
    fn a_rest_counts_for_a_while_only() {
        let mut pace = Pace::default();
        pace.passed(1_000, 1_000, 100, 60_000);
        assert_eq!(pace.waits(60_000), Some(60_900));
        // What was not used up to there does not add to it.
        pace.passed(1_000, 1_000, 100, 60_950);
        assert_eq!(pace.waits(60_950), Some(61_900));
    }

    #[test]
    fn what_is_very_large_waits_without_end() {
        let mut pace = Pace::default();
        pace.passed(u64::MAX, 1, 0, 1);
        assert!(pace.waits(u64::from(u32::MAX)).is_some());
    }
}
