//! What a task decides: inputs in, commands out. No I/O, no clock, no threads.

use crate::checkpoint::PosRecord;

/// Every row up to this position has been produced in the open transaction. Only the engine makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Covered(PosRecord);

impl Covered {
    /// What is written into the transaction.
    pub fn record(&self) -> &PosRecord {
        &self.0
    }

    /// The record, for whoever has just stored it.
    pub fn into_record(self) -> PosRecord {
        self.0
    }
}
