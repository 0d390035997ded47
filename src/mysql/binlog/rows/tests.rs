use super::super::table_map::TableMap;
use super::super::wire::code;
use super::*;
use crate::mysql::binlog::event::{Checksum, HEADER_BYTES, split_event};
use crate::mysql::column_type::{ColumnType, Labels, Text};
use crate::mysql::position::Flavor;
use crate::mysql::schema::{Column, TableName, TableVersion};
use crate::mysql::value::{Date, DateTime, Time, Timestamp};
use proptest::prelude::*;

/// A table of one nullable column per `(type number, metadata, type)`.
fn layout(columns: &[(u8, &[u8], ColumnType)]) -> RowLayout {
    let mut body = vec![7, 0, 0, 0, 0, 0, 1, 0];
    body.extend(b"\x02db\0\x01t\0");
    body.push(columns.len() as u8);
    body.extend(columns.iter().map(|(number, _, _)| number));
    let metadata: Vec<u8> = columns.iter().flat_map(|(_, metadata, _)| metadata.iter().copied()).collect();
    body.push(metadata.len() as u8);
    body.extend(metadata);
    body.extend(vec![0xff; columns.len().div_ceil(8)]);
    let version = TableVersion {
        name: TableName::new("db", "t"),
        columns: columns
            .iter()
            .enumerate()
            .map(|(index, (_, _, ty))| Column {
                name: format!("c{index}"),
                ty: ty.clone(),
                nullable: true,
                declared: String::new(),
                hidden: false,
                collation: None,
            })
            .collect(),
        primary_key: vec![],
        unique_keys: vec![],
    };
    RowLayout::build(&TableMap::parse(&body, Flavor::MySql).unwrap(), &version).unwrap()
}

/// A rows event of version 2 for `columns` columns with all of them present.
fn event(kind: u8, columns: usize, images: &[u8]) -> Vec<u8> {
    let mut raw = vec![0, 0, 0, 0, kind, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    raw.extend([7, 0, 0, 0, 0, 0, 1, 0, 2, 0, columns as u8]);
    let present = vec![0xff; columns.div_ceil(8)];
    raw.extend(&present);
    if kind == 31 || kind == 39 {
        raw.extend(&present);
    }
    raw.extend(images);
    let size = raw.len() as u32;
    raw[9..13].copy_from_slice(&size.to_le_bytes());
    raw
}

/// Reads all rows; `each` sees kind, before and after.
fn read_all(
    raw: &[u8],
    layout: &RowLayout,
    mut each: impl FnMut(RowKind, &[Value<'_>], &[Value<'_>]),
) -> Result<usize, RowError> {
    let event = split_event(raw, Checksum::Off)?;
    let mut scratch = Scratch::new(1 << 20);
    let mut rows = RowsEvent::parse(&event)?.read(layout, &mut scratch)?;
    let (mut before, mut after) = (vec![], vec![]);
    let mut count = 0;
    while let Some(kind) = rows.next(&mut before, &mut after)? {
        each(kind, &before, &after);
        count += 1;
    }
    Ok(count)
}

/// A column with this wire form and type reads `bytes` as `expected`.
#[track_caller]
fn check(number: u8, metadata: &[u8], ty: ColumnType, bytes: &[u8], expected: Value<'_>) {
    let layout = layout(&[(number, metadata, ty)]);
    let mut images = vec![0xfe];
    images.extend(bytes);
    let count = read_all(&event(30, 1, &images), &layout, |kind, before, after| {
        assert_eq!((kind, before.len()), (RowKind::Insert, 0));
        assert!(after == [expected], "read {after:?}");
    });
    assert_eq!(count, Ok(1));
    // one byte less is an error that names the column, one byte more is another row that is cut
    let cut = read_all(&event(30, 1, &images[..images.len() - 1]), &layout, |_, _, _| {});
    assert!(matches!(cut, Err(RowError::Value { column: 0, .. })));
    images.push(0);
    assert!(read_all(&event(30, 1, &images), &layout, |_, _, _| {}).is_err());
}

fn text(max_bytes: u32) -> Text {
    Text { charset: "utf8mb4".into(), max_bytes, compressed: false }
}

fn labels(count: usize) -> Labels {
    Labels { labels: (0..count).map(|index| format!("l{index}")).collect() }
}

fn time(negative: bool, clock: (u16, u8, u8), micros: u32, fsp: u8) -> Value<'static> {
    Value::Time(Time { negative, hour: clock.0, minute: clock.1, second: clock.2, micros, fsp })
}

