//! The frame of an event: header and checksum.

pub use super::event_type::{Duty, EventType, duty};
use crate::failpoint::{Bug, planted};
use std::fmt;
use thiserror::Error;

/// Length of the header of every event, in bytes.
pub const HEADER_BYTES: usize = 19;

/// Length of the CRC-32 behind an event, in bytes.
pub const CHECKSUM_BYTES: usize = 4;

/// `LOG_EVENT_BINLOG_IN_USE_F`: set in the format description while the file is written to.
const FLAG_IN_USE: u16 = 0x01;

/// `LOG_EVENT_ARTIFICIAL_F`: made by the dump thread, not part of the file.
const FLAG_ARTIFICIAL: u16 = 0x20;

/// `LOG_EVENT_IGNORABLE_F`: readers that do not know the type may skip the event.
const FLAG_IGNORABLE: u16 = 0x80;

/// Why bytes are not the event they claim to be. Offsets count from the first byte after the header. No content is told.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// The bytes end early.
    #[error("event ends inside {what} at byte {offset}")]
    Truncated {
        /// What was being read.
        what: &'static str,
        /// Where.
        offset: usize,
    },
    /// The bytes say something that cannot be.
    #[error("event has an impossible {what} at byte {offset}")]
    Invalid {
        /// What was being read.
        what: &'static str,
        /// Where.
        offset: usize,
    },
    /// The header's size is not the size of what came.
    #[error("event header says {header} bytes, {received} bytes came")]
    Size {
        /// Size in the header.
        header: u32,
        /// Size received.
        received: usize,
    },
    /// The CRC-32 does not match: the event was damaged on disk or on its way.
    #[error("checksum of the event is {stored:08x}, its bytes give {computed:08x}")]
    Checksum {
        /// Checksum that came with the event.
        stored: u32,
        /// Checksum of the bytes that came.
        computed: u32,
    },
    /// An event that is packed in another form is larger than events may be.
    #[error("the event has {bytes} bytes when unpacked, more than the event limit: raise `event-limit`")]
    Limit {
        /// Its size when unpacked.
        bytes: u64,
    },
}

/// Whether events of a file end in a checksum, as its format description says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checksum {
    /// Events end with their last byte.
    Off,
    /// CRC-32 over header and body.
    Crc32,
}

/// The header of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// Start of the statement, seconds since 1970; 0 for events made by the dump thread.
    pub time: u32,
    /// Type.
    pub event_type: EventType,
    /// Server where the change was made first.
    pub server_id: u32,
    /// Size of the whole event in bytes.
    pub size: u32,
    /// Lower 32 bits of the offset behind the event; 0 inside transactions of MariaDB 11.8.
    pub end_position: u32,
    /// Flags.
    pub flags: u16,
}

impl Header {
    /// Reads a header.
    ///
    /// # Errors
    /// When there are fewer than [`HEADER_BYTES`] bytes.
    pub fn parse(raw: &[u8]) -> Result<Header, DecodeError> {
        let Some(&[t0, t1, t2, t3, kind, s0, s1, s2, s3, n0, n1, n2, n3, p0, p1, p2, p3, f0, f1]) =
            raw.first_chunk::<HEADER_BYTES>()
        else {
            return Err(DecodeError::Truncated { what: "the header", offset: 0 });
        };
        Ok(Header {
            time: u32::from_le_bytes([t0, t1, t2, t3]),
            event_type: EventType::from_number(kind),
            server_id: u32::from_le_bytes([s0, s1, s2, s3]),
            size: u32::from_le_bytes([n0, n1, n2, n3]),
            end_position: u32::from_le_bytes([p0, p1, p2, p3]),
            flags: u16::from_le_bytes([f0, f1]),
        })
    }

    /// Made by the dump thread: not in the file, does not move the position.
    pub fn is_artificial(&self) -> bool {
        self.flags & FLAG_ARTIFICIAL != 0
    }

    /// May be skipped by who does not know its type.
    pub fn is_ignorable(&self) -> bool {
        self.flags & FLAG_IGNORABLE != 0
    }
}

/// One event: its header and the bytes between header and checksum.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RawEvent<'b> {
    /// Header.
    pub header: Header,
    /// Post-header and payload, without checksum.
    pub body: &'b [u8],
}

impl fmt::Debug for RawEvent<'_> {
    /// Rows and statements do not reach logs: the body is told by its length.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{:?} event, body of {} bytes>", self.header.event_type, self.body.len())
    }
}

