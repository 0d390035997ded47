//! Every column type in every format: existing rows, the same rows from the log, and what the server says of them.

use std::collections::BTreeMap;

use super::canonical::{Canonical, expected, found};
use super::consumers::{self, Read};
use super::message::{Format, Named, Row, rows};
use super::said::{Table, tables};
use super::{ANY, MARIADB, MYSQL, MYSQL_8, MYSQL_9, shortened};
use crate::support::kafka::Received;
use crate::support::registry::Registry;
use crate::support::{Isolation, Kafka, Kind, MySql, Project, wait};

/// Seconds for what takes a few.
const SECONDS: u64 = 180;

/// A table, and its column, whose only row is the last one.
const MARKER: &str = "t_last_of_all";

#[test]
fn mysql_9_7_in_every_format() {
    check(Kind::MySql9_7, &[ANY, MYSQL, MYSQL_8, MYSQL_9]);
}

#[test]
fn mariadb_11_8_in_every_format() {
    check(Kind::MariaDb11_8, &[ANY, MARIADB]);
}

#[track_caller]
fn check(kind: Kind, texts: &[&str]) {
    let (server, kafka, registry) = (MySql::shared(kind), Kafka::shared(), Registry::shared());
    let database = server.database("types");
    let mut sql = server.sql();
    sql.run(&format!("set names utf8mb4; set sql_mode = '', time_zone = '+00:00'; use `{database}`"));
    texts.iter().for_each(|text| sql.run(text));
    sql.run(&format!("grant lock tables on `{database}`.* to {}@localhost", MySql::USER));
    let mut all = tables(&mut sql, &database);
    if kind.is_mariadb() {
        // it leaves generated columns out of images, so that these tables are refused
        for table in all.extract_if(.., |table| table.columns.iter().any(|column| column.generated)) {
            sql.run(&format!("drop table {}", table.quoted()));
        }
    }
    let names: Vec<&str> = all.iter().map(|table| table.name.as_str()).chain([MARKER]).collect();
    let written = written(server, kafka, registry, &database, &all);
    let mut wrong = Vec::new();
    let read = consumers::read(registry, &written);
    for (format, records) in &written {
        let mut found: BTreeMap<String, Vec<Row>> = BTreeMap::new();
        let rows = rows(*format, registry, &names, records);
        if let Some(read) = read.get(format) {
            read_alike(*format, records, &rows, read, &all, &mut sql, &mut |what| {
                wrong.push(format!("{format:?}: {what}"));
            });
        }
        for row in rows {
            found.entry(row.table.clone()).or_default().push(row);
        }
        for table in all.iter().filter(|table| takes(*format, table)) {
            let mut told = |what: String| wrong.push(format!("{format:?} {}: {what}", table.name));
            let of = found.get(&table.name).map_or(&[][..], Vec::as_slice);
            bytes_alike(of, &mut told);
            let expected = expected(*format, table, &mut sql);
            values_alike(*format, table, of, expected, &mut sql, &mut told);
        }
    }
    let n = wrong.len();
    wrong.truncate(60);
    assert!(wrong.is_empty(), "{kind:?}: {n} wrong\n{}", wrong.join("\n"));
}

/// Whether a table is sent in a format.
fn takes(format: Format, table: &Table) -> bool {
    let name = &table.name;
    !format.is_of_registry() || name.starts_with("t_") || name.starts_with("k_")
}

