//! Every column type in every format: existing rows, the same rows from the log, updates to and from NULL and of keys, and what
//! the server says of them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::canonical::{Canonical, expected, found};
use super::consumers::{self, Written};
use super::message::{Format, Row, rows};
use super::said::{Column, Table, tables};
use super::{ANY, MARIADB, MARIADB_11_8, MYSQL, MYSQL_8, MYSQL_9, alike, flink, shortened};
use crate::support::kafka::Received;
use crate::support::registry::Registry;
use crate::support::{Isolation, Kafka, Kind, MySql, Project, Sql, wait};

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
    check(Kind::MariaDb11_8, &[ANY, MARIADB, MARIADB_11_8]);
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
    let loaded = told(&all, &mut sql);
    let sent = sent(server, kafka, registry, &database, &all, &loaded);
    let ended = told(&all, &mut sql);
    let mut wrong = Vec::new();
    let all_rows: Vec<Vec<Row>> =
        sent.iter().map(|sent| rows(sent.format, registry, &names, &sent.records)).collect();
    let mut written = Vec::new();
    for (sent, rows) in sent.iter().zip(&all_rows) {
        let format = sent.format;
        for table in all.iter().filter(|table| takes(format, table)) {
            let of = |part: Range<usize>| -> Vec<&Row> {
                rows[part].iter().filter(|row| row.table == table.name).collect()
            };
            // so far, each record is about a row, but a tombstone
            let n = |records: usize| sent.records[..records].iter().filter(|it| it.value.is_some()).count();
            let (load, again) = (of(0..n(sent.loaded)), of(n(sent.loaded)..n(sent.again)));
            let mut told = |what: String| wrong.push(format!("{format:?} {}: {what}", table.name));
            bytes_alike(&load, &again, &mut told);
            let expected = loaded[&format][table.name.as_str()].clone();
            values_alike(format, table, &load, expected, &mut sql, &mut told);
        }
        let types = match format {
            Format::Dts => BTreeMap::new(),
            _ => types(format, &all, &loaded[&Format::Canal]),
        };
        written.push(Written { format, records: &sent.records, rows, types });
    }
    for (of, reader, read) in consumers::read(registry, &written) {
        let mut told = |what: String| wrong.push(format!("{:?} {reader:?}: {what}", of.format));
        alike::check(of, reader, &read, &all, &ended[&of.format], &mut sql, &mut told);
    }
    let n = wrong.len();
    wrong.truncate(60);
    assert!(wrong.is_empty(), "{kind:?}: {n} wrong\n{}", wrong.join("\n"));
}

/// Rows by format and table.
type Told<'t> = BTreeMap<Format, BTreeMap<&'t str, Vec<Vec<Canonical>>>>;

/// What the server has now, by format and table.
fn told<'t>(tables: &'t [Table], sql: &mut Sql) -> Told<'t> {
    let mut all = BTreeMap::new();
    for format in Format::ALL {
        let taken = tables.iter().filter(|table| takes(format, table));
        all.insert(format, taken.map(|table| (table.name.as_str(), expected(format, table, sql))).collect());
    }
    all
}

/// The tables of Flink. `rows` are those of the server as it prints them.
fn types<'t>(
    format: Format,
    tables: &'t [Table],
    rows: &BTreeMap<&str, Vec<Vec<Canonical>>>,
) -> BTreeMap<&'t str, String> {
    let name = |table: &'t Table| table.name.as_str();
    let taken = tables.iter().filter(|table| takes(format, table));
    let mut types: BTreeMap<&str, String> =
        taken.map(|table| (name(table), flink::row_type(format, table, &rows[name(table)]))).collect();
    types.insert(MARKER, flink::row(format, [format!("{MARKER} INT")]));
    types
}

/// Whether a table is sent in a format.
fn takes(format: Format, table: &Table) -> bool {
    let name = &table.name;
    !format.is_of_registry() || name.starts_with("t_") || name.starts_with("k_")
}

/// What a pipeline has written.
struct Sent {
    format: Format,
    records: Vec<Received>,
    /// So many of them are the load.
    loaded: usize,
    /// So many are that, and then each row deleted and inserted anew; behind them are updates.
    again: usize,
}

impl Sent {
    fn nothing(format: Format) -> Sent {
        Sent { format, records: Vec::new(), loaded: 0, again: 0 }
    }
}

