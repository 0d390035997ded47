//! Every column type through the program: existing rows, the same rows from the log, updates to and from NULL, deletes.
//! Here in `canal-json` on every server; `every` has all formats on two of them.
//!
//! Tables and rows are plain SQL in `tests/torture/`. For each table:
//! a row's message is the same byte for byte from the snapshot, from an insert and from a delete, but for times and
//! numbers of messages; its values are what the server says to another client; `old` is exactly what changed.

mod alike;
mod canonical;
mod consumers;
mod every;
mod flink;
mod message;
pub(crate) mod run;
mod said;
mod subscription;

use run::{Message, Run};
use said::{Table, tables};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

use crate::support::{Kafka, Kind, MySql, Sql};

/// How a server writes its log.
struct Log {
    /// Statements that set it up, on the running server.
    set: &'static [&'static str],
    /// Without them pages are read under locks.
    gtids: bool,
}

const ANY: &str = include_str!("torture/any.sql");
const MYSQL: &str = include_str!("torture/mysql.sql");
const MYSQL_8: &str = include_str!("torture/mysql-8.sql");
const MYSQL_9: &str = include_str!("torture/mysql-9.sql");
const MARIADB: &str = include_str!("torture/mariadb.sql");
const MARIADB_11_8: &str = include_str!("torture/mariadb-11.8.sql");

const FULL: &str = "set global binlog_row_metadata = 'FULL'";
const MINIMAL: &str = "set global binlog_row_metadata = 'MINIMAL'";
const NO_LOG: &str = "set global binlog_row_metadata = 'NO_LOG'";
const COMPRESSED: &str = "set global binlog_transaction_compression = on";
const PARTIAL_JSON: &str = "set global binlog_row_value_options = 'PARTIAL_JSON'";
const PLAIN: &str = "set global binlog_transaction_compression = off";
const EVENTS_COMPRESSED: &str = "set global log_bin_compress = on, log_bin_compress_min_len = 10";
const EVENTS_PLAIN: &str = "set global log_bin_compress = off";
const GTIDS_OFF: [&str; 3] = [
    "set global gtid_mode = on_permissive",
    "set global gtid_mode = off_permissive",
    "set global gtid_mode = off",
];

// Six servers, row metadata or none, GTIDs or none, compression or none: every pair of two that a server can have is in one of
// these twelve.

#[test]
fn mysql_9_7() {
    let logs = [
        Log { set: &[MINIMAL, PLAIN], gtids: true },
        Log { set: &[FULL, COMPRESSED, PARTIAL_JSON], gtids: false },
    ];
    check(Kind::MySql9_7, &logs, &[ANY, MYSQL, MYSQL_8, MYSQL_9]);
}

#[test]
fn mysql_8_0() {
    let logs = [Log { set: &[FULL], gtids: true }, Log { set: &[MINIMAL], gtids: false }];
    check(Kind::MySql8_0, &logs, &[ANY, MYSQL, MYSQL_8]);
}

#[test]
fn mysql_5_7() {
    let logs = [Log { set: &[], gtids: true }, Log { set: &[], gtids: false }];
    check(Kind::MySql5_7, &logs, &[ANY, MYSQL]);
}

#[test]
fn mariadb_10_11() {
    let logs = [
        Log { set: &[NO_LOG, EVENTS_PLAIN], gtids: true },
        Log { set: &[FULL, EVENTS_COMPRESSED], gtids: true },
    ];
    check(Kind::MariaDb10_11, &logs, &[ANY, MARIADB]);
}

#[test]
fn mariadb_11_4() {
    let logs = [
        Log { set: &[FULL, EVENTS_PLAIN], gtids: true },
        Log { set: &[NO_LOG, EVENTS_COMPRESSED], gtids: true },
    ];
    check(Kind::MariaDb11_4, &logs, &[ANY, MARIADB]);
}

#[test]
fn mariadb_11_8() {
    let logs = [
        Log { set: &[NO_LOG, EVENTS_PLAIN], gtids: true },
        Log { set: &[FULL, EVENTS_COMPRESSED], gtids: true },
    ];
    check(Kind::MariaDb11_8, &logs, &[ANY, MARIADB, MARIADB_11_8]);
}

/// Runs the tables under one log after the other, all on one server.
fn check(kind: Kind, logs: &[Log], tables: &[&str]) {
    let server = MySql::start(kind, &[]);
    for log in logs {
        let gtids_off = if log.gtids { &[][..] } else { &GTIDS_OFF };
        log.set.iter().chain(gtids_off).for_each(|statement| server.sql().run(statement));
        check_log(&server, log, tables);
    }
}

