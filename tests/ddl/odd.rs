//! Odd statements as people write them, on real servers: whatever a server takes must be understood, and the columns and keys
//! of every table must be the server's behind each of them.
//!
//! `odd.sql` holds sequences, each behind a line `--` that may name what it is about; `-- ANSI_QUOTES` sets that mode. A statement
//! ends with `;` at the end of a line. What a server refuses is passed over on that server, and shown. Comments with code that some
//! server does not execute have no place here: they are made plain in the log.

use super::servers::{described, read, session};
use crate::support::{Kind, MySql, Sql};
use std::collections::BTreeMap;
use syncc::mysql::binlog::query::Session;
use syncc::mysql::ddl::{Statement, parse};
use syncc::mysql::ident::TableNameCase;
use syncc::mysql::position::Flavor;
use syncc::mysql::schema::TableName;
use syncc::mysql::schema::model::{Change, Model, Wording};

/// ANSI_QUOTES in the bits of `sql_mode` in the log.
const ANSI_QUOTES: u64 = 4;

const SEQUENCES: &str = include_str!("odd.sql");

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
    let blocks = SEQUENCES.split("\n--").map(|block| block.split_once('\n').unwrap_or((block, "")));
    blocks.skip(1).map(|(about, text)| {
        let statements = text.split(";\n").map(str::trim).filter(|statement| !statement.is_empty());
        (about.trim(), statements.collect())
    })
}

fn follow(kind: Kind, version: (u16, u16, u16)) {
    let server = MySql::shared(kind);
    let flavor = if kind.is_mariadb() { Flavor::MariaDb } else { Flavor::MySql };
    let db = server.database("odd");
    let mut sql = server.sql();
    sql.run(&format!("use `{db}`; set names utf8mb4; set foreign_key_checks = 0"));
    let plain = session(&mut sql, flavor);
    let collation = sql.one(&format!(
        "select default_collation_name from information_schema.schemata where schema_name = '{db}'"
    ));
    let wording = Wording::of(flavor, version);
    let (mut taken, mut refused, mut wrong) = (0, 0, Vec::new());
    for (about, statements) in sequences() {
        let ansi = about.contains("ANSI_QUOTES");
        sql.run(if ansi { "set sql_mode = 'ANSI_QUOTES'" } else { "set sql_mode = ''" });
        let session = Session { sql_mode: Some(if ansi { ANSI_QUOTES } else { 0 }), ..plain.clone() };
        let mut model = Model::new(flavor, TableNameCase::Sensitive);
        model.set_database(&db, &collation, true);
        let mut done = Vec::new();
        for statement in statements {
            if sql.try_run(statement).is_err() {
                refused += 1;
                println!("refused: {statement}");
                continue;
            }
            taken += 1;
            done.push(statement);
            let mut differs = |what: String| wrong.push(format!("{what}\n  behind {}", done.join(";\n  ")));
            let parsed = parse(statement.as_bytes(), &db, &session, flavor);
            if let Statement::NotUnderstood(not) = &parsed {
                differs(format!("not understood: {}", not.reason));
                break;
            }
            let changes = model.apply(&parsed, &session);
            if let Some(doubted) = changes.iter().find(|change| matches!(change, Change::Doubted { .. })) {
                differs(format!("{doubted:?}"));
                break;
            }
            let theirs = tables(&mut sql, &db);
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
        for table in tables(&mut sql, &db).keys() {
            sql.run(&format!("drop table `{db}`.`{table}`"));
        }
    }
    println!("odd ddl on {kind:?}: {taken} statements, {refused} refused");
    assert!(wrong.is_empty(), "{} on {kind:?}:\n{}", wrong.len(), wrong.join("\n\n"));
    assert!(taken > 60, "{taken} statements");
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
