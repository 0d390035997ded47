//! Key bytes: a compact JSON object of the key columns, `{"id":1001}`.
//!
//! Canal itself writes no key; this is syncc's own definition. Numbers are bare, all else is the string of the message.
//! With `origin` its text comes first: `{"origin":"shard_07.shop_07.orders","id":1001}`.

use super::super::json_string::push_text;
use super::super::{CanalOptions, FormatError, OutputColumn, Scratch, unchanged};
use super::value::ValueWriter;
use crate::mysql::schema::TableVersion;
use crate::mysql::value::Value;

/// Writes keys of rows of one table version.
#[derive(Debug)]
pub struct CanalKey {
    columns: Vec<KeyColumn>,
    width: usize,
    /// Of a key without columns.
    head: Vec<u8>,
}

#[derive(Debug)]
struct KeyColumn {
    index: usize,
    /// What stands before the value.
    head: Vec<u8>,
    writer: ValueWriter,
}

impl CanalKey {
    pub(in super::super) fn new(
        options: &CanalOptions,
        version: &TableVersion,
        columns: &[OutputColumn],
        origin: Option<&str>,
    ) -> Result<CanalKey, FormatError> {
        let mut head = vec![b'{'];
        if let Some(origin) = origin {
            head.extend_from_slice(b"\"origin\":\"");
            push_text(origin.as_bytes(), &mut head);
            head.push(b'"');
        }
        let mut key = CanalKey { columns: Vec::new(), width: version.columns.len(), head: Vec::new() };
        for column in columns {
            if !head.ends_with(b"{") {
                head.push(b',');
            }
            head.push(b'"');
            push_text(column.name.as_bytes(), &mut head);
            head.extend_from_slice(b"\":");
            let source = version.columns.get(column.index);
            let source = source.ok_or(FormatError::Width { found: column.index + 1, expected: key.width })?;
            let writer = ValueWriter::new(options, source)?;
            key.columns.push(KeyColumn { index: column.index, head: std::mem::take(&mut head), writer });
        }
        key.head = head;
        Ok(key)
    }

    pub(in super::super) fn same(&self, before: &[Value<'_>], after: &[Value<'_>]) -> bool {
        let same = |before: Option<&Value<'_>>, after| match (before, after) {
            (Some(before), Some(after)) => unchanged(before, after),
            (before, after) => before.is_none() && after.is_none(),
        };
        self.columns.iter().all(|column| same(before.get(column.index), after.get(column.index)))
    }

    pub(in super::super) fn encode(
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
            column.writer.write_json_value(&row[column.index], scratch, out)?;
        }
        out.extend_from_slice(&self.head);
        out.push(b'}');
        Ok(())
    }
}
