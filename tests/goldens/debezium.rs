//! `debezium-json` against Debezium 3.6.1, without and with schemas.

use super::json::{items, member, members};
use super::said::{Said, kind_of, names};
use super::{LOADED_ANEW, differences, written};
use std::collections::BTreeSet;

const THEIRS: &str = include_str!("../format/debezium/messages.jsonl");
const THEIR_SCHEMAS: &str = include_str!("../format/debezium/schemas.jsonl");
const LIST: &str = include_str!("../format/debezium/differences.txt");
const SCHEMA_LIST: &str = include_str!("../format/debezium/schema-differences.txt");
const PAGE: &str = include_str!("../../pipelines/debezium-json.md");

/// Another one in every run.
const CHANGING: &[&str] = &["ts_ms", "ts_us", "ts_ns", "gtid", "file", "pos", "thread", "server_id"];

#[test]
fn what_debezium_wrote() {
    let theirs = THEIRS.lines().map(|line| {
        let text = |name| -> Option<String> {
            serde_json::from_str(member(line, name).expect("every line has it")).expect("text or null")
        };
        (text("key"), text("value"), member(line, "headers").unwrap_or("[]").to_owned())
    });
    let ours = written("debezium").iter().map(|record| {
        let text =
            |bytes: &Option<Vec<u8>>| bytes.as_deref().map(|it| String::from_utf8_lossy(it).into_owned());
        (text(&record.key), text(&record.value), "[]".to_owned())
    });
    differences::check(said_by(theirs), said_by(ours), LIST, PAGE);
}

/// What messages say; a tombstone is about the row of the message before it.
fn said_by(records: impl Iterator<Item = (Option<String>, Option<String>, String)>) -> Vec<Said> {
    let mut all: Vec<Said> = Vec::new();
    for (key, value, headers) in records {
        let mut said = match value {
            Some(value) => of_row(&value),
            None => {
                let deleted = all.last().expect("a tombstone follows a delete");
                assert_eq!(deleted.kind, 'd', "a tombstone follows a delete: {deleted:?}");
                Said { kind: 't', fields: Default::default(), ..deleted.clone() }
            }
        };
        said.object("key", key.as_deref().unwrap_or("null"), &[]);
        for header in items(&headers) {
            let [name, value] = items(header)[..] else { panic!("a header is a name and a value") };
            said.field(&format!("header.{}", name.trim_matches('"')), value);
        }
        all.push(said);
    }
    all
}

fn of_row(message: &str) -> Said {
    let part = |name| member(message, name).expect("every message has it");
    let source = part("source");
    let table: String =
        serde_json::from_str(member(source, "table").expect("a table")).expect("a name is text");
    let op = part("op").trim_matches('"').chars().next().expect("a letter");
    let row = if op == 'd' { part("before") } else { part("after") };
    let mut said = Said::new(&table, op, row);
    let all = members(message);
    said.field("order", names(&all));
    for (name, value) in all {
        match name.as_str() {
            "before" | "after" => said.object(&name, value, &[]),
            "source" => said.object("source", value, CHANGING),
            name if CHANGING.contains(&name) => said.field(name, kind_of(value)),
            // Debezium was asked to count transactions
            "transaction" => said.field(name.as_str(), if value == "null" { "null" } else { "an object" }),
            name => said.field(name, value),
        }
    }
    said
}

/// Schemas of a table one after another, field by field.
#[test]
fn schemas_that_debezium_wrote() {
    let theirs = THEIR_SCHEMAS.lines().map(|line| {
        let part = |name| member(line, name).expect("every line has it").to_owned();
        (part("table"), part("key"), part("value"))
    });
    let ours = written("schemas").iter().filter_map(|record| {
        let value = record.value.as_deref().map(String::from_utf8_lossy)?;
        let part = |name| member(&value, name).expect("schemas are on");
        let source = member(part("payload"), "source").expect("a source");
        let table = member(source, "table").expect("a table");
        let key = record.key.as_deref().map(String::from_utf8_lossy);
        let key = key.as_deref().map_or("null", |key| member(key, "schema").expect("schemas are on"));
        if member(source, "snapshot") == Some("\"true\"") && LOADED_ANEW.contains(&table.trim_matches('"')) {
            return None;
        }
        Some((table.to_owned(), key.to_owned(), part("schema").to_owned()))
    });
    differences::check(schemas(theirs), schemas(ours), SCHEMA_LIST, PAGE);
}

fn schemas(all: impl Iterator<Item = (String, String, String)>) -> Vec<Said> {
    let mut seen = BTreeSet::new();
    let new = all.filter(|schema| seen.insert(schema.clone()));
    let said = new.map(|(table, key, value)| {
        let mut said = Said::new(
            table.trim_matches('"'),
            'c',
            "{\"id\":1,\"k1\":1,\"k2\":1,\"a\":1,\"b\":1,\"c\":1,\"v\":1,\"from\":1,\"Id\":1}",
        );
        put(&mut said, "key", &key);
        put(&mut said, "value", &value);
        said
    });
    said.collect()
}

/// Adds a schema: a struct by its fields, all else as it is.
fn put(said: &mut Said, path: &str, schema: &str) {
    let all = members(schema);
    if member(schema, "type") != Some("\"struct\"") {
        said.field(path, schema);
        return;
    }
    said.field(&format!("{path}.order"), names(&all));
    for (name, value) in all {
        if name != "fields" {
            said.field(&format!("{path}.{name}"), value);
            continue;
        }
        let fields = items(value);
        let field_name = |field: &&str| member(field, "field").expect("a name").trim_matches('"').to_owned();
        said.field(&format!("{path}.fields"), fields.iter().map(field_name).collect::<Vec<_>>().join(","));
        for field in &fields {
            put(said, &format!("{path}.{}", field_name(field)), field);
        }
    }
}
