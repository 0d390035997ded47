use super::Cell;
use crate::change::sample::streamed;
use crate::change::{EventMeta, Origin, RowChange, SourceInfo, TransactionInfo};
use crate::format::sample::{every_type, key_of, message, table};
use crate::format::{DebeziumJsonOptions, FormatError, FormatPlan, Scratch};
use crate::mysql::column_type::ColumnType;
use crate::mysql::position::Flavor;
use crate::mysql::schema::TableVersion;
use crate::mysql::value::{Date, DateTime, Value};
use crate::statement::{BigintUnsigned, BinaryForm, DecimalForm};
use serde_json::Value as Json;

fn options() -> DebeziumJsonOptions {
    DebeziumJsonOptions {
        snapshot_create: false,
        bigint_unsigned: BigintUnsigned::Long,
        decimal: DecimalForm::String,
        binary: BinaryForm::Bytes,
        schemas: false,
    }
}

fn two_columns() -> TableVersion {
    let unsigned = false;
    let int = || ColumnType::Int { unsigned };
    let mut version = table(&[("id", int(), "int"), ("note", int(), "int")], &[0]);
    version.columns[0].nullable = false;
    version
}

fn written(options: DebeziumJsonOptions, change: RowChange<'_, '_>, meta: &EventMeta<'_>) -> String {
    let (found, _) = message(&FormatPlan::DebeziumJson(options), &two_columns(), change, meta).unwrap();
    String::from_utf8(found).unwrap()
}

/// From `source` on, of a row of the stream.
fn tail(op: char) -> String {
    format!(
        "\"source\":{{\"version\":\"{}\",\"connector\":\"mysql\",\"name\":\"main\",\"ts_ms\":1709605231012,\
         \"snapshot\":\"false\",\"db\":\"shop\",\"sequence\":null,\"ts_us\":1709605231012345,\
         \"ts_ns\":1709605231012345000,\"table\":\"orders\",\"server_id\":223344,\
         \"gtid\":\"3e11fa47-71ca-11e1-9e33-c80aa9429562:23\",\"file\":\"mysql-bin.000007\",\"pos\":1203,\"row\":0,\
         \"thread\":42,\"query\":null}},\"transaction\":null,\"op\":\"{op}\",\"ts_ms\":1709605231050,\
         \"ts_us\":1709605231050000,\"ts_ns\":1709605231050000000}}",
        env!("CARGO_PKG_VERSION")
    )
}

#[test]
fn kinds_of_changes() {
    let (old, new) = ([Value::Int(7), Value::Null], [Value::Int(7), Value::Int(8)]);
    let (told_old, told_new) = ("{\"id\":7,\"note\":null}", "{\"id\":7,\"note\":8}");
    let check = |change, before: &str, after: &str, op| {
        let told = format!("{{\"before\":{before},\"after\":{after},{}", tail(op));
        assert_eq!(written(options(), change, &streamed()), told);
    };
    check(RowChange::Insert { after: &new }, "null", told_new, 'c');
    check(RowChange::Update { before: &old, after: &new }, told_old, told_new, 'u');
    check(RowChange::Delete { before: &old }, told_old, "null", 'd');
}

/// Neither GTID, thread nor time of the commit; MariaDB; `op` by option.
#[test]
fn rows_of_a_snapshot() {
    let source =
        SourceInfo { name: "main".into(), flavor: Flavor::MariaDb, version: "11.8.9-MariaDB".into() };
    let transaction = TransactionInfo::place("bin.000001".into(), 542);
    let meta = EventMeta {
        origin: Origin::Snapshot,
        source: &source,
        transaction: &transaction,
        offset: 542,
        ..streamed()
    };
    let row = [Value::Int(7), Value::Null];
    let insert = RowChange::Insert { after: &row };
    let found: Json = serde_json::from_str(&written(options(), insert, &meta)).unwrap();
    assert_eq!(found["op"], "r");
    let create = DebeziumJsonOptions { snapshot_create: true, ..options() };
    assert_eq!(serde_json::from_str::<Json>(&written(create, insert, &meta)).unwrap()["op"], "c");
    for (member, told) in [
        ("connector", "\"mariadb\""),
        ("ts_ms", "1709605231000"),
        ("snapshot", "\"true\""),
        ("ts_us", "1709605231000000"),
        ("server_id", "0"),
        ("gtid", "null"),
        ("file", "\"bin.000001\""),
        ("pos", "542"),
        ("thread", "null"),
    ] {
        assert_eq!(found["source"][member].to_string(), told, "{member}");
    }
}

