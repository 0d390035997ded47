//! In steady state the record of a row costs no allocation, in any format.
//!
//! A binary of its own: an allocator that counts is that of the whole process.

#[path = "bench/formats.rs"]
mod formats;
#[path = "bench/place.rs"]
mod place;
#[path = "bench/types.rs"]
mod types;

use place::Place;
use std::num::NonZeroU32;
use std::sync::Arc;
use syncc::change::RowChange;
use syncc::format::{FormatPlan, Registered};
use syncc::kafka::{Batch, TopicId, TopicName};
use syncc::mysql::column_type::ColumnType;
use syncc::mysql::position::Flavor;
use syncc::mysql::schema::{Column, TableName, TableVersion};
use syncc::mysql::value::Value;
use syncc::plan::{TableDecision, TaskId};
use syncc::route::{Salts, TableRoute};
use types::columns;

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
    let mut of_other_key = row.clone();
    of_other_key[0] = Value::UInt(1);
    let changes = [
        RowChange::Insert { after: &row },
        RowChange::Update { before: &old, after: &row },
        RowChange::Update { before: &of_other_key, after: &row },
        RowChange::Delete { before: &row },
    ];
    for format in formats::all() {
        let name = formats::name(&format);
        let (mut route, mut batch) = (route(format), Batch::new());
        let mut push = |batch: &mut Batch| {
            batch.clear();
            for change in changes.iter().cycle().take(120) {
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
