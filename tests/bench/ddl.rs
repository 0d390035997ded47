//! Time to read statements of the log: to split them into words (the least a reader does), to parse them, and to follow them with the
//! model of all tables besides.
//!
//! `cargo bench --bench ddl`, or without a C compiler with `--no-default-features`; prints statements and bytes a second, and what
//! each is to splitting. Statements are those of the project's corpus, what servers logged in the vectors, and a table of 1,000
//! columns. Compare runs of one machine only.

use std::hint::black_box;
use std::io::Write;
use std::time::{Duration, Instant};
use syncc::mysql::binlog::query::Session;
use syncc::mysql::ddl::parse;
use syncc::mysql::ident::TableNameCase;
use syncc::mysql::position::Flavor;
use syncc::mysql::schema::model::Model;

/// Times each figure is taken; the least counts.
const ROUNDS: usize = 7;

/// Least bytes of statements in a round.
const ROUND_BYTES: usize = 8 << 20;

/// Columns of the wide table.
const COLUMNS: usize = 1_000;

/// `utf8mb4_general_ci`.
const UTF8MB4: u16 = 45;

fn main() -> std::io::Result<()> {
    report("corpus", &corpus())?;
    report("vectors", &vectors())?;
    report("a table of 1,000 columns", &[wide()])
}

/// The statements of the corpus.
fn corpus() -> Vec<String> {
    objects(include_str!("../ddl/corpus.jsonl")).filter_map(|line| text(&line["sql"])).collect()
}

/// What MySQL 9.7 logged for the vectors.
fn vectors() -> Vec<String> {
    let logged = |line: serde_json::Value| {
        let events = line["logged"]["mysql-9.7"].as_array().cloned().unwrap_or_default();
        events.into_iter().filter_map(|event| text(&event["sql"]))
    };
    objects(include_str!("../ddl/vectors.jsonl")).flat_map(logged).collect()
}

fn wide() -> String {
    let column = |at| format!("  `column_{at}` varchar(40) NOT NULL DEFAULT 'x' COMMENT 'no {at}'");
    let columns: Vec<String> = (0..COLUMNS).map(column).collect();
    format!(
        "CREATE TABLE `wide` (\n{},\n  PRIMARY KEY (`column_0`)\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4",
        columns.join(",\n")
    )
}

fn objects(lines: &'static str) -> impl Iterator<Item = serde_json::Value> {
    lines.lines().filter_map(|line| serde_json::from_str(line).ok())
}

fn text(value: &serde_json::Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn report(name: &str, statements: &[String]) -> std::io::Result<()> {
    let bytes: usize = statements.iter().map(String::len).sum();
    let split = least(bytes, || split(statements));
    let parsed = least(bytes, || parse_all(statements));
    let followed = least(bytes, || follow(statements));
    let mut out = std::io::stdout();
    writeln!(out, "{name}: {} statements of {} bytes", statements.len(), bytes / statements.len())?;
    for (what, time) in [("split into words", split), ("parsed", parsed), ("followed by the model", followed)]
    {
        let seconds = time.as_secs_f64();
        writeln!(
            out,
            "  {what:<22} {:>9.0} statements/s  {:>7.1} MB/s  {:>6.2} × splitting",
            statements.len() as f64 / seconds,
            bytes as f64 / 1e6 / seconds,
            seconds / split.as_secs_f64()
        )?;
    }
    Ok(())
}

/// The least time that `work`, which goes over so many bytes, takes once.
fn least(bytes: usize, work: impl Fn()) -> Duration {
    let times = u32::try_from(ROUND_BYTES.div_ceil(bytes)).unwrap_or(u32::MAX);
    let round = || {
        let start = Instant::now();
        (0..times).for_each(|_| work());
        start.elapsed() / times
    };
    (0..ROUNDS).map(|_| round()).min().unwrap_or_default()
}

fn split(statements: &[String]) {
    let is_apart = |sign: char| !sign.is_alphanumeric() && sign != '_';
    for statement in statements {
        let words = black_box(statement.as_str()).split(is_apart).filter(|word| !word.is_empty());
        black_box(words.collect::<Vec<_>>());
    }
}

fn session() -> Session {
    Session { client_collation: Some(UTF8MB4), connection_collation: Some(UTF8MB4), ..Session::default() }
}

fn parse_all(statements: &[String]) {
    let session = session();
    for statement in statements {
        black_box(parse(black_box(statement.as_bytes()), "v", &session, Flavor::MySql));
    }
}

fn follow(statements: &[String]) {
    let session = session();
    let mut model = Model::new(Flavor::MySql, TableNameCase::Sensitive);
    model.set_database("v", "utf8mb4_general_ci", true);
    for statement in statements {
        let statement = parse(black_box(statement.as_bytes()), "v", &session, Flavor::MySql);
        black_box(model.apply(&statement, &session));
    }
}
