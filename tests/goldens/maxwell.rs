//! `maxwell-json` against Maxwell 1.45.

use super::json::{member, members};
use super::said::{Said, as_it_was, key_changed, kind_of, names};
use super::{differences, written};

const THEIRS: &str = include_str!("../format/maxwell/messages.jsonl");
const LIST: &str = include_str!("../format/maxwell/differences.txt");
const PAGE: &str = include_str!("../../pipelines/maxwell-json.md");

/// Another one in every run.
const CHANGING: &[&str] = &["ts", "xid"];

#[test]
fn what_maxwell_wrote() {
    let theirs = THEIRS.lines().flat_map(|line| {
        let text = |name| -> String {
            let text = member(line, name).expect("every line has it");
            serde_json::from_str(text).expect("keys and messages are text")
        };
        let (key, value) = (text("key"), text("value"));
        let table: String = name(&value);
        let (data, old) = (member(&value, "data").expect("a row"), member(&value, "old"));
        match old.filter(|old| key_changed(&table, old)) {
            Some(old) => {
                let before = as_it_was(data, old);
                let mut deleted = said(&key, &value, "\"delete\"", &before, None);
                // a record under the old key, which Maxwell does not write
                deleted.skipped = &["key."];
                vec![deleted, said(&key, &value, "\"insert\"", data, None)]
            }
            None => vec![said(&key, &value, member(&value, "type").expect("a type"), data, old)],
        }
    });
    let ours = written("maxwell").iter().map(|record| {
        let key = record.key.as_deref().map(String::from_utf8_lossy).unwrap_or("null".into());
        let value = record.text();
        let part = |name| member(&value, name);
        said(&key, &value, part("type").expect("a type"), part("data").expect("a row"), part("old"))
    });
    differences::check(theirs.collect(), ours.collect(), LIST, PAGE);
}

fn name(message: &str) -> String {
    serde_json::from_str(member(message, "table").expect("a table")).expect("a name")
}

fn said(key: &str, message: &str, ty: &str, row: &str, old: Option<&str>) -> Said {
    let kind = match ty {
        "\"bootstrap-insert\"" => 'r',
        "\"insert\"" => 'c',
        "\"update\"" => 'u',
        "\"delete\"" => 'd',
        other => panic!("a type {other}"),
    };
    let mut said = Said::new(&name(message), kind, row);
    said.object("key", key, &["_uuid"]);
    // what stands at the end of a transaction, and what only in updates, is not in every message
    let all: Vec<(String, &str)> = members(message);
    let lasting = |name: &str| !["xid", "xoffset", "commit", "old"].contains(&name);
    said.field("order", names(&all.iter().filter(|(name, _)| lasting(name)).cloned().collect::<Vec<_>>()));
    for (name, value) in all {
        match name.as_str() {
            "data" => said.object("data", row, &[]),
            "type" => said.field("type", ty),
            "old" => {}
            name if CHANGING.contains(&name) => said.field(name, kind_of(value)),
            name => said.field(name, value),
        }
    }
    if let Some(old) = old {
        said.object("old", old, &[]);
    }
    said
}