#[test]
fn integers() {
    let (signed, unsigned) = (false, true);
    check(code::TINY, &[], ColumnType::TinyInt { unsigned: signed }, &[0xfb], Value::Int(-5));
    check(code::TINY, &[], ColumnType::TinyInt { unsigned }, &[0xfb], Value::UInt(251));
    check(code::SHORT, &[], ColumnType::SmallInt { unsigned: signed }, &[0, 0x80], Value::Int(-32768));
    check(code::SHORT, &[], ColumnType::SmallInt { unsigned }, &[0, 0x80], Value::UInt(32768));
    check(code::INT24, &[], ColumnType::MediumInt { unsigned: signed }, &[0xff; 3], Value::Int(-1));
    check(
        code::INT24,
        &[],
        ColumnType::MediumInt { unsigned: signed },
        &[0, 0, 0x80],
        Value::Int(-8_388_608),
    );
    check(
        code::INT24,
        &[],
        ColumnType::MediumInt { unsigned: signed },
        &[0xff, 0xff, 0x7f],
        Value::Int(8_388_607),
    );
    check(code::INT24, &[], ColumnType::MediumInt { unsigned }, &[0xff; 3], Value::UInt(16_777_215));
    check(code::LONG, &[], ColumnType::Int { unsigned: signed }, &[0xff; 4], Value::Int(-1));
    check(code::LONG, &[], ColumnType::Int { unsigned }, &[0xff; 4], Value::UInt(4_294_967_295));
    check(code::LONGLONG, &[], ColumnType::BigInt { unsigned: signed }, &[0xff; 8], Value::Int(-1));
    check(code::LONGLONG, &[], ColumnType::BigInt { unsigned }, &[0xff; 8], Value::UInt(u64::MAX));
}

#[test]
fn other_numbers() {
    check(code::FLOAT, &[4], ColumnType::Float, &0.1f32.to_le_bytes(), Value::Float(0.1));
    check(code::DOUBLE, &[8], ColumnType::Double, &0.1f64.to_le_bytes(), Value::Double(0.1));
    check(code::BIT, &[2, 1], ColumnType::Bit { bits: 10 }, &[2, 3], Value::Bit(515));
    check(code::BIT, &[0, 8], ColumnType::Bit { bits: 64 }, &[0xff; 8], Value::Bit(u64::MAX));
    check(code::YEAR, &[], ColumnType::Year, &[0], Value::Year(0));
    check(code::YEAR, &[], ColumnType::Year, &[1], Value::Year(1901));
    check(code::YEAR, &[], ColumnType::Year, &[255], Value::Year(2155));
    check(code::STRING, &[0xf7, 1], ColumnType::Enum(labels(2)), &[2], Value::Enum(2));
    check(code::STRING, &[0xf7, 2], ColumnType::Enum(labels(256)), &[0, 1], Value::Enum(256));
    check(code::STRING, &[0xf8, 2], ColumnType::Set(labels(9)), &[5, 1], Value::Set(0x105));
    check(code::STRING, &[0xf8, 8], ColumnType::Set(labels(64)), &[0xff; 8], Value::Set(u64::MAX));
}

