//! Tables with system versioning (MariaDB): their log has history as rows like all others.
//!
//! An update logs the row and inserts what it was with an end of life; a delete only gives the row its end. Source:
//! observed on MariaDB 10.11.

use crate::change::RowChange;
use crate::mysql::value::{Timestamp, Value};

/// Ends of rows that live: the last moment of 32 bits, signed, and unsigned since MariaDB 11.5.
const NEVER: [u32; 2] = [i32::MAX as u32, u32::MAX];

/// The change as readers of the table without its history see it; `row_end` is the column with the end of life.
pub(super) fn without_history<'r, 'b>(
    change: RowChange<'r, 'b>,
    row_end: usize,
) -> Option<RowChange<'r, 'b>> {
    let lives = |row: &[Value<'_>]| match row.get(row_end) {
        Some(Value::Timestamp(Timestamp { seconds, micros, .. })) => {
            NEVER.contains(seconds) && *micros == 999_999
        }
        Some(_) | None => true,
    };
    change.seen_through(lives)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(seconds: u32) -> [Value<'static>; 2] {
        [Value::Int(1), Value::Timestamp(Timestamp { seconds, micros: 999_999, fsp: 6 })]
    }

    #[track_caller]
    fn check(change: RowChange<'_, '_>, expected: &str) {
        let kind = match without_history(change, 1) {
            None => "nothing",
            Some(RowChange::Insert { .. }) => "insert",
            Some(RowChange::Update { .. }) => "update",
            Some(RowChange::Delete { .. }) => "delete",
        };
        assert_eq!(kind, expected);
    }

    #[test]
    fn history_is_left_out() {
        let (ended, early) = (row(1_700_000_000), row(7));
        for never in NEVER {
            let lives = row(never);
            check(RowChange::Insert { after: &lives }, "insert");
            check(RowChange::Update { before: &lives, after: &lives }, "update");
            check(RowChange::Update { before: &lives, after: &ended }, "delete");
            check(RowChange::Update { before: &ended, after: &lives }, "insert");
            check(RowChange::Delete { before: &lives }, "delete");
        }
        check(RowChange::Insert { after: &ended }, "nothing");
        check(RowChange::Update { before: &ended, after: &early }, "nothing");
        check(RowChange::Delete { before: &ended }, "nothing");
    }
}
