//! Debezium's envelope as Kafka's `JsonConverter` writes it, with or without the schema part.
//!
//! Members, their order and their types are those of the MySQL and MariaDB connectors 3.6. Both images are whole. What is
//! always null there unless asked for is null here too: `sequence`, `query`, `transaction`.

mod avro;
mod form;
mod key;
mod row;
mod schema;
mod source;
#[cfg(test)]
mod tests;
mod value;

use super::{DebeziumJsonOptions, FormatError, OutputTable, Scratch};
use crate::change::{EventMeta, Origin, RowChange};
use crate::mysql::value::Value;
pub(super) use avro::Cell as AvroCell;
pub(super) use avro::{DebeziumAvroTable, key as avro_key, key_schema, schema};
pub(super) use key::key;
use row::Members;
pub(super) use schema::connector;
use schema::{EnvelopeSchema, envelope_schema};
use source::SourceBlock;
pub(super) use source::push_source;
pub(super) use value::Cell;
use value::push_signed;

/// What an envelope says of a change.
struct Envelope<'c, 'b> {
    before: Option<&'c [Value<'b>]>,
    after: Option<&'c [Value<'b>]>,
    op: u8,
}

impl<'c, 'b> Envelope<'c, 'b> {
    /// Of a change; rows of a snapshot have the `op` of an insert if `snapshot_create`.
    fn of(change: &RowChange<'c, 'b>, origin: Origin, snapshot_create: bool) -> Envelope<'c, 'b> {
        let (before, after, op) = match (change, origin) {
            (RowChange::Insert { after }, Origin::Snapshot) if !snapshot_create => (None, Some(*after), b'r'),
            (RowChange::Insert { after }, _) => (None, Some(*after), b'c'),
            (RowChange::Update { before, after }, _) => (Some(*before), Some(*after), b'u'),
            (RowChange::Delete { before }, _) => (Some(*before), None, b'd'),
        };
        Envelope { before, after, op }
    }
}

/// Writes messages of one table version.
#[derive(Debug)]
pub struct DebeziumTable {
    members: Members,
    source: SourceBlock,
    schema: Option<EnvelopeSchema>,
    /// Rows of a snapshot have the `op` of an insert.
    snapshot_create: bool,
}

impl DebeziumTable {
    pub(super) fn new(
        options: &DebeziumJsonOptions,
        table: OutputTable<'_>,
    ) -> Result<DebeziumTable, FormatError> {
        let members = Members::new(options, table)?;
        Ok(DebeziumTable {
            schema: options.schemas.then(|| envelope_schema(table, &members)),
            source: SourceBlock::new(table),
            members,
            snapshot_create: options.snapshot_create,
        })
    }

    pub(super) fn encode(
        &self,
        change: &RowChange<'_, '_>,
        meta: &EventMeta<'_>,
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<usize, FormatError> {
        let Envelope { before, after, op } = Envelope::of(change, meta.origin, self.snapshot_create);
        self.push_head(meta, out);
        out.extend_from_slice(b"{\"before\":");
        let old = self.push_image(before, scratch, out)?;
        out.extend_from_slice(b",\"after\":");
        let new = self.push_image(after, scratch, out)?;
        self.push_tail(op, meta, out);
        // Broken places of an old value were counted when it was new.
        Ok(if after.is_some() { new } else { old })
    }

    /// A table without rows.
    pub(super) fn encode_truncate(&self, meta: &EventMeta<'_>, out: &mut Vec<u8>) {
        self.push_head(meta, out);
        out.extend_from_slice(b"{\"before\":null,\"after\":null");
        self.push_tail(b't', meta, out);
    }

    /// The schema part, where it is asked for.
    fn push_head(&self, meta: &EventMeta<'_>, out: &mut Vec<u8>) {
        if let Some(schema) = &self.schema {
            out.extend_from_slice(b"{\"schema\":");
            out.extend_from_slice(schema.to_connector.as_bytes());
            out.extend_from_slice(connector(meta.source.flavor).as_bytes());
            out.extend_from_slice(schema.from_connector.as_bytes());
            out.extend_from_slice(b",\"payload\":");
        }
    }

    /// From `source` to the end.
    fn push_tail(&self, op: u8, meta: &EventMeta<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(b",\"source\":");
        self.source.push(meta, out);
        out.extend_from_slice(b",\"transaction\":null,\"op\":\"");
        out.push(op);
        out.extend_from_slice(b"\",\"ts_ms\":");
        push_signed(meta.now_ms, out);
        out.extend_from_slice(b",\"ts_us\":");
        push_signed(meta.now_ms.saturating_mul(1_000), out);
        out.extend_from_slice(b",\"ts_ns\":");
        push_signed(meta.now_ms.saturating_mul(1_000_000), out);
        out.push(b'}');
        if self.schema.is_some() {
            out.push(b'}');
        }
    }

    fn push_image(
        &self,
        row: Option<&[Value<'_>]>,
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<usize, FormatError> {
        let Some(row) = row else {
            out.extend_from_slice(b"null");
            return Ok(0);
        };
        out.push(b'{');
        let broken = self.members.push(row, scratch, out)?;
        out.push(b'}');
        Ok(broken)
    }
}
