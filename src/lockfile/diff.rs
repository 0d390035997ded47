//! How two schemas of a source differ.

use super::text::{key, quoted, table_name};
use crate::catalog::{ColumnSchema, SourceSchema, TableSchema};
use crate::mysql::ident::TableNameCase;
use crate::mysql::schema::TableName;
use crate::statement::{duration_text, name_text};
use serde::Serialize;
use std::collections::BTreeSet;
use std::fmt;

/// One difference: what a server has (`to`) against what the lock file says (`from`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The statement of the lock file it is about: `table`, `column`, `primary`, …
    pub statement: &'static str,
    /// `shop.orders`, `shop.orders.status`; empty for what is about the whole server.
    pub name: String,
    /// As the lock file says it; none for what is new.
    pub from: Option<String>,
    /// As the server has it; none for what has gone.
    pub to: Option<String>,
}

/// `+` for what is new, `-` for what has gone, `~` for what has changed.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gap = if self.name.is_empty() { "" } else { " " };
        let head = format!("{}{gap}{}", self.statement, self.name);
        match (self.from.as_deref(), self.to.as_deref()) {
            (None, Some("") | None) => write!(f, "+ {head}"),
            (None, Some(to)) => write!(f, "+ {head} {to}"),
            (Some(""), None) => write!(f, "- {head}"),
            (Some(from), None) => write!(f, "- {head} {from}"),
            (Some(from), Some(to)) => write!(f, "~ {head} {from} -> {to}"),
        }
    }
}

/// The differences, tables in order of their names. Estimates of rows are none.
pub fn changes(locked: &SourceSchema, live: &SourceSchema) -> Vec<Change> {
    let mut found = Vec::new();
    let mut setting = |statement, from: Option<String>, to: Option<String>| {
        if from != to {
            found.push(Change { statement, name: String::new(), from, to });
        }
    };
    setting("server", locked.server.clone(), live.server.clone());
    setting("lower-case-table-names", Some(case(locked.case)), Some(case(live.case)));
    setting(
        "binlog-expires",
        locked.binlog_expires_ms.map(duration_text),
        live.binlog_expires_ms.map(duration_text),
    );
    let names: BTreeSet<&TableName> =
        [locked, live].into_iter().flat_map(|schema| schema.tables.keys().chain(&schema.views)).collect();
    for name in names {
        one_table(name, locked, live, &mut found);
    }
    found
}

fn one_table(name: &TableName, locked: &SourceSchema, live: &SourceSchema, found: &mut Vec<Change>) {
    let whole = |statement, from: bool, to: bool| {
        let text = |is: bool| is.then(String::new);
        (from != to).then(|| Change { statement, name: table_name(name), from: text(from), to: text(to) })
    };
    found.extend(whole("view", locked.views.contains(name), live.views.contains(name)));
    match (locked.tables.get(name), live.tables.get(name)) {
        (Some(from), Some(to)) => columns_and_keys(name, from, to, found),
        (from, to) => found.extend(whole("table", from.is_some(), to.is_some())),
    }
}

fn columns_and_keys(name: &TableName, from: &TableSchema, to: &TableSchema, found: &mut Vec<Change>) {
    let table = table_name(name);
    let text = |column: &ColumnSchema| quoted(&column.text.text());
    let of =
        |columns: &[ColumnSchema], name: &str| columns.iter().find(|column| column.name == name).map(text);
    let mut columns: Vec<&str> = Vec::new();
    for column in from.columns.iter().chain(&to.columns) {
        if !columns.contains(&column.name.as_str()) {
            columns.push(&column.name);
        }
    }
    for &column in &columns {
        let (before, after) = (of(&from.columns, column), of(&to.columns, column));
        if before != after {
            let name = format!("{table}.{}", name_text(column));
            found.push(Change { statement: "column", name, from: before, to: after });
        }
    }
    let order = |schema: &TableSchema, other: &TableSchema| -> Vec<String> {
        let in_both = |column: &&ColumnSchema| other.columns.iter().any(|other| other.name == column.name);
        schema.columns.iter().filter(in_both).map(|column| name_text(&column.name)).collect()
    };
    let (before, after) = (order(from, to), order(to, from));
    if before != after {
        let list = |names: Vec<String>| Some(names.join(", "));
        found.push(Change {
            statement: "order of columns",
            name: table.clone(),
            from: list(before),
            to: list(after),
        });
    }
    let primary =
        |schema: &TableSchema| (!schema.primary_key.is_empty()).then(|| key(schema, &schema.primary_key));
    let (before, after) = (primary(from), primary(to));
    if before != after {
        found.push(Change { statement: "primary", name: table.clone(), from: before, to: after });
    }
    type Keys = fn(&TableSchema) -> &Vec<Vec<usize>>;
    for (statement, keys) in
        [("unique", (|schema| &schema.unique_keys) as Keys), ("index", |schema| &schema.indexes)]
    {
        let list = |schema: &TableSchema| -> Vec<String> {
            keys(schema).iter().map(|one| key(schema, one)).collect()
        };
        let (before, after) = (list(from), list(to));
        let gone = without(&before, &after).into_iter().map(|one| (Some(one), None));
        let new = without(&after, &before).into_iter().map(|one| (None, Some(one)));
        let mut differences: Vec<_> = gone.chain(new).collect();
        if differences.is_empty() && before != after {
            differences.push((Some(before.join("; ")), Some(after.join("; "))));
        }
        found.extend(differences.into_iter().map(|(from, to)| Change {
            statement,
            name: table.clone(),
            from,
            to,
        }));
    }
}