/// A column of the table of every type, as it is sent.
fn member(options: &DebeziumJsonOptions, name: &str, nullable: bool) -> String {
    let (name, ty, declared, value) = every_type().into_iter().find(|column| column.0 == name).unwrap();
    let mut version = table(&[(name, ty, declared)], &[]);
    version.columns[0].nullable = nullable;
    let row = [value];
    let plan = FormatPlan::DebeziumJson(options.clone());
    let (found, broken) = message(&plan, &version, RowChange::Insert { after: &row }, &streamed()).unwrap();
    assert_eq!(broken, 0, "{name}");
    let found = String::from_utf8(found).unwrap();
    serde_json::from_str::<Json>(&found).unwrap();
    let member = found.split_once("\"after\":{").unwrap().1.split_once("},\"source\":").unwrap().0;
    member.to_owned()
}

/// The row of every type, a line for each column, against the page for readers.
#[test]
fn every_type_is_on_the_page() {
    let page = include_str!("../../../pipelines/debezium-json.md");
    let mut missing = Vec::new();
    for (name, _, declared, _) in every_type() {
        let line = format!("{declared:<18} {}", member(&options(), name, true));
        if !page.lines().any(|told| told == line) {
            missing.push(line);
        }
    }
    assert!(missing.is_empty(), "not in pipelines/debezium-json.md:\n{}", missing.join("\n"));
}

#[test]
fn forms_by_option() {
    let by_decimal = |decimal| DebeziumJsonOptions { decimal, ..options() };
    let by_binary = |binary| DebeziumJsonOptions { binary, ..options() };
    let precise =
        |decimal| DebeziumJsonOptions { bigint_unsigned: BigintUnsigned::Precise, ..by_decimal(decimal) };
    for (options, name, told) in [
        (by_decimal(DecimalForm::Numeric), "dec", "19.99"),
        (by_decimal(DecimalForm::Numeric), "zero", "0.0000000000"),
        (by_decimal(DecimalForm::Double), "dec", "19.99"),
        (by_decimal(DecimalForm::Double), "zero", "0.0"),
        (by_decimal(DecimalForm::Precise), "dec", "\"B88=\""),
        (by_decimal(DecimalForm::Precise), "zero", "\"AA==\""),
        (by_binary(BinaryForm::Base64), "blob", "\"++//\""),
        (by_binary(BinaryForm::Base64UrlSafe), "blob", "\"--__\""),
        (by_binary(BinaryForm::Hex), "blob", "\"fbefff\""),
        (by_binary(BinaryForm::Hex), "bit10", "\"AwI=\""),
        (precise(DecimalForm::String), "ubig", "\"AP//////////\""),
        (precise(DecimalForm::Numeric), "ubig", "18446744073709551615"),
    ] {
        assert_eq!(member(&options, name, true), format!("\"{name}\":{told}"));
    }
}

/// Where a column cannot be NULL, a date that no calendar has is the first day of 1970.
#[test]
fn dates_without_a_day() {
    for (name, told) in [("nodate", "0"), ("noat", "0"), ("nots", "\"1970-01-01T00:00:00Z\"")] {
        assert_eq!(member(&options(), name, true), format!("\"{name}\":null"));
        assert_eq!(member(&options(), name, false), format!("\"{name}\":{told}"));
    }
}

