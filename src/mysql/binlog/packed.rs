//! Packed events: those of MariaDB's `log_bin_compress`, whose bodies are deflated, and the head of those that hold all events
//! of a transaction (MySQL's `binlog_transaction_compression`).
//!
//! Guarantees: no more is unpacked than the limit and what the event announces.
//! Does not: inflate transactions; that is `source::mysql::io`, because zstd is a library in C.

use super::event::{DecodeError, EventType, RawEvent};
use super::inflate::Inflate;
use super::reader::Reader;
use std::fmt;

/// How the events of a transaction are packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// As they are.
    Plain,
    /// Frames of zstd.
    Zstd,
}

/// TRANSACTION_PAYLOAD: the events of a transaction without its GTID, one behind the other, without checksums.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Payload<'b> {
    /// How they are packed.
    pub packing: Packing,
    /// Their bytes when unpacked, where the server says it.
    pub unpacked_bytes: Option<u64>,
    /// The packed events.
    pub stream: &'b [u8],
}

impl fmt::Debug for Payload<'_> {
    /// Rows do not reach logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "<{:?} payload of {} bytes, {:?} unpacked>",
            self.packing,
            self.stream.len(),
            self.unpacked_bytes
        )
    }
}

impl<'b> Payload<'b> {
    /// Reads the head of a TRANSACTION_PAYLOAD event: fields of type, length, value; 1 is the size of what follows, 2 the packing,
    /// 3 the size when unpacked, 0 the end. Source: MySQL, `binlog::event::codecs::binary::Transaction_payload`.
    ///
    /// # Errors
    /// When a field is cut, size or packing is missing, the packing is not known, or the size is not that of what follows.
    pub fn parse(body: &'b [u8]) -> Result<Payload<'b>, DecodeError> {
        let mut reader = Reader::new(body);
        let (mut size, mut packing, mut unpacked_bytes) = (None, None, None);
        loop {
            let field = reader.lenenc("payload field")?;
            if field == 0 {
                break;
            }
            let value = reader.lenenc_bytes("payload field")?;
            let offset = reader.offset() - value.len();
            let mut value = Reader::new(value);
            match field {
                1 => size = Some(value.lenenc("payload size")?),
                2 => {
                    packing = Some(match value.lenenc("payload packing")? {
                        0 => Packing::Zstd,
                        255 => Packing::Plain,
                        _ => return Err(DecodeError::Invalid { what: "payload packing", offset }),
                    });
                }
                3 => unpacked_bytes = Some(value.lenenc("unpacked size")?),
                // the length allows it
                _ => {}
            }
        }
        let offset = reader.offset();
        let stream = reader.rest();
        match (size, packing) {
            (Some(size), Some(packing)) if size == stream.len() as u64 => {
                Ok(Payload { packing, unpacked_bytes, stream })
            }
            (Some(_), Some(_)) => Err(DecodeError::Invalid { what: "payload size", offset }),
            (_, _) => Err(DecodeError::Truncated { what: "payload fields", offset }),
        }
    }
}

/// Bytes of a QUERY event before its status variables.
const QUERY_HEAD: usize = 13;

/// Bytes of a rows event before its extra data: table id and flags.
const ROWS_HEAD: usize = 8;

/// Inflates the bodies of MariaDB's compressed events.
pub struct Inflater(Inflate);

impl Default for Inflater {
    fn default() -> Inflater {
        Inflater(Inflate::new())
    }
}

impl Inflater {
    /// Appends the body that `event` would have without compression to `into`, at most `limit` bytes, and returns the type that it
    /// would have. Head and bitmaps of an event stand in the log as they are; statement and row images are deflated.
    /// Source: MariaDB `log_event.cc`, `query_event_uncompress` and `row_log_event_uncompress`.
    ///
    /// # Errors
    /// When the event is of another type, cut or damaged, or larger than the limit; `into` is then as it was.
    pub fn inflate(
        &mut self,
        event: &RawEvent<'_>,
        limit: usize,
        into: &mut Vec<u8>,
    ) -> Result<EventType, DecodeError> {
        let mut reader = Reader::new(event.body);
        let plain = head(event.header.event_type, &mut reader)?;
        let offset = reader.offset();
        let damaged = DecodeError::Invalid { what: "compressed part", offset };
        // the first byte: 1, three bits of the method (0 is zlib), a bit that is free, three bits of the length of the length
        let (length_bytes, rest) = match reader.rest() {
            [first, rest @ ..] if first & 0xf0 == 0x80 => (usize::from(first & 7), rest),
            _ => return Err(damaged),
        };
        let Some((length, stream)) = rest.split_at_checked(length_bytes) else { return Err(damaged) };
        if !(1..=4).contains(&length_bytes) {
            return Err(damaged);
        }
        let len = length.iter().fold(0usize, |len, &byte| len << 8 | usize::from(byte));
        if len > limit.saturating_sub(offset) {
            return Err(DecodeError::Limit { bytes: (offset + len) as u64 });
        }
        let start = into.len();
        into.extend_from_slice(&event.body[..offset]);
        if !self.0.append(stream, true, len, into) {
            into.truncate(start);
            return Err(damaged);
        }
        Ok(plain)
    }
}

/// Reads what is not deflated; returns the type of the event without compression.
fn head(event_type: EventType, reader: &mut Reader<'_>) -> Result<EventType, DecodeError> {
    let (plain, extra, bitmaps) = match event_type {
        EventType::QueryCompressed => {
            let fixed = reader.take(QUERY_HEAD, "head of a query")?;
            let (db, status) =
                (usize::from(fixed[8]), usize::from(u16::from_le_bytes([fixed[11], fixed[12]])));
            reader.take(status + db + 1, "status variables and database")?;
            return Ok(EventType::Query);
        }
        EventType::WriteRowsCompressedV1 => (EventType::WriteRowsV1, false, 1),
        EventType::UpdateRowsCompressedV1 => (EventType::UpdateRowsV1, false, 2),
        EventType::DeleteRowsCompressedV1 => (EventType::DeleteRowsV1, false, 1),
        EventType::WriteRowsCompressed => (EventType::WriteRows, true, 1),
        EventType::UpdateRowsCompressed => (EventType::UpdateRows, true, 2),
        EventType::DeleteRowsCompressed => (EventType::DeleteRows, true, 1),
        _ => return Err(DecodeError::Invalid { what: "type of a compressed event", offset: 0 }),
    };
    reader.take(ROWS_HEAD, "head of a rows event")?;
    if extra {
        let offset = reader.offset();
        let len = usize::from(reader.u16("extra data length")?);
        let len = len.checked_sub(2).ok_or(DecodeError::Invalid { what: "extra data length", offset })?;
        reader.take(len, "extra data")?;
    }
    let columns = reader.lenenc_usize("column count")?;
    reader.take(columns.div_ceil(8).saturating_mul(bitmaps), "columns present")?;
    Ok(plain)
}

#[cfg(test)]
mod tests {
    use super::super::event::Header;
    use super::*;
    use flate2::Compression;
    use flate2::write::ZlibEncoder;
    use std::io::Write;

