//! Forms of events that a running server switches on and off: compression, checksums, partial JSON, GTIDs with tags.

use super::{session, stream, tables_of};
use crate::support::{Kind, MySql};
use std::collections::BTreeSet;
use syncc::mysql::binlog::event::EventType;
use syncc::mysql::binlog::gtid::MySqlGtid;
use syncc::mysql::json::write_json;
use syncc::mysql::position::{Gtid, Position};
use syncc::mysql::schema::TableVersion;
use syncc::mysql::value::Value;
use syncc::source::mysql::io::start_position;

fn position(server: &MySql) -> Position {
    start_position(&mut session(server)).expect("a position")
}

/// Numbers and texts of the rows behind `start`, and the types of events that brought them.
fn found(server: &MySql, start: &Position, table: &TableVersion) -> (Vec<(i64, String)>, BTreeSet<u8>) {
    let mut rows = Vec::new();
    let kinds = stream::rows(server, start, table, |row| {
        let [Value::Int(id), Value::Text(text)] = row else { panic!("{row:?}") };
        rows.push((*id, String::from_utf8(text.to_vec()).expect("UTF-8")));
    });
    (rows, kinds)
}

#[test]
fn compressed_transactions_switched_on_a_running_mysql() {
    let server = MySql::shared(Kind::MySql9_7);
    let db = server.database("compressed");
    let mut sql = server.sql();
    sql.run(&format!("create table `{db}`.t (id int primary key, v varchar(2000))"));
    let table = tables_of(server, &db, "t");
    let start = position(server);
    let mut expected = Vec::new();
    for (round, compression) in ["off", "on", "off", "on"].into_iter().enumerate() {
        sql.run(&format!("set session binlog_transaction_compression = {compression}"));
        let level = 3 + 19 * (round / 3);
        sql.run(&format!("set session binlog_transaction_compression_level_zstd = {level}; begin"));
        for at in 0..300 {
            let id = round as i64 * 1000 + at;
            sql.run(&format!("insert into `{db}`.t values ({id}, repeat('{id} ', 200))"));
            expected.push((id, format!("{id} ").repeat(200)));
        }
        sql.run("commit");
    }
    let (rows, kinds) = found(server, &start, &table);
    assert!(rows == expected, "{} rows, {} expected", rows.len(), expected.len());
    assert!(kinds.contains(&40), "{kinds:?}");
}

#[test]
fn compressed_events_switched_on_a_running_mariadb() {
    let server = MySql::start(Kind::MariaDb10_11, &["log-bin-compress-min-len=10"]);
    let db = server.database("compressed");
    let mut sql = server.sql();
    sql.run(&format!("create table `{db}`.t (id int primary key, v varchar(4000))"));
    let table = tables_of(&server, &db, "t");
    let start = position(&server);
    let mut expected = Vec::new();
    for (round, compression) in ["off", "on", "off", "on"].into_iter().enumerate() {
        sql.run(&format!("set global log_bin_compress = {compression}"));
        let long = |id: i64, word: &str| (id, format!("{word} ").repeat(300));
        let id = round as i64;
        sql.run(&format!(
            "begin;
             insert into `{db}`.t values ({id}, repeat('new ', 300)), ({id} + 100, repeat('x ', 300));
             update `{db}`.t set v = repeat('changed ', 300) where id = {id};
             delete from `{db}`.t where id = {id} + 100;
             commit;
             create table `{db}`.other_{id} (a int comment '{}')",
            "nothing ".repeat(40)
        ));
        expected.extend([long(id, "new"), long(id + 100, "x"), long(id, "changed"), long(id + 100, "x")]);
    }
    let (rows, kinds) = found(&server, &start, &table);
    assert!(rows == expected, "{} rows, {} expected", rows.len(), expected.len());
    for kind in [165, 166, 167, 168, 23, 24, 25, 2] {
        assert!(kinds.contains(&kind), "{kind}: {kinds:?}");
    }
}

#[test]
fn checksums_switched_on_a_running_server() {
    for kind in Kind::ALL {
        let server = MySql::start(kind, &[]);
        let db = server.database("sums");
        let mut sql = server.sql();
        sql.run(&format!("create table `{db}`.t (id int primary key, v varchar(20))"));
        let table = tables_of(&server, &db, "t");
        let start = position(&server);
        let mut expected = Vec::new();
        for (id, checksum) in [(1, "NONE"), (2, "CRC32"), (3, "NONE")] {
            sql.run(&format!("set global binlog_checksum = {checksum}"));
            sql.run(&format!("insert into `{db}`.t values ({id}, '{checksum}')"));
            expected.push((id, checksum.to_owned()));
        }
        assert_eq!(found(&server, &start, &table).0, expected, "{kind:?}");
        // and from the middle, where the first file has none
        assert_eq!(found(&server, &position(&server), &table).0, [], "{kind:?}");
    }
}

