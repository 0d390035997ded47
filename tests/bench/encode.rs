//! Time to turn rows into records of each format: key, partition, message, into one batch. No decoding, no Kafka.
//!
//! `cargo bench --no-default-features --bench encode`, or with ` -- NAME` of one format alone; prints µs of processor time (elsewhere than on Linux: of
//! the clock) and bytes per row, for an insert and for an update of one column. Compare runs of one machine only.

mod formats;
mod place;
mod wanted;

use place::Place;
use std::hint::black_box;
use std::io::Write;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};
use syncc::change::RowChange;
use syncc::format::Registered;
use syncc::kafka::{Batch, TopicId, TopicName};
use syncc::mysql::column_type::{ColumnType, Text};
use syncc::mysql::position::Flavor;
use syncc::mysql::schema::{Column, TableName, TableVersion};
use syncc::mysql::value::{Date, DateTime, Decimal, Timestamp, Value};
use syncc::plan::{TableDecision, TaskId};
use syncc::route::{Salts, TableRoute};

const ROWS_PER_BATCH: usize = 512;
const BATCHES: usize = 2000;

fn main() -> std::io::Result<()> {
    let version = Arc::new(table());
    let task = TaskId { pipeline: "bench".into(), source: "db".into(), target: "bus".into() };
    let partitions = NonZeroU32::new(12).unwrap_or(NonZeroU32::MIN);
    let before = row(1, b"new");
    let registered = Registered { key: Some(1), value: Some(2), ..Registered::nowhere(Flavor::MySql) };
    for format in wanted::wanted() {
        let name = formats::name(&format);
        let decision = TableDecision { format, ..decision() };
        let mut route = TableRoute::build(
            &decision,
            &version,
            TopicId(0),
            partitions,
            &task,
            &Salts::default(),
            registered,
        )
        .map_err(std::io::Error::other)?;
        measure(&format!("{name} insert"), &mut route, |after| RowChange::Insert { after })?;
        measure(&format!("{name} update"), &mut route, |after| RowChange::Update { before: &before, after })?;
    }
    Ok(())
}

fn measure<'r>(
    name: &str,
    route: &mut TableRoute,
    change: impl Fn(&'r [Value<'r>; 13]) -> RowChange<'r, 'r>,
) -> std::io::Result<()> {
    let place = Place::new();
    let meta = place.meta();
    // Leaked once, so that the closure may borrow it for as long as the other image.
    let after: &'r [Value<'r>; 13] = Box::leak(Box::new(row(1, b"paid")));
    let mut batch = Batch::new();
    let mut bytes = 0;
    let clock = Instant::now();
    let start = processor_time();
    for _ in 0..BATCHES {
        batch.clear();
        for _ in 0..ROWS_PER_BATCH {
            route.push(&change(black_box(after)), &meta, &mut batch).map_err(std::io::Error::other)?;
        }
        bytes += black_box(&batch).bytes();
    }
    let rows = BATCHES * ROWS_PER_BATCH;
    let spent = match (start, processor_time()) {
        (Some(start), Some(end)) => end - start,
        _ => clock.elapsed(),
    };
    let micros = spent.as_secs_f64() * 1e6 / rows as f64;
    writeln!(
        std::io::stdout(),
        "{name:<28} {micros:>6.3} µs and {} bytes per row of 13 columns",
        bytes / rows
    )
}

/// Processor time of this thread, from Linux's `schedstat`.
fn processor_time() -> Option<Duration> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    stat.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}

fn table() -> TableVersion {
    let text = || Text { charset: "utf8mb4".into(), max_bytes: 400, compressed: false };
    let columns = [
        ("id", ColumnType::BigInt { unsigned: true }, "bigint unsigned"),
        ("customer_id", ColumnType::Int { unsigned: true }, "int unsigned"),
        ("status", ColumnType::VarChar(text()), "varchar(20)"),
        ("amount", ColumnType::Decimal { precision: 12, scale: 2 }, "decimal(12,2)"),
        ("paid", ColumnType::TinyInt { unsigned: false }, "tinyint(1)"),
        ("email", ColumnType::VarChar(text()), "varchar(100)"),
        ("note", ColumnType::VarChar(text()), "varchar(200)"),
        ("weight", ColumnType::Double, "double"),
        ("items", ColumnType::SmallInt { unsigned: false }, "smallint"),
        ("day", ColumnType::Date, "date"),
        ("created_at", ColumnType::DateTime { fsp: 3 }, "datetime(3)"),
        ("updated_at", ColumnType::Timestamp { fsp: 0 }, "timestamp"),
        ("address", ColumnType::Text(text()), "text"),
    ];
    let column = |(name, ty, declared): (&str, ColumnType, &str)| Column {
        name: name.into(),
        ty,
        nullable: true,
        declared: declared.into(),
        hidden: false,
        collation: None,
    };
    TableVersion {
        name: TableName::new("shop", "orders"),
        columns: columns.map(column).into(),
        primary_key: vec![0],
        unique_keys: Vec::new(),
    }
}

fn row(id: u64, status: &'static [u8]) -> [Value<'static>; 13] {
    let date = Date { year: 2024, month: 3, day: 5 };
    [
        Value::UInt(id),
        Value::UInt(48213),
        Value::Text(status),
        Value::Decimal(Decimal::Packed { bytes: &[0x80, 0, 0, 0x13, 0x88, 99], precision: 12, scale: 2 }),
        Value::Int(1),
        Value::Text(b"somebody.unknown@example.org"),
        Value::Null,
        Value::Double(12.75),
        Value::Int(3),
        Value::Date(date),
        Value::DateTime(DateTime { date, hour: 10, minute: 20, second: 30, micros: 120_000, fsp: 3 }),
        Value::Timestamp(Timestamp { seconds: 1709605231, micros: 0, fsp: 0 }),
        Value::Text("12 Quai des Étoiles, 3rd floor, ring \"Meier\"".as_bytes()),
    ]
}

fn decision() -> TableDecision {
    let topic = TopicName::new("shop.orders").unwrap_or_else(|error| unreachable!("{error}"));
    TableDecision::plain("shop", "orders", topic)
}
