//! A table with every type, and rows of it, for the tests of formats.

use super::{
    AvroSchema, Encoder, FormatError, FormatPlan, KeyEncoder, OutputColumn, OutputTable, Registered, Scratch,
};
use crate::change::{EventMeta, RowChange};
use crate::mysql::column_type::{ColumnType, Labels, Text};
use crate::mysql::position::Flavor;
use crate::mysql::schema::{Column, TableName, TableVersion};
use crate::mysql::value::{Date, DateTime, Decimal, Json, Time, Timestamp, Value};

/// `shop.orders` with the columns, all nullable.
pub(super) fn table(columns: &[(&str, ColumnType, &str)], primary_key: &[usize]) -> TableVersion {
    let column = |(name, ty, declared): &(&str, ColumnType, &str)| Column {
        name: (*name).to_owned(),
        ty: ty.clone(),
        nullable: true,
        declared: (*declared).to_owned(),
        hidden: false,
        collation: None,
    };
    TableVersion {
        name: TableName::new("shop", "orders"),
        columns: columns.iter().map(column).collect(),
        primary_key: primary_key.to_vec(),
        unique_keys: Vec::new(),
    }
}

/// A character column's type.
pub(super) fn text(charset: &str) -> Text {
    Text { charset: charset.into(), max_bytes: 1000, compressed: false }
}

/// Labels of an ENUM or SET.
pub(super) fn labels(list: &[&str]) -> Labels {
    Labels { labels: list.iter().map(|label| (*label).to_owned()).collect() }
}

/// SRID 0 and the WKB of `POINT (3 2)`.
pub(super) const POINT: &[u8] =
    &[0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 64, 0, 0, 0, 0, 0, 0, 0, 64];