#[test]
fn times() {
    let ty = |fsp| ColumnType::Time { fsp };
    check(code::TIME2, &[0], ty(0), &[0x80, 0, 0], time(false, (0, 0, 0), 0, 0));
    check(code::TIME2, &[0], ty(0), &[0x80 + 0x34, 0x6e, 0xfb], time(false, (838, 59, 59), 0, 0));
    check(code::TIME2, &[0], ty(0), &[0x7f - 0x34, 0x91, 0x05], time(true, (838, 59, 59), 0, 0));
    // -01:00:00.5 and its neighbours: the whole is complemented, fraction and all
    check(code::TIME2, &[1], ty(1), &[0x7f, 0xef, 0xff, 206], time(true, (1, 0, 0), 500_000, 1));
    check(code::TIME2, &[2], ty(2), &[0x7f, 0xff, 0xff, 0xff], time(true, (0, 0, 0), 10_000, 2));
    check(code::TIME2, &[3], ty(3), &[0x7f, 0xff, 0xff, 0xff, 0xf6], time(true, (0, 0, 0), 1000, 3));
    check(code::TIME2, &[6], ty(6), &[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff], time(true, (0, 0, 0), 1, 6));
    check(code::TIME2, &[6], ty(6), &[0x80, 0, 1, 0x0f, 0x42, 0x3f], time(false, (0, 0, 1), 999_999, 6));
    check(code::TIME, &[], ty(0), &(-10_203_i32).to_le_bytes()[..3], time(true, (1, 2, 3), 0, 0));
}

#[test]
fn dates() {
    let date = Date { year: 2024, month: 3, day: 5 };
    let zero = Date { year: 0, month: 0, day: 0 };
    let packed = 2024u32 << 9 | 3 << 5 | 5;
    check(code::DATE, &[], ColumnType::Date, &packed.to_le_bytes()[..3], Value::Date(date));
    check(code::DATE, &[], ColumnType::Date, &[0; 3], Value::Date(zero));
    let at = |date, hour, minute, second, micros, fsp| {
        Value::DateTime(DateTime { date, hour, minute, second, micros, fsp })
    };
    let packed = ((2024u64 * 13 + 3) << 5 | 5) << 17 | 10 << 12 | 20 << 6 | 30 | 1 << 39;
    let mut bytes = packed.to_be_bytes()[3..].to_vec();
    check(code::DATETIME2, &[0], ColumnType::DateTime { fsp: 0 }, &bytes, at(date, 10, 20, 30, 0, 0));
    bytes.extend([0x04, 0xb0]);
    check(code::DATETIME2, &[3], ColumnType::DateTime { fsp: 3 }, &bytes, at(date, 10, 20, 30, 120_000, 3));
    check(
        code::DATETIME2,
        &[0],
        ColumnType::DateTime { fsp: 0 },
        &[0x80, 0, 0, 0, 0],
        at(zero, 0, 0, 0, 0, 0),
    );
    let old = 20_240_305_102_030_u64.to_le_bytes();
    check(code::DATETIME, &[], ColumnType::DateTime { fsp: 0 }, &old, at(date, 10, 20, 30, 0, 0));
    let stamp = |seconds, micros, fsp| Value::Timestamp(Timestamp { seconds, micros, fsp });
    check(code::TIMESTAMP2, &[0], ColumnType::Timestamp { fsp: 0 }, &[0, 0, 1, 0], stamp(256, 0, 0));
    check(
        code::TIMESTAMP2,
        &[2],
        ColumnType::Timestamp { fsp: 2 },
        &[0, 0, 1, 0, 99],
        stamp(256, 990_000, 2),
    );
    check(code::TIMESTAMP, &[], ColumnType::Timestamp { fsp: 0 }, &[0, 1, 0, 0], stamp(256, 0, 0));
}

