//! From what a dump sends to plain events: checksums verified, what is compressed unpacked.
//!
//! Guarantees: an event comes out once its checksum was right; compressed transactions come out event by event.
//! Does not: judge what the events mean.

use super::payload::Transaction;
use crate::mysql::binlog::control::FormatDescription;
use crate::mysql::binlog::event::{
    Checksum, DecodeError, Duty, EventType, HEADER_BYTES, Header, RawEvent, duty, split_event,
};
use crate::mysql::binlog::packed::Inflater;
use std::ops::Range;

/// Room for a compressed event that is kept from event to event.
const KEEP: usize = 1 << 20;

/// A plain event that stands in a buffer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plain {
    /// Its header. Of what was unpacked: the type is the plain one, size and position are those in the log.
    pub header: Header,
    /// Where its body is, without header and checksum.
    pub body: Range<usize>,
    /// It stood inside of a compressed transaction: it has no position of its own, and 0 in its header.
    pub inside: bool,
}

impl Plain {
    /// The event, of the buffer it stands in.
    pub fn event<'b>(&self, buffer: &'b [u8]) -> RawEvent<'b> {
        RawEvent { header: self.header, body: &buffer[self.body.clone()] }
    }
}

/// The state of one stream between its events.
pub struct Unpacker {
    checksum: Checksum,
    event_limit: usize,
    transaction: Transaction,
    inflater: Inflater,
    packed: Vec<u8>,
}

impl Unpacker {
    /// For a stream at its beginning, whose events have at most `event_limit` bytes when unpacked.
    ///
    /// # Errors
    /// When there is no memory for a decompressor.
    pub fn new(event_limit: usize) -> std::io::Result<Unpacker> {
        Ok(Unpacker {
            checksum: Checksum::Off,
            event_limit,
            transaction: Transaction::new(event_limit)?,
            inflater: Inflater::default(),
            packed: Vec::new(),
        })
    }

    /// The next event of the compressed transaction that was met last, appended to `into`; none behind its last.
    ///
    /// # Errors
    /// When the transaction is damaged.
    pub fn pending(&mut self, into: &mut Vec<u8>) -> Result<Option<Plain>, DecodeError> {
        let start = into.len();
        let Some(length) = self.transaction.next_event(into)? else { return Ok(None) };
        let header = Header { end_position: 0, ..Header::parse(&into[start..])? };
        Ok(Some(Plain { header, body: start + HEADER_BYTES..start + length, inside: true }))
    }

    /// Takes the event that came from the server and stands in `into` behind `start`. A compressed one is replaced by the plain one;
    /// a compressed transaction leaves an empty body, and its events are [`Unpacker::pending`] from then on.
    ///
    /// # Errors
    /// When the event is damaged, or larger than the limit when unpacked.
    pub fn accept(&mut self, into: &mut Vec<u8>, start: usize) -> Result<Plain, DecodeError> {
        let event = split_event(&into[start..], self.checksum)?;
        let mut header = event.header;
        if header.event_type == EventType::FormatDescription {
            self.checksum = FormatDescription::parse(event.body)?.checksum;
        }
        if duty(&header) != Duty::Unpack {
            let body = start + HEADER_BYTES;
            return Ok(Plain { header, body: body..body + event.body.len(), inside: false });
        }
        if header.event_type == EventType::TransactionPayload {
            self.transaction.open(event.body)?;
            into.truncate(start);
        } else {
            self.packed.clear();
            self.packed.extend_from_slice(event.body);
            into.truncate(start);
            let packed = RawEvent { header, body: &self.packed };
            header.event_type = self.inflater.inflate(&packed, self.event_limit, into)?;
            if self.packed.capacity() > KEEP {
                self.packed = Vec::new();
            }
        }
        Ok(Plain { header, body: start..into.len(), inside: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mysql::binlog::event::CHECKSUM_BYTES;

    /// An event of `kind`, with a checksum when asked for.
    fn event(kind: u8, body: &[u8], checksum: Checksum) -> Vec<u8> {
        let mut raw = vec![0, 0, 0, 0, kind, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        raw.extend(body);
        let sum = if checksum == Checksum::Crc32 { CHECKSUM_BYTES } else { 0 };
        let size = (raw.len() + sum) as u32;
        raw[9..13].copy_from_slice(&size.to_le_bytes());
        if sum > 0 {
            let crc = crc32fast::hash(&raw);
            raw.extend(crc.to_le_bytes());
        }
        raw
    }

    /// A format description that announces `checksum`.
    fn description(checksum: Checksum) -> Vec<u8> {
        let mut body = vec![4, 0];
        body.extend(b"9.7.4");
        body.resize(56, 0);
        body.push(19);
        body.extend([0; 18]);
        body.push(8);
        body.extend([0; 22]);
        body.push(u8::from(checksum == Checksum::Crc32));
        event(15, &body, Checksum::Crc32)
    }

    /// Type, body and place of all that comes of `raw`.
    fn unpacked(unpacker: &mut Unpacker, raw: &[u8]) -> Result<Vec<(EventType, Vec<u8>, bool)>, DecodeError> {
        let mut buffer = [b"block", raw].concat();
        let mut found = vec![unpacker.accept(&mut buffer, 5)?];
        while let Some(plain) = unpacker.pending(&mut buffer)? {
            found.push(plain);
        }
        let told = found.iter().map(|plain| {
            let event = plain.event(&buffer);
            (event.header.event_type, event.body.to_vec(), plain.inside)
        });
        Ok(told.collect())
    }

    #[test]
    fn checksums_switched_in_between_are_followed() {
        let mut unpacker = Unpacker::new(1 << 20).expect("room");
        for checksum in [Checksum::Off, Checksum::Crc32, Checksum::Off, Checksum::Crc32] {
            unpacked(&mut unpacker, &description(checksum)).expect("a description");
            let found = unpacked(&mut unpacker, &event(16, b"commit it", checksum)).expect("an event");
            assert_eq!(found, [(EventType::Xid, b"commit it".to_vec(), false)]);
            if checksum == Checksum::Crc32 {
                let mut bad = event(16, b"commit it", checksum);
                bad[20] ^= 1;
                assert!(matches!(unpacked(&mut unpacker, &bad), Err(DecodeError::Checksum { .. })));
            }
        }
    }

    #[test]
    fn a_compressed_transaction_is_its_events() {
        let inner = [event(2, b"BEGIN", Checksum::Off), event(30, b"rows", Checksum::Off)].concat();
        let stream = zstd::encode_all(&inner[..], 3).expect("compressed");
        let mut body = vec![2, 1, 0, 1, 1, stream.len() as u8, 0];
        body.extend(&stream);
        let mut unpacker = Unpacker::new(1 << 20).expect("room");
        unpacked(&mut unpacker, &description(Checksum::Crc32)).expect("a description");
        let found = unpacked(&mut unpacker, &event(40, &body, Checksum::Crc32)).expect("a transaction");
        assert_eq!(
            found,
            [
                (EventType::TransactionPayload, Vec::new(), false),
                (EventType::Query, b"BEGIN".to_vec(), true),
                (EventType::WriteRows, b"rows".to_vec(), true),
            ]
        );
        // nothing comes out of one whose checksum is wrong
        let mut bad = event(40, &body, Checksum::Crc32);
        let last = bad.len() - 1;
        bad[last] ^= 1;
        assert!(matches!(unpacked(&mut unpacker, &bad), Err(DecodeError::Checksum { .. })));
        assert_eq!(unpacker.pending(&mut Vec::new()), Ok(None));
    }
}
