use crate::change::sample::streamed;
use crate::change::{EventMeta, Origin, RowChange};
use crate::format::sample::{every_type, registered_key, registered_message, schema_of, table, text};
use crate::format::{AvroOptions, FormatError, FormatPlan, schema_changes};
use crate::mysql::column_type::ColumnType;
use crate::mysql::schema::TableVersion;
use crate::mysql::value::{Date, DateTime, Value};
use crate::statement::{BigintUnsigned, DecimalForm, EnumForm, Subject};
use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value as Avro;

fn options() -> AvroOptions {
    AvroOptions {
        subject: Subject::Topic,
        compatibility: None,
        bigint_unsigned: BigintUnsigned::Decimal,
        decimal: DecimalForm::Decimal,
        enum_form: EnumForm::Label,
    }
}

fn two_columns() -> TableVersion {
    let unsigned = false;
    let int = || ColumnType::Int { unsigned };
    let mut version = table(&[("id", int(), "int"), ("note", int(), "int")], &[0]);
    version.columns[0].nullable = false;
    version
}

/// The datum behind the frame of schema 7, as an independent library reads it.
fn decoded(schema: &str, framed: &[u8]) -> Avro {
    let mut datum = framed.strip_prefix(&[0, 0, 0, 0, 7]).expect("framed");
    let schema = Schema::parse_str(schema).unwrap_or_else(|error| panic!("{error}: {schema}"));
    let value = GenericDatumReader::builder(&schema).build().unwrap().read_value(&mut datum).unwrap();
    assert!(datum.is_empty(), "{} bytes are left", datum.len());
    value
}

fn written(
    options: &AvroOptions,
    version: &TableVersion,
    change: RowChange<'_, '_>,
    meta: &EventMeta<'_>,
) -> Avro {
    let plan = FormatPlan::Avro(options.clone());
    let (found, broken) = registered_message(&plan, version, change, meta, 7).unwrap();
    assert_eq!(broken, 0);
    decoded(&schema_of(&plan, version).unwrap().text, &found)
}

/// What a value looks like to a reader.
fn shown(value: &Avro) -> String {
    match value {
        Avro::Null => "null".into(),
        Avro::Union(_, value) => shown(value),
        Avro::Boolean(value) => value.to_string(),
        Avro::Int(number) | Avro::Date(number) => number.to_string(),
        Avro::Long(number) | Avro::TimestampMicros(number) | Avro::LocalTimestampMicros(number) => {
            number.to_string()
        }
        Avro::Float(number) => format!("{number:?}"),
        Avro::Double(number) => format!("{number:?}"),
        Avro::Uuid(uuid) => format!("\"{uuid}\""),
        Avro::String(text) => format!("\"{text}\""),
        Avro::Bytes(bytes) => format!("<{}>", data_encoding::HEXLOWER.encode(bytes)),
        Avro::Decimal(number) => {
            let bytes = Vec::<u8>::try_from(number.clone()).unwrap();
            format!("<{}>", data_encoding::HEXLOWER.encode(&bytes))
        }
        Avro::Array(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(",")),
        Avro::Record(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, value)| format!("{name}={}", shown(value))).collect();
            format!("{{{}}}", fields.join(","))
        }
        other => panic!("unexpected {other:?}"),
    }
}

#[test]
fn kinds_of_changes() {
    let (old, new) = ([Value::Int(7), Value::Null], [Value::Int(7), Value::Int(8)]);
    let check = |change, meta: &EventMeta<'_>, told: &str| {
        let told = format!("{{id=7,{told}}}").replace('T', "1709605231000");
        assert_eq!(shown(&written(&options(), &two_columns(), change, meta)), told);
    };
    let insert = RowChange::Insert { after: &new };
    check(insert, &streamed(), "note=8,__op=\"c\",__ts_ms=T,__deleted=false");
    let snapshot = EventMeta { origin: Origin::Snapshot, ..streamed() };
    check(insert, &snapshot, "note=8,__op=\"r\",__ts_ms=T,__deleted=false");
    let update = RowChange::Update { before: &old, after: &new };
    check(update, &streamed(), "note=8,__op=\"u\",__ts_ms=T,__deleted=false");
    check(RowChange::Delete { before: &old }, &streamed(), "note=null,__op=\"d\",__ts_ms=T,__deleted=true");
}

