//! About how much the load of a table is: rows, bytes, time.
//!
//! An order of magnitude and no promise: rows are known to a power of ten, and values of a variable length are taken to be as
//! long as they mostly are.

use super::{Start, Subject};
use crate::mysql::column_type::ColumnType;
use crate::statement::size_text;

/// Bytes a second where no `rate` is written: what a server of today gives beside its work, and a link takes.
const RATE_BYTES_S: u64 = 20 << 20;

/// Most bytes that a value of a text or of bytes is taken to have, where its column takes more.
const SHORT_BYTES: u64 = 32;

/// The same for columns that are made for long values.
const LONG_BYTES: u64 = 1024;

impl Subject {
    /// `about 1_000_000 rows, 100MiB, 5 min at 20MiB/s`, as far as it is known.
    pub(super) fn load_text(&self, start: &Start) -> Option<String> {
        let rows = self.rows_text()?;
        let bytes = self.rows?.saturating_mul(self.row_bytes.unwrap_or_default());
        if bytes == 0 {
            return Some(rows);
        }
        let rate = match start {
            Start::Snapshot(snapshot) => snapshot.rate_bytes_s,
            Start::Now | Start::At(_) => None,
        };
        let rate = rate.unwrap_or(RATE_BYTES_S).max(1);
        let (size, time) = (rounded_size(bytes), time_text(bytes / rate));
        Some(format!("{rows}, {size}, {time} at {}/s", size_text(rate)))
    }
}

/// About how many bytes a row has as the server sends it.
pub fn row_bytes<'c>(columns: impl IntoIterator<Item = &'c ColumnType>) -> u64 {
    columns.into_iter().map(value_bytes).sum()
}

fn value_bytes(ty: &ColumnType) -> u64 {
    match ty {
        ColumnType::TinyInt { .. } | ColumnType::Year => 1,
        ColumnType::SmallInt { .. } => 2,
        ColumnType::MediumInt { .. } | ColumnType::Date => 3,
        ColumnType::Int { .. } | ColumnType::Float | ColumnType::Inet4 => 4,
        ColumnType::Time { .. } | ColumnType::Timestamp { .. } => 5,
        ColumnType::BigInt { .. }
        | ColumnType::Double
        | ColumnType::DateTime { .. }
        | ColumnType::Bit { .. } => 8,
        ColumnType::Decimal { precision, .. } => u64::from(*precision).div_ceil(2),
        ColumnType::Enum(_) | ColumnType::Set(_) => 2,
        ColumnType::Uuid | ColumnType::Inet6 => 16,
        ColumnType::Binary { bytes } | ColumnType::VarBinary { bytes } => u64::from(*bytes).min(SHORT_BYTES),
        ColumnType::Char(text) | ColumnType::VarChar(text) => u64::from(text.max_bytes).min(SHORT_BYTES),
        ColumnType::Text(text) => u64::from(text.max_bytes).min(LONG_BYTES),
        ColumnType::Blob { .. } | ColumnType::Json | ColumnType::Geometry | ColumnType::Vector => LONG_BYTES,
    }
}

/// A size in the largest unit that it fills, without a fraction.
fn rounded_size(bytes: u64) -> String {
    let units = [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")];
    match units.iter().find(|(shift, _)| bytes >> shift > 0) {
        Some((shift, unit)) => format!("{}{unit}", bytes >> shift),
        None => format!("{bytes} bytes"),
    }
}

/// A span of time in the unit that people would say it in.
fn time_text(seconds: u64) -> String {
    match seconds {
        0..60 => "under a minute".to_owned(),
        60..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::Snapshot;

    #[track_caller]
    fn check(rows: Option<u64>, row_bytes: Option<u64>, rate_bytes_s: Option<u64>, expected: Option<&str>) {
        let subject = Subject { rows, row_bytes, ..Subject::table("a", "b") };
        let start = Start::Snapshot(Snapshot { rate_bytes_s, ..Snapshot::default() });
        assert_eq!(subject.load_text(&start).as_deref(), expected);
    }

    #[test]
    fn estimates_say_what_is_known() {
        check(None, Some(100), None, None);
        check(Some(1000), None, None, Some("about 1_000 rows"));
        check(Some(1000), Some(100), None, Some("about 1_000 rows, 97KiB, under a minute at 20MiB/s"));
        let much = "about 1_000_000_000 rows, 93GiB, 79 min at 20MiB/s";
        check(Some(1_000_000_000), Some(100), None, Some(much));
        let slow = "about 1_000_000_000 rows, 93GiB, 26 h at 1MiB/s";
        check(Some(1_000_000_000), Some(100), Some(1 << 20), Some(slow));
        let days = "about 1_000_000_000_000 rows, 90TiB, 55 days at 20MiB/s";
        check(Some(1_000_000_000_000), Some(100), None, Some(days));
    }

    #[test]
    fn values_have_the_width_of_their_type() {
        let blob = ColumnType::Blob { length_bytes: 4 };
        let types = [ColumnType::BigInt { unsigned: true }, ColumnType::VarBinary { bytes: 4000 }, blob];
        assert_eq!(row_bytes(&types), 8 + 32 + 1024);
        assert_eq!(row_bytes([&ColumnType::Decimal { precision: 9, scale: 2 }]), 5);
    }
}