fn check_log(server: &MySql, log: &Log, texts: &[&str]) {
    let kafka = Kafka::shared();
    let database = server.database("odd-Db");
    let mut sql = server.sql();
    sql.run("set names utf8mb4");
    sql.run("set sql_mode = '', time_zone = '+00:00'");
    sql.run(&format!("use `{database}`"));
    for text in texts {
        sql.run(text);
    }
    // tables without a usable key are read under a lock
    sql.run(&format!("grant lock tables on `{database}`.* to {}@localhost", MySql::USER));
    let mut tables = tables(&mut sql, &database);
    let mut wrong: Vec<String> = Vec::new();

    let mut start = "start snapshot {\n    chunk 3 rows\n  }".to_owned();
    if server.kind() == Kind::MariaDb11_8 {
        start += &without_generated(server, kafka, &database, &mut tables);
    }
    let mut run = Run::start(server, kafka, &database, &start);
    run.says("task.started");
    let n_rows: usize = tables.iter().map(|table| table.rows(&mut sql).len()).sum();
    let loaded = run.messages("all existing rows", |messages| {
        if messages.len() >= n_rows { Ok(()) } else { Err(format!("{} of {n_rows} rows", messages.len())) }
    });
    for table in &tables {
        let found: Vec<&Message> = loaded.iter().filter(|message| message.table() == table.name).collect();
        compare_types(table, &found, &mut wrong);
        compare_rows(table, "snapshot", found.iter().map(|message| message.data()), &mut sql, &mut wrong);
    }

    // the same rows again, by the log: deleted, and inserted with the same values
    let aside = server.database("aside");
    for table in &tables {
        let (name, aside) = (table.full(&database), table.full(&aside));
        let columns = table.written();
        sql.run(&format!(
            "create table {aside} like {name};
             insert into {aside} ({columns}) select {columns} from {name};
             delete from {name};
             insert into {name} ({columns}) select {columns} from {aside}"
        ));
    }
    let streamed = run.upto_marker(&mut sql, "the rows again", 1);
    let again = &streamed[loaded.len()..];
    for table in &tables {
        let of = |messages: &[Message], kind: &str| -> Vec<(Option<String>, String)> {
            let mut texts: Vec<_> = messages
                .iter()
                .filter(|message| message.table() == table.name && message.kind() == kind)
                .map(|message| (message.key.clone(), message.lasting()))
                .collect();
            texts.sort();
            texts
        };
        let snapshot = of(&loaded, "INSERT");
        for kind in ["DELETE", "INSERT"] {
            let found = of(again, kind);
            if snapshot.len() != found.len() {
                wrong.push(format!("{}: {} rows, {} of {kind}", table.name, snapshot.len(), found.len()));
            }
            for (read, logged) in snapshot.iter().zip(&found).filter(|(read, logged)| read != logged) {
                wrong.push(format!(
                    "{}: snapshot and {kind} differ:\n  {}",
                    table.name,
                    difference(&read.1, &logged.1)
                ));
            }
        }
    }

    // every column to NULL and back
    let mut expected: BTreeMap<&str, usize> = BTreeMap::new();
    for table in &tables {
        for column in table.columns.iter().filter(|column| column.nullable && !column.generated) {
            let Some(join) = table.join() else { continue };
            let (name, aside, column) = (table.full(&database), table.full(&aside), &column.quoted);
            let n: usize = sql
                .one(&format!("select count(*) from {name} where {column} is not null"))
                .parse()
                .expect("a number");
            *expected.entry(&table.name).or_default() += 2 * n;
            sql.run(&format!(
                "update {name} set {column} = null where {column} is not null;
                 update {name} t join {aside} a on {join} set t.{column} = a.{column} where a.{column} is not null"
            ));
        }
    }
    let updated = run.upto_marker(&mut sql, "the updates", 2);
    let mut rows: BTreeMap<(&str, &Option<String>), &Map<String, Value>> = BTreeMap::new();
    let mut keyless: BTreeSet<&str> = BTreeSet::new();
    for message in &updated {
        let place = (message.table(), &message.key);
        let n = expected.entry(message.table()).or_default();
        match message.kind() {
            "INSERT" => {
                if message.key.is_none() {
                    keyless.insert(message.table());
                }
                rows.insert(place, message.data());
            }
            "DELETE" => {
                rows.remove(&place);
            }
            "UPDATE" => {
                *n = n.wrapping_sub(1);
                let before = rows.insert(place, message.data());
                let Some(before) = before else {
                    wrong.push(format!("{}: an update of no row: {}", message.table(), message.text));
                    continue;
                };
                let changed: Map<String, Value> = before
                    .iter()
                    .filter(|(name, value)| message.data().get(*name) != Some(value))
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect();
                if changed.is_empty() || message.json["old"] != Value::Array(vec![Value::Object(changed)]) {
                    wrong.push(format!(
                        "{}: `old` is not what changed: {}",
                        message.table(),
                        shortened(&message.text)
                    ));
                }
            }
            other => panic!("type {other}"),
        }
    }
    for (table, left) in expected.iter().filter(|(_, left)| **left != 0) {
        wrong.push(format!("{table}: {} updates too few (negative: too many)", *left as isize));
    }
    for table in tables.iter().filter(|table| !keyless.contains(table.name.as_str())) {
        let left = rows.iter().filter(|((name, _), _)| *name == table.name).map(|(_, data)| *data);
        compare_rows(table, "stream", left, &mut sql, &mut wrong);
    }
    run.stop();
    let n = wrong.len();
    wrong.truncate(40);
    assert!(
        wrong.is_empty(),
        "{:?} {:?}, GTIDs {}: {n} wrong\n{}",
        server.kind(),
        log.set,
        log.gtids,
        wrong.join("\n")
    );
}

