//! Tables of Flink: for each column a type that holds all of its values as they are.

use super::canonical::{Canonical, is_in_calendar};
use super::message::Format;
use super::said::{Column, Table};

/// Digits of the longest decimal.
const DECIMAL_DIGITS: u32 = 38;

/// The format's name in Flink.
pub(super) fn name(format: Format) -> Option<&'static str> {
    match format {
        Format::Canal => Some("canal-json"),
        Format::DebeziumJson => Some("debezium-json"),
        Format::DebeziumSchemas => Some("debezium-json-schemas"),
        Format::DebeziumAvro => Some("debezium-avro-confluent"),
        Format::Maxwell => Some("maxwell-json"),
        Format::Avro => Some("avro-confluent"),
        Format::Json => Some("json"),
        Format::Dts => None,
    }
}

/// The table's row in Flink's SQL, without columns that no type holds. `rows` are all that it has.
pub(super) fn row_type(format: Format, table: &Table, rows: &[Vec<Canonical>]) -> String {
    let columns = table.columns.iter().enumerate().filter_map(|(n, column)| {
        let values = rows.iter().filter_map(|row| row[n].as_deref());
        let ty = type_of(format, column, values)?;
        // as the names of MySQL are quoted
        Some(format!("{} {ty}", column.quoted))
    });
    row(format, columns)
}

/// A row of these columns, and of what the format itself has beside them.
pub(super) fn row(format: Format, columns: impl IntoIterator<Item = String>) -> String {
    let own = match format {
        Format::Avro | Format::Json => &["`__op` STRING", "`__ts_ms` BIGINT", "`__deleted` BOOLEAN"][..],
        Format::Canal
        | Format::Dts
        | Format::DebeziumJson
        | Format::DebeziumSchemas
        | Format::DebeziumAvro
        | Format::Maxwell => &[],
    };
    let columns: Vec<String> = columns.into_iter().chain(own.iter().map(|own| (*own).to_owned())).collect();
    format!("ROW<{}>", columns.join(", "))
}

fn type_of<'v>(format: Format, column: &Column, mut values: impl Iterator<Item = &'v str>) -> Option<String> {
    let unsigned = column.declared.contains("unsigned");
    let debezium = format.is_debezium();
    let digits = column.digits();
    let named = match column.ty.as_str() {
        "tinyint" if !unsigned => "TINYINT",
        "tinyint" => "SMALLINT",
        "smallint" if !unsigned => "SMALLINT",
        "smallint" | "mediumint" | "year" => "INT",
        "int" if !unsigned => "INT",
        "bigint" if unsigned && !debezium => "DECIMAL(20, 0)",
        "int" | "bigint" => "BIGINT",
        "decimal" => return decimal(format, digits),
        // of declared digits, Debezium's is a double
        "float" if format == Format::DebeziumAvro && column.declared.contains('(') => "DOUBLE",
        "float" => "FLOAT",
        "double" => "DOUBLE",
        "bit" if format == Format::Avro && digits == "1" => "BOOLEAN",
        "bit" if format == Format::Avro && digits != "64" => "BIGINT",
        "bit" if !debezium => "DECIMAL(20, 0)",
        "bit" if digits == "1" => "BOOLEAN",
        "bit" => "BYTES",
        "enum" if format == Format::Canal => "INT",
        "set" if format == Format::Canal => "DECIMAL(20, 0)",
        "set" if matches!(format, Format::Maxwell | Format::Avro | Format::Json) => "ARRAY<STRING>",
        // it is printed anew
        "json" if matches!(format, Format::Maxwell | Format::Json) => return None,
        "vector" if format != Format::Canal => "ARRAY<FLOAT>",
        // dates that no calendar has are null
        "date" if format == Format::Avro => "DATE",
        // its timestamps are of milliseconds
        "time" | "datetime" | "timestamp" if format == Format::Avro => "BIGINT",
        "timestamp" if format == Format::Json && values.all(is_in_calendar) => {
            return Some(format!("TIMESTAMP_LTZ({digits})"));
        }
        "timestamp" if format == Format::Json => "STRING",
        "date" if debezium => "INT",
        "time" | "datetime" if debezium => "BIGINT",
        "timestamp" if format == Format::DebeziumAvro => "STRING",
        "timestamp" if debezium => return Some(format!("TIMESTAMP_LTZ({digits})")),
        "date" if values.all(is_in_calendar) => "DATE",
        "datetime" | "timestamp" if values.all(is_in_calendar) => {
            return Some(format!("TIMESTAMP({digits})"));
        }
        // of milliseconds of a day
        "time" if digits <= "3" && values.all(is_in_day) => return Some(format!("TIME({digits})")),
        "point" if debezium => "ROW<`x` DOUBLE, `y` DOUBLE, `wkb` BYTES, `srid` INT>",
        _ if column.is_geometry() && debezium => "ROW<`wkb` BYTES, `srid` INT>",
        _ if column.is_geometry() && matches!(format, Format::Avro | Format::Json) => {
            "ROW<`srid` BIGINT, `wkb` BYTES>"
        }
        _ if column.is_bytes() && format != Format::Canal => "BYTES",
        _ => "STRING",
    };
    Some(named.to_owned())
}

/// Beyond the longest, as it is written.
fn decimal(format: Format, digits: &str) -> Option<String> {
    let (precision, _) = digits.split_once(',').unwrap_or((digits, "0"));
    let holds = precision.parse::<u32>().expect("digits") <= DECIMAL_DIGITS;
    match format {
        _ if holds => Some(format!("DECIMAL({digits})")),
        // a number loses its zeros
        Format::Maxwell | Format::Json => None,
        Format::DebeziumAvro | Format::Avro => Some("BYTES".into()),
        _ => Some("STRING".into()),
    }
}

/// What a table has of a value: a DOUBLE that was a number of JSON has no zero below zero.
pub(super) fn held(format: Format, column: &Column, value: Canonical) -> Canonical {
    const BELOW_ZERO: u64 = 1 << 63;
    let json =
        matches!(format, Format::DebeziumJson | Format::DebeziumSchemas | Format::Maxwell | Format::Json);
    let is_zero = json && column.ty == "double" && value == Some(format!("{BELOW_ZERO:016x}"));
    if is_zero { Some(format!("{:016x}", 0)) } else { value }
}

fn is_in_day(text: &str) -> bool {
    text.len() >= 8 && text.as_bytes()[2] == b':' && text < "24"
}
