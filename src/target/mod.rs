//! Where records go: a Kafka cluster with its schema registry, standard output, files.
//!
//! Knows what a target needs and what its failures mean. Does not know formats: keys and values arrive as bytes.

#[cfg(feature = "run")]
pub mod io;
pub mod kafka;
pub mod lines;
pub mod registry;
