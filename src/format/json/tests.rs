use crate::change::sample::streamed;
use crate::change::{EventMeta, Origin, RowChange};
use crate::format::sample::{every_type, key_of, message, table};
use crate::format::{
    FormatError, FormatPlan, JsonOptions, KeyEncoder, MaxwellOptions, OutputColumn, OutputTable,
};
use crate::mysql::column_type::ColumnType;
use crate::mysql::schema::TableVersion;
use crate::mysql::value::Value;
use crate::statement::{BinaryForm, DecimalForm, EnumForm, KeyForm};

fn two_columns() -> TableVersion {
    let unsigned = false;
    table(&[("id", ColumnType::Int { unsigned }, "int"), ("note", ColumnType::Int { unsigned }, "int")], &[0])
}

#[track_caller]
fn check(options: JsonOptions, change: RowChange<'_, '_>, meta: &EventMeta<'_>, expected: &str) {
    let (found, _) = message(&FormatPlan::Json(options), &two_columns(), change, meta).unwrap();
    assert_eq!(String::from_utf8(found).unwrap(), expected);
}

#[test]
fn kinds_of_changes() {
    let (old, new) = ([Value::Int(7), Value::Null], [Value::Int(7), Value::Int(8)]);
    let tail = "\"__ts_ms\":1709605231000,\"__deleted\":";
    let insert = RowChange::Insert { after: &new };
    check(
        JsonOptions::plain(),
        insert,
        &streamed(),
        &format!("{{\"id\":7,\"note\":8,\"__op\":\"c\",{tail}false}}"),
    );
    let meta = EventMeta { origin: Origin::Snapshot, ..streamed() };
    check(
        JsonOptions::plain(),
        insert,
        &meta,
        &format!("{{\"id\":7,\"note\":8,\"__op\":\"r\",{tail}false}}"),
    );
    let update = RowChange::Update { before: &old, after: &new };
    check(
        JsonOptions::plain(),
        update,
        &streamed(),
        &format!("{{\"id\":7,\"note\":8,\"__op\":\"u\",{tail}false}}"),
    );
    let delete = RowChange::Delete { before: &old };
    check(
        JsonOptions::plain(),
        delete,
        &streamed(),
        &format!("{{\"id\":7,\"note\":null,\"__op\":\"d\",{tail}true}}"),
    );
    let omit = JsonOptions { omit_nulls: true, ..JsonOptions::plain() };
    check(omit.clone(), delete, &streamed(), &format!("{{\"id\":7,\"__op\":\"d\",{tail}true}}"));
    let nothing = [Value::Null, Value::Null];
    let delete = RowChange::Delete { before: &nothing };
    check(omit, delete, &streamed(), &format!("{{\"__op\":\"d\",{tail}true}}"));
}

/// A second member of one name would hide the first from readers.
#[test]
fn columns_with_the_name_of_a_member() {
    let row = [Value::Int(7), Value::Null];
    for name in ["__op", "__ts_ms", "__deleted"] {
        let mut version = two_columns();
        version.columns[1].name = name.to_owned();
        let plan = FormatPlan::Json(JsonOptions::plain());
        let refused = message(&plan, &version, RowChange::Insert { after: &row }, &streamed());
        assert_eq!(refused.map(|_| ()), Err(FormatError::FieldTwice { name: name.to_owned() }));
    }
    let mut version = two_columns();
    version.columns[0].name = "origin".to_owned();
    let columns = [OutputColumn { index: 0, name: "origin".to_owned() }];
    let table =
        OutputTable { source: "main", db: "shop", table: "orders", version: &version, columns: &columns };
    let twice = |plan: &FormatPlan| {
        let key = |origin| KeyEncoder::build(plan, Some(KeyForm::Json), table, origin).map(|_| ());
        assert_eq!(key(None), Ok(()));
        key(Some("main.shop.orders")) == Err(FormatError::FieldTwice { name: "origin".to_owned() })
    };
    assert!(twice(&FormatPlan::Json(JsonOptions::plain())));
    assert!(twice(&FormatPlan::CanalJson(Default::default())));
    // its columns have `pk.` before their names
    let maxwell = MaxwellOptions { omit_nulls: false, snapshot_bootstrap: false };
    assert!(!twice(&FormatPlan::MaxwellJson(maxwell)));
}

/// The row of every type, a line for each column, against the page for readers.
#[test]
fn every_type_is_on_the_page() {
    let page = include_str!("../../../pipelines/json.md");
    let mut missing = Vec::new();
    for (name, ty, declared, value) in every_type() {
        let version = table(&[(name, ty, declared)], &[]);
        let row = [value];
        let (found, broken) = message(
            &FormatPlan::Json(JsonOptions::plain()),
            &version,
            RowChange::Insert { after: &row },
            &streamed(),
        )
        .unwrap();
        assert_eq!(broken, 0, "{name}");
        let found = String::from_utf8(found).unwrap();
        serde_json::from_str::<serde_json::Value>(&found).unwrap();
        let member = found.strip_prefix('{').unwrap().split_once(",\"__op\"").unwrap().0;
        let line = format!("{declared:<18} {member}");
        if !page.lines().any(|told| told == line) {
            missing.push(line);
        }
    }
    assert!(missing.is_empty(), "not in pipelines/json.md:\n{}", missing.join("\n"));
}

#[test]
fn forms_by_option() {
    let options = JsonOptions {
        omit_nulls: false,
        decimal: DecimalForm::String,
        binary: BinaryForm::Hex,
        enum_form: EnumForm::Index,
    };
    for (name, expected) in [
        ("dec", "\"19.99\""),
        ("blob", "\"fbefff\""),
        ("enum", "2"),
        ("noenum", "0"),
        ("set", "5"),
        ("point", "{\"srid\":0,\"wkb\":\"010100000000000000000008400000000000000040\"}"),
    ] {
        let (name, ty, declared, value) = every_type().into_iter().find(|column| column.0 == name).unwrap();
        let version = table(&[(name, ty, declared)], &[]);
        let row = [value];
        let plan = FormatPlan::Json(options.clone());
        let (found, _) = message(&plan, &version, RowChange::Insert { after: &row }, &streamed()).unwrap();
        let found = String::from_utf8(found).unwrap();
        assert!(found.starts_with(&format!("{{\"{name}\":{expected},")), "{found}");
    }
}

#[test]
fn keys() {
    let plan = FormatPlan::Json(JsonOptions::plain());
    let row = [Value::Int(7), Value::Null];
    assert_eq!(key_of(&plan, &two_columns(), &[0], None, &row), b"{\"id\":7}");
    assert_eq!(
        key_of(&plan, &two_columns(), &[1, 0], Some("a.b.c"), &row),
        b"{\"origin\":\"a.b.c\",\"note\":null,\"id\":7}"
    );
}
