//! Memory for existing rows: the loads of all tasks of a process share it.

use crate::engine::load::{Memory, WINDOWS_BYTES};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The memory of a process, and how many loads have asked for a part of it.
#[derive(Debug, Clone)]
pub(super) struct Rooms(Arc<Mutex<(Memory, u64)>>);

impl Default for Rooms {
    fn default() -> Rooms {
        Rooms(Arc::new(Mutex::new((Memory::new(WINDOWS_BYTES), 0))))
    }
}

impl Rooms {
    fn lock(&self) -> MutexGuard<'_, (Memory, u64)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Room for one more load, which counts among the others from its first read on.
    pub(super) fn join(&self) -> Room {
        let number = {
            let mut all = self.lock();
            all.1 += 1;
            all.1
        };
        Room { rooms: self.clone(), number, held: None }
    }
}

/// What one load may hold. What it holds is free once this is dropped.
#[derive(Debug)]
pub(super) struct Room {
    rooms: Rooms,
    number: u64,
    /// Bytes that it is known to hold; none: it does not count among those that share.
    held: Option<usize>,
}

impl Room {
    /// The load holds so many bytes; what it was given beyond is free.
    pub(super) fn holds(&mut self, bytes: usize) {
        if self.held.is_some_and(|held| held != bytes) {
            self.rooms.lock().0.holds(self.number, bytes);
            self.held = Some(bytes);
        }
    }

    /// Bytes for one more window of the load, which has up to so many at once.
    ///
    /// # Errors
    /// Not before windows that are open are closed: how many loads share the memory.
    pub(super) fn take(&mut self, windows: usize) -> Result<usize, usize> {
        let memory = &mut self.rooms.lock().0;
        let given = memory.take(self.number, windows).ok_or_else(|| memory.loads());
        self.held = Some(self.held.unwrap_or(0) + given.unwrap_or(0));
        given
    }

    /// The load reads nothing for now: others share what there is.
    pub(super) fn leave(&mut self) {
        if self.held.take().is_some() {
            self.rooms.lock().0.leave(self.number);
        }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::load::LEAST;

    #[test]
    fn a_load_that_has_ended_leaves_its_room_to_others() {
        let rooms = Rooms::default();
        let (mut one, mut other) = (rooms.join(), rooms.join());
        assert_eq!(one.take(1), Ok(WINDOWS_BYTES), "the other one does not read yet");
        assert_eq!(other.take(1), Ok(LEAST));
        assert_eq!(other.take(1), Err(2));
        other.holds(0);
        one.leave();
        assert_eq!(other.take(1), Ok(WINDOWS_BYTES));
        drop(other);
        assert_eq!(one.take(1), Ok(WINDOWS_BYTES));
    }
}
