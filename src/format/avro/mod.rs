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
use super::avro_fields::{AvroField, AvroFields, AvroKey};
use super::avro_schema::{AvroSchema, Frame, check_fields, checked_name, column, record, required};
use super::{AvroOptions, FormatError, OutputTable, Scratch};
use crate::change::{EventMeta, Origin, RowChange};
pub(super) use cell::Cell;
use cell::cell;
pub(super) use cell::{push_floats, push_unscaled};

/// Fields behind the columns.
const ABOUT: [(&str, &str); 3] =
    [("__op", "\"string\""), ("__ts_ms", "\"long\""), ("__deleted", "\"boolean\"")];

/// Writes messages of one table version.
#[derive(Debug)]
pub struct AvroTable {
    frame: Frame,
    fields: AvroFields<Cell>,
}

impl AvroTable {
    pub(super) fn new(
        options: &AvroOptions,
        table: OutputTable<'_>,
        id: u32,
    ) -> Result<AvroTable, FormatError> {
        Ok(AvroTable { frame: Frame::new(id), fields: fields(options, table)? })
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
    let fields = fields(options, table)?;
    check_fields(fields.names().chain(ABOUT.iter().map(|(name, _)| *name)))?;
    let mut declared = declared(&fields, &format!("{db}.{name}"));
    declared.extend(ABOUT.iter().map(|(name, ty)| required(name, ty)));
    Ok(AvroSchema { name: format!("{db}.{name}"), text: record(db, name, &declared, "") })
}

/// Prepares a key of the columns of `table`, with `origin` in front if given.
///
/// # Errors
/// When a column is of a character set that is not supported.
pub(super) fn key(
    options: &AvroOptions,
    table: OutputTable<'_>,
    origin: Option<&str>,
    id: u32,
) -> Result<AvroKey<Cell>, FormatError> {
    Ok(AvroKey::new(fields(options, table)?, origin, id))
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
    let fields = fields(options, table)?;
    let origin = has_origin.then_some("origin");
    check_fields(origin.into_iter().chain(fields.names()))?;
    let namespace = format!("{db}.{name}");
    let mut declared: Vec<String> = origin.map(|name| required(name, "\"string\"")).into_iter().collect();
    declared.extend(self::declared(&fields, &namespace));
    Ok(AvroSchema { name: format!("{namespace}.Key"), text: record(&namespace, "Key", &declared, "") })
}

fn fields(options: &AvroOptions, table: OutputTable<'_>) -> Result<AvroFields<Cell>, FormatError> {
    AvroFields::new(table, |column| cell(options, column))
}

/// Declarations, in which types with names are declared by their first field, in `namespace`.
fn declared(fields: &AvroFields<Cell>, namespace: &str) -> Vec<String> {
    let mut named = false;
    let declare = |field: &AvroField<Cell>| {
        let ty = field.cell.form.declared(namespace, &mut named);
        column(&field.name, &ty, field.cell.may_be_null)
    };
    fields.columns.iter().map(declare).collect()
}
