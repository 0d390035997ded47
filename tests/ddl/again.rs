//! The statements of the vectors on servers that their file does not name as well: run anew, followed by what is logged there, and
//! held against what the server shows.

use super::follower::Follower;
use super::vectors::{Vector, vectors as all};
use crate::support::{Kind, Sql};
use encoding_rs::{Encoding, GBK, UTF_8, WINDOWS_1252};
use std::time::{Duration, Instant};

/// How long the vectors may take on one server; all take a few seconds.
const PATIENCE: Duration = Duration::from_secs(50);

/// Fewest vectors whose statements a server takes: 5.7 has neither expressions nor names of today.
const FEWEST: usize = 60;

/// Runs all vectors; what a server refuses ends its vector there.
pub(super) fn vectors(follower: &mut Follower<'_>) {
    let server = follower.server();
    let kind = server.kind();
    let start = Instant::now();
    let (mut followed, mut refused, mut wrong) = (0, 0, Vec::new());
    for vector in all() {
        assert!(start.elapsed() < PATIENCE, "{kind:?}: {followed} vectors took {PATIENCE:?}");
        let (db, collation) = (vector.database.name.as_str(), vector.database.collation.as_str());
        let mut sql = server.sql();
        sql.run(&format!(
            "drop database if exists `{db}`; create database `{db}` collate {collation}; use `{db}`"
        ));
        follower.begin(db);
        if !prepared(&mut sql, &vector) {
            refused += 1;
            continue;
        }
        let mut done = Vec::new();
        let encoding = encoding(&vector.client_charset);
        for statement in &vector.statements {
            // it ends MySQL 8.0.15 with a signal
            if kind == Kind::MySql8_0 && statement.contains("CONVERT TO") && statement.contains(',') {
                break;
            }
            if sql.try_run_bytes(&encoding.encode(statement).0).is_err() {
                break;
            }
            done.push(statement.as_str());
        }
        match done.is_empty() {
            true => refused += 1,
            false => followed += 1,
        }
        let mut found = follower.catch_up(db);
        found.extend(follower.differences(db));
        if !found.is_empty() {
            wrong.push(format!("{}:\n  {}\n  behind {}", vector.id, found.join("\n  "), done.join(";\n  ")));
        }
    }
    let right = followed - wrong.len().min(followed);
    println!("ddl vectors run anew on {kind:?}: {right} of {followed}, {refused} refused by the server");
    assert!(wrong.is_empty(), "{kind:?}:\n{}", wrong.join("\n"));
    assert!(followed >= FEWEST, "{kind:?} took {followed} vectors");
}

/// Sets the session of a vector; false where the server does not know a setting.
fn prepared(sql: &mut Sql, vector: &Vector) -> bool {
    let sets =
        [format!("set names {}", vector.client_charset), format!("set sql_mode = '{}'", vector.sql_mode)];
    sets.iter().chain(&vector.session).all(|set| sql.try_run(set).is_ok())
}

fn encoding(charset: &str) -> &'static Encoding {
    match charset {
        "utf8mb4" => UTF_8,
        "latin1" => WINDOWS_1252,
        "gbk" => GBK,
        other => panic!("the vectors have {other} by now"),
    }
}
