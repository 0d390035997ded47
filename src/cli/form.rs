//! Form of an answer on standard output.

/// Form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Form {
    /// For people.
    Human,
    /// One JSON object, for machines.
    Json,
}
