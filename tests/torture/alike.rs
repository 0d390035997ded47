//! What code of consumers reads, held against the messages as they are taken apart here, and against the server.

use std::collections::{BTreeMap, BTreeSet};

use super::canonical::{Canonical, found};
use super::consumers::{Read, Reader, Written};
use super::flink;
use super::message::{Cell, Fields, Format, Named, Row, named};
use super::said::{Column, Table};
use super::shortened;
use crate::support::Sql;

/// A row as code of consumers has it; none of a column that it does not read.
type Image = Vec<Option<Canonical>>;

/// Holds what one reader made of the records of a format against them, then the rows that are left by its account against those
/// of the server. `ended` has those by table.
pub(super) fn check(
    written: &Written<'_>,
    reader: Reader,
    read: &[Read],
    tables: &[Table],
    ended: &BTreeMap<&str, Vec<Vec<Canonical>>>,
    sql: &mut Sql,
    told: &mut impl FnMut(String),
) {
    let format = written.format;
    let held = |column: &Column, value| match reader {
        Reader::Flink => flink::held(format, column, value),
        Reader::Unwrap if format == Format::DebeziumSchemas => converted(column, value),
        _ => value,
    };
    let mut rows = written.rows.iter();
    let mut state = State::default();
    let (mut partitions, mut values) = ([false; 7], 0);
    for (record, read) in written.records.iter().zip(read) {
        let row = record.value.as_ref().map(|_| rows.next().expect("each value is about a row"));
        let table = row.and_then(|row| tables.iter().find(|table| table.name == row.table));
        if let Some(failure) = &read.failure {
            told(format!("{:?}: {}", row.map(|row| &row.table), shortened(failure)));
            continue;
        }
        if let Some(theirs) = read.partition {
            partitions[record.partition as usize] = true;
            if record.partition != theirs {
                let table = table.map(|table| &table.name);
                told(format!("a row of {table:?} in {}, theirs in {theirs}", record.partition));
            }
        }
        let Some(row) = row else {
            if read.before.is_some() || read.after.is_some() {
                told("they read a row in a tombstone".into());
            }
            continue;
        };
        let Some(table) = table else { continue };
        if reader == Reader::Subscriber {
            subscribed(row, table, &read.said, told);
        }
        let [mut ours_before, ours_after] = images(row);
        if reader == Reader::Unwrap {
            unwrapped(format, row, table, &read.said, sql, told);
            ours_before = ours_before.filter(|_| row.op == 'd');
        }
        let mut same = |ours: Option<&[Named]>, theirs: &Option<Fields>| {
            let ours = ours.map(|ours| {
                let all = ours.iter().zip(&table.columns);
                all.map(|(named, column)| held(column, found(format, column, named, sql))).collect()
            });
            let theirs = theirs.as_ref().map(|theirs| image(format, table, theirs, sql));
            values += theirs.as_ref().map_or(0, |theirs| theirs.iter().flatten().count());
            compare(table, row.op, ours, &theirs, told);
            theirs
        };
        let (before, after) = (same(ours_before, &read.before), same(ours_after, &read.after));
        state.change(table, row.op, before, after);
    }
    let spread = partitions.iter().filter(|there| **there).count();
    if read.first().is_some_and(|read| read.partition.is_some()) && spread != format.partitions() {
        told(format!("keys for {spread} partitions only"));
    }
    if values < 5_000 {
        told(format!("only {values} values"));
    }
    for table in tables {
        let Some(rows) = ended.get(table.name.as_str()) else { continue };
        let row = |row: &Vec<Canonical>| -> Vec<Canonical> {
            row.iter().zip(&table.columns).map(|(value, column)| held(column, value.clone())).collect()
        };
        let rows: Vec<_> = rows.iter().map(row).collect();
        // of rows whose key the format cannot hold nobody can tell which one an update is about, nor of rows that have one key in
        // images, where there is no image from before
        let are_told_apart = match (format, reader) {
            (Format::Avro, _) => rows.iter().all(|row| has_key(table, row)),
            (_, Reader::Unwrap) => has_keys_apart(table, &rows),
            _ => true,
        };
        if are_told_apart {
            state.compare(table, &rows, told);
        }
    }
}

/// What Connect has of a value in JSON: its numbers with a point have no zero below zero.
fn converted(column: &Column, value: Canonical) -> Canonical {
    match (column.ty.as_str(), value.as_deref()) {
        ("double", Some("8000000000000000")) => Some("0".repeat(16)),
        ("float", Some("80000000")) => Some("0".repeat(8)),
        // the digits of one number behind the other, the lowest byte first
        ("vector", Some(digits)) => {
            let numbers = digits.as_bytes().chunks(8).map(|number| match number {
                b"00000080" => "00000000".into(),
                number => String::from_utf8_lossy(number),
            });
            Some(numbers.collect())
        }
        _ => value,
    }
}

/// What a message says of the row before and after.
fn images(row: &Row) -> [Option<&[Named]>; 2] {
    let (cells, before) = (row.cells.as_slice(), row.before.as_deref());
    match row.op {
        'd' => [Some(cells), None],
        'u' => [before, Some(cells)],
        _ => [None, Some(cells)],
    }
}

fn image(format: Format, table: &Table, fields: &Fields, sql: &mut Sql) -> Image {
    let fields = named(fields.clone());
    let of = |column: &Column| {
        let named = fields.iter().find(|named| named.name == column.name)?;
        Some(found(format, column, named, sql))
    };
    table.columns.iter().map(of).collect()
}