/// Splits the bytes of exactly one event, and verifies its checksum.
///
/// `checksum` is what the last format description of this stream said, [`Checksum::Off`] before the first. A format description
/// itself always carries four bytes of checksum, which are verified when it announces CRC-32. The rotate event that opens a
/// stream comes before any description; MariaDB's has a checksum, MySQL's has none, so there the bytes themselves decide.
///
/// # Errors
/// When the size in the header is not the size of `raw`, when there is no room for header and checksum, and when the checksum differs.
pub fn split_event(raw: &[u8], checksum: Checksum) -> Result<RawEvent<'_>, DecodeError> {
    let header = Header::parse(raw)?;
    if header.size as usize != raw.len() {
        return Err(DecodeError::Size { header: header.size, received: raw.len() });
    }
    let body = &raw[HEADER_BYTES..];
    let is_description = header.event_type == EventType::FormatDescription;
    if checksum == Checksum::Off && !is_description {
        let opening = header.event_type == EventType::Rotate && header.is_artificial();
        return Ok(match body.split_last_chunk::<CHECKSUM_BYTES>() {
            Some((short, &stored))
                if opening
                    && u32::from_le_bytes(stored) == crc32(&raw[..raw.len() - CHECKSUM_BYTES], &header) =>
            {
                RawEvent { header, body: short }
            }
            _ => RawEvent { header, body },
        });
    }
    let Some((body, &stored)) = body.split_last_chunk::<CHECKSUM_BYTES>() else {
        return Err(DecodeError::Truncated { what: "the checksum", offset: body.len() });
    };
    let verify = !is_description || body.last() == Some(&1);
    if verify {
        let stored = u32::from_le_bytes(stored);
        let computed = crc32(&raw[..raw.len() - CHECKSUM_BYTES], &header);
        if stored != computed && !planted(Bug::NoChecksum) {
            return Err(DecodeError::Checksum { stored, computed });
        }
    }
    Ok(RawEvent { header, body })
}

/// The checksum as the server computes it: over the event as it will be once the file is closed.
/// Source: MySQL `Log_event_footer::event_checksum_test`, which clears the in-use flag of a format description first.
fn crc32(event: &[u8], header: &Header) -> u32 {
    if header.event_type != EventType::FormatDescription || header.flags & FLAG_IN_USE == 0 {
        return crc32fast::hash(event);
    }
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&event[..HEADER_BYTES - 2]);
    hasher.update(&(header.flags & !FLAG_IN_USE).to_le_bytes());
    hasher.update(&event[HEADER_BYTES..]);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An event of `kind` with `body`, and a checksum when asked for.
    fn event(kind: u8, flags: u16, body: &[u8], checksum: bool) -> Vec<u8> {
        let mut raw = vec![1, 0, 0, 0, kind, 7, 0, 0, 0, 0, 0, 0, 0, 99, 0, 0, 0];
        raw.extend(flags.to_le_bytes());
        raw.extend(body);
        let size = raw.len() + if checksum { CHECKSUM_BYTES } else { 0 };
        raw[9..13].copy_from_slice(&(size as u32).to_le_bytes());
        if checksum {
            let crc = crc32fast::hash(&raw);
            raw.extend(crc.to_le_bytes());
        }
        raw
    }

    #[test]
    fn splits_with_and_without_checksum() {
        let raw = event(16, 0, &[1, 2, 3], false);
        let split = split_event(&raw, Checksum::Off).unwrap();
        assert_eq!((split.header.event_type, split.body), (EventType::Xid, &[1, 2, 3][..]));
        assert_eq!((split.header.time, split.header.server_id, split.header.end_position), (1, 7, 99));

        let raw = event(16, 0, &[1, 2, 3], true);
        assert_eq!(split_event(&raw, Checksum::Crc32).unwrap().body, &[1, 2, 3]);
    }

    #[test]
    fn a_flipped_bit_is_noticed_everywhere() {
        let raw = event(30, 0, b"some row", true);
        for byte in 0..raw.len() {
            for bit in 0..8 {
                let mut bad = raw.clone();
                bad[byte] ^= 1 << bit;
                assert!(split_event(&bad, Checksum::Crc32).is_err(), "byte {byte} bit {bit}");
            }
        }
    }

    #[test]
    fn size_must_match() {
        let mut raw = event(16, 0, &[1, 2, 3], false);
        raw.push(0);
        assert_eq!(split_event(&raw, Checksum::Off), Err(DecodeError::Size { header: 22, received: 23 }));
        for len in 0..raw.len() {
            assert!(split_event(&raw[..len], Checksum::Crc32).is_err() || len == 22);
        }
    }

    #[test]
    fn format_description_in_use_has_the_checksum_of_a_closed_one() {
        let mut raw = event(15, 0, &[4, 0, 1], true);
        raw[17] |= 1;
        assert_eq!(split_event(&raw, Checksum::Off).unwrap().body, &[4, 0, 1]);
        raw[20] ^= 1;
        assert!(matches!(split_event(&raw, Checksum::Off), Err(DecodeError::Checksum { .. })));
        // without checksums in the file the four bytes are there and mean nothing
        let mut off = event(15, 0, &[4, 0, 0], true);
        let last = off.len() - 1;
        off[last] ^= 1;
        assert_eq!(split_event(&off, Checksum::Off).unwrap().body, &[4, 0, 0]);
    }

    #[test]
    fn opening_rotate_may_have_a_checksum_that_nobody_announced() {
        let body = b"\x04\0\0\0\0\0\0\0binlog.000001";
        let artificial = 0x20;
        assert_eq!(split_event(&event(4, artificial, body, true), Checksum::Off).unwrap().body, body);
        assert_eq!(split_event(&event(4, artificial, body, false), Checksum::Off).unwrap().body, body);
        assert_eq!(split_event(&event(4, artificial, body, true), Checksum::Crc32).unwrap().body, body);
    }
}
