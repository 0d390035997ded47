use crate::change::sample::streamed;
use crate::change::{EventMeta, Origin, RowChange, SourceInfo, TransactionInfo};
use crate::format::sample::{every_type, message, registered_key, registered_message, schema_of, table};
use crate::format::{DebeziumAvroOptions, FormatPlan};
use crate::mysql::column_type::ColumnType;
use crate::mysql::position::Flavor;
use crate::mysql::schema::TableVersion;
use crate::mysql::value::Value;
use crate::statement::{BigintUnsigned, BinaryForm, DecimalForm, Subject};
use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value as Avro;
use serde_json::Value as Json;

fn options() -> DebeziumAvroOptions {
    DebeziumAvroOptions {
        subject: Subject::Topic,
        compatibility: None,
        snapshot_create: false,
        bigint_unsigned: BigintUnsigned::Long,
        decimal: DecimalForm::Precise,
        binary: BinaryForm::Bytes,
    }
}

fn two_columns() -> TableVersion {
    let unsigned = false;
    let int = || ColumnType::Int { unsigned };
    let mut version = table(&[("id", int(), "int"), ("note", int(), "int")], &[0]);
    version.columns[0].nullable = false;
    version
}

/// The datum behind the frame of schema 7, as an independent library reads it, in the JSON that Connect would show.
fn decoded(schema: &str, framed: &[u8]) -> Json {
    let mut datum = framed.strip_prefix(&[0, 0, 0, 0, 7]).expect("framed");
    let schema = Schema::parse_str(schema).unwrap_or_else(|error| panic!("{error}: {schema}"));
    let value = GenericDatumReader::builder(&schema).build().unwrap().read_value(&mut datum).unwrap();
    assert!(datum.is_empty(), "{} bytes are left", datum.len());
    shown(&value)
}

fn shown(value: &Avro) -> Json {
    let base64 = |bytes: &[u8]| Json::from(data_encoding::BASE64.encode(bytes));
    match value {
        Avro::Null => Json::Null,
        Avro::Union(_, value) => shown(value),
        Avro::Boolean(value) => Json::from(*value),
        Avro::Int(number) => Json::from(*number),
        Avro::Long(number) => Json::from(*number),
        Avro::Float(number) => Json::from(*number),
        Avro::Double(number) => Json::from(*number),
        Avro::String(text) => Json::from(text.as_str()),
        Avro::Bytes(bytes) => base64(bytes),
        Avro::Decimal(number) => base64(&Vec::<u8>::try_from(number.clone()).unwrap()),
        Avro::Array(items) => items.iter().map(shown).collect(),
        Avro::Record(fields) => {
            Json::Object(fields.iter().map(|(name, value)| (name.clone(), shown(value))).collect())
        }
        other => panic!("unexpected {other:?}"),
    }
}

/// The same message as `debezium-json` has it, decimals as bytes.
fn in_json(version: &TableVersion, change: RowChange<'_, '_>, meta: &EventMeta<'_>) -> Json {
    let plan = FormatPlan::DebeziumAvro(options()).hashed();
    serde_json::from_slice(&message(&plan, version, change, meta).unwrap().0).unwrap()
}

fn written(version: &TableVersion, change: RowChange<'_, '_>, meta: &EventMeta<'_>) -> Json {
    let plan = FormatPlan::DebeziumAvro(options());
    let (found, broken) = registered_message(&plan, version, change, meta, 7).unwrap();
    assert_eq!(broken, 0);
    decoded(&schema_of(&plan, version).unwrap().text, &found)
}

/// Every kind of change and every type says in Avro what it says in JSON.
#[test]
fn the_same_as_in_json() {
    let mut columns = every_type();
    columns.push(("point2", ColumnType::Geometry, "point", Value::Geometry(crate::format::sample::POINT)));
    columns.push(("any", ColumnType::Geometry, "geometry", Value::Geometry(crate::format::sample::POINT)));
    let declared: Vec<_> = columns.iter().map(|(name, ty, text, _)| (*name, ty.clone(), *text)).collect();
    for nullable in [true, false] {
        let mut version = table(&declared, &[0]);
        let null = version.columns.iter().position(|column| column.name == "null").unwrap();
        version.columns.iter_mut().for_each(|column| column.nullable = nullable);
        version.columns[null].nullable = true;
        let row: Vec<Value<'_>> = columns.iter().map(|(.., value)| *value).collect();
        let snapshot = EventMeta { origin: Origin::Snapshot, ..streamed() };
        for (change, meta) in [
            (RowChange::Insert { after: &row }, streamed()),
            (RowChange::Insert { after: &row }, snapshot),
            (RowChange::Update { before: &row, after: &row }, streamed()),
            (RowChange::Delete { before: &row }, streamed()),
        ] {
            let (mut avro, mut json) = (written(&version, change, &meta), in_json(&version, change, &meta));
            for image in ["before", "after"] {
                // JSON has the digits that a person expects of a FLOAT, Avro its 32 bits.
                for found in [&mut avro, &mut json] {
                    if let Some(float) = found.pointer_mut(&format!("/{image}/float")) {
                        assert!((float.as_f64().unwrap() - 0.1).abs() < 1e-8);
                        *float = Json::Null;
                    }
                }
            }
            assert_eq!(avro, json);
        }
    }
}

