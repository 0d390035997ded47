//! Traps of the log, each under its name: what a naive reader gets wrong without noticing, on every server that has it.

use super::stream;
use super::torture::canonical;
use super::{session, tables_of};
use crate::support::{Kind, MySql};
use syncc::mysql::binlog::event::EventType;
use syncc::mysql::binlog::layout::RowLayout;
use syncc::mysql::binlog::table_map::TableMap;
use syncc::mysql::charset::collation;
use syncc::mysql::position::Flavor;
use syncc::mysql::schema::TableVersion;
use syncc::source::mysql::io::start_position;

/// All servers of the tests.
fn every() -> impl Iterator<Item = &'static MySql> {
    Kind::EVERY.into_iter().map(MySql::shared)
}

fn mariadbs() -> impl Iterator<Item = &'static MySql> {
    every().filter(|server| server.kind().is_mariadb())
}

/// A column of `ty` holds the values of SQL, which come out of the log as said.
#[track_caller]
fn check(server: &MySql, ty: &str, values: &[(&str, &str)]) {
    let db = server.database("traps");
    let mut sql = server.sql();
    sql.run("set names utf8mb4");
    sql.run("set sql_mode = '', time_zone = '+00:00'");
    sql.run(&format!("create table `{db}`.t (id int primary key, v {ty})"));
    let (version, start) = (tables_of(server, &db, "t"), start_position(&mut session(server)));
    for (id, (value, _)) in values.iter().enumerate() {
        sql.run(&format!("insert into `{db}`.t values ({id}, {value})"));
    }
    let mut found = Vec::new();
    stream::rows(server, &start.expect("a position"), &version, |row| found.push(canonical(&row[1])));
    let expected: Vec<&str> = values.iter().map(|(_, expected)| *expected).collect();
    assert_eq!(found, expected, "{:?} {ty}", server.kind());
}

/// What statements do to a table, all values of a row behind each other.
fn rows(server: &MySql, definition: &str, statements: &str) -> (TableVersion, Vec<String>) {
    let db = server.database("traps");
    let mut sql = server.sql();
    sql.run(&format!("use `{db}`; set sql_mode = ''"));
    sql.run(definition);
    let (version, start) = (tables_of(server, &db, "t"), start_position(&mut session(server)));
    sql.run(statements);
    let mut found = Vec::new();
    stream::rows(server, &start.expect("a position"), &version, |row| {
        found.push(row.iter().map(canonical).collect::<Vec<_>>().join(" "));
    });
    (version, found)
}

/// The table map of `t`, as the log has it when a row is inserted by `statements`.
fn map(server: &MySql, definition: &str, statements: &str) -> TableMap {
    let db = server.database("traps");
    let mut sql = server.sql();
    sql.run("set names utf8mb4");
    sql.run(&format!("use `{db}`; {definition}"));
    let start = start_position(&mut session(server)).expect("a position");
    sql.run(statements);
    let mut dump = stream::open(server, &start, stream::OTHERS_TOO).expect("a dump");
    let mut found = None;
    stream::events(server, &mut dump, |kind, event| {
        if kind == EventType::TableMap {
            let map = TableMap::parse(event.body, start.server.flavor).expect("a table map");
            found = (map.db == db).then_some(map).or(found.take());
        }
    });
    found.expect("a table map")
}

#[test]
fn negative_mediumint() {
    for server in every() {
        check(server, "mediumint", &[("-1", "i-1"), ("-8388608", "i-8388608"), ("8388607", "i8388607")]);
        check(server, "mediumint unsigned", &[("16777215", "u16777215"), ("8388608", "u8388608")]);
    }
}

#[test]
fn negative_time_with_a_fraction() {
    for server in every() {
        check(server, "time(1)", &[("'-01:00:00.5'", "-01:00:00.5"), ("'-00:00:00.1'", "-00:00:00.1")]);
        check(server, "time(2)", &[("'-01:00:00.55'", "-01:00:00.55"), ("'-00:00:01'", "-00:00:01.00")]);
        check(server, "time(3)", &[("'-00:00:00.001'", "-00:00:00.001")]);
        check(server, "time(6)", &[("'-838:59:58.999999'", "-838:59:58.999999")]);
        check(server, "time", &[("'-838:59:59'", "-838:59:59")]);
    }
}

#[test]
fn year_0() {
    for server in every() {
        check(server, "year", &[("0", "y0"), ("1901", "y1901"), ("2155", "y2155")]);
    }
}

