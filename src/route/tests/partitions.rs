//! Partitions by the hashes of other tools, as their own code computes them.

use super::*;
use crate::statement::{KeyChange, KeyForm, PartitionHash};

/// `shop.orders`: an id, a text of it, and a nullable number.
fn table(key: &[usize]) -> TableVersion {
    let mut nullable = column("n", ColumnType::Int { unsigned: false });
    nullable.nullable = true;
    let version = orders();
    TableVersion {
        columns: vec![version.columns[0].clone(), version.columns[1].clone(), nullable],
        primary_key: key.to_vec(),
        unique_keys: Vec::new(),
        ..version
    }
}

/// Partitions of a row of [`table`] among 4, 6 and 12.
#[track_caller]
fn check(
    (rule, hash): (PartitionRule, PartitionHash),
    key: &[usize],
    row: (u64, &str, Option<i64>),
    expected: [i32; 3],
) {
    let decision = TableDecision { partition: rule, hash, ..decision() };
    let values = [Value::UInt(row.0), Value::Text(row.1.as_bytes()), row.2.map_or(Value::Null, Value::Int)];
    let task = TaskId { pipeline: "orders".into(), source: "db1".into(), target: "bus".into() };
    let found = [4, 6, 12].map(|n| {
        let version = Arc::new(table(key));
        let partitions = NonZeroU32::new(n).unwrap();
        let salts = Salts::default();
        let mut route =
            TableRoute::build(&decision, &version, TopicId(3), partitions, &task, &salts, registered())
                .unwrap();
        let mut batch = Batch::new();
        route.push(&RowChange::Insert { after: &values }, &meta(), &mut batch).unwrap();
        let bytes = batch.bytes();
        let record = batch.records().next().unwrap();
        let told = record.key.map_or(0, <[u8]>::len) + record.value.map_or(0, <[u8]>::len);
        assert_eq!(bytes, told, "nothing of what was hashed is left in the batch");
        record.partition
    });
    assert_eq!(found, expected);
}

fn by(rule: PartitionRule) -> impl Fn(PartitionHash) -> (PartitionRule, PartitionHash) {
    move |hash| (rule.clone(), hash)
}

fn columns(names: &[&str]) -> PartitionRule {
    PartitionRule::ByColumns(names.iter().map(|name| (*name).to_owned()).collect())
}

/// The vectors of Canal's own code.
#[test]
fn canal() {
    let key = |n: &[usize], row, expected| {
        check((PartitionRule::ByKey, PartitionHash::CanalHash), n, row, expected);
    };
    key(&[0], (1001, "", None), [2, 0, 6]);
    key(&[0], (1002, "", None), [3, 1, 7]);
    key(&[0, 1], (1001, "SKU-1", None), [3, 5, 11]);
    key(&[1, 0], (1001, "SKU-1", None), [3, 5, 11]);
    // equal values cancel each other, and NULL is the empty text
    key(&[0, 1], (5, "5", None), [2, 4, 10]);
    key(&[2], (1, "", None), [2, 4, 10]);
    key(&[1], (1, "", None), [2, 4, 10]);
    // without a key: the database
    key(&[], (1, "", None), [2, 4, 10]);
    check((PartitionRule::ByTable, PartitionHash::CanalHash), &[0], (1, "", None), [3, 3, 3]);
    check((columns(&["id", "customer"]), PartitionHash::CanalHash), &[], (1001, "SKU-1", None), [3, 5, 11]);
    let unicode = crate::kafka::java_hash(b"shop") ^ 646394;
    let expected = [4, 6, 12].map(|n| (unicode.wrapping_abs() % n).abs());
    key(&[1], (1, "中文", None), expected);
    // what is escaped in a message is not in the text
    let escaped = crate::kafka::java_hash(b"shop") ^ crate::kafka::java_hash(b"a\"\\\n");
    key(&[1], (1, "a\"\\\n", None), [4, 6, 12].map(|n| (escaped.wrapping_abs() % n).abs()));
}