/// In a key each of them is a day of its own, before all that a calendar has: rows stay apart.
#[test]
fn dates_without_a_day_in_keys() {
    let (zero, partly) = (Date { year: 0, month: 0, day: 0 }, Date { year: 2024, month: 0, day: 0 });
    let mut version = table(
        &[
            ("d", ColumnType::Date, "date"),
            ("at", ColumnType::DateTime { fsp: 0 }, "datetime"),
            ("fine", ColumnType::DateTime { fsp: 6 }, "datetime(6)"),
        ],
        &[],
    );
    version.columns.iter_mut().for_each(|column| column.nullable = false);
    let plan = FormatPlan::DebeziumJson(options());
    let clock = |date, fsp| Value::DateTime(DateTime { date, hour: 0, minute: 0, second: 1, micros: 0, fsp });
    let key = |date| {
        let row = [Value::Date(date), clock(date, 0), clock(date, 6)];
        String::from_utf8(key_of(&plan, &version, &[0, 1, 2], None, &row)).unwrap()
    };
    let told = |days: i64| {
        let seconds = days * 86_400 + 1;
        format!("{{\"d\":{days},\"at\":{},\"fine\":{}}}", seconds * 1_000, seconds * 1_000_000)
    };
    assert_eq!(key(zero), told(-1_000_000));
    assert_eq!(key(partly), told(-1_000_000 - 2024 * 512));
    assert_eq!(key(Date { year: 1970, month: 1, day: 1 }), told(0));
    // the message says what it says elsewhere
    let row = [Value::Date(zero), clock(zero, 0), clock(zero, 6)];
    let (found, _) = message(&plan, &version, RowChange::Insert { after: &row }, &streamed()).unwrap();
    let found: Json = serde_json::from_slice(&found).unwrap();
    assert_eq!(found["after"], serde_json::json!({"d": 0, "at": 0, "fine": 0}));
    version.columns[0].nullable = true;
    assert_eq!(key_of(&plan, &version, &[0], None, &[row[0], row[1], row[2]]), b"{\"d\":null}");
}

/// A NOT NULL geometry that an INSERT IGNORE left empty is null, and the schema lets it be.
#[test]
fn a_geometry_can_be_null() {
    for declared in ["point", "geometry", "polygon"] {
        let mut version = table(&[("g", ColumnType::Geometry, declared)], &[]);
        version.columns[0].nullable = false;
        let plan = FormatPlan::DebeziumJson(DebeziumJsonOptions { schemas: true, ..options() });
        let row = [Value::Geometry(b"")];
        let (found, _) = message(&plan, &version, RowChange::Insert { after: &row }, &streamed()).unwrap();
        let found: Json = serde_json::from_slice(&found).unwrap();
        assert_eq!(found["payload"]["after"], serde_json::json!({ "g": null }));
        conforms(&found["schema"], &found["payload"], DecimalForm::String);
    }
}

/// The schema has 32 bits with a sign: it wraps, or is not sent.
#[test]
fn a_great_srid() {
    let mut bytes = crate::format::sample::POINT.to_vec();
    bytes[..4].copy_from_slice(&u32::MAX.to_le_bytes());
    let version = table(&[("g", ColumnType::Geometry, "point")], &[]);
    let plan = FormatPlan::DebeziumJson(DebeziumJsonOptions { schemas: true, ..options() });
    let row = [Value::Geometry(&bytes)];
    let (found, _) = message(&plan, &version, RowChange::Insert { after: &row }, &streamed()).unwrap();
    let found: Json = serde_json::from_slice(&found).unwrap();
    assert_eq!(found["payload"]["after"]["g"]["srid"], -1);
    conforms(&found["schema"], &found["payload"], DecimalForm::String);
    let cell = Cell::new(&options(), &version.columns[0]).unwrap();
    let (mut scratch, mut out) = (Scratch::new(), Vec::new());
    cell.write(&row[0], &mut scratch, &mut out).unwrap();
    assert_eq!(scratch.take_mapped().numbers, 1);
    let refused = cell.write(&row[0], &mut Scratch::strict(), &mut out);
    assert!(matches!(refused, Err(FormatError::Unsaid { .. })), "{refused:?}");
}

