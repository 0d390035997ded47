//! Odd statements as people write them, on real servers: whatever a server takes must be understood, on MySQL as it is logged, and
//! the columns and keys of every table must be the server's behind each of them.
//!
//! The files hold sequences, each behind a line `--` that says what it is about, or names the modes of its session. A statement
//! ends with `;` at the end of a line. What a server refuses is passed over on that server, and shown.

use super::servers::{described, read, session};
use crate::support::{Kind, MySql, Sql};
use std::collections::BTreeMap;
use syncc::mysql::binlog::query::Session;
use syncc::mysql::ddl::{Statement, parse};
use syncc::mysql::ident::TableNameCase;
use syncc::mysql::position::Flavor;
use syncc::mysql::schema::TableName;
use syncc::mysql::schema::model::{Change, Model, Wording};

/// Modes in the bits of `sql_mode` in the log; those that change nothing of a statement have none here.
const MODES: [(&str, u64); 4] =
    [("REAL_AS_FLOAT", 1), ("ANSI_QUOTES", 4), ("ORACLE", 0x200 | 4), ("NO_BACKSLASH_ESCAPES", 1 << 20)];

const FILES: [&str; 4] = [
    include_str!("odd/any.sql"),
    include_str!("odd/values.sql"),
    include_str!("odd/tables.sql"),
    include_str!("odd/families.sql"),
];

#[test]
fn odd_ddl_on_mysql_9_7() {
    follow(Kind::MySql9_7, (9, 7, 0));
}

#[test]
fn odd_ddl_on_mysql_8_0() {
    follow(Kind::MySql8_0, (8, 0, 15));
}

#[test]
fn odd_ddl_on_mysql_5_7() {
    follow(Kind::MySql5_7, (5, 7, 22));
}

#[test]
fn odd_ddl_on_mariadb_10_11() {
    follow(Kind::MariaDb10_11, (10, 11, 0));
}

#[test]
fn odd_ddl_on_mariadb_11_8() {
    follow(Kind::MariaDb11_8, (11, 8, 0));
}

fn sequences() -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    let blocks = FILES.iter().flat_map(|file| file.split("\n-- ").skip(1));
    blocks.map(|block| {
        let (about, text) = block.split_once('\n').unwrap_or((block, ""));
        let statements = text.split(";\n").map(str::trim).filter(|statement| !statement.is_empty());
        (about.trim(), statements.collect())
    })
}

