//! Debezium's messages of schema changes, members and numbers as the connector 3.6 writes them.
//!
//! Not told, as the log does not keep them: defaults and comments of columns.

use super::maxwell::{charset, type_name};
use super::{DdlMessage, Deed, Shape, push_list, push_optional, push_string};
use crate::change::EventMeta;
use crate::format::debezium::{connector, push_source};
use crate::mysql::ddl::ir::TypeKind;
use crate::mysql::schema::model::Column;
use std::io::Write as _;

/// Schema part of the value, as the connector 3.6.1 writes it; `CONNECTOR` stands for the connector.
const VALUE_SCHEMA: &str = include_str!("debezium_schema.json");

pub(super) fn write_key(schemas: bool, change: &DdlMessage<'_>, meta: &EventMeta<'_>, out: &mut Vec<u8>) {
    if schemas {
        let name = connector(meta.source.flavor);
        let schema = format!(
            "{{\"schema\":{{\"type\":\"struct\",\"fields\":[{{\"type\":\"string\",\"optional\":false,\"field\":\"databaseName\"}}],\
             \"optional\":false,\"name\":\"io.debezium.connector.{name}.SchemaChangeKey\",\"version\":1}},\"payload\":"
        );
        out.extend_from_slice(schema.as_bytes());
    }
    out.extend_from_slice(b"{\"databaseName\":");
    push_string(change.db, out);
    out.push(b'}');
    if schemas {
        out.push(b'}');
    }
}

pub(super) fn write(schemas: bool, change: &DdlMessage<'_>, meta: &EventMeta<'_>, out: &mut Vec<u8>) {
    if schemas {
        out.extend_from_slice(b"{\"schema\":");
        out.extend_from_slice(VALUE_SCHEMA.replace("CONNECTOR", connector(meta.source.flavor)).as_bytes());
        out.extend_from_slice(b",\"payload\":");
    }
    out.extend_from_slice(b"{\"source\":");
    push_source(change.db, change.table, meta, out);
    write!(out, ",\"ts_ms\":{},\"databaseName\":", meta.now_ms).expect("a vector takes every byte");
    push_string(change.db, out);
    out.extend_from_slice(b",\"schemaName\":null,\"ddl\":");
    push_string(change.sql, out);
    out.extend_from_slice(b",\"tableChanges\":");
    let ty = match change.deed {
        Deed::CreateTable => Some("CREATE"),
        Deed::AlterTable
        | Deed::RenameTable
        | Deed::CreateIndex { alone: false }
        | Deed::DropIndex { alone: false } => Some("ALTER"),
        Deed::DropTable => Some("DROP"),
        Deed::CreateIndex { alone: true }
        | Deed::DropIndex { alone: true }
        | Deed::Truncate
        | Deed::CreateDatabase
        | Deed::AlterDatabase
        | Deed::DropDatabase => None,
    };
    match (ty, change.table, change.after) {
        (Some("DROP"), Some(table), _) => push_change("DROP", (change.db, table), None, out),
        (Some(ty), Some(_), Some(after)) => {
            let name = &after.table.name;
            push_change(ty, (&name.db, &name.table), Some(after), out);
        }
        // Nothing that is certain can be said of the table.
        (Some(_) | None, ..) => out.extend_from_slice(b"[]"),
    }
    out.push(b'}');
    if schemas {
        out.push(b'}');
    }
}

fn push_change(ty: &str, (db, table): (&str, &str), shape: Option<&Shape>, out: &mut Vec<u8>) {
    write!(out, "[{{\"type\":\"{ty}\",\"id\":").expect("a vector takes every byte");
    push_string(&format!("\"{db}\".\"{table}\""), out);
    out.extend_from_slice(b",\"table\":");
    match shape {
        None => out.extend_from_slice(b"null"),
        Some(shape) => {
            let table = &shape.table;
            out.extend_from_slice(b"{\"defaultCharsetName\":");
            push_string(charset(&table.collation), out);
            out.extend_from_slice(b",\"primaryKeyColumnNames\":");
            // Like the key of its rows: the first unique key stands in.
            let key = Some(table.primary_key()).filter(|key| !key.is_empty());
            let key = key.or_else(|| table.unique_keys().into_iter().next()).unwrap_or_default();
            push_list(key, out, push_string);
            out.extend_from_slice(b",\"columns\":");
            push_list(table.columns.iter().zip(1..), out, |(column, position), out| {
                push_column(column, position, out);
            });
            out.extend_from_slice(b",\"comment\":null}");
        }
    }
    out.extend_from_slice(b"}]");
}

