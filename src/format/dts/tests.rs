use super::DtsCell;
use crate::change::sample::streamed;
use crate::change::{EventMeta, Origin, RowChange, TransactionInfo};
use crate::format::avro_binary::push_bytes;
use crate::format::sample::{every_type, message, table, text};
use crate::format::{Boundary, DtsOptions, FormatError, FormatPlan, Scratch, write_boundary};
use crate::mysql::column_type::ColumnType;
use crate::mysql::schema::TableVersion;
use crate::mysql::value::{Date, DateTime, Decimal, Timestamp, Value};
use crate::statement::FormatHeartbeat;
use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::schema::ResolvedSchema;
use apache_avro::types::Value as Avro;

/// The schema that both sides have.
const SCHEMA: &str = include_str!("record.avsc");

fn plan(snapshot_init: bool) -> FormatPlan {
    FormatPlan::DtsAvro(DtsOptions { snapshot_init, heartbeat: FormatHeartbeat::Off, transactions: false })
}

fn decoded(mut bytes: &[u8]) -> Avro {
    let schemas: Vec<serde_json::Value> = serde_json::from_str(SCHEMA).unwrap();
    let texts: Vec<String> = schemas.iter().map(ToString::to_string).collect();
    let schemas = Schema::parse_list(texts.iter().map(String::as_str)).unwrap();
    let record = schemas.last().unwrap();
    let resolved = ResolvedSchema::try_from(schemas.iter().collect::<Vec<_>>()).unwrap();
    let reader = GenericDatumReader::builder(record).resolved_writer_schemata(resolved).build().unwrap();
    let value = reader.read_value(&mut bytes).unwrap();
    assert!(bytes.is_empty(), "{} bytes are left", bytes.len());
    value
}

fn field<'v>(record: &'v Avro, name: &str) -> &'v Avro {
    let Avro::Record(fields) = record else { panic!("{record:?} is no record") };
    &fields.iter().find(|(found, _)| found == name).unwrap_or_else(|| panic!("no {name}")).1
}

