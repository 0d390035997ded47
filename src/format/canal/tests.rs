use super::super::sample::{labels, table, text};
use super::super::{CanalOptions, Encoder, FormatError, FormatPlan, OutputColumn, OutputTable, Scratch};
use crate::change::sample::streamed;
use crate::change::{EventMeta, Origin, RowChange};
use crate::mysql::column_type::ColumnType;
use crate::mysql::schema::TableVersion;
use crate::mysql::value::{Date, DateTime, Decimal, Json, Time, Timestamp, Value};
use proptest::prelude::*;

fn all_columns(version: &TableVersion) -> Vec<OutputColumn> {
    let names = version.columns.iter().enumerate();
    names.map(|(index, column)| OutputColumn { index, name: column.name.clone() }).collect()
}

fn encode(
    options: CanalOptions,
    version: &TableVersion,
    change: RowChange<'_, '_>,
    meta: &EventMeta<'_>,
) -> Result<(String, usize), FormatError> {
    let columns = all_columns(version);
    let table = OutputTable { source: "main", db: "shop", table: "orders", version, columns: &columns };
    let encoder = Encoder::build(&FormatPlan::CanalJson(options), table)?;
    let mut out = Vec::new();
    let broken = encoder.encode(&change, meta, 42, &mut Scratch::new(), &mut out)?;
    Ok((String::from_utf8(out).unwrap(), broken))
}

#[track_caller]
fn check(version: &TableVersion, change: RowChange<'_, '_>, message: &str) {
    let (found, _) = encode(CanalOptions::default(), version, change, &streamed()).unwrap();
    assert_eq!(found, message);
    serde_json::from_str::<serde_json::Value>(&found).unwrap();
}

/// One column, inserted: its value, its `sqlType`.
#[track_caller]
fn check_value(ty: ColumnType, value: Value<'_>, text: &str, sql_type: i32) {
    let version = table(&[("c", ty, "x")], &[]);
    let row = [value];
    let (found, broken) =
        encode(CanalOptions::default(), &version, RowChange::Insert { after: &row }, &streamed()).unwrap();
    let expected = format!(
        "{{\"data\":[{{\"c\":{text}}}],\"database\":\"shop\",\"es\":1709605231000,\"gtid\":\"\",\"id\":42,\
         \"isDdl\":false,\"mysqlType\":{{\"c\":\"x\"}},\"old\":null,\"pkNames\":null,\"sql\":\"\",\
         \"sqlType\":{{\"c\":{sql_type}}},\"table\":\"orders\",\"ts\":1709605231050,\"type\":\"INSERT\"}}"
    );
    assert_eq!((found, broken), (expected, 0));
}

fn orders() -> TableVersion {
    table(
        &[
            ("id", ColumnType::BigInt { unsigned: true }, "bigint unsigned"),
            ("customer", ColumnType::VarChar(text("utf8mb4")), "varchar(64)"),
            ("amount", ColumnType::Decimal { precision: 10, scale: 2 }, "decimal(10,2)"),
            ("paid", ColumnType::TinyInt { unsigned: false }, "tinyint(1)"),
            ("note", ColumnType::VarChar(text("utf8mb4")), "varchar(200)"),
            ("created_at", ColumnType::DateTime { fsp: 3 }, "datetime(3)"),
            ("updated_at", ColumnType::Timestamp { fsp: 0 }, "timestamp"),
        ],
        &[0],
    )
}

fn order(paid: i64, note: Value<'static>, updated: u32) -> [Value<'static>; 7] {
    let date = Date { year: 2024, month: 3, day: 5 };
    [
        Value::UInt(1001),
        Value::Text("李雷".as_bytes()),
        Value::Decimal(Decimal::Text(b"19.99")),
        Value::Int(paid),
        note,
        Value::DateTime(DateTime { date, hour: 10, minute: 20, second: 30, micros: 120_000, fsp: 3 }),
        Value::Timestamp(Timestamp { seconds: updated, micros: 0, fsp: 0 }),
    ]
}

const ORDER_TYPES: &str = r#""mysqlType":{"id":"bigint unsigned","customer":"varchar(64)","amount":"decimal(10,2)","paid":"tinyint(1)","note":"varchar(200)","created_at":"datetime(3)","updated_at":"timestamp"}"#;
const ORDER_END: &str = r#""pkNames":["id"],"sql":"","sqlType":{"id":-5,"customer":12,"amount":3,"paid":-6,"note":12,"created_at":93,"updated_at":93},"table":"orders","ts":1709605231050"#;

