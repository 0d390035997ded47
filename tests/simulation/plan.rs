//! What the files say, by their generation: each edit leaves some rows out or takes them back, and one adds a table.

use super::source::{LATE, Op, Source, What, may_be_hidden, table_of};

/// Generations there are.
pub(super) const GENERATIONS: u64 = 5;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) generation: u64,
}

impl Plan {
    pub(super) fn selects(self, table: usize) -> bool {
        table != LATE || self.has_late()
    }

    /// The table that comes later is there.
    pub(super) fn has_late(self) -> bool {
        self.generation >= 2
    }

    /// True when a row of this key is sent.
    pub(super) fn sends(self, key: i64) -> bool {
        self.selects(table_of(key)) && !(self.generation.is_multiple_of(2) && may_be_hidden(key))
    }

    /// The changes of a transaction that are sent, by their numbers; a statement is its only one. `n_rows`: only of its first
    /// rows of selected tables.
    pub(super) fn messages(self, source: &Source, transaction: usize, n_rows: Option<usize>) -> usize {
        match &source.log[transaction].what {
            What::Rows(ops) => {
                let selected = ops.iter().filter(|op| self.selects(table_of(op.key)));
                let first: Vec<&Op> = selected.take(n_rows.unwrap_or(usize::MAX)).collect();
                first.into_iter().filter(|op| self.sends(op.key)).count()
            }
            What::Statement { table, .. } => usize::from(self.selects(*table)),
        }
    }
}
