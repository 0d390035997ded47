//! Schemas of Kafka Connect as Confluent's converter puts them into Avro.
//!
//! A type that occurs again is referred to by its name. Columns carry no `default` but null: readers then put the default
//! where a row has NULL.

use super::super::super::avro_fields::{AvroField, AvroFields};
use super::super::super::avro_schema::{
    AvroSchema, check_fields, checked_name, column, decimal_attributes, optional, record, required,
};
use super::super::super::{FormatError, OutputTable};
use super::super::form::Form;
use super::super::schema::{SNAPSHOT_WORDS, allowed, connector, quoted};
use super::Cell;
use crate::mysql::position::Flavor;

/// The schema of the messages of a table.
pub(super) fn envelope(
    table: OutputTable<'_>,
    fields: &AvroFields<Cell>,
    flavor: Flavor,
) -> Result<AvroSchema, FormatError> {
    let space = namespace(table)?;
    check_fields(fields.names())?;
    let value = record(&space, "Value", &columns(fields), &called(&space, "Value", None));
    let declared = [
        optional("before", &value),
        optional("after", "\"Value\""),
        required("source", &source(flavor)),
        optional("transaction", &transaction()),
        required("op", "\"string\""),
        optional("ts_ms", "\"long\""),
        optional("ts_us", "\"long\""),
        optional("ts_ns", "\"long\""),
    ];
    let text = record(&space, "Envelope", &declared, &called(&space, "Envelope", Some(2)));
    Ok(AvroSchema { name: format!("{space}.Envelope"), text })
}

/// The schema of the keys of a table.
pub(super) fn key(
    table: OutputTable<'_>,
    fields: &AvroFields<Cell>,
    has_origin: bool,
) -> Result<AvroSchema, FormatError> {
    let space = namespace(table)?;
    let origin = has_origin.then_some("origin");
    check_fields(origin.into_iter().chain(fields.names()))?;
    let mut declared: Vec<String> = origin.map(|name| required(name, "\"string\"")).into_iter().collect();
    declared.extend(columns(fields));
    let text = record(&space, "Key", &declared, &called(&space, "Key", None));
    Ok(AvroSchema { name: format!("{space}.Key"), text })
}

/// `source.db.table`; a source may have a `-` in its name, and Avro has not.
fn namespace(table: OutputTable<'_>) -> Result<String, FormatError> {
    let (db, name) = (checked_name("database", table.db)?, checked_name("table", table.table)?);
    let source = table.source.replace('-', "_");
    Ok(format!("{}.{db}.{name}", checked_name("source", &source)?))
}

/// What Connect calls a schema.
fn called(space: &str, name: &str, version: Option<u32>) -> String {
    let version = version.map(|version| format!(",\"connect.version\":{version}")).unwrap_or_default();
    format!("{version},\"connect.name\":\"{space}.{name}\"")
}

fn source(flavor: Flavor) -> String {
    let space = format!("io.debezium.connector.{}", connector(flavor));
    let snapshot = format!(
        "{{\"name\":\"snapshot\",\"type\":[{{\"type\":\"string\",\"connect.version\":1,\
         \"connect.parameters\":{{\"allowed\":\"{SNAPSHOT_WORDS}\"}},\"connect.default\":\"false\",\
         \"connect.name\":\"io.debezium.data.Enum\"}},\"null\"],\"default\":\"false\"}}"
    );
    let fields = [
        required("version", "\"string\""),
        required("connector", "\"string\""),
        required("name", "\"string\""),
        required("ts_ms", "\"long\""),
        snapshot,
        required("db", "\"string\""),
        optional("sequence", "\"string\""),
        optional("ts_us", "\"long\""),
        optional("ts_ns", "\"long\""),
        optional("table", "\"string\""),
        required("server_id", "\"long\""),
        optional("gtid", "\"string\""),
        required("file", "\"string\""),
        required("pos", "\"long\""),
        required("row", "\"int\""),
        optional("thread", "\"long\""),
        optional("query", "\"string\""),
    ];
    record(&space, "Source", &fields, &called(&space, "Source", Some(1)))
}