/// Statements that update `j` of the row 1, some of them in a way that the server logs as a partial update.
const UPDATES: &[&str] = &[
    "json_set(j, '$.a', 2)",
    "json_set(j, '$.a', 'a longer text than the number that was there')",
    "json_set(j, '$.b[1]', json_object('x', 1.5, 'y', cast('2024-02-29' as date)))",
    "json_set(j, '$.b[7]', true)",
    "json_replace(j, '$.c', null)",
    "json_set(j, '$.\"a key\"', cast(1.10 as decimal(10,2)))",
    "json_set(j, '$.\"qu\\\\\"o te\"', -1)",
    "json_set(j, '$.é', '😀')",
    "json_remove(j, '$.b[0]')",
    "json_remove(j, '$.\"a key\"')",
    "json_set(j, '$.big', repeat('x', 70000))",
    "json_set(j, '$.a', 1, '$.c', json_array(1, 2, 3), '$.b[0]', 18446744073709551615)",
    "json_set(json_remove(j, '$.c[1]'), '$.c[0]', -70000, '$.d', json_object())",
    "json_replace(j, '$.big', 'small again')",
    "json_set(j, '$.deep', json_object('k', json_array(json_object('l', json_array(1)))))",
    "json_set(j, '$.deep.k[0].l[0]', 1e300, '$.deep.k[0].l[1]', cast(x'00ff' as binary))",
    "json_array_insert(j, '$.c[0]', 'first')",
    "json_set(j, '$.a', j)",
    "json_array(1, 2)",
    "json_set(j, '$[0]', 5)",
    "null",
    "json_object('a', 1)",
    "json_set(j, '$.a', 2)",
];

#[test]
fn partial_updates_of_json_give_the_document_of_the_server() {
    for kind in [Kind::MySql9_7, Kind::MySql8_0] {
        let server = MySql::shared(kind);
        let db = server.database("partial");
        let mut sql = server.sql();
        sql.run("set names utf8mb4; set session binlog_row_value_options = 'PARTIAL_JSON'");
        sql.run(&format!(
            "create table `{db}`.t (id int primary key, k json, n int, j json, v varchar(10), z json);
             insert into `{db}`.t values
               (1, '{{\"same\": [1]}}', 0, '{{\"a\": 1, \"b\": [1, {{\"x\": 2}}], \"c\": \"text\"}}', 'v', null)"
        ));
        let table = tables_of(server, &db, "t");
        let start = position(server);
        let mut expected = Vec::new();
        for update in UPDATES {
            sql.run(&format!("update `{db}`.t set n = n + 1, j = {update}, z = json_set(j, '$.z', n)"));
            expected.push(sql.text(&format!("select k, n, j, v, z from `{db}`.t")).remove(0));
        }
        let mut rows = Vec::new();
        let kinds = stream::rows(server, &start, &table, |row| {
            let text = |value: &Value<'_>| match value {
                Value::Null => None,
                Value::Int(number) => Some(number.to_string()),
                Value::Text(text) => Some(String::from_utf8(text.to_vec()).expect("UTF-8")),
                Value::Json(json) => {
                    let mut out = Vec::new();
                    write_json(*json, &mut out).expect("a document");
                    Some(String::from_utf8(out).expect("UTF-8"))
                }
                other => panic!("{other:?}"),
            };
            rows.push(row[1..].iter().map(text).collect::<Vec<_>>());
        });
        assert!(kinds.contains(&39), "{kind:?} {kinds:?}");
        assert_eq!(rows.len(), expected.len(), "{kind:?}");
        for ((row, expected), update) in rows.iter().zip(&expected).zip(UPDATES) {
            assert!(row == expected, "{kind:?} {update}:\n{row:?}\n{expected:?}");
        }
    }
}

#[test]
fn rows_of_version_1_and_extra_data() {
    for (kind, options, expected) in [
        (Kind::MySql5_7, &["log-bin-use-v1-row-events=ON"][..], [23, 24, 25]),
        (Kind::MySql8_0, &["log-bin-use-v1-row-events=ON"], [23, 24, 25]),
        // 9.7 says in extra data which partition a row is of
        (Kind::MySql9_7, &[], [30, 31, 32]),
        (Kind::MariaDb11_8, &[], [23, 24, 25]),
    ] {
        let server = MySql::start(kind, options);
        let db = server.database("versions");
        let mut sql = server.sql();
        sql.run(&format!(
            "create table `{db}`.t (id int primary key, v varchar(20)) partition by range (id)
             (partition low values less than (10), partition high values less than maxvalue)"
        ));
        let table = tables_of(&server, &db, "t");
        let start = position(&server);
        sql.run(&format!(
            "insert into `{db}`.t values (1, 'low'), (20, 'high');
             update `{db}`.t set id = 21, v = 'moved' where id = 1;
             delete from `{db}`.t where id = 20"
        ));
        let (rows, kinds) = found(&server, &start, &table);
        let told = [(1, "low"), (20, "high"), (21, "moved"), (20, "high")];
        assert_eq!(rows, told.map(|(id, v)| (id, v.to_owned())), "{kind:?}");
        assert!(expected.iter().all(|number| kinds.contains(number)), "{kind:?} {kinds:?}");
    }
}

#[test]
fn gtids_with_tags() {
    let server = MySql::shared(Kind::MySql9_7);
    let db = server.database("tagged");
    let mut sql = server.sql();
    let start = position(server);
    sql.run("set gtid_next = 'automatic:billing_2'");
    sql.run(&format!("create table `{db}`.t (a int primary key)"));
    sql.run("set gtid_next = 'automatic'");
    let mut tags = Vec::new();
    let mut dump = stream::open(server, &start, stream::OTHERS_TOO).expect("a dump");
    stream::events(server, &mut dump, |kind, event| {
        if kind == EventType::GtidTagged
            && let Gtid::MySql { tag, .. } = MySqlGtid::parse_tagged(event.body).expect("a GTID").gtid()
        {
            tags.push(tag);
        }
    });
    assert!(tags.contains(&"billing_2".to_owned()), "{tags:?}");
    // a position that holds tags is understood by the server
    let start = position(server);
    assert!(start.gtids.to_string().contains("billing_2"), "{start}");
    sql.run(&format!("insert into `{db}`.t values (7)"));
    let mut n_rows = 0;
    stream::rows(server, &start, &tables_of(server, &db, "t"), |_| n_rows += 1);
    assert_eq!(n_rows, 1);
}
