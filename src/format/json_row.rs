//! Columns of a table as members of a JSON object.

use super::json_value::{JsonCell, JsonRules};
use super::{FormatError, OutputTable, Scratch, unchanged};
use crate::mysql::value::Value;

/// Writes the columns of one table version.
#[derive(Debug)]
pub(super) struct JsonRow {
    columns: Vec<RowColumn>,
    /// Columns of the table version.
    width: usize,
    /// Columns that are NULL are left out.
    omit_nulls: bool,
}

#[derive(Debug)]
struct RowColumn {
    index: usize,
    /// `"name":`
    head: Vec<u8>,
    cell: JsonCell,
}

impl JsonRow {
    /// Prepares the columns that are sent.
    ///
    /// # Errors
    /// When a column is of a character set that is not supported.
    pub(super) fn new(
        rules: JsonRules,
        omit_nulls: bool,
        table: OutputTable<'_>,
    ) -> Result<JsonRow, FormatError> {
        let width = table.version.columns.len();
        let columns = table.columns.iter().map(|column| {
            let source = table.version.columns.get(column.index);
            let source = source.ok_or(FormatError::Width { found: column.index + 1, expected: width })?;
            let cell = JsonCell::new(rules, source)?;
            Ok(RowColumn { index: column.index, head: rules.text.member(&column.name), cell })
        });
        Ok(JsonRow { columns: columns.collect::<Result<_, FormatError>>()?, width, omit_nulls })
    }

    /// Appends the members of a row with commas between them; what stands before must end in `{`. Returns the number of
    /// places of text without a meaning in their character set.
    ///
    /// # Errors
    /// When the row does not fit the table version.
    pub(super) fn push_members(
        &self,
        row: &[Value<'_>],
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<usize, FormatError> {
        self.push(row, |_| true, scratch, out)
    }

    /// The same, of `before` and only the columns that `after` has otherwise.
    ///
    /// # Errors
    /// When a row does not fit the table version.
    pub(super) fn push_changed(
        &self,
        before: &[Value<'_>],
        after: &[Value<'_>],
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<usize, FormatError> {
        self.check_width(after)?;
        self.push(before, |index| !unchanged(&before[index], &after[index]), scratch, out)
    }

    fn push(
        &self,
        row: &[Value<'_>],
        wanted: impl Fn(usize) -> bool,
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<usize, FormatError> {
        self.check_width(row)?;
        let (start, mut broken) = (out.len(), 0);
        for column in &self.columns {
            let value = &row[column.index];
            if !wanted(column.index) || self.omit_nulls && matches!(value, Value::Null) {
                continue;
            }
            if out.len() > start {
                out.push(b',');
            }
            out.extend_from_slice(&column.head);
            broken += column.cell.write(value, scratch, out)?;
        }
        Ok(broken)
    }

    fn check_width(&self, row: &[Value<'_>]) -> Result<(), FormatError> {
        if row.len() == self.width {
            Ok(())
        } else {
            Err(FormatError::Width { found: row.len(), expected: self.width })
        }
    }
}
