//! Columns of the model as INFORMATION_SCHEMA describes columns.

use serde_json::{Map, Value, json};
use syncc::mysql::ddl::ir::{Generated, TypeKind};
use syncc::mysql::schema::model::{Column, Wording};

/// A column by the attributes that vectors have; those that are not there are left out.
pub(super) fn shown(column: &Column, wording: Wording) -> Map<String, Value> {
    let ty = &column.ty;
    let declared = column.declared(wording);
    let data_type = declared.split(['(', ' ']).next().unwrap_or_default();
    let mut shown = Map::new();
    let mut set = |key: &str, value: Value| drop(shown.insert(key.to_owned(), value));
    set("name", json!(column.name));
    set("type", json!(normal(&declared)));
    set("data_type", json!(data_type));
    set("nullable", json!(column.nullable));
    set("unsigned", json!(ty.unsigned));
    set("zerofill", json!(ty.zerofill));
    set("auto_increment", json!(column.auto_increment));
    set("invisible", json!(column.invisible));
    if let Some(generated) = column.generated {
        let virtual_one = generated == Generated::Virtual;
        set("generated", json!(if virtual_one { "VIRTUAL" } else { "STORED" }));
    }
    if let Some(srid) = column.srid {
        set("srid", json!(srid));
    }
    if let Some(collation) = &column.collation {
        set("collation", json!(collation));
        set("charset", json!(column.charset()));
    }
    if !ty.labels.is_empty() {
        set("values", json!(ty.labels));
    }
    use TypeKind as K;
    match ty.kind {
        K::Char | K::VarChar | K::Binary | K::VarBinary => set("length", json!(ty.length)),
        K::Decimal => {
            set("precision", json!(ty.length));
            set("scale", json!(ty.scale));
        }
        K::Float | K::Double if ty.scale.is_some() => {
            set("precision", json!(ty.length));
            set("scale", json!(ty.scale));
        }
        K::Time | K::DateTime | K::Timestamp => set("fsp", json!(ty.length)),
        K::Vector => set("dimensions", json!(ty.length)),
        K::Bit => set("precision", json!(ty.length)),
        _ => {}
    }
    shown
}

/// A type without what depends on the release: widths of integers, notes for older servers.
pub(super) fn normal(column_type: &str) -> String {
    let plain = column_type.split(" /*").next().unwrap_or_default();
    for integer in ["tinyint", "smallint", "mediumint", "bigint", "int"] {
        let Some(rest) = plain.strip_prefix(integer) else { continue };
        return match rest.split_once(')') {
            Some((width, rest)) if width.starts_with('(') && !rest.contains("zerofill") => {
                format!("{integer}{rest}")
            }
            _ => plain.to_owned(),
        };
    }
    match plain {
        "year(4)" => "year".to_owned(),
        "geometrycollection" => "geomcollection".to_owned(),
        plain => plain.to_owned(),
    }
}

/// What `found` has otherwise than `expected`, which leaves out what is false or does not apply.
pub(super) fn differences(found: &Map<String, Value>, expected: &Map<String, Value>) -> Vec<String> {
    let quiet = |value: &Value| matches!(value, Value::Null | Value::Bool(false));
    let mut keys: Vec<&String> = found.keys().chain(expected.keys()).collect();
    keys.sort();
    keys.dedup();
    let mut differences = Vec::new();
    for key in keys {
        let [ours, theirs] = [found, expected].map(|side| side.get(key).cloned().unwrap_or(Value::Null));
        let theirs = match (key.as_str(), &theirs) {
            // a property of the column's keys, compared with them
            ("key", _) => continue,
            ("type", Value::String(text)) => json!(normal(text)),
            // MySQL does not tell the character set of binary labels
            ("charset" | "collation", Value::Null) if ours == json!("binary") => continue,
            // numbers that some vectors leave out
            ("precision", Value::Null) => continue,
            _ => theirs,
        };
        if ours != theirs && !(quiet(&ours) && quiet(&theirs)) {
            differences.push(format!("{key} is {ours}, not {theirs}"));
        }
    }
    differences
}
