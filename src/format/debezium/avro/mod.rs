//! Debezium's envelope in Avro, as Confluent's converter writes it.
//!
//! What a column becomes is decided where it is for JSON (`form.rs`), so that the two differ in their bytes only.

mod cell;
mod schema;
mod source;
#[cfg(test)]
mod tests;

use super::super::avro_binary::{NULL, VALUE, push_bytes, push_optional_long};
use super::super::avro_fields::{AvroFields, AvroKey};
use super::super::avro_schema::{AvroSchema, Frame};
use super::super::{DebeziumAvroOptions, FormatError, OutputTable, Scratch};
use super::Envelope;
use super::form::FormRules;
use crate::change::{EventMeta, RowChange};
use crate::mysql::position::Flavor;
use crate::mysql::value::Value;
pub(in super::super) use cell::Cell;
use source::SourceBlock;

/// Writes messages of one table version.
#[derive(Debug)]
pub struct DebeziumAvroTable {
    frame: Frame,
    fields: AvroFields<Cell>,
    source: SourceBlock,
    /// Rows of a snapshot have the `op` of an insert.
    snapshot_create: bool,
}

impl DebeziumAvroTable {
    pub(in super::super) fn new(
        options: &DebeziumAvroOptions,
        table: OutputTable<'_>,
        flavor: Flavor,
        id: u32,
    ) -> Result<DebeziumAvroTable, FormatError> {
        Ok(DebeziumAvroTable {
            frame: Frame::new(id),
            fields: fields(options, table)?,
            source: SourceBlock::new(table, flavor),
            snapshot_create: options.snapshot_create,
        })
    }

    pub(in super::super) fn encode(
        &self,
        change: &RowChange<'_, '_>,
        meta: &EventMeta<'_>,
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<usize, FormatError> {
        let Envelope { before, after, op } = Envelope::of(change, meta.origin, self.snapshot_create);
        self.frame.push(out);
        let old = self.push_image(before, scratch, out)?;
        let new = self.push_image(after, scratch, out)?;
        self.source.push(meta, out);
        // transaction
        out.push(NULL);
        push_bytes(&[op], out);
        for unit in [1, 1_000, 1_000_000] {
            push_optional_long(Some(meta.now_ms.saturating_mul(unit)), out);
        }
        // Broken places of an old value were counted when it was new.
        Ok(if after.is_some() { new } else { old })
    }

    fn push_image(
        &self,
        row: Option<&[Value<'_>]>,
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<usize, FormatError> {
        let Some(row) = row else {
            out.push(NULL);
            return Ok(0);
        };
        out.push(VALUE);
        self.fields.push(row, scratch, out)
    }
}

/// The schema of the messages of a table.
///
/// # Errors
/// When a name is none to Avro, two fields have one name, or a column is of a character set that is not supported.
pub(in super::super) fn schema(
    options: &DebeziumAvroOptions,
    table: OutputTable<'_>,
    flavor: Flavor,
) -> Result<AvroSchema, FormatError> {
    schema::envelope(table, &fields(options, table)?, flavor)
}

/// Prepares a key of the columns of `table`, with `origin` in front if given.
///
/// # Errors
/// When a column is of a character set that is not supported.
pub(in super::super) fn key(
    options: &DebeziumAvroOptions,
    table: OutputTable<'_>,
    origin: Option<&str>,
    id: u32,
) -> Result<AvroKey<Cell>, FormatError> {
    Ok(AvroKey::new(fields(options, table)?, origin, id))
}

/// The schema of the keys of a table.
///
/// # Errors
/// As [`schema()`].
pub(in super::super) fn key_schema(
    options: &DebeziumAvroOptions,
    table: OutputTable<'_>,
    has_origin: bool,
) -> Result<AvroSchema, FormatError> {
    schema::key(table, &fields(options, table)?, has_origin)
}

fn fields(options: &DebeziumAvroOptions, table: OutputTable<'_>) -> Result<AvroFields<Cell>, FormatError> {
    let rules = FormRules::of_avro(options);
    AvroFields::new(table, |column| cell::cell(rules, column))
}
