//! Messages that Canal itself wrote are written again from their own values.

use super::super::{CanalOptions, Encoder, FormatPlan, OutputColumn, OutputTable, Scratch};
use crate::change::sample::streamed;
use crate::change::{EventMeta, RowChange};
use crate::mysql::column_type::ColumnType;
use crate::mysql::schema::{Column, TableName, TableVersion, declared};
use crate::mysql::value::{Date, DateTime, Decimal, Json, Time, Timestamp, Value};
use serde_json::Value as Member;

const RECORDED: &str = include_str!("../../../tests/format/canal/recorded.tsv");

#[test]
fn canals_own_messages() {
    let mut n_whole = 0;
    for line in RECORDED.lines() {
        let (kind, recorded) = line.split_once('\t').unwrap();
        let written = again(recorded);
        match kind {
            "whole" => {
                n_whole += 1;
                assert_eq!(written, recorded);
            }
            "part" => assert_eq!(without_sql_type(&written), without_sql_type(recorded)),
            _ => panic!("unknown kind {kind}"),
        }
    }
    assert!(n_whole > 50);
}

fn without_sql_type(message: &str) -> (&str, &str) {
    let (front, rest) = message.split_once(",\"sqlType\":{").unwrap();
    (front, rest.split_once("},").unwrap().1)
}

/// Reads the row out of a message and encodes it.
fn again(recorded: &str) -> String {
    let message: Member = serde_json::from_str(recorded).unwrap();
    // serde_json sorts members; the text has the order of the columns.
    let names = column_names(recorded);
    let declared_type = |name: &str| message["mysqlType"][name].as_str().unwrap();
    let columns: Vec<Column> = names
        .iter()
        .map(|name| Column {
            name: name.clone(),
            ty: declared::parse(&declared_type(name).to_lowercase(), "", Some("utf8mb4")).unwrap(),
            nullable: true,
            declared: declared_type(name).to_owned(),
            hidden: false,
            collation: None,
        })
        .collect();
    let keys = message["pkNames"].as_array().map_or(&[][..], Vec::as_slice);
    let primary_key = keys
        .iter()
        .map(|key| names.iter().position(|name| *name == *key.as_str().unwrap()).unwrap())
        .collect();
    let version =
        TableVersion { name: TableName::new("d", "t"), columns, primary_key, unique_keys: Vec::new() };

    let text = |row: &Member, name: &String| row.get(name).map(|value| value.as_str().map(str::to_owned));
    let data = &message["data"][0];
    let new: Vec<Option<String>> = names.iter().map(|name| text(data, name).unwrap()).collect();
    let old: Vec<Option<String>> = names
        .iter()
        .zip(&new)
        .map(|(name, new)| text(&message["old"][0], name).unwrap_or_else(|| new.clone()))
        .collect();
    let bytes = |row: &[Option<String>]| -> Vec<Option<Vec<u8>>> {
        let columns = version.columns.iter();
        columns.zip(row).map(|(column, text)| Some(stored(&column.ty, text.as_deref()?))).collect()
    };
    let (new_bytes, old_bytes) = (bytes(&new), bytes(&old));
    let (new, old) = (rebuild(&version, &new_bytes), rebuild(&version, &old_bytes));

    let columns: Vec<OutputColumn> =
        names.iter().enumerate().map(|(index, name)| OutputColumn { index, name: name.clone() }).collect();
    let table = OutputTable {
        source: "main",
        db: message["database"].as_str().unwrap(),
        table: message["table"].as_str().unwrap(),
        version: &version,
        columns: &columns,
    };
    let encoder = Encoder::build(&FormatPlan::CanalJson(CanalOptions::default()), table).unwrap();
    let meta = EventMeta {
        event_ms: message["es"].as_i64().unwrap(),
        now_ms: message["ts"].as_i64().unwrap(),
        ..streamed()
    };
    let change = match message["type"].as_str().unwrap() {
        "INSERT" => RowChange::Insert { after: &new },
        "UPDATE" => RowChange::Update { before: &old, after: &new },
        "DELETE" => RowChange::Delete { before: &new },
        other => panic!("unknown type {other}"),
    };
    let mut out = Vec::new();
    encoder.encode(&change, &meta, message["id"].as_u64().unwrap(), &mut Scratch::new(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn rebuild<'b>(version: &TableVersion, row: &'b [Option<Vec<u8>>]) -> Vec<Value<'b>> {
    version.columns.iter().zip(row).map(|(column, bytes)| value(&column.ty, bytes.as_deref())).collect()
}

/// Names in the order of `mysqlType`.
fn column_names(message: &str) -> Vec<String> {
    let (_, mut rest) = message.split_once("\"mysqlType\":{").unwrap();
    let mut names = Vec::new();
    loop {
        let mut strings = serde_json::Deserializer::from_str(rest).into_iter::<String>();
        names.push(strings.next().unwrap().unwrap());
        rest = rest[strings.byte_offset()..].strip_prefix(':').unwrap();
        let mut strings = serde_json::Deserializer::from_str(rest).into_iter::<String>();
        strings.next().unwrap().unwrap();
        rest = &rest[strings.byte_offset()..];
        match rest.strip_prefix(',') {
            Some(after) => rest = after,
            None => return names,
        }
    }
}

/// Bytes of a value as the message has it: binary types are characters U+0000…U+00FF.
fn stored(ty: &ColumnType, text: &str) -> Vec<u8> {
    match ty {
        ColumnType::Binary { .. }
        | ColumnType::VarBinary { .. }
        | ColumnType::Blob { .. }
        | ColumnType::Geometry => text.chars().map(|sign| u8::try_from(sign).unwrap()).collect(),
        _ => text.as_bytes().to_vec(),
    }
}

fn value<'b>(ty: &ColumnType, bytes: Option<&'b [u8]>) -> Value<'b> {
    let Some(bytes) = bytes else { return Value::Null };
    let text = || std::str::from_utf8(bytes).unwrap();
    let number = || text().parse().unwrap();
    match ty {
        ColumnType::TinyInt { unsigned }
        | ColumnType::SmallInt { unsigned }
        | ColumnType::MediumInt { unsigned }
        | ColumnType::Int { unsigned }
        | ColumnType::BigInt { unsigned } => {
            if *unsigned {
                Value::UInt(number())
            } else {
                Value::Int(text().parse().unwrap())
            }
        }
        ColumnType::Float => Value::Float(text().parse().unwrap()),
        ColumnType::Double => Value::Double(text().parse().unwrap()),
        ColumnType::Decimal { .. } => Value::Decimal(Decimal::Text(bytes)),
        ColumnType::Bit { .. } => Value::Bit(number()),
        ColumnType::Year => Value::Year(text().parse().unwrap()),
        ColumnType::Date => Value::Date(date(text())),
        ColumnType::Time { fsp } => Value::Time(time(text(), *fsp)),
        ColumnType::DateTime { fsp } => Value::DateTime(datetime(text(), *fsp)),
        ColumnType::Timestamp { fsp } => {
            let DateTime { micros, .. } = datetime(text(), *fsp);
            Value::Timestamp(Timestamp { seconds: seconds(text()), micros, fsp: *fsp })
        }
        ColumnType::Char(_) | ColumnType::VarChar(_) | ColumnType::Text(_) => Value::Text(bytes),
        ColumnType::Binary { .. } | ColumnType::VarBinary { .. } | ColumnType::Blob { .. } => {
            Value::Bytes(bytes)
        }
        ColumnType::Enum(_) => Value::Enum(text().parse().unwrap()),
        ColumnType::Set(_) => Value::Set(number()),
        ColumnType::Json => Value::Json(Json::Text(bytes)),
        ColumnType::Geometry => Value::Geometry(bytes),
        ColumnType::Vector | ColumnType::Uuid | ColumnType::Inet4 | ColumnType::Inet6 => {
            panic!("Canal does not know this type")
        }
    }
}

