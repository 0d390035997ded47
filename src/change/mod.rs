//! What flows at run time.

mod event;
mod rows;
#[cfg(test)]
pub(crate) mod sample;

pub use event::{EventMeta, Origin, RowChange, SourceInfo, TransactionInfo};
pub use rows::{Cell, RowBatch};