/// What all pipelines write: the load, then each row deleted, and inserted anew.
fn written(
    server: &MySql,
    kafka: &Kafka,
    registry: &Registry,
    database: &str,
    tables: &[Table],
) -> BTreeMap<Format, Vec<Received>> {
    let mut sql = server.sql();
    sql.run(&format!(
        "set sql_mode = '', time_zone = '+00:00'; create table `{database}`.{MARKER} ({MARKER} int primary key)"
    ));
    let prefix = kafka.prefix("types-");
    let mut text = format!(
        "edition 2026\n\nsource db mysql \"{}@{}\" {{\n  password env TYPES_PASSWORD\n}}\n\n\
         target bus kafka \"{}\" {{\n  registry \"{}\"\n  state {{\n    prefix \"{prefix}-state\"\n  }}\n}}\n",
        MySql::USER,
        server.address(),
        kafka.brokers(),
        registry.url(),
    );
    for format in Format::ALL {
        let include = match format.is_of_registry() {
            true => format!("`{database}`.t_*, `{database}`.k_*"),
            false => format!("`{database}`.*"),
        };
        // one for each table and one for the marker, so that it can be told what a message is of that does not say it
        let partitions = if format == Format::Json { tables.len() + 1 } else { format.partitions() };
        let name = format!("{format:?}");
        text += &format!(
            "\npipeline {} from db to bus {{\n  include {include}\n  {}\n  {}\n  topic \"{prefix}-{name}\" {{\n    partitions {partitions}\n  }}\n",
            name.to_lowercase(),
            format.statement(),
            format.partition()
        );
        if format == Format::Json {
            let all = tables.iter().map(Table::quoted).chain([MARKER.to_owned()]);
            for (n, table) in all.enumerate() {
                text += &format!("  table `{database}`.{table} {{\n    partition to {n}\n  }}\n");
            }
        }
        text += "}\n";
    }
    let mut project = Project::new("types", &[("types.sync", &text)]);
    project.env("TYPES_PASSWORD", MySql::PASSWORD);
    let mut syncc = project.start(&["run"]);
    project.wait_for_status(&mut syncc, "all rows are loaded", SECONDS, |status| {
        let tasks = status["tasks"].as_array().map_or(&[][..], Vec::as_slice);
        tasks.len() == Format::ALL.len() && tasks.iter().all(|task| task["state"] == "streaming")
    });
    let aside = server.database("aside");
    for table in tables {
        let (name, aside, columns) = (table.full(database), table.full(&aside), table.written());
        sql.run(&format!(
            "create table {aside} like {name};
             insert into {aside} ({columns}) select {columns} from {name};
             delete from {name};
             insert into {name} ({columns}) select {columns} from {aside}"
        ));
    }
    sql.run(&format!("insert into `{database}`.{MARKER} values (1)"));
    let all = Format::ALL.into_iter().map(|format| {
        let records = wait::until(&format!("the last row in {format:?}"), SECONDS, || {
            assert!(syncc.runs(), "syncc ended:\n{}", syncc.stderr());
            let records = kafka.consume(&format!("{prefix}-{format:?}"), Isolation::ReadCommitted);
            // of `avro` only the schema has the name
            let last = match format {
                Format::Avro => records.last().is_some_and(|record| {
                    registry.schema_of(record.value.as_deref().expect("no tombstones")).contains(MARKER)
                }),
                _ => records.iter().filter_map(|record| record.value.as_deref()).any(is_marker),
            };
            if last { Ok(records) } else { Err(format!("{} records", records.len())) }
        });
        (format, records)
    });
    let all = all.collect();
    assert_eq!(syncc.stop(), Some(0), "{}", syncc.stderr());
    all
}

/// Whether the marker's name is in a message, which is short.
fn is_marker(value: &[u8]) -> bool {
    value.len() < 2_000 && value.windows(MARKER.len()).any(|window| window == MARKER.as_bytes())
}

