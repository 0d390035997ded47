//! Records of the managed service: one bare Avro datum per row, in a schema that both sides have.
//!
//! No framing, no registry. Values are those that its published clients decode: positions as `offset@file number`, times in
//! seconds, fractions in microseconds under the name `millis`, text in UTF-8 wherever a client would take another
//! character set for it.

mod cell;
mod numbers;
mod small;

#[cfg(test)]
mod tests;

use super::avro_binary::{push_bytes, push_long};
use super::ddl::DdlMessage;
use super::json_string::push_text;
use super::{Boundary, DtsOptions, FormatError, OutputTable, Scratch};
use crate::change::{EventMeta, Origin, RowChange, TransactionInfo};
use crate::mysql::value::Value;
use cell::DtsCell;
use numbers::type_number;
use small::{Small, digits};

/// Symbols of the enumeration `Operation` that are written, by their index.
mod operation {
    pub(super) const INSERT: i64 = 0;
    pub(super) const UPDATE: i64 = 1;
    pub(super) const DELETE: i64 = 2;
    pub(super) const DDL: i64 = 3;
    pub(super) const BEGIN: i64 = 4;
    pub(super) const COMMIT: i64 = 5;
    pub(super) const HEARTBEAT: i64 = 8;
    pub(super) const INIT: i64 = 16;
}

/// Writes records of one table version.
#[derive(Debug)]
pub struct DtsTable {
    columns: Vec<(usize, DtsCell)>,
    /// Columns of the table version.
    width: usize,
    /// Rows of a snapshot have the operation INIT.
    snapshot_init: bool,
    /// `objectName` and `processTimestamps`.
    object: Vec<u8>,
    /// Entries of `tags` that no row changes, and their number.
    tags: Vec<u8>,
    n_tags: i64,
    /// `fields`.
    fields: Vec<u8>,
}

impl DtsTable {
    pub(super) fn new(options: &DtsOptions, table: OutputTable<'_>) -> Result<DtsTable, FormatError> {
        let width = table.version.columns.len();
        let mut columns = Vec::with_capacity(table.columns.len());
        let mut fields = Vec::new();
        push_long(2, &mut fields);
        if !table.columns.is_empty() {
            push_long(table.columns.len() as i64, &mut fields);
        }
        for column in table.columns {
            let source = table.version.columns.get(column.index);
            let source = source.ok_or(FormatError::Width { found: column.index + 1, expected: width })?;
            columns.push((column.index, DtsCell::new(source)?));
            push_bytes(column.name.as_bytes(), &mut fields);
            push_long(type_number(&source.ty).into(), &mut fields);
        }
        fields.push(0);

        let mut object = vec![2];
        let name = format!("{}.{}", without_point(table.db), without_point(table.table));
        push_bytes(name.as_bytes(), &mut object);
        object.push(0);

        let mut tags = Vec::new();
        // Clients that remember the columns of a version skip as many bytes as they had: one version, one `fields`.
        let version = crc32fast::hash(&[object.as_slice(), &fields].concat()).max(1);
        push_tag("metaVersion", version.to_string().as_bytes(), &mut tags);
        push_tag("pk_uk_info", keys(table).as_bytes(), &mut tags);
        Ok(DtsTable { columns, width, snapshot_init: options.snapshot_init, object, tags, n_tags: 2, fields })
    }

