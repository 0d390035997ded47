//! The executable graph as data: compared, printed, hashed, stored. No spans, no secrets' values.

mod graph;

pub use graph::*;