#[test]
fn insert() {
    let row = order(0, Value::Null, 1709605231);
    let message = format!(
        r#"{{"data":[{{"id":"1001","customer":"李雷","amount":"19.99","paid":"0","note":null,"created_at":"2024-03-05 10:20:30.120","updated_at":"2024-03-05 02:20:31"}}],"database":"shop","es":1709605231000,"gtid":"","id":42,"isDdl":false,{ORDER_TYPES},"old":null,{ORDER_END},"type":"INSERT"}}"#
    );
    check(&orders(), RowChange::Insert { after: &row }, &message);
}

#[test]
fn update_names_exactly_what_changed() {
    let before = order(0, Value::Null, 1709605231);
    let after = order(1, Value::Text(b"gift"), 1709605291);
    let message = format!(
        r#"{{"data":[{{"id":"1001","customer":"李雷","amount":"19.99","paid":"1","note":"gift","created_at":"2024-03-05 10:20:30.120","updated_at":"2024-03-05 02:21:31"}}],"database":"shop","es":1709605231000,"gtid":"","id":42,"isDdl":false,{ORDER_TYPES},"old":[{{"paid":"0","note":null,"updated_at":"2024-03-05 02:20:31"}}],{ORDER_END},"type":"UPDATE"}}"#
    );
    check(&orders(), RowChange::Update { before: &before, after: &after }, &message);
}

#[test]
fn delete() {
    let row = order(1, Value::Text(b"gift"), 1709605291);
    let message = format!(
        r#"{{"data":[{{"id":"1001","customer":"李雷","amount":"19.99","paid":"1","note":"gift","created_at":"2024-03-05 10:20:30.120","updated_at":"2024-03-05 02:21:31"}}],"database":"shop","es":1709605231000,"gtid":"","id":42,"isDdl":false,{ORDER_TYPES},"old":null,{ORDER_END},"type":"DELETE"}}"#
    );
    check(&orders(), RowChange::Delete { before: &row }, &message);
}

