//! One message per row change, members in alphabetical order.

use super::super::json_string::push_text;
use super::super::{CanalOptions, FormatError, OutputTable, Scratch, unchanged};
use super::value::ValueWriter;
use crate::change::{EventMeta, Origin, RowChange};
use crate::mysql::value::Value;

/// Writes messages of one table version; everything between the values is ready.
#[derive(Debug)]
pub struct CanalTable {
    columns: Vec<CanalColumn>,
    /// Columns of the table version.
    width: usize,
    /// Snapshot rows have type INIT.
    snapshot_init: bool,
    /// From the end of `data` to the value of `es`.
    to_es: Vec<u8>,
    /// From the value of `es` to that of `id`.
    to_id: &'static [u8],
    /// From the value of `id` to the value of `old`.
    to_old: Vec<u8>,
    /// From the value of `old` to the value of `sqlType`.
    to_sql_type: Vec<u8>,
    /// The value of `sqlType` when no column departs from its usual number.
    usual_sql_type: Vec<u8>,
    /// From the value of `sqlType` to the value of `ts`.
    to_ts: Vec<u8>,
}

#[derive(Debug)]
struct CanalColumn {
    index: usize,
    /// `"name":`
    key: Vec<u8>,
    writer: ValueWriter,
}

impl CanalTable {
    pub(in super::super) fn new(
        options: &CanalOptions,
        table: OutputTable<'_>,
    ) -> Result<CanalTable, FormatError> {
        let width = table.version.columns.len();
        let mut columns = Vec::with_capacity(table.columns.len());
        let mut declared = Vec::with_capacity(table.columns.len());
        let mut key_names: Vec<&str> = Vec::new();
        for column in table.columns {
            let source = table.version.columns.get(column.index);
            let source = source.ok_or(FormatError::Width { found: column.index + 1, expected: width })?;
            let mut key = quoted(&column.name);
            key.push(b':');
            let writer = ValueWriter::new(options, source)?;
            columns.push(CanalColumn { index: column.index, key, writer });
            declared.push(quoted(&source.declared));
            if table.version.primary_key.contains(&column.index) {
                key_names.push(&column.name);
            }
        }
        let mysql_type = object(columns.iter().map(|column| &column.key).zip(&declared));
        let pk_names = match key_names.as_slice() {
            [] => b"null".to_vec(),
            names => [
                b"[".as_slice(),
                &names.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(&b','),
                b"]",
            ]
            .concat(),
        };
        let usual: Vec<Vec<u8>> = columns.iter().map(|column| number(column.writer.sql_type.usual)).collect();
        Ok(CanalTable {
            to_es: [b"}],\"database\":", quoted(table.db).as_slice(), b",\"es\":"].concat(),
            // The managed service's messages have no GTID.
            to_id: if options.dts { b",\"id\":" } else { b",\"gtid\":\"\",\"id\":" },
            to_old: [b",\"isDdl\":false,\"mysqlType\":", mysql_type.as_slice(), b",\"old\":"].concat(),
            to_sql_type: [b",\"pkNames\":", pk_names.as_slice(), b",\"sql\":\"\",\"sqlType\":"].concat(),
            usual_sql_type: object(columns.iter().map(|column| &column.key).zip(&usual)),
            to_ts: [b",\"table\":", quoted(table.table).as_slice(), b",\"ts\":"].concat(),
            columns,
            width,
            snapshot_init: options.snapshot_init,
        })
    }

