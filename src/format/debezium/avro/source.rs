//! The field `source`: where a change comes from.

use super::super::super::OutputTable;
use super::super::super::avro_binary::{NULL, VALUE, push_bytes, push_long, push_optional_long};
use super::super::schema::connector;
use crate::change::{EventMeta, Origin};
use crate::mysql::position::Flavor;

const MS_AS_US: i64 = 1_000;
const US_AS_NS: i64 = 1_000;

/// Writes `source` for one table; everything between its values is ready.
#[derive(Debug)]
pub(super) struct SourceBlock {
    /// Version, connector and name.
    head: Vec<u8>,
    /// The database, and no sequence.
    db: Vec<u8>,
    table: Vec<u8>,
}

impl SourceBlock {
    pub(super) fn new(table: OutputTable<'_>, flavor: Flavor) -> SourceBlock {
        let mut block = SourceBlock { head: Vec::new(), db: Vec::new(), table: vec![VALUE] };
        for text in [env!("CARGO_PKG_VERSION"), connector(flavor), table.source] {
            push_bytes(text.as_bytes(), &mut block.head);
        }
        push_bytes(table.db.as_bytes(), &mut block.db);
        block.db.push(NULL);
        push_bytes(table.table.as_bytes(), &mut block.table);
        block
    }

    /// Appends the record.
    pub(super) fn push(&self, meta: &EventMeta<'_>, out: &mut Vec<u8>) {
        let transaction = meta.transaction;
        let us = match transaction.committed_us {
            Some(us) => i64::try_from(us).unwrap_or(i64::MAX),
            None => meta.event_ms.saturating_mul(MS_AS_US),
        };
        out.extend_from_slice(&self.head);
        push_long(us.div_euclid(MS_AS_US), out);
        // `snapshot` has a default, so that its value is the first branch.
        out.push(0);
        push_bytes(
            match meta.origin {
                Origin::Snapshot => b"true",
                Origin::Stream => b"false",
            },
            out,
        );
        out.extend_from_slice(&self.db);
        push_optional_long(Some(us), out);
        push_optional_long(Some(us.saturating_mul(US_AS_NS)), out);
        out.extend_from_slice(&self.table);
        push_long(transaction.server_id.into(), out);
        if transaction.gtid.is_empty() {
            out.push(NULL);
        } else {
            out.push(VALUE);
            push_bytes(transaction.gtid.as_bytes(), out);
        }
        push_bytes(transaction.file.as_bytes(), out);
        push_long(meta.offset as i64, out);
        push_long(meta.row.into(), out);
        push_optional_long(transaction.thread_id.map(i64::from), out);
        // query
        out.push(NULL);
    }
}