#[test]
fn keys() {
    let plan = FormatPlan::DebeziumJson(options());
    let row = [Value::Int(7), Value::Null];
    assert_eq!(key_of(&plan, &two_columns(), &[0], None, &row), b"{\"id\":7}");
    let told = "{\"origin\":\"m.shop.orders\",\"note\":null,\"id\":7}";
    assert_eq!(key_of(&plan, &two_columns(), &[1, 0], Some("m.shop.orders"), &row), told.as_bytes());
    let plan = FormatPlan::DebeziumJson(DebeziumJsonOptions { schemas: true, ..options() });
    let told = "{\"schema\":{\"type\":\"struct\",\"fields\":[{\"type\":\"int32\",\"optional\":false,\"field\":\"id\"}],\
                \"optional\":false,\"name\":\"main.shop.orders.Key\"},\"payload\":{\"id\":7}}";
    assert_eq!(key_of(&plan, &two_columns(), &[0], None, &row), told.as_bytes());
    let key = key_of(&plan, &two_columns(), &[0], Some("m.shop.orders"), &row);
    let key: Json = serde_json::from_slice(&key).unwrap();
    assert_eq!(key["schema"]["fields"][0]["field"], "origin");
    assert_eq!(key["payload"]["origin"], "m.shop.orders");
}

/// The payload with schemas is the message without, and each of its values is of the type that the schema says.
#[test]
fn schemas_say_what_is_sent() {
    for decimal in [DecimalForm::String, DecimalForm::Numeric, DecimalForm::Double, DecimalForm::Precise] {
        let columns = every_type();
        let shape: Vec<_> = columns.iter().map(|column| (column.0, column.1.clone(), column.2)).collect();
        let version = table(&shape, &[]);
        let row: Vec<Value<'_>> = columns.iter().map(|column| column.3).collect();
        let change = RowChange::Update { before: &row, after: &row };
        let plain = DebeziumJsonOptions { decimal, ..options() };
        let with = DebeziumJsonOptions { schemas: true, ..plain.clone() };
        let read = |options| {
            let plan = FormatPlan::DebeziumJson(options);
            let (found, _) = message(&plan, &version, change, &streamed()).unwrap();
            serde_json::from_slice::<Json>(&found).unwrap()
        };
        let found = read(with);
        assert_eq!(found["payload"], read(plain));
        assert_eq!(found["schema"]["name"], "main.shop.orders.Envelope");
        conforms(&found["schema"], &found["payload"], decimal);
    }
}

fn conforms(schema: &Json, value: &Json, decimal: DecimalForm) {
    if value.is_null() {
        assert_eq!(schema["optional"], true, "{schema}");
        return;
    }
    let number = schema["name"] == "org.apache.kafka.connect.data.Decimal" && decimal == DecimalForm::Numeric;
    let good = match schema["type"].as_str().unwrap() {
        "struct" => {
            let fields = schema["fields"].as_array().unwrap();
            for field in fields {
                let name = field["field"].as_str().unwrap();
                conforms(field, value.get(name).unwrap_or_else(|| panic!("no {name}")), decimal);
            }
            fields.len() == value.as_object().unwrap().len()
        }
        "array" => {
            value.as_array().unwrap().iter().for_each(|item| conforms(&schema["items"], item, decimal));
            true
        }
        "int16" => value.as_i64().is_some_and(|number| i16::try_from(number).is_ok()),
        "int32" => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
        "int64" => value.is_i64(),
        "float" | "double" => value.is_f64(),
        "boolean" => value.is_boolean(),
        "bytes" if number => value.is_number(),
        "bytes" => data_encoding::BASE64.decode(value.as_str().unwrap().as_bytes()).is_ok(),
        "string" => value.is_string(),
        other => panic!("{other}"),
    };
    assert!(good, "{value} is not {schema}");
}
