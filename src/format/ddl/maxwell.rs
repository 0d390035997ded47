//! Maxwell's messages of schema changes: definitions before and behind, then the statement. Times are in milliseconds here,
//! in seconds in its rows.

use super::{DdlMessage, Deed, Shape, push_list, push_string};
use crate::change::EventMeta;
use crate::mysql::ddl::ir::TypeKind;
use crate::mysql::schema::model::Column;
use std::io::Write as _;

pub(super) fn write(change: &DdlMessage<'_>, meta: &EventMeta<'_>, out: &mut Vec<u8>) {
    let ty = match change.deed {
        Deed::CreateTable => "table-create",
        Deed::AlterTable
        | Deed::RenameTable
        | Deed::CreateIndex { .. }
        | Deed::DropIndex { .. }
        | Deed::Truncate => "table-alter",
        Deed::DropTable => "table-drop",
        Deed::CreateDatabase => "database-create",
        Deed::AlterDatabase => "database-alter",
        Deed::DropDatabase => "database-drop",
    };
    // Of a renamed table the message is about the old name; `def` has the new one.
    let old = change.before.filter(|_| change.deed == Deed::RenameTable);
    let (db, table) = match old {
        Some(old) => (old.table.name.db.as_str(), Some(old.table.name.table.as_str())),
        None => (change.db, change.table),
    };
    write!(out, "{{\"type\":\"{ty}\",\"database\":").expect("a vector takes every byte");
    push_string(db, out);
    if let Some(table) = table {
        out.extend_from_slice(b",\"table\":");
        push_string(table, out);
    }
    if ty == "table-alter"
        && let Some(before) = change.before
    {
        out.extend_from_slice(b",\"old\":");
        push_definition(before, out);
    }
    if matches!(ty, "table-alter" | "table-create")
        && let Some(after) = change.after
    {
        out.extend_from_slice(b",\"def\":");
        push_definition(after, out);
    }
    if let (Deed::CreateDatabase | Deed::AlterDatabase, Some(charset)) = (change.deed, change.charset) {
        out.extend_from_slice(b",\"charset\":");
        push_string(charset, out);
    }
    write!(out, ",\"ts\":{},\"sql\":", meta.event_ms).expect("a vector takes every byte");
    push_string(change.sql, out);
    out.push(b'}');
}

fn push_definition(shape: &Shape, out: &mut Vec<u8>) {
    let table = &shape.table;
    out.extend_from_slice(b"{\"database\":");
    push_string(&table.name.db, out);
    out.extend_from_slice(b",\"charset\":");
    push_string(charset(&table.collation), out);
    out.extend_from_slice(b",\"table\":");
    push_string(&table.name.table, out);
    out.extend_from_slice(b",\"primary-key\":");
    push_list(table.primary_key(), out, push_string);
    out.extend_from_slice(b",\"columns\":");
    push_list(&table.columns, out, push_column);
    out.push(b'}');
}

fn push_column(column: &Column, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"type\":");
    push_string(&type_name(column.ty.kind), out);
    out.extend_from_slice(b",\"name\":");
    push_string(&column.name, out);
    match column.ty.kind {
        TypeKind::TinyInt | TypeKind::SmallInt | TypeKind::MediumInt | TypeKind::Int | TypeKind::BigInt => {
            write!(out, ",\"signed\":{}", !column.ty.unsigned).expect("a vector takes every byte");
        }
        TypeKind::Char
        | TypeKind::VarChar
        | TypeKind::TinyText
        | TypeKind::Text
        | TypeKind::MediumText
        | TypeKind::LongText => {
            out.extend_from_slice(b",\"charset\":");
            push_string(column.collation.as_deref().map_or("binary", charset), out);
        }
        TypeKind::Binary
        | TypeKind::VarBinary
        | TypeKind::TinyBlob
        | TypeKind::Blob
        | TypeKind::MediumBlob
        | TypeKind::LongBlob => out.extend_from_slice(b",\"charset\":\"binary\""),
        TypeKind::Enum | TypeKind::Set => {
            out.extend_from_slice(b",\"enum-values\":");
            push_list(&column.ty.labels, out, |label, out| push_string(label, out));
        }
        TypeKind::Time | TypeKind::DateTime | TypeKind::Timestamp => {
            if let Some(digits) = column.ty.length.filter(|digits| *digits > 0) {
                write!(out, ",\"column-length\":{digits}").expect("a vector takes every byte");
            }
        }
        TypeKind::Float
        | TypeKind::Double
        | TypeKind::Real
        | TypeKind::Decimal
        | TypeKind::Bit
        | TypeKind::Year
        | TypeKind::Date
        | TypeKind::Json
        | TypeKind::Geometry
        | TypeKind::Point
        | TypeKind::LineString
        | TypeKind::Polygon
        | TypeKind::MultiPoint
        | TypeKind::MultiLineString
        | TypeKind::MultiPolygon
        | TypeKind::GeometryCollection
        | TypeKind::Vector
        | TypeKind::Uuid
        | TypeKind::Inet4
        | TypeKind::Inet6 => {}
    }
    out.push(b'}');
}

/// The character set of a collation: what stands in front of its first `_`.
pub(super) fn charset(collation: &str) -> &str {
    collation.split('_').next().unwrap_or(collation)
}

/// A type by its name, in lower case.
pub(super) fn type_name(kind: TypeKind) -> String {
    format!("{kind:?}").to_lowercase()
}
