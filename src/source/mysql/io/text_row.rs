//! Rows whose values are text: names, settings, positions.

use super::failure::SourceFailure;
use mysql_async::{Row, Value};
use mysql_common::io::ParseBuf;

/// A row in text form: one optional byte string per column.
pub struct TextRow(Vec<Option<Vec<u8>>>);

impl TextRow {
    /// A column as UTF-8; `None` for NULL, a column that is not there, or other bytes.
    pub fn text(&self, column: usize) -> Option<&str> {
        std::str::from_utf8(self.0.get(column)?.as_deref()?).ok()
    }

    /// As [`TextRow::text`], parsed.
    pub fn number<T: std::str::FromStr>(&self, column: usize) -> Option<T> {
        self.text(column)?.parse().ok()
    }

    /// A row of the driver.
    pub(super) fn of_driver(row: Row) -> TextRow {
        let cell = |value: Value| match value {
            Value::NULL => None,
            Value::Bytes(bytes) => Some(bytes),
            Value::Int(number) => Some(number.to_string().into_bytes()),
            Value::UInt(number) => Some(number.to_string().into_bytes()),
            Value::Float(number) => Some(number.to_string().into_bytes()),
            Value::Double(number) => Some(number.to_string().into_bytes()),
            // a moment: nothing we ask for has one
            Value::Date(..) | Value::Time(..) => None,
        };
        TextRow(row.unwrap().into_iter().map(cell).collect())
    }

    /// A row of the text protocol with `columns` columns.
    pub(super) fn of_packet(packet: &[u8], columns: usize) -> Result<TextRow, SourceFailure> {
        let mut rest = ParseBuf(packet);
        let mut cells = Vec::with_capacity(columns);
        for _ in 0..columns {
            if rest.0.first() == Some(&0xfb) {
                rest.skip(1);
                cells.push(None);
            } else {
                let cell =
                    rest.checked_eat_lenenc_str().ok_or_else(|| SourceFailure::protocol("a row is cut"))?;
                cells.push(Some(cell.to_vec()));
            }
        }
        Ok(TextRow(cells))
    }
}