#[test]
fn strings() {
    check(code::STRING, &[0xfe, 20], ColumnType::Char(text(20)), b"\x02ab", Value::Text(b"ab"));
    check(code::STRING, &[0xce, 0xfc], ColumnType::Char(text(1020)), b"\x02\0ab", Value::Text(b"ab"));
    check(code::VARCHAR, &[255, 0], ColumnType::VarChar(text(255)), b"\x02ab", Value::Text(b"ab"));
    check(code::VARCHAR, &[0, 1], ColumnType::VarChar(text(256)), b"\x02\0ab", Value::Text(b"ab"));
    check(code::BLOB, &[2], ColumnType::Text(text(65535)), b"\x02\0ab", Value::Text(b"ab"));
    check(code::BLOB, &[3], ColumnType::Blob { length_bytes: 3 }, b"\x02\0\0ab", Value::Bytes(b"ab"));
    check(code::BLOB, &[4], ColumnType::Blob { length_bytes: 4 }, b"\x02\0\0\0ab", Value::Bytes(b"ab"));
    check(code::STRING, &[0xfe, 4], ColumnType::Binary { bytes: 4 }, b"\x02ab", Value::Bytes(b"ab\0\0"));
    check(code::STRING, &[0xfe, 4], ColumnType::Binary { bytes: 4 }, b"\x04abcd", Value::Bytes(b"abcd"));
    check(code::VARCHAR, &[4, 0], ColumnType::VarBinary { bytes: 4 }, b"\x02a\0", Value::Bytes(b"a\0"));
    check(code::GEOMETRY, &[4], ColumnType::Geometry, b"\x01\0\0\0g", Value::Geometry(b"g"));
    check(code::VECTOR, &[4], ColumnType::Vector, b"\x04\0\0\0abcd", Value::Vector(b"abcd"));
    check(code::VARCHAR, &[8, 0], ColumnType::Vector, b"\x04abcd", Value::Vector(b"abcd"));
    check(
        code::JSON,
        &[4],
        ColumnType::Json,
        b"\x02\0\0\0\x04\0",
        Value::Json(crate::mysql::value::Json::Binary(&[4, 0])),
    );
}

#[test]
fn types_of_maria() {
    let uuid = [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x11, 0x70, 0x80, 0x90, 0xa0, 0xb0, 0xc0, 0xd0, 0xe0, 0];
    let mut bytes = vec![15];
    bytes.extend(&uuid[..15]);
    check(code::STRING, &[0xfe, 16], ColumnType::Uuid, &bytes, Value::Uuid(&uuid));
    check(code::STRING, &[0xfe, 4], ColumnType::Inet4, b"\x01\x7f", Value::Inet4(&[0x7f, 0, 0, 0]));
    check(code::STRING, &[0xfe, 16], ColumnType::Inet6, b"\0", Value::Inet6(&[0; 16]));
}

#[test]
fn nulls_updates_and_skipped_columns() {
    let columns = [
        (code::TINY, &[][..], ColumnType::TinyInt { unsigned: false }),
        (code::STRING, &[0xfe, 4], ColumnType::Binary { bytes: 4 }),
        (code::VARCHAR, &[9, 0], ColumnType::VarChar(text(9))),
    ];
    let whole = layout(&columns);
    let images = b"\xf8\x01\x01a\x01x\xfa\x02\x01y\xfb\x01z\xf8\x03\x00\x01w";
    let raw = event(31, 3, images);
    let mut seen = vec![];
    read_all(&raw, &whole, |kind, before, after| {
        assert_eq!(kind, RowKind::Update);
        seen.push(
            (before == [Value::Int(1), Value::Bytes(b"a\0\0\0"), Value::Text(b"x")])
                || (before == [Value::Null, Value::Null, Value::Text(b"z")]),
        );
        seen.push(
            (after == [Value::Int(2), Value::Null, Value::Text(b"y")])
                || (after == [Value::Int(3), Value::Bytes(b"\0\0\0\0"), Value::Text(b"w")]),
        );
    })
    .unwrap();
    assert_eq!(seen, [true; 4]);
    let some = whole.only(&[2]);
    assert!(!some.needs_scratch);
    let count = read_all(&raw, &some, |_, before, after| {
        assert!(before[..2] == [Value::Null, Value::Null] && after[..2] == [Value::Null, Value::Null]);
        assert!(matches!((before[2], after[2]), (Value::Text(_), Value::Text(_))));
    });
    assert_eq!(count, Ok(2));
}

#[test]
fn what_does_not_belong_together() {
    let one = layout(&[(code::TINY, &[], ColumnType::TinyInt { unsigned: false })]);
    let mut raw = event(30, 2, b"\xfc\x01\x02");
    assert_eq!(read_all(&raw, &one, |_, _, _| {}), Err(RowError::Columns { rows: 2, map: 1 }));
    raw = event(30, 1, b"\xfe\x01");
    raw[HEADER_BYTES + 11] = 0xfe;
    let error = read_all(&raw, &one, |_, _, _| {}).unwrap_err();
    assert_eq!(error, RowError::Partial { column: 0 });
    let said = error.to_string();
    assert!(
        said.starts_with("the row image leaves out column 1") && said.contains("set FULL for every session"),
        "{said}"
    );
}

