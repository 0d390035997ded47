//! Kafka as a target: what a cluster must offer, and, in `io`, the producer that writes to it.

pub mod acl;
#[cfg(feature = "run")]
pub mod io;
pub mod requirement;
