//! Every column type: a row read by SELECT equals the row of the log, and both equal what the server says.

use super::{session, stream};
use crate::support::{Kind, MySql};
use std::sync::Arc;
use syncc::change::RowBatch;
use syncc::mysql::decimal::write_decimal;
use syncc::mysql::json::write_json;
use syncc::mysql::position::Position;
use syncc::mysql::schema::TableVersion;
use syncc::mysql::temporal;
use syncc::mysql::value::Value;
use syncc::source::mysql::io::{ChunkReader, ChunkRequest, start_position, tables};
use syncc::source::mysql::page::paging_key;

/// Column definitions and the values of its rows, in SQL; every column is nullable. `M` MariaDB only, `S` MySQL only, `9` MySQL 9,
/// `V` the MariaDB that has vectors.
const COLUMNS: &[(&str, &str, &[&str])] = &[
    ("", "tinyint", &["-128", "127", "0"]),
    ("", "tinyint unsigned", &["255", "0"]),
    ("", "smallint", &["-32768", "32767"]),
    ("", "smallint unsigned", &["65535"]),
    ("", "mediumint", &["-8388608", "8388607", "-1"]),
    ("", "mediumint unsigned", &["16777215"]),
    ("", "int", &["-2147483648", "2147483647"]),
    ("", "int unsigned zerofill", &["4294967295", "7"]),
    ("", "bigint", &["-9223372036854775808", "9223372036854775807"]),
    ("", "bigint unsigned", &["18446744073709551615"]),
    ("", "float", &["0.1", "-3.4e38", "1e-30", "16777217"]),
    ("", "float(7,3)", &["1234.5678"]),
    ("", "double", &["0.1", "-1.7e308", "4.9e-324"]),
    ("", "decimal(10,2)", &["-99999999.99", "0.01", "-0.01", "0"]),
    ("", "decimal(10,2) zerofill", &["12.3"]),
    ("", "decimal(65,30)", &["99999999999999999999999999999999999.999999999999999999999999999999"]),
    ("", "decimal(9,9)", &["0.123456789", "-0.000000001"]),
    ("", "decimal(20,0)", &["12345678901234567890"]),
    ("", "bit(1)", &["b'1'", "b'0'"]),
    ("", "bit(10)", &["b'1010101010'"]),
    ("", "bit(64)", &["18446744073709551615"]),
    ("", "year", &["0", "1901", "2155"]),
    ("M", "year(2)", &["24", "0", "'0000'", "1901", "2155", "69", "70"]),
    ("", "date", &["'0000-00-00'", "'2024-00-00'", "'9999-12-31'", "'1000-01-01'"]),
    ("", "time", &["'-838:59:59'", "'838:59:59'", "'-00:00:01'"]),
    ("", "time(1)", &["'-01:00:00.5'", "'00:00:00.1'"]),
    ("", "time(2)", &["'-01:00:00.55'"]),
    ("", "time(6)", &["'-838:59:58.999999'", "'-00:00:00.000001'"]),
    ("", "datetime", &["'0000-00-00 00:00:00'", "'9999-12-31 23:59:59'", "'2024-02-00 01:02:03'"]),
    ("", "datetime(3)", &["'2024-02-29 01:02:03.004'"]),
    ("", "datetime(6)", &["'1000-01-01 00:00:00.000001'"]),
    ("", "timestamp null", &["'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'", "0"]),
    ("", "timestamp(2) null", &["'2000-02-29 23:59:59.99'"]),
    ("", "timestamp(6) null", &["'2001-09-09 01:46:40.123456'"]),
    ("", "char(5) charset utf8mb4", &["'ab   '", "''", "'\u{1F600}é'"]),
    ("", "varchar(20) charset utf8mb4", &["'trailing  '", "'\u{1F600}'", "x'00'"]),
    ("", "varchar(20) charset latin1", &["'caf\u{e9} \u{20ac}'"]),
    ("", "varchar(20) charset gbk", &["'\u{4e2d}\u{6587}\\\\x'"]),
    ("", "char(10) charset utf16", &["'\u{1F600}a '"]),
    ("", "varchar(300) charset ascii", &["repeat('x', 300)"]),
    ("", "tinytext", &["'t'"]),
    ("", "text charset sjis", &["'\u{8868}'"]),
    ("", "mediumtext", &["repeat('\u{e9}', 40000)"]),
    ("", "longtext", &["''"]),
    ("", "binary(8)", &["x'0001'", "x'ff00ff0000000000'", "''", "x'2020'"]),
    ("", "varbinary(20)", &["x'0000'", "x'ff20'", "''"]),
    ("", "tinyblob", &["x'00'"]),
    ("", "blob", &["repeat(x'00ff', 300)"]),
    ("", "mediumblob", &["''"]),
    ("", "longblob", &["x'ffd8'"]),
    ("", "enum('a','b','\u{e9}\u{4e2d}','x,y')", &["'a'", "4", "'\u{e9}\u{4e2d}'", "'none of them'"]),
    ("", "set('a','b','c')", &["'a,c'", "''", "7"]),
    ("", "geometry", &["st_geomfromtext('POINT(1 2)')", "st_geomfromtext('LINESTRING(0 0,1 1)', 4326)"]),
    (
        "",
        "json",
        &["'[]'", "'{\"b\": 1.50, \"a\": [true, null, \"\u{1F600}\"], \"long\": -1}'", "'\"text\"'"],
    ),
    ("M", "uuid", &["'123e4567-e89b-12d3-a456-426655440000'", "'ffffffff-ffff-ffff-ffff-ffffffffff00'"]),
    ("M", "inet4", &["'192.0.2.0'", "'0.0.0.0'"]),
    ("M", "inet6", &["'2001:db8::'", "'::ffff:192.0.2.1'"]),
    ("M", "varchar(100) compressed", &["repeat('z', 100)", "''"]),
    ("M", "blob compressed", &["repeat(x'00', 5000)"]),
    (
        "S",
        "json",
        &[
            "json_object('d', cast(1.5 as decimal(5,2)), 't', cast('01:02:03' as time), 'u', 18446744073709551615)",
            "json_array(cast('2024-02-29' as date), cast('2024-02-29 01:02:03.4' as datetime(6)), cast(x'00ff' as binary), 1e300, -0.5, true)",
            "json_object('long', repeat('x', 70000), 'bb', null, 'a', json_array())",
        ],
    ),
    ("9", "vector(3)", &["string_to_vector('[1,2.5,-3]')"]),
    ("V", "vector(3)", &["vec_fromtext('[1,2.5,-3]')", "x'ffff7f7f01000000cdccccbd'"]),
];