#[test]
fn what_is_not_used_may_be_missing() {
    let tiny = || (code::TINY, &[][..], ColumnType::TinyInt { unsigned: false });
    let all = layout(&[tiny(), tiny(), tiny()]);
    // column 2 is missing in both images, so NULL has two bits: the last column of the second image is NULL
    let mut raw = event(31, 3, b"\xfc\x01\x03\xfe\x07");
    (raw[HEADER_BYTES + 11], raw[HEADER_BYTES + 12]) = (0xfd, 0xfd);
    assert_eq!(read_all(&raw, &all, |_, _, _| {}), Err(RowError::Partial { column: 1 }));
    let some = all.clone().only(&[0, 2]);
    let rows = read_all(&raw, &some, |kind, before, after| {
        assert_eq!(kind, RowKind::Update);
        assert!(before == [Value::Int(1), Value::Null, Value::Int(3)], "{before:?}");
        assert!(after == [Value::Int(7), Value::Null, Value::Null], "{after:?}");
    });
    assert_eq!(rows, Ok(1));
    // the two images may differ
    raw = event(31, 3, b"\xf8\x01\x02\x03\xfe\x09");
    raw[HEADER_BYTES + 12] = 0xfc;
    assert_eq!(read_all(&raw, &some, |_, _, _| {}), Err(RowError::Partial { column: 0 }));
    let rows = read_all(&raw, &all.only(&[2]), |_, before, after| {
        assert!(before[2] == Value::Int(3) && after[2] == Value::Int(9), "{before:?} {after:?}");
    });
    assert_eq!(rows, Ok(1));
}

/// `{"a": 1}` with an integer of two bytes, as a JSON column has it.
fn json(number: u8) -> Vec<u8> {
    let document = [0, 1, 0, 12, 0, 11, 0, 1, 0, 5, number, 0, b'a'];
    [&(document.len() as u32).to_le_bytes()[..], &document].concat()
}