fn date(text: &str) -> Date {
    let mut parts = text.split('-').map(|part| part.parse::<u16>().unwrap());
    let mut next = || parts.next().unwrap();
    Date { year: next(), month: next() as u8, day: next() as u8 }
}

fn time(text: &str, fsp: u8) -> Time {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |text| (true, text));
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = clock.split(':').map(|part| part.parse::<u16>().unwrap());
    let mut next = || parts.next().unwrap();
    let micros = format!("{fraction:0<6}").parse().unwrap();
    Time { negative, hour: next(), minute: next() as u8, second: next() as u8, micros, fsp }
}

fn datetime(text: &str, fsp: u8) -> DateTime {
    let (day, clock) = text.split_once(' ').unwrap();
    let Time { hour, minute, second, micros, .. } = time(clock, fsp);
    DateTime { date: date(day), hour: hour as u8, minute, second, micros, fsp }
}

/// Seconds since 1970 of UTC text; 0 for the zero timestamp.
fn seconds(text: &str) -> u32 {
    let DateTime { date: Date { year, month, day }, hour, minute, second, .. } = datetime(text, 0);
    if year == 0 {
        return 0;
    }
    let leap = |year: u16| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut days: u32 = (1970..year).map(|year| if leap(year) { 366 } else { 365 }).sum();
    let lengths = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    days += lengths[..usize::from(month) - 1].iter().sum::<u32>() + u32::from(day) - 1;
    days * 86400 + u32::from(hour) * 3600 + u32::from(minute) * 60 + u32::from(second)
}
