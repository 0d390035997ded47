//! Pages: every row once, whatever the key; the two positions; tables that are no longer what they were.

use super::{each, replica, session};
use crate::support::MySql;
use std::collections::BTreeSet;
use std::sync::Arc;
use syncc::mysql::position::Position;
use syncc::mysql::schema::TableVersion;
use syncc::mysql::value::Value;
use syncc::source::mysql::io::{
    Chunk, ChunkReader, ChunkRequest, FailureClass, end_of_log, start_position, tables,
};
use syncc::source::mysql::page::paging_key;

fn table(server: &MySql, db: &str, name: &str) -> Arc<TableVersion> {
    let facts = tables(&mut session(server), |database, table| database == db && table == name);
    Arc::new(facts.expect("tables").pop().expect("the table").version)
}

fn now(server: &MySql) -> Position {
    start_position(&mut session(server)).expect("a position")
}

/// Reads a table page by page and returns the values of its last column, an INT.
fn pages(server: &MySql, table: &Arc<TableVersion>, limit: u32, max_bytes: usize) -> Vec<i64> {
    let contains = now(server);
    let mut reader = ChunkReader::open(&replica(server), &contains.server).expect("a reader");
    let key = paging_key(table).expect("a key").to_vec();
    let Some(upto) = reader.max_key(table, &key, &contains).expect("a greatest key") else {
        return Vec::new();
    };
    let mut request =
        ChunkRequest { table: Arc::clone(table), key, after: None, upto, limit, max_bytes, contains };
    let mut ids = Vec::new();
    for _ in 0..1000 {
        let chunk = reader.read(&request).unwrap_or_else(|failure| panic!("{}: {failure}", table.name));
        add_ids(&chunk, &mut ids);
        if chunk.done {
            return ids;
        }
        request.after = chunk.last;
    }
    panic!("{} does not end", table.name);
}

fn add_ids(chunk: &Chunk, ids: &mut Vec<i64>) {
    let mut values = Vec::new();
    for row in 0..chunk.rows.len() {
        chunk.rows.row(row, &mut values);
        match values.last() {
            Some(Value::Int(id)) => ids.push(*id),
            other => panic!("{other:?} is no id"),
        }
    }
}

/// Keys that page wrongly when treated naively: the servers that have them (all, `M`ariaDB, My`S`QL), columns, values in SQL.
pub(crate) const KEYS: &[(&str, &str, &[&str])] = &[
    (
        "",
        "k bigint unsigned",
        &["0", "1", "9223372036854775807", "9223372036854775808", "18446744073709551615"],
    ),
    ("", "k bigint", &["-9223372036854775808", "-1", "0", "1", "9223372036854775807"]),
    (
        "",
        "k decimal(40,20)",
        &[
            "-1.5",
            "1.5",
            "1.50000000000000000001",
            "12345678901234567890.12345678901234567891",
            "12345678901234567890.12345678901234567892",
        ],
    ),
    ("", "k double", &["-0.1", "0.1", "0.30000000000000004", "0.3", "1e300"]),
    ("", "k date", &["'0000-00-00'", "'2024-00-00'", "'2024-01-00'", "'2024-01-01'", "'9999-12-31'"]),
    (
        "",
        "k datetime(6)",
        &[
            "'0000-00-00 00:00:00'",
            "'2024-02-29 00:00:00.000001'",
            "'2024-02-29 00:00:00.000002'",
            "'9999-12-31 23:59:59.999999'",
        ],
    ),
    (
        "",
        "k timestamp(3) default 0",
        &[
            "0",
            "'1970-01-01 00:00:01'",
            "'2000-01-01 00:00:00.001'",
            "'2000-01-01 00:00:00.002'",
            "'2038-01-19 03:14:07'",
        ],
    ),
    ("", "k time(2)", &["'-838:59:59'", "'-00:00:00.01'", "'00:00:00'", "'00:00:00.01'", "'838:59:59'"]),
    ("", "k year", &["0", "1901", "1970", "2024", "2155"]),
    ("", "k bit(64)", &["0", "1", "b'10000000'", "9223372036854775808", "18446744073709551615"]),
    ("", "k enum('z','m','a','b')", &["0", "1", "2", "3", "4"]),
    ("", "k set('z','m','a')", &["0", "1", "2", "3", "4", "5", "6", "7"]),
    ("", "k varchar(20) charset latin1", &["''", "'A'", "'b'", "'C '", "'\u{e9}'", "'f'"]),
    ("", "k varchar(20) charset gbk", &["'\u{4e2d}'", "'\u{6587}'", "'\u{5b57}'", "'a\\\\'", "'b'"]),
    ("", "k varchar(20) charset utf16", &["'a'", "'B'", "'\u{1F600}'", "'\u{1F601}z'", "'z'"]),
    (
        "",
        "k varchar(20) charset utf8mb4 collate utf8mb4_bin",
        &["'a'", "'A'", "'\u{e9}'", "'e'", "'\u{1F600}'", "'\"\\'`%_'"],
    ),
    ("", "k char(10) charset utf8mb4", &["'a'", "'b'", "'\u{df}'", "'ss1'", "'z'"]),
    ("", "k varbinary(10)", &["''", "x'00'", "x'0000'", "x'ff'", "x'ff00'", "x'2027'"]),
    ("", "k binary(3)", &["''", "x'0001'", "x'ff'", "x'ff0001'", "x'20'"]),
    (
        "",
        "k int, `a``b` enum('z','a'), c varchar(5) charset latin1",
        &["1, 'z', 'a'", "1, 'z', 'b'", "1, 'a', 'a'", "2, 'z', ''", "2, 'a', 'x'"],
    ),
    (
        "M",
        "k uuid",
        &[
            "'00000000-0000-0000-0000-000000000000'",
            "'123e4567-e89b-12d3-a456-426655440000'",
            "'023e4567-e89b-22d3-a456-426655440000'",
            "'ffffffff-ffff-ffff-ffff-ffffffffffff'",
        ],
    ),
    ("M", "k inet4", &["'0.0.0.0'", "'9.0.0.0'", "'10.0.0.0'", "'255.255.255.255'"]),
    ("M", "k year(2)", &["1901", "1955", "70", "0", "2001", "24", "69", "2155"]),
    ("M", "k inet6", &["'::'", "'::1'", "'2001:db8::'", "'ffff::'"]),
    (
        "S",
        "k varchar(20) charset utf8mb4 collate utf8mb4_0900_ai_ci",
        &["'a'", "'a '", "'b'", "'\u{e9}'", "'\u{1F600}'"],
    ),
];

