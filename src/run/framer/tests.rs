//! Streams played to the framer, event by event.

use super::*;
use crate::catalog::{Engine, TableFacts, TableKind};
use crate::mysql::binlog::captured;
use crate::mysql::binlog::event::HEADER_BYTES;
use crate::mysql::ident::TableNameCase;
use crate::mysql::position::{Gtids, SeenAgain, ServerIdentity};
use crate::mysql::schema::model::Wording;
use crate::mysql::schema::{TableName, TableVersion};
use crate::source::mysql::io::Fenced;
use crate::source::mysql::io::Unpacker;

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
    framer_of(Flavor::MariaDb, file, offset)
}

fn framer_of(flavor: Flavor, file: &str, offset: u64) -> Framer {
    let position = Position {
        server: ServerIdentity { flavor, uuid: "u".into(), server_id: 1 },
        file: BinlogPosition::new(file, offset),
        gtids: Gtids::Off,
    };
    let asks = Asks {
        reread: Box::new(|_: &TableName| Err(Failure::new(Class::Bug, "nothing is to be read"))),
        ahead: Box::new(|_, _| Err(Failure::new(Class::Bug, "nothing is to be read"))),
    };
    Framer::new(
        &position,
        Tracker::new(Wording::of(flavor, (9, 7, 0)), TableNameCase::Sensitive),
        Arc::new(|_: &TableName| true),
        asks,
    )
}

/// Gives an event of the server to the framer, and what it holds when it is compressed.
fn take(
    framer: &mut Framer,
    unpacker: &mut Unpacker,
    raw: &[u8],
    found: &mut Vec<What>,
) -> Result<(), Failure> {
    let mut buffer = raw.to_vec();
    let mut next = Some(unpacker.accept(&mut buffer, 0).map_err(|error| framer.damaged(&error))?);
    while let Some(plain) = next {
        framer.take(&plain.event(&buffer), plain.inside, found)?;
        next = unpacker.pending(&mut buffer).map_err(|error| framer.damaged(&error))?;
    }
    Ok(())
}