fn orders() -> TableVersion {
    let unsigned = true;
    table(
        &[
            ("id", ColumnType::BigInt { unsigned }, "bigint unsigned"),
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

fn row() -> [Value<'static>; 7] {
    let date = Date { year: 2024, month: 3, day: 5 };
    [
        Value::UInt(1001),
        Value::Text("李雷".as_bytes()),
        Value::Decimal(Decimal::Text(b"19.99")),
        Value::Int(0),
        Value::Null,
        Value::DateTime(DateTime { date, hour: 10, minute: 20, second: 30, micros: 120_000, fsp: 3 }),
        Value::Timestamp(Timestamp { seconds: 1_709_605_231, micros: 0, fsp: 0 }),
    ]
}

/// What the published clients decoded, but for the number of the version, the tags of the writer and the running number.
#[test]
fn an_insert_to_the_byte() {
    let row = row();
    let place = TransactionInfo::place("mysql-bin.000007".into(), 917);
    let meta = EventMeta { transaction: &place, origin: Origin::Snapshot, ..streamed() };
    let (found, _) = message(&plan(false), &orders(), RowChange::Insert { after: &row }, &meta).unwrap();
    let hex = "0054de85b4de0c0c3132303340370a39313740370230000c382e302e333600021673686f702e6f72646572730006166d65746156657273696f6e";
    let tail = "14706b5f756b5f696e666f247b225052494d415259223a5b226964225d7d287265616465725468726f7567686f757454696d651a31373039\
                36303532333130353000040e0469641010637573746f6d6572fa030c616d6f756e74ec03087061696402086e6f7465fa0314637265617465645f\
                61741814757064617465645f61740e0000040e02100831303031040e757466386d62340ce69d8ee99bb7060a31392e3939080402020230000c02\
                d01f0206020a02140228023c0280d30e0ade85b4de0c0000de85b4de0c";
    let found = data_encoding::HEXLOWER.encode(&found);
    let version = found.strip_prefix(hex).expect(&found).strip_suffix(&tail.replace(' ', "")).expect(&found);
    // The version: a decimal number above 0.
    let version = data_encoding::HEXLOWER.decode(version.as_bytes()).unwrap();
    let (length, digits) = version.split_first().unwrap();
    assert_eq!(usize::from(*length), digits.len() * 2);
    assert!(std::str::from_utf8(digits).unwrap().parse::<u32>().unwrap() > 0);
}

#[test]
fn kinds_of_changes() {
    let (old, new) = (row(), {
        let mut row = row();
        row[3] = Value::Int(1);
        row
    });
    let check =
        |init: bool, change: RowChange<'_, '_>, origin, operation: &str, before: bool, after: bool| {
            let meta = EventMeta { origin, ..streamed() };
            let (found, _) = message(&plan(init), &orders(), change, &meta).unwrap();
            let record = decoded(&found);
            let Avro::Enum(_, symbol) = field(&record, "operation") else { panic!("no symbol") };
            assert_eq!(symbol, operation);
            let is_there = |name| matches!(field(&record, name), Avro::Union(2, _));
            assert_eq!((is_there("beforeImages"), is_there("afterImages")), (before, after), "{operation}");
            assert_eq!(
                field(&record, "objectName"),
                &Avro::Union(1, Box::new(Avro::String("shop.orders".into())))
            );
            assert_eq!(field(&record, "safeSourcePosition"), &Avro::String("917@7".into()));
        };
    let insert = RowChange::Insert { after: &new };
    check(false, insert, Origin::Stream, "INSERT", false, true);
    check(false, insert, Origin::Snapshot, "INSERT", false, true);
    check(true, insert, Origin::Snapshot, "INIT", false, true);
    check(true, insert, Origin::Stream, "INSERT", false, true);
    let update = RowChange::Update { before: &old, after: &new };
    check(false, update, Origin::Stream, "UPDATE", true, true);
    check(false, RowChange::Delete { before: &old }, Origin::Stream, "DELETE", true, false);
}

/// What a value looks like to a client.
fn shown(value: &Avro) -> String {
    match value {
        Avro::Null => "null".into(),
        Avro::Union(_, value) => shown(value),
        Avro::Int(number) => number.to_string(),
        Avro::Long(number) => number.to_string(),
        Avro::Double(number) => format!("{number:?}"),
        Avro::String(text) => format!("\"{text}\""),
        Avro::Bytes(bytes) => format!("<{}>", data_encoding::HEXLOWER.encode(bytes)),
        Avro::Record(fields) => {
            let fields: Vec<String> = fields.iter().map(|(_, value)| shown(value)).collect();
            format!("{{{}}}", fields.join(","))
        }
        other => panic!("unexpected {other:?}"),
    }
}

/// The row of every type, a line for each column, against the page for readers.
#[test]
fn every_type_is_on_the_page() {
    let page = include_str!("../../../pipelines/dts-avro.md");
    let mut missing = Vec::new();
    for (name, ty, declared, value) in every_type() {
        let version = table(&[(name, ty, declared)], &[]);
        let row = [value];
        let (found, broken) =
            message(&plan(false), &version, RowChange::Insert { after: &row }, &streamed()).unwrap();
        assert_eq!(broken, 0, "{name}");
        let record = decoded(&found);
        let Avro::Union(2, fields) = field(&record, "fields") else { panic!("no fields") };
        let Avro::Array(fields) = fields.as_ref() else { panic!("no array") };
        let number = shown(field(&fields[0], "dataTypeNumber"));
        let Avro::Union(2, image) = field(&record, "afterImages") else { panic!("no image") };
        let Avro::Array(image) = image.as_ref() else { panic!("no array") };
        let line = format!("{declared:<18} {number:>3}  {}", shown(&image[0]));
        if !page.lines().any(|told| told == line) {
            missing.push(line);
        }
    }
    assert!(missing.is_empty(), "not in pipelines/dts-avro.md:\n{}", missing.join("\n"));
}

#[test]
fn names_with_points_and_keys_of_other_kinds() {
    let unsigned = false;
    let mut version = table(
        &[("a", ColumnType::Int { unsigned }, "int"), ("b\"", ColumnType::Int { unsigned }, "int")],
        &[],
    );
    version.unique_keys = vec![vec![1]];
    let row = [Value::Int(1), Value::Int(2)];
    let (found, _) = message(&plan(false), &version, RowChange::Insert { after: &row }, &streamed()).unwrap();
    let record = decoded(&found);
    let Avro::Map(tags) = field(&record, "tags") else { panic!("no tags") };
    assert_eq!(tags["pk_uk_info"], Avro::String("{\"UNIQUE\":[\"b\\\"\"]}".into()));
    assert_eq!(tags["server_id"], Avro::String("223344".into()));
    assert_eq!(tags["thread_id"], Avro::String("42".into()));
    assert_eq!(super::without_point("a.b"), "a\\u002Eb");
}

/// As the sample of the service's own BEGIN has it: no object, no columns, no images.
#[test]
fn the_ends_of_a_transaction_to_the_byte() {
    let transaction =
        TransactionInfo { gtid: "u:23".into(), ..TransactionInfo::place("mysql-bin.000007".into(), 917) };
    let meta = EventMeta { transaction: &transaction, offset: 917, ..streamed() };
    let check = |boundary, meta: &EventMeta<'_>, expected: &str| {
        let mut bytes = Vec::new();
        write_boundary(boundary, meta, 1, &mut bytes);
        assert_eq!(data_encoding::HEXLOWER.encode(&bytes), expected.replace(' ', ""));
        assert!(bytes.len() > 48, "clients drop shorter ones");
        let record = decoded(&bytes);
        for name in ["objectName", "fields", "beforeImages", "afterImages"] {
            assert_eq!(field(&record, name), &Avro::Union(0, Box::new(Avro::Null)), "{name}");
        }
    };
    let head = "00 02 de85b4de0c";
    let source = "0230 00 0c382e302e3336";
    let now = "28 7265616465725468726f7567686f757454696d65 1a 31373039363035323331303530";
    let gtid = "08 47544944 08 753a3233";
    check(
        Boundary::Begin,
        &meta,
        &format!(
            "{head} 0a39313740 37 0a3931374037 {source} 08 00 00 04 {now} {gtid} 00 00 00 00 de85b4de0c"
        ),
    );
    let writer = TransactionInfo { thread_id: Some(9), gtid: String::new(), ..transaction.clone() };
    check(
        Boundary::Commit,
        &EventMeta { transaction: &writer, offset: 1_203, ..meta },
        &format!(
            "{head} 0c313230334037 0a3931374037 {source} 0a 00 00 04 {now} 12 7468726561645f6964 02 39 00 00 00 00 de85b4de0c"
        ),
    );
}

#[test]
fn a_heartbeat() {
    let mut bytes = Vec::new();
    super::write_heartbeat(&streamed(), 1, &mut bytes);
    // A client drops records of 48 bytes and less.
    assert_eq!(bytes.len(), 78);
    let record = decoded(&bytes);
    let Avro::Enum(_, symbol) = field(&record, "operation") else { panic!("no symbol") };
    assert_eq!(symbol, "HEARTBEAT");
    assert_eq!(field(&record, "bornTimestamp"), &Avro::Long(1_709_605_231));
}

/// Text goes as it is stored only where clients read it as we do; what is none becomes U+FFFD as in other formats, or its row is
/// not sent.
#[test]
fn text_is_validated() {
    let check = |charset: &str, bytes: &[u8], name: &str, told: &[u8], broken: usize| {
        let column = &table(&[("t", ColumnType::VarChar(text(charset)), "varchar(20)")], &[]).columns[0];
        let (cell, mut out, mut scratch) = (DtsCell::new(column).unwrap(), Vec::new(), Scratch::new());
        assert_eq!(cell.write(&Value::Text(bytes), &mut scratch, &mut out), Ok(broken));
        let mut expected = vec![4];
        push_bytes(name.as_bytes(), &mut expected);
        push_bytes(told, &mut expected);
        assert_eq!(out, expected, "{charset} {bytes:x?}");
        let refused = cell.write(&Value::Text(bytes), &mut Scratch::strict(), &mut out);
        assert_eq!(refused.is_err(), broken > 0, "{charset} {bytes:x?}");
    };
    check("utf8mb4", "é".as_bytes(), "utf8mb4", "é".as_bytes(), 0);
    check("utf8mb4", b"a\xff", "utf8mb4", "a\u{fffd}".as_bytes(), 1);
    check("utf8mb3", "é".as_bytes(), "utf8", "é".as_bytes(), 0);
    check("utf8mb3", b"\xc3", "utf8mb4", "\u{fffd}".as_bytes(), 1);
    check("ascii", b"a", "ascii", b"a", 0);
    check("ascii", b"a\xff", "utf8mb4", "a\u{fffd}".as_bytes(), 1);
    check("ascii", "é".as_bytes(), "utf8mb4", "é".as_bytes(), 0);
    check("gbk", b"a\xd6\xd0", "gbk", b"a\xd6\xd0", 0);
    check("gbk", b"a\xc0", "utf8mb4", "a\u{fffd}".as_bytes(), 1);
    // Java reads these as characters for private use, and one as another sign
    check("gbk", b"\xd6\xd0\xa9\x89", "utf8mb4", "中\u{303e}".as_bytes(), 0);
    check("gbk", b"\xfe\x50", "utf8mb4", "\u{2e81}".as_bytes(), 0);
    check("gbk", b"\xa8\x92", "utf8mb4", "\u{2295}".as_bytes(), 0);
    check("gbk", b"\xa8\xbc", "utf8mb4", "\u{1e3f}".as_bytes(), 0);
    check("gbk", b"\xa6\xf3", "utf8mb4", "\u{fe19}".as_bytes(), 0);
    check("gbk", b"\xfe\xa0", "utf8mb4", "\u{9fbb}".as_bytes(), 0);
    check("gbk", b"\xd6\xa9\x89\x40", "gbk", b"\xd6\xa9\x89\x40", 0);
}

/// What an INSERT IGNORE leaves in a geometry is null, which counts as something else in its place.
#[test]
fn an_empty_geometry_is_null_or_not_sent() {
    let column = &table(&[("g", ColumnType::Geometry, "geometry")], &[]).columns[0];
    let (cell, mut out) = (DtsCell::new(column).unwrap(), Vec::new());
    let mut scratch = Scratch::new();
    cell.write(&Value::Geometry(b""), &mut scratch, &mut out).unwrap();
    assert_eq!((out.as_slice(), scratch.take_mapped().geometries), (&[0][..], 1));
    let refused = cell.write(&Value::Geometry(b""), &mut Scratch::strict(), &mut out);
    assert!(matches!(refused, Err(FormatError::Unsaid { .. })), "{refused:?}");
}