fn compare(
    table: &Table,
    op: char,
    ours: Option<Vec<Canonical>>,
    theirs: &Option<Image>,
    told: &mut impl FnMut(String),
) {
    let (ours, theirs) = match (ours, theirs) {
        (Some(ours), Some(theirs)) => (ours, theirs),
        (None, None) => return,
        (ours, theirs) => {
            let [ours, theirs] = [ours.is_some(), theirs.is_some()];
            told(format!("{}: an image of {op} that is there: {ours}, that they read: {theirs}", table.name));
            return;
        }
    };
    for ((ours, theirs), column) in ours.iter().zip(theirs).zip(&table.columns) {
        if let Some(theirs) = theirs
            && ours != theirs
        {
            let [ours, theirs] = [ours, theirs].map(|value| shortened(&format!("{value:?}")));
            told(format!("{}.{}: they read {theirs}, it is {ours}", table.name, column.name));
        }
    }
}

/// What a listener of the managed service's client gets beside the images.
fn subscribed(row: &Row, table: &Table, said: &Cell, told: &mut impl FnMut(String)) {
    let operation = match row.op {
        'r' | 'c' => "INSERT",
        'u' => "UPDATE",
        _ => "DELETE",
    };
    if said.field("operation").text() != operation || said.field("table").text() != table.name {
        let found = [said.field("operation"), said.field("table")];
        told(format!("{}: {operation} is read as {found:?}", table.name));
    }
    let mut names: Vec<String> =
        said.field("key").clone().list().iter().map(|name| name.text().to_owned()).collect();
    let mut key = table.key.clone();
    names.sort();
    key.sort();
    if names != key {
        told(format!("{}: they read the key {names:?}, it is {key:?}", table.name));
    }
}

/// The key that Connect gets beside the row.
fn unwrapped(
    format: Format,
    row: &Row,
    table: &Table,
    said: &Cell,
    sql: &mut Sql,
    told: &mut impl FnMut(String),
) {
    let key = match said.field("key") {
        Cell::Record(fields) => named(fields.clone()),
        _ => Vec::new(),
    };
    // a unique key stands in for the primary key
    if !table.key.is_empty() && key.len() != table.key.len() {
        told(format!("{}: they read a key of {} columns", table.name, key.len()));
    }
    for part in key {
        let Some(n) = table.columns.iter().position(|column| column.name == part.name) else {
            told(format!("{}: they read a key with {}", table.name, part.name));
            continue;
        };
        let column = &table.columns[n];
        let [of_key, of_row] = [&part, &row.cells[n]].map(|named| found(format, column, named, sql));
        // a date that no calendar has is a day of its own there
        if of_key != of_row && !["date", "datetime", "timestamp"].contains(&column.ty.as_str()) {
            told(format!(
                "{}.{}: they read the key {of_key:?}, the row has {of_row:?}",
                table.name, column.name
            ));
        }
    }
}

/// How many there are of each row, by table. Records of several partitions come in any order, so that a number can be below
/// zero on the way.
#[derive(Default)]
struct State {
    rows: BTreeMap<String, BTreeMap<Image, isize>>,
}

impl State {
    fn change(&mut self, table: &Table, op: char, before: Option<Image>, after: Option<Image>) {
        let rows = self.rows.entry(table.name.clone()).or_default();
        let before = match (&after, op) {
            // a format that does not tell it replaces the row of that key
            (Some(after), 'u') => before.or_else(|| of_key(table, rows, after)),
            _ => before,
        };
        for (image, change) in [(before, -1), (after, 1)] {
            if let Some(image) = image {
                *rows.entry(image).or_default() += change;
            }
        }
    }

    fn compare(&self, table: &Table, ended: &[Vec<Canonical>], told: &mut impl FnMut(String)) {
        let rows = self.rows.get(&table.name);
        let mut left: BTreeMap<Image, isize> = rows.cloned().unwrap_or_default();
        let read = left.keys().next().cloned().unwrap_or_default();
        for row in ended {
            let image = row.iter().zip(&read).map(|(value, read)| read.is_some().then(|| value.clone()));
            *left.entry(image.collect()).or_default() -= 1;
        }
        for (row, n) in left.into_iter().filter(|(_, n)| *n != 0) {
            told(format!("{}: {n} more than at the server: {}", table.name, shortened(&format!("{row:?}"))));
        }
    }
}

/// Places of the key's columns.
fn key(table: &Table) -> Vec<usize> {
    (0..table.columns.len()).filter(|n| table.key.contains(&table.columns[*n].name)).collect()
}

fn has_key(table: &Table, row: &[Canonical]) -> bool {
    key(table).into_iter().all(|n| row[n].is_some())
}

/// Whether no two of the rows have the same key.
fn has_keys_apart(table: &Table, rows: &[Vec<Canonical>]) -> bool {
    let places = key(table);
    let keys: BTreeSet<Vec<&Canonical>> =
        rows.iter().map(|row| places.iter().map(|n| &row[*n]).collect()).collect();
    places.is_empty() || keys.len() == rows.len()
}

fn of_key(table: &Table, rows: &BTreeMap<Image, isize>, of: &Image) -> Option<Image> {
    let key = key(table);
    let there = rows.iter().filter(|(_, n)| **n > 0);
    there.map(|(row, _)| row).find(|row| key.iter().all(|n| row[*n] == of[*n])).cloned()
}
