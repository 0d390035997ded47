//! Rows of the log as the tests need them: from a position up to now.

use super::{replica, session};
use crate::support::MySql;
use std::collections::BTreeSet;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use syncc::mysql::binlog::control::Heartbeat;
use syncc::mysql::binlog::event::{EventType, HEADER_BYTES, Header, RawEvent};
use syncc::mysql::binlog::layout::RowLayout;
use syncc::mysql::binlog::rows::RowsEvent;
use syncc::mysql::binlog::scratch::Scratch;
use syncc::mysql::binlog::table_map::TableMap;
use syncc::mysql::position::{BinlogPosition, Position, ServerIdentity};
use syncc::mysql::schema::TableVersion;
use syncc::mysql::value::Value;
use syncc::source::mysql::io::{Dump, DumpRequest, SourceFailure, Unpacker, end_of_log};

/// A UUID that only tests use.
pub(crate) const UUID: &str = "6c27ed6d-7ee1-11e3-be39-6c626d957cff";

/// Opens a dump of the replication user with a server id of its own.
pub(crate) fn open(server: &MySql, start: &Position, event_limit: usize) -> Result<Dump, SourceFailure> {
    static NEXT: AtomicU32 = AtomicU32::new(40_000);
    let server_id = NonZeroU32::new(NEXT.fetch_add(1, Ordering::Relaxed)).expect("not zero");
    let request = DumpRequest {
        start,
        server_id,
        uuid: &format!("{}{:08x}", &UUID[..28], server_id),
        heartbeat: Duration::from_millis(300),
        event_limit,
        task: "test.shop.bus",
    };
    Dump::open(&replica(server), &request)
}

/// Event limit for the log of a shared server: other tests write to it, too, and some of their events are large.
pub(crate) const OTHERS_TOO: usize = 1 << 29;

/// Gives each event up to the end of the log as it is now to `event`, unpacked, and with the type under which it stands in the log.
/// (MySQL sends heartbeats also for what it passes over.)
pub(crate) fn events(server: &MySql, dump: &mut Dump, mut event: impl FnMut(EventType, &RawEvent<'_>)) {
    let end = end_of_log(&mut session(server)).expect("may ask").expect("a log").file;
    let mut raw = Vec::new();
    let mut unpacker = Unpacker::new(dump.event_limit()).expect("room");
    loop {
        raw.clear();
        dump.read_event(&mut raw).expect("an event");
        let kind = Header::parse(&raw[..HEADER_BYTES]).expect("a header").event_type;
        let mut next = Some(unpacker.accept(&mut raw, 0).expect("a whole event"));
        while let Some(plain) = next {
            let found = plain.event(&raw);
            if kind == EventType::Heartbeat {
                let beat = Heartbeat::parse_v1(found.body, found.header.end_position).expect("a heartbeat");
                if BinlogPosition::new(beat.file, beat.position) >= end {
                    return;
                }
            }
            event(if plain.inside { found.header.event_type } else { kind }, &found);
            next = unpacker.pending(&mut raw).expect("a whole event");
        }
    }
}

/// Gives the images of all rows of `table` behind `start` to `row`: the after image, or for deletes the one before. Returns the
/// types under which events stand in the log.
pub(crate) fn rows(
    server: &MySql,
    start: &Position,
    table: &TableVersion,
    mut row: impl FnMut(&[Value<'_>]),
) -> BTreeSet<u8> {
    let mut kinds = BTreeSet::new();
    let mut dump = open(server, start, OTHERS_TOO).expect("a dump");
    let identity: &ServerIdentity = &start.server;
    let mut layout = None;
    let mut ours = None;
    let mut scratch = Scratch::new(64 << 20);
    events(server, &mut dump, |kind, event| {
        kinds.insert(kind.number());
        match event.header.event_type {
            EventType::TableMap => {
                let map = TableMap::parse(event.body, identity.flavor).expect("a table map");
                if (map.db.as_str(), map.table.as_str())
                    == (table.name.db.as_str(), table.name.table.as_str())
                {
                    ours = Some(map.table_id);
                    layout = Some(RowLayout::build(&map, table).expect("a layout that fits"));
                }
            }
            EventType::WriteRows
            | EventType::WriteRowsV1
            | EventType::UpdateRows
            | EventType::UpdateRowsV1
            | EventType::DeleteRows
            | EventType::DeleteRowsV1
            | EventType::PartialUpdateRows => {
                let rows = RowsEvent::parse(event).expect("rows");
                if Some(rows.table_id) == ours {
                    let layout = layout.as_ref().expect("a table map came before");
                    let mut reader = rows.read(layout, &mut scratch).unwrap_or_else(|error| {
                        panic!("{:?} {:?}: {error}", server.kind(), event.header.event_type)
                    });
                    let (mut before, mut after) = (Vec::new(), Vec::new());
                    while reader.next(&mut before, &mut after).expect("a row").is_some() {
                        row(if after.is_empty() { &before } else { &after });
                    }
                }
            }
            _ => {}
        }
    });
    kinds
}