#[test]
fn the_schema_and_its_message_to_the_byte() {
    let plan = FormatPlan::Avro(options());
    let schema = schema_of(&plan, &two_columns()).unwrap();
    assert_eq!(schema.name, "shop.orders");
    assert_eq!(
        schema.text,
        r#"{"type":"record","name":"orders","namespace":"shop","fields":[{"name":"id","type":"int"},{"name":"note","type":["null","int"],"default":null},{"name":"__op","type":"string"},{"name":"__ts_ms","type":"long"},{"name":"__deleted","type":"boolean"}]}"#
    );
    let row = [Value::Int(1001), Value::Null];
    let change = RowChange::Insert { after: &row };
    let (found, _) = registered_message(&plan, &two_columns(), change, &streamed(), 0x0102_0304).unwrap();
    let told = [0, 1, 2, 3, 4, 0xd2, 0x0f, 0, 2, b'c', 0xb0, 0xe6, 0xcc, 0xc6, 0xc1, 0x63, 0];
    assert_eq!(found, told);
}

/// The row of every type, a line for each column, against the page for readers.
#[test]
fn every_type_is_on_the_page() {
    let page = include_str!("../../../pipelines/avro.md");
    let mut missing = Vec::new();
    for (name, ty, declared, value) in every_type() {
        let mut version = table(&[(name, ty, declared)], &[]);
        version.columns[0].nullable = matches!(value, Value::Null);
        let row = [value];
        let insert = RowChange::Insert { after: &row };
        let Avro::Record(fields) = written(&options(), &version, insert, &streamed()) else {
            panic!("no record")
        };
        let schema = schema_of(&FormatPlan::Avro(options()), &version).unwrap().text;
        let ty = schema.split_once(&format!("\"name\":\"{name}\",\"type\":")).unwrap().1;
        let ty = ty.split_once(",{\"name\":\"__op\"").unwrap().0.strip_suffix('}').unwrap();
        let ty = ty.trim_end_matches(",\"default\":null");
        let line = format!("{declared:<18} {} : {ty}", shown(&fields[0].1));
        if !page.lines().any(|told| told == line) {
            missing.push(line);
        }
    }
    assert!(missing.is_empty(), "not in pipelines/avro.md:\n{}", missing.join("\n"));
}

/// All types in one row: names of records inside are declared once, and every byte is read.
#[test]
fn every_type_in_one_row() {
    for nullable in [false, true] {
        let mut columns = every_type();
        columns.retain(|(name, ..)| nullable || *name != "null");
        columns.push((
            "point2",
            ColumnType::Geometry,
            "point",
            Value::Geometry(crate::format::sample::POINT),
        ));
        let declared: Vec<_> = columns.iter().map(|(name, ty, text, _)| (*name, ty.clone(), *text)).collect();
        let mut version = table(&declared, &[0]);
        version.columns.iter_mut().for_each(|column| column.nullable = nullable);
        let row: Vec<Value<'_>> = columns.into_iter().map(|(.., value)| value).collect();
        for change in [RowChange::Insert { after: &row }, RowChange::Delete { before: &row }] {
            written(&options(), &version, change, &streamed());
        }
    }
}

#[test]
fn forms_by_option() {
    let other = AvroOptions {
        bigint_unsigned: BigintUnsigned::String,
        decimal: DecimalForm::String,
        enum_form: EnumForm::Index,
        ..options()
    };
    let long = AvroOptions { bigint_unsigned: BigintUnsigned::Long, ..options() };
    for (options, name, told) in [
        (&other, "ubig", "\"18446744073709551615\""),
        (&other, "dec", "\"19.99\""),
        (&other, "enum", "2"),
        (&other, "noenum", "0"),
        (&other, "set", "5"),
        (&long, "ubig", "-1"),
    ] {
        let (name, ty, declared, value) = every_type().into_iter().find(|column| column.0 == name).unwrap();
        let version = table(&[(name, ty, declared)], &[]);
        let row = [value];
        let found = written(options, &version, RowChange::Insert { after: &row }, &streamed());
        assert!(shown(&found).starts_with(&format!("{{{name}={told},")), "{}", shown(&found));
    }
}

/// A bit field of 64 bits is a number without a sign as BIGINT UNSIGNED is, shorter ones fit.
#[test]
fn bits() {
    for (bits, value, told) in [(2, 3, "3"), (63, u64::MAX >> 1, "9223372036854775807")] {
        let version = table(&[("b", ColumnType::Bit { bits }, "bit")], &[]);
        let row = [Value::Bit(value)];
        let found = written(&options(), &version, RowChange::Insert { after: &row }, &streamed());
        assert!(shown(&found).starts_with(&format!("{{b={told},")), "{}", shown(&found));
    }
    let version = table(&[("b", ColumnType::Bit { bits: 64 }, "bit(64)")], &[]);
    let row = [Value::Bit(u64::MAX)];
    let found = written(&options(), &version, RowChange::Insert { after: &row }, &streamed());
    assert!(shown(&found).starts_with("{b=<00ffffffffffffffff>,"), "{}", shown(&found));
}

