//! Turns deliveries into the position that is safe to store, for targets without transactions.
//!
//! Targets may answer out of order. A position is durable when every record sent before it has been delivered, so the
//! tracker keeps the positions with records still on their way and yields the last one before the first of those.
//!
//! Guarantees: never passes an undelivered record; every call takes constant time, amortized. A delivery that fails is
//! simply not settled: the position stays. Does not: persist anything, or know what a target is.

use super::record::{DurablePosition, PosRecord};
use std::collections::VecDeque;

/// Which stretch a record belongs to; travels with the record and comes back with its delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ticket(u64);

impl Ticket {
    /// As a number, for a producer's opaque field.
    pub fn into_raw(self) -> u64 {
        self.0
    }

    /// From the number of a producer's opaque field.
    pub fn from_raw(raw: u64) -> Ticket {
        Ticket(raw)
    }
}

/// Records on their way, and the positions behind them.
#[derive(Debug, Default)]
pub struct AckTracker {
    /// Covered stretches, oldest first; each holds undelivered records or stands behind one that does.
    stretches: VecDeque<Stretch>,
    /// Ticket of the oldest stretch.
    first: u64,
    /// Records sent since the last position and not delivered.
    open: u64,
    /// Records have been sent since the last position.
    sent: bool,
    /// Reached, not yet taken.
    durable: Option<PosRecord>,
}

#[derive(Debug)]
struct Stretch {
    open: u64,
    position: PosRecord,
}

impl AckTracker {
    /// A tracker with nothing on its way.
    pub fn new() -> AckTracker {
        AckTracker::default()
    }

    /// Counts `records` about to be handed to the target.
    pub fn sent(&mut self, records: u64) -> Ticket {
        self.open += records;
        self.sent |= records > 0;
        Ticket(self.first + self.stretches.len() as u64)
    }

    /// All records sent so far belong to rows up to `position`.
    pub fn covered(&mut self, position: PosRecord) {
        if self.sent {
            self.stretches.push_back(Stretch { open: self.open, position });
            (self.open, self.sent) = (0, false);
            self.advance();
        } else if let Some(last) = self.stretches.back_mut() {
            // Nothing was sent in between: the new position waits for the same records.
            last.position = position;
        } else {
            self.durable = Some(position);
        }
    }

    /// Counts one delivered record.
    ///
    /// # Panics
    /// When more records of a ticket are settled than were sent.
    pub fn settle(&mut self, ticket: Ticket) {
        let index = ticket.0.checked_sub(self.first).map(|index| index as usize);
        let open = match index {
            Some(index) if index < self.stretches.len() => &mut self.stretches[index].open,
            Some(index) if index == self.stretches.len() => &mut self.open,
            _ => panic!("a delivery came for a stretch that had none left"),
        };
        *open = open.checked_sub(1).expect("no more deliveries than records sent");
        if index == Some(0) {
            self.advance();
        }
    }

    /// The newest position whose records are all delivered, if it has moved since the last call.
    pub fn take_durable(&mut self) -> Option<DurablePosition> {
        self.durable.take().map(DurablePosition::stored)
    }

    /// True when every record sent has been delivered.
    pub fn is_idle(&self) -> bool {
        self.open == 0 && self.stretches.is_empty()
    }

    fn advance(&mut self) {
        while self.stretches.front().is_some_and(|stretch| stretch.open == 0) {
            self.first += 1;
            self.durable = self.stretches.pop_front().map(|stretch| stretch.position);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::codec::tests::pos;
    use super::*;
    use proptest::prelude::*;

    fn seq(tracker: &mut AckTracker) -> Option<u64> {
        tracker.take_durable().map(|position| position.record().seq)
    }

    #[test]
    fn a_gap_holds_the_position_back() {
        let mut tracker = AckTracker::new();
        let first = tracker.sent(2);
        tracker.covered(pos(1));
        let second = tracker.sent(1);
        tracker.covered(pos(2));
        tracker.settle(second);
        tracker.settle(first);
        assert_eq!(seq(&mut tracker), None);
        tracker.settle(first);
        assert_eq!(seq(&mut tracker), Some(2));
        assert_eq!(seq(&mut tracker), None);
        assert!(tracker.is_idle());
    }

    #[test]
    fn positions_without_records_pass() {
        let mut tracker = AckTracker::new();
        tracker.covered(pos(1));
        assert_eq!(seq(&mut tracker), Some(1));
        let ticket = tracker.sent(1);
        tracker.covered(pos(2));
        tracker.covered(pos(3));
        assert_eq!(seq(&mut tracker), None);
        tracker.settle(ticket);
        assert_eq!(seq(&mut tracker), Some(3));
    }

    #[test]
    fn delivery_before_the_position_is_known() {
        let mut tracker = AckTracker::new();
        let ticket = tracker.sent(1);
        tracker.settle(ticket);
        assert_eq!(seq(&mut tracker), None);
        tracker.covered(pos(1));
        assert_eq!(seq(&mut tracker), Some(1));
    }

    proptest! {
        /// Steps: send some records, state a position, deliver a random open record. The model keeps a plain list.
        #[test]
        fn never_passes_an_undelivered_record(steps in prop::collection::vec((0..3u8, any::<usize>()), 1..200)) {
            let mut tracker = AckTracker::new();
            let mut sent: Vec<(Ticket, bool)> = Vec::new();
            let mut positions: Vec<usize> = Vec::new();
            let mut durable = 0;
            for (step, choice) in steps {
                match step {
                    0 => {
                        let records = choice % 3;
                        let ticket = tracker.sent(records as u64);
                        sent.extend((0..records).map(|_| (ticket, false)));
                    }
                    1 => {
                        positions.push(sent.len());
                        tracker.covered(pos(positions.len() as u64));
                    }
                    _ => {
                        let open: Vec<usize> = (0..sent.len()).filter(|&n| !sent[n].1).collect();
                        if !open.is_empty() {
                            let record = open[choice % open.len()];
                            sent[record].1 = true;
                            tracker.settle(sent[record].0);
                        }
                    }
                }
                if let Some(seq) = seq(&mut tracker) {
                    durable = seq;
                }
                let delivered = sent.iter().take_while(|(_, delivered)| *delivered).count();
                let expected = positions.iter().take_while(|&&end| end <= delivered).count() as u64;
                prop_assert_eq!(durable, expected);
            }
        }
    }
}