fn entries(framer: &mut Framer, events: &[Vec<u8>]) -> Vec<String> {
    let mut found = Vec::new();
    let mut unpacker = Unpacker::new(1 << 20).expect("room");
    for event in events {
        take(framer, &mut unpacker, event, &mut found).expect("understood");
    }
    let told = found.iter().map(|what| match what {
        What::Begin { offset, .. } => format!("begin {offset}"),
        What::End { offset, .. } => format!("end {offset}"),
        What::Reached { offset, beat: true, .. } => format!("beat {offset}"),
        What::Reached { offset, .. } => format!("reached {offset}"),
        What::Writer(_) | What::Rows(_) | What::Verdict(_) | What::Definition(_) | What::Stop(_) => {
            "other".to_owned()
        }
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

/// A statement that stands before what is known of its table was followed: twice it would swap names back.
#[test]
fn what_comes_again_is_not_followed_once_more() {
    let at = |offset: u64| Position {
        server: ServerIdentity { flavor: Flavor::MariaDb, uuid: "u".into(), server_id: 1 },
        file: BinlogPosition::new("b.000005", offset),
        gtids: Gtids::Off,
    };
    let swap = || query("alter table shop.t rename column a to b, rename column b to a");
    let xid = |end| raw(16, end, 0, &[0; 8]);
    let size = maria_gtid(0).len() as u32;
    let map = raw(19, 0, 0, b"\x07\0\0\0\0\0\x01\0\x04shop\0\x01t\0\x01\x08\0\0");
    let rows = raw(23, 0, 0, &[7, 0, 0, 0, 0, 0, 1, 0]);
    let again = [maria_gtid(4 + size), map.clone(), rows.clone(), swap(), xid(500)];
    let new = [maria_gtid(500 + size), swap(), xid(900)];
    let mut framer = framer("b.000005", 4);
    framer.pass_over(Again::new(&at(4), &at(500), SeenAgain::default()));
    let mut found = Vec::new();
    let mut unpacker = Unpacker::new(1 << 20).expect("room");
    for event in [opening("b.000005", 4)].iter().chain(&again).chain(&new) {
        take(&mut framer, &mut unpacker, event, &mut found).expect("understood");
    }
    let begins: Vec<usize> = (0..found.len()).filter(|&at| matches!(found[at], What::Begin { .. })).collect();
    let statements: Vec<usize> =
        (0..found.len()).filter(|&at| matches!(found[at], What::Definition(_))).collect();
    assert_eq!((begins.len(), statements.len()), (2, 1), "{found:?}");
    assert!(
        statements[0] > begins[1] && !found.iter().any(|what| matches!(what, What::Rows(_))),
        "{found:?}"
    );
    assert!(Again::new(&at(4), &at(4), SeenAgain::default()).is_none());
}

/// The source shows tables without columns, and what each of them is.
fn shown_as(framer: &mut Framer, kind: fn(&str) -> TableKind) {
    framer.tables.asks.reread = Box::new(move |name| {
        let version = TableVersion {
            name: name.clone(),
            columns: Vec::new(),
            primary_key: Vec::new(),
            unique_keys: Vec::new(),
        };
        let table = TableFacts {
            version,
            kind: kind(&name.table),
            engine: Engine::Transactional,
            rows_estimate: 0,
            old_temporals: Vec::new(),
            generated: Vec::new(),
        };
        Ok(Fenced { table: Some(table), definition: None, upto: BinlogPosition::new("b.000005", 4) })
    });
}

#[test]
fn counters_of_sequences_are_no_rows() {
    let mut framer = framer("b.000005", 4);
    shown_as(&mut framer, |table| if table == "s" { TableKind::Sequence } else { TableKind::Base });
    let map = |id: u8, table: u8| {
        let body = [&[id, 0, 0, 0, 0, 0, 1, 0][..], b"\x04shop\0\x01", &[table], b"\0\x01\x08\0\0"].concat();
        raw(19, 0, 0, &body)
    };
    let rows = |id: u8| raw(23, 0, 0, &[id, 0, 0, 0, 0, 0, 1, 0]);
    let events = [opening("b.000005", 4), maria_gtid(42), map(7, b's'), rows(7)];
    assert_eq!(entries(&mut framer, &events), ["reached 4", "begin 4"]);
    assert_eq!(entries(&mut framer, &[map(8, b't'), rows(8)]), ["other"], "a table is not passed over");
}

/// The body of an anonymous GTID event.
const ANONYMOUS: [u8; 25] = [0; 25];

/// TRANSACTION_PAYLOAD of these events.
fn payload(end_position: u32, events: &[Vec<u8>]) -> Vec<u8> {
    let stream = zstd::encode_all(&events.concat()[..], 3).expect("compressed");
    let body = [&[2, 1, 0, 1, 3, 0xfc][..], &(stream.len() as u16).to_le_bytes(), &[0], &stream].concat();
    raw(40, end_position, 0, &body)
}

fn query(sql: &str) -> Vec<u8> {
    raw(2, 77, 0, &[&[0; 13][..], b"\0", sql.as_bytes()].concat())
}

#[test]
fn a_compressed_transaction_ends_behind_its_event_and_not_before() {
    let mut framer = framer("b.000005", 4);
    let xid = raw(16, 77, 0, &[0; 8]);
    let events = [opening("b.000005", 4), raw(34, 100, 0, &ANONYMOUS)];
    assert_eq!(entries(&mut framer, &events), ["reached 4", "begin 56"]);
    assert_eq!(framer.between(), None);
    let told = entries(&mut framer, &[payload(900, &[query("BEGIN"), xid])]);
    // `BEGIN` says who writes
    assert_eq!(told, ["other", "end 900"]);
    assert_eq!(framer.between(), Some(BinlogPosition::new("b.000005", 900)));
}

/// What a server logs of a transaction with a temporary table that is rolled back.
#[test]
fn rows_before_rollback_do_not_count() {
    let mut framer = framer("b.000005", 4);
    shown_as(&mut framer, |_| TableKind::Base);
    let map = raw(19, 0, 0, b"\x07\0\0\0\0\0\x01\0\x04shop\0\x01t\0\x01\x08\0\0");
    let rows = raw(23, 0, 0, &[7, 0, 0, 0, 0, 0, 1, 0]);
    let mut found = Vec::new();
    let mut unpacker = Unpacker::new(1 << 20).expect("room");
    for event in [opening("b.000005", 4), maria_gtid(42), map, rows, query("ROLLBACK")] {
        take(&mut framer, &mut unpacker, &event, &mut found).expect("understood");
    }
    let verdicts: Vec<usize> =
        (0..found.len()).filter(|&at| matches!(found[at], What::Verdict(Verdict::Undone))).collect();
    assert_eq!(verdicts, [found.len() - 2], "{found:?}");
    assert!(matches!(found.last(), Some(What::End { .. })), "{found:?}");
}

#[test]
fn a_compressed_transaction_is_one_transaction() {
    let (begin, xid) = (query("BEGIN"), raw(16, 77, 0, &[0; 8]));
    let nested = payload(900, &[begin.clone(), payload(900, std::slice::from_ref(&xid))]);
    for (events, what) in [
        (vec![payload(900, &[begin.clone(), xid.clone()])], "stands outside of a transaction"),
        (
            vec![raw(34, 100, 0, &ANONYMOUS), payload(900, &[begin.clone(), xid.clone(), xid.clone()])],
            "not one",
        ),
        (vec![raw(34, 100, 0, &ANONYMOUS), payload(900, &[begin]), xid], "not one transaction"),
        (vec![raw(34, 100, 0, &ANONYMOUS), nested], "packed twice"),
    ] {
        let mut framer = framer("b.000005", 4);
        let mut unpacker = Unpacker::new(1 << 20).expect("room");
        let refused =
            events.iter().find_map(|raw| take(&mut framer, &mut unpacker, raw, &mut Vec::new()).err());
        let message = refused.expect("refused").text;
        assert!(message.contains(what), "{message}");
    }
}

#[test]
fn what_is_refused_is_named() {
    for (number, says) in [
        (26, "an event Incident (26): the server says that changes are missing from its log"),
        (
            18,
            "an event Execute_load_query (18): LOAD DATA was logged as a statement: set `binlog_format` to ROW",
        ),
        (172, "an event Partial_row_data (172)"),
        (99, "an event type 99: it is not known"),
    ] {
        let mut framer = framer("b.000005", 4);
        let mut unpacker = Unpacker::new(1 << 20).expect("room");
        let refused =
            take(&mut framer, &mut unpacker, &raw(number, 100, 0, b"\x01\0\x04lost"), &mut Vec::new());
        let message = refused.expect_err("refused").text;
        assert!(message.contains(says) && message.contains("b.000005:100"), "{message}");
    }
}

/// What MySQL 9.7 logged, played as if the file were `shift` bytes longer: headers tell the lower 32 bits.
#[test]
fn a_stream_whose_header_positions_wrap() {
    let log: Vec<Vec<u8>> =
        include_str!("../../mysql/binlog/captured/mysql-9.7.hex").lines().map(captured::bytes).collect();
    let played = |shift: u64| {
        let mut framer = framer_of(Flavor::MySql, "binlog.000001", shift);
        framer.tables.wanted = Arc::new(|_: &TableName| false);
        let events: Vec<Vec<u8>> = log.iter().map(|event| shifted(event, shift)).collect();
        let places: Vec<u64> = entries(&mut framer, &events)
            .iter()
            .filter_map(|told| told.strip_prefix("begin ").or_else(|| told.strip_prefix("end ")))
            .map(|offset| offset.parse::<u64>().expect("a number") - shift)
            .collect();
        places
    };
    let plain = played(0);
    let end = *plain.last().expect("transactions");
    assert!(plain.len() > 20 && end > 4_000, "{plain:?}");
    // the border lies within each of the first transactions, and far behind for the third time
    for border in plain.iter().take(30) {
        for beyond in [0, 1, 17] {
            assert_eq!(played((1 << 32) - border - beyond), plain, "{border} {beyond}");
        }
    }
    assert_eq!(played((3 << 32) - end / 2), plain);
}

/// MariaDB 11.8 writes 0 for the positions inside of transactions. The places of transactions are the same.
#[test]
fn positions_that_are_0_inside_of_transactions() {
    let log: Vec<Vec<u8>> =
        include_str!("../../mysql/binlog/captured/mariadb-10.11.hex").lines().map(captured::bytes).collect();
    let played = |log: &[Vec<u8>]| {
        let mut framer = framer("binlog.000001", 0);
        framer.tables.wanted = Arc::new(|_: &TableName| false);
        entries(&mut framer, log)
    };
    let zeroed = log.iter().map(|event| match event[4] {
        // table maps and rows
        19 | 23..=25 => placed(event, 0),
        _ => event.clone(),
    });
    let zeroed: Vec<Vec<u8>> = zeroed.collect();
    assert_ne!(log, zeroed);
    let plain = played(&log);
    assert!(plain.len() > 20, "{plain:?}");
    assert_eq!(played(&zeroed), plain);
}

/// The event where its file is `shift` bytes longer.
fn shifted(event: &[u8], shift: u64) -> Vec<u8> {
    let at = u32::from_le_bytes([event[13], event[14], event[15], event[16]]);
    placed(event, (u64::from(at) + shift) as u32)
}

/// The event with another place behind it, and the checksum that fits.
fn placed(event: &[u8], end_position: u32) -> Vec<u8> {
    let mut event = event.to_vec();
    event[13..17].copy_from_slice(&end_position.to_le_bytes());
    let sum = event.len() - 4;
    let mut summed = event[..sum].to_vec();
    if event[4] == 15 {
        // as of a file that is closed
        summed[17] &= !1;
    }
    event[sum..].copy_from_slice(&crc32fast::hash(&summed).to_le_bytes());
    event
}
