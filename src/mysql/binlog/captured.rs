//! What real servers logged for `captured/types.sql`, decoded and compared with what they answer to SELECT.
//!
//! A `.hex` file has one event per line, a `.tsv` file the columns (`C`) and rows (`R`) of each table; `61*40` is 40 bytes of 61.

use super::control::{FormatDescription, Heartbeat, Incident, Rotate, XaPrepare, Xid};
use super::event::{
    CHECKSUM_BYTES, Checksum, Duty, EventType, HEADER_BYTES, Header, RawEvent, duty, split_event,
};
use super::gtid::{MariaGtid, MySqlGtid, uuid_text};
use super::layout::RowLayout;
use super::query::Query;
use super::rows::{RowKind, RowsEvent};
use super::scratch::Scratch;
use super::table_map::{MapColumn, TableMap};
use crate::mysql::charset::{Charset, collation};
use crate::mysql::column_type::ColumnType;
use crate::mysql::decimal::write_decimal;
use crate::mysql::ident::TableNameCase;
use crate::mysql::json::write_json;
use crate::mysql::key::canonical_key;
use crate::mysql::position::Flavor;
use crate::mysql::schema::model::Wording;
use crate::mysql::schema::{Column, Resolution, TableName, TableVersion, Tracker, declared};
use crate::mysql::temporal::{write_date, write_datetime, write_time, write_timestamp};
use crate::mysql::value::{Decimal, Value};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

const MYSQL: (&str, &str) = (include_str!("captured/mysql-9.7.hex"), include_str!("captured/mysql-9.7.tsv"));
const MARIA: (&str, &str) =
    (include_str!("captured/mariadb-10.11.hex"), include_str!("captured/mariadb-10.11.tsv"));

/// Bytes of `01ff 61*3`.
pub(crate) fn bytes(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    for word in text.split(' ') {
        let (hex, times) = word.split_once('*').unwrap_or((word, "1"));
        let hex: Vec<u8> =
            (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect();
        for _ in 0..times.parse().unwrap() {
            out.extend(&hex);
        }
    }
    out
}

fn events(hex: &str) -> Vec<Vec<u8>> {
    hex.lines().map(bytes).collect()
}

/// Tables as the server describes them, and their rows as it answers them, in the order of their first column.
fn tables(tsv: &str) -> BTreeMap<String, (TableVersion, Vec<Vec<String>>)> {
    let mut tables = BTreeMap::new();
    for line in tsv.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let (version, rows) = tables.entry(fields[1].to_owned()).or_insert_with(|| {
            let name = TableName::new("cap", fields[1]);
            (TableVersion { name, columns: vec![], primary_key: vec![0], unique_keys: vec![] }, vec![])
        });
        if fields[0] == "R" {
            let cell = |field: &&str| {
                if field.contains('*') {
                    bytes(field).iter().map(|byte| format!("{byte:02X}")).collect()
                } else {
                    (*field).to_owned()
                }
            };
            rows.push(fields[2..].iter().map(cell).collect());
            continue;
        }
        let charset = Some(fields[5]).filter(|charset| !charset.is_empty());
        version.columns.push(Column {
            name: fields[2].to_owned(),
            ty: declared::parse(fields[3], fields[4], charset).unwrap(),
            nullable: fields[6] == "YES",
            declared: fields[3].to_owned(),
            hidden: false,
            collation: None,
        });
    }
    tables
}

/// A value in the form of the `.tsv` files.
fn shown(value: Value<'_>, column: &Column) -> String {
    let text = |write: &dyn Fn(&mut Vec<u8>)| {
        let mut out = Vec::new();
        write(&mut out);
        String::from_utf8(out).unwrap()
    };
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>();
    match value {
        Value::Null => "NULL".into(),
        Value::Int(number) => number.to_string(),
        Value::UInt(number) if column.declared.ends_with("(6) unsigned zerofill") => format!("{number:06}"),
        Value::UInt(number) | Value::Bit(number) | Value::Set(number) => number.to_string(),
        Value::Enum(number) => number.to_string(),
        Value::Year(year) => format!("{year:04}"),
        Value::Float(number) => f64::from(number).to_string(),
        Value::Double(number) => number.to_string(),
        Value::Decimal(decimal) => text(&|out| write_decimal(decimal, out)),
        Value::Date(date) => text(&|out| write_date(date, out)),
        Value::Time(time) => text(&|out| write_time(time, out)),
        Value::DateTime(datetime) => text(&|out| write_datetime(datetime, out)),
        Value::Timestamp(timestamp) => text(&|out| write_timestamp(timestamp, out)),
        Value::Json(json) => hex(text(&|out| write_json(json, out).unwrap()).as_bytes()),
        Value::Text(bytes) | Value::Bytes(bytes) | Value::Geometry(bytes) | Value::Vector(bytes) => {
            hex(bytes)
        }
        Value::Uuid(bytes) => uuid_text(bytes),
        Value::Inet4(&bytes) => Ipv4Addr::from(bytes).to_string(),
        Value::Inet6(&bytes) => Ipv6Addr::from(bytes).to_string(),
    }
}

