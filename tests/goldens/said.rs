//! What a message says: its table, what happened to which row, and all its fields.

use super::json::members;
use std::collections::BTreeMap;

/// A message about a row.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) table: String,
    /// `r` a row of the load, `c` insert, `u` update, `d` delete, `t` tombstone.
    pub(super) kind: char,
    /// Which row: its key, without quotes.
    pub(super) row: String,
    /// Path and text of each field.
    pub(super) fields: BTreeMap<String, String>,
    /// Fields that cannot be compared begin with one of these.
    pub(super) skipped: &'static [&'static str],
}

/// Key columns of a table, none without a key.
pub(super) fn key_columns(table: &str) -> &'static [&'static str] {
    match table {
        "t_cpk" => &["k1", "k2", "k3"],
        "t_uk" => &["a", "c"],
        "t_nopk" | "t_uknull" => &[],
        "select" => &["from"],
        "MixedCase" => &["Id"],
        // what it has in the end
        "ddl1" => &["id", "c"],
        _ => &["id"],
    }
}

/// Columns that tell rows apart, of those that every format has the same way.
fn telling_columns(table: &str) -> &'static [&'static str] {
    match table {
        "t_nopk" | "t_uknull" => &["a", "b"],
        "t_binpk" | "t_unspk" => &["v"],
        "t_cpk" => &["k1", "k2"],
        "ddl1" => &["id"],
        table => key_columns(table),
    }
}

impl Said {
    /// A message about the row with these columns.
    pub(super) fn new(table: &str, kind: char, row: &str) -> Said {
        let columns = members(row);
        let value = |name: &&str| {
            let found = columns.iter().find(|(column, _)| column == name);
            let (_, value) = found.unwrap_or_else(|| panic!("{table} has no `{name}`: {row}"));
            value.trim_matches('"').replace(['"', ' ', '\\'], "")
        };
        let row = telling_columns(table).iter().map(value).collect::<Vec<_>>().join("/");
        Said { table: table.to_owned(), kind, row, fields: BTreeMap::new(), skipped: &[] }
    }

    /// Adds a field.
    pub(super) fn field(&mut self, path: &str, text: impl Into<String>) {
        self.fields.insert(path.to_owned(), text.into());
    }

    /// Adds the members of an object, their order, or what it is instead of one. `changing` members differ from run to run:
    /// of them only the kind is compared.
    pub(super) fn object(&mut self, path: &str, object: &str, changing: &[&str]) {
        let members = members(object);
        if !object.starts_with('{') {
            self.field(path, object);
            return;
        }
        self.field(&format!("{path}.order"), names(&members));
        for (name, value) in members {
            let text = if changing.contains(&name.as_str()) { kind_of(value) } else { value };
            self.field(&format!("{path}.{name}"), text);
        }
    }
}

/// Names of members in their order.
pub(super) fn names(members: &[(String, &str)]) -> String {
    members.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(",")
}

/// What a value is, where it is another one in every run.
pub(super) fn kind_of(value: &str) -> &str {
    match value.as_bytes().first() {
        Some(b'0'..=b'9' | b'-') => "a number",
        Some(b'"') => "text",
        _ => value,
    }
}

/// A row as `data` has it with the columns of `old` as they were.
pub(super) fn as_it_was(data: &str, old: &str) -> String {
    let old = members(old);
    let columns = members(data).into_iter().map(|(name, value)| {
        let before = old.iter().find(|(column, _)| *column == name);
        let name = serde_json::to_string(&name).expect("a name is text");
        format!("{name}:{}", before.map_or(value, |(_, before)| before))
    });
    format!("{{{}}}", columns.collect::<Vec<_>>().join(","))
}

/// True when `old` tells of another key.
pub(super) fn key_changed(table: &str, old: &str) -> bool {
    let changed = members(old);
    key_columns(table).iter().any(|key| changed.iter().any(|(name, _)| name == key))
}