fn transaction() -> String {
    let fields = [
        required("id", "\"string\""),
        required("total_order", "\"long\""),
        required("data_collection_order", "\"long\""),
    ];
    record("event", "block", &fields, &called("event", "block", Some(1)))
}

/// The columns. Records of geometries are declared by their first column.
fn columns(fields: &AvroFields<Cell>) -> Vec<String> {
    let (mut point, mut geometry) = (false, false);
    let declare = |field: &AvroField<Cell>| {
        let ty = match &field.cell.form {
            Form::Point if std::mem::replace(&mut point, true) => format!("\"{GEOMETRIES}.Point\""),
            Form::Geometry if std::mem::replace(&mut geometry, true) => format!("\"{GEOMETRIES}.Geometry\""),
            form => declared(form),
        };
        column(&field.name, &ty, field.cell.may_be_null)
    };
    fields.columns.iter().map(declare).collect()
}

const GEOMETRIES: &str = "io.debezium.data.geometry";

fn declared(form: &Form) -> String {
    let named = |name: &str| format!("\"connect.version\":1,\"connect.name\":\"{name}\"");
    let plain = |ty: &str, name: &str| format!("{{\"type\":\"{ty}\",{}}}", named(name));
    let with = |ty: &str, name: &str, parameter: &str, value: &str| {
        format!(
            "{{\"type\":\"{ty}\",\"connect.version\":1,\"connect.parameters\":{{\"{parameter}\":{}}},\
             \"connect.name\":\"{name}\"}}",
            quoted(value)
        )
    };
    match form {
        Form::Int16 => "{\"type\":\"int\",\"connect.type\":\"int16\"}".into(),
        Form::Int32 => "\"int\"".into(),
        Form::Int64 => "\"long\"".into(),
        Form::Boolean => "\"boolean\"".into(),
        Form::Bits { bits } => with("bytes", "io.debezium.data.Bits", "length", &bits.to_string()),
        Form::Float => "\"float\"".into(),
        Form::Double | Form::DecimalDouble => "\"double\"".into(),
        Form::DecimalText | Form::Text(_) | Form::PlainText | Form::BytesText(_) => "\"string\"".into(),
        &Form::Decimal { precision, scale, .. } => format!(
            "{{{},\"connect.version\":1,\"connect.parameters\":{{\"scale\":\"{scale}\",\
             \"connect.decimal.precision\":\"{precision}\"}},\
             \"connect.name\":\"org.apache.kafka.connect.data.Decimal\",\"logicalType\":\"decimal\"}}",
            decimal_attributes(precision, scale)
        ),
        Form::Year => plain("int", "io.debezium.time.Year"),
        Form::Date => plain("int", "io.debezium.time.Date"),
        Form::MicroTime => plain("long", "io.debezium.time.MicroTime"),
        Form::Timestamp => plain("long", "io.debezium.time.Timestamp"),
        Form::MicroTimestamp => plain("long", "io.debezium.time.MicroTimestamp"),
        Form::ZonedTimestamp => plain("string", "io.debezium.time.ZonedTimestamp"),
        Form::Bytes => "\"bytes\"".into(),
        Form::Enum(labels) => with("string", "io.debezium.data.Enum", "allowed", &allowed(labels)),
        Form::EnumSet(labels) => with("string", "io.debezium.data.EnumSet", "allowed", &allowed(labels)),
        Form::Json => plain("string", "io.debezium.data.Json"),
        Form::Point => record(
            GEOMETRIES,
            "Point",
            &[
                required("x", "\"double\""),
                required("y", "\"double\""),
                optional("wkb", "\"bytes\""),
                optional("srid", "\"int\""),
            ],
            &format!(",\"connect.doc\":\"Geometry (POINT)\"{}", called(GEOMETRIES, "Point", Some(1))),
        ),
        Form::Geometry => record(
            GEOMETRIES,
            "Geometry",
            &[required("wkb", "\"bytes\""), optional("srid", "\"int\"")],
            &format!(",\"connect.doc\":\"Geometry\"{}", called(GEOMETRIES, "Geometry", Some(1))),
        ),
        Form::FloatVector => {
            format!("{{\"type\":\"array\",\"items\":\"float\",{}}}", named("io.debezium.data.FloatVector"))
        }
    }
}
