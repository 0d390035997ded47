//! The columns of a table as fields of an Avro record, for messages and for keys.

use super::avro_binary::push_bytes;
use super::avro_schema::Frame;
use super::{FormatError, OutputTable, Scratch, unchanged};
use crate::mysql::schema::Column;
use crate::mysql::value::Value;

/// Writes the values of one column.
pub trait FieldValue {
    /// Appends a value. Returns the number of places of text without a meaning in their character set.
    ///
    /// # Errors
    /// When the value cannot be one of its column.
    fn write(
        &self,
        value: &Value<'_>,
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<usize, FormatError>;
}

/// Columns as fields of a record, in the order of messages.
#[derive(Debug)]
pub(super) struct AvroFields<C> {
    pub(super) columns: Vec<AvroField<C>>,
    /// Columns of the table version.
    width: usize,
}

/// A column as a field.
#[derive(Debug)]
pub(super) struct AvroField<C> {
    index: usize,
    /// Name in messages.
    pub(super) name: String,
    pub(super) cell: C,
}

impl<C: FieldValue> AvroFields<C> {
    /// Prepares the columns of `table`, each with what `cell` makes of it.
    ///
    /// # Errors
    /// Those of `cell`; when the table version has no such column.
    pub(super) fn new(
        table: OutputTable<'_>,
        cell: impl Fn(&Column) -> Result<C, FormatError>,
    ) -> Result<AvroFields<C>, FormatError> {
        let width = table.version.columns.len();
        let columns = table.columns.iter().map(|column| {
            let source = table.version.columns.get(column.index);
            let source = source.ok_or(FormatError::Width { found: column.index + 1, expected: width })?;
            Ok(AvroField { index: column.index, name: column.name.clone(), cell: cell(source)? })
        });
        Ok(AvroFields { columns: columns.collect::<Result<_, FormatError>>()?, width })
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|field| field.name.as_str())
    }

    /// Appends the columns of a row. Returns the number of places of text without a meaning in their character set.
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
        for field in &self.columns {
            broken += field.cell.write(&row[field.index], scratch, out)?;
        }
        Ok(broken)
    }
}

/// Writes keys of rows of one table version: a record of the key columns, framed for a registry.
#[derive(Debug)]
pub struct AvroKey<C> {
    /// The frame, and the origin where there is one.
    head: Vec<u8>,
    fields: AvroFields<C>,
}

impl<C: FieldValue> AvroKey<C> {
    /// A key of `fields`, with `origin` in front if given, whose schema has the number `id`.
    pub(super) fn new(fields: AvroFields<C>, origin: Option<&str>, id: u32) -> AvroKey<C> {
        let mut head = Vec::new();
        Frame::new(id).push(&mut head);
        if let Some(origin) = origin {
            push_bytes(origin.as_bytes(), &mut head);
        }
        AvroKey { head, fields }
    }

    /// True when both rows have the same values in the key's columns.
    pub(super) fn same(&self, before: &[Value<'_>], after: &[Value<'_>]) -> bool {
        self.fields.columns.iter().all(|field| match (before.get(field.index), after.get(field.index)) {
            (Some(before), Some(after)) => unchanged(before, after),
            (before, after) => before.is_none() && after.is_none(),
        })
    }

    /// Appends the key of `row`.
    ///
    /// # Errors
    /// When the row does not fit the table version.
    pub(super) fn encode(
        &self,
        row: &[Value<'_>],
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        out.extend_from_slice(&self.head);
        self.fields.push(row, scratch, out)?;
        Ok(())
    }
}
