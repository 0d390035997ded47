//! Room for values that are converted before they are written, and what becomes of those that cannot be.

use super::FormatError;
use super::unsaid::{Mapped, Unsaid};
use crate::mysql::temporal;
use crate::mysql::value::Date;

/// Larger rooms are given back, so that one huge value does not stay paid for.
const KEEP_BYTES: usize = 256 * 1024;

/// Buffers of one encoding thread, kept from row to row.
#[derive(Default)]
pub struct Scratch {
    pub(super) text: String,
    pub(super) bytes: Vec<u8>,
    pub(super) key: Vec<u8>,
    /// What cannot be said is not written at all.
    strict: bool,
    /// What is written tells one row from another.
    in_key: bool,
    mapped: Mapped,
}

impl Scratch {
    /// Empty buffers.
    pub fn new() -> Scratch {
        Scratch::default()
    }

    /// Empty buffers, for messages in which nothing stands for something else.
    pub fn strict() -> Scratch {
        Scratch { strict: true, ..Scratch::default() }
    }

    /// What was written as something else since the last call.
    pub fn take_mapped(&mut self) -> Mapped {
        std::mem::take(&mut self.mapped)
    }

    /// Lets `write` write a key.
    pub(super) fn of_key<T>(&mut self, write: impl FnOnce(&mut Scratch) -> T) -> T {
        self.in_key = true;
        let written = write(self);
        self.in_key = false;
        written
    }

    /// What stands in a key for a date that no calendar has: one day for all of them would make rows one.
    pub(super) fn day_in_key(&self, date: Date) -> Option<i32> {
        self.in_key.then(|| temporal::day_outside(date))
    }

    /// A value of this column is about to be written as something else.
    ///
    /// # Errors
    /// When that must not be.
    pub(super) fn maps(&mut self, kind: Unsaid, column: &str) -> Result<(), FormatError> {
        if self.strict {
            return Err(FormatError::Unsaid { column: column.to_owned(), what: kind.what() });
        }
        self.mapped.count(kind);
        Ok(())
    }

    /// Text of this column was converted, with so many places that have no meaning. Returns their number.
    ///
    /// # Errors
    /// When there must be none.
    pub(super) fn converted(&mut self, broken: usize, column: &str) -> Result<usize, FormatError> {
        if broken > 0 {
            self.maps(Unsaid::Text, column)?;
        }
        Ok(broken)
    }

    /// Gives back what a huge value has taken.
    pub fn trim(&mut self) {
        if self.text.capacity() > KEEP_BYTES {
            self.text = String::new();
        }
        if self.bytes.capacity() > KEEP_BYTES {
            self.bytes = Vec::new();
        }
        if self.key.capacity() > KEEP_BYTES {
            self.key = Vec::new();
        }
    }
}

/// The buffers hold row values: nothing is shown.
impl std::fmt::Debug for Scratch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Scratch")
    }
}
