//! Sequences of statements as servers logged them, with the schema they ended up with.

use super::shown::{differences, shown};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::{BTreeMap, HashMap};
use syncc::mysql::binlog::query::Session;
use syncc::mysql::ddl::{Statement, parse};
use syncc::mysql::ident::TableNameCase;
use syncc::mysql::position::Flavor;
use syncc::mysql::schema::TableName;
use syncc::mysql::schema::model::{Change, Column, Model, Wording};

#[derive(Deserialize)]
pub(super) struct Vector {
    pub(super) id: String,
    pub(super) database: Database,
    pub(super) client_charset: String,
    pub(super) sql_mode: String,
    /// What the session sets besides.
    pub(super) session: Vec<String>,
    logged: BTreeMap<String, Vec<Logged>>,
    table: String,
    #[serde(flatten)]
    schema: Schema,
    #[serde(default)]
    variants: HashMap<String, Schema>,
    #[serde(default)]
    other_tables: HashMap<String, Schema>,
    pub(super) statements: Vec<String>,
    #[serde(default)]
    after_each: Vec<Option<Vec<String>>>,
}

#[derive(Deserialize)]
pub(super) struct Database {
    pub(super) name: String,
    pub(super) collation: String,
}

#[derive(Deserialize)]
struct Logged {
    db: String,
    /// None where it is no UTF-8.
    sql: Option<String>,
    sql_hex: Option<String>,
    status_vars: String,
}

impl Logged {
    fn bytes(&self) -> Vec<u8> {
        let text = || self.sql.clone().expect("a statement as text or as bytes").into_bytes();
        self.sql_hex.as_deref().map_or_else(text, bytes)
    }
}

#[derive(Deserialize)]
struct Schema {
    columns: Vec<Map<String, Value>>,
    primary_key: Vec<String>,
    wire_names: Option<Vec<String>>,
}

/// All vectors.
pub(super) fn vectors() -> Vec<Vector> {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/ddl/vectors.jsonl");
    let file = std::env::var("SYNCC_DDL_VECTORS").unwrap_or_else(|_| own.to_owned());
    let text = std::fs::read_to_string(&file).expect("the file of vectors can be read");
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| serde_json::from_str(line).expect("a line of vectors")).collect()
}

#[test]
fn ddl_vectors() {
    let mut right: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let mut wrong = Vec::new();
    for vector in vectors() {
        for (server, logged) in &vector.logged {
            let found = vector.wrong_on(server, logged);
            let (good, all) = right.entry(server.clone()).or_default();
            *all += 1;
            *good += usize::from(found.is_empty());
            if !found.is_empty() {
                wrong.push(format!("{} on {server}:\n  {}", vector.id, found.join("\n  ")));
            }
        }
    }
    for (server, (good, all)) in &right {
        println!("ddl vectors: {good} of {all} on {server}");
    }
    let (good, all) = right.values().fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    println!("ddl vectors: {good} of {all}");
    assert!(wrong.is_empty() && all > 0, "{}", wrong.join("\n"));
}

