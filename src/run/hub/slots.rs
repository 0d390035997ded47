//! The connections that a source may have at once, each with a number, and with it an identity among the replicas.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Numbers that are taken, a bit each; a source has at most 16.
#[derive(Debug, Clone, Default)]
pub(super) struct Slots(Arc<Mutex<u32>>);

/// A number that is taken until this is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    number: u8,
    of: Slots,
}

impl Slots {
    fn lock(&self) -> MutexGuard<'_, u32> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The smallest free number below `count`, if there is one.
    pub(super) fn take(&self, count: u8) -> Option<Slot> {
        let mut taken = self.lock();
        let number = (0..count).find(|number| *taken & (1 << number) == 0)?;
        *taken |= 1 << number;
        Some(Slot { number, of: self.clone() })
    }

    /// True while a number below `count` is free.
    pub(super) fn has_free(&self, count: u8) -> bool {
        let taken = self.lock();
        (0..count).any(|number| *taken & (1 << number) == 0)
    }
}

impl Slot {
    /// The number, from 0.
    pub(super) fn number(&self) -> u8 {
        self.number
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        *self.of.lock() &= !(1 << self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_taken_once_and_given_back() {
        let slots = Slots::default();
        let first = slots.take(2).expect("free");
        let second = slots.take(2).expect("free");
        assert_eq!((first.number(), second.number()), (0, 1));
        assert!(slots.take(2).is_none() && !slots.has_free(2), "both are taken");
        drop(first);
        assert_eq!(slots.take(2).map(|slot| slot.number()), Some(0));
    }
}
