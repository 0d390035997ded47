//! One row change.

use crate::mysql::value::Value;

/// A row change with full images: one value per column of the table version, in wire order.
#[derive(Debug, Clone, Copy)]
pub enum RowChange<'r, 'b> {
    /// A row came; also every row of a snapshot.
    Insert {
        /// The row.
        after: &'r [Value<'b>],
    },
    /// A row changed.
    Update {
        /// As it was.
        before: &'r [Value<'b>],
        /// As it is.
        after: &'r [Value<'b>],
    },
    /// A row went.
    Delete {
        /// As it was.
        before: &'r [Value<'b>],
    },
}

impl<'r, 'b> RowChange<'r, 'b> {
    /// The change as somebody sees it to whom only the rows that `keeps` takes exist: an update across that border is a delete
    /// or an insert. None when there is nothing to see.
    pub fn seen_through(self, mut keeps: impl FnMut(&[Value<'b>]) -> bool) -> Option<RowChange<'r, 'b>> {
        match self {
            RowChange::Insert { after } => keeps(after).then_some(self),
            RowChange::Delete { before } => keeps(before).then_some(self),
            RowChange::Update { before, after } => match (keeps(before), keeps(after)) {
                (true, true) => Some(self),
                (true, false) => Some(RowChange::Delete { before }),
                (false, true) => Some(RowChange::Insert { after }),
                (false, false) => None,
            },
        }
    }
}

/// Where a change comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A row that existed before the start.
    Snapshot,
    /// The log.
    Stream,
}

/// What a message tells about its event besides the row.
#[derive(Debug, Clone, Copy)]
pub struct EventMeta {
    /// Where it comes from.
    pub origin: Origin,
    /// Start of the statement at the source in ms (whole seconds in the log); for snapshot rows, when the chunk was read.
    pub event_ms: i64,
    /// When the message is built, in ms.
    pub now_ms: i64,
}
