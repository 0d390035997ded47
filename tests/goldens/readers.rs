//! Rows that foreign readers rebuild from syncc's records, against those of the server: Flink's three formats, and Kafka
//! Connect's `JsonConverter` with Debezium's `ExtractNewRecordState`.
//!
//! The readers are the published classes, fetched by `tests/support/install readers`; `tests/format/readers/Readers.java` feeds
//! them. A reader ends at the first record that it cannot read, and at an update or delete of a row that it does not have.

use super::json::member;
use super::{LOADED_ANEW, server, written};
use crate::support::kafka::Received;
use crate::support::run::{Run, installed};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Tables that come and go, or whose rows leave without a row in the log (`TRUNCATE PARTITION`).
const OTHERS: &[&str] = &["ddl1", "new2", "new3", "x", "par"];

/// Whose reader, and how it wants a column: its type in Flink's SQL, and what the server says in its form. None is a column
/// that is not read.
type Column = fn(table: &str, declared: &str, name: &str) -> Option<(String, String)>;

#[test]
fn flinks_canal_json() {
    check("canal", "plain-canal", canal);
}

#[test]
fn flinks_maxwell_json() {
    check("maxwell", "plain-maxwell", maxwell);
}

#[test]
fn flinks_debezium_json() {
    check("debezium", "plain-debezium", debezium);
}

#[test]
fn debeziums_transform() {
    check("connect", "schemas", connect);
}

/// Whole numbers, decimals and text, which all readers have alike; unsigned BIGINT is `unsigned`.
fn common(declared: &str, name: &str, unsigned: &str) -> Option<(String, String)> {
    let base = declared.split(['(', ' ']).next().expect("a type has a name");
    let positive = declared.contains("unsigned");
    let ty = match (base, positive) {
        ("tinyint", false) => "TINYINT",
        ("tinyint", true) | ("smallint", false) => "SMALLINT",
        ("smallint", true) | ("mediumint", _) | ("int", false) | ("year", _) => "INT",
        ("int", true) | ("bigint", false) => "BIGINT",
        ("bigint", true) => unsigned,
        ("decimal", _) => {
            let digits = declared.trim_start_matches("decimal").split(' ').next().expect("digits");
            let wide = digits.starts_with("(65");
            let ty = if wide { "STRING".to_owned() } else { format!("DECIMAL{digits}") };
            return Some((ty, format!("cast({name} + 0 as char)")));
        }
        ("float", _) if declared.contains('(') => "DOUBLE",
        ("float", _) => return Some(("FLOAT".into(), format!("cast({name} * 1e0 as char)"))),
        // Declared digits are shown, not stored.
        ("double", _) if declared.contains('(') => {
            return Some(("DOUBLE".into(), format!("cast({name} * 1e0 as char)")));
        }
        ("double", _) => return Some(("DOUBLE".into(), format!("cast({name} as char)"))),
        ("char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" | "enum" | "json", _) => {
            return Some(("STRING".into(), format!("cast({name} as char)")));
        }
        _ => return None,
    };
    let sql =
        if base == "float" { format!("cast({name} as char)") } else { format!("cast({name} + 0 as char)") };
    Some((ty.to_owned(), sql))
}

/// Bytes and geometries.
fn is_binary(declared: &str) -> bool {
    ["binary", "blob"].iter().any(|word| declared.contains(word))
}

fn is_geometry(declared: &str) -> bool {
    ["geom", "point", "line", "polygon", "multi"].iter().any(|word| declared.starts_with(word))
}

/// Clocks as text in the table whose values no clock of Flink holds, else as timestamps.
fn clock(table: &str, declared: &str, name: &str) -> Option<(String, String)> {
    let digits = declared.split_once('(').map_or("0", |(_, digits)| digits.trim_end_matches(')'));
    match declared.split('(').next() {
        Some("datetime" | "timestamp") if table != "t_time" => Some((
            format!("TIMESTAMP({digits})"),
            format!("timestampdiff(microsecond, '1970-01-01', {name})"),
        )),
        Some("date" | "time" | "datetime" | "timestamp") => {
            Some(("STRING".into(), format!("cast({name} as char)")))
        }
        _ => None,
    }
}

fn canal(table: &str, declared: &str, name: &str) -> Option<(String, String)> {
    let number = || Some(("DECIMAL(20, 0)".to_owned(), format!("cast({name} + 0 as char)")));
    match declared.split('(').next()? {
        "enum" | "set" | "bit" => number(),
        // Characters up to U+00FF for bytes: read here where they are ASCII, elsewhere by their codes.
        _ if is_binary(declared) || is_geometry(declared) || declared.starts_with("vector") => None,
        _ => clock(table, declared, name).or_else(|| common(declared, name, "DECIMAL(20, 0)")),
    }
}

