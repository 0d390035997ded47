//! Many statements, and what the parser takes them for.

use serde::Deserialize;
use syncc::mysql::binlog::query::Session;
use syncc::mysql::ddl::{Statement, parse};
use syncc::mysql::position::Flavor;

/// `utf8mb4_general_ci`.
const UTF8MB4: u16 = 45;

#[derive(Deserialize)]
struct Line {
    sql: String,
    /// What it has to be taken for; other people's corpora do not say.
    class: Option<String>,
}

/// Defines tables or databases; changes nothing of them; not understood.
fn class(sql: &str) -> (&'static str, String) {
    let session = Session { client_collation: Some(UTF8MB4), ..Session::default() };
    let mut reasons = Vec::new();
    // a corpus does not say whose statements it holds
    for flavor in [Flavor::MySql, Flavor::MariaDb] {
        match parse(sql.as_bytes(), "v", &session, flavor) {
            Statement::CreateTable(_)
            | Statement::AlterTable(_)
            | Statement::DropTables(_)
            | Statement::RenameTables(_)
            | Statement::Truncate(_)
            | Statement::CreateDatabase(_)
            | Statement::AlterDatabase { .. }
            | Statement::DropDatabase(_)
            | Statement::Sequence { .. } => return ("understood", String::new()),
            Statement::Transaction(_) | Statement::Rows(_) | Statement::NoEffect | Statement::Irrelevant => {
                return ("harmless", String::new());
            }
            Statement::NotUnderstood(not) => reasons.push(not.reason),
        }
    }
    ("not understood", reasons.join("; "))
}

#[test]
fn ddl_corpus() {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/ddl/corpus.jsonl");
    let given = std::env::var("SYNCC_DDL_CORPUS").ok();
    let file = given.as_deref().unwrap_or(own);
    let text = std::fs::read_to_string(file).expect("the corpus can be read");
    let (mut understood, mut harmless, mut not_understood) = (0, 0, 0);
    let mut wrong = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let line: Line = serde_json::from_str(line).expect("a line of the corpus");
        let (class, reason) = class(&line.sql);
        match class {
            "understood" => understood += 1,
            "harmless" => harmless += 1,
            _ => {
                not_understood += 1;
                if given.is_some() {
                    println!("not understood: {reason}: {}", line.sql);
                }
            }
        }
        if line.class.as_deref().is_some_and(|expected| expected != class) {
            wrong.push(format!("{class}, not {}: {} ({reason})", line.class.unwrap_or_default(), line.sql));
        }
    }
    let all = understood + harmless + not_understood;
    println!(
        "ddl corpus: understood {understood}, harmless {harmless}, not understood {not_understood} of {all}"
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(given.is_some() || all >= 500, "the corpus has {all} statements");
}
