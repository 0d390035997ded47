use super::{RouteError, Salts, TableRoute};
use crate::change::sample::streamed;
use crate::change::{EventMeta, Origin, RowChange};
use crate::format::Registered;
use crate::kafka::{Batch, TopicId, TopicName};
use crate::mysql::column_type::{ColumnType, Text};
use crate::mysql::position::Flavor;
use crate::mysql::schema::{Column, TableName, TableVersion};
use crate::mysql::value::{Decimal, Value};
use crate::pattern::NamePattern;
use crate::plan::{
    ColumnRule, KeyRule, NameCase, PartitionRule, TableDecision, TaskId, Template, TemplatePart,
};
use crate::statement::{ChangeKind, MaskMethod, MaskRule, OnInvalidValue, SecretRef, WordSet};
use crate::transform::filter::{Comparison, Condition, Operand, Test};
use secrecy::SecretString;
use std::num::NonZeroU32;
use std::sync::Arc;

mod partitions;

fn meta() -> EventMeta<'static> {
    EventMeta { event_ms: 1000, now_ms: 2000, ..streamed() }
}

fn column(name: &str, ty: ColumnType) -> Column {
    let declared = "x".to_owned();
    Column { name: name.into(), ty, nullable: false, declared, hidden: false, collation: None }
}

/// `shop.orders`: id, customer, amount, and a hidden column.
fn orders() -> TableVersion {
    let varchar = ColumnType::VarChar(Text { charset: "utf8mb4".into(), max_bytes: 80, compressed: false });
    let mut hash = column("hash", ColumnType::BigInt { unsigned: true });
    hash.hidden = true;
    TableVersion {
        name: TableName::new("shop", "orders"),
        columns: vec![
            column("id", ColumnType::BigInt { unsigned: true }),
            column("customer", varchar),
            column("amount", ColumnType::Decimal { precision: 10, scale: 2 }),
            hash,
        ],
        primary_key: vec![0],
        unique_keys: vec![vec![3], vec![1]],
    }
}

fn row(id: u64, customer: &str) -> [Value<'_>; 4] {
    [
        Value::UInt(id),
        Value::Text(customer.as_bytes()),
        Value::Decimal(Decimal::Text(b"19.99")),
        Value::UInt(7),
    ]
}

fn decision() -> TableDecision {
    TableDecision::plain("shop", "orders", TopicName::new("shop.orders").unwrap())
}

/// Schemas with numbers, for formats that have any.
fn registered() -> Registered {
    Registered { flavor: Flavor::MySql, key: Some(7), value: Some(8) }
}

fn build(decision: &TableDecision, version: TableVersion) -> Result<TableRoute, RouteError> {
    let task = TaskId { pipeline: "orders".into(), source: "db1".into(), target: "bus".into() };
    let salts = Salts::new([(salt(), SecretString::from("pepper"))]);
    TableRoute::build(
        decision,
        &Arc::new(version),
        TopicId(3),
        NonZeroU32::new(12).unwrap(),
        &task,
        &salts,
        registered(),
    )
}

fn salt() -> SecretRef {
    SecretRef::Env("SALT".into())
}

/// Records of one change, each as `partition key kind`; the kind is the message's type or `tombstone`.
#[track_caller]
fn check(decision: &TableDecision, version: TableVersion, change: RowChange<'_, '_>, expected: &[&str]) {
    let mut route = build(decision, version).unwrap();
    let mut batch = Batch::new();
    let n = route.push(&change, &meta(), &mut batch).unwrap();
    let records: Vec<String> = batch
        .records()
        .map(|record| {
            assert_eq!(record.topic, TopicId(3));
            let key = record.key.map_or("-".into(), String::from_utf8_lossy);
            let kind = record.value.map_or("tombstone".to_owned(), |value| {
                let message: serde_json::Value = serde_json::from_slice(value).unwrap();
                message["type"].as_str().unwrap().to_owned()
            });
            format!("{} {key} {kind}", record.partition)
        })
        .collect();
    assert_eq!(records, expected);
    assert_eq!(n, expected.len());
}