/// The server's text, with numbers brought to the form of [`shown`].
fn expected(text: &str, column: &Column) -> String {
    match column.ty {
        _ if text == "NULL" => text.to_owned(),
        ColumnType::Float | ColumnType::Double => text.parse::<f64>().unwrap().to_string(),
        // as a row of a SELECT is written
        ColumnType::Decimal { .. } => shown(Value::Decimal(Decimal::Text(text.as_bytes())), column),
        _ => text.to_owned(),
    }
}

/// Applies a whole file to empty tables: rows by their first column, as text.
fn replay(
    hex: &str,
    tables: &BTreeMap<String, (TableVersion, Vec<Vec<String>>)>,
) -> BTreeMap<(String, String), Vec<String>> {
    let mut rows: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    let mut checksum = Checksum::Off;
    let mut flavor = Flavor::MySql;
    let mut maps = BTreeMap::new();
    let mut scratch = Scratch::new(1 << 20);
    let mut counts = BTreeMap::new();
    let mut open_statement = false;
    for raw in events(hex) {
        let event = split_event(&raw, checksum).unwrap();
        *counts.entry(event.header.event_type.number()).or_insert(0) += 1;
        match duty(&event.header) {
            Duty::Decode => {}
            Duty::Skip => continue,
            Duty::Unpack => panic!("the captured logs are not compressed"),
            Duty::Refuse(why) => panic!("{why}"),
        }
        match event.header.event_type {
            EventType::FormatDescription => {
                let description = FormatDescription::parse(event.body).unwrap();
                (checksum, flavor) = (description.checksum, description.flavor);
            }
            EventType::TableMap => {
                let map = TableMap::parse(event.body, flavor).unwrap();
                let (version, _) = &tables[&map.table];
                check_map(&map, version, flavor);
                let layout = RowLayout::build(&map, version).unwrap();
                maps.insert(map.table_id, (layout, version));
            }
            EventType::WriteRows
            | EventType::WriteRowsV1
            | EventType::UpdateRows
            | EventType::UpdateRowsV1
            | EventType::DeleteRows
            | EventType::DeleteRowsV1 => {
                let event = RowsEvent::parse(&event).unwrap();
                open_statement = !event.statement_end;
                let (layout, version) = &maps[&event.table_id];
                let mut reader = event.read(layout, &mut scratch).unwrap();
                let (mut before, mut after) = (vec![], vec![]);
                while let Some(kind) = reader.next(&mut before, &mut after).unwrap() {
                    let texts = |values: &[Value<'_>]| -> Vec<String> {
                        values
                            .iter()
                            .zip(&version.columns)
                            .map(|(&value, column)| shown(value, column))
                            .collect()
                    };
                    let key = |texts: &[String]| (version.name.table.clone(), texts[0].clone());
                    if kind != RowKind::Insert {
                        let before = texts(&before);
                        assert_eq!(rows.remove(&key(&before)), Some(before));
                    }
                    if kind != RowKind::Delete {
                        let after = texts(&after);
                        assert_eq!(rows.insert(key(&after), after), None);
                    }
                }
            }
            EventType::Query => {
                let query = Query::parse(event.body).unwrap();
                assert!(!query.session.cut);
                assert_eq!(query.session.sql_mode, Some(0));
                assert!(query.session.client_collation.is_some());
                let sql = str::from_utf8(query.sql).unwrap();
                assert!(sql.contains("create ") || sql == "BEGIN" || sql == "COMMIT", "{sql}");
            }
            EventType::Gtid => {
                let gtid = MySqlGtid::parse(event.body).unwrap();
                assert!(gtid.number > 0 && gtid.tag.is_empty());
                assert!(gtid.immediate_commit_us > 1 << 50 && gtid.transaction_bytes > 100);
                assert_eq!(gtid.immediate_commit_us, gtid.original_commit_us);
            }
            EventType::MariaGtid => {
                let gtid = MariaGtid::parse(event.body).unwrap();
                assert!(gtid.sequence > 0 && gtid.domain == 0 && gtid.xa.is_none() && gtid.alter.is_none());
                assert_eq!(gtid.ddl, gtid.standalone);
            }
            EventType::Xid => {
                assert!(Xid::parse(event.body).unwrap().xid > 0 && !open_statement);
            }
            EventType::Rotate => {
                assert!(Rotate::parse(event.body).unwrap().file.starts_with("binlog."));
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(counts[&19] > 5 && counts[&15] == 1 && counts[&16] > 5, "{counts:?}");
    rows
}

/// What full metadata says agrees with what INFORMATION_SCHEMA says.
fn check_map(map: &TableMap, version: &TableVersion, flavor: Flavor) {
    assert!(map.named);
    assert_eq!(map.primary_key, Some(vec![(0, 0)]));
    for (found, known) in map.columns.iter().zip(&version.columns) {
        let name = format!("{}.{}", map.table, known.name);
        assert_eq!(found.name.as_ref(), Some(&known.name));
        let is_number = known.declared.contains("int") && !known.declared.contains("point");
        if is_number {
            assert_eq!(found.unsigned, Some(known.declared.contains("unsigned")), "{name}");
        }
        let text = match &known.ty {
            ColumnType::Char(text) | ColumnType::VarChar(text) | ColumnType::Text(text) => Some(text),
            _ => None,
        };
        if let Some(text) = text {
            assert_eq!(charset(found, flavor).name(), text.charset, "{name}");
        }
        if let ColumnType::Binary { .. } | ColumnType::VarBinary { .. } | ColumnType::Blob { .. } = known.ty {
            assert_eq!(found.collation, Some(63), "{name}");
        }
        if let ColumnType::Enum(labels) | ColumnType::Set(labels) = &known.ty {
            let charset = charset(found, flavor);
            let text = |label: &Vec<u8>| charset.to_utf8(label, &mut String::new()).text.to_owned();
            let found: Vec<String> = found.labels.iter().flatten().map(text).collect();
            assert_eq!(found, labels.labels, "{name}");
        }
    }
}

/// Character set of a column with full metadata.
fn charset(column: &MapColumn, flavor: Flavor) -> Charset {
    collation(column.collation.unwrap(), flavor).unwrap().charset
}

#[track_caller]
fn check((hex, tsv): (&str, &str)) {
    let tables = tables(tsv);
    let mut rows = replay(hex, &tables);
    for (table, (version, answered)) in &tables {
        for answer in answered {
            let row = rows.remove(&(table.clone(), answer[0].clone())).expect("the log has the row");
            for ((found, answer), column) in row.iter().zip(answer).zip(&version.columns) {
                assert_eq!(*found, expected(answer, column), "{table}.{} of row {}", column.name, row[0]);
            }
        }
    }
    assert_eq!(rows.len(), 0);
}

#[test]
fn mysql_rows_are_what_the_server_answers() {
    check(MYSQL);
}

#[test]
fn mariadb_rows_are_what_the_server_answers() {
    check(MARIA);
}

/// Decodes everything of an event that can be decoded, whatever it holds.
fn decode_all(
    event: &RawEvent<'_>,
    tables: &BTreeMap<String, (TableVersion, Vec<Vec<String>>)>,
    layouts: &[RowLayout],
) {
    let body = event.body;
    let _ = FormatDescription::parse(body);
    let _ = Rotate::parse(body);
    let _ = Xid::parse(body);
    let _ = XaPrepare::parse(body);
    let _ = Heartbeat::parse_v1(body, 0);
    let _ = Heartbeat::parse_v2(body);
    let _ = Incident::parse(body);
    let _ = Query::parse(body);
    let _ = MySqlGtid::parse(body);
    let _ = MySqlGtid::parse_tagged(body);
    let _ = MariaGtid::parse(body);
    for flavor in [Flavor::MySql, Flavor::MariaDb] {
        if let Ok(map) = TableMap::parse(body, flavor) {
            for (version, _) in tables.values() {
                let _ = RowLayout::build(&map, version);
            }
        }
    }
    let mut scratch = Scratch::new(1 << 20);
    for layout in layouts {
        let Ok(rows) = RowsEvent::parse(event) else { return };
        let (mut before, mut after, mut out) = (vec![], vec![], vec![]);
        let Ok(mut reader) = rows.read(layout, &mut scratch) else { continue };
        while let Ok(Some(_)) = reader.next(&mut before, &mut after) {
            for &value in before.iter().chain(&after) {
                if let Value::Json(json) = value {
                    let _ = write_json(json, &mut out);
                }
                canonical_key(&[value], &[0], &mut out);
            }
            out.clear();
        }
    }
}

#[test]
fn damaged_events_do_no_harm() {
    // a fixed sequence: the test is the same each time
    let mut state = 1u64;
    let mut random = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % below.max(1)
    };
    for (hex, tsv) in [MYSQL, MARIA] {
        let tables = tables(tsv);
        let events: Vec<Vec<u8>> = events(hex).into_iter().filter(|raw| raw.len() < 4000).collect();
        let layouts: Vec<RowLayout> = events
            .iter()
            .filter_map(|raw| split_event(raw, Checksum::Crc32).ok())
            .filter_map(|event| {
                let map = [Flavor::MySql, Flavor::MariaDb].map(|flavor| TableMap::parse(event.body, flavor));
                map.into_iter()
                    .flatten()
                    .find_map(|map| RowLayout::build(&map, &tables.get(&map.table)?.0).ok())
            })
            .collect();
        assert!(layouts.len() > 5);
        for _ in 0..3000 {
            let mut raw = events[random(events.len())].clone();
            for _ in 0..=random(3) {
                let at = HEADER_BYTES + random(raw.len() - HEADER_BYTES);
                raw[at] = match random(4) {
                    0 => 0,
                    1 => 0xff,
                    2 => raw[at] ^ 1 << random(8),
                    _ => random(256) as u8,
                };
            }
            raw.truncate(raw.len() - if random(4) == 0 { random(raw.len() - HEADER_BYTES) } else { 0 });
            let size = raw.len() as u32;
            raw[9..13].copy_from_slice(&size.to_le_bytes());
            let header = Header::parse(&raw).unwrap();
            let body = &raw[HEADER_BYTES..];
            let body = &body[..body.len() - body.len().min(CHECKSUM_BYTES)];
            decode_all(&RawEvent { header, body }, &tables, &layouts);
        }
    }
}

/// The tracker sees the columns that INFORMATION_SCHEMA describes, and needs it only for what the log cannot tell.
#[test]
fn columns_named_by_the_log_are_those_of_the_server() {
    for ((hex, tsv), flavor) in [(MYSQL, Flavor::MySql), (MARIA, Flavor::MariaDb)] {
        let tables = tables(tsv);
        let mut checksum = Checksum::Off;
        let mut n_named = 0;
        for raw in events(hex) {
            let event = split_event(&raw, checksum).unwrap();
            match event.header.event_type {
                EventType::FormatDescription => {
                    checksum = FormatDescription::parse(event.body).unwrap().checksum;
                    continue;
                }
                EventType::TableMap => {}
                _ => continue,
            }
            let map = TableMap::parse(event.body, flavor).unwrap();
            let Some((listed, _)) = tables.get(&map.table) else { continue };
            let mut tracker = Tracker::new(Wording::of(flavor, (9, 7, 0)), TableNameCase::Sensitive);
            if !map.named {
                tracker.prove(&listed.name, Arc::new(listed.clone()), None);
                assert!(matches!(tracker.on_table_map(&map), Resolution::Known(_)), "{}", map.table);
                continue;
            }
            n_named += 1;
            assert_eq!(tracker.on_table_map(&map), Resolution::NeedsRefresh);
            let found = tracker.refresh(&map, Some(listed), None).unwrap();
            for (found, listed) in found.columns.iter().zip(&listed.columns) {
                assert_eq!(
                    (&found.name, &found.declared, found.nullable, found.hidden),
                    (&listed.name, &listed.declared, listed.nullable, false),
                );
                assert!(found.ty == listed.ty, "{} of {}: {:?}", found.name, map.table, found.ty);
            }
            assert_eq!(tracker.on_table_map(&map), Resolution::Known(found));
        }
        assert!(n_named > 0, "the log names columns");
    }
}
