//! Keys: `{"id":1001}`, with schemas on in an envelope with the schema.

use super::super::{DebeziumJsonOptions, FormatError, OutputTable, Scratch};
use super::row::{Members, push_string};
use super::schema::{field, key_schema};
use crate::mysql::value::Value;

/// Writes keys of rows of one table version.
#[derive(Debug)]
pub struct DebeziumKey {
    members: Members,
    /// To the first column.
    head: Vec<u8>,
    /// Behind the last one.
    tail: &'static [u8],
}

impl DebeziumKey {
    /// Prepares a key of the columns of `table`, with `origin` in front if given.
    ///
    /// # Errors
    /// When a column is of a character set that is not supported.
    pub(in super::super) fn new(
        options: &DebeziumJsonOptions,
        table: OutputTable<'_>,
        origin: Option<&str>,
    ) -> Result<DebeziumKey, FormatError> {
        let members = Members::new(options, table)?;
        let (mut head, tail): (_, &[u8]) = if options.schemas {
            let origin = origin.map(|_| field("string", false, "origin"));
            let schema = key_schema(table, &members, origin);
            (format!("{{\"schema\":{schema},\"payload\":{{").into_bytes(), b"}}")
        } else {
            (b"{".to_vec(), b"}")
        };
        if let Some(origin) = origin {
            head.extend_from_slice(b"\"origin\":");
            push_string(origin, &mut head);
            if !members.columns.is_empty() {
                head.push(b',');
            }
        }
        Ok(DebeziumKey { members, head, tail })
    }

    pub(in super::super) fn same(&self, before: &[Value<'_>], after: &[Value<'_>]) -> bool {
        self.members.same(before, after)
    }

    pub(in super::super) fn encode(
        &self,
        row: &[Value<'_>],
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        out.extend_from_slice(&self.head);
        self.members.push(row, scratch, out)?;
        out.extend_from_slice(self.tail);
        Ok(())
    }
}