/// 11.8 leaves generated columns out of the images of updates and deletes: a start with them is refused, and goes with the
/// repair, which is returned.
fn without_generated(server: &MySql, kafka: &Kafka, database: &str, tables: &mut [Table]) -> String {
    let mut refused = Run::start(server, kafka, database, "start now");
    let (code, said) = refused.end();
    assert_eq!(code, Some(20), "{said}");
    server.sql().run(&format!("drop table `{database}`.marker"));
    let mut repair = String::new();
    for table in tables {
        let (left_out, kept) =
            std::mem::take(&mut table.columns).into_iter().partition(|column| column.generated);
        table.columns = kept;
        let left_out: Vec<_> = left_out;
        let names = left_out.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ");
        let line = format!("table `{database}`.{} {{ columns except {names} }}", table.name);
        if !left_out.is_empty() {
            assert!(
                said.contains(&format!("{database}.{}", table.name)),
                "{} is not named: {said}",
                table.name
            );
            assert!(said.contains(&line), "{line} is not the repair: {said}");
            repair += &format!("\n  {line}");
        }
    }
    repair
}

/// Holds `mysqlType`, the columns and `pkNames` against what the server lists.
fn compare_types(table: &Table, messages: &[&Message], wrong: &mut Vec<String>) {
    let Some(message) = messages.first() else { return };
    let declared: Map<String, Value> = table
        .columns
        .iter()
        .map(|column| (column.name.clone(), Value::String(column.declared.clone())))
        .collect();
    for (name, found) in message.json["mysqlType"].as_object().expect("an object") {
        if declared.get(name) != Some(found) {
            wrong.push(format!(
                "{}.{name}: mysqlType {found}, the server says {:?}",
                table.name,
                declared.get(name)
            ));
        }
    }
    let names = |row: &Map<String, Value>| -> Vec<String> { row.keys().cloned().collect() };
    for (member, row) in [
        ("mysqlType", message.json["mysqlType"].as_object()),
        ("sqlType", message.json["sqlType"].as_object()),
        ("data", Some(message.data())),
    ] {
        let found = row.map(names);
        if found.as_ref() != Some(&names(&declared)) {
            wrong.push(format!("{}: columns in {member}: {found:?}", table.name));
        }
    }
    // in the order of the columns, as Canal has them
    let key: Vec<&String> =
        table.columns.iter().map(|column| &column.name).filter(|name| table.key.contains(name)).collect();
    let key =
        if key.is_empty() { Value::Null } else { key.into_iter().cloned().map(Value::String).collect() };
    if message.json["pkNames"] != key {
        wrong.push(format!("{}: pkNames {}, the server says {key}", table.name, message.json["pkNames"]));
    }
}

/// Holds rows of messages against those of the server.
fn compare_rows<'m>(
    table: &Table,
    origin: &str,
    found: impl Iterator<Item = &'m Map<String, Value>>,
    sql: &mut Sql,
    wrong: &mut Vec<String>,
) {
    let mut expected = table.rows(sql);
    let mut found: Vec<Vec<Option<String>>> = found
        .map(|data| {
            table
                .columns
                .iter()
                .map(|column| {
                    data.get(&column.name).and_then(Value::as_str).map(|text| column.canonical(text))
                })
                .collect()
        })
        .collect();
    expected.sort();
    found.sort();
    if expected.len() != found.len() {
        wrong.push(format!(
            "{} {origin}: {} rows, the server has {}",
            table.name,
            found.len(),
            expected.len()
        ));
    }
    for (row, expected) in found.iter().zip(&expected) {
        for ((found, expected), column) in row.iter().zip(expected).zip(&table.columns) {
            if found != expected {
                wrong.push(format!(
                    "{} {origin}, row {}, {} {}: {} sent, the server says {}",
                    table.name,
                    shortened(&format!("{:?}", row[0])),
                    column.name,
                    column.declared,
                    shortened(&format!("{found:?}")),
                    shortened(&format!("{expected:?}"))
                ));
            }
        }
    }
}

/// The place of the first difference in both texts.
fn difference(one: &str, other: &str) -> String {
    let at = one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count();
    let from = one[..at.min(one.len())].rfind(",\"").unwrap_or(0);
    format!("{}\n  {}", shortened(&one[from..]), shortened(&other[from..]))
}

/// The first 200 characters.
fn shortened(text: &str) -> String {
    text.chars().take(200).collect()
}