#[test]
fn zero_dates() {
    for server in every() {
        check(server, "date", &[("0", "0000-00-00"), ("'2024-00-00'", "2024-00-00")]);
        check(
            server,
            "datetime(2)",
            &[("0", "0000-00-00 00:00:00.00"), ("'2024-02-00'", "2024-02-00 00:00:00.00")],
        );
        check(server, "timestamp(3) null", &[("0", "0000-00-00 00:00:00.000")]);
    }
}

#[test]
fn unsigned_where_the_log_does_not_say_it() {
    let told = ["binlog-row-metadata=NO_LOG"];
    for (kind, options) in
        [(Kind::MariaDb10_11, &told[..]), (Kind::MariaDb11_8, &told[..]), (Kind::MySql5_7, &[])]
    {
        let server = MySql::start(kind, options);
        let map = map(&server, "create table t (a int unsigned, b int)", "insert into t values (1, 2)");
        assert!(map.columns.iter().all(|column| column.unsigned.is_none()), "{kind:?}");
        check(&server, "tinyint unsigned", &[("255", "u255")]);
        check(&server, "int unsigned", &[("4294967295", "u4294967295")]);
        check(&server, "bigint unsigned", &[("18446744073709551615", "u18446744073709551615")]);
        check(&server, "bigint", &[("-1", "i-1")]);
    }
}

#[test]
fn trailing_zeros_of_binary() {
    for server in every() {
        let bytes = |bytes: &[u8]| format!("bytes {bytes:02x?}");
        let (some, none) = (bytes(&[1, 0, 2, 0]), bytes(&[0; 4]));
        check(server, "binary(4)", &[("x'010002'", &some), ("''", &none), ("x'00'", &none)]);
        // here they are part of the value
        check(server, "varbinary(4)", &[("x'0100'", &bytes(&[1, 0]))]);
    }
}

#[test]
fn enum_labels_of_4_bytes() {
    for kind in [Kind::MySql9_7, Kind::MySql8_0, Kind::MariaDb10_11, Kind::MariaDb11_8] {
        let definition = "create table t (id int, e enum('😀','b') character set utf8mb4, s set('c','😀') character set utf8mb4)";
        let map = map(MySql::shared(kind), definition, "insert into t values (1, 1, 2)");
        let labels = |column: usize| map.columns[column].labels.clone().expect("full metadata");
        assert_eq!(labels(1), ["😀".as_bytes(), b"b"], "{kind:?}");
        assert_eq!(labels(2), [b"c", "😀".as_bytes()], "{kind:?}");
    }
}

#[test]
fn geometry_shifts_no_charsets() {
    for kind in [Kind::MariaDb10_11, Kind::MariaDb11_4, Kind::MariaDb11_8, Kind::MySql9_7] {
        let server = MySql::shared(kind);
        let definition = "create table t (g geometry, a varchar(9) character set latin1, p point, b blob,
            c char(9) character set gbk, d text character set utf8mb4)";
        let map = map(server, definition, "insert into t values (null, 'a', null, 'b', 'c', 'd')");
        let flavor = if kind.is_mariadb() { Flavor::MariaDb } else { Flavor::MySql };
        let found = [1, 3, 4, 5].map(|column: usize| {
            let id = map.columns[column].collation.expect("full metadata");
            collation(id, flavor).expect("a known collation").charset.name()
        });
        assert_eq!(found, ["latin1", "binary", "gbk", "utf8mb4"], "{kind:?}");
    }
}

#[test]
fn invisible_and_generated_columns_are_in_the_log() {
    // it leaves them out of updates: see `tests/log.rs`
    for server in every().filter(|server| server.kind() != Kind::MariaDb11_8) {
        let (version, found) = rows(
            server,
            "create table t (id int primary key, v int generated always as (id * 2) virtual, z int,
             s varchar(9) generated always as (concat('s', id)) stored)",
            "insert into t (id, z) values (1, 5); update t set z = 6",
        );
        assert_eq!(version.columns.len(), 4);
        let text = format!("text {:02x?}", b"s1");
        assert_eq!(found, [format!("i1 i2 i5 {text}"), format!("i1 i2 i6 {text}")], "{:?}", server.kind());
        if matches!(server.kind(), Kind::MySql8_0 | Kind::MySql5_7) {
            continue;
        }
        let (version, found) = rows(
            server,
            "create table t (id int primary key, h int invisible default 7, z int)",
            "insert into t values (1, 2)",
        );
        assert_eq!((version.columns.len(), found), (3, vec!["i1 i7 i2".to_owned()]), "{:?}", server.kind());
    }
}

#[test]
fn generated_invisible_primary_key() {
    let (version, found) = rows(
        MySql::shared(Kind::MySql9_7),
        "set sql_generate_invisible_primary_key = on; create table t (a int)",
        "insert into t values (5), (5); delete from t limit 1",
    );
    let names: Vec<&str> = version.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!((names, version.primary_key), (vec!["my_row_id", "a"], vec![0]));
    assert_eq!(found, ["u1 i5", "u2 i5", "u1 i5"]);
}