/// What all pipelines write: the load, then each row deleted, and inserted anew, then updates to and from NULL, and of keys.
fn sent(
    server: &MySql,
    kafka: &Kafka,
    registry: &Registry,
    database: &str,
    tables: &[Table],
    loaded: &Told<'_>,
) -> Vec<Sent> {
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
    let mut sent: Vec<Sent> = Format::ALL.map(Sent::nothing).into();
    let mut take = |what: &str, sent: &mut [Sent], complete: &dyn Fn(Format, &[Received]) -> bool| {
        for sent in sent {
            let topic = format!("{prefix}-{:?}", sent.format);
            let look = || new(kafka.consume(&topic, Isolation::ReadCommitted), &sent.records);
            wait::until(&format!("{what} in {topic}"), SECONDS, || {
                assert!(syncc.runs(), "syncc ended:\n{}", syncc.stderr());
                let new = look();
                if complete(sent.format, &new) { Ok(()) } else { Err(format!("{} records", new.len())) }
            });
            // The ends of partitions are looked at one after the other: all that is committed with the last record is surely seen
            // only by whoever looks after that was seen.
            let new = look();
            sent.records.extend(new);
        }
    };
    take("the load", &mut sent, &|format, records| {
        records.len() == loaded[&format].values().map(Vec::len).sum::<usize>()
    });
    sent.iter_mut().for_each(|sent| sent.loaded = sent.records.len());

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
    let ends = |format, records: &[Received]| ends(format, registry, records);
    take("the rows again", &mut sent, &ends);
    sent.iter_mut().for_each(|sent| sent.again = sent.records.len());

    tables.iter().for_each(|table| update(table, database, &aside, &mut sql));
    sql.run(&format!("insert into `{database}`.{MARKER} values (2)"));
    take("the updates", &mut sent, &ends);
    assert_eq!(syncc.stop(), Some(0), "{}", syncc.stderr());
    sent
}

/// Every column that can be NULL is, and is again what it was; then keys change that have room for it.
fn update(table: &Table, database: &str, aside: &str, sql: &mut Sql) {
    let Some(join) = table.join() else { return };
    let (name, aside) = (table.full(database), table.full(aside));
    let nullable = || table.columns.iter().filter(|column| column.nullable && !column.generated);
    let list =
        |of: fn(&str) -> String| nullable().map(|column| of(&column.quoted)).collect::<Vec<_>>().join(", ");
    if nullable().next().is_some() {
        let (nulls, values) =
            (list(|name| format!("{name} = null")), list(|name| format!("t.{name} = a.{name}")));
        sql.run(&format!("update {name} set {nulls}; update {name} t join {aside} a on {join} set {values}"));
    }
    let key: Vec<&Column> = table.columns.iter().filter(|column| table.key.contains(&column.name)).collect();
    let changes: Vec<String> = match key[..] {
        [number] if number.ty == "int" => vec![changed(number)],
        _ if table.name.starts_with("k_change_") => key.into_iter().map(changed).collect(),
        _ => return,
    };
    for change in changes.iter().chain((changes.len() > 1).then_some(&changes.join(", "))) {
        sql.run(&format!("update {name} set {change}"));
    }
}

/// The assignment that gives a column another value, in each row another one.
fn changed(column: &Column) -> String {
    let name = &column.quoted;
    match column.ty.as_str() {
        "int" => format!("{name} = {name} + 100000"),
        "decimal" => format!("{name} = {name} + 100"),
        "varchar" => format!("{name} = concat({name}, '~')"),
        "datetime" => format!("{name} = {name} + interval 1 month"),
        other => panic!("nobody knows another {other}"),
    }
}

/// The records that are not among the known ones.
fn new(mut records: Vec<Received>, known: &[Received]) -> Vec<Received> {
    let place = |record: &Received| (record.partition, record.offset);
    let known: BTreeSet<_> = known.iter().map(place).collect();
    records.retain(|record| !known.contains(&place(record)));
    records
}

/// Whether the marker is among the records.
fn ends(format: Format, registry: &Registry, records: &[Received]) -> bool {
    match format {
        // only the schema has the name
        Format::Avro => records.last().is_some_and(|record| {
            registry.schema_of(record.value.as_deref().expect("no tombstones")).contains(MARKER)
        }),
        _ => records.iter().filter_map(|record| record.value.as_deref()).any(is_marker),
    }
}

/// Whether the marker's name is in a message, whose end is looked at: the whole of a short one, and what stands behind a schema.
fn is_marker(value: &[u8]) -> bool {
    let end = &value[value.len().saturating_sub(2_000)..];
    end.windows(MARKER.len()).any(|window| window == MARKER.as_bytes())
}

/// The row of the load, of a delete and of an insert is the same bytes.
fn bytes_alike(load: &[&Row], again: &[&Row], told: &mut impl FnMut(String)) {
    let sorted = |rows: &mut dyn Iterator<Item = &&Row>| {
        let mut rows: Vec<Row> = rows.map(|row| (*row).clone()).collect();
        rows.sort_by(|one, other| one.bytes.cmp(&other.bytes));
        rows
    };
    let loaded = sorted(&mut load.iter());
    for op in ['d', 'c'] {
        let streamed = sorted(&mut again.iter().filter(|row| row.op == op));
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
    rows: &[&Row],
    mut expected: Vec<Vec<Canonical>>,
    sql: &mut Sql,
    told: &mut impl FnMut(String),
) {
    let mut read = Vec::new();
    for row in rows {
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
