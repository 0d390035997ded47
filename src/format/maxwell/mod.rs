//! Maxwell's messages: one JSON object per row, values with their JSON kind.
//!
//! Member order, types and texts are those of Maxwell 1.45, where that is right. `old` stands in every update, because readers
//! fail without it. Not written: `xid`, `xoffset` and `commit`, which are known only when the transaction has ended.

use super::json_key::{JsonKey, KeyShape};
use super::json_row::JsonRow;
use super::json_value::{DecimalText, GeometryText, JsonCell, JsonRules, TextEscapes, TimestampText, quoted};
use super::{FormatError, MaxwellOptions, OutputColumn, OutputTable, Scratch};
use crate::change::{EventMeta, Origin, RowChange};
use crate::statement::{BinaryForm, EnumForm};

#[cfg(test)]
mod tests;

const RULES: JsonRules = JsonRules {
    decimal: DecimalText::Java,
    binary: BinaryForm::Base64,
    labels: EnumForm::Label,
    timestamp: TimestampText::Bare,
    geometry: GeometryText::Wkt,
    text: TextEscapes::Jackson,
};

/// Writes messages of one table version.
#[derive(Debug)]
pub struct MaxwellTable {
    row: JsonRow,
    /// To the value of `type`.
    head: Vec<u8>,
    /// Rows of a snapshot have the type `bootstrap-insert`.
    snapshot_bootstrap: bool,
}

impl MaxwellTable {
    pub(super) fn new(options: &MaxwellOptions, table: OutputTable<'_>) -> Result<MaxwellTable, FormatError> {
        let mut head = named(table.db, table.table);
        head.extend_from_slice(b",\"type\":\"");
        let row = JsonRow::new(RULES, options.omit_nulls, table)?;
        Ok(MaxwellTable { row, head, snapshot_bootstrap: options.snapshot_bootstrap })
    }

    pub(super) fn encode(
        &self,
        change: &RowChange<'_, '_>,
        meta: &EventMeta<'_>,
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<usize, FormatError> {
        let (row, before, ty): (_, _, &[u8]) = match change {
            RowChange::Insert { after } => match meta.origin {
                Origin::Snapshot if self.snapshot_bootstrap => (*after, None, b"bootstrap-insert"),
                Origin::Snapshot | Origin::Stream => (*after, None, b"insert"),
            },
            RowChange::Update { before, after } => (*after, Some(*before), b"update"),
            RowChange::Delete { before } => (*before, None, b"delete"),
        };
        out.extend_from_slice(&self.head);
        out.extend_from_slice(ty);
        out.extend_from_slice(b"\",\"ts\":");
        out.extend_from_slice(itoa::Buffer::new().format(meta.event_ms.div_euclid(1_000)).as_bytes());
        out.extend_from_slice(b",\"data\":{");
        let broken = self.row.push_members(row, scratch, out)?;
        if let Some(before) = before {
            out.extend_from_slice(b"},\"old\":{");
            // Broken places were counted when the value was new.
            self.row.push_changed(before, row, scratch, out)?;
        }
        out.extend_from_slice(b"}}");
        Ok(broken)
    }
}

/// Prepares keys: `{"database":"shop","table":"orders","pk.id":1001}`.
///
/// # Errors
/// When a column is of a character set that is not supported.
pub(super) fn key(table: OutputTable<'_>, origin: Option<&str>) -> Result<JsonKey<JsonCell>, FormatError> {
    // Maxwell writes the names of key columns in lower case.
    let lower = |column: &OutputColumn| OutputColumn { name: column.name.to_lowercase(), ..*column };
    let columns: Vec<OutputColumn> = table.columns.iter().map(lower).collect();
    let head = named(table.db, table.table);
    let shape = KeyShape { head: &head, prefix: "pk.", escapes: RULES.text, tail: b"}" };
    let table = OutputTable { columns: &columns, ..table };
    JsonKey::new(shape, table, origin, |column| JsonCell::new(RULES, column))
}

/// `{"database":"shop","table":"orders"`
fn named(db: &str, table: &str) -> Vec<u8> {
    let mut out = b"{\"database\":".to_vec();
    quoted(&mut out, |out| RULES.text.push(db, out));
    out.extend_from_slice(b",\"table\":");
    quoted(&mut out, |out| RULES.text.push(table, out));
    out
}
