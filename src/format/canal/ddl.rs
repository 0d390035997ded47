//! Schema changes: the same members as rows, alphabetically, most of them null.

use super::super::CanalOptions;
use super::super::ddl::{DdlMessage, Deed};
use super::super::json_string::push_text;
use crate::change::EventMeta;
use std::io::Write as _;

/// Appends the message with the number `id`.
pub(in super::super) fn write_ddl(
    options: &CanalOptions,
    change: &DdlMessage<'_>,
    meta: &EventMeta<'_>,
    id: u64,
    out: &mut Vec<u8>,
) {
    let gtid = if options.dts { "" } else { "\"gtid\":\"\"," };
    out.extend_from_slice(b"{\"data\":null,\"database\":\"");
    push_text(change.db.as_bytes(), out);
    write!(
        out,
        "\",\"es\":{},{gtid}\"id\":{id},\"isDdl\":true,\"mysqlType\":null,\"old\":null,\"pkNames\":null,\"sql\":\"",
        meta.event_ms
    )
    .expect("a vector takes every byte");
    push_text(change.sql.as_bytes(), out);
    out.extend_from_slice(b"\",\"sqlType\":null,\"table\":\"");
    push_text(change.table.unwrap_or_default().as_bytes(), out);
    write!(out, "\",\"ts\":{},\"type\":\"{}\"}}", meta.now_ms, type_of(change.deed))
        .expect("a vector takes every byte");
}

/// Name of Canal's `EventType`.
fn type_of(deed: Deed) -> &'static str {
    match deed {
        Deed::CreateTable => "CREATE",
        Deed::AlterTable => "ALTER",
        Deed::RenameTable => "RENAME",
        Deed::CreateIndex { .. } => "CINDEX",
        Deed::DropIndex { .. } => "DINDEX",
        Deed::DropTable => "ERASE",
        Deed::Truncate => "TRUNCATE",
        Deed::CreateDatabase | Deed::AlterDatabase | Deed::DropDatabase => "QUERY",
    }
}
