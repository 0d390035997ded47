//! Columns of every type, and a value of each.

use syncc::mysql::column_type::{ColumnType, Labels, Text};
use syncc::mysql::value::{Date, DateTime, Decimal, Json, Time, Timestamp, Value};

/// `SRID` 0 and the WKB of `POINT (3 2)`.
const POINT: &[u8] = &[0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 64, 0, 0, 0, 0, 0, 0, 0, 64];

const DATE: Date = Date { year: 2024, month: 3, day: 5 };

/// A column of every type that rows are made of: name, type, how it is declared, and a value.
pub(crate) fn columns() -> Vec<(&'static str, ColumnType, &'static str, Value<'static>)> {
    let text = |charset: &str| Text { charset: charset.into(), max_bytes: 400, compressed: false };
    let labels = || Labels { labels: vec!["a".into(), "b\"".into()] };
    let unsigned = true;
    let at = |fsp| DateTime { date: DATE, hour: 10, minute: 20, second: 30, micros: 120_000, fsp };
    let time = Time { negative: true, hour: 1, minute: 2, second: 3, micros: 0, fsp: 0 };
    let packed = Decimal::Packed { bytes: &[0x80, 0, 0, 0x13, 0x88, 99], precision: 12, scale: 2 };
    vec![
        ("id", ColumnType::BigInt { unsigned }, "bigint unsigned", Value::UInt(u64::MAX)),
        ("tiny", ColumnType::TinyInt { unsigned: false }, "tinyint", Value::Int(-5)),
        ("bits", ColumnType::Bit { bits: 10 }, "bit(10)", Value::Bit(515)),
        ("amount", ColumnType::Decimal { precision: 12, scale: 2 }, "decimal(12,2)", Value::Decimal(packed)),
        ("real", ColumnType::Float, "float", Value::Float(0.1)),
        ("weight", ColumnType::Double, "double", Value::Double(12.75)),
        ("year", ColumnType::Year, "year", Value::Year(2024)),
        ("day", ColumnType::Date, "date", Value::Date(DATE)),
        ("span", ColumnType::Time { fsp: 0 }, "time", Value::Time(time)),
        ("made", ColumnType::DateTime { fsp: 3 }, "datetime(3)", Value::DateTime(at(3))),
        (
            "seen",
            ColumnType::Timestamp { fsp: 3 },
            "timestamp(3)",
            Value::Timestamp(Timestamp { seconds: 1_709_605_231, micros: 120_000, fsp: 3 }),
        ),
        ("name", ColumnType::VarChar(text("utf8mb4")), "varchar(64)", Value::Text("李\"雷".as_bytes())),
        ("latin", ColumnType::Char(text("latin1")), "char(5)", Value::Text(b"\xe9\x80")),
        ("gbk", ColumnType::VarChar(text("gbk")), "varchar(64)", Value::Text(b"\xd6\xd0")),
        ("note", ColumnType::Text(text("utf8mb4")), "text", Value::Text(b"12 Quai, ring \"Meier\"")),
        ("bytes", ColumnType::VarBinary { bytes: 9 }, "varbinary(9)", Value::Bytes(b"\0\xffA")),
        ("blob", ColumnType::Blob { length_bytes: 2 }, "blob", Value::Bytes(b"\xfb\xef\xff")),
        ("label", ColumnType::Enum(labels()), "enum('a','b\"')", Value::Enum(2)),
        ("labels", ColumnType::Set(labels()), "set('a','b\"')", Value::Set(3)),
        ("json", ColumnType::Json, "json", Value::Json(Json::Text(br#"{"a": 1, "b": [true, null]}"#))),
        ("point", ColumnType::Geometry, "point", Value::Geometry(POINT)),
        ("vector", ColumnType::Vector, "vector(2)", Value::Vector(&[0, 0, 0xc0, 0x3f, 0, 0, 0, 0xc0])),
        ("uuid", ColumnType::Uuid, "uuid", Value::Uuid(&[0x11; 16])),
        ("none", ColumnType::Int { unsigned: false }, "int", Value::Null),
    ]
}
