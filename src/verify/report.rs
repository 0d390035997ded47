//! What a comparison found.

use serde::Serialize;

/// Most differences of a table that are told one by one.
pub const MOST_TOLD: usize = 10;

/// What a comparison of a pipeline found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The tables that were compared, by name.
    pub tables: Vec<TableReport>,
    /// What else is to be said.
    pub notes: Vec<String>,
}

/// What was found about one table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TableReport {
    /// The task it belongs to.
    pub task: String,
    /// Name at the source.
    pub table: String,
    /// Topic.
    pub topic: String,
    /// Rows of the source that belong in the topic.
    pub rows: u64,
    /// Rows of the source that the topic lacks.
    pub missing: u64,
    /// Rows of the topic that the source lacks.
    pub extra: u64,
    /// Rows that are not the same.
    pub different: u64,
    /// Rows that changed so often that nothing is said about them.
    pub unsettled: u64,
    /// Rows that were sent before a column was added, compared without it.
    pub older: u64,
    /// Rows that could not be sent as they are, and were told of in dead-letter topics instead: they count neither as missing nor
    /// as different.
    pub letters: u64,
    /// Some of what was found.
    pub findings: Vec<Difference>,
    /// What cannot be proved, and why.
    pub notes: Vec<String>,
    /// True when what was found is a difference that should not be.
    pub differs: bool,
}

/// How a row differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The source has it, the topic does not.
    Missing,
    /// The topic has it, the source does not.
    Extra,
    /// Both have it, otherwise.
    Different,
    /// A record that is no message of the format.
    Unreadable,
}

/// One row that differs. Its values are never told; its key only where that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// How.
    pub kind: Kind,
    /// Partition that has it, or should have.
    pub partition: i32,
    /// Offset of the record; none of a row that is missing.
    pub offset: Option<i64>,
    /// Columns that differ, by their names in messages.
    pub columns: Vec<String>,
    /// Key of the message.
    pub key: Option<String>,
}

impl Report {
    /// True when something was found that should not be.
    pub fn differs(&self) -> bool {
        self.tables.iter().any(|table| table.differs)
    }
}