fn applies(to: &str, kind: Kind) -> bool {
    match to {
        "M" => kind.is_mariadb(),
        "S" => !kind.is_mariadb(),
        "9" => kind == Kind::MySql9_7,
        "V" => kind == Kind::MariaDb11_8,
        _ => true,
    }
}

/// A value as text that is the same for both forms of decimals and JSON.
pub(super) fn canonical(value: &Value<'_>) -> String {
    let mut out = Vec::new();
    match value {
        Value::Decimal(decimal) => write_decimal(*decimal, &mut out),
        Value::Date(date) => temporal::write_date(*date, &mut out),
        Value::Time(time) => temporal::write_time(*time, &mut out),
        Value::DateTime(at) => temporal::write_datetime(*at, &mut out),
        Value::Timestamp(at) => temporal::write_timestamp(*at, &mut out),
        Value::Json(json) => write_json(*json, &mut out).expect("a whole document"),
        Value::Null => return "NULL".to_owned(),
        Value::Int(number) => return format!("i{number}"),
        Value::UInt(number) => return format!("u{number}"),
        Value::Float(number) => return format!("f{:08x}", number.to_bits()),
        Value::Double(number) => return format!("d{:016x}", number.to_bits()),
        Value::Bit(number) => return format!("b{number}"),
        Value::Year(year) => return format!("y{year}"),
        Value::Enum(index) => return format!("e{index}"),
        Value::Set(bits) => return format!("s{bits}"),
        Value::Text(bytes) => return format!("text {bytes:02x?}"),
        Value::Bytes(bytes) => return format!("bytes {bytes:02x?}"),
        Value::Geometry(bytes) => return format!("geometry {bytes:02x?}"),
        Value::Vector(bytes) => return format!("vector {bytes:02x?}"),
        Value::Uuid(bytes) => return format!("uuid {bytes:02x?}"),
        Value::Inet4(bytes) => return format!("inet4 {bytes:02x?}"),
        Value::Inet6(bytes) => return format!("inet6 {bytes:02x?}"),
    }
    String::from_utf8(out).expect("written as text")
}