/// What Avro has no place for is null, also where the column cannot be NULL; a NULL there is a mistake.
#[test]
fn values_without_a_place() {
    let date = Date { year: 2024, month: 2, day: 30 };
    let at = DateTime { date, hour: 1, minute: 2, second: 3, micros: 0, fsp: 0 };
    for (ty, declared, value) in [
        (ColumnType::Date, "date", Value::Date(date)),
        (ColumnType::DateTime { fsp: 0 }, "datetime", Value::DateTime(at)),
        (ColumnType::Geometry, "geometry", Value::Geometry(b"")),
    ] {
        let mut version = table(&[("a", ty, declared)], &[]);
        version.columns[0].nullable = false;
        let row = [value];
        let found = written(&options(), &version, RowChange::Insert { after: &row }, &streamed());
        assert!(shown(&found).starts_with("{a=null,"), "{declared}");
    }
    let row = [Value::Null, Value::Null];
    let plan = FormatPlan::Avro(options());
    let found = registered_message(&plan, &two_columns(), RowChange::Insert { after: &row }, &streamed(), 7);
    assert_eq!(found.unwrap_err().to_string(), "column `id` holds NULL, which it cannot hold");
}

#[test]
fn keys() {
    let plan = FormatPlan::Avro(options());
    let row = [Value::Int(1001), Value::Null];
    let (schema, found) = registered_key(&plan, &two_columns(), &[0], None, &row, 7);
    assert_eq!(schema.name, "shop.orders.Key");
    assert_eq!(found, [0, 0, 0, 0, 7, 0xd2, 0x0f]);
    assert_eq!(shown(&decoded(&schema.text, &found)), "{id=1001}");
    let (schema, found) = registered_key(&plan, &two_columns(), &[1, 0], Some("a.b.c"), &row, 7);
    assert_eq!(shown(&decoded(&schema.text, &found)), "{origin=\"a.b.c\",note=null,id=1001}");
}

#[test]
fn names_that_avro_does_not_take() {
    let plan = FormatPlan::Avro(options());
    let check = |column: &str, error: FormatError| {
        let mut version = two_columns();
        version.columns[1].name = column.to_owned();
        assert_eq!(schema_of(&plan, &version), Err(error));
    };
    let refused = |name: &str| FormatError::AvroName { what: "column", name: name.into() };
    check("order note", refused("order note"));
    check("2nd", refused("2nd"));
    check("", refused(""));
    check("__op", FormatError::FieldTwice { name: "__op".into() });
    check("id", FormatError::FieldTwice { name: "id".into() });
}

/// The rules of growth: what ALTER TABLE makes of a schema, and whom it breaks.
#[test]
fn growth() {
    let plan = FormatPlan::Avro(options());
    let of = |version: &TableVersion| schema_of(&plan, version).unwrap().text;
    let breaks = |new: &TableVersion| -> Vec<(String, bool, bool)> {
        let changes = schema_changes(&of(&two_columns()), &of(new)).unwrap();
        changes
            .iter()
            .map(|change| (change.to_string(), change.breaks_backward(), change.breaks_forward()))
            .collect()
    };
    let told = |text: &str, backward, forward| vec![(text.to_owned(), backward, forward)];
    let mut longer = two_columns();
    let mut column = longer.columns[1].clone();
    column.name = "qty".into();
    longer.columns.push(column);
    assert_eq!(breaks(&longer), told("field `qty` of `shop.orders` is new", false, false));
    longer.columns[2].nullable = false;
    assert_eq!(breaks(&longer), told("field `qty` of `shop.orders` is new and cannot be null", true, false));
    let mut shorter = two_columns();
    shorter.columns.pop();
    assert_eq!(breaks(&shorter), told("field `note` of `shop.orders` is gone", false, false));
    let mut wider = two_columns();
    wider.columns[0].ty = ColumnType::BigInt { unsigned: false };
    assert_eq!(breaks(&wider), told("field `id` of `shop.orders` was int and is long", false, true));
    let mut other = two_columns();
    other.columns[0].ty = ColumnType::VarChar(text("utf8mb4"));
    assert_eq!(breaks(&other), told("field `id` of `shop.orders` was int and is string", true, true));
}