#[test]
fn an_update_without_a_change_has_an_empty_old() {
    let row = order(1, Value::Null, 1);
    let (found, _) = encode(
        CanalOptions::default(),
        &orders(),
        RowChange::Update { before: &row, after: &row },
        &streamed(),
    )
    .unwrap();
    assert!(found.contains(r#""old":[{}],"#), "{found}");
}

#[test]
fn snapshot_rows_are_inserts_unless_init_is_wanted() {
    let row = order(1, Value::Null, 1);
    let meta = EventMeta { origin: Origin::Snapshot, ..streamed() };
    let ty = |options, meta: &EventMeta<'_>| {
        let (found, _) = encode(options, &orders(), RowChange::Insert { after: &row }, meta).unwrap();
        found.rsplit_once(':').unwrap().1.to_owned()
    };
    let init = || CanalOptions { snapshot_init: true, ..CanalOptions::default() };
    assert_eq!(ty(CanalOptions::default(), &meta), "\"INSERT\"}");
    assert_eq!(ty(init(), &meta), "\"INIT\"}");
    assert_eq!(ty(init(), &streamed()), "\"INSERT\"}");
}

/// Values and numbers as Canal's own recorded output has them.
#[test]
fn integers() {
    let unsigned = true;
    check_value(ColumnType::TinyInt { unsigned: false }, Value::Int(-128), "\"-128\"", -6);
    check_value(ColumnType::TinyInt { unsigned }, Value::UInt(127), "\"127\"", -6);
    check_value(ColumnType::TinyInt { unsigned }, Value::UInt(128), "\"128\"", 5);
    check_value(ColumnType::TinyInt { unsigned }, Value::Null, "null", -6);
    check_value(ColumnType::SmallInt { unsigned }, Value::UInt(32767), "\"32767\"", 5);
    check_value(ColumnType::SmallInt { unsigned }, Value::UInt(60000), "\"60000\"", 4);
    check_value(ColumnType::MediumInt { unsigned }, Value::UInt(16777215), "\"16777215\"", 4);
    check_value(ColumnType::Int { unsigned }, Value::UInt(2147483647), "\"2147483647\"", 4);
    check_value(ColumnType::Int { unsigned }, Value::UInt(4000000000), "\"4000000000\"", -5);
    check_value(ColumnType::BigInt { unsigned: false }, Value::Int(i64::MIN), "\"-9223372036854775808\"", -5);
    check_value(ColumnType::BigInt { unsigned }, Value::UInt(u64::MAX), "\"18446744073709551615\"", 3);
    check_value(ColumnType::Bit { bits: 1 }, Value::Bit(1), "\"1\"", -7);
    check_value(ColumnType::Bit { bits: 64 }, Value::Bit(u64::MAX), "\"18446744073709551615\"", -7);
    check_value(ColumnType::Year, Value::Year(2024), "\"2024\"", 12);
    check_value(ColumnType::Year, Value::Year(0), "\"0000\"", 12);
}

#[test]
fn fractions() {
    let decimal = ColumnType::Decimal { precision: 10, scale: 2 };
    check_value(decimal.clone(), Value::Decimal(Decimal::Text(b"0.00")), "\"0.00\"", 3);
    let packed = Decimal::Packed { bytes: &[0x80, 0, 0, 100, 0], precision: 10, scale: 2 };
    check_value(decimal, Value::Decimal(packed), "\"100.00\"", 3);
    check_value(ColumnType::Float, Value::Float(0.1), "\"0.1\"", 7);
    check_value(ColumnType::Float, Value::Float(f32::MAX), "\"3.4028235E38\"", 7);
    check_value(ColumnType::Double, Value::Double(1e16), "\"1.0E16\"", 8);
    check_value(ColumnType::Double, Value::Null, "null", 8);
}

#[test]
fn dates_and_times() {
    let date = Date { year: 2024, month: 2, day: 29 };
    let none = Date { year: 0, month: 0, day: 0 };
    check_value(ColumnType::Date, Value::Date(date), "\"2024-02-29\"", 91);
    check_value(ColumnType::Date, Value::Date(none), "\"0000-00-00\"", 91);
    let time = Time { negative: true, hour: 838, minute: 59, second: 58, micros: 999_999, fsp: 6 };
    check_value(ColumnType::Time { fsp: 6 }, Value::Time(time), "\"-838:59:58.999999\"", 92);
    let short = Time { negative: true, hour: 0, minute: 0, second: 0, micros: 100_000, fsp: 1 };
    check_value(ColumnType::Time { fsp: 1 }, Value::Time(short), "\"-00:00:00.1\"", 92);
    let zero = DateTime { date: none, hour: 0, minute: 0, second: 0, micros: 0, fsp: 3 };
    check_value(ColumnType::DateTime { fsp: 3 }, Value::DateTime(zero), "\"0000-00-00 00:00:00.000\"", 93);
    let stamp = |seconds, micros, fsp| Value::Timestamp(Timestamp { seconds, micros, fsp });
    check_value(ColumnType::Timestamp { fsp: 0 }, stamp(0, 0, 0), "\"0000-00-00 00:00:00\"", 93);
    check_value(
        ColumnType::Timestamp { fsp: 3 },
        stamp(2147483647, 999_000, 3),
        "\"2038-01-19 03:14:07.999\"",
        93,
    );
}

#[test]
fn characters_and_bytes() {
    check_value(ColumnType::Char(text("latin1")), Value::Text(b"caf\xe9 \x80"), "\"café €\"", 1);
    check_value(ColumnType::VarChar(text("gbk")), Value::Text(b"\xc0\xee"), "\"李\"", 12);
    check_value(
        ColumnType::Text(text("utf8mb4")),
        Value::Text("a\"b\\\n😀".as_bytes()),
        r#""a\"b\\\n😀""#,
        2005,
    );
    check_value(ColumnType::Text(text("utf8mb4")), Value::Null, "null", 2005);
    check_value(
        ColumnType::Binary { bytes: 4 },
        Value::Bytes(&[0, 0xff, 0x41, 0]),
        r#""\u0000ÿA\u0000""#,
        2004,
    );
    check_value(ColumnType::Blob { length_bytes: 2 }, Value::Bytes(b""), "\"\"", 2004);
    check_value(
        ColumnType::Geometry,
        Value::Geometry(&[0, 0, 0, 0, 1, 0xf0]),
        r#""\u0000\u0000\u0000\u0000\u0001ð""#,
        2004,
    );
}

#[test]
fn labels_and_documents() {
    check_value(ColumnType::Enum(labels(&["a", "b"])), Value::Enum(2), "\"2\"", 4);
    check_value(ColumnType::Enum(labels(&["a", "b"])), Value::Enum(0), "\"0\"", 4);
    check_value(ColumnType::Set(labels(&["x", "y", "z"])), Value::Set(5), "\"5\"", -7);
    check_value(ColumnType::Set(labels(&["x"])), Value::Null, "null", 2004);
    check_value(ColumnType::Json, Value::Json(Json::Text(br#"{"a": 1}"#)), r#""{\"a\": 1}""#, 12);
    check_value(ColumnType::Json, Value::Null, "null", 1111);
    let vector = [1.5f32, -2.0].map(f32::to_le_bytes).concat();
    check_value(ColumnType::Vector, Value::Vector(&vector), "\"[1.5,-2]\"", 12);
    check_value(ColumnType::Uuid, Value::Uuid(&[0x11; 16]), "\"11111111-1111-1111-1111-111111111111\"", 12);
    check_value(ColumnType::Inet4, Value::Inet4(&[192, 0, 2, 1]), "\"192.0.2.1\"", 12);
    check_value(ColumnType::Inet6, Value::Inet6(&[0; 16]), "\"::\"", 12);
}

#[test]
fn labels_on_request() {
    let options = CanalOptions { enum_label: true, ..CanalOptions::default() };
    let columns = [
        ("e", ColumnType::Enum(labels(&["a", "b\"c"])), "enum('a','b\"c')"),
        ("s", ColumnType::Set(labels(&["x", "y", "z"])), "set('x','y','z')"),
    ];
    let version = table(&columns, &[]);
    let data = |row: [Value<'_>; 2]| {
        let found = encode(options.clone(), &version, RowChange::Insert { after: &row }, &streamed());
        found.map(|(message, _)| message.split_once("],").unwrap().0.to_owned())
    };
    assert_eq!(data([Value::Enum(2), Value::Set(5)]).unwrap(), r#"{"data":[{"e":"b\"c","s":"x,z"}"#);
    assert_eq!(data([Value::Enum(0), Value::Set(0)]).unwrap(), r#"{"data":[{"e":"","s":""}"#);
    let error = data([Value::Enum(3), Value::Set(0)]).unwrap_err();
    assert_eq!(error.to_string(), "column `e` holds an index without a label");
}

#[test]
fn broken_text_is_counted() {
    let version = table(&[("c", ColumnType::Text(text("utf8mb4")), "text")], &[]);
    let row = [Value::Text(b"a\xffb\xfe")];
    let (found, broken) =
        encode(CanalOptions::default(), &version, RowChange::Insert { after: &row }, &streamed()).unwrap();
    assert!(found.starts_with("{\"data\":[{\"c\":\"a\u{fffd}b\u{fffd}\"}"), "{found}");
    assert_eq!(broken, 2);
}

#[test]
fn names_are_escaped_and_renamed() {
    let version = table(
        &[
            ("a\"b", ColumnType::Json, "json"),
            ("k", ColumnType::Date, "date"),
            ("left", ColumnType::Year, "year"),
        ],
        &[1, 0],
    );
    let columns =
        [OutputColumn { index: 0, name: "a\"b".into() }, OutputColumn { index: 1, name: "key".into() }];
    let table = OutputTable { source: "main", db: "d\\b", table: "t", version: &version, columns: &columns };
    let encoder = Encoder::build(&FormatPlan::CanalJson(CanalOptions::default()), table).unwrap();
    let mut out = Vec::new();
    let row = [Value::Null, Value::Null, Value::Year(1)];
    encoder
        .encode(&RowChange::Insert { after: &row }, &streamed(), 1, &mut Scratch::new(), &mut out)
        .unwrap();
    assert_eq!(
        String::from_utf8(out).unwrap(),
        r#"{"data":[{"a\"b":null,"key":null}],"database":"d\\b","es":1709605231000,"gtid":"","id":1,"isDdl":false,"mysqlType":{"a\"b":"json","key":"date"},"old":null,"pkNames":["a\"b","key"],"sql":"","sqlType":{"a\"b":1111,"key":91},"table":"t","ts":1709605231050,"type":"INSERT"}"#
    );
}

#[test]
fn what_does_not_fit_is_refused() {
    let version = orders();
    let short = [Value::Null];
    let error = encode(CanalOptions::default(), &version, RowChange::Insert { after: &short }, &streamed())
        .unwrap_err();
    assert_eq!(error.to_string(), "the row has 1 values, the table 7 columns");
    let odd = table(&[("c", ColumnType::Text(text("klingon")), "text")], &[]);
    let error =
        encode(CanalOptions::default(), &odd, RowChange::Insert { after: &short }, &streamed()).unwrap_err();
    assert_eq!(error.to_string(), "column `c`: character set `klingon` is not supported");
    let vector = table(&[("c", ColumnType::Vector, "vector(1)")], &[]);
    let cut = [Value::Vector(&[1, 2, 3])];
    let error =
        encode(CanalOptions::default(), &vector, RowChange::Insert { after: &cut }, &streamed()).unwrap_err();
    assert_eq!(error.to_string(), "column `c` holds a vector cut short");
}

proptest! {
    /// Whatever the text, a JSON reader gets it back, and members stand in alphabetical order.
    #[test]
    fn messages_are_json(before in any::<String>(), after in any::<String>(), number in any::<u64>()) {
        let version = table(
            &[("t", ColumnType::Text(text("utf8mb4")), "text"), ("n", ColumnType::BigInt { unsigned: true }, "bigint")],
            &[1],
        );
        let old = [Value::Text(before.as_bytes()), Value::UInt(number)];
        let new = [Value::Text(after.as_bytes()), Value::UInt(number)];
        let change = RowChange::Update { before: &old, after: &new };
        let (found, _) = encode(CanalOptions::default(), &version, change, &streamed()).unwrap();
        let message: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&found).unwrap();
        prop_assert_eq!(&message["data"][0]["t"], &after);
        prop_assert_eq!(&message["data"][0]["n"], &number.to_string());
        if before != after {
            prop_assert_eq!(&message["old"][0]["t"], &before);
        }
        prop_assert!(message["old"][0].get("n").is_none());
        let mut at = 0;
        for name in [
            "data", "database", "es", "gtid", "id", "isDdl", "mysqlType", "old", "pkNames", "sql", "sqlType",
            "table", "ts", "type",
        ] {
            let member = format!("\"{name}\":");
            prop_assert!(message.contains_key(name));
            at += found[at..].find(&member).unwrap();
        }
    }
}

/// What the managed service documents: no GTID, numbers of the declared types.
#[test]
fn dialect_of_the_managed_service() {
    let unsigned = true;
    let version = table(
        &[
            ("t", ColumnType::TinyInt { unsigned }, "tinyint unsigned"),
            ("s", ColumnType::SmallInt { unsigned }, "smallint unsigned"),
            ("m", ColumnType::MediumInt { unsigned }, "mediumint unsigned"),
            ("i", ColumnType::Int { unsigned }, "int unsigned"),
            ("b", ColumnType::BigInt { unsigned }, "bigint unsigned"),
            ("n", ColumnType::BigInt { unsigned }, "bigint unsigned"),
            ("x", ColumnType::Set(labels(&["x"])), "set('x')"),
            ("j", ColumnType::Json, "json"),
            ("d", ColumnType::Int { unsigned: false }, "int"),
        ],
        &[4],
    );
    let row = [
        Value::UInt(1),
        Value::UInt(65535),
        Value::UInt(3),
        Value::UInt(4),
        Value::UInt(5),
        Value::Null,
        Value::Null,
        Value::Null,
        Value::Int(-6),
    ];
    let options = CanalOptions { dts: true, ..CanalOptions::default() };
    let (found, _) = encode(options, &version, RowChange::Insert { after: &row }, &streamed()).unwrap();
    assert!(found.contains(r#""es":1709605231000,"id":42,"isDdl":false"#), "{found}");
    assert!(
        found.contains(r#""sqlType":{"t":5,"s":4,"m":4,"i":-5,"b":3,"n":3,"x":-7,"j":12,"d":4}"#),
        "{found}"
    );
}

#[test]
fn timestamps_in_a_zone() {
    let version = table(
        &[
            ("ts", ColumnType::Timestamp { fsp: 3 }, "timestamp(3)"),
            ("zero", ColumnType::Timestamp { fsp: 0 }, "timestamp"),
            ("dt", ColumnType::DateTime { fsp: 0 }, "datetime"),
        ],
        &[],
    );
    let date = Date { year: 2024, month: 3, day: 5 };
    let row = [
        Value::Timestamp(Timestamp { seconds: 1_709_605_231, micros: 120_000, fsp: 3 }),
        Value::Timestamp(Timestamp { seconds: 0, micros: 0, fsp: 0 }),
        Value::DateTime(DateTime { date, hour: 2, minute: 20, second: 31, micros: 0, fsp: 0 }),
    ];
    let in_zone = |zone: &str| {
        let options = CanalOptions { time_zone: Some(zone.into()), ..CanalOptions::default() };
        encode(options, &version, RowChange::Insert { after: &row }, &streamed())
    };
    let (found, _) = in_zone("Asia/Shanghai").unwrap();
    let expected =
        r#"{"ts":"2024-03-05 10:20:31.120","zero":"0000-00-00 00:00:00","dt":"2024-03-05 02:20:31"}"#;
    assert!(found.contains(expected), "{found}");
    assert_eq!(in_zone("Nowhere/Land").unwrap_err(), FormatError::TimeZone("Nowhere/Land".into()));
}
