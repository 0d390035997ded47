//! In steady state the record of a row costs no allocation, in any format.
//!
//! A binary of its own: an allocator that counts is that of the whole process.

#[path = "bench/formats.rs"]
mod formats;
#[path = "bench/place.rs"]
mod place;

use place::Place;
use std::num::NonZeroU32;
use std::sync::Arc;
use syncc::change::RowChange;
use syncc::format::{FormatPlan, Registered};
use syncc::kafka::{Batch, TopicId, TopicName};
use syncc::mysql::column_type::{ColumnType, Labels, Text};
use syncc::mysql::position::Flavor;
use syncc::mysql::schema::{Column, TableName, TableVersion};
use syncc::mysql::value::{Date, DateTime, Decimal, Json, Time, Timestamp, Value};
use syncc::plan::{TableDecision, TaskId};
use syncc::route::{Salts, TableRoute};

/// `SRID` 0 and the WKB of `POINT (3 2)`.
const POINT: &[u8] = &[0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 64, 0, 0, 0, 0, 0, 0, 0, 64];

const DATE: Date = Date { year: 2024, month: 3, day: 5 };

/// A column of every type that rows are made of, and a value.
fn columns() -> Vec<(&'static str, ColumnType, &'static str, Value<'static>)> {
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

fn table() -> TableVersion {
    let column = |(name, ty, declared, _): (&str, ColumnType, &str, Value<'_>)| Column {
        name: name.into(),
        ty,
        nullable: true,
        declared: declared.into(),
        hidden: false,
        collation: None,
    };
    TableVersion {
        name: TableName::new("shop", "orders"),
        columns: columns().into_iter().map(column).collect(),
        primary_key: vec![0],
        unique_keys: Vec::new(),
    }
}

fn route(format: FormatPlan) -> TableRoute {
    let topic = TopicName::new("shop.orders").expect("a name");
    let decision = TableDecision { format, ..TableDecision::plain("shop", "orders", topic) };
    let task = TaskId { pipeline: "all".into(), source: "db".into(), target: "bus".into() };
    let registered = Registered { key: Some(1), value: Some(2), ..Registered::nowhere(Flavor::MySql) };
    let partitions = NonZeroU32::new(12).expect("not zero");
    TableRoute::build(
        &decision,
        &Arc::new(table()),
        TopicId(0),
        partitions,
        &task,
        &Salts::default(),
        registered,
    )
    .expect("every format has every type")
}

#[test]
fn a_row_allocates_nothing() {
    let place = Place::new();
    let meta = place.meta();
    let row: Vec<Value<'static>> = columns().into_iter().map(|(.., value)| value).collect();
    let mut old = row.clone();
    old[1] = Value::Int(7);
    let changes = [
        RowChange::Insert { after: &row },
        RowChange::Update { before: &old, after: &row },
        RowChange::Delete { before: &row },
    ];
    for format in formats::all() {
        let name = formats::name(&format);
        let (mut route, mut batch) = (route(format), Batch::new());
        let mut push = |batch: &mut Batch| {
            batch.clear();
            for change in changes.iter().cycle().take(90) {
                route.push(change, &meta, batch).expect("a row of the table");
            }
        };
        // the first rows make the room that all have
        push(&mut batch);
        let counted = allocation_counter::measure(|| push(&mut batch));
        assert_eq!(counted.count_total, 0, "{name}: {counted:?}");
    }
    // it counts
    assert_eq!(allocation_counter::measure(|| drop(Box::new(1))).count_total, 1);
}