#[test]
fn every_key_pages_to_the_end_and_shows_each_row_once() {
    each(|kind, server| {
        let db = server.database("keys");
        let mut sql = server.sql();
        sql.run("set names utf8mb4");
        sql.run("set sql_mode = '', time_zone = '+00:00'");
        for (at, (to, columns, values)) in KEYS.iter().enumerate() {
            if (*to == "M") != kind.is_mariadb() && !to.is_empty() {
                continue;
            }
            let names = if columns.contains("a``b") { "k, `a``b`, c" } else { "k" };
            // a name that must be quoted
            sql.run(&format!("create table `{db}`.`t{at} ``x` ({columns}, id int, primary key ({names}))"));
            for (id, value) in values.iter().enumerate() {
                sql.run(&format!("insert into `{db}`.`t{at} ``x` values ({value}, {id})"));
            }
            let table = table(server, &db, &format!("t{at} `x"));
            for limit in [1, 2, 100] {
                let ids = pages(server, &table, limit, 1 << 20);
                let once: BTreeSet<i64> = ids.iter().copied().collect();
                assert_eq!(
                    (ids.len(), once.len()),
                    (values.len(), values.len()),
                    "{kind:?} {columns}: {ids:?}"
                );
            }
            #[cfg(feature = "planted-bugs")]
            if columns.contains("latin1") && names == "k" {
                syncc::failpoint::plant(Some("pages-by-bytes"));
                let ids = pages(server, &table, 1, 1 << 20);
                syncc::failpoint::plant(None);
                assert_ne!(ids.len(), values.len(), "the bug shows");
            }
        }
    });
}