/// The row of the load, of a delete and of an insert is the same bytes.
fn bytes_alike(rows: &[Row], told: &mut impl FnMut(String)) {
    let of = |op: char| {
        let mut all: Vec<&Row> = rows.iter().filter(|row| row.op == op).collect();
        all.sort_by_key(|row| &row.bytes);
        all
    };
    let loaded = of('r');
    for op in ['d', 'c'] {
        let streamed = of(op);
        if loaded.len() != streamed.len() {
            told(format!("{} rows of the load, {} of {op}", loaded.len(), streamed.len()));
        }
        for (loaded, streamed) in loaded.iter().zip(streamed).filter(|(one, other)| one.bytes != other.bytes)
        {
            let cells = loaded.cells.iter().zip(&streamed.cells);
            let differ = cells.filter(|(one, other)| one.cell != other.cell).map(|(one, other)| {
                shortened(&format!("{}: {:?}", one.name, one.cell))
                    + " and "
                    + &shortened(&format!("{:?}", other.cell))
            });
            told(format!("load and {op} differ: {}", differ.collect::<Vec<_>>().join("; ")));
        }
    }
}

/// The values of the load are those of the server.
fn values_alike(
    format: Format,
    table: &Table,
    rows: &[Row],
    mut expected: Vec<Vec<Canonical>>,
    sql: &mut crate::support::Sql,
    told: &mut impl FnMut(String),
) {
    let mut read = Vec::new();
    for row in rows.iter().filter(|row| row.op == 'r') {
        let names = row.cells.iter().map(|named| &named.name);
        if !names.eq(table.columns.iter().map(|column| &column.name)) {
            told(format!("other columns: {:?}", row.cells));
            return;
        }
        let cells = row.cells.iter().zip(&table.columns);
        read.push(cells.map(|(named, column)| found(format, column, named, sql)).collect::<Vec<_>>());
    }
    read.sort();
    expected.sort();
    if read.len() != expected.len() {
        told(format!("{} rows, the server has {}", read.len(), expected.len()));
    }
    for (read, expected) in read.iter().zip(&expected) {
        for ((read, expected), column) in read.iter().zip(expected).zip(&table.columns) {
            if read != expected {
                let [read, expected] = [read, expected].map(|value| shortened(&format!("{value:?}")));
                told(format!("{} {}: read {read}, the server says {expected}", column.name, column.declared));
            }
        }
    }
}

/// The code of consumers reads the same values, and that of other producers would have sent the records where they are.
fn read_alike(
    format: Format,
    records: &[Received],
    rows: &[Row],
    read: &[Read],
    tables: &[Table],
    sql: &mut crate::support::Sql,
    told: &mut impl FnMut(String),
) {
    let mut rows = rows.iter();
    let (mut partitions, mut values) = ([false; 7], 0);
    for (record, read) in records.iter().zip(read) {
        let row = record.value.as_ref().map(|_| rows.next().expect("each value is about a row"));
        let table = row.and_then(|row| tables.iter().find(|table| table.name == row.table));
        // by its own, Canal knows primary keys only
        let unknown = format == Format::Canal
            && table.is_some_and(|table| table.key.is_empty())
            && record.key.is_some();
        if record.partition != read.partition && !unknown {
            let table = table.map(|table| &table.name);
            told(format!("a row of {table:?} in {}, theirs in {}", record.partition, read.partition));
        }
        partitions[record.partition as usize] |= !unknown;
        let (Some(row), Some(table), Some(columns)) = (row, table, &read.row) else { continue };
        for (named, column) in row.cells.iter().zip(&table.columns) {
            let Some((_, cell)) = columns.iter().find(|(name, _)| *name == named.name) else {
                told(format!("{}.{} is not read", table.name, named.name));
                continue;
            };
            let theirs = Named { name: named.name.clone(), cell: cell.clone(), written: None };
            let [ours, theirs] = [named, &theirs].map(|named| found(format, column, named, sql));
            values += 1;
            if ours != theirs {
                let [ours, theirs] = [ours, theirs].map(|value| shortened(&format!("{value:?}")));
                told(format!("{}.{}: they read {theirs}, it is {ours}", table.name, named.name));
            }
        }
    }
    assert!(partitions[..format.partitions()].iter().all(|there| *there), "{format:?}: too few keys");
    assert!(values > 2_000 || format == Format::DebeziumJson, "{format:?}: only {values} values");
}
