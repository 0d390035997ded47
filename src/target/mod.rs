//! Where records go: a Kafka cluster with its schema registry, standard output, files.
//!
//! Knows what a target needs and how its failures are answered. Does not know formats: keys and values arrive as bytes.

#[cfg(feature = "run")]
pub mod io;
pub mod kafka;
pub mod lines;
pub mod registry;

use std::time::Duration;

/// What is to be done about a target's failure. The producer that failed is gone in every case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// Open a new producer at the committed position, under the retry window.
    Recover,
    /// As [`Recover`](Disposition::Recover), but for at most this long; then it is a matter for an operator.
    RecoverFor(Duration),
    /// As [`Recover`](Disposition::Recover), but twice in a row without a commit between is a stop.
    RecoverOnce,
    /// Find out who owns the task before anything else: another instance may have taken it.
    AskOwner,
    /// The policy for records that are too large decides.
    Oversize,
    /// Only a person can mend it; trying again soon helps nobody.
    Operator,
}