#[test]
fn partial_updates_of_json_are_applied_to_the_image_before() {
    let columns = [
        (code::JSON, &[4][..], ColumnType::Json),
        (code::STRING, &[0xfe, 2], ColumnType::Binary { bytes: 2 }),
        (code::JSON, &[4], ColumnType::Json),
        (code::JSON, &[4], ColumnType::Json),
    ];
    let whole = layout(&columns);
    // $.a of the first becomes 9; the second comes whole; the third is NULL, and becomes a document
    let diffs = [&[0, 3][..], b"$.a", &[3, 5, 9, 0]].concat();
    let diffs = [&(diffs.len() as u32).to_le_bytes()[..], &diffs].concat();
    let before = [&[0xf8][..], &json(1), b"\x01b", &json(2)].concat();
    let after = [&[1, 0b001, 0xf0][..], &diffs, b"\x02bb", &json(3), &json(4)].concat();
    let whole_after = [&[0, 0xf8][..], &json(7), b"\x00", &json(8)].concat();
    // a list of no diffs: the document before
    let unchanged = [&[1, 0b010, 0xf8][..], &json(7), b"\x00\0\0\0\0"].concat();
    let images = [&before[..], &after, &before, &whole_after, &before, &unchanged].concat();
    let raw = event(39, 4, &images);
    let text = |value: Value<'_>| {
        let Value::Json(json) = value else { panic!("{value:?}") };
        let mut out = Vec::new();
        crate::mysql::json::write_json(json, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let mut seen = vec![];
    let count = read_all(&raw, &whole, |kind, before, after| {
        assert_eq!(kind, RowKind::Update);
        assert_eq!((text(before[0]), text(before[2])), ("{\"a\": 1}".into(), "{\"a\": 2}".into()));
        assert!(before[1] == Value::Bytes(b"b\0") && before[3] == Value::Null);
        assert!(text(after[2]) != "{\"a\": 2}" || after[2] == before[2], "the same bytes");
        seen.push((text(after[0]), text(after[2]), after[3] == Value::Null));
    });
    assert_eq!(count, Ok(3));
    let told = |one: u8, two: u8, null| (format!("{{\"a\": {one}}}"), format!("{{\"a\": {two}}}"), null);
    assert_eq!(seen, [told(9, 3, false), told(7, 8, true), told(7, 2, true)]);
    // columns that nobody reads are not put together
    assert_eq!(read_all(&raw, &whole.only(&[1]), |_, _, after| assert!(after[0] == Value::Null)), Ok(3));
    let whole = layout(&columns);
    for len in before.len() + 1..before.len() + after.len() {
        assert!(read_all(&event(39, 4, &images[..len]), &whole, |_, _, _| {}).is_err(), "{len}");
    }
    let mut bad = images.clone();
    bad[before.len()] = 2;
    assert!(read_all(&event(39, 4, &bad), &whole, |_, _, _| {}).is_err(), "unknown options");
    bad[before.len()] = 1;
    bad[before.len() + 1] = 0b101;
    let error = read_all(&event(39, 4, &bad), &whole, |_, _, _| {}).unwrap_err();
    assert!(error.to_string().contains("a partial update of no document"), "{error}");
}

#[test]
fn dummy_event() {
    let raw = event(30, 0, b"");
    let event = split_event(&raw, Checksum::Off).unwrap();
    assert!(RowsEvent::parse(&event).unwrap().is_dummy());
}

/// Every kind of column, in one table.
fn everything() -> RowLayout {
    layout(&[
        (code::TINY, &[], ColumnType::TinyInt { unsigned: false }),
        (code::INT24, &[], ColumnType::MediumInt { unsigned: true }),
        (code::NEWDECIMAL, &[12, 2], ColumnType::Decimal { precision: 12, scale: 2 }),
        (code::BIT, &[2, 1], ColumnType::Bit { bits: 10 }),
        (code::TIME2, &[2], ColumnType::Time { fsp: 2 }),
        (code::DATETIME2, &[6], ColumnType::DateTime { fsp: 6 }),
        (code::TIMESTAMP2, &[3], ColumnType::Timestamp { fsp: 3 }),
        (code::TIME, &[], ColumnType::Time { fsp: 0 }),
        (code::DATETIME, &[], ColumnType::DateTime { fsp: 0 }),
        (code::VARCHAR, &[9, 0], ColumnType::VarChar(text(9))),
        (code::STRING, &[0xfe, 4], ColumnType::Binary { bytes: 4 }),
        (code::VARCHAR_COMPRESSED, &[10, 0], ColumnType::VarChar(text(9))),
        (code::BLOB_COMPRESSED, &[2], ColumnType::Blob { length_bytes: 2 }),
        (code::STRING, &[0xfe, 16], ColumnType::Uuid),
        (code::STRING, &[0xf8, 2], ColumnType::Set(labels(9))),
        (code::JSON, &[4], ColumnType::Json),
        (code::GEOMETRY, &[4], ColumnType::Geometry),
    ])
}

proptest! {
    #[test]
    fn random_images(
        kind in prop::sample::select(vec![23u8, 24, 25, 30, 31, 32, 39]),
        images in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let _ = read_all(&event(kind, 17, &images), &everything(), |_, _, _| {});
    }

    #[test]
    fn zero_heavy_images(images in prop::collection::vec(prop::sample::select(vec![0u8, 0, 0, 1, 2, 0x80, 0x81]), 0..300)) {
        let _ = read_all(&event(30, 17, &images), &everything(), |_, _, _| {});
    }

    #[test]
    fn random_bodies(kind: u8, body in prop::collection::vec(any::<u8>(), 0..80)) {
        let mut raw = event(kind, 1, b"")[..HEADER_BYTES].to_vec();
        raw.extend(&body);
        let size = raw.len() as u32;
        raw[9..13].copy_from_slice(&size.to_le_bytes());
        let _ = read_all(&raw, &everything(), |_, _, _| {});
        let _ = TableMap::parse(&body, Flavor::MySql);
        let _ = TableMap::parse(&body, Flavor::MariaDb);
    }
}
