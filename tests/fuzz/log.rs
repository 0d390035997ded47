//! What must hold for all bytes that a log could send: nothing panics. Fuzz targets and tests call these.

use syncc::mysql::binlog::control::{FormatDescription, Heartbeat, Incident, Rotate, XaPrepare, Xid};
use syncc::mysql::binlog::event::{Checksum, EventType, HEADER_BYTES, Header, RawEvent, duty, split_event};
use syncc::mysql::binlog::gtid::{MariaGtid, MySqlGtid};
use syncc::mysql::binlog::layout::RowLayout;
use syncc::mysql::binlog::packed::{Inflater, Payload};
use syncc::mysql::binlog::query::Query;
use syncc::mysql::binlog::rows::RowsEvent;
use syncc::mysql::binlog::scratch::Scratch;
use syncc::mysql::binlog::table_map::TableMap;
use syncc::mysql::binlog::wire::Wire;
use syncc::mysql::column_type::{ColumnType, Labels, Text};
use syncc::mysql::json::{apply_diffs, write_json};
use syncc::mysql::key::canonical_key;
use syncc::mysql::position::Flavor;
use syncc::mysql::schema::{Column, TableName, TableVersion};
use syncc::mysql::value::{Json, Value};

/// Bytes that one event may take when it is unpacked.
const LIMIT: usize = 1 << 20;

/// Events without checksums, one behind the other; rows are read by the last table map before them.
pub(crate) fn events(bytes: &[u8]) {
    let mut rest = bytes;
    let mut layout: Option<RowLayout> = None;
    let _ = split_event(bytes, Checksum::Crc32);
    let _ = split_event(bytes, Checksum::Off);
    while let Ok(header) = Header::parse(rest) {
        let size = (header.size as usize).clamp(HEADER_BYTES, rest.len());
        let (raw, tail) = rest.split_at(size);
        let event = RawEvent { header, body: &raw[HEADER_BYTES..] };
        let mut plain = Vec::new();
        match Inflater::default().inflate(&event, LIMIT, &mut plain) {
            Ok(event_type) => {
                assert!(plain.len() <= LIMIT, "the limit holds");
                one(&RawEvent { header: Header { event_type, ..header }, body: &plain }, &mut layout);
            }
            Err(_) => assert!(plain.is_empty(), "nothing comes of what is damaged"),
        }
        one(&event, &mut layout);
        rest = tail;
    }
}

/// Reads an event as what it is, and as all that it is not.
fn one(event: &RawEvent<'_>, layout: &mut Option<RowLayout>) {
    let body = event.body;
    let _ = (duty(&event.header), format!("{} {event:?}", event.header.event_type));
    let _ = FormatDescription::parse(body);
    let _ = Rotate::parse(body);
    let _ = Xid::parse(body);
    let _ = XaPrepare::parse(body);
    let _ = Heartbeat::parse_v1(body, 4);
    let _ = Heartbeat::parse_v2(body);
    let _ = Incident::parse(body);
    let _ = Query::parse(body);
    let _ = MySqlGtid::parse(body).map(|gtid| gtid.gtid());
    let _ = MySqlGtid::parse_tagged(body).map(|gtid| gtid.gtid());
    let _ = MariaGtid::parse(body).map(|gtid| gtid.gtid(1));
    let _ = Payload::parse(body);
    for flavor in [Flavor::MySql, Flavor::MariaDb] {
        if let Ok(map) = TableMap::parse(body, flavor)
            && let Ok(found) = RowLayout::build(&map, &version(&map))
            && event.header.event_type == EventType::TableMap
        {
            *layout = Some(found);
        }
    }
    let Some(layout) = layout else { return };
    let Ok(rows) = RowsEvent::parse(event) else { return };
    let mut scratch = Scratch::new(LIMIT);
    let (mut before, mut after, mut out) = (Vec::new(), Vec::new(), Vec::new());
    let Ok(mut reader) = rows.read(layout, &mut scratch) else { return };
    while let Ok(Some(_)) = reader.next(&mut before, &mut after) {
        for &value in before.iter().chain(&after) {
            if let Value::Json(json) = value {
                let _ = write_json(json, &mut out);
            }
            canonical_key(&[value], &[0], &mut out);
        }
        out.clear();
    }
}

