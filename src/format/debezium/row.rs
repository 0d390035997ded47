//! Columns as members of a JSON object: the images of a row, and keys.

use super::super::json_string::push_jackson_text;
use super::super::json_value::quoted;
use super::super::{DebeziumJsonOptions, FormatError, OutputTable, Scratch};
use super::value::Cell;
use crate::mysql::value::Value;

/// Writes columns of one table version.
#[derive(Debug)]
pub(super) struct Members {
    pub(super) columns: Vec<Member>,
    /// Columns of the table version.
    width: usize,
}

#[derive(Debug)]
pub(super) struct Member {
    index: usize,
    /// Name in messages.
    pub(super) name: String,
    /// `"name":`
    head: Vec<u8>,
    pub(super) cell: Cell,
}

impl Members {
    /// Prepares the columns that are sent.
    ///
    /// # Errors
    /// When a column is of a character set that is not supported.
    pub(super) fn new(options: &DebeziumJsonOptions, table: OutputTable<'_>) -> Result<Members, FormatError> {
        let width = table.version.columns.len();
        let columns = table.columns.iter().map(|column| {
            let source = table.version.columns.get(column.index);
            let source = source.ok_or(FormatError::Width { found: column.index + 1, expected: width })?;
            let cell = Cell::new(options, source)?;
            let mut head = Vec::new();
            push_string(&column.name, &mut head);
            head.push(b':');
            Ok(Member { index: column.index, name: column.name.clone(), head, cell })
        });
        Ok(Members { columns: columns.collect::<Result<_, FormatError>>()?, width })
    }

    /// Appends the members with commas between them. Returns the number of places of text without a
    /// meaning in their character set.
    ///
    /// # Errors
    /// When the row does not fit the table version.
    pub(super) fn push(
        &self,
        row: &[Value<'_>],
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<usize, FormatError> {
        if row.len() != self.width {
            return Err(FormatError::Width { found: row.len(), expected: self.width });
        }
        let mut broken = 0;
        for (position, member) in self.columns.iter().enumerate() {
            if position > 0 {
                out.push(b',');
            }
            out.extend_from_slice(&member.head);
            broken += member.cell.write(&row[member.index], scratch, out)?;
        }
        Ok(broken)
    }
}

/// Appends a JSON string.
pub(super) fn push_string(text: &str, out: &mut Vec<u8>) {
    quoted(out, |out| push_jackson_text(text, out));
}
