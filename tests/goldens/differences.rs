//! Two sequences of messages, and a list of what may differ.
//!
//! A list is text: a line `# REASON`, then the differences that have it, each `TABLE/FIELD: ROWS`. `*` is every table; of rows
//! there stand what happened and the key (`c101`, the second of its kind `c101#2`), or `all` for every message in which one of both
//! has the field, `load` and `stream` for those of the load or of the log.

use super::LOADED_ANEW;
use super::said::Said;
use std::collections::{BTreeMap, BTreeSet};

/// A difference: table, field, row.
type Place = (String, String, String);

/// Compares, with the list and with the page that must give its reasons.
#[track_caller]
pub(super) fn check(theirs: Vec<Said>, ours: Vec<Said>, list: &str, page: &str) {
    let anew = |said: &Said| said.kind == 'r' && LOADED_ANEW.contains(&said.table.as_str());
    let ours = ours.into_iter().filter(|said| !anew(said)).collect();
    let (found, comparable) = compare(&numbered(theirs), &numbered(ours));
    let found = folded(&found, &comparable);
    let mut listed = BTreeMap::new();
    let mut reason = "";
    let mut wrong = Vec::new();
    for line in list.lines().filter(|line| !line.is_empty()) {
        if let Some(text) = line.strip_prefix("# ") {
            reason = text;
            if !page.contains(reason) {
                wrong.push(format!("the page does not say: {reason}"));
            }
            continue;
        }
        let (field, rows) = line.rsplit_once(": ").expect("a field and rows");
        let rows: BTreeSet<&str> = rows.split(' ').collect();
        if listed.insert(field, rows).is_some() {
            wrong.push(format!("listed twice: {field}"));
        }
        assert!(!reason.is_empty(), "{field} has no reason");
    }
    for (field, (rows, example)) in &found {
        let known = listed.remove(field.as_str()).unwrap_or_default();
        let rows: BTreeSet<&str> = rows.iter().map(String::as_str).collect();
        let new: Vec<&str> = rows.difference(&known).copied().collect();
        if !new.is_empty() {
            wrong.push(format!("not listed\n{field}: {}\n{example}", new.join(" ")));
        }
        let gone: Vec<&str> = known.difference(&rows).copied().collect();
        if !gone.is_empty() {
            wrong.push(format!("no difference any more\n{field}: {}", gone.join(" ")));
        }
    }
    for (field, rows) in listed {
        wrong.push(format!("no difference any more\n{field}: {}", Vec::from_iter(rows).join(" ")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Messages by table and row; the second about the same row has a number.
fn numbered(said: Vec<Said>) -> BTreeMap<(String, String), Said> {
    let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
    said.into_iter()
        .map(|said| {
            let row = format!("{}{}", said.kind, said.row);
            let n = seen.entry((said.table.clone(), row.clone())).or_default();
            *n += 1;
            let row = if *n > 1 { format!("{row}#{n}") } else { row };
            ((said.table.clone(), row), said)
        })
        .collect()
}

/// All differences with an example each, and all places at which there was something to compare.
fn compare(
    theirs: &BTreeMap<(String, String), Said>,
    ours: &BTreeMap<(String, String), Said>,
) -> (BTreeMap<Place, String>, BTreeSet<Place>) {
    let (mut found, mut comparable) = (BTreeMap::new(), BTreeSet::new());
    let keys: BTreeSet<&(String, String)> = theirs.keys().chain(ours.keys()).collect();
    for key in keys {
        let (table, row) = key;
        let mut differ = |field: &str, example: String| {
            found.insert((table.clone(), field.to_owned(), row.clone()), example);
        };
        let (theirs, ours) = match (theirs.get(key), ours.get(key)) {
            (Some(theirs), Some(ours)) => (theirs, ours),
            (Some(theirs), None) => {
                differ("only theirs", format!("{theirs:?}"));
                continue;
            }
            (None, ours) => {
                differ("only ours", format!("{ours:?}"));
                continue;
            }
        };
        let paths: BTreeSet<&String> = theirs.fields.keys().chain(ours.fields.keys()).collect();
        for path in paths {
            if theirs.skipped.iter().any(|start| path.starts_with(start)) {
                continue;
            }
            comparable.insert((table.clone(), path.clone(), row.clone()));
            let (theirs, ours) = (theirs.fields.get(path), ours.fields.get(path));
            if theirs != ours {
                let shown = |text: Option<&String>| text.map_or("nothing", String::as_str).to_owned();
                differ(path, format!("  theirs {}\n  ours   {}", shown(theirs), shown(ours)));
            }
        }
    }
    (found, comparable)
}

/// Rows by `TABLE/FIELD`, with an example; what holds for every table is said once.
fn folded(
    found: &BTreeMap<Place, String>,
    comparable: &BTreeSet<Place>,
) -> BTreeMap<String, (Vec<String>, String)> {
    let mut folded: BTreeMap<String, (Vec<String>, String)> = BTreeMap::new();
    for ((table, field, row), example) in found {
        let everywhere = ["all", "load", "stream"].into_iter().find(|kind| {
            let mut tables = BTreeSet::new();
            is_of(row, kind)
                && comparable
                    .iter()
                    .filter(|(_, path, row)| path == field && is_of(row, kind))
                    .inspect(|(table, ..)| {
                        tables.insert(table);
                    })
                    .all(|place| found.contains_key(place))
                && tables.len() > 3
        });
        let (place, row) = match everywhere {
            Some(kind) => (format!("*/{field}"), kind.to_owned()),
            None => (format!("{table}/{field}"), row.clone()),
        };
        let (rows, _) = folded.entry(place).or_insert_with(|| (Vec::new(), example.clone()));
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    folded
}

/// True when a row is among `all`, those of the `load`, or those of the `stream`.
fn is_of(row: &str, kind: &str) -> bool {
    match kind {
        "load" => row.starts_with('r'),
        "stream" => !row.starts_with('r'),
        _ => true,
    }
}
