//! The dump: where it begins, how it ends, what it refuses.

use super::stream::{OTHERS_TOO, events, open};
use super::{each, plain, purge_all_logs, session, tables_of};
use crate::support::{Kind, MySql};
use std::num::NonZeroU32;
use std::thread;
use std::time::Duration;
use syncc::mysql::binlog::event::EventType;
use syncc::mysql::binlog::layout::RowLayout;
use syncc::mysql::binlog::rows::RowsEvent;
use syncc::mysql::binlog::scratch::Scratch;
use syncc::mysql::binlog::table_map::TableMap;
use syncc::mysql::position::{BinlogPosition, Flavor, Gtids, Position};
use syncc::mysql::value::Value;
use syncc::source::mysql::io::{Dump, DumpRequest, FailureClass, end_of_log, start_position};

/// Statements of the log behind `start` that say `marker`.
fn statements(server: &MySql, start: &Position, marker: &str) -> usize {
    let mut count = 0;
    let mut dump = open(server, start, OTHERS_TOO).expect("a dump");
    events(server, &mut dump, |kind, event| {
        let says = event.body.windows(marker.len()).any(|window| window == marker.as_bytes());
        count += usize::from(kind == EventType::Query && says);
    });
    count
}

#[test]
fn begins_behind_the_position_by_gtid_and_by_file() {
    each(|kind, server| {
        let db = server.database("dump");
        let mut sql = server.sql();
        sql.run(&format!("create table `{db}`.before_it (a int primary key)"));
        let start = start_position(&mut session(server)).expect("a position");
        let by_file = end_of_log(&mut session(server)).expect("may ask").expect("a log");
        let by_file = Position { gtids: Gtids::Off, ..by_file };
        sql.run(&format!("create table `{db}`.behind_it (a int primary key)"));
        assert!(!matches!(start.gtids, Gtids::Off), "{kind:?}");
        for start in [&start, &by_file] {
            assert_eq!(statements(server, start, &format!("{db}`.before_it")), 0, "{kind:?} {start}");
            assert_eq!(statements(server, start, &format!("{db}`.behind_it")), 1, "{kind:?} {start}");
        }
    });
}

#[test]
fn a_purged_position_is_lost_and_one_ahead_is_not_served() {
    for kind in Kind::ALL {
        let server = MySql::start(kind, &[]);
        let mut sql = server.sql();
        sql.run("create database a");
        let old = start_position(&mut session(&server)).expect("a position");
        sql.run("create database b");
        purge_all_logs(&server);
        let new = start_position(&mut session(&server)).expect("a position");
        let by_file =
            |file: &BinlogPosition| Position { file: file.clone(), gtids: Gtids::Off, ..new.clone() };
        let class = |start: &Position| {
            let mut dump = open(&server, start, 1 << 20).expect("a dump");
            let mut raw = Vec::new();
            // what comes before the refusal is harmless: artificial events
            (0..9).find_map(|_| dump.read_event(&mut raw).err()).map(|failure| failure.class)
        };
        assert_eq!(class(&old), Some(FailureClass::PositionLost), "{kind:?}");
        assert_eq!(class(&by_file(&old.file)), Some(FailureClass::PositionLost), "{kind:?}");
        let beyond = BinlogPosition::new(new.file.file.clone(), 1 << 30);
        assert_eq!(class(&by_file(&beyond)), Some(FailureClass::Ahead), "{kind:?}");
        let mut ahead = new.clone();
        match &mut ahead.gtids {
            Gtids::Off => panic!("{kind:?} has GTIDs"),
            Gtids::MySql(set) => *set = format!("{}:1-1000000", new.server.uuid).parse().expect("a set"),
            Gtids::MariaDb(gtids) => *gtids = "0-77-1000000".parse().expect("a position"),
        }
        assert_eq!(class(&ahead), Some(FailureClass::Ahead), "{kind:?}");
    }
}

#[test]
fn another_server_is_refused() {
    let server = MySql::shared(Kind::MySql9_7);
    let start = start_position(&mut session(server)).expect("a position");
    let mut other = start.clone();
    other.server.uuid = "00000000-0000-0000-0000-000000000000".to_owned();
    assert_eq!(
        open(server, &other, 1000).err().map(|failure| failure.class),
        Some(FailureClass::OtherServer)
    );
    let mut other = start;
    other.server.flavor = Flavor::MariaDb;
    assert_eq!(
        open(server, &other, 1000).err().map(|failure| failure.class),
        Some(FailureClass::OtherServer)
    );
}

#[test]
fn without_the_privilege_there_is_no_dump() {
    each(|kind, server| {
        server.sql().run("create user if not exists weak identified by 'sesame'");
        let start = start_position(&mut session(server)).expect("a position");
        let request = DumpRequest {
            start: &start,
            server_id: NonZeroU32::new(39_999).expect("not zero"),
            uuid: super::stream::UUID,
            heartbeat: Duration::from_secs(1),
            event_limit: 1 << 20,
            task: "a.b.c",
        };
        let refused = match Dump::open(&plain(server, "weak", "sesame"), &request) {
            Ok(mut dump) => dump.read_event(&mut Vec::new()).err(),
            Err(failure) => Some(failure),
        };
        assert_eq!(refused.map(|failure| failure.class), Some(FailureClass::Privilege), "{kind:?}");
    });
}

