//! The bytes of every format, against the files in `tests/format/bytes/`: for each type of a column the message of a row with
//! that column alone, JSON as text, Avro as its digits. `SNAPSHOTS=overwrite` writes them.

#[path = "../bench/formats.rs"]
mod formats;
#[path = "../bench/place.rs"]
mod place;
#[path = "../bench/types.rs"]
mod types;

use crate::snapshot;
use place::Place;
use std::fmt::Write;
use std::path::Path;
use syncc::change::RowChange;
use syncc::format::{Encoder, FormatPlan, OutputColumn, OutputTable, Registered, Scratch};
use syncc::mysql::column_type::ColumnType;
use syncc::mysql::position::Flavor;
use syncc::mysql::schema::{Column, TableName, TableVersion};
use syncc::mysql::value::Value;
use syncc::statement::FormatName;

#[test]
fn bytes_of_every_type_in_every_format() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/format/bytes");
    let mut wrong = Vec::new();
    for plan in formats::all() {
        let name = formats::name(&plan).replace(' ', "-");
        let mut lines = String::new();
        for (name, ty, declared, value) in types::columns() {
            let message = message(&plan, (name, ty, declared), &value);
            let _ = writeln!(lines, "{declared}\t{message}");
        }
        wrong.extend(snapshot::compare(lines, &folder.join(format!("{name}.txt"))).err());
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The message of an insert by the log.
fn message(plan: &FormatPlan, (name, ty, declared): (&str, ColumnType, &str), value: &Value<'_>) -> String {
    let column = Column {
        name: name.to_owned(),
        ty,
        nullable: true,
        declared: declared.to_owned(),
        hidden: false,
        collation: None,
    };
    let version = TableVersion {
        name: TableName::new("shop", "orders"),
        columns: vec![column],
        primary_key: vec![0],
        unique_keys: Vec::new(),
    };
    let columns = [OutputColumn { index: 0, name: name.to_owned() }];
    let table =
        OutputTable { source: "main", db: "shop", table: "orders", version: &version, columns: &columns };
    let registered = Registered { key: Some(1), value: Some(2), ..Registered::nowhere(Flavor::MySql) };
    let encoder = Encoder::with_schema(plan, table, registered).expect("every format has every type");
    let row = std::slice::from_ref(value);
    let mut out = Vec::new();
    let place = Place::new();
    encoder
        .encode(&RowChange::Insert { after: row }, &place.meta(), 42, &mut Scratch::new(), &mut out)
        .expect("a value of its column");
    // syncc's own version is another one one day
    let version = env!("CARGO_PKG_VERSION");
    match plan.name() {
        FormatName::DtsAvro | FormatName::DebeziumAvro | FormatName::Avro => {
            let hex = |bytes: &[u8]| data_encoding::HEXLOWER.encode(bytes);
            let framed = [&[2 * version.len() as u8], version.as_bytes()].concat();
            hex(&out).replace(&hex(&framed), "VERSION")
        }
        FormatName::CanalJson | FormatName::DebeziumJson | FormatName::MaxwellJson | FormatName::Json => {
            String::from_utf8(out).expect("JSON is UTF-8").replace(version, "VERSION")
        }
    }
}