/// A document, and behind the number of its bytes what changes it.
pub(crate) fn json_diff(bytes: &[u8]) {
    let Some((&split, rest)) = bytes.split_first() else { return };
    let (before, diffs) = rest.split_at(rest.len().min(usize::from(split)));
    let mut out = b"before".to_vec();
    match apply_diffs(before, diffs, &mut out) {
        Ok(()) => drop(write_json(Json::Binary(&out[6..]), &mut Vec::new())),
        Err(_) => assert_eq!(out, b"before", "nothing comes of what is damaged"),
    }
}

/// A table that a map can be of.
fn version(map: &TableMap) -> TableVersion {
    let columns = map.columns.iter().enumerate().map(|(index, column)| Column {
        name: column.name.clone().unwrap_or_else(|| format!("c{index}")),
        ty: column_type(column.wire, column.unsigned == Some(true)),
        nullable: column.nullable,
        declared: String::new(),
        hidden: false,
        collation: None,
    });
    TableVersion {
        name: TableName::new(&map.db, &map.table),
        columns: columns.collect(),
        primary_key: Vec::new(),
        unique_keys: Vec::new(),
    }
}

fn column_type(wire: Wire, unsigned: bool) -> ColumnType {
    let text = |max_bytes: u32| Text { charset: "utf8mb4".into(), max_bytes, compressed: false };
    let labels = |count: usize| Labels { labels: (0..count).map(|at| at.to_string()).collect() };
    match wire {
        Wire::Tiny => ColumnType::TinyInt { unsigned },
        Wire::Short => ColumnType::SmallInt { unsigned },
        Wire::Int24 => ColumnType::MediumInt { unsigned },
        Wire::Long => ColumnType::Int { unsigned },
        Wire::LongLong => ColumnType::BigInt { unsigned },
        Wire::Float => ColumnType::Float,
        Wire::Double => ColumnType::Double,
        Wire::Decimal { precision, scale } => ColumnType::Decimal { precision, scale },
        Wire::Bit { bits } => ColumnType::Bit { bits },
        Wire::Year => ColumnType::Year,
        Wire::Date => ColumnType::Date,
        Wire::Time2 { fsp } => ColumnType::Time { fsp },
        Wire::DateTime2 { fsp } => ColumnType::DateTime { fsp },
        Wire::Timestamp2 { fsp } => ColumnType::Timestamp { fsp },
        Wire::OldTime => ColumnType::Time { fsp: 0 },
        Wire::OldDateTime => ColumnType::DateTime { fsp: 0 },
        Wire::OldTimestamp => ColumnType::Timestamp { fsp: 0 },
        // by their sizes, so that each of them is read
        Wire::Fixed { bytes: 16 } if unsigned => ColumnType::Inet6,
        Wire::Fixed { bytes: 16 } => ColumnType::Uuid,
        Wire::Fixed { bytes: 4 } => ColumnType::Inet4,
        Wire::Fixed { bytes } => ColumnType::Binary { bytes: u32::from(bytes) },
        Wire::Variable { bytes } => ColumnType::VarBinary { bytes: u32::from(bytes) },
        Wire::Blob { length_bytes } => ColumnType::Blob { length_bytes },
        Wire::CompressedVariable { bytes } => ColumnType::VarChar(text(u32::from(bytes.saturating_sub(1)))),
        Wire::CompressedBlob { length_bytes } => ColumnType::Blob { length_bytes },
        Wire::Enum { bytes } => ColumnType::Enum(labels(if bytes == 1 { 3 } else { 300 })),
        Wire::Set { bytes } => ColumnType::Set(labels(usize::from(bytes) * 8)),
        Wire::Json { .. } => ColumnType::Json,
        Wire::Geometry { .. } => ColumnType::Geometry,
        Wire::Vector { .. } => ColumnType::Vector,
    }
}
