//! How long failures are waited out, and how long until the next try.
//!
//! The clock starts at the first failure after progress, and only progress (a committed position, a heartbeat that
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

/// What to do after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Try again after this many ms.
    Wait(u64),
    /// The window is over.
    Expired,
}

/// The retry clock of one task.
#[derive(Debug)]
pub struct RetryClock {
    retry: Retry,
    since_ms: Option<u64>,
    tries: u32,
}

impl RetryClock {
    /// A clock that does not run.
    pub fn new(retry: Retry) -> RetryClock {
        RetryClock { retry, since_ms: None, tries: 0 }
    }

    /// Takes other windows; a running clock goes on.
    pub fn set(&mut self, retry: Retry) {
        self.retry = retry;
    }

    /// A failure at `now_ms`; `dice` is any random number, for full jitter.
    pub fn failed(&mut self, kind: Kind, now_ms: u64, dice: u64) -> Next {
        let since_ms = *self.since_ms.get_or_insert(now_ms);
        let window_ms = match kind {
            Kind::Connection => self.retry.window_ms,
            Kind::Request => self.retry.errors_ms.min(self.retry.window_ms),
        };
        let spent_ms = now_ms - since_ms;
        if spent_ms >= window_ms {
            return Next::Expired;
        }
        let longest = FIRST_WAIT_MS.saturating_mul(1 << self.tries.min(10)).min(LONGEST_WAIT_MS);
        self.tries = self.tries.saturating_add(1);
        // Full jitter, but never zero, and never beyond the end of the window.
        let wait = (1 + dice % longest).min(window_ms - spent_ms);
        Next::Wait(wait)
    }

    /// Progress: the clock stops.
    pub fn progress(&mut self) {
        self.since_ms = None;
        self.tries = 0;
    }

    /// Milliseconds left of the connection window, when the clock runs.
    pub fn left_ms(&self, now_ms: u64) -> Option<u64> {
        self.since_ms.map(|since_ms| self.retry.window_ms.saturating_sub(now_ms - since_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOWS: Retry = Retry { window_ms: 10_000, errors_ms: 2_000 };

    #[test]
    fn waits_grow_and_end_with_the_window() {
        let mut clock = RetryClock::new(WINDOWS);
        assert_eq!(clock.failed(Kind::Connection, 0, 499), Next::Wait(500));
        assert_eq!(clock.failed(Kind::Connection, 1_000, 999), Next::Wait(1_000));
        assert_eq!(clock.failed(Kind::Connection, 9_999, u64::MAX), Next::Wait(1));
        assert_eq!(clock.failed(Kind::Connection, 10_000, 0), Next::Expired);
    }

    #[test]
    fn only_progress_resets() {
        let mut clock = RetryClock::new(WINDOWS);
        clock.failed(Kind::Connection, 0, 0);
        assert_eq!(clock.left_ms(4_000), Some(6_000));
        clock.progress();
        assert_eq!(clock.left_ms(4_000), None);
        assert!(matches!(clock.failed(Kind::Connection, 100_000, 0), Next::Wait(_)));
    }

    #[test]
    fn requests_have_the_shorter_window_and_off_means_off() {
        let mut clock = RetryClock::new(WINDOWS);
        clock.failed(Kind::Request, 0, 0);
        assert_eq!(clock.failed(Kind::Request, 2_000, 0), Next::Expired);
        let mut off = RetryClock::new(Retry { window_ms: 0, errors_ms: 0 });
        assert_eq!(off.failed(Kind::Connection, 5, 0), Next::Expired);
    }
}