#[test]
fn tables_without_a_key_have_all_their_rows() {
    for server in every() {
        let (version, found) = rows(
            server,
            "create table t (a int, b int)",
            "insert into t values (1, 2), (1, 2), (null, null); delete from t where a = 1 limit 1",
        );
        assert!(version.primary_key.is_empty() && version.unique_keys.is_empty());
        assert_eq!(found, ["i1 i2", "i1 i2", "NULL NULL", "i1 i2"], "{:?}", server.kind());
    }
}

#[test]
fn timestamps_beyond_2038() {
    check(
        MySql::shared(Kind::MariaDb11_8),
        "timestamp(6) null",
        &[
            ("'2038-01-19 03:14:08'", "2038-01-19 03:14:08.000000"),
            ("'2106-02-07 06:28:15.999999'", "2106-02-07 06:28:15.999999"),
        ],
    );
    for server in every() {
        check(server, "timestamp null", &[("'2038-01-19 03:14:07'", "2038-01-19 03:14:07")]);
    }
}

#[test]
fn old_temporal_columns() {
    let server = MySql::start(Kind::MariaDb10_11, &["mysql56-temporal-format=OFF"]);
    check(&server, "time", &[("'-838:59:59'", "-838:59:59"), ("'00:00:01'", "00:00:01")]);
    check(
        &server,
        "datetime",
        &[("'9999-12-31 23:59:59'", "9999-12-31 23:59:59"), ("0", "0000-00-00 00:00:00")],
    );
    check(
        &server,
        "timestamp null",
        &[("'2038-01-19 03:14:07'", "2038-01-19 03:14:07"), ("0", "0000-00-00 00:00:00")],
    );
    // with a fraction the log does not tell how long a value is: such rows are not read at all
    for ty in ["time(3)", "datetime(6)", "timestamp(1) null"] {
        let db = server.database("traps");
        let mut sql = server.sql();
        sql.run(&format!("create table `{db}`.t (id int, v {ty})"));
        let version = tables_of(&server, &db, "t");
        let start = start_position(&mut session(&server)).expect("a position");
        sql.run(&format!("insert into `{db}`.t values (1, null)"));
        let mut dump = stream::open(&server, &start, 1 << 20).expect("a dump");
        let mut n_maps = 0;
        stream::events(&server, &mut dump, |kind, event| {
            if kind == EventType::TableMap {
                n_maps += 1;
                let map = TableMap::parse(event.body, Flavor::MariaDb).expect("a table map");
                assert!(RowLayout::build(&map, &version).is_err(), "{ty}");
            }
        });
        assert_eq!(n_maps, 1);
    }
}

#[test]
fn the_first_rotate_has_a_checksum_that_nobody_announced() {
    for server in mariadbs() {
        let start = start_position(&mut session(server)).expect("a position");
        let mut raw = Vec::new();
        stream::open(server, &start, stream::OTHERS_TOO)
            .expect("a dump")
            .read_event(&mut raw)
            .expect("a ROTATE");
        let (kind, name) = (raw[4], &raw[19 + 8..]);
        let file = start.file.file.as_bytes();
        assert_eq!((kind, name.len(), &name[..file.len()]), (4, file.len() + 4, file), "the trap is there");
        let mut names = Vec::new();
        let mut dump = stream::open(server, &start, stream::OTHERS_TOO).expect("a dump");
        stream::events(server, &mut dump, |kind, event| {
            if kind == EventType::Rotate {
                names.push(event.body[8..].to_vec());
            }
        });
        assert_eq!(names, [file], "{:?}", server.kind());
    }
}

#[test]
fn positions_are_0_inside_of_transactions() {
    let server = MySql::shared(Kind::MariaDb11_8);
    let db = server.database("traps");
    let mut sql = server.sql();
    sql.run(&format!("create table `{db}`.t (id int primary key)"));
    let start = start_position(&mut session(server)).expect("a position");
    sql.run(&format!("begin; insert into `{db}`.t values (1); insert into `{db}`.t values (2); commit"));
    let mut places = Vec::new();
    let mut dump = stream::open(server, &start, stream::OTHERS_TOO).expect("a dump");
    stream::events(server, &mut dump, |kind, event| match kind {
        EventType::WriteRowsV1 => places.push(event.header.end_position),
        EventType::Xid => assert!(event.header.end_position > 0),
        _ => {}
    });
    assert!(places.len() >= 2 && places.iter().all(|place| *place == 0), "the trap is there: {places:?}");
}
