//! Schemas of Kafka Connect as `JsonConverter` writes them, made once for a table version.
//!
//! Columns carry no `default`: readers then put the default where a row has NULL.

use super::super::OutputTable;
use super::form::Form;
use super::row::{Member, Members, push_string};
use crate::mysql::position::Flavor;

/// Words of `source.snapshot`.
pub(super) const SNAPSHOT_WORDS: &str =
    "true,first,first_in_data_collection,last_in_data_collection,last,false,incremental";

/// Parts of the schema of messages; between them stands [`connector`].
#[derive(Debug)]
pub(super) struct EnvelopeSchema {
    pub(super) to_connector: String,
    pub(super) from_connector: String,
}

/// Name of Debezium's connector for a family of servers.
pub(in super::super) fn connector(flavor: Flavor) -> &'static str {
    match flavor {
        Flavor::MySql => "mysql",
        Flavor::MariaDb => "mariadb",
    }
}

/// The schema of the messages of a table.
pub(super) fn envelope_schema(table: OutputTable<'_>, members: &Members) -> EnvelopeSchema {
    let name = table_name(table);
    let columns = columns(members);
    let value = quoted(&format!("{name}.Value"));
    let image = |field: &str| {
        format!(
            "{{\"type\":\"struct\",\"fields\":[{columns}],\"optional\":true,\"name\":{value},\"field\":\"{field}\"}}"
        )
    };
    let snapshot = format!(
        "{{\"type\":\"string\",\"optional\":true,\"name\":\"io.debezium.data.Enum\",\"version\":1,\
         \"parameters\":{{\"allowed\":\"{SNAPSHOT_WORDS}\"}},\"default\":\"false\",\"field\":\"snapshot\"}}"
    );
    let source = [
        field("string", false, "version"),
        field("string", false, "connector"),
        field("string", false, "name"),
        field("int64", false, "ts_ms"),
        snapshot,
        field("string", false, "db"),
        field("string", true, "sequence"),
        field("int64", true, "ts_us"),
        field("int64", true, "ts_ns"),
        field("string", true, "table"),
        field("int64", false, "server_id"),
        field("string", true, "gtid"),
        field("string", false, "file"),
        field("int64", false, "pos"),
        field("int32", false, "row"),
        field("int64", true, "thread"),
        field("string", true, "query"),
    ];
    let transaction = [
        field("string", false, "id"),
        field("int64", false, "total_order"),
        field("int64", false, "data_collection_order"),
    ];
    let times = ["ts_ms", "ts_us", "ts_ns"].map(|name| field("int64", true, name));
    EnvelopeSchema {
        to_connector: format!(
            "{{\"type\":\"struct\",\"fields\":[{before},{after},{{\"type\":\"struct\",\"fields\":[{source}],\
             \"optional\":false,\"name\":\"io.debezium.connector.",
            before = image("before"),
            after = image("after"),
            source = source.join(","),
        ),
        from_connector: format!(
            ".Source\",\"version\":1,\"field\":\"source\"}},{{\"type\":\"struct\",\"fields\":[{transaction}],\
             \"optional\":true,\"name\":\"event.block\",\"version\":1,\"field\":\"transaction\"}},{op},{times}],\
             \"optional\":false,\"name\":{name},\"version\":2}}",
            transaction = transaction.join(","),
            op = field("string", false, "op"),
            times = times.join(","),
            name = quoted(&format!("{name}.Envelope")),
        ),
    }
}

/// The schema of the keys of a table; `first` is a field before those of the columns.
pub(super) fn key_schema(table: OutputTable<'_>, members: &Members, first: Option<String>) -> String {
    let columns = columns(members);
    let fields = match first {
        Some(first) if columns.is_empty() => first,
        Some(first) => format!("{first},{columns}"),
        None => columns,
    };
    let name = quoted(&format!("{}.Key", table_name(table)));
    format!("{{\"type\":\"struct\",\"fields\":[{fields}],\"optional\":false,\"name\":{name}}}")
}

/// A field of a plain type.
pub(super) fn field(ty: &str, optional: bool, name: &str) -> String {
    format!("{{\"type\":\"{ty}\",\"optional\":{optional},\"field\":{}}}", quoted(name))
}