fn maxwell(table: &str, declared: &str, name: &str) -> Option<(String, String)> {
    match declared.split('(').next()? {
        "bit" => Some(("DECIMAL(20, 0)".into(), format!("cast({name} + 0 as char)"))),
        "set" => Some(("ARRAY<STRING>".into(), format!("cast({name} as char)"))),
        // Flink prints embedded documents anew, and a number as text without its zeros.
        "json" => None,
        "decimal" if declared.contains("(65") => None,
        _ if is_binary(declared) => Some(("BYTES".into(), format!("lower(hex({name}))"))),
        _ if is_geometry(declared) || declared.starts_with("vector") => None,
        _ => clock(table, declared, name).or_else(|| common(declared, name, "DECIMAL(20, 0)")),
    }
}

fn debezium(_: &str, declared: &str, name: &str) -> Option<(String, String)> {
    let micros = format!("timestampdiff(microsecond, '1970-01-01', {name})");
    let digits = declared.split_once('(').map_or("0", |(_, digits)| digits.trim_end_matches(')'));
    match declared.split('(').next()? {
        "bit" if digits == "1" => {
            Some(("BOOLEAN".into(), format!("case {name} when 1 then 'true' when 0 then 'false' end")))
        }
        "bit" => {
            let bytes = digits.parse::<usize>().ok()?.div_ceil(8) * 2;
            let highest_first = format!("unhex(lpad(hex({name} + 0), {bytes}, '0'))");
            Some(("BYTES".into(), format!("lower(hex(reverse({highest_first})))")))
        }
        "set" => Some(("STRING".into(), format!("cast({name} as char)"))),
        "date" => Some(("INT".into(), format!("cast(to_days({name}) - 719528 as char)"))),
        "time" => {
            let size = format!("abs(time_to_sec({name})) * 1000000 + microsecond({name})");
            Some(("BIGINT".into(), format!("cast(if({name} < 0, -1, 1) * ({size}) as char)")))
        }
        "datetime" if digits <= "3" => Some(("BIGINT".into(), format!("floor(({micros}) / 1000)"))),
        "datetime" => Some(("BIGINT".into(), micros)),
        "timestamp" => Some((format!("TIMESTAMP_LTZ({digits})"), micros)),
        "bigint unsigned" => Some(("BIGINT".into(), format!("cast(cast({name} as signed) as char)"))),
        _ if is_binary(declared) => Some(("BYTES".into(), format!("lower(hex({name}))"))),
        _ if is_geometry(declared) => {
            let srid = format!("ifnull(nullif(st_srid({name}), 0), 'null')");
            let sql = format!("concat(substr(lower(hex({name})), 9), '|', {srid})");
            Some(("ROW<`wkb` BYTES, `srid` INT>".into(), sql))
        }
        "vector" => None,
        _ => common(declared, name, "BIGINT"),
    }
}

/// All columns are in the schema. A vector is left to the tests of values.
fn connect(table: &str, declared: &str, name: &str) -> Option<(String, String)> {
    debezium(table, declared, name)
}

