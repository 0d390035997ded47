//! What a task decides: inputs in, commands out. No I/O, no clock, no threads; time comes in as milliseconds.
//!
//! Guarantees: a position is covered only after every row before it was handed to the open transaction, and a cut in a
//! source transaction says exactly which of its rows were; a chunk of
//! existing rows is emitted only where it is exact (see [`load`]).
//! Does not: know MySQL's wire, Kafka's client, or what a row looks like in a format.

pub mod commit;
mod headroom;
pub mod load;
pub mod owner;
pub mod pace;
pub mod retry;
pub mod split;

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