#[test]
fn pages_end_by_bytes_and_at_the_greatest_key_of_the_beginning() {
    each(|kind, server| {
        let db = server.database("bytes");
        let mut sql = server.sql();
        sql.run(&format!("create table `{db}`.t (k int primary key, b longblob, id int)"));
        assert_eq!(pages(server, &table(server, &db, "t"), 10, 1 << 20), Vec::<i64>::new(), "{kind:?}");
        for id in 0..10 {
            sql.run(&format!("insert into `{db}`.t values ({id}, repeat('x', 100000), {id})"));
        }
        let table = table(server, &db, "t");
        assert_eq!(pages(server, &table, 100, 250_000), (0..10).collect::<Vec<_>>(), "{kind:?}");

        let contains = now(server);
        let mut reader = ChunkReader::open(&replica(server), &contains.server).expect("a reader");
        let upto = reader.max_key(&table, &[0], &contains).expect("a greatest key").expect("rows");
        sql.run(&format!("insert into `{db}`.t values (10, '', 10)"));
        let request =
            ChunkRequest { table, key: vec![0], after: None, upto, limit: 100, max_bytes: 250_000, contains };
        let chunk = reader.read(&request).expect("a page");
        let mut ids = Vec::new();
        add_ids(&chunk, &mut ids);
        assert_eq!((ids, chunk.done), (vec![0, 1, 2], false), "{kind:?}");
        let request = ChunkRequest { after: chunk.last, max_bytes: 1 << 30, ..request };
        let chunk = reader.read(&request).expect("a page");
        let mut ids = Vec::new();
        add_ids(&chunk, &mut ids);
        assert_eq!((ids, chunk.done), ((3..10).collect(), true), "{kind:?}");
    });
}

#[test]
fn the_page_shows_what_was_asked_for_and_nothing_behind_its_end() {
    each(|kind, server| {
        let db = server.database("bounds");
        let mut sql = server.sql();
        sql.run(&format!("create table `{db}`.t (k int primary key, id int)"));
        let table = table(server, &db, "t");
        let first = now(server);
        let mut reader = ChunkReader::open(&replica(server), &first.server).expect("a reader");
        for id in 0..20 {
            sql.run(&format!("insert into `{db}`.t values ({id}, {id})"));
            let contains = now(server);
            let upto = reader.max_key(&table, &[0], &contains).expect("a greatest key").expect("rows");
            let request = ChunkRequest {
                table: Arc::clone(&table),
                key: vec![0],
                after: None,
                upto,
                limit: 100,
                max_bytes: 1 << 20,
                contains,
            };
            let chunk = reader.read(&request).expect("a page");
            assert_eq!(chunk.rows.len(), id + 1, "{kind:?}");
            let end = end_of_log(&mut session(server)).expect("may ask").expect("a log");
            assert!(chunk.high <= end.file, "{kind:?}");
            assert!(chunk.high > first.file, "{kind:?}");
        }
    });
}

#[test]
fn what_cannot_be_shown_yet_is_waited_for_and_never_passed_over() {
    each(|kind, server| {
        let db = server.database("behind");
        server.sql().run(&format!("create table `{db}`.t (k int primary key, id int)"));
        let table = table(server, &db, "t");
        let mut future = now(server);
        match &mut future.gtids {
            syncc::mysql::position::Gtids::MySql(set) => {
                *set = format!("{}:1-1000000", future.server.uuid).parse().expect("a set");
            }
            _ => future.file.offset = u64::from(u32::MAX),
        }
        let mut reader = ChunkReader::open(&replica(server), &future.server).expect("a reader");
        let failure = reader.max_key(&table, &[0], &future).expect_err("not there yet");
        assert_eq!(failure.class, FailureClass::Behind, "{kind:?}");
        // and the reader goes on
        assert_eq!(reader.max_key(&table, &[0], &now(server)), Ok(None), "{kind:?}");
    });
}

#[test]
fn another_table_under_the_same_name_is_noticed() {
    each(|kind, server| {
        let db = server.database("changed");
        let mut sql = server.sql();
        for (at, change) in [
            "modify b int unsigned",
            "modify b varchar(5)",
            "drop b",
            "modify c varbinary(9)",
            "rename to `gone`",
        ]
        .iter()
        .enumerate()
        {
            sql.run(&format!("create table `{db}`.t{at} (k int primary key, b int, c varchar(9), id int)"));
            sql.run(&format!("insert into `{db}`.t{at} values (1, 2, '3', 4)"));
            let table = table(server, &db, &format!("t{at}"));
            sql.run(&format!(
                "alter table `{db}`.t{at} {}",
                change.replace("`gone`", &format!("`{db}`.gone"))
            ));
            let contains = now(server);
            let mut reader = ChunkReader::open(&replica(server), &contains.server).expect("a reader");
            let request = ChunkRequest {
                table,
                key: vec![0],
                after: None,
                upto: vec![syncc::mysql::key::KeyPart::Int(9)],
                limit: 10,
                max_bytes: 1 << 20,
                contains,
            };
            let failure =
                reader.read(&request).err().unwrap_or_else(|| panic!("{kind:?}: {change} went unnoticed"));
            assert_eq!(failure.class, FailureClass::Table, "{kind:?} {change}: {failure}");
        }
    });
}