fn follow(kind: Kind, version: (u16, u16, u16)) {
    let server = MySql::shared(kind);
    let flavor = if kind.is_mariadb() { Flavor::MariaDb } else { Flavor::MySql };
    let db = server.database("odd");
    let mut sql = server.sql();
    // the mode ORACLE changes what a session is shown, too
    let mut reader = server.sql();
    sql.run(&format!("use `{db}`; set names utf8mb4; set foreign_key_checks = 0"));
    let plain = session(&mut sql, flavor);
    let collation = sql.one(&format!(
        "select default_collation_name from information_schema.schemata where schema_name = '{db}'"
    ));
    let wording = Wording::of(flavor, version);
    let (mut taken, mut refused, mut wrong) = (0, 0, Vec::new());
    for (about, statements) in sequences() {
        if kind.is_mariadb() && about.ends_with("as MySQL logs them") {
            continue;
        }
        let modes = if about.contains(char::is_lowercase) { "" } else { about };
        if let Err(error) = sql.try_run(&format!("set sql_mode = '{modes}'")) {
            println!("refused: {modes}: {error}");
            continue;
        }
        let plain_backslash =
            if modes.contains("NO_BACKSLASH_ESCAPES") { "NO_BACKSLASH_ESCAPES" } else { "" };
        reader.run(&format!("set sql_mode = '{plain_backslash}'"));
        let bits = MODES.iter().filter(|(mode, _)| modes.split(',').any(|one| one == *mode));
        let mode = bits.fold(0, |bits, (_, bit)| bits | bit);
        let session = Session { sql_mode: Some(mode), ..plain.clone() };
        let mut model = Model::new(flavor, TableNameCase::Sensitive);
        model.set_database(&db, &collation, true);
        let mut done = Vec::new();
        for statement in statements {
            let place = end_of_log(&mut sql, kind);
            if let Err(error) = sql.try_run(statement) {
                refused += 1;
                println!("refused: {statement}: {error}");
                continue;
            }
            taken += 1;
            done.push(statement);
            let mut differs = |what: String| wrong.push(format!("{what}\n  behind {}", done.join(";\n  ")));
            let mut reasons = Vec::new();
            let texts = match kind.is_mariadb() {
                true => vec![statement.to_owned()],
                false => logged(&mut sql, &db, &place),
            };
            for logged in texts {
                let parsed = parse(logged.as_bytes(), &db, &session, flavor);
                if let Statement::NotUnderstood(not) = &parsed {
                    reasons.push(format!("not understood: {}: {logged}", not.reason));
                }
                let changes = model.apply(&parsed, &session);
                let doubted = changes.iter().filter(|change| matches!(change, Change::Doubted { .. }));
                reasons.extend(doubted.map(|doubted| format!("{doubted:?}: {logged}")));
            }
            if let Some(reason) = reasons.into_iter().next() {
                differs(reason);
                break;
            }
            let theirs = tables(&mut reader, &db);
            let ours: BTreeMap<String, Vec<String>> = theirs
                .keys()
                .map(|name| {
                    let table = model.table(&TableName::new(&db, name));
                    (name.clone(), table.map_or(Vec::new(), |table| described(table, wording)))
                })
                .collect();
            if ours != theirs {
                differs(format!("ours   {ours:?}\n  theirs {theirs:?}"));
                break;
            }
        }
        // the names of tables that are dropped may have quotes of any kind
        sql.run("set sql_mode = ''");
        for table in tables(&mut sql, &db).keys() {
            sql.run(&format!("drop table `{db}`.`{table}`"));
        }
    }
    println!("odd ddl on {kind:?}: {taken} statements, {refused} refused");
    assert!(wrong.is_empty(), "{} on {kind:?}:\n{}", wrong.len(), wrong.join("\n\n"));
    assert!(taken > 220, "{taken} statements");
}

/// File and position of the end of the log.
fn end_of_log(sql: &mut Sql, kind: Kind) -> (String, String) {
    let status = if kind == Kind::MySql9_7 { "show binary log status" } else { "show master status" };
    let row = sql.text(status).into_iter().next().expect("the server writes a log");
    let mut row = row.into_iter().flatten();
    (row.next().expect("a file"), row.next().expect("a position"))
}

/// Statements about the database that stand behind a place of the log, as they are logged.
fn logged(sql: &mut Sql, db: &str, (file, position): &(String, String)) -> Vec<String> {
    let uses = [format!("use `{db}`; "), format!("use \"{db}\"; ")];
    let events = sql.text(&format!("show binlog events in '{file}' from {position}"));
    let texts =
        events.into_iter().filter(|event| event[2].as_deref().is_some_and(|ty| ty.starts_with("Query")));
    let texts = texts.filter_map(|event| event.into_iter().next_back().flatten());
    texts
        .filter_map(|text| uses.iter().find_map(|one| text.strip_prefix(one.as_str())).map(str::to_owned))
        .collect()
}

/// Every table with its columns and keys.
fn tables(sql: &mut Sql, db: &str) -> BTreeMap<String, Vec<String>> {
    let names = sql.text(&format!(
        "select table_name from information_schema.tables where table_schema = '{db}' \
         and table_type in ('BASE TABLE', 'SYSTEM VERSIONED')"
    ));
    let names = names.into_iter().filter_map(|row| row.into_iter().next().flatten());
    names.map(|name| (name.clone(), read(sql, db, &name))).collect()
}