impl Vector {
    /// What the model has otherwise than the server.
    fn wrong_on(&self, server: &str, logged: &[Logged]) -> Vec<String> {
        let flavor = if server.starts_with("mariadb") { Flavor::MariaDb } else { Flavor::MySql };
        let wording = Wording::of(flavor, (9, 7, 0));
        let mut model = Model::new(flavor, TableNameCase::Sensitive);
        model.set_database(&self.database.name, &self.database.collation, true);
        let (db, table) = self.table.split_once('.').expect("database.table");
        let name = TableName::new(db, table);
        let mut wrong = Vec::new();
        let mut after = Vec::new();
        for event in logged {
            let sql = event.bytes();
            let session = Session::parse(&bytes(&event.status_vars)).expect("status variables of a server");
            let statement = parse(&sql, &event.db, &session, flavor);
            for change in model.apply(&statement, &session) {
                if let Change::Doubted { doubt, .. } = change {
                    wrong.push(format!("{doubt}: {}", event.sql.as_deref().unwrap_or("?")));
                }
            }
            let columns = model.table(&name).map(|table| &table.columns);
            let names = |columns: &Vec<Column>| columns.iter().map(|column| column.name.clone()).collect();
            // a view may take the name, and has columns, too
            after.push((statement != Statement::Irrelevant).then(|| columns.map(names)));
        }
        let schema = self.variants.get(server).unwrap_or(&self.schema);
        let same_names = names(&schema.columns) == names(&self.schema.columns);
        if same_names && logged.len() == self.statements.len() && !self.after_each.is_empty() {
            for (at, (found, expected)) in after.iter().zip(&self.after_each).enumerate() {
                if let Some(found) = found
                    && found != expected
                {
                    wrong.push(format!("behind statement {}: {found:?}, not {expected:?}", at + 1));
                }
            }
        }
        let wire = schema.wire_names.as_ref().or(self.schema.wire_names.as_ref());
        wrong.extend(compare(&model, &name, schema, wire, wording));
        for (other, schema) in &self.other_tables {
            let (db, table) = other.split_once('.').expect("database.table");
            let found =
                compare(&model, &TableName::new(db, table), schema, schema.wire_names.as_ref(), wording);
            // collations of other tables are told for the first server only
            let found = found.into_iter().filter(|one| !one.contains(": collation is"));
            wrong.extend(found.map(|one| format!("{other}: {one}")));
        }
        wrong
    }
}

/// What a table of the model has otherwise than `schema`.
fn compare(
    model: &Model,
    name: &TableName,
    schema: &Schema,
    wire: Option<&Vec<String>>,
    wording: Wording,
) -> Vec<String> {
    let Some(table) = model.table(name) else { return vec!["the table is not known".to_owned()] };
    let found: Vec<&str> = table.columns.iter().map(|column| column.name.as_str()).collect();
    let expected = names(&schema.columns);
    if found != expected {
        return vec![format!("columns are {found:?}, not {expected:?}")];
    }
    let mut wrong = Vec::new();
    for (column, expected) in table.columns.iter().zip(&schema.columns) {
        let differences = differences(&shown(column, wording), expected);
        wrong.extend(differences.into_iter().map(|difference| format!("{}: {difference}", column.name)));
    }
    if table.primary_key() != schema.primary_key {
        wrong.push(format!("the primary key is {:?}, not {:?}", table.primary_key(), schema.primary_key));
    }
    match table.version(wording) {
        Err(error) => wrong.push(error.to_string()),
        Ok(version) => {
            let logged: Vec<&str> = version.columns.iter().map(|column| column.name.as_str()).collect();
            let expected = wire.map_or(expected, |wire| wire.iter().map(String::as_str).collect());
            if logged != expected {
                wrong.push(format!("the log has {logged:?}, not {expected:?}"));
            }
            // the key that serves as primary key is PRI, declared or not
            let served = |column: &&Map<String, Value>| column.get("key").is_some_and(|key| key == "PRI");
            let expected = schema.columns.iter().filter(served).filter_map(|column| column["name"].as_str());
            let mut expected: Vec<&str> = expected.collect();
            let key = version.row_key().unwrap_or_default();
            let mut found: Vec<&str> = key.iter().map(|at| version.columns[*at].name.as_str()).collect();
            expected.sort_unstable();
            found.sort_unstable();
            if found != expected && !expected.is_empty() {
                wrong.push(format!("rows are identified by {found:?}, not {expected:?}"));
            }
        }
    }
    wrong
}

fn names(columns: &[Map<String, Value>]) -> Vec<&str> {
    columns.iter().filter_map(|column| column["name"].as_str()).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("two hexadecimal digits");
    (0..hex.len()).step_by(2).map(digit).collect()
}