/// Canal hashes `pkNames`: whatever the key of records is, and a unique key is none.
#[test]
fn canal_hashes_the_primary_key() {
    let row = row(1001, "a");
    let insert = RowChange::Insert { after: &row };
    let by_key = TableDecision { hash: PartitionHash::CanalHash, ..decision() };
    super::check(&by_key, orders(), insert, &[r#"6 {"id":1001} INSERT"#]);
    let none = TableDecision { key: KeyRule::None, ..by_key.clone() };
    super::check(&none, orders(), insert, &["6 - INSERT"]);
    let named = KeyRule::Columns { origin: false, columns: vec!["customer".into()] };
    let named = TableDecision { key: named, ..by_key.clone() };
    let of_customer = crate::kafka::java_hash(b"shop") ^ crate::kafka::java_hash(b"a");
    let expected = format!("{} {{\"customer\":\"a\"}} INSERT", (of_customer.wrapping_abs() % 12).abs());
    super::check(&named, orders(), insert, &[&expected]);
    let unique = || TableVersion { primary_key: Vec::new(), ..orders() };
    super::check(&by_key, unique(), insert, &[r#"10 {"customer":"a"} INSERT"#]);
    super::check(&none, unique(), insert, &["10 - INSERT"]);
}

/// The three policies of the managed service.
#[test]
fn java() {
    let java = PartitionHash::JavaHash;
    check((PartitionRule::To(0), PartitionHash::Murmur2), &[0], (1001, "", None), [0, 0, 0]);
    check((PartitionRule::ByTable, java), &[0], (1, "", None), [3, 3, 3]);
    let key = |n: &[usize], row, expected| check((PartitionRule::ByKey, java), n, row, expected);
    key(&[0], (1001, "", None), [0, 2, 8]);
    key(&[0], (1002, "", None), [1, 3, 9]);
    key(&[0, 1], (1001, "SKU-1", None), [2, 2, 2]);
    key(&[1], (1, "polygenelubricants", None), [0, 0, 0]);
    key(&[1], (1, "中文", None), [2, 2, 2]);
    key(&[1], (1, "😀", None), [3, 1, 7]);
    key(&[2], (1, "", None), [0, 0, 0]);
    key(&[2], (1, "", Some(-7)), [2, 4, 10]);
    // neither primary nor unique key
    key(&[], (1001, "", None), [0, 0, 0]);
    check((columns(&["customer"]), java), &[], (1, "1002", None), [1, 3, 9]);
    check((PartitionRule::ByDatabase, java), &[0], (1, "", None), [2, 4, 10]);
}

#[test]
fn clients() {
    let murmur2 = PartitionHash::Murmur2;
    check((PartitionRule::ByKey, murmur2), &[0], (1001, "", None), [2, 2, 2]);
    check((PartitionRule::ByKey, murmur2), &[0], (1002, "", None), [3, 5, 11]);
    check((columns(&["id"]), murmur2), &[], (1002, "", None), [3, 5, 11]);
    let crc32 = by(PartitionRule::ByKey)(PartitionHash::Crc32);
    let expected = [4, 6, 12].map(|n| (crc32fast::hash(br#"{"id":1001}"#) % n) as i32);
    check(crc32, &[0], (1001, "", None), expected);
    let of_table = [4, 6, 12].map(|n| (crc32fast::hash(b"shop.orders") % n) as i32);
    check((PartitionRule::ByTable, PartitionHash::Crc32), &[0], (1001, "", None), of_table);
}

#[test]
fn origin_is_part_of_what_is_hashed() {
    let key = KeyRule::Columns { origin: true, columns: vec!["id".into()] };
    let decision = TableDecision { key, hash: PartitionHash::JavaHash, ..decision() };
    let row = row(1001, "a");
    let hash = crate::kafka::java_hash(b"db1.shop.orders_1001");
    let expected =
        format!("{} {{\"origin\":\"db1.shop.orders\",\"id\":1001}} INSERT", (hash & i32::MAX) % 12);
    super::check(&decision, orders(), RowChange::Insert { after: &row }, &[&expected]);
}

#[test]
fn a_changed_key_is_two_records_or_one() {
    let (before, after) = (row(1001, "a"), row(1002, "a"));
    let update = RowChange::Update { before: &before, after: &after };
    let java = TableDecision { hash: PartitionHash::JavaHash, ..decision() };
    super::check(&java, orders(), update, &[r#"8 {"id":1001} DELETE"#, r#"9 {"id":1002} INSERT"#]);
    let one = TableDecision { key_change: KeyChange::Update, tombstones: true, ..java };
    super::check(&one, orders(), update, &[r#"9 {"id":1002} UPDATE"#]);
}

#[test]
fn keys_as_text() {
    let columns = vec!["id".to_owned(), "customer".to_owned()];
    let text = TableDecision {
        key: KeyRule::Columns { origin: false, columns },
        key_form: Some(KeyForm::Text),
        partition: PartitionRule::To(1),
        ..decision()
    };
    let gone = row(1001, "a,b");
    super::check(&text, orders(), RowChange::Delete { before: &gone }, &[r"1 1001,a\,b DELETE"]);
    let one = TableDecision { key: KeyRule::Primary, partition: PartitionRule::ByKey, ..text };
    // what Kafka's own client hashes of the key `1001`
    super::check(&one, orders(), RowChange::Delete { before: &gone }, &["0 1001 DELETE"]);
}
