//! The form of the formats that are our own, and of those whose originals have none in JSON.

use super::{DdlMessage, push_list, push_optional, push_string};
use crate::change::EventMeta;
use std::io::Write as _;

pub(super) fn write(change: &DdlMessage<'_>, meta: &EventMeta<'_>, out: &mut Vec<u8>) {
    let transaction = meta.transaction;
    out.extend_from_slice(b"{\"source\":");
    push_string(&meta.source.name, out);
    out.extend_from_slice(b",\"database\":");
    push_string(change.db, out);
    out.extend_from_slice(b",\"table\":");
    push_optional(change.table, out);
    out.extend_from_slice(b",\"kinds\":");
    push_list(change.kinds, out, |kind, out| push_string(kind, out));
    out.extend_from_slice(b",\"sql\":");
    push_string(change.sql, out);
    out.extend_from_slice(b",\"schema\":");
    match change.schema {
        Some(number) => write!(out, "{number}").expect("a vector takes every byte"),
        None => out.extend_from_slice(b"null"),
    }
    out.extend_from_slice(b",\"gtid\":");
    push_optional(Some(transaction.gtid.as_str()).filter(|gtid| !gtid.is_empty()), out);
    out.extend_from_slice(b",\"position\":");
    push_string(&format!("{}:{}", transaction.file, transaction.start), out);
    write!(out, ",\"ts_ms\":{}}}", meta.event_ms).expect("a vector takes every byte");
}
