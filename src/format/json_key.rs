//! Keys as a compact JSON object of the key columns, in the values of the format: `{"id":1001}`.

use super::json_string::push_text;
use super::json_value::{JsonCell, JsonRules, member, quoted};
use super::{FormatError, OutputTable, Scratch, unchanged};
use crate::mysql::value::Value;

/// Writes keys of rows of one table version.
#[derive(Debug)]
pub struct JsonKey {
    columns: Vec<KeyColumn>,
    width: usize,
    /// What stands behind the last value.
    tail: Vec<u8>,
}

#[derive(Debug)]
struct KeyColumn {
    index: usize,
    /// What stands before the value.
    head: Vec<u8>,
    cell: JsonCell,
}

impl JsonKey {
    /// Prepares a key. `head` is what its object begins with, such as `{` or `{"database":"shop"`; `prefix` stands before
    /// each name of a column.
    ///
    /// # Errors
    /// When a column is of a character set that is not supported.
    pub(super) fn new(
        rules: JsonRules,
        table: OutputTable<'_>,
        origin: Option<&str>,
        head: &[u8],
        prefix: &str,
    ) -> Result<JsonKey, FormatError> {
        let mut head = head.to_vec();
        if let Some(origin) = origin {
            comma(&mut head);
            head.extend_from_slice(b"\"origin\":");
            quoted(&mut head, |out| push_text(origin.as_bytes(), out));
        }
        let mut key = JsonKey { columns: Vec::new(), width: table.version.columns.len(), tail: Vec::new() };
        for column in table.columns {
            comma(&mut head);
            head.extend_from_slice(&member(&format!("{prefix}{}", column.name)));
            let source = table.version.columns.get(column.index);
            let source = source.ok_or(FormatError::Width { found: column.index + 1, expected: key.width })?;
            let cell = JsonCell::new(rules, source)?;
            key.columns.push(KeyColumn { index: column.index, head: std::mem::take(&mut head), cell });
        }
        head.push(b'}');
        key.tail = head;
        Ok(key)
    }

    pub(super) fn same(&self, before: &[Value<'_>], after: &[Value<'_>]) -> bool {
        let same = |before: Option<&Value<'_>>, after| match (before, after) {
            (Some(before), Some(after)) => unchanged(before, after),
            (before, after) => before.is_none() && after.is_none(),
        };
        self.columns.iter().all(|column| same(before.get(column.index), after.get(column.index)))
    }

    pub(super) fn encode(
        &self,
        row: &[Value<'_>],
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        if row.len() != self.width {
            return Err(FormatError::Width { found: row.len(), expected: self.width });
        }
        for column in &self.columns {
            out.extend_from_slice(&column.head);
            column.cell.write(&row[column.index], scratch, out)?;
        }
        out.extend_from_slice(&self.tail);
        Ok(())
    }
}

/// Between two members, not before the first, nor behind a value.
fn comma(head: &mut Vec<u8>) {
    if !head.ends_with(b"{") {
        head.push(b',');
    }
}