    fn event(event_type: EventType, body: &[u8]) -> RawEvent<'_> {
        let header = Header { time: 0, event_type, server_id: 1, size: 0, end_position: 0, flags: 0 };
        RawEvent { header, body }
    }

    /// `plain` as MariaDB packs it, with `length_bytes` of length.
    fn deflated(plain: &[u8], length_bytes: usize) -> Vec<u8> {
        let mut out = vec![0x80 | length_bytes as u8];
        out.extend(&(plain.len() as u32).to_be_bytes()[4 - length_bytes..]);
        let mut encoder = ZlibEncoder::new(out, Compression::default());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    #[track_caller]
    fn check(packed: EventType, plain: EventType, head: &[u8]) {
        let images = b"images of rows, images of rows, images of rows".repeat(20);
        for length_bytes in 2..=4 {
            let body = [head, &deflated(&images, length_bytes)].concat();
            let mut inflater = Inflater::default();
            let mut out = b"before".to_vec();
            assert_eq!(inflater.inflate(&event(packed, &body), 4096, &mut out), Ok(plain));
            assert_eq!(out, [b"before", head, &images].concat());
            // one byte more than the limit
            let limit = head.len() + images.len() - 1;
            let bytes = limit as u64 + 1;
            assert_eq!(
                inflater.inflate(&event(packed, &body), limit, &mut out),
                Err(DecodeError::Limit { bytes })
            );
            for len in 0..body.len() {
                let before = out.clone();
                assert!(inflater.inflate(&event(packed, &body[..len]), 4096, &mut out).is_err(), "{len}");
                assert_eq!(out, before);
            }
        }
    }

    #[test]
    fn every_compressed_event_of_mariadb_becomes_the_plain_one() {
        let query = b"\x01\0\0\0\0\0\0\0\x04\0\0\x02\0\x03\x04shop\0";
        check(EventType::QueryCompressed, EventType::Query, query);
        let insert = b"\x07\0\0\0\0\0\x01\0\x09\xff\x01";
        let update = b"\x07\0\0\0\0\0\x01\0\x09\xff\x01\xff\x01";
        check(EventType::WriteRowsCompressedV1, EventType::WriteRowsV1, insert);
        check(EventType::UpdateRowsCompressedV1, EventType::UpdateRowsV1, update);
        check(EventType::DeleteRowsCompressedV1, EventType::DeleteRowsV1, insert);
        let insert = b"\x07\0\0\0\0\0\x01\0\x04\0\x01\x02\x09\xff\x01";
        let update = b"\x07\0\0\0\0\0\x01\0\x02\0\x09\xff\x01\xff\x01";
        check(EventType::WriteRowsCompressed, EventType::WriteRows, insert);
        check(EventType::UpdateRowsCompressed, EventType::UpdateRows, update);
        check(EventType::DeleteRowsCompressed, EventType::DeleteRows, insert);
    }

    #[test]
    fn another_method_is_no_zlib() {
        let head = b"\x07\0\0\0\0\0\x01\0\x01\xff";
        let mut body = [&head[..], &deflated(b"images", 1)].concat();
        body[head.len()] |= 0x10;
        let refused =
            Inflater::default().inflate(&event(EventType::WriteRowsCompressedV1, &body), 99, &mut vec![]);
        assert_eq!(refused, Err(DecodeError::Invalid { what: "compressed part", offset: head.len() }));
    }

    #[test]
    fn heads_of_transactions() {
        let payload = Payload::parse(b"\x02\x01\0\x03\x03\xfc\x10\x01\x01\x01\x04\0zstd").unwrap();
        assert_eq!(payload, Payload { packing: Packing::Zstd, unpacked_bytes: Some(0x110), stream: b"zstd" });
        let payload = Payload::parse(b"\x02\x03\xfc\xff\0\x09\x02ab\x01\x01\x02\0ab").unwrap();
        assert_eq!(payload, Payload { packing: Packing::Plain, unpacked_bytes: None, stream: b"ab" });
        assert!(Payload::parse(b"\x02\x01\x07\x01\x01\x02\0ab").is_err(), "an unknown packing");
        assert!(Payload::parse(b"\x02\x01\0\x01\x01\x03\0ab").is_err(), "a wrong size");
        assert!(Payload::parse(b"\x01\x01\x02\0ab").is_err(), "no packing");
        for len in 0..16 {
            assert!(Payload::parse(&b"\x02\x01\0\x03\x03\xfc\x10\x01\x01\x01\x04\0zstd"[..len]).is_err());
        }
    }
}