#[test]
fn kinds_that_are_not_wanted_are_left_out() {
    let wanted = |kinds: &[ChangeKind]| TableDecision { changes: WordSet::new(kinds.to_vec()), ..decision() };
    let (insert, delete) = (wanted(&[ChangeKind::Insert]), wanted(&[ChangeKind::Delete]));
    let (a, b, other) = (row(1001, "a"), row(1001, "b"), row(1002, "a"));
    check(&insert, orders(), RowChange::Insert { after: &a }, &[r#"2 {"id":1001} INSERT"#]);
    check(&insert, orders(), RowChange::Update { before: &a, after: &b }, &[]);
    // One of the key is an update all the same.
    check(&insert, orders(), RowChange::Update { before: &a, after: &other }, &[]);
    check(&insert, orders(), RowChange::Delete { before: &a }, &[]);
    check(&delete, orders(), RowChange::Delete { before: &a }, &[r#"2 {"id":1001} DELETE"#]);

    let mut route = build(&delete, orders()).unwrap();
    let mut batch = Batch::new();
    let existing = EventMeta { origin: Origin::Snapshot, ..meta() };
    assert_eq!(route.push(&RowChange::Insert { after: &a }, &existing, &mut batch), Ok(1));
    assert!(!route.withheld());
    assert_eq!(route.push(&RowChange::Insert { after: &a }, &meta(), &mut batch), Ok(0));
    assert!(route.withheld());
}

#[test]
fn the_key_is_the_primary_key_and_decides_the_partition() {
    let insert = row(1001, "a");
    check(&decision(), orders(), RowChange::Insert { after: &insert }, &[r#"2 {"id":1001} INSERT"#]);
    let other = row(1002, "a");
    check(&decision(), orders(), RowChange::Delete { before: &other }, &[r#"11 {"id":1002} DELETE"#]);
}

#[test]
fn a_unique_key_of_visible_columns_stands_in() {
    let version = TableVersion { primary_key: Vec::new(), ..orders() };
    let insert = row(1, "a\"b");
    check(&decision(), version, RowChange::Insert { after: &insert }, &[r#"1 {"customer":"a\"b"} INSERT"#]);
}

#[test]
fn keyless_tables_go_to_partition_0() {
    let version = TableVersion { primary_key: Vec::new(), unique_keys: Vec::new(), ..orders() };
    let insert = row(1, "a");
    check(&decision(), version, RowChange::Insert { after: &insert }, &["0 - INSERT"]);
    let none = TableDecision { key: KeyRule::None, tombstones: true, ..decision() };
    check(&none, orders(), RowChange::Delete { before: &insert }, &["0 - DELETE"]);
}

#[test]
fn an_update_keeps_its_key_or_is_split() {
    let (before, same, moved) = (row(1001, "a"), row(1001, "b"), row(1002, "a"));
    let update = |after| RowChange::Update { before: &before, after };
    check(&decision(), orders(), update(&same), &[r#"2 {"id":1001} UPDATE"#]);
    let split = [r#"2 {"id":1001} DELETE"#, r#"11 {"id":1002} INSERT"#];
    check(&decision(), orders(), update(&moved), &split);
    let compacted = TableDecision { tombstones: true, ..decision() };
    let split = [r#"2 {"id":1001} DELETE"#, r#"2 {"id":1001} tombstone"#, r#"11 {"id":1002} INSERT"#];
    check(&compacted, orders(), update(&moved), &split);
}

#[test]
fn a_tombstone_follows_a_delete() {
    let compacted = TableDecision { tombstones: true, ..decision() };
    let gone = row(1001, "a");
    let records = [r#"2 {"id":1001} DELETE"#, r#"2 {"id":1001} tombstone"#];
    check(&compacted, orders(), RowChange::Delete { before: &gone }, &records);
}

#[test]
fn written_keys() {
    let key = |origin, columns: &[&str]| {
        let columns = columns.iter().map(|column| (*column).to_owned()).collect();
        TableDecision {
            key: KeyRule::Columns { origin, columns },
            partition: PartitionRule::To(5),
            ..decision()
        }
    };
    let insert = row(7, "a");
    let insert = RowChange::Insert { after: &insert };
    check(
        &key(false, &["customer", "AMOUNT"]),
        orders(),
        insert,
        &[r#"5 {"customer":"a","amount":19.99} INSERT"#],
    );
    check(&key(true, &["id"]), orders(), insert, &[r#"5 {"origin":"db1.shop.orders","id":7} INSERT"#]);
    check(&key(true, &[]), orders(), insert, &[r#"5 {"origin":"db1.shop.orders"} INSERT"#]);
}

#[test]
fn partition_rules() {
    let by = |partition| TableDecision { partition, ..decision() };
    let insert = row(1002, "a");
    let insert = RowChange::Insert { after: &insert };
    let at = |partition: u32| format!("{partition} {{\"id\":1002}} INSERT");
    let hash = |text: &str| at((crate::kafka::murmur2(text.as_bytes()) & i32::MAX) as u32 % 12);
    check(&by(PartitionRule::ByTable), orders(), insert, &[&hash("shop.orders")]);
    check(&by(PartitionRule::ByDatabase), orders(), insert, &[&hash("shop")]);
    check(
        &by(PartitionRule::ByColumns(vec!["customer".into()])),
        orders(),
        insert,
        &[&hash(r#"{"customer":"a"}"#)],
    );
    check(&by(PartitionRule::To(11)), orders(), insert, &[&at(11)]);
}

#[test]
fn renamed_and_left_out_columns() {
    let hole = |name: &str, filter: Option<&str>| TemplatePart::Hole {
        name: name.into(),
        filter: filter.map(Into::into),
    };
    let decision = TableDecision {
        columns: Some(ColumnRule::Except(vec![NamePattern::Exact("amount".into())])),
        column_names: vec![(
            NamePattern::Exact("id".into()),
            Template { parts: vec![TemplatePart::Text("order_".into()), hole("column", Some("upper"))] },
        )],
        ..decision()
    };
    let mut route = build(&decision, orders()).unwrap();
    let mut batch = Batch::new();
    let insert = row(1, "a");
    route.push(&RowChange::Insert { after: &insert }, &meta(), &mut batch).unwrap();
    let record = batch.records().next().unwrap();
    assert_eq!(record.key, Some(br#"{"order_ID":1}"#.as_slice()));
    let value = String::from_utf8_lossy(record.value.unwrap()).into_owned();
    assert!(value.starts_with(r#"{"data":[{"order_ID":"1","customer":"a"}],"#), "{value}");
}

#[test]
fn names_of_columns_in_another_case() {
    let names = vec![(NamePattern::Exact("id".into()), Template::literal("order_id"))];
    let decision = TableDecision { names: NameCase::Upper, column_names: names, ..decision() };
    let mut route = build(&decision, orders()).unwrap();
    let mut batch = Batch::new();
    let insert = row(1, "a");
    route.push(&RowChange::Insert { after: &insert }, &meta(), &mut batch).unwrap();
    let value = String::from_utf8_lossy(batch.records().next().unwrap().value.unwrap()).into_owned();
    assert!(value.starts_with(r#"{"data":[{"order_id":"1","CUSTOMER":"a","AMOUNT":"19.99"}],"#), "{value}");
}

#[test]
fn message_numbers_go_on_over_batches() {
    let mut route = build(&decision(), orders()).unwrap();
    let mut batch = Batch::new();
    let insert = row(1, "a");
    for id in 1..4 {
        batch.clear();
        route.push(&RowChange::Insert { after: &insert }, &meta(), &mut batch).unwrap();
        let value = String::from_utf8_lossy(batch.records().next().unwrap().value.unwrap()).into_owned();
        assert!(value.contains(&format!("\"id\":{id},\"isDdl\"")), "{value}");
    }
}

#[test]
fn half_a_record_is_taken_back() {
    let mut route = build(&decision(), orders()).unwrap();
    let mut batch = Batch::new();
    let good = row(1, "a");
    route.push(&RowChange::Insert { after: &good }, &meta(), &mut batch).unwrap();
    let (bytes, records) = (batch.bytes(), batch.len());
    let mut bad = row(2, "b");
    bad[0] = Value::Text(b"text in a number column");
    assert!(route.push(&RowChange::Insert { after: &bad }, &meta(), &mut batch).is_err());
    assert!(route.push(&RowChange::Insert { after: &good[..2] }, &meta(), &mut batch).is_err());
    assert_eq!((batch.bytes(), batch.len()), (bytes, records));
}

#[track_caller]
fn refused(decision: &TableDecision, message: &str) {
    assert_eq!(build(decision, orders()).unwrap_err().to_string(), message);
}

#[test]
fn rules_that_do_not_fit_are_refused() {
    let exact = |name: &str| NamePattern::Exact(name.into());
    let key = |column: &str| KeyRule::Columns { origin: false, columns: vec![column.into()] };
    let names = vec![(exact("id"), Template { parts: vec![TemplatePart::Text("customer".into())] })];
    refused(
        &TableDecision { key: key("nr"), ..decision() },
        "`key` names column `nr`, which the table does not have",
    );
    refused(
        &TableDecision { key: key("hash"), ..decision() },
        "`key` names column `hash`, which the table does not have",
    );
    refused(
        &TableDecision { columns: Some(ColumnRule::Except(vec![exact("id")])), ..decision() },
        "key column `id` is not sent: `columns` leaves it out",
    );
    refused(
        &TableDecision { columns: Some(ColumnRule::Only(vec![exact("nr")])), ..decision() },
        "`columns` leaves no column to send",
    );
    refused(
        &TableDecision { column_names: names, ..decision() },
        "columns `id` and `customer` are both sent as `customer`",
    );
    refused(
        &TableDecision { partition: PartitionRule::To(12), ..decision() },
        "`partition to 12`: the topic has 12 partitions, numbered from 0",
    );
}

/// `shop.orders` where `id > 1000`.
fn above_a_thousand() -> TableDecision {
    let test = Test::Compare {
        op: Comparison::Greater,
        left: Operand::Column("ID".into()),
        right: Operand::Number("1000".parse().unwrap()),
    };
    TableDecision { conditions: vec![Condition::Test(test)], ..decision() }
}

#[test]
fn rows_outside_of_the_conditions_are_not_sent() {
    let (inside, outside) = (row(1001, "a"), row(1000, "a"));
    let decision = above_a_thousand();
    check(&decision, orders(), RowChange::Insert { after: &inside }, &[r#"2 {"id":1001} INSERT"#]);
    check(&decision, orders(), RowChange::Insert { after: &outside }, &[]);
    check(&decision, orders(), RowChange::Delete { before: &inside }, &[r#"2 {"id":1001} DELETE"#]);
    check(&decision, orders(), RowChange::Delete { before: &outside }, &[]);
}

/// The key changes with the row here, and still there is one message: only one side exists to readers.
#[test]
fn an_update_across_the_border_is_a_delete_or_an_insert() {
    let (inside, other, outside) = (row(1001, "a"), row(1002, "a"), row(1000, "a"));
    let update = |before, after| RowChange::Update { before, after };
    let decision = above_a_thousand();
    check(&decision, orders(), update(&inside, &outside), &[r#"2 {"id":1001} DELETE"#]);
    check(&decision, orders(), update(&outside, &inside), &[r#"2 {"id":1001} INSERT"#]);
    check(&decision, orders(), update(&outside, &outside), &[]);
    check(&decision, orders(), update(&inside, &inside), &[r#"2 {"id":1001} UPDATE"#]);
    let split = [r#"2 {"id":1001} DELETE"#, r#"11 {"id":1002} INSERT"#];
    check(&decision, orders(), update(&inside, &other), &split);
    let compacted = TableDecision { tombstones: true, ..decision };
    let deleted = [r#"2 {"id":1001} DELETE"#, r#"2 {"id":1001} tombstone"#];
    check(&compacted, orders(), update(&inside, &outside), &deleted);
}

#[test]
fn a_condition_that_does_not_fit_the_table_is_told() {
    let mut decision = above_a_thousand();
    decision.conditions.push(Condition::Test(Test::IsNull(Operand::Column("gone".into()))));
    let error = build(&decision, orders()).unwrap_err().to_string();
    assert_eq!(
        error,
        "`where` cannot be evaluated: there is no column `gone`; columns are named as in the source, before `rename`"
    );
}

fn masked(column: NamePattern, method: MaskMethod) -> TableDecision {
    TableDecision { masks: vec![MaskRule { column, method }], ..decision() }
}

/// SHA-256 of `peppera`.
const HASH: &str = "fb8da7c36f20f5b8ba6d0bc9a48de23ded12995435364e39efb226ed8e81cce6";

/// Everything in the records of a change as one text.
fn written(decision: &TableDecision, change: RowChange<'_, '_>) -> String {
    let mut route = build(decision, orders()).unwrap();
    let mut batch = Batch::new();
    route.push(&change, &meta(), &mut batch).unwrap();
    let text = |bytes: Option<&[u8]>| {
        bytes.map_or(String::new(), |bytes| String::from_utf8_lossy(bytes).into_owned())
    };
    let records = batch
        .records()
        .map(|record| format!("{} {} {}\n", record.partition, text(record.key), text(record.value)));
    records.collect()
}

#[test]
fn a_masked_column_is_masked_in_key_partition_and_message() {
    let hash = masked(NamePattern::Glob("CUST*".into()), MaskMethod::Sha256 { salt: Some(salt()) });
    let by_customer = TableDecision {
        key: KeyRule::Columns { origin: true, columns: vec!["customer".into()] },
        partition: PartitionRule::ByColumns(vec!["customer".into()]),
        tombstones: true,
        ..hash
    };
    let (before, same, moved) = (row(1, "clear-a"), row(2, "clear-a"), row(1, "clear-b"));
    for change in [
        RowChange::Insert { after: &before },
        RowChange::Delete { before: &before },
        RowChange::Update { before: &before, after: &same },
        RowChange::Update { before: &before, after: &moved },
    ] {
        let written = written(&by_customer, change);
        assert!(!written.contains("clear"), "{written}");
        assert!(written.contains(r#"{"origin":"db1.shop.orders","customer":""#), "{written}");
        assert!(written.contains(r#""mysqlType":{"id":"x","customer":"char(64)""#), "{written}");
        assert!(written.contains(r#""sqlType":{"id":-5,"customer":1,"#), "{written}");
    }
    let in_message = written(&by_customer, RowChange::Insert { after: &row(1, "a") });
    let hash = crate::kafka::murmur2(format!(r#"{{"customer":"{HASH}"}}"#).as_bytes());
    let partition = (hash & i32::MAX) as u32 % 12;
    assert!(in_message.starts_with(&format!("{partition} ")), "{in_message}");
    assert!(in_message.contains(&format!(r#""customer":"{HASH}""#)), "{in_message}");
}

#[test]
fn what_a_mask_makes_equal_did_not_change() {
    let keep = masked(NamePattern::Exact("Customer".into()), MaskMethod::KeepLast(2));
    let (before, after) = (row(1, "12345"), row(1, "99945"));
    let update = written(&keep, RowChange::Update { before: &before, after: &after });
    assert!(update.contains(r#""customer":"***45""#) && update.contains(r#""old":[{}]"#), "{update}");
    let after = row(1, "12346");
    let update = written(&keep, RowChange::Update { before: &before, after: &after });
    assert!(update.contains(r#""old":[{"customer":"***45"}]"#), "{update}");
}

#[test]
fn the_first_rule_that_takes_a_column_counts() {
    let rule = |column: &str, method| MaskRule { column: NamePattern::Glob(column.into()), method };
    let masks = vec![rule("cust*", MaskMethod::Fixed("nobody".into())), rule("*", MaskMethod::Null)];
    let decision = TableDecision { masks, key: KeyRule::None, ..decision() };
    let insert = written(&decision, RowChange::Insert { after: &row(1, "a") });
    assert!(insert.contains(r#""data":[{"id":null,"customer":"nobody","amount":null}]"#), "{insert}");
    assert!(insert.contains(r#""mysqlType":{"id":"x","customer":"x","amount":"x"}"#), "{insert}");
}

#[test]
fn masks_that_do_not_fit_are_refused() {
    let exact = |name: &str| NamePattern::Exact(name.into());
    let keyed = "key column `id` is masked so that different rows become one; `with sha256` keeps them apart";
    refused(&masked(exact("id"), MaskMethod::KeepLast(2)), keyed);
    refused(&masked(exact("ID"), MaskMethod::Null), keyed);
    let by_customer = PartitionRule::ByColumns(vec!["customer".into()]);
    refused(
        &TableDecision { partition: by_customer.clone(), ..masked(exact("customer"), MaskMethod::Null) },
        &keyed.replace("key column `id`", "partition column `customer`"),
    );
    refused(
        &TableDecision {
            partition: by_customer,
            columns: Some(ColumnRule::Except(vec![exact("CUSTOMER")])),
            ..decision()
        },
        "partition column `customer` is not sent: `columns` leaves it out",
    );
    refused(
        &masked(exact("amount"), MaskMethod::Fixed("much".into())),
        "`mask` of column `amount`: the fixed text is not a number of the type decimal(10,2)",
    );
    let other = MaskMethod::Sha256 { salt: Some(SecretRef::Env("OTHER".into())) };
    refused(&masked(exact("customer"), other), "the salt of a mask was not read");
    // A hash keeps different keys apart.
    assert!(build(&masked(exact("id"), MaskMethod::Sha256 { salt: None }), orders()).is_ok());
}

#[test]
fn nothing_stands_for_what_cannot_be_said_where_that_is_not_wanted() {
    let broken =
        [Value::UInt(1), Value::Text(b"a\xff"), Value::Decimal(Decimal::Text(b"1.00")), Value::UInt(7)];
    for (rule, sent) in [(OnInvalidValue::Map, true), (OnInvalidValue::Stop, false)] {
        let decision = TableDecision { on_invalid_value: rule, ..decision() };
        let mut route = build(&decision, orders()).unwrap();
        let mut batch = Batch::new();
        let pushed = route.push(&RowChange::Insert { after: &broken }, &meta(), &mut batch);
        match pushed {
            Ok(n) => assert_eq!((n, sent, route.take_broken_text()), (1, true, 1)),
            Err(error) => {
                assert!(!sent && batch.is_empty() && batch.bytes() == 0, "{error}");
                let text = "column `customer` holds bytes that are no text in its character set, for which the format has \
                            no words (`on-invalid-value stop`)";
                assert_eq!(error.to_string(), text);
            }
        }
        // What can be said goes on.
        let pushed = route.push(&RowChange::Insert { after: &row(2, "ann") }, &meta(), &mut batch);
        assert_eq!(pushed, Ok(1));
    }
}