fn push_column(column: &Column, position: u32, out: &mut Vec<u8>) {
    let (jdbc, has_length) = jdbc_type(column.ty.kind);
    let mut name = type_name(column.ty.kind).to_uppercase();
    if column.ty.unsigned {
        name.push_str(" UNSIGNED");
    }
    if column.ty.zerofill {
        name.push_str(" ZEROFILL");
    }
    out.extend_from_slice(b"{\"name\":");
    push_string(&column.name, out);
    write!(out, ",\"jdbcType\":{jdbc},\"nativeType\":null,\"typeName\":\"{name}\",\"typeExpression\":\"{name}\",\"charsetName\":")
        .expect("a vector takes every byte");
    push_optional(column.collation.as_deref().map(charset), out);
    let labels = &column.ty.labels;
    let length = match column.ty.kind {
        TypeKind::Enum => Some(1),
        // as long as all labels with commas between them
        TypeKind::Set => Some((labels.len() * 2).saturating_sub(1) as u64),
        _ => column.ty.length.filter(|length| has_length && *length > 0),
    };
    let number = |number: Option<u64>| number.map_or("null".to_owned(), |number| number.to_string());
    let generates = column.auto_increment;
    write!(
        out,
        ",\"length\":{},\"scale\":{},\"position\":{position},\"optional\":{},\"autoIncremented\":{generates},\"generated\":{generates},\
         \"comment\":null,\"defaultValueExpression\":null,\"enumValues\":",
        number(length),
        number(column.ty.scale.filter(|_| has_length)),
        column.nullable,
    )
    .expect("a vector takes every byte");
    if labels.is_empty() {
        out.extend_from_slice(b"null");
    } else {
        push_list(labels, out, |label, out| push_string(&format!("'{}'", label.replace('\'', "''")), out));
    }
    out.push(b'}');
}

/// Number of `java.sql.Types`, and whether its length is told.
fn jdbc_type(kind: TypeKind) -> (i32, bool) {
    match kind {
        TypeKind::TinyInt | TypeKind::SmallInt => (5, false),
        TypeKind::Int | TypeKind::MediumInt => (4, false),
        TypeKind::Year => (4, false),
        TypeKind::BigInt => (-5, false),
        TypeKind::Float => (6, true),
        TypeKind::Double => (8, true),
        TypeKind::Real => (7, true),
        TypeKind::Decimal => (3, true),
        TypeKind::Bit => (-7, true),
        TypeKind::Date => (91, false),
        TypeKind::Time => (92, true),
        TypeKind::DateTime => (93, true),
        TypeKind::Timestamp => (2014, true),
        TypeKind::Char => (1, true),
        TypeKind::Enum | TypeKind::Set => (1, true),
        TypeKind::VarChar => (12, true),
        TypeKind::TinyText | TypeKind::Text | TypeKind::MediumText | TypeKind::LongText => (12, false),
        TypeKind::Vector => (1111, true),
        TypeKind::Binary => (-2, true),
        TypeKind::VarBinary => (-3, true),
        TypeKind::TinyBlob | TypeKind::Blob | TypeKind::MediumBlob | TypeKind::LongBlob => (2004, false),
        TypeKind::Json
        | TypeKind::Geometry
        | TypeKind::Point
        | TypeKind::LineString
        | TypeKind::Polygon
        | TypeKind::MultiPoint
        | TypeKind::MultiLineString
        | TypeKind::MultiPolygon
        | TypeKind::GeometryCollection
        | TypeKind::Uuid
        | TypeKind::Inet4
        | TypeKind::Inet6 => (1111, false),
    }
}