    pub(super) fn encode(
        &self,
        change: &RowChange<'_, '_>,
        meta: &EventMeta<'_>,
        id: u64,
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<usize, FormatError> {
        let (operation, before, after) = match change {
            RowChange::Insert { after } => match meta.origin {
                Origin::Snapshot if self.snapshot_init => (operation::INIT, None, Some(*after)),
                Origin::Snapshot | Origin::Stream => (operation::INSERT, None, Some(*after)),
            },
            RowChange::Update { before, after } => (operation::UPDATE, Some(*before), Some(*after)),
            RowChange::Delete { before } => (operation::DELETE, Some(*before), None),
        };
        push_head(meta, id, operation, out);
        out.extend_from_slice(&self.object);
        self.push_tags(meta, out);
        out.extend_from_slice(&self.fields);
        // Broken places of an update are counted when the value is new.
        let of_before = self.push_image(before, scratch, out)?;
        let of_after = self.push_image(after, scratch, out)?;
        push_long(meta.event_ms.div_euclid(1_000), out);
        Ok(if after.is_some() { of_after } else { of_before })
    }

    fn push_tags(&self, meta: &EventMeta<'_>, out: &mut Vec<u8>) {
        let thread = meta.transaction.thread_id;
        let streamed = meta.origin == Origin::Stream;
        push_long(self.n_tags + 1 + i64::from(streamed) + i64::from(thread.is_some()), out);
        out.extend_from_slice(&self.tags);
        push_number_tag("readerThroughoutTime", meta.now_ms, out);
        if streamed {
            push_number_tag("server_id", meta.transaction.server_id.into(), out);
        }
        if let Some(thread) = thread {
            push_number_tag("thread_id", thread.into(), out);
        }
        out.push(0);
    }

    fn push_image(
        &self,
        row: Option<&[Value<'_>]>,
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<usize, FormatError> {
        let Some(row) = row else {
            out.push(0);
            return Ok(0);
        };
        if row.len() != self.width {
            return Err(FormatError::Width { found: row.len(), expected: self.width });
        }
        push_long(2, out);
        if !self.columns.is_empty() {
            push_long(self.columns.len() as i64, out);
        }
        let mut broken = 0;
        for (index, cell) in &self.columns {
            broken += cell.write(&row[*index], scratch, out)?;
        }
        out.push(0);
        Ok(broken)
    }
}

/// A record without a row: clients count silence as a lost connection.
pub(super) fn write_heartbeat(meta: &EventMeta<'_>, id: u64, out: &mut Vec<u8>) {
    push_head(meta, id, operation::HEARTBEAT, out);
    // No object and no times on the way.
    out.extend_from_slice(&[0, 0]);
    push_long(1, out);
    push_tag("readerThroughoutTime", itoa::Buffer::new().format(meta.now_ms).as_bytes(), out);
    // The end of the tags, no columns, no images.
    out.extend_from_slice(&[0, 0, 0, 0]);
    push_long(meta.event_ms.div_euclid(1_000), out);
}

/// Where a source transaction begins or ends: of no object and without a row.
pub(super) fn write_boundary(boundary: Boundary, meta: &EventMeta<'_>, id: u64, out: &mut Vec<u8>) {
    let operation = match boundary {
        Boundary::Begin => operation::BEGIN,
        Boundary::Commit => operation::COMMIT,
    };
    push_head(meta, id, operation, out);
    // No object and no times on the way.
    out.extend_from_slice(&[0, 0]);
    push_writer_tags(meta, false, out);
    // No columns, no images.
    out.extend_from_slice(&[0, 0, 0]);
    push_long(meta.event_ms.div_euclid(1_000), out);
}

/// A schema change: its object is the database, its image behind the statement.
pub(super) fn write_ddl(change: &DdlMessage<'_>, meta: &EventMeta<'_>, id: u64, out: &mut Vec<u8>) {
    push_head(meta, id, operation::DDL, out);
    out.push(2);
    push_bytes(without_point(change.db).as_bytes(), out);
    out.push(0);
    push_writer_tags(meta, true, out);
    // No columns, nothing before.
    out.extend_from_slice(&[0, 0]);
    push_long(1, out);
    push_bytes(change.sql.as_bytes(), out);
    push_long(meta.event_ms.div_euclid(1_000), out);
}

/// `tags` of a record that is no row: who wrote the transaction, with or without its server.
fn push_writer_tags(meta: &EventMeta<'_>, server: bool, out: &mut Vec<u8>) {
    let transaction = meta.transaction;
    let has_gtid = !transaction.gtid.is_empty();
    let n_tags = 1 + i64::from(server) + i64::from(has_gtid) + i64::from(transaction.thread_id.is_some());
    push_long(n_tags, out);
    let mut number = itoa::Buffer::new();
    push_tag("readerThroughoutTime", number.format(meta.now_ms).as_bytes(), out);
    if server {
        push_tag("server_id", number.format(transaction.server_id).as_bytes(), out);
    }
    if let Some(thread) = transaction.thread_id {
        push_tag("thread_id", number.format(thread).as_bytes(), out);
    }
    if has_gtid {
        push_tag("GTID", transaction.gtid.as_bytes(), out);
    }
    out.push(0);
}

/// From `version` to `operation`.
fn push_head(meta: &EventMeta<'_>, id: u64, operation: i64, out: &mut Vec<u8>) {
    out.push(0);
    push_long(id as i64, out);
    push_long(meta.event_ms.div_euclid(1_000), out);
    let file = file_number(meta.transaction);
    push_position(meta.offset, file, out);
    push_position(meta.transaction.start, file, out);
    push_bytes(b"0", out);
    // `MySQL`, also for MariaDB: the clients know no other name for it.
    out.push(0);
    push_bytes(meta.source.version.as_bytes(), out);
    push_long(operation, out);
}

/// `7` of `mysql-bin.000007`.
fn file_number(transaction: &TransactionInfo) -> &str {
    let name: &str = &transaction.file;
    let begin = name.bytes().rposition(|sign| sign == b'.').map_or(0, |point| point + 1);
    let zeros = name.bytes().skip(begin).take_while(|sign| *sign == b'0').count();
    match &name[begin + zeros..] {
        "" => "0",
        number => number,
    }
}

/// `1203@7` for the offset 1203 of the file 7.
fn push_position(offset: u64, number: &str, out: &mut Vec<u8>) {
    let digits = digits(offset);
    let mut all = Small::new();
    all.push_long((digits + 1 + number.len()) as i64);
    all.push_digits(offset, digits);
    all.push(b'@');
    all.append(out);
    out.extend_from_slice(number.as_bytes());
}

#[inline]
fn push_tag(name: &str, value: &[u8], out: &mut Vec<u8>) {
    push_bytes(name.as_bytes(), out);
    push_bytes(value, out);
}

#[inline]
fn push_number_tag(name: &str, value: i64, out: &mut Vec<u8>) {
    push_bytes(name.as_bytes(), out);
    let mut number = Small::new();
    number.push_number(value.unsigned_abs(), value < 0);
    number.append(out);
}

/// Clients split the object's name at its points, and turn this back.
fn without_point(name: &str) -> String {
    name.replace('.', "\\u002E")
}

/// `{"PRIMARY":["id"]}`; the first unique key for a table without one. Only columns that are sent: clients fail at others.
fn keys(table: OutputTable<'_>) -> String {
    let sent = |key: &[usize]| -> Option<Vec<&str>> {
        let name = |index: &usize| table.columns.iter().find(|column| column.index == *index);
        key.iter().map(|index| name(index).map(|column| column.name.as_str())).collect()
    };
    let primary = Some(("PRIMARY", table.version.primary_key.as_slice())).filter(|(_, key)| !key.is_empty());
    let unique = table.version.unique_keys.iter().map(|key| ("UNIQUE", key.as_slice()));
    let key = primary.into_iter().chain(unique).find_map(|(name, key)| Some((name, sent(key)?)));
    let Some((name, columns)) = key else { return "{}".to_owned() };
    let mut out = format!("{{\"{name}\":[").into_bytes();
    for (at, column) in columns.into_iter().enumerate() {
        out.extend_from_slice(if at == 0 { b"\"" } else { b",\"" });
        push_text(column.as_bytes(), &mut out);
        out.push(b'"');
    }
    out.extend_from_slice(b"]}");
    String::from_utf8(out).expect("names are text, and what stands between them is ASCII")
}