#[test]
fn the_older_of_two_readers_of_one_identity_goes() {
    each(|kind, server| {
        let start = start_position(&mut session(server)).expect("a position");
        let request = DumpRequest {
            start: &start,
            server_id: NonZeroU32::new(39_000).expect("not zero"),
            uuid: super::stream::UUID,
            heartbeat: Duration::from_secs(1),
            event_limit: 1 << 20,
            task: "a.b.c",
        };
        let endpoint = super::replica(server);
        let mut older = Dump::open(&endpoint, &request).expect("a dump");
        let mut raw = Vec::new();
        older.read_event(&mut raw).expect("the first event");
        let mut newer = Dump::open(&endpoint, &request).expect("a second dump");
        newer.read_event(&mut raw).expect("the first event");
        let ended = std::iter::repeat_with(|| older.read_event(&mut raw)).find_map(Result::err);
        assert_eq!(ended.map(|failure| failure.class), Some(FailureClass::Identity), "{kind:?}");
    });
}

#[test]
fn large_events_come_whole_or_not_at_all() {
    each(|kind, server| {
        let db = server.database("large");
        let mut sql = server.sql();
        sql.run("set global max_allowed_packet = 67108864");
        let mut sql_large = server.sql();
        sql.run(&format!("create table `{db}`.t (a int primary key, b longblob)"));
        let start = start_position(&mut session(server)).expect("a position");
        sql_large.run(&format!("insert into `{db}`.t values (1, repeat('x', 20000000))"));
        let mut sizes = Vec::new();
        let mut dump = open(server, &start, 32 << 20).expect("a dump");
        events(server, &mut dump, |kind, event| {
            if matches!(kind, EventType::WriteRows | EventType::WriteRowsV1) {
                sizes.push(event.body.len());
            }
        });
        assert!(matches!(sizes[..], [size] if size > 20_000_000), "{kind:?} {sizes:?}");
        let mut dump = open(server, &start, 19_000_000).expect("a dump");
        let mut raw = Vec::new();
        let failure =
            std::iter::repeat_with(|| dump.read_event(&mut raw)).find_map(Result::err).expect("refused");
        assert_eq!(failure.class, FailureClass::TooLarge, "{kind:?}");
        assert!(failure.message.contains("event-limit"), "{failure}");
    });
}

#[test]
fn an_event_of_200_mb_comes_whole() {
    for kind in [Kind::MySql9_7, Kind::MariaDb10_11] {
        let server = MySql::start(kind, &["max-allowed-packet=1G"]);
        let db = server.database("giant");
        let mut sql = server.sql();
        sql.run(&format!("create table `{db}`.t (id int primary key, v longblob)"));
        let table = tables_of(&server, &db, "t");
        sql.run(&format!("insert into `{db}`.t values (1, repeat('x', 100000000))"));
        let start = start_position(&mut session(&server)).expect("a position");
        // both images in one event
        sql.run(&format!("update `{db}`.t set v = concat('y', substring(v, 2))"));
        let mut sizes = Vec::new();
        let mut dump = open(&server, &start, 256 << 20).expect("a dump");
        let mut scratch = Scratch::new(1 << 20);
        let mut layout = None;
        events(&server, &mut dump, |kind, event| match kind {
            EventType::TableMap => {
                let map = TableMap::parse(event.body, start.server.flavor).expect("a table map");
                layout = Some(RowLayout::build(&map, &table).expect("a layout that fits"));
            }
            EventType::UpdateRows | EventType::UpdateRowsV1 => {
                let layout = layout.as_ref().expect("a table map came before");
                let rows = RowsEvent::parse(event).expect("rows");
                let mut rows = rows.read(layout, &mut scratch).expect("rows of the layout");
                let (mut before, mut after) = (Vec::new(), Vec::new());
                while rows.next(&mut before, &mut after).expect("a row").is_some() {
                    for image in [&before, &after] {
                        let [_, Value::Bytes(bytes)] = &image[..] else { panic!("two columns") };
                        sizes.push((bytes.len(), bytes[0], bytes[1], bytes[bytes.len() - 1]));
                    }
                }
                assert!(event.body.len() > 200_000_000);
            }
            _ => {}
        });
        assert_eq!(sizes, [(100_000_000, b'x', b'x', b'x'), (100_000_000, b'y', b'x', b'x')], "{kind:?}");
    }
}

#[test]
fn silence_and_a_closer_end_the_wait() {
    let server = MySql::start(Kind::MariaDb10_11, &[]);
    let start = start_position(&mut session(&server)).expect("a position");
    let mut dump = open(&server, &start, 1 << 20).expect("a dump");
    // to the end: before its first heartbeat the server may be looking for the place to begin
    events(&server, &mut dump, |_, _| {});
    server.signal(rustix::process::Signal::STOP);
    let mut raw = Vec::new();
    let failure =
        std::iter::repeat_with(|| dump.read_event(&mut raw)).find_map(Result::err).expect("silence");
    assert_eq!(failure.class, FailureClass::Lost);
    assert!(failure.message.contains("silent"), "{failure}");
    server.signal(rustix::process::Signal::CONT);

    let mut dump = open(&server, &start, 1 << 20).expect("a dump");
    let closer = dump.closer().expect("a closer");
    let reader = thread::spawn(move || {
        let mut raw = Vec::new();
        std::iter::repeat_with(|| dump.read_event(&mut raw)).find_map(Result::err)
    });
    closer.close();
    assert_eq!(reader.join().expect("no panic").map(|failure| failure.class), Some(FailureClass::Lost));
}
