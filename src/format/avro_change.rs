//! How two schemas of one subject differ, and whom it breaks.
//!
//! The registry decides what it takes; this finds the field that a person must look at. Only what our own schemas are made of
//! is understood: records, fields, unions with null, arrays and plain types, with names that refer to earlier records.

use serde_json::Value as Json;
use std::collections::BTreeMap;
use std::fmt;

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaChange {
    /// Full name of the record whose field it is.
    pub record: String,
    /// The field.
    pub field: String,
    /// What happened to it.
    pub kind: ChangeKind,
}

/// What happened to a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangeKind {
    /// It is new.
    Added {
        /// Readers of messages without it know what to take.
        has_default: bool,
    },
    /// It is gone.
    Removed {
        /// Readers that still want it know what to take.
        had_default: bool,
    },
    /// It has another type.
    Retyped {
        /// As it was.
        old: String,
        /// As it is.
        new: String,
        /// The new type reads what was written as the old one.
        new_reads_old: bool,
        /// The old type reads what is written as the new one.
        old_reads_new: bool,
    },
}

impl SchemaChange {
    /// True when a reader with the new schema fails at old messages (`backward` forbids it).
    pub fn breaks_backward(&self) -> bool {
        match &self.kind {
            ChangeKind::Added { has_default } => !has_default,
            ChangeKind::Removed { .. } => false,
            ChangeKind::Retyped { new_reads_old, .. } => !new_reads_old,
        }
    }

    /// True when a reader with the old schema fails at new messages (`forward` forbids it).
    pub fn breaks_forward(&self) -> bool {
        match &self.kind {
            ChangeKind::Added { .. } => false,
            ChangeKind::Removed { had_default } => !had_default,
            ChangeKind::Retyped { old_reads_new, .. } => !old_reads_new,
        }
    }
}

impl fmt::Display for SchemaChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "field `{}` of `{}` ", self.field, self.record)?;
        match &self.kind {
            ChangeKind::Added { has_default: true } => f.write_str("is new"),
            ChangeKind::Added { has_default: false } => f.write_str("is new and cannot be null"),
            ChangeKind::Removed { had_default: true } => f.write_str("is gone"),
            ChangeKind::Removed { had_default: false } => f.write_str("is gone and could not be null"),
            ChangeKind::Retyped { old, new, .. } => write!(f, "was {old} and is {new}"),
        }
    }
}

/// The differences between two schemas, those that break somebody first. None when one of them cannot be understood, or
/// they are called differently.
pub fn schema_changes(old: &str, new: &str) -> Option<Vec<SchemaChange>> {
    let (old, new) = (Records::of(old)?, Records::of(new)?);
    if old.top != new.top {
        return None;
    }
    let mut changes = Vec::new();
    for (record, now) in &new.fields {
        if let Some(before) = old.fields.get(record) {
            compare(record, before, now, &mut changes);
        }
    }
    changes.sort_by_key(|change| !(change.breaks_backward() || change.breaks_forward()));
    Some(changes)
}

fn compare(record: &str, before: &[Field], now: &[Field], changes: &mut Vec<SchemaChange>) {
    let find = |fields: &'_ [Field], name: &str| fields.iter().position(|field| field.name == name);
    let mut note = |field: &str, kind| {
        changes.push(SchemaChange { record: record.to_owned(), field: field.to_owned(), kind });
    };
    for field in now {
        match find(before, &field.name) {
            None => note(&field.name, ChangeKind::Added { has_default: field.has_default }),
            Some(at) => {
                let (old, new) = (&before[at].ty, &field.ty);
                if old != new {
                    note(
                        &field.name,
                        ChangeKind::Retyped {
                            old: old.to_string(),
                            new: new.to_string(),
                            new_reads_old: reads(new, old),
                            old_reads_new: reads(old, new),
                        },
                    );
                }
            }
        }
    }
    for field in before.iter().filter(|field| find(now, &field.name).is_none()) {
        note(&field.name, ChangeKind::Removed { had_default: field.has_default });
    }
}

/// A type as far as it matters for reading.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Ty {
    /// Null is among its values.
    nullable: bool,
    /// Name of the type, that of a record or what an array holds; a decimal with its digits.
    name: String,
}

impl fmt::Display for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.name, if self.nullable { " or null" } else { "" })
    }
}

/// Schema resolution of the specification.
fn reads(reader: &Ty, writer: &Ty) -> bool {
    let promoted = match writer.name.as_str() {
        "int" => matches!(reader.name.as_str(), "long" | "float" | "double"),
        "long" => matches!(reader.name.as_str(), "float" | "double"),
        "float" => reader.name == "double",
        "string" => reader.name == "bytes",
        "bytes" => reader.name == "string",
        _ => false,
    };
    (reader.nullable || !writer.nullable) && (reader.name == writer.name || promoted)
}

struct Field {
    name: String,
    ty: Ty,
    has_default: bool,
}

struct Records {
    top: String,
    fields: BTreeMap<String, Vec<Field>>,
}

impl Records {
    fn of(text: &str) -> Option<Records> {
        let schema: Json = serde_json::from_str(text).ok()?;
        let mut records = Records { top: String::new(), fields: BTreeMap::new() };
        records.top = records.visit(&schema, "")?.name;
        Some(records)
    }

