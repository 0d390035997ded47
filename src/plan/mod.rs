//! The executable graph as data: compared, printed, hashed, stored. No spans, no secrets' values.
//!
//! [`compile_files`] is the front door from texts; [`TaskPlan::decide`] says what becomes of one table.

mod compile;
mod decide;
mod endpoint;
mod front;
mod graph;
mod narrow;
mod origin;
#[cfg(test)]
mod tests;

pub use crate::statement::{
    Cleanup, ColumnRule, Compression, Delivery, FormatName, KeyRule, Mechanism, PartitionRule, Rename,
    SecretRef, Start, Template, TemplatePart, Text, TlsMode,
};
pub use compile::compile;
pub use decide::{DecideError, Decider, FILTERS, Hits, RENAME_PLACEHOLDERS, TOPIC_PLACEHOLDERS};
pub use endpoint::Login;
pub use front::{Compiled, compile_files};
pub use graph::*;
pub use origin::{NodeId, Origins, Part, Property};
