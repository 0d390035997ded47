use crate::change::sample::streamed;
use crate::change::{EventMeta, Origin, RowChange};
use crate::format::sample::{every_type, key_of, message, table};
use crate::format::{FormatPlan, MaxwellOptions};
use crate::mysql::column_type::ColumnType;
use crate::mysql::schema::TableVersion;
use crate::mysql::value::Value;

fn options() -> MaxwellOptions {
    MaxwellOptions { omit_nulls: false, snapshot_bootstrap: false }
}

fn two_columns() -> TableVersion {
    let unsigned = false;
    table(&[("Id", ColumnType::Int { unsigned }, "int"), ("note", ColumnType::Int { unsigned }, "int")], &[0])
}

#[track_caller]
fn check(options: MaxwellOptions, change: RowChange<'_, '_>, meta: &EventMeta<'_>, expected: &str) {
    let (found, _) = message(&FormatPlan::MaxwellJson(options), &two_columns(), change, meta).unwrap();
    let head = "{\"database\":\"shop\",\"table\":\"orders\",\"type\":";
    assert_eq!(String::from_utf8(found).unwrap(), format!("{head}{expected}}}"));
}

#[test]
fn kinds_of_changes() {
    let (old, new) = ([Value::Int(7), Value::Null], [Value::Int(7), Value::Int(8)]);
    let insert = RowChange::Insert { after: &new };
    check(options(), insert, &streamed(), "\"insert\",\"ts\":1709605231,\"data\":{\"Id\":7,\"note\":8}");
    let snapshot = EventMeta { origin: Origin::Snapshot, ..streamed() };
    check(options(), insert, &snapshot, "\"insert\",\"ts\":1709605231,\"data\":{\"Id\":7,\"note\":8}");
    let bootstrap = MaxwellOptions { snapshot_bootstrap: true, ..options() };
    let told = "\"bootstrap-insert\",\"ts\":1709605231,\"data\":{\"Id\":7,\"note\":8}";
    check(bootstrap, insert, &snapshot, told);
    let update = RowChange::Update { before: &old, after: &new };
    let told = "\"update\",\"ts\":1709605231,\"data\":{\"Id\":7,\"note\":8},\"old\":{\"note\":null}";
    check(options(), update, &streamed(), told);
    let same = RowChange::Update { before: &new, after: &new };
    check(
        options(),
        same,
        &streamed(),
        "\"update\",\"ts\":1709605231,\"data\":{\"Id\":7,\"note\":8},\"old\":{}",
    );
    let delete = RowChange::Delete { before: &old };
    check(options(), delete, &streamed(), "\"delete\",\"ts\":1709605231,\"data\":{\"Id\":7,\"note\":null}");
    let omit = MaxwellOptions { omit_nulls: true, ..options() };
    check(
        omit,
        update,
        &streamed(),
        "\"update\",\"ts\":1709605231,\"data\":{\"Id\":7,\"note\":8},\"old\":{}",
    );
}

/// The row of every type, a line for each column, against the page for readers.
#[test]
fn every_type_is_on_the_page() {
    let page = include_str!("../../../pipelines/maxwell-json.md");
    let mut missing = Vec::new();
    for (name, ty, declared, value) in every_type() {
        let version = table(&[(name, ty, declared)], &[]);
        let row = [value];
        let plan = FormatPlan::MaxwellJson(options());
        let (found, broken) =
            message(&plan, &version, RowChange::Insert { after: &row }, &streamed()).unwrap();
        assert_eq!(broken, 0, "{name}");
        let found = String::from_utf8(found).unwrap();
        serde_json::from_str::<serde_json::Value>(&found).unwrap();
        let member = found.split_once("\"data\":{").unwrap().1.strip_suffix("}}").unwrap();
        let line = format!("{declared:<18} {member}");
        if !page.lines().any(|told| told == line) {
            missing.push(line);
        }
    }
    assert!(missing.is_empty(), "not in pipelines/maxwell-json.md:\n{}", missing.join("\n"));
}

#[test]
fn keys() {
    let plan = FormatPlan::MaxwellJson(options());
    let row = [Value::Int(7), Value::Null];
    let key = |columns: &[usize], origin| {
        String::from_utf8(key_of(&plan, &two_columns(), columns, origin, &row)).unwrap()
    };
    assert_eq!(key(&[0], None), "{\"database\":\"shop\",\"table\":\"orders\",\"pk.id\":7}");
    let told = "{\"database\":\"shop\",\"table\":\"orders\",\"origin\":\"m.shop.orders\",\"pk.note\":null,\"pk.id\":7}";
    assert_eq!(key(&[1, 0], Some("m.shop.orders")), told);
}
