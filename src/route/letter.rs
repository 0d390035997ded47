//! What is told of a row that cannot be sent, in the topic that `dead-letter` names.
//!
//! One JSON object, its members always the same and in this order; what is not known is `null`. It holds no value of the row but
//! those of its key and its message, as they would have gone out: masked, and without the columns that are not sent.

use crate::change::{EventMeta, Origin};
use crate::mysql::schema::TableName;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Bytes of a message that are told where all of them do not fit.
const BEGIN_BYTES: usize = 1024;

/// Why a row, or rows, are not sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// A message is larger than its topic takes.
    Oversize,
    /// The row is known, and cannot be written as a message.
    Unwritable,
    /// An event of the log cannot be read, or not from this row on.
    Unreadable,
}

/// What is told.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'a> {
    /// Why.
    pub reason: Reason,
    /// The same in words; no value.
    pub error: &'a str,
    /// The pipeline.
    pub pipeline: &'a str,
    /// The table at the source.
    pub table: &'a TableName,
    /// Topic and partition of the message, if there is one.
    pub place: Option<(&'a str, i32)>,
    /// What happened to the row, as in the header `op`; none: it is not known.
    pub op: Option<&'a str>,
    /// Where the change stands.
    pub meta: &'a EventMeta<'a>,
    /// Key of the message.
    pub key: Option<&'a [u8]>,
    /// The message.
    pub value: Option<&'a [u8]>,
}

#[derive(Serialize)]
struct Written<'a> {
    reason: Reason,
    error: &'a str,
    pipeline: &'a str,
    source: &'a str,
    db: &'a str,
    table: &'a str,
    topic: Option<&'a str>,
    partition: Option<i32>,
    op: Option<&'a str>,
    file: &'a str,
    offset: u64,
    row: Option<u32>,
    gtid: Option<&'a str>,
    ts_ms: i64,
    key: Option<String>,
    bytes: Option<usize>,
    sha256: Option<String>,
    value: Option<String>,
}

impl Letter<'_> {
    /// The letter with the whole message if it has at most `room` bytes then, else with the beginning of the message. None where
    /// that, too, has more.
    pub fn write(&self, room: usize) -> Option<Vec<u8>> {
        let all = self.value.map_or(0, <[u8]>::len);
        // Base64 has four signs for three bytes.
        let whole = (all / 3 * 4 < room).then(|| self.with(all));
        let fits = |written: &Vec<u8>| written.len() <= room;
        whole.filter(fits).or_else(|| Some(self.with(all.min(BEGIN_BYTES)))).filter(fits)
    }

    fn with(&self, shown: usize) -> Vec<u8> {
        let Letter { reason, error, pipeline, table, place, op, meta, key, value } = *self;
        let base64 = |bytes: &[u8]| data_encoding::BASE64.encode(bytes);
        let transaction = meta.transaction;
        let written = Written {
            reason,
            error,
            pipeline,
            source: &meta.source.name,
            db: &table.db,
            table: &table.table,
            topic: place.map(|(topic, _)| topic),
            partition: place.map(|(_, partition)| partition),
            op,
            file: &transaction.file,
            offset: meta.offset,
            row: (meta.origin == Origin::Stream).then_some(meta.row),
            gtid: (!transaction.gtid.is_empty()).then_some(&transaction.gtid),
            ts_ms: meta.event_ms,
            key: key.map(base64),
            bytes: value.map(<[u8]>::len),
            sha256: value.map(|value| data_encoding::HEXLOWER.encode(&Sha256::digest(value))),
            value: value.map(|value| base64(&value[..shown])),
        };
        serde_json::to_vec(&written).expect("text and numbers are JSON")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::sample::streamed;

    #[track_caller]
    fn check(value: Option<&[u8]>, room: usize, expected: Option<&str>) {
        let table = TableName { db: "shop".to_owned(), table: "orders".to_owned() };
        let letter = Letter {
            reason: Reason::Oversize,
            error: "it has a \"name\"",
            pipeline: "p",
            table: &table,
            place: value.map(|_| ("shop.orders", 2)),
            op: value.map(|_| "u"),
            meta: &streamed(),
            key: value.map(|_| &b"{\"id\":1}"[..]),
            value,
        };
        let written = letter.write(room).map(|bytes| String::from_utf8(bytes).expect("it is text"));
        assert_eq!(written.as_deref(), expected);
    }

    #[test]
    fn the_whole_message_its_beginning_or_nothing() {
        let head = "{\"reason\":\"oversize\",\"error\":\"it has a \\\"name\\\"\",\"pipeline\":\"p\",\"source\":\"main\",\"db\":\"shop\",\
                    \"table\":\"orders\",";
        let place = "\"file\":\"mysql-bin.000007\",\"offset\":1203,\"row\":0,\
                     \"gtid\":\"3e11fa47-71ca-11e1-9e33-c80aa9429562:23\",\"ts_ms\":1709605231000,";
        let known = format!(
            "{head}\"topic\":\"shop.orders\",\"partition\":2,\"op\":\"u\",{place}\"key\":\"eyJpZCI6MX0=\","
        );
        let abc = "\"bytes\":3,\"sha256\":\"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad\",\"value\":\"YWJj\"}";
        let all = format!("{known}{abc}");
        check(Some(b"abc"), all.len(), Some(&all));
        check(Some(b"abc"), all.len() - 1, None);
        let long = vec![b'x'; 3_000];
        let begins = format!(
            "{known}\"bytes\":3000,\"sha256\":\"{}\",\"value\":\"{}\"}}",
            data_encoding::HEXLOWER.encode(&Sha256::digest(&long)),
            data_encoding::BASE64.encode(&long[..1024])
        );
        check(Some(&long), 3_000, Some(&begins));
        let unknown = format!(
            "{head}\"topic\":null,\"partition\":null,\"op\":null,{place}\"key\":null,\"bytes\":null,\"sha256\":null,\
             \"value\":null}}"
        );
        check(None, 3_000, Some(&unknown));
    }
}