/// All rows of a table by SELECT, in key order.
fn selected(server: &MySql, table: &Arc<TableVersion>, contains: &Position) -> Vec<Vec<String>> {
    let mut reader = ChunkReader::open(&super::replica(server), &contains.server).expect("a reader");
    let key = paging_key(table).expect("a key").to_vec();
    let upto = reader.max_key(table, &key, contains).expect("a greatest key").expect("rows");
    let request = ChunkRequest {
        table: Arc::clone(table),
        key,
        after: None,
        upto,
        limit: 10_000,
        max_bytes: 64 << 20,
        contains: contains.clone(),
    };
    let chunk = reader.read(&request).expect("rows");
    assert!(chunk.done);
    texts(&chunk.rows)
}

fn texts(rows: &RowBatch) -> Vec<Vec<String>> {
    let mut values = Vec::new();
    (0..rows.len())
        .map(|row| {
            rows.row(row, &mut values);
            values.iter().map(canonical).collect()
        })
        .collect()
}

fn check(kind: Kind) {
    let server = MySql::shared(kind);
    let db = server.database("torture");
    let columns: Vec<_> = COLUMNS.iter().filter(|(to, _, _)| applies(to, kind)).collect();
    let mut sql = server.sql();
    sql.run("set names utf8mb4");
    sql.run("set sql_mode = '', time_zone = '+00:00'");
    let list: Vec<String> = columns
        .iter()
        .enumerate()
        .map(
            |(at, (_, ty, _))| {
                if ty.contains("null") { format!("c{at} {ty}") } else { format!("c{at} {ty} null") }
            },
        )
        .collect();
    sql.run(&format!("create table `{db}`.t (id int primary key, {})", list.join(", ")));
    let facts = tables(&mut session(server), |database, _| database == db).expect("tables");
    let [facts] = &facts[..] else { panic!("{} tables", facts.len()) };
    let table = Arc::new(facts.version.clone());
    assert_eq!(table.columns.len(), columns.len() + 1);
    let start = start_position(&mut session(server)).expect("a position");
    let most = columns.iter().map(|(_, _, values)| values.len()).max().unwrap_or(0);
    for id in 0..=most {
        let values: Vec<&str> =
            columns.iter().map(|(_, _, values)| values.get(id).copied().unwrap_or("null")).collect();
        sql.run(&format!("insert into `{db}`.t values ({id}, {})", values.join(", ")));
    }
    let mut logged = Vec::new();
    stream::rows(server, &start, &table, |row| logged.push(row.iter().map(canonical).collect::<Vec<_>>()));
    let now = start_position(&mut session(server)).expect("a position");
    let read = selected(server, &table, &now);
    assert_eq!((read.len(), logged.len()), (most + 1, most + 1), "{kind:?}");
    let mut wrong = Vec::new();
    for (read, logged) in read.iter().zip(&logged) {
        for (at, (read, logged)) in read.iter().zip(logged).enumerate() {
            if read != logged {
                wrong.push(format!(
                    "{} row {}: {read} read, {logged} logged",
                    table.columns[at].declared, logged
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{kind:?}:\n{}", wrong.join("\n"));
}

#[test]
fn mariadb() {
    check(Kind::MariaDb10_11);
}

#[test]
fn mysql_8_0() {
    check(Kind::MySql8_0);
}

#[test]
fn mysql_9_7() {
    check(Kind::MySql9_7);
}

#[test]
fn other_releases() {
    Kind::OTHERS.into_iter().for_each(check);
}
