//! syncc's own flat JSON: the columns of a row as one object, and three members about the change.
//!
//! `{"id":1001,"customer":"李雷","__op":"u","__ts_ms":1709605231000,"__deleted":false}`. A delete carries the row as it was.

use super::json_key::{JsonKey, KeyShape};
use super::json_row::JsonRow;
use super::json_value::{DecimalText, GeometryText, JsonCell, JsonRules, TextEscapes, TimestampText};
use super::{FormatError, JsonOptions, OutputTable, Scratch};
use crate::change::{EventMeta, Origin, RowChange};
use crate::statement::DecimalForm;

#[cfg(test)]
mod tests;

/// What stands behind the columns.
const FIELDS: [&str; 3] = ["__op", "__ts_ms", "__deleted"];

/// Writes messages of one table version.
#[derive(Debug)]
pub struct JsonTable {
    row: JsonRow,
}

impl JsonTable {
    /// # Errors
    /// When a column is of a character set that is not supported, or has the name of one of our [`FIELDS`].
    pub(super) fn new(options: &JsonOptions, table: OutputTable<'_>) -> Result<JsonTable, FormatError> {
        if let Some(column) = table.columns.iter().find(|column| FIELDS.contains(&column.name.as_str())) {
            return Err(FormatError::FieldTwice { name: column.name.clone() });
        }
        Ok(JsonTable { row: JsonRow::new(rules(options), options.omit_nulls, table)? })
    }

    pub(super) fn encode(
        &self,
        change: &RowChange<'_, '_>,
        meta: &EventMeta<'_>,
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<usize, FormatError> {
        let (row, op, deleted): (_, u8, &[u8]) = match (change, meta.origin) {
            (RowChange::Insert { after }, Origin::Snapshot) => (*after, b'r', b"false"),
            (RowChange::Insert { after }, Origin::Stream) => (*after, b'c', b"false"),
            (RowChange::Update { after, .. }, _) => (*after, b'u', b"false"),
            (RowChange::Delete { before }, _) => (*before, b'd', b"true"),
        };
        out.push(b'{');
        let start = out.len();
        let broken = self.row.push_members(row, scratch, out)?;
        if out.len() > start {
            out.push(b',');
        }
        out.extend_from_slice(b"\"__op\":\"");
        out.push(op);
        out.extend_from_slice(b"\",\"__ts_ms\":");
        out.extend_from_slice(itoa::Buffer::new().format(meta.event_ms).as_bytes());
        out.extend_from_slice(b",\"__deleted\":");
        out.extend_from_slice(deleted);
        out.push(b'}');
        Ok(broken)
    }
}

/// Prepares keys: `{"id":1001}`.
///
/// # Errors
/// When a column is of a character set that is not supported, or behind an origin has its name ([`FormatError::FieldTwice`]).
pub(super) fn key(
    options: &JsonOptions,
    table: OutputTable<'_>,
    origin: Option<&str>,
) -> Result<JsonKey<JsonCell>, FormatError> {
    JsonKey::new(KeyShape::PLAIN, table, origin, |column| JsonCell::new(rules(options), column))
}

fn rules(options: &JsonOptions) -> JsonRules {
    JsonRules {
        decimal: match options.decimal {
            DecimalForm::String => DecimalText::Quoted,
            DecimalForm::Number
            | DecimalForm::Numeric
            | DecimalForm::Double
            | DecimalForm::Precise
            | DecimalForm::Decimal => DecimalText::Plain,
        },
        binary: options.binary,
        labels: options.enum_form,
        timestamp: TimestampText::Zulu,
        geometry: GeometryText::Wkb,
        text: TextEscapes::None,
    }
}
