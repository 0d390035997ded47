//! `canal-json` against Canal 1.1.9. Canal has no load, and joins the rows of a statement in one message.

use super::json::{items, member, members};
use super::said::{Said, as_it_was, key_changed, kind_of, names};
use super::{differences, written};

const THEIRS: &str = include_str!("../format/canal/messages.jsonl");
const LIST: &str = include_str!("../format/canal/differences.txt");
const PAGE: &str = include_str!("../../pipelines/canal-json.md");

/// Another one in every run.
const CHANGING: &[&str] = &["es", "id", "ts"];

#[test]
fn what_canal_wrote() {
    let theirs = THEIRS.lines().flat_map(|line| {
        let value = member(line, "value").expect("every line has a value");
        let value: String = serde_json::from_str(value).expect("a message is text");
        said(&value, true)
    });
    let ours = written("canal").iter().flat_map(|record| said(&record.text(), false));
    differences::check(theirs.collect(), ours.filter(|said| said.kind != 'r').collect(), LIST, PAGE);
}

/// What a message says of each of its rows.
fn said(message: &str, split: bool) -> Vec<Said> {
    let text = |name| member(message, name).expect("every message has it");
    let rows = items(text("data"));
    let olds = items(text("old"));
    let table: String = serde_json::from_str(text("table")).expect("a name");
    let mut all = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let last = at + 1 == rows.len();
        let old = olds.get(at).copied();
        match old.filter(|old| split && key_changed(&table, old)) {
            Some(old) => {
                all.push(one(message, &table, "\"DELETE\"", &as_it_was(row, old), None, last));
                all.push(one(message, &table, "\"INSERT\"", row, None, last));
            }
            None => all.push(one(message, &table, text("type"), row, old, last)),
        }
    }
    all
}

fn one(message: &str, table: &str, ty: &str, row: &str, old: Option<&str>, last: bool) -> Said {
    let kind = match ty {
        "\"INIT\"" => 'r',
        "\"INSERT\"" => 'c',
        "\"UPDATE\"" => 'u',
        "\"DELETE\"" => 'd',
        other => panic!("a type {other}"),
    };
    let mut said = Said::new(table, kind, row);
    let all = members(message);
    said.field("order", names(&all));
    for (name, value) in all {
        match name.as_str() {
            "data" => said.object("data", row, &[]),
            "old" => said.object("old", old.unwrap_or("null"), &[]),
            "type" => said.field("type", ty),
            name if CHANGING.contains(&name) => said.field(name, kind_of(value)),
            name => said.object(name, value, &[]),
        }
    }
    // numbers of unsigned columns depend on their values; a message of several rows has those of the last one
    if !last {
        said.skipped = &["sqlType."];
    }
    said
}