/// What of a list another one lacks; a value that stands twice counts twice.
fn without(list: &[String], other: &[String]) -> Vec<String> {
    let mut other = other.to_vec();
    let mut left = Vec::new();
    for one in list {
        match other.iter().position(|known| known == one) {
            Some(at) => {
                other.swap_remove(at);
            }
            None => left.push(one.clone()),
        }
    }
    left
}

fn case(case: TableNameCase) -> String {
    match case {
        TableNameCase::Sensitive => "0",
        TableNameCase::Lower => "1",
        TableNameCase::Insensitive => "2",
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mysql::schema::ColumnText;
    use std::collections::BTreeMap;

    fn table(columns: &[(&str, &str)], primary: &[usize], unique: &[usize]) -> TableSchema {
        let column = |&(name, text): &(&str, &str)| ColumnSchema {
            name: name.to_owned(),
            text: ColumnText::parse(text).expect("a column"),
        };
        TableSchema {
            rows: Some(1),
            columns: columns.iter().map(column).collect(),
            primary_key: primary.to_vec(),
            unique_keys: if unique.is_empty() { Vec::new() } else { vec![unique.to_vec()] },
            indexes: Vec::new(),
        }
    }

    fn schema(tables: &[(&str, TableSchema)], views: &[&str]) -> SourceSchema {
        let name = |name: &&str| TableName::new("d", *name);
        SourceSchema {
            server: Some("8.4.2".to_owned()),
            case: TableNameCase::Sensitive,
            binlog_expires_ms: None,
            tables: tables
                .iter()
                .map(|(table, schema)| (name(table), schema.clone()))
                .collect::<BTreeMap<_, _>>(),
            views: views.iter().map(name).collect(),
        }
    }

    #[track_caller]
    fn check(from: &SourceSchema, to: &SourceSchema, expected: &[&str]) {
        let shown: Vec<String> = changes(from, to).iter().map(Change::to_string).collect();
        assert_eq!(shown, expected);
        assert_eq!(changes(from, from), []);
    }

    #[test]
    fn tables_views_and_settings() {
        let one = table(&[("id", "int")], &[], &[]);
        let from = schema(&[("a", one.clone()), ("b", one.clone())], &["v"]);
        let mut to = schema(
            &[("a", TableSchema { rows: Some(100), ..one.clone() }), ("c d", one.clone()), ("v", one)],
            &[],
        );
        to.binlog_expires_ms = Some(86_400_000);
        to.server = Some("8.4.3".to_owned());
        check(
            &from,
            &to,
            &[
                "~ server 8.4.2 -> 8.4.3",
                "+ binlog-expires 1d",
                "- table d.b",
                "+ table d.`c d`",
                "- view d.v",
                "+ table d.v",
            ],
        );
    }

    #[test]
    fn columns_and_keys() {
        let from = table(&[("id", "int not null"), ("no", "int"), ("status", "enum('new')")], &[0], &[1]);
        let to = table(
            &[("status", "enum('new','paid')"), ("id", "int not null"), ("at", "datetime")],
            &[1, 2],
            &[],
        );
        check(
            &schema(&[("a", from)], &[]),
            &schema(&[("a", to)], &[]),
            &[
                "- column d.a.no \"int\"",
                "~ column d.a.status \"enum('new')\" -> \"enum('new','paid')\"",
                "+ column d.a.at \"datetime\"",
                "~ order of columns d.a id, status -> status, id",
                "~ primary d.a id -> id, at",
                "- unique d.a no",
            ],
        );
    }
}