/// Runs a reader over what a pipeline wrote, and compares its rows with the server's.
#[track_caller]
fn check(reader: &str, pipeline: &str, column: Column) {
    let mut records: BTreeMap<String, Vec<&Received>> = BTreeMap::new();
    let mut last = String::new();
    for record in written(pipeline) {
        let text = record.text();
        if !text.is_empty() {
            let message = member(&text, "payload").unwrap_or(&text);
            let of = member(message, "source").unwrap_or(message);
            last = serde_json::from_str(member(of, "table").expect("a table")).expect("a name");
        }
        // a tombstone is of the table of the message before it
        records.entry(last.clone()).or_default().push(record);
    }
    let mut sql = server().sql();
    sql.run("set names utf8mb4; set time_zone = '+00:00'; set sql_mode = ''");
    let (mut input, mut expected) = (String::new(), BTreeMap::new());
    for (table, records) in &records {
        if OTHERS.contains(&table.as_str()) || LOADED_ANEW.contains(&table.as_str()) {
            continue;
        }
        let columns = sql.text(&format!(
            "select column_name, column_type from information_schema.columns
             where table_name = '{table}' and table_schema in ('torture', 'odd-Db') order by ordinal_position"
        ));
        let text = |cell: &Option<String>| cell.clone().expect("names and types are text");
        let quoted = |name: &str| format!("`{}`", name.replace('`', "``"));
        let read: Vec<(String, String, String)> = columns
            .iter()
            .filter_map(|row| {
                let name = quoted(&text(&row[0]));
                column(table, &text(&row[1]), &name).map(|(ty, sql)| (name, ty, sql))
            })
            .collect();
        // the transform gives every column, also of tables without a key, whose rows it cannot tell apart
        if reader == "connect"
            && (read.len() < columns.len()
                || records[0].key.is_none()
                || ["m1", "t_gen"].contains(&table.as_str()))
        {
            continue;
        }
        let types: Vec<String> = read.iter().map(|(name, ty, _)| format!("{name} {ty}")).collect();
        let _ = writeln!(input, "T\t{table}\tROW<{}>", types.join(", "));
        for record in records {
            let _ = writeln!(input, "R\t{}\t{}", hex(record.key.as_deref()), hex(record.value.as_deref()));
        }
        let list: Vec<&str> = read.iter().map(|(_, _, sql)| sql.as_str()).collect();
        let db = if table == "T 1" { "odd-Db" } else { "torture" };
        let rows = sql.text(&format!("select {} from `{db}`.{}", list.join(", "), quoted(table)));
        if !rows.is_empty() {
            let names: Vec<String> = read.into_iter().map(|(name, ty, _)| format!("{name} {ty}")).collect();
            expected.insert(table.clone(), (names, rows));
        }
    }
    assert!(expected.len() > 20, "only {} tables", expected.len());
    let mut found = rebuilt(reader, &input);
    let mut wrong = Vec::new();
    for (table, (columns, rows)) in expected {
        compare(&table, &columns, rows, found.remove(&table).unwrap_or_default(), &mut wrong);
    }
    wrong.extend(found.into_keys().map(|table| format!("{table}: rows that the server does not have")));
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong.join("\n"));
}

type Row = Vec<Option<String>>;

fn compare(
    table: &str,
    columns: &[String],
    mut server: Vec<Row>,
    mut read: Vec<Row>,
    wrong: &mut Vec<String>,
) {
    let canonical = |rows: &mut Vec<Row>| {
        for row in rows.iter_mut() {
            for (cell, column) in row.iter_mut().zip(columns) {
                let Some(text) =
                    cell.as_mut().filter(|_| column.ends_with(" FLOAT") || column.ends_with(" DOUBLE"))
                else {
                    continue;
                };
                *text = text.parse::<f64>().expect("a number").to_string();
            }
        }
        rows.sort();
    };
    canonical(&mut server);
    canonical(&mut read);
    if server.len() != read.len() {
        wrong.push(format!("{table}: {} rows, the server has {}", read.len(), server.len()));
    }
    for (server, read) in server.iter().zip(&read) {
        for ((column, server), read) in columns.iter().zip(server).zip(read) {
            if server != read {
                let short = |cell: &Option<String>| format!("{cell:?}").chars().take(120).collect::<String>();
                wrong.push(format!(
                    "{table}.{column}: read {}, the server says {}",
                    short(read),
                    short(server)
                ));
            }
        }
    }
}

/// Rows by table, as the reader has them in the end.
fn rebuilt(reader: &str, input: &str) -> BTreeMap<String, Vec<Row>> {
    let folder = Run::get().new_folder("readers");
    let jars = installed("readers").join("lib");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/format/readers/Readers.java");
    let (records, rows) = (folder.join("records"), folder.join("rows"));
    fs::write(&records, input).expect("the run's folder is writable");
    let class_path = |first: &Path| format!("{}:{}/*", first.display(), jars.display());
    let run = |program: &str, arguments: &[&Path], options: &[&str]| {
        let output = Command::new(program).args(options).args(arguments).output().expect("Java is installed");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{reader}: {said}");
    };
    run("javac", &[&source], &["-nowarn", "-cp", &class_path(&folder), "-d", &folder.to_string_lossy()]);
    let arguments: [PathBuf; 3] = [reader.into(), records, rows.clone()];
    let arguments: Vec<&Path> = arguments.iter().map(PathBuf::as_path).collect();
    run("java", &arguments, &["-Duser.timezone=UTC", "-cp", &class_path(&folder), "Readers"]);
    let mut all: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for line in fs::read_to_string(rows).expect("it has written rows").lines() {
        let mut cells = line.split('\t').map(unhex);
        let table = cells.next().flatten().expect("a table");
        all.entry(table).or_default().push(cells.collect());
    }
    all
}

fn hex(bytes: Option<&[u8]>) -> String {
    bytes.map_or("-".to_owned(), |bytes| data_encoding::HEXLOWER.encode(bytes))
}

fn unhex(digits: &str) -> Option<String> {
    let bytes = (digits != "-").then(|| data_encoding::HEXLOWER.decode(digits.as_bytes()).expect("digits"));
    bytes.map(|bytes| String::from_utf8(bytes).expect("text"))
}
