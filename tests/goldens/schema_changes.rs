//! Messages of schema changes against those of Canal, Maxwell and Debezium, member by member; one is found by its statement.

use super::differences;
use super::json::{items, member, members};
use super::said::{Said, kind_of, names};
use super::schema_changes_of;
use crate::support::kafka::Received;
use std::collections::BTreeMap;

const PAGE: &str = include_str!("../../pipelines/schema-changes.md");

/// Another one in every run.
const CHANGING: &[&str] =
    &["es", "id", "ts", "ts_ms", "ts_us", "ts_ns", "gtid", "file", "pos", "thread", "server_id"];

/// Most signs of a statement that name its messages in a list.
const NAME_MAX: usize = 60;

#[test]
fn canals() {
    check(
        "canal",
        include_str!("../format/canal/ddl.jsonl"),
        include_str!("../format/canal/ddl-differences.txt"),
    );
}

#[test]
fn maxwells() {
    check(
        "maxwell",
        include_str!("../format/maxwell/ddl.jsonl"),
        include_str!("../format/maxwell/ddl-differences.txt"),
    );
}

#[test]
fn debeziums() {
    check(
        "debezium",
        include_str!("../format/debezium/ddl.jsonl"),
        include_str!("../format/debezium/ddl-differences.txt"),
    );
}

#[track_caller]
fn check(pipeline: &str, theirs: &str, list: &str) {
    let text = |line: &str, name| -> Option<String> {
        serde_json::from_str(member(line, name).expect("every line has it")).expect("text or null")
    };
    let theirs = theirs
        .lines()
        .map(|line| said(text(line, "key"), &text(line, "value").expect("a message")))
        .collect();
    let of = |record: &Received| {
        let key = record.key.as_deref().map(|key| String::from_utf8_lossy(key).into_owned());
        said(key, &record.text())
    };
    let ours = schema_changes_of(pipeline).iter().map(of).collect();
    differences::check(theirs, ours, list, PAGE);
}

fn said(key: Option<String>, message: &str) -> Said {
    let statement = member(message, "sql").or(member(message, "ddl")).expect("a statement");
    let statement: String = serde_json::from_str(statement).expect("it is text");
    let mut said = Said {
        table: name(&statement),
        kind: 's',
        row: String::new(),
        fields: BTreeMap::new(),
        skipped: &[],
    };
    said.field("key", key.unwrap_or_else(|| "null".to_owned()));
    put(&mut said, "", message);
    said
}

/// The statement as one word, without what servers put around it.
fn name(statement: &str) -> String {
    let letters = statement.to_lowercase();
    let words: Vec<&str> = letters
        .split(|sign: char| !sign.is_alphanumeric())
        .filter(|word| !["", "generated", "by", "server", "comment", "40000"].contains(word))
        .collect();
    words.join("_").chars().take(NAME_MAX).collect()
}

/// Adds all members of an object, those inside of others by their paths, items of lists by their names or numbers.
fn put(said: &mut Said, path: &str, value: &str) {
    let all = members(value);
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    if value.starts_with('{') {
        said.field(&below("order"), names(&all));
        for (name, value) in all {
            match CHANGING.contains(&name.as_str()) {
                true => said.field(&below(&name), kind_of(value)),
                false => put(said, &below(&name), value),
            }
        }
    } else if value.starts_with('[') && value.contains('{') {
        let items = items(value);
        let named: Vec<&str> = items.iter().filter_map(|item| member(item, "name")).collect();
        if named.len() == items.len() {
            said.field(&below("items"), named.join(","));
        } else {
            said.field(&below("items"), items.len().to_string());
        }
        for (n, item) in items.iter().enumerate() {
            let name = named.get(n).map_or_else(|| n.to_string(), |name| name.trim_matches('"').to_owned());
            put(said, &below(&name), item);
        }
    } else {
        said.field(path, value);
    }
}
