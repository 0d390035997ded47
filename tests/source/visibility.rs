//! The rule a load rests on: a page shows everything the reader has passed, and nothing behind the place it names.

use super::stream::open;
use super::{each, replica, session};
use crate::support::{Kind, MySql};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use syncc::mysql::binlog::control::FormatDescription;
use syncc::mysql::binlog::event::{Checksum, EventType, split_event};
use syncc::mysql::binlog::gtid::{MariaGtid, MySqlGtid};
use syncc::mysql::binlog::layout::RowLayout;
use syncc::mysql::binlog::rows::RowsEvent;
use syncc::mysql::binlog::scratch::Scratch;
use syncc::mysql::binlog::table_map::TableMap;
use syncc::mysql::key::KeyPart;
use syncc::mysql::position::{BinlogPosition, Gtid};
use syncc::mysql::schema::TableName;
use syncc::mysql::value::Value;
use syncc::source::mysql::io::{ChunkReader, ChunkRequest, start_position, tables};

/// Pages read while a writer runs.
const PAGES: usize = 300;

/// The number in the second column of a row.
fn number(row: &[Value<'_>]) -> i64 {
    match row {
        [_, Value::Int(number)] => *number,
        other => panic!("{other:?} is no row of the table"),
    }
}

#[test]
fn pages_lie_between_their_two_positions_while_others_write() {
    each(|kind, server| check(kind, server, None));
}

#[test]
fn pages_under_locks_lie_between_their_two_positions_while_others_write() {
    let server = MySql::start(Kind::MySql9_7, &["gtid-mode=OFF", "enforce-gtid-consistency=OFF"]);
    server.sql().run(&format!("grant lock tables on *.* to {}@localhost", MySql::USER));
    check(Kind::MySql9_7, &server, None);
}

#[test]
fn pages_behind_a_heartbeat_lie_between_their_two_positions_while_others_write() {
    for kind in [Kind::MySql9_7, Kind::MySql5_7] {
        let server = MySql::start(kind, &["gtid-mode=OFF", "enforce-gtid-consistency=OFF"]);
        let beat = TableName::new("ops", "beat");
        server.sql().run(&format!(
            "create database ops; create table ops.beat (id int primary key, beat bigint not null);
             insert into ops.beat values (1, 0); grant select, update on ops.beat to {}@localhost",
            MySql::USER
        ));
        check(kind, &server, Some(&beat));
        let beats = server.sql().one("select beat from ops.beat").parse::<usize>().expect("a number");
        assert!(beats >= PAGES, "each page is proved by a write: {beats}");
    }
}

fn check(kind: Kind, server: &MySql, beat: Option<&TableName>) {
    let db = server.database("visible");
    let mut sql = server.sql();
    sql.run(&format!("create table `{db}`.t (k int primary key, n int not null)"));
    sql.run(&format!("insert into `{db}`.t values (1, 0)"));
    let facts = tables(&mut session(server), |database, _| database == db).expect("tables");
    let table = Arc::new(facts[0].version.clone());
    let mut passed = start_position(&mut session(server)).expect("a position");
    let mut file = passed.file.file.clone();
    let mut dump = open(server, &passed, 1 << 20).expect("a dump");
    let mut reader =
        ChunkReader::open(&replica(server), &passed.server).expect("a reader").beats(&replica(server), beat);

    let stop = AtomicBool::new(false);
    // where each transaction ends, and the number it wrote; what each page showed, and where it ends
    let mut logged: Vec<(BinlogPosition, i64)> = Vec::new();
    let mut shown: Vec<(BinlogPosition, i64)> = Vec::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut sql = server.sql();
            while !stop.load(Ordering::Relaxed) {
                sql.run(&format!("update `{db}`.t set n = n + 1 where k = 1"));
            }
        });
        // the writer ends whatever happens here
        let stopper = Stop(&stop);
        let (mut checksum, mut layout, mut gtid, mut newest) = (Checksum::Off, None, None::<Gtid>, None);
        let mut scratch = Scratch::new(1 << 20);
        let mut raw = Vec::new();
        loop {
            raw.clear();
            dump.read_event(&mut raw).expect("an event");
            let event = split_event(&raw, checksum).expect("a whole event");
            match event.header.event_type {
                EventType::FormatDescription => {
                    checksum = FormatDescription::parse(event.body).expect("a description").checksum;
                }
                EventType::Rotate => {
                    let rotate = syncc::mysql::binlog::control::Rotate::parse(event.body);
                    file = rotate.expect("a file").file.to_owned();
                }
                EventType::Gtid => gtid = Some(MySqlGtid::parse(event.body).expect("a GTID").gtid()),
                EventType::MariaGtid => {
                    let parsed = MariaGtid::parse(event.body).expect("a GTID");
                    gtid = Some(parsed.gtid(event.header.server_id));
                }
                EventType::TableMap => {
                    let map = TableMap::parse(event.body, passed.server.flavor).expect("a table map");
                    layout = (map.db == db).then(|| RowLayout::build(&map, &table).expect("fits"));
                }
                EventType::UpdateRows | EventType::UpdateRowsV1 => {
                    if let Some(layout) = &layout {
                        let rows = RowsEvent::parse(&event).expect("rows");
                        let mut rows = rows.read(layout, &mut scratch).expect("rows of the layout");
                        let (mut before, mut after) = (Vec::new(), Vec::new());
                        while rows.next(&mut before, &mut after).expect("a row").is_some() {
                            newest = Some(number(&after));
                        }
                    }
                }
                EventType::Xid => {
                    let end = u64::from(event.header.end_position);
                    passed.advance(gtid.take().as_ref(), &file, end);
                    let Some(number) = newest.take() else { continue };
                    logged.push((passed.file.clone(), number));
                    if shown.len() < PAGES {
                        shown.push(page(&mut reader, &table, &passed, number, kind));
                    }
                    // on until the log has passed the end of the last page
                    if shown.len() == PAGES && shown.last().is_some_and(|(high, _)| passed.file >= *high) {
                        break;
                    }
                }
                _ => {}
            }
        }
        drop(stopper);
    });
    for (high, value) in &shown {
        let newest = logged.iter().take_while(|(end, _)| end <= high).last().map(|(_, number)| *number);
        assert!(newest.is_some_and(|newest| *value <= newest), "{kind:?}: {value} behind {high}: {newest:?}");
    }
}

/// Reads the row and checks that it is at least as new as what was passed.
fn page(
    reader: &mut ChunkReader,
    table: &Arc<syncc::mysql::schema::TableVersion>,
    passed: &syncc::mysql::position::Position,
    number_passed: i64,
    kind: Kind,
) -> (BinlogPosition, i64) {
    let request = ChunkRequest {
        table: Arc::clone(table),
        key: vec![0],
        after: None,
        upto: vec![KeyPart::Int(1)],
        limit: 10,
        max_bytes: 1 << 20,
        contains: passed.clone(),
    };
    let chunk = reader.read(&request).expect("a page");
    let mut row = Vec::new();
    chunk.rows.row(0, &mut row);
    let value = number(&row);
    assert!(value >= number_passed, "{kind:?}: {value} shown, {number_passed} passed");
    (chunk.high, value)
}

/// Stops the writer when it goes out of scope, by a panic too.
struct Stop<'s>(&'s AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
