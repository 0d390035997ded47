//! Streams played to the framer, event by event.

use super::*;
use crate::mysql::binlog::event::HEADER_BYTES;
use crate::mysql::position::{Gtids, ServerIdentity};
use crate::mysql::schema::{TableName, TableVersion};

/// An event without checksum, as before the first format description.
fn raw(type_number: u8, end_position: u32, flags: u16, body: &[u8]) -> Vec<u8> {
    let size = (HEADER_BYTES + body.len()) as u32;
    let mut raw = vec![0, 0, 0, 0, type_number, 1, 0, 0, 0];
    raw.extend_from_slice(&size.to_le_bytes());
    raw.extend_from_slice(&end_position.to_le_bytes());
    raw.extend_from_slice(&flags.to_le_bytes());
    raw.extend_from_slice(body);
    raw
}

/// The ROTATE that opens a dump.
fn opening(file: &str, offset: u64) -> Vec<u8> {
    raw(4, 0, 0x20, &[&offset.to_le_bytes(), file.as_bytes()].concat())
}

fn maria_gtid(end_position: u32) -> Vec<u8> {
    raw(162, end_position, 0, &[&101_u64.to_le_bytes()[..], &[0; 4], &[0], &[0; 6]].concat())
}

fn framer(file: &str, offset: u64) -> Framer {
    let position = Position {
        server: ServerIdentity { flavor: Flavor::MariaDb, uuid: "u".into(), server_id: 1 },
        file: BinlogPosition::new(file, offset),
        gtids: Gtids::Off,
    };
    let unread = |_: &TableName| Err(Failure::new(Class::Bug, "nothing is to be read"));
    Framer::new(&position, Tracker::new(Flavor::MariaDb), Arc::new(|_: &TableName| true), Box::new(unread))
}

fn entries(framer: &mut Framer, events: &[Vec<u8>]) -> Vec<String> {
    let mut found = Vec::new();
    for event in events {
        framer.frame(event, &mut found).expect("understood");
    }
    let told = found.iter().map(|what| match what {
        What::Begin { offset, .. } => format!("begin {offset}"),
        What::End { offset, .. } => format!("end {offset}"),
        What::Reached { offset, .. } => format!("reached {offset}"),
        What::Writer(_) | What::Rows(_) | What::Definition(_) | What::Stop(_) => "other".to_owned(),
    });
    told.collect()
}

#[test]
fn a_transaction_behind_what_was_left_out_begins_where_it_stands() {
    // Asked for by GTID, MariaDB names the beginning of the file, then sends what is new.
    let mut framer = framer("b.000005", 10_000);
    let size = maria_gtid(0).len() as u32;
    let events = [opening("b.000005", 4), maria_gtid(10_000 + size)];
    assert_eq!(entries(&mut framer, &events), ["reached 4", "begin 10000"]);
}

#[test]
fn events_without_a_place_move_nothing() {
    // From the middle of a file, the server repeats events of its beginning with the end position 0.
    let mut framer = framer("b.000005", 10_000);
    let list = raw(163, 0, 0, &[0; 4]);
    let xid = raw(16, 10_069, 0, &[0; 8]);
    let events = [opening("b.000005", 10_000), list, maria_gtid(10_038), xid];
    let told = ["reached 10000", "reached 10000", "begin 10000", "end 10069"];
    assert_eq!(entries(&mut framer, &events), told);
}

#[test]
fn counters_of_sequences_are_no_rows() {
    let mut framer = framer("b.000005", 4);
    framer.tables.reread = Box::new(|name| {
        let version = TableVersion {
            name: name.clone(),
            columns: Vec::new(),
            primary_key: Vec::new(),
            unique_keys: Vec::new(),
        };
        Ok(Reread {
            version: Some(version),
            ignored: name.table == "s",
            upto: BinlogPosition::new("b.000005", 4),
        })
    });
    let map = |id: u8, table: u8| {
        let body = [&[id, 0, 0, 0, 0, 0, 1, 0][..], b"\x04shop\0\x01", &[table], b"\0\x01\x08\0\0"].concat();
        raw(19, 0, 0, &body)
    };
    let rows = |id: u8| raw(23, 0, 0, &[id, 0, 0, 0, 0, 0, 1, 0]);
    let events = [opening("b.000005", 4), maria_gtid(42), map(7, b's'), rows(7)];
    assert_eq!(entries(&mut framer, &events), ["reached 4", "begin 4"]);
    assert_eq!(entries(&mut framer, &[map(8, b't'), rows(8)]), ["other"], "a table is not passed over");
}
