//! What flows at run time.

mod event;
mod rows;

pub use event::{EventMeta, Origin, RowChange};
pub use rows::{Cell, RowBatch};
