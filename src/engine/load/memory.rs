//! Memory of the windows of all loads of a process: who may hold how much.
//!
//! A window is given its memory before its chunk is asked for, and holds it until its rows were handed over or thrown away.
//!
//! Guarantees: a load may always hold one window, of [`LEAST`] bytes at least, so none waits for another one and nothing can
//! wait in a circle; more than its share of all a load gets only as long as it is there alone; all together hold no more than
//! the total, and what loads that came when it was used up need for a first window.

use std::collections::BTreeMap;

/// Bytes of the smallest window, half of them for rows: some thousand rows of usual size.
pub const LEAST: usize = 1 << 20;

/// The memory of all windows.
#[derive(Debug)]
pub struct Memory {
    total: usize,
    /// Bytes that each load holds.
    held: BTreeMap<u64, usize>,
}

impl Memory {
    /// So many bytes, of which nobody holds any.
    pub fn new(total: usize) -> Memory {
        Memory { total, held: BTreeMap::new() }
    }

    /// One more load shares it.
    pub fn join(&mut self, load: u64) {
        self.held.entry(load).or_insert(0);
    }

    /// A load has ended; what it held is free.
    pub fn leave(&mut self, load: u64) {
        self.held.remove(&load);
    }

    /// A load holds so many bytes now: what is not said to be held any more is free.
    pub fn holds(&mut self, load: u64, bytes: usize) {
        self.held.insert(load, bytes);
    }

    /// Bytes for one more window of a load that has up to so many at once, at least 1; none: not before others are closed.
    pub fn take(&mut self, load: u64, windows: usize) -> Option<usize> {
        self.join(load);
        let share = self.share();
        let free = self.total.saturating_sub(self.held.values().sum());
        let held = self.held.entry(load).or_insert(0);
        let may = (share / windows.max(1)).max(LEAST).min(share.saturating_sub(*held)).min(free);
        let given = if *held == 0 { may.max(LEAST) } else { may };
        (given >= LEAST).then(|| {
            *held += given;
            given
        })
    }

    /// How many loads share it.
    pub fn loads(&self) -> usize {
        self.held.len()
    }

    /// Bytes that one load may hold.
    fn share(&self) -> usize {
        self.total / self.held.len().max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MIB: usize = 1 << 20;

    #[test]
    fn loads_share_what_there_is() {
        let mut memory = Memory::new(64 * MIB);
        assert_eq!(memory.take(1, 1), Some(64 * MIB), "alone it has all");
        assert_eq!(memory.take(2, 4), Some(LEAST), "it waits for nobody");
        assert_eq!(memory.take(2, 4), None);
        assert_eq!(memory.take(1, 1), None);
        memory.holds(1, 0);
        assert_eq!(memory.take(1, 1), Some(32 * MIB));
        assert_eq!(memory.take(2, 4), Some(8 * MIB));
        memory.holds(2, 0);
        let windows: Vec<_> = (0..5).map(|_| memory.take(2, 4)).collect();
        assert_eq!(windows, [Some(8 * MIB), Some(8 * MIB), Some(8 * MIB), Some(8 * MIB), None]);
        assert_eq!(memory.loads(), 2);
        memory.leave(1);
        assert_eq!(memory.take(2, 4), Some(16 * MIB));
    }

    #[test]
    fn many_loads_have_a_window_each() {
        let mut memory = Memory::new(64 * MIB);
        let given: usize = (0..200).filter_map(|load| memory.take(load, 4)).sum();
        assert!(given <= (64 + 200) * MIB, "{given}");
        assert_eq!(memory.take(7, 4), None);
        (0..200).for_each(|load| memory.holds(load, 0));
        assert_eq!((memory.take(7, 4), memory.take(7, 4)), (Some(LEAST), None));
    }

    proptest! {
        /// However loads come, go, take and give back: whoever holds nothing gets something, and the bound holds.
        #[test]
        fn nobody_waits_for_a_first_window(
            steps in prop::collection::vec((0u64..20, 0usize..5, 1usize..9), 1..300)
        ) {
            let total = 16 * MIB;
            let mut memory = Memory::new(total);
            for (load, what, windows) in steps {
                match what {
                    0 => memory.leave(load),
                    1 => memory.holds(load, 0),
                    _ => {
                        memory.join(load);
                        let held = memory.held[&load];
                        let given = memory.take(load, windows);
                        prop_assert!(given.is_some() || held > 0);
                        prop_assert!(given.is_none_or(|given| given >= LEAST));
                        let share = memory.share().max(LEAST);
                        prop_assert!(given.is_none() || held + given.unwrap_or(0) <= share);
                    }
                }
                let all: usize = memory.held.values().sum();
                prop_assert!(all <= total + memory.held.len() * LEAST, "{}", all);
            }
        }
    }
}