/// A column and a value of every type, odd ones included.
pub(super) fn every_type() -> Vec<(&'static str, ColumnType, &'static str, Value<'static>)> {
    let unsigned = true;
    let signed = false;
    let date = Date { year: 2024, month: 3, day: 5 };
    let at = |micros, fsp| DateTime { date, hour: 10, minute: 20, second: 30, micros, fsp };
    let zero = DateTime {
        date: Date { year: 0, month: 0, day: 0 },
        hour: 0,
        minute: 0,
        second: 0,
        micros: 0,
        fsp: 0,
    };
    vec![
        ("tiny", ColumnType::TinyInt { unsigned: signed }, "tinyint", Value::Int(-5)),
        ("utiny", ColumnType::TinyInt { unsigned }, "tinyint unsigned", Value::UInt(200)),
        ("small", ColumnType::SmallInt { unsigned: signed }, "smallint", Value::Int(-300)),
        ("usmall", ColumnType::SmallInt { unsigned }, "smallint unsigned", Value::UInt(60000)),
        ("medium", ColumnType::MediumInt { unsigned: signed }, "mediumint", Value::Int(-70000)),
        ("umedium", ColumnType::MediumInt { unsigned }, "mediumint unsigned", Value::UInt(16_000_000)),
        ("int", ColumnType::Int { unsigned: signed }, "int", Value::Int(-7)),
        ("uint", ColumnType::Int { unsigned }, "int unsigned", Value::UInt(4_000_000_000)),
        ("big", ColumnType::BigInt { unsigned: signed }, "bigint", Value::Int(-7)),
        ("ubig", ColumnType::BigInt { unsigned }, "bigint unsigned", Value::UInt(u64::MAX)),
        ("bit1", ColumnType::Bit { bits: 1 }, "bit(1)", Value::Bit(1)),
        ("bit10", ColumnType::Bit { bits: 10 }, "bit(10)", Value::Bit(515)),
        (
            "dec",
            ColumnType::Decimal { precision: 10, scale: 2 },
            "decimal(10,2)",
            Value::Decimal(Decimal::Text(b"19.99")),
        ),
        (
            "zero",
            ColumnType::Decimal { precision: 12, scale: 10 },
            "decimal(12,10)",
            Value::Decimal(Decimal::Text(b"0.0000000000")),
        ),
        (
            "wide",
            ColumnType::Decimal { precision: 65, scale: 30 },
            "decimal(65,30)",
            Value::Decimal(Decimal::Text(
                b"-99999999999999999999999999999999999.000000000000000000000000000001",
            )),
        ),
        ("float", ColumnType::Float, "float", Value::Float(0.1)),
        ("double", ColumnType::Double, "double", Value::Double(1e7)),
        ("date", ColumnType::Date, "date", Value::Date(date)),
        ("nodate", ColumnType::Date, "date", Value::Date(zero.date)),
        (
            "time",
            ColumnType::Time { fsp: 0 },
            "time",
            Value::Time(Time { negative: true, hour: 1, minute: 2, second: 3, micros: 0, fsp: 0 }),
        ),
        (
            "time6",
            ColumnType::Time { fsp: 6 },
            "time(6)",
            Value::Time(Time { negative: false, hour: 838, minute: 59, second: 58, micros: 999_999, fsp: 6 }),
        ),
        ("at0", ColumnType::DateTime { fsp: 0 }, "datetime", Value::DateTime(at(0, 0))),
        ("at3", ColumnType::DateTime { fsp: 3 }, "datetime(3)", Value::DateTime(at(120_000, 3))),
        ("at6", ColumnType::DateTime { fsp: 6 }, "datetime(6)", Value::DateTime(at(120_001, 6))),
        ("noat", ColumnType::DateTime { fsp: 0 }, "datetime", Value::DateTime(zero)),
        (
            "ts",
            ColumnType::Timestamp { fsp: 0 },
            "timestamp",
            Value::Timestamp(Timestamp { seconds: 1_709_605_231, micros: 0, fsp: 0 }),
        ),
        (
            "ts3",
            ColumnType::Timestamp { fsp: 3 },
            "timestamp(3)",
            Value::Timestamp(Timestamp { seconds: 1_709_605_231, micros: 120_000, fsp: 3 }),
        ),
        (
            "nots",
            ColumnType::Timestamp { fsp: 0 },
            "timestamp",
            Value::Timestamp(Timestamp { seconds: 0, micros: 0, fsp: 0 }),
        ),
        ("year", ColumnType::Year, "year", Value::Year(2024)),
        ("noyear", ColumnType::Year, "year", Value::Year(0)),
        ("char", ColumnType::Char(text("latin1")), "char(5)", Value::Text(b"\xe9\x80")),
        ("varchar", ColumnType::VarChar(text("utf8mb4")), "varchar(64)", Value::Text("李\"雷".as_bytes())),
        ("gbk", ColumnType::VarChar(text("gbk")), "varchar(64)", Value::Text(b"\xd6\xd0")),
        ("text", ColumnType::Text(text("utf8mb3")), "text", Value::Text("é".as_bytes())),
        ("binary", ColumnType::Binary { bytes: 4 }, "binary(4)", Value::Bytes(b"ab\0\0")),
        ("varbinary", ColumnType::VarBinary { bytes: 9 }, "varbinary(9)", Value::Bytes(b"\0\xffA")),
        ("blob", ColumnType::Blob { length_bytes: 2 }, "blob", Value::Bytes(b"\xfb\xef\xff")),
        ("enum", ColumnType::Enum(labels(&["a", "b\""])), "enum('a','b\"')", Value::Enum(2)),
        ("noenum", ColumnType::Enum(labels(&["a"])), "enum('a')", Value::Enum(0)),
        ("set", ColumnType::Set(labels(&["x", "y", "z"])), "set('x','y','z')", Value::Set(5)),
        ("noset", ColumnType::Set(labels(&["x"])), "set('x')", Value::Set(0)),
        ("json", ColumnType::Json, "json", Value::Json(Json::Text(br#"{"a": 1, "b": [true, null]}"#))),
        ("point", ColumnType::Geometry, "point", Value::Geometry(POINT)),
        ("vector", ColumnType::Vector, "vector(2)", Value::Vector(&[0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0])),
        ("uuid", ColumnType::Uuid, "uuid", Value::Uuid(&[0x11; 16])),
        ("inet4", ColumnType::Inet4, "inet4", Value::Inet4(&[192, 0, 2, 1])),
        ("inet6", ColumnType::Inet6, "inet6", Value::Inet6(&[0; 16])),
        ("null", ColumnType::Int { unsigned: signed }, "int", Value::Null),
    ]
}

/// Every column under its own name.
pub(super) fn all_columns(version: &TableVersion) -> Vec<OutputColumn> {
    let names = version.columns.iter().enumerate();
    names.map(|(index, column)| OutputColumn { index, name: column.name.clone() }).collect()
}

/// The message of a change, and the number of broken places in its text.
pub(super) fn message(
    plan: &FormatPlan,
    version: &TableVersion,
    change: RowChange<'_, '_>,
    meta: &EventMeta<'_>,
) -> Result<(Vec<u8>, usize), FormatError> {
    let columns = all_columns(version);
    let table = OutputTable { source: "main", db: "shop", table: "orders", version, columns: &columns };
    let encoder = Encoder::build(plan, table)?;
    let mut out = Vec::new();
    let broken = encoder.encode(&change, meta, 42, &mut Scratch::new(), &mut out)?;
    Ok((out, broken))
}

/// The key of a row by these columns.
pub(super) fn key_of(
    plan: &FormatPlan,
    version: &TableVersion,
    columns: &[usize],
    origin: Option<&str>,
    row: &[Value<'_>],
) -> Vec<u8> {
    let all = all_columns(version);
    let columns: Vec<OutputColumn> = columns.iter().map(|at| all[*at].clone()).collect();
    let table = OutputTable { source: "main", db: "shop", table: "orders", version, columns: &columns };
    let mut out = Vec::new();
    let key = KeyEncoder::build(plan, None, table, origin).unwrap();
    key.encode(row, &mut Scratch::new(), &mut out).unwrap();
    out
}

/// The schema of the messages of `shop.orders`, at a MySQL server.
pub(super) fn schema_of(plan: &FormatPlan, version: &TableVersion) -> Result<AvroSchema, FormatError> {
    let columns = all_columns(version);
    let table = OutputTable { source: "main", db: "shop", table: "orders", version, columns: &columns };
    Ok(Encoder::schema(plan, table, Flavor::MySql)?.expect("a format with schemas"))
}

/// As [`message`], with a schema of the number `id`.
pub(super) fn registered_message(
    plan: &FormatPlan,
    version: &TableVersion,
    change: RowChange<'_, '_>,
    meta: &EventMeta<'_>,
    id: u32,
) -> Result<(Vec<u8>, usize), FormatError> {
    let columns = all_columns(version);
    let table = OutputTable { source: "main", db: "shop", table: "orders", version, columns: &columns };
    let registered = Registered { value: Some(id), ..Registered::nowhere(Flavor::MySql) };
    let encoder = Encoder::with_schema(plan, table, registered)?;
    let mut out = Vec::new();
    let broken = encoder.encode(&change, meta, 42, &mut Scratch::new(), &mut out)?;
    Ok((out, broken))
}

/// As [`key_of`], with a schema of the number `id`, and that schema.
pub(super) fn registered_key(
    plan: &FormatPlan,
    version: &TableVersion,
    columns: &[usize],
    origin: Option<&str>,
    row: &[Value<'_>],
    id: u32,
) -> (AvroSchema, Vec<u8>) {
    let all = all_columns(version);
    let columns: Vec<OutputColumn> = columns.iter().map(|at| all[*at].clone()).collect();
    let table = OutputTable { source: "main", db: "shop", table: "orders", version, columns: &columns };
    let schema =
        KeyEncoder::schema(plan, None, table, origin.is_some()).unwrap().expect("a format with schemas");
    let registered = Registered { key: Some(id), ..Registered::nowhere(Flavor::MySql) };
    let mut out = Vec::new();
    let key = KeyEncoder::with_schema(plan, None, table, origin, registered).unwrap();
    key.encode(row, &mut Scratch::new(), &mut out).unwrap();
    (schema, out)
}
