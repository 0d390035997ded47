//! The member `source`: where a change comes from.

use super::super::OutputTable;
use super::super::json_value::push_number;
use super::row::push_string;
use super::schema::connector;
use super::value::push_signed;
use crate::change::{EventMeta, Origin};

const MS_AS_US: i64 = 1_000;
const US_AS_NS: i64 = 1_000;

/// Appends `source` of a message that is about a table, or about a database.
pub(in super::super) fn push_source(db: &str, table: Option<&str>, meta: &EventMeta<'_>, out: &mut Vec<u8>) {
    SourceBlock::of(&meta.source.name, db, table).push(meta, out);
}

/// Writes `source` for one table; everything between its values is ready.
#[derive(Debug)]
pub(super) struct SourceBlock {
    to_connector: Vec<u8>,
    to_ms: Vec<u8>,
    to_us: Vec<u8>,
    to_server: Vec<u8>,
}

impl SourceBlock {
    pub(super) fn new(table: OutputTable<'_>) -> SourceBlock {
        SourceBlock::of(table.source, table.db, Some(table.table))
    }

    fn of(source: &str, db: &str, table: Option<&str>) -> SourceBlock {
        let around = |before: &str, name: &str, behind: &str| {
            let mut out = before.as_bytes().to_vec();
            push_string(name, &mut out);
            out.extend_from_slice(behind.as_bytes());
            out
        };
        SourceBlock {
            to_connector: around("{\"version\":", env!("CARGO_PKG_VERSION"), ",\"connector\":\""),
            to_ms: around("\",\"name\":", source, ",\"ts_ms\":"),
            to_us: around("\",\"db\":", db, ",\"sequence\":null,\"ts_us\":"),
            to_server: match table {
                Some(table) => around(",\"table\":", table, ",\"server_id\":"),
                None => b",\"table\":null,\"server_id\":".to_vec(),
            },
        }
    }

    /// Appends the object.
    pub(super) fn push(&self, meta: &EventMeta<'_>, out: &mut Vec<u8>) {
        let transaction = meta.transaction;
        let us = match transaction.committed_us {
            Some(us) => i64::try_from(us).unwrap_or(i64::MAX),
            None => meta.event_ms.saturating_mul(MS_AS_US),
        };
        out.extend_from_slice(&self.to_connector);
        out.extend_from_slice(connector(meta.source.flavor).as_bytes());
        out.extend_from_slice(&self.to_ms);
        push_signed(us.div_euclid(MS_AS_US), out);
        out.extend_from_slice(match meta.origin {
            Origin::Snapshot => b",\"snapshot\":\"true",
            Origin::Stream => b",\"snapshot\":\"false",
        });
        out.extend_from_slice(&self.to_us);
        push_signed(us, out);
        out.extend_from_slice(b",\"ts_ns\":");
        push_signed(us.saturating_mul(US_AS_NS), out);
        out.extend_from_slice(&self.to_server);
        push_number(transaction.server_id.into(), out);
        out.extend_from_slice(b",\"gtid\":");
        if transaction.gtid.is_empty() {
            out.extend_from_slice(b"null");
        } else {
            push_string(&transaction.gtid, out);
        }
        out.extend_from_slice(b",\"file\":");
        push_string(&transaction.file, out);
        out.extend_from_slice(b",\"pos\":");
        push_number(meta.offset, out);
        out.extend_from_slice(b",\"row\":");
        push_number(meta.row.into(), out);
        out.extend_from_slice(b",\"thread\":");
        match transaction.thread_id {
            Some(thread) => push_number(thread.into(), out),
            None => out.extend_from_slice(b"null"),
        }
        out.extend_from_slice(b",\"query\":null}");
    }
}
