//! Who may read existing rows of a source now: all loads of one source share it.
//!
//! A read begins when fewer are under way than whoever asks may have at once, in the order of asking; and when what was read so
//! far is no more than the rate allows.

use crate::engine::pace::Pace;
use std::collections::VecDeque;

/// A load that rested may read for so long at once what it was allowed meanwhile, ms.
const CREDIT_MS: u64 = 1_000;

/// Why nothing may be read now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// As many reads as may be are under way; whoever asked is woken when it is its turn.
    Busy,
    /// Not before this time, ms.
    At(u64),
}

/// The reads of one source.
#[derive(Debug, Default)]
pub struct Admission {
    n_reads: usize,
    /// What was read at a rate.
    pace: Pace,
    /// Who waits for a turn.
    queue: VecDeque<u64>,
}

impl Admission {
    /// One more read by `who`, of which `parallel` may be under way at once; `is_paced` says that it has a rate.
    ///
    /// # Errors
    /// Not now.
    pub fn begin(&mut self, who: u64, parallel: usize, is_paced: bool, now_ms: u64) -> Result<(), Refusal> {
        if let Some(at_ms) = self.pace.waits(now_ms).filter(|_| is_paced) {
            // It holds up nobody meanwhile.
            self.leave(who);
            return Err(Refusal::At(at_ms));
        }
        let is_first = self.queue.front().is_none_or(|&first| first == who);
        if self.n_reads >= parallel.max(1) || !is_first {
            if !self.queue.contains(&who) {
                self.queue.push_back(who);
            }
            return Err(Refusal::Busy);
        }
        self.queue.pop_front();
        self.n_reads += 1;
        Ok(())
    }

    /// So many bytes were read by a load that may read `rate` of them a second; none: any number.
    pub fn read(&mut self, bytes: u64, rate: Option<u64>, now_ms: u64) {
        if let Some(rate) = rate {
            self.pace.passed(bytes, rate, CREDIT_MS, now_ms);
        }
    }

    /// A read has ended.
    pub fn end(&mut self) {
        self.n_reads = self.n_reads.saturating_sub(1);
    }

    /// `who` does not wait any more.
    pub fn leave(&mut self, who: u64) {
        self.queue.retain(|&waiting| waiting != who);
    }

    /// Whose turn it is next.
    pub fn first(&self) -> Option<u64> {
        self.queue.front().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_begin_in_the_order_of_asking() {
        let mut source = Admission::default();
        assert_eq!(source.begin(1, 1, false, 0), Ok(()));
        assert_eq!(source.begin(2, 1, false, 0), Err(Refusal::Busy));
        assert_eq!(source.begin(1, 1, false, 0), Err(Refusal::Busy));
        source.end();
        assert_eq!(source.first(), Some(2));
        assert_eq!(source.begin(1, 1, false, 0), Err(Refusal::Busy), "the other one came first");
        assert_eq!(source.begin(2, 1, false, 0), Ok(()));
        // Whoever may have more of them need not wait for the others, once it is its turn.
        assert_eq!(source.begin(1, 2, false, 0), Ok(()));
        assert_eq!(source.begin(3, 2, false, 0), Err(Refusal::Busy));
        source.leave(3);
        source.end();
        assert_eq!(source.begin(1, 2, false, 0), Ok(()), "nobody waits for one that has gone");
    }

    #[test]
    fn a_rate_is_held_on_average() {
        let mut source = Admission::default();
        let rate = Some(1_000);
        let mut now_ms = 50_000;
        let began_ms = now_ms;
        let mut bytes = 0;
        for _ in 0..100 {
            match source.begin(1, 1, true, now_ms) {
                Ok(()) => {
                    source.read(2_500, rate, now_ms);
                    source.end();
                    bytes += 2_500;
                    // Looked at late, as tasks do.
                    now_ms += 150;
                }
                Err(Refusal::At(at_ms)) => now_ms = at_ms + 120,
                Err(Refusal::Busy) => panic!("nobody else reads"),
            }
        }
        let allowed = now_ms - began_ms;
        assert!(bytes <= allowed + 2 * 2_500 && bytes + 2 * 2_500 >= allowed, "{bytes} in {allowed} ms");
        // One without a rate is not held up.
        assert_eq!(source.begin(2, 1, false, now_ms), Ok(()));
    }
}