    /// Notes the records in a type, and gives the type.
    fn visit(&mut self, ty: &Json, space: &str) -> Option<Ty> {
        let plain = |name: String| Ty { nullable: false, name };
        match ty {
            Json::String(name) => Some(plain(match name.as_str() {
                "null" | "boolean" | "int" | "long" | "float" | "double" | "bytes" | "string" => name.clone(),
                _ if name.contains('.') => name.clone(),
                _ => format!("{space}.{name}"),
            })),
            Json::Array(branches) => {
                let nullable = branches.iter().any(|branch| branch == "null");
                let mut names = Vec::new();
                for branch in branches.iter().filter(|branch| **branch != "null") {
                    names.push(self.visit(branch, space)?.name);
                }
                Some(Ty { nullable, name: names.join(" or ") })
            }
            Json::Object(object) => match object.get("type")?.as_str() {
                Some("record") => {
                    let name = object.get("name")?.as_str()?;
                    let space = object.get("namespace").and_then(Json::as_str).unwrap_or(space);
                    let full = if name.contains('.') { name.to_owned() } else { format!("{space}.{name}") };
                    let mut fields = Vec::new();
                    for field in object.get("fields")?.as_array()? {
                        fields.push(Field {
                            name: field.get("name")?.as_str()?.to_owned(),
                            ty: self.visit(field.get("type")?, space)?,
                            has_default: field.get("default").is_some(),
                        });
                    }
                    self.fields.insert(full.clone(), fields);
                    Some(plain(full))
                }
                Some("array") => {
                    Some(plain(format!("array of {}", self.visit(object.get("items")?, space)?)))
                }
                Some(name) => Some(plain(match object.get("logicalType").and_then(Json::as_str) {
                    Some("decimal") => {
                        let digits = |key| object.get(key).and_then(Json::as_u64).unwrap_or_default();
                        format!("decimal({},{})", digits("precision"), digits("scale"))
                    }
                    Some(_) | None => name.to_owned(),
                })),
                None => self.visit(object.get("type")?, space),
            },
            Json::Null | Json::Bool(_) | Json::Number(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(fields: &str) -> String {
        format!("{{\"type\":\"record\",\"name\":\"t\",\"namespace\":\"d\",\"fields\":[{fields}]}}")
    }

    #[track_caller]
    fn check(old: &str, new: &str, says: &str, backward: bool, forward: bool) {
        let changes = schema_changes(&schema(old), &schema(new)).unwrap();
        let [change] = changes.as_slice() else { panic!("{changes:?}") };
        assert_eq!(change.to_string(), says);
        assert_eq!((change.breaks_backward(), change.breaks_forward()), (backward, forward), "{says}");
    }

    #[test]
    fn what_breaks_whom() {
        const ID: &str = r#"{"name":"id","type":"int"}"#;
        let with = |field: &str| format!("{ID},{field}");
        let optional = with(r#"{"name":"n","type":["null","int"],"default":null}"#);
        let required = with(r#"{"name":"n","type":"int"}"#);
        check(ID, &optional, "field `n` of `d.t` is new", false, false);
        check(ID, &required, "field `n` of `d.t` is new and cannot be null", true, false);
        check(&optional, ID, "field `n` of `d.t` is gone", false, false);
        check(&required, ID, "field `n` of `d.t` is gone and could not be null", false, true);
        check(&required, &optional, "field `n` of `d.t` was int and is int or null", false, true);
        check(&optional, &required, "field `n` of `d.t` was int or null and is int", true, false);
        let long = with(r#"{"name":"n","type":"long"}"#);
        check(&required, &long, "field `n` of `d.t` was int and is long", false, true);
        let text = with(r#"{"name":"n","type":{"type":"string","connect.name":"x"}}"#);
        check(&long, &text, "field `n` of `d.t` was long and is string", true, true);
        let decimal = |scale| {
            with(&format!(
                r#"{{"name":"n","type":{{"type":"bytes","scale":{scale},"precision":9,"logicalType":"decimal"}}}}"#
            ))
        };
        check(
            &decimal(2),
            &decimal(3),
            "field `n` of `d.t` was decimal(9,2) and is decimal(9,3)",
            true,
            true,
        );
        assert_eq!(schema_changes(&schema(ID), &schema(ID)), Some(Vec::new()));
        assert_eq!(schema_changes(&schema(ID), "\"string\""), None);
    }

    /// A record inside that is used twice is told once, and what breaks comes first.
    #[test]
    fn records_inside() {
        let envelope = |fields: &str| {
            schema(&format!(
                r#"{{"name":"before","type":["null",{{"type":"record","name":"Value","fields":[{fields}]}}],"default":null}},{{"name":"after","type":["null","Value"],"default":null}}"#
            ))
        };
        let old = envelope(r#"{"name":"id","type":"int"}"#);
        let new = envelope(
            r#"{"name":"id","type":"int"},{"name":"a","type":["null","int"],"default":null},{"name":"b","type":"int"}"#,
        );
        let told: Vec<String> = schema_changes(&old, &new).unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            ["field `b` of `d.Value` is new and cannot be null", "field `a` of `d.Value` is new"]
        );
    }
}
