//! syncc's own Avro: one record for each table, called after database and table, with the columns of a row as its fields and
//! three fields about the change behind them. A delete carries the row as it was.
//!
//! Messages and keys are framed for a registry. Whether a field may be null does not depend on values, so that a table
//! version has one schema, whether its rows come from the log or from the load.

mod cell;
mod form;
#[cfg(test)]
mod tests;

use super::avro_binary::{push_boolean, push_bytes, push_long};
use super::avro_schema::{AvroSchema, Frame, check_fields, checked_name, column, record, required};
use super::{AvroOptions, FormatError, OutputTable, Scratch, unchanged};
use crate::change::{EventMeta, Origin, RowChange};
use crate::mysql::value::Value;
use cell::Cell;
pub(super) use cell::push_floats;

/// Fields behind the columns.
const ABOUT: [(&str, &str); 3] =
    [("__op", "\"string\""), ("__ts_ms", "\"long\""), ("__deleted", "\"boolean\"")];

/// Writes messages of one table version.
#[derive(Debug)]
pub struct AvroTable {
    frame: Frame,
    fields: Fields,
}

impl AvroTable {
    pub(super) fn new(
        options: &AvroOptions,
        table: OutputTable<'_>,
        id: u32,
    ) -> Result<AvroTable, FormatError> {
        Ok(AvroTable { frame: Frame::new(id), fields: Fields::new(options, table)? })
    }

    pub(super) fn encode(
        &self,
        change: &RowChange<'_, '_>,
        meta: &EventMeta<'_>,
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<usize, FormatError> {
        let (row, op, deleted) = match (change, meta.origin) {
            (RowChange::Insert { after }, Origin::Snapshot) => (*after, b"r", false),
            (RowChange::Insert { after }, Origin::Stream) => (*after, b"c", false),
            (RowChange::Update { after, .. }, _) => (*after, b"u", false),
            (RowChange::Delete { before }, _) => (*before, b"d", true),
        };
        self.frame.push(out);
        let broken = self.fields.push(row, scratch, out)?;
        push_bytes(op, out);
        push_long(meta.event_ms, out);
        push_boolean(deleted, out);
        Ok(broken)
    }
}

/// The schema of the messages of a table.
///
/// # Errors
/// When a name is none to Avro, two fields have one name, or a column is of a character set that is not supported.
pub(super) fn schema(options: &AvroOptions, table: OutputTable<'_>) -> Result<AvroSchema, FormatError> {
    let (db, name) = (checked_name("database", table.db)?, checked_name("table", table.table)?);
    let fields = Fields::new(options, table)?;
    check_fields(fields.names().chain(ABOUT.iter().map(|(name, _)| *name)))?;
    let mut declared = fields.declared(&format!("{db}.{name}"));
    declared.extend(ABOUT.iter().map(|(name, ty)| required(name, ty)));
    Ok(AvroSchema { name: format!("{db}.{name}"), text: record(db, name, &declared, "") })
}

/// Writes keys of rows of one table version: a record of the key columns.
#[derive(Debug)]
pub struct AvroKey {
    /// The frame, and the origin where there is one.
    head: Vec<u8>,
    fields: Fields,
}

impl AvroKey {
    /// Prepares a key of the columns of `table`, with `origin` in front if given.
    ///
    /// # Errors
    /// When a column is of a character set that is not supported.
    pub(super) fn new(
        options: &AvroOptions,
        table: OutputTable<'_>,
        origin: Option<&str>,
        id: u32,
    ) -> Result<AvroKey, FormatError> {
        let mut head = Vec::new();
        Frame::new(id).push(&mut head);
        if let Some(origin) = origin {
            push_bytes(origin.as_bytes(), &mut head);
        }
        Ok(AvroKey { head, fields: Fields::new(options, table)? })
    }

    pub(super) fn same(&self, before: &[Value<'_>], after: &[Value<'_>]) -> bool {
        self.fields.same(before, after)
    }

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

/// The schema of the keys of a table.
///
/// # Errors
/// As [`schema`].
pub(super) fn key_schema(
    options: &AvroOptions,
    table: OutputTable<'_>,
    has_origin: bool,
) -> Result<AvroSchema, FormatError> {
    let (db, name) = (checked_name("database", table.db)?, checked_name("table", table.table)?);
    let fields = Fields::new(options, table)?;
    let origin = has_origin.then_some("origin");
    check_fields(origin.into_iter().chain(fields.names()))?;
    let namespace = format!("{db}.{name}");
    let mut declared: Vec<String> = origin.map(|name| required(name, "\"string\"")).into_iter().collect();
    declared.extend(fields.declared(&namespace));
    Ok(AvroSchema { name: format!("{namespace}.Key"), text: record(&namespace, "Key", &declared, "") })
}

/// Columns as fields of a record.
#[derive(Debug)]
struct Fields {
    columns: Vec<Field>,
    /// Columns of the table version.
    width: usize,
}

#[derive(Debug)]
struct Field {
    index: usize,
    /// Name in messages.
    name: String,
    cell: Cell,
}

impl Fields {
    fn new(options: &AvroOptions, table: OutputTable<'_>) -> Result<Fields, FormatError> {
        let width = table.version.columns.len();
        let columns = table.columns.iter().map(|column| {
            let source = table.version.columns.get(column.index);
            let source = source.ok_or(FormatError::Width { found: column.index + 1, expected: width })?;
            Ok(Field { index: column.index, name: column.name.clone(), cell: Cell::new(options, source)? })
        });
        Ok(Fields { columns: columns.collect::<Result<_, FormatError>>()?, width })
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|field| field.name.as_str())
    }

    /// Declarations, in which types with names are declared by their first field, in `namespace`.
    fn declared(&self, namespace: &str) -> Vec<String> {
        let mut named = false;
        let declare = |field: &Field| {
            let ty = field.cell.form.declared(namespace, &mut named);
            column(&field.name, &ty, field.cell.may_be_null)
        };
        self.columns.iter().map(declare).collect()
    }

    /// Appends the columns of a row. Returns the number of places of text without a meaning in their character set.
    fn push(
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

    fn same(&self, before: &[Value<'_>], after: &[Value<'_>]) -> bool {
        self.columns.iter().all(|field| match (before.get(field.index), after.get(field.index)) {
            (Some(before), Some(after)) => unchanged(before, after),
            (before, after) => before.is_none() && after.is_none(),
        })
    }
}
