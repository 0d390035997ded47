//! How long failures are waited out, and how long until the next try.
//!
//! A clock starts at the first failure after progress, and only progress (a committed position, a heartbeat that
//! came back) stops it: a server that takes a connection and drops it again is not progress.

use crate::plan::Retry;

/// First wait, ms; doubled each time.
const FIRST_WAIT_MS: u64 = 500;

/// Longest wait, ms.
const LONGEST_WAIT_MS: u64 = 30_000;

/// Which window a failure counts against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A lost or refused connection: `retry for`.
    Connection,
    /// A statement or request that failed otherwise: `retry errors for`.
    Request,
}

/// Where something failed. Each end has its own clock: what one of them spent is not taken from the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// At the source, or on the way to it.
    Source,
    /// At the target, or on the way to it.
    Target,
    /// At neither.
    Here,
}

/// What to do after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Try again after this many ms.
    Wait(u64),
    /// The window is over.
    Expired,
}

/// The retry clocks of one task.
#[derive(Debug, Default)]
pub struct RetryClocks {
    source: Clock,
    target: Clock,
    here: Clock,
}

#[derive(Debug, Default)]
struct Clock {
    since_ms: Option<u64>,
    tries: u32,
}

impl RetryClocks {
    /// A failure at `now_ms`, where failures of that end are waited out as `retry` says; `dice` is any random number, for full
    /// jitter.
    pub fn failed(&mut self, end: End, kind: Kind, retry: &Retry, now_ms: u64, dice: u64) -> Next {
        let clock = self.of_mut(end);
        let since_ms = *clock.since_ms.get_or_insert(now_ms);
        let window_ms = match kind {
            Kind::Connection => retry.window_ms,
            Kind::Request => retry.errors_ms.min(retry.window_ms),
        };
        let spent_ms = now_ms - since_ms;
        if spent_ms >= window_ms {
            return Next::Expired;
        }
        let longest = FIRST_WAIT_MS.saturating_mul(1 << clock.tries.min(10)).min(LONGEST_WAIT_MS);
        clock.tries = clock.tries.saturating_add(1);
        // Full jitter, but never zero, and never beyond the end of the window.
        let wait = (1 + dice % longest).min(window_ms - spent_ms);
        Next::Wait(wait)
    }

    /// Progress: all clocks stop.
    pub fn progress(&mut self) {
        *self = RetryClocks::default();
    }

    /// Milliseconds left of the connection window of an end, when its clock runs.
    pub fn left_ms(&self, end: End, retry: &Retry, now_ms: u64) -> Option<u64> {
        let clock = match end {
            End::Source => &self.source,
            End::Target => &self.target,
            End::Here => &self.here,
        };
        clock.since_ms.map(|since_ms| retry.window_ms.saturating_sub(now_ms - since_ms))
    }

    fn of_mut(&mut self, end: End) -> &mut Clock {
        match end {
            End::Source => &mut self.source,
            End::Target => &mut self.target,
            End::Here => &mut self.here,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOWS: Retry = Retry { window_ms: 10_000, errors_ms: 2_000 };

    /// A clock of the source.
    #[derive(Default)]
    struct One(RetryClocks);

    impl One {
        fn failed(&mut self, kind: Kind, now_ms: u64, dice: u64) -> Next {
            self.0.failed(End::Source, kind, &WINDOWS, now_ms, dice)
        }

        fn left_ms(&self, now_ms: u64) -> Option<u64> {
            self.0.left_ms(End::Source, &WINDOWS, now_ms)
        }
    }

    #[test]
    fn waits_grow_and_end_with_the_window() {
        let mut clock = One::default();
        assert_eq!(clock.failed(Kind::Connection, 0, 499), Next::Wait(500));
        assert_eq!(clock.failed(Kind::Connection, 1_000, 999), Next::Wait(1_000));
        assert_eq!(clock.failed(Kind::Connection, 9_999, u64::MAX), Next::Wait(1));
        assert_eq!(clock.failed(Kind::Connection, 10_000, 0), Next::Expired);
    }

    #[test]
    fn only_progress_resets() {
        let mut clock = One::default();
        clock.failed(Kind::Connection, 0, 0);
        assert_eq!(clock.left_ms(4_000), Some(6_000));
        clock.0.progress();
        assert_eq!(clock.left_ms(4_000), None);
        assert!(matches!(clock.failed(Kind::Connection, 100_000, 0), Next::Wait(_)));
    }

    #[test]
    fn requests_have_the_shorter_window_and_off_means_off() {
        let mut clock = One::default();
        clock.failed(Kind::Request, 0, 0);
        assert_eq!(clock.failed(Kind::Request, 2_000, 0), Next::Expired);
        let off = Retry { window_ms: 0, errors_ms: 0 };
        let next = RetryClocks::default().failed(End::Here, Kind::Connection, &off, 5, 0);
        assert_eq!(next, Next::Expired);
    }

    #[test]
    fn an_end_does_not_pay_for_the_other() {
        let mut clocks = RetryClocks::default();
        let long = Retry { window_ms: 60_000, errors_ms: 2_000 };
        assert!(matches!(clocks.failed(End::Target, Kind::Connection, &long, 0, 0), Next::Wait(_)));
        assert!(matches!(clocks.failed(End::Source, Kind::Connection, &WINDOWS, 30_000, 0), Next::Wait(_)));
        // it goes on where it was, whatever else failed meanwhile
        assert_eq!(clocks.left_ms(End::Target, &long, 40_000), Some(20_000));
        assert_eq!(clocks.failed(End::Target, Kind::Connection, &long, 60_000, 0), Next::Expired);
        assert_eq!(clocks.left_ms(End::Here, &WINDOWS, 40_000), None);
    }
}
