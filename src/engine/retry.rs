//! How long failures are waited out, and how long until the next try.
//!
//! A clock starts at the first failure after progress, and only progress (a committed position, a heartbeat that
//! came back) stops it: a server that takes a connection and drops it again is not progress. What one end does is no progress
//! of another, and a stream that goes on is none of the load.

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
    /// There too, where existing rows are read.
    Load,
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

/// What a commit tells of the ends.
#[derive(Debug, Clone, Copy, Default)]
pub struct Committed {
    /// Rows were in it, or it was not the first of its life: who only says that it is there proves nothing yet.
    pub counts: bool,
    /// Rows were in it, or the source has said something since the one before.
    pub heard: bool,
    /// Existing rows were handed over.
    pub loaded: bool,
}

/// The retry clocks of one task: one for each kind of failure at each end.
#[derive(Debug, Default)]
pub struct RetryClocks {
    running: Vec<Clock>,
}

/// A clock that runs.
#[derive(Debug)]
struct Clock {
    end: End,
    kind: Kind,
    since_ms: u64,
    tries: u32,
}

impl RetryClocks {
    /// A failure at `now_ms`, where failures of that end are waited out as `retry` says; `dice` is any random number, for full
    /// jitter.
    pub fn failed(&mut self, end: End, kind: Kind, retry: &Retry, now_ms: u64, dice: u64) -> Next {
        let at = self.running.iter().position(|clock| (clock.end, clock.kind) == (end, kind));
        let at = at.unwrap_or_else(|| {
            self.running.push(Clock { end, kind, since_ms: now_ms, tries: 0 });
            self.running.len() - 1
        });
        let clock = &mut self.running[at];
        let window_ms = window_ms(kind, retry);
        let spent_ms = now_ms - clock.since_ms;
        if spent_ms >= window_ms {
            return Next::Expired;
        }
        let longest = FIRST_WAIT_MS.saturating_mul(1 << clock.tries.min(10)).min(LONGEST_WAIT_MS);
        clock.tries = clock.tries.saturating_add(1);
        // Full jitter, but never zero, and never beyond the end of the window.
        let wait = (1 + dice % longest).min(window_ms - spent_ms);
        Next::Wait(wait)
    }

    /// A commit stops the clocks of those ends of which it is progress. True when it is that of any.
    pub fn committed(&mut self, committed: Committed) -> bool {
        let Committed { counts, heard, loaded } = committed;
        self.running.retain(|clock| match clock.end {
            End::Source => !(counts && heard),
            End::Load => !loaded,
            End::Target | End::Here => !counts,
        });
        counts
    }

    /// Nothing is loaded now: what failed of it is over.
    pub fn load_rests(&mut self) {
        self.running.retain(|clock| clock.end != End::Load);
    }

    /// What was before is over: all clocks stop.
    pub fn forget(&mut self) {
        self.running.clear();
    }

    /// Milliseconds left of the window of failures of this kind at an end, when its clock runs.
    pub fn left_ms(&self, end: End, kind: Kind, retry: &Retry, now_ms: u64) -> Option<u64> {
        let clock = self.running.iter().find(|clock| (clock.end, clock.kind) == (end, kind))?;
        Some(window_ms(kind, retry).saturating_sub(now_ms - clock.since_ms))
    }
}

fn window_ms(kind: Kind, retry: &Retry) -> u64 {
    match kind {
        Kind::Connection => retry.window_ms,
        Kind::Request => retry.errors_ms.min(retry.window_ms),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOWS: Retry = Retry { window_ms: 10_000, errors_ms: 2_000 };

    const PROGRESS: Committed = Committed { counts: true, heard: true, loaded: false };

    /// A clock of the source.
    #[derive(Default)]
    struct One(RetryClocks);

    impl One {
        fn failed(&mut self, kind: Kind, now_ms: u64, dice: u64) -> Next {
            self.0.failed(End::Source, kind, &WINDOWS, now_ms, dice)
        }

        fn left_ms(&self, now_ms: u64) -> Option<u64> {
            self.0.left_ms(End::Source, Kind::Connection, &WINDOWS, now_ms)
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
        clock.0.committed(PROGRESS);
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
        assert_eq!(clocks.left_ms(End::Target, Kind::Connection, &long, 40_000), Some(20_000));
        assert_eq!(clocks.failed(End::Target, Kind::Connection, &long, 60_000, 0), Next::Expired);
        assert_eq!(clocks.left_ms(End::Here, Kind::Connection, &WINDOWS, 40_000), None);
    }

    #[test]
    fn a_kind_does_not_pay_for_the_other() {
        let mut clock = One::default();
        assert!(matches!(clock.failed(Kind::Connection, 0, 0), Next::Wait(_)));
        // the source was away for longer than requests may fail, and the first of them fails on its return
        assert!(matches!(clock.failed(Kind::Request, 3_000, 0), Next::Wait(_)));
        assert_eq!(clock.failed(Kind::Request, 5_000, 0), Next::Expired);
        assert_eq!(clock.left_ms(5_000), Some(5_000));
    }

    #[test]
    fn the_load_is_not_cleared_by_the_stream_and_the_source_not_by_silence() {
        let mut clocks = RetryClocks::default();
        let failed = |clocks: &mut RetryClocks, end, now_ms| {
            matches!(clocks.failed(end, Kind::Connection, &WINDOWS, now_ms, 0), Next::Wait(_))
        };
        assert!([End::Source, End::Load, End::Target].iter().all(|&end| failed(&mut clocks, end, 0)));
        // the first commit of a life only says who we are
        assert!(!clocks.committed(Committed { counts: false, heard: true, loaded: false }));
        assert!(
            [End::Source, End::Load, End::Target]
                .iter()
                .all(|&end| { clocks.left_ms(end, Kind::Connection, &WINDOWS, 1_000) == Some(9_000) })
        );
        // a beat of ours behind which the source is silent is a word of the target alone
        assert!(clocks.committed(Committed { counts: true, ..Committed::default() }));
        assert_eq!(clocks.left_ms(End::Target, Kind::Connection, &WINDOWS, 1_000), None);
        assert!(!failed(&mut clocks, End::Source, 10_000));
        clocks.committed(PROGRESS);
        assert!(failed(&mut clocks, End::Source, 10_000));
        // rows of the stream say nothing of the table that cannot be read
        assert!(!failed(&mut clocks, End::Load, 10_000));
        clocks.committed(Committed { loaded: true, ..PROGRESS });
        assert!(failed(&mut clocks, End::Load, 10_000));
        clocks.load_rests();
        assert!(failed(&mut clocks, End::Load, 30_000));
    }
}