/// As Confluent's converter writes the schema of Debezium's connector.
#[test]
fn the_schema() {
    let schema = schema_of(&FormatPlan::DebeziumAvro(options()), &two_columns()).unwrap();
    assert_eq!(schema.name, "main.shop.orders.Envelope");
    let text = schema.text.as_str();
    assert!(
        text.starts_with(
            r#"{"type":"record","name":"Envelope","namespace":"main.shop.orders","fields":[{"name":"before","type":["null",{"type":"record","name":"Value","namespace":"main.shop.orders","fields":[{"name":"id","type":"int"},{"name":"note","type":["null","int"],"default":null}],"connect.name":"main.shop.orders.Value"}],"default":null},{"name":"after","type":["null","Value"],"default":null},{"name":"source","type":{"type":"record","name":"Source","namespace":"io.debezium.connector.mysql","fields":[{"name":"version","type":"string"},"#
        ),
        "{text}"
    );
    assert!(
        text.ends_with(
            r#"{"name":"op","type":"string"},{"name":"ts_ms","type":["null","long"],"default":null},{"name":"ts_us","type":["null","long"],"default":null},{"name":"ts_ns","type":["null","long"],"default":null}],"connect.version":2,"connect.name":"main.shop.orders.Envelope"}"#
        ),
        "{text}"
    );
}

#[test]
fn rows_of_mariadb() {
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
    let (plan, version) = (FormatPlan::DebeziumAvro(options()), two_columns());
    let columns = crate::format::sample::all_columns(&version);
    let table = crate::format::OutputTable {
        source: "main",
        db: "shop",
        table: "orders",
        version: &version,
        columns: &columns,
    };
    let schema = crate::format::Encoder::schema(&plan, table, Flavor::MariaDb).unwrap().unwrap();
    let registered = crate::format::Registered { flavor: Flavor::MariaDb, key: None, value: Some(7) };
    let encoder = crate::format::Encoder::with_schema(&plan, table, registered).unwrap();
    let (row, mut out) = ([Value::Int(7), Value::Null], Vec::new());
    let change = RowChange::Insert { after: &row };
    encoder.encode(&change, &meta, 1, &mut crate::format::Scratch::new(), &mut out).unwrap();
    let found = decoded(&schema.text, &out);
    assert_eq!(found, in_json(&version, change, &meta));
    assert_eq!((found["op"].as_str(), found["source"]["connector"].as_str()), (Some("r"), Some("mariadb")));
    assert!(schema.text.contains("\"namespace\":\"io.debezium.connector.mariadb\""));
}

/// The row of every type, a line for each column, against the page for readers.
#[test]
fn every_type_is_on_the_page() {
    let page = include_str!("../../../../pipelines/debezium-avro.md");
    let mut missing = Vec::new();
    for (name, ty, declared, value) in every_type() {
        let mut version = table(&[(name, ty, declared)], &[]);
        version.columns[0].nullable = matches!(value, Value::Null);
        let row = [value];
        let found = written(&version, RowChange::Insert { after: &row }, &streamed());
        let schema = schema_of(&FormatPlan::DebeziumAvro(options()), &version).unwrap().text;
        let ty = schema.split_once(&format!("\"name\":\"{name}\",\"type\":")).unwrap().1;
        let ty = ty.split_once("}],\"connect.name\":\"main.shop.orders.Value\"").unwrap().0;
        let ty = ty.trim_end_matches(",\"default\":null");
        let line = format!("{declared:<18} {} : {ty}", found["after"][name]);
        if !page.lines().any(|told| told == line) {
            missing.push(line);
        }
    }
    assert!(missing.is_empty(), "not in pipelines/debezium-avro.md:\n{}", missing.join("\n"));
}

#[test]
fn forms_by_option() {
    let check = |options: DebeziumAvroOptions, name: &str, told: &str| {
        let (name, ty, declared, value) = every_type().into_iter().find(|column| column.0 == name).unwrap();
        let version = table(&[(name, ty, declared)], &[]);
        let (row, plan) = ([value], FormatPlan::DebeziumAvro(options));
        let (found, _) =
            registered_message(&plan, &version, RowChange::Insert { after: &row }, &streamed(), 7).unwrap();
        let found = decoded(&schema_of(&plan, &version).unwrap().text, &found);
        assert_eq!(found["after"][name].to_string(), told);
    };
    let precise = DebeziumAvroOptions { bigint_unsigned: BigintUnsigned::Precise, ..options() };
    check(precise, "ubig", "\"AP//////////\"");
    check(options(), "ubig", "-1");
    check(DebeziumAvroOptions { decimal: DecimalForm::String, ..options() }, "dec", "\"19.99\"");
    check(DebeziumAvroOptions { decimal: DecimalForm::Double, ..options() }, "dec", "19.99");
    check(DebeziumAvroOptions { binary: BinaryForm::Hex, ..options() }, "blob", "\"fbefff\"");
}

#[test]
fn keys() {
    let plan = FormatPlan::DebeziumAvro(options());
    let row = [Value::Int(1001), Value::Null];
    let (schema, found) = registered_key(&plan, &two_columns(), &[0], None, &row, 7);
    assert_eq!(
        schema.text,
        r#"{"type":"record","name":"Key","namespace":"main.shop.orders","fields":[{"name":"id","type":"int"}],"connect.name":"main.shop.orders.Key"}"#
    );
    assert_eq!(found, [0, 0, 0, 0, 7, 0xd2, 0x0f]);
    let (schema, found) = registered_key(&plan, &two_columns(), &[0], Some("a.b.c"), &row, 7);
    assert_eq!(decoded(&schema.text, &found), serde_json::json!({"origin": "a.b.c", "id": 1001}));
}