/// `source.db.table`, characters that a topic cannot have as `_`.
fn table_name(table: OutputTable<'_>) -> String {
    let name = format!("{}.{}.{}", table.source, table.db, table.table);
    let legal = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '_' };
    name.chars().map(legal).collect()
}

fn columns(members: &Members) -> String {
    members.columns.iter().map(column).collect::<Vec<_>>().join(",")
}

fn column(member: &Member) -> String {
    let optional = member.cell.may_be_null;
    let named = |name: &str| format!(",\"name\":\"{name}\",\"version\":1");
    let with = |name: &str, parameter: &str, value: &str| {
        format!("{},\"parameters\":{{\"{parameter}\":{}}}", named(name), quoted(value))
    };
    // What stands before and behind `optional`.
    let (ty, meaning) = match &member.cell.form {
        Form::Int16 => ("int16", String::new()),
        Form::Int32 => ("int32", String::new()),
        Form::Int64 => ("int64", String::new()),
        Form::Boolean => ("boolean", String::new()),
        Form::Bits { bits } => ("bytes", with("io.debezium.data.Bits", "length", &bits.to_string())),
        Form::Float => ("float", String::new()),
        Form::Double | Form::DecimalDouble => ("double", String::new()),
        Form::DecimalText | Form::Text(_) | Form::PlainText | Form::BytesText(_) => ("string", String::new()),
        Form::Decimal { precision, scale, .. } => (
            "bytes",
            format!(
                "{},\"parameters\":{{\"scale\":\"{scale}\",\"connect.decimal.precision\":\"{precision}\"}}",
                named("org.apache.kafka.connect.data.Decimal")
            ),
        ),
        Form::Year => ("int32", named("io.debezium.time.Year")),
        Form::Date => ("int32", named("io.debezium.time.Date")),
        Form::MicroTime => ("int64", named("io.debezium.time.MicroTime")),
        Form::Timestamp => ("int64", named("io.debezium.time.Timestamp")),
        Form::MicroTimestamp => ("int64", named("io.debezium.time.MicroTimestamp")),
        Form::ZonedTimestamp => ("string", named("io.debezium.time.ZonedTimestamp")),
        Form::Bytes => ("bytes", String::new()),
        Form::Enum(labels) => ("string", with("io.debezium.data.Enum", "allowed", &allowed(labels))),
        Form::EnumSet(labels) => ("string", with("io.debezium.data.EnumSet", "allowed", &allowed(labels))),
        Form::Json => ("string", named("io.debezium.data.Json")),
        Form::Point => {
            ("struct", format!("{},\"doc\":\"Geometry (POINT)\"", named("io.debezium.data.geometry.Point")))
        }
        Form::Geometry => {
            ("struct", format!("{},\"doc\":\"Geometry\"", named("io.debezium.data.geometry.Geometry")))
        }
        Form::FloatVector => ("array", named("io.debezium.data.FloatVector")),
    };
    let inside = match &member.cell.form {
        Form::Point => format!(
            ",\"fields\":[{},{},{},{}]",
            field("double", false, "x"),
            field("double", false, "y"),
            field("bytes", true, "wkb"),
            field("int32", true, "srid")
        ),
        Form::Geometry => {
            format!(",\"fields\":[{},{}]", field("bytes", false, "wkb"), field("int32", true, "srid"))
        }
        Form::FloatVector => ",\"items\":{\"type\":\"float\",\"optional\":false}".to_owned(),
        _ => String::new(),
    };
    format!(
        "{{\"type\":\"{ty}\"{inside},\"optional\":{optional}{meaning},\"field\":{}}}",
        quoted(&member.name)
    )
}

/// Labels with commas between them, and a `\` before their own.
pub(super) fn allowed(labels: &[String]) -> String {
    labels.iter().map(|label| label.replace(',', "\\,")).collect::<Vec<_>>().join(",")
}

pub(super) fn quoted(text: &str) -> String {
    let mut out = Vec::new();
    push_string(text, &mut out);
    String::from_utf8_lossy(&out).into_owned()
}