    pub(in super::super) fn encode(
        &self,
        change: &RowChange<'_, '_>,
        meta: &EventMeta<'_>,
        id: u64,
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<usize, FormatError> {
        let (row, before, ty): (_, _, &[u8]) = match change {
            RowChange::Insert { after } => match meta.origin {
                Origin::Snapshot if self.snapshot_init => (*after, None, b"INIT"),
                Origin::Snapshot | Origin::Stream => (*after, None, b"INSERT"),
            },
            RowChange::Update { before, after } => (*after, Some(*before), b"UPDATE"),
            RowChange::Delete { before } => (*before, None, b"DELETE"),
        };
        self.check_width(row)?;
        out.extend_from_slice(b"{\"data\":[{");
        let (mut broken, mut usual) = (0, true);
        for (position, column) in self.columns.iter().enumerate() {
            if position > 0 {
                out.push(b',');
            }
            let value = &row[column.index];
            usual &= column.writer.sql_type.of(value) == column.writer.sql_type.usual;
            broken += column.push_member(value, scratch, out)?;
        }
        out.extend_from_slice(&self.to_es);
        push_ms(meta.event_ms, out);
        out.extend_from_slice(self.to_id);
        out.extend_from_slice(itoa::Buffer::new().format(id).as_bytes());
        out.extend_from_slice(&self.to_old);
        match before {
            None => out.extend_from_slice(b"null"),
            Some(before) => self.push_old(before, row, scratch, out)?,
        }
        out.extend_from_slice(&self.to_sql_type);
        if usual {
            out.extend_from_slice(&self.usual_sql_type);
        } else {
            self.push_sql_type(row, out);
        }
        out.extend_from_slice(&self.to_ts);
        push_ms(meta.now_ms, out);
        out.extend_from_slice(b",\"type\":\"");
        out.extend_from_slice(ty);
        out.extend_from_slice(b"\"}");
        Ok(broken)
    }

    fn check_width(&self, row: &[Value<'_>]) -> Result<(), FormatError> {
        if row.len() == self.width {
            Ok(())
        } else {
            Err(FormatError::Width { found: row.len(), expected: self.width })
        }
    }

    /// `[{…}]` with the former values of exactly the changed columns.
    fn push_old(
        &self,
        before: &[Value<'_>],
        after: &[Value<'_>],
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        self.check_width(before)?;
        out.extend_from_slice(b"[{");
        let mut first = true;
        for column in &self.columns {
            let value = &before[column.index];
            if unchanged(value, &after[column.index]) {
                continue;
            }
            if !first {
                out.push(b',');
            }
            first = false;
            // Broken places were counted when the value was new.
            column.push_member(value, scratch, out)?;
        }
        out.extend_from_slice(b"}]");
        Ok(())
    }

    fn push_sql_type(&self, row: &[Value<'_>], out: &mut Vec<u8>) {
        for (position, column) in self.columns.iter().enumerate() {
            out.push(if position == 0 { b'{' } else { b',' });
            out.extend_from_slice(&column.key);
            let number = column.writer.sql_type.of(&row[column.index]);
            out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        }
        out.push(b'}');
    }
}

impl CanalColumn {
    /// `"name":"value"` or `"name":null`.
    fn push_member(
        &self,
        value: &Value<'_>,
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<usize, FormatError> {
        out.extend_from_slice(&self.key);
        if matches!(value, Value::Null) {
            out.extend_from_slice(b"null");
            return Ok(0);
        }
        out.push(b'"');
        let broken = self.writer.write(value, scratch, out)?;
        out.push(b'"');
        Ok(broken)
    }
}

fn push_ms(ms: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(ms).as_bytes());
}

fn quoted(text: &str) -> Vec<u8> {
    let mut out = vec![b'"'];
    push_text(text.as_bytes(), &mut out);
    out.push(b'"');
    out
}

fn number(number: i16) -> Vec<u8> {
    number.to_string().into_bytes()
}

/// Members whose keys end in a colon.
fn object<'a>(members: impl Iterator<Item = (&'a Vec<u8>, &'a Vec<u8>)>) -> Vec<u8> {
    let members: Vec<Vec<u8>> = members.map(|(key, value)| [key.as_slice(), value].concat()).collect();
    [b"{".as_slice(), &members.join(&b','), b"}"].concat()
}
