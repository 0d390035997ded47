//! Events that open a transaction with its GTID.

use super::control::XaId;
use super::event::DecodeError;
use super::reader::Reader;
use crate::mysql::position::Gtid;
use std::fmt::Write as _;
use std::str;

/// Longest tag, in characters. Source: MySQL, `mysql/gtid/tag.h`.
const MAX_TAG: usize = 32;

/// MySQL's GTID (33), ANONYMOUS_GTID (34) and GTID_TAGGED (42).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MySqlGtid<'b> {
    /// UUID of the server or group; zero for an anonymous transaction.
    pub uuid: [u8; 16],
    /// Tag; empty for none.
    pub tag: &'b str,
    /// Number; 0 for an anonymous transaction.
    pub number: u64,
    /// When this server committed, in µs since 1970; 0 where the server does not say it (before 8.0).
    pub immediate_commit_us: u64,
    /// When the first server committed, in µs since 1970; 0 where the server does not say it.
    pub original_commit_us: u64,
    /// Size of all events of the transaction in bytes; 0 where the server does not say it.
    pub transaction_bytes: u64,
}

impl<'b> MySqlGtid<'b> {
    /// Reads the body of a GTID or ANONYMOUS_GTID event.
    ///
    /// # Errors
    /// When it is too short.
    pub fn parse(body: &'b [u8]) -> Result<MySqlGtid<'b>, DecodeError> {
        let mut reader = Reader::new(body);
        reader.u8("GTID flags")?;
        let uuid = *reader.array("GTID uuid")?;
        let number = reader.u64("GTID number")?;
        let mut gtid = MySqlGtid {
            uuid,
            tag: "",
            number,
            immediate_commit_us: 0,
            original_commit_us: 0,
            transaction_bytes: 0,
        };
        // logical timestamps, 5.7 and later
        if reader.is_empty() || reader.u8("logical timestamp type")? != 2 {
            return Ok(gtid);
        }
        reader.u64("last committed")?;
        reader.u64("sequence number")?;
        // commit times and the rest, 8.0 and later; the highest bit says that both times follow
        if reader.is_empty() {
            return Ok(gtid);
        }
        const BOTH: u64 = 1 << 55;
        let immediate = reader.u56("immediate commit time")?;
        gtid.immediate_commit_us = immediate & !BOTH;
        gtid.original_commit_us = match immediate & BOTH {
            0 => gtid.immediate_commit_us,
            _ => reader.u56("original commit time")?,
        };
        if !reader.is_empty() {
            gtid.transaction_bytes = reader.lenenc("transaction length")?;
        }
        Ok(gtid)
    }

    /// Reads the body of a GTID_TAGGED event: a message of `mysql::serialization`, fields by number.
    /// Source: MySQL, `libs/mysql/serialization` and `binlog/event/control_events.h`.
    ///
    /// # Errors
    /// When the format version is not known, a field is cut, or a field is not known and must not be ignored.
    pub fn parse_tagged(body: &'b [u8]) -> Result<MySqlGtid<'b>, DecodeError> {
        let mut reader = Reader::new(body);
        if reader.varlen("serialization version")? != 1 {
            return Err(DecodeError::Invalid { what: "serialization version", offset: 0 });
        }
        let at = reader.offset();
        let size = reader.varlen("message size")?;
        let last_mandatory = reader.varlen("last mandatory field")?;
        let end = match usize::try_from(size) {
            Ok(end) if end >= reader.offset() && end <= body.len() => end,
            Ok(_) | Err(_) => return Err(DecodeError::Invalid { what: "message size", offset: at }),
        };
        let mut gtid = MySqlGtid {
            uuid: [0; 16],
            tag: "",
            number: 0,
            immediate_commit_us: 0,
            original_commit_us: 0,
            transaction_bytes: 0,
        };
        let mut original = None;
        while reader.offset() < end {
            let at = reader.offset();
            match reader.varlen("field number")? {
                // flags
                0 => drop(reader.varlen("GTID flags")?),
                1 => {
                    for byte in &mut gtid.uuid {
                        *byte = u8::try_from(reader.varlen("GTID uuid")?)
                            .map_err(|_| DecodeError::Invalid { what: "GTID uuid", offset: at })?;
                    }
                }
                2 => {
                    gtid.number = u64::try_from(reader.varlen_signed("GTID number")?)
                        .map_err(|_| DecodeError::Invalid { what: "GTID number", offset: at })?;
                }
                3 => {
                    let len = reader.varlen("GTID tag")?;
                    let tag = match usize::try_from(len) {
                        Ok(len) if len <= MAX_TAG => reader.take(len, "GTID tag")?,
                        Ok(_) | Err(_) => {
                            return Err(DecodeError::Invalid { what: "GTID tag", offset: at });
                        }
                    };
                    gtid.tag = str::from_utf8(tag)
                        .map_err(|_| DecodeError::Invalid { what: "GTID tag", offset: at })?;
                }
                // last committed, sequence number
                4 | 5 => drop(reader.varlen_signed("logical timestamp")?),
                6 => gtid.immediate_commit_us = reader.varlen("immediate commit time")?,
                7 => original = Some(reader.varlen("original commit time")?),
                8 => gtid.transaction_bytes = reader.varlen("transaction length")?,
                // server versions, commit group ticket
                9..=11 => drop(reader.varlen("server version")?),
                field if field <= last_mandatory => {
                    return Err(DecodeError::Invalid { what: "field number", offset: at });
                }
                // A field that may be ignored says nothing about its length: what follows cannot be read, and need not be.
                _ => break,
            }
        }
        gtid.original_commit_us = original.unwrap_or(gtid.immediate_commit_us);
        if gtid.number == 0 {
            return Err(DecodeError::Invalid { what: "GTID number", offset: at });
        }
        Ok(gtid)
    }

    /// The GTID, in the form of a position.
    pub fn gtid(&self) -> Gtid {
        Gtid::MySql { uuid: uuid_text(&self.uuid), tag: self.tag.to_owned(), number: self.number }
    }
}

/// A UUID in lower case with dashes.
pub fn uuid_text(uuid: &[u8; 16]) -> String {
    let mut text = String::with_capacity(36);
    for (index, byte) in uuid.iter().enumerate() {
        if matches!(index, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        // writing into a string does not fail
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// MariaDB's GTID (162): also the begin of its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MariaGtid<'b> {
    /// Number within the domain.
    pub sequence: u64,
    /// Domain.
    pub domain: u32,
    /// One event follows, and no commit (DDL and the like).
    pub standalone: bool,
    /// The group may be rolled back as a whole.
    pub transactional: bool,
    /// The group is DDL.
    pub ddl: bool,
    /// Part of an XA transaction.
    pub xa: Option<MariaXa<'b>>,
    /// Half of an ALTER that is logged twice (`binlog_alter_two_phase`).
    pub alter: Option<TwoPhaseAlter>,
}

/// What a group of MariaDB is to its XA transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MariaXa<'b> {
    /// The group holds the rows and ends in XA PREPARE.
    Prepares(XaId<'b>),
    /// The group commits or rolls back what was prepared before.
    Completes(XaId<'b>),
}

/// Which half of an ALTER a group is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TwoPhaseAlter {
    /// Begun; nothing has changed yet.
    Start,
    /// Done; the group whose sequence number is `start` began it.
    Commit {
        /// Sequence number of the start.
        start: u64,
    },
    /// Given up; nothing has changed.
    Rollback {
        /// Sequence number of the start.
        start: u64,
    },
}

impl<'b> MariaGtid<'b> {
    /// Reads the body of a MariaDB GTID event. Source: MariaDB, `Gtid_log_event`.
    ///
    /// # Errors
    /// When it is too short.
    pub fn parse(body: &'b [u8]) -> Result<MariaGtid<'b>, DecodeError> {
        let mut reader = Reader::new(body);
        let sequence = reader.u64("GTID sequence")?;
        let domain = reader.u32("GTID domain")?;
        let flags = reader.u8("GTID flags")?;
        let (standalone, commit_id, transactional, ddl, prepared, completed) = (
            flags & 1 != 0,
            flags & 2 != 0,
            flags & 4 != 0,
            flags & 32 != 0,
            flags & 64 != 0,
            flags & 128 != 0,
        );
        if commit_id {
            reader.u64("commit id")?;
        }
        let mut xa = None;
        if prepared || completed {
            let format = reader.u32("XA format")?;
            let global = usize::from(reader.u8("XA global length")?);
            let branch = usize::from(reader.u8("XA branch length")?);
            let global = reader.take(global, "XA global part")?;
            let branch = reader.take(branch, "XA branch")?;
            let xid = XaId { format, global, branch };
            xa = Some(if prepared { MariaXa::Prepares(xid) } else { MariaXa::Completes(xid) });
        }
        let mut alter = None;
        // Short events are filled up with zero bytes, which read as "no extra flags".
        if !reader.is_empty() {
            let extra = reader.u8("extra GTID flags")?;
            if extra & 1 != 0 {
                reader.u8("extra engines")?;
            }
            if extra & 2 != 0 {
                alter = Some(TwoPhaseAlter::Start);
            } else if extra & 4 != 0 {
                alter = Some(TwoPhaseAlter::Commit { start: reader.u64("start of the ALTER")? });
            } else if extra & 8 != 0 {
                alter = Some(TwoPhaseAlter::Rollback { start: reader.u64("start of the ALTER")? });
            }
        }
        Ok(MariaGtid { sequence, domain, standalone, transactional, ddl, xa, alter })
    }

    /// The GTID, in the form of a position; `server_id` is that of the event's header.
    pub fn gtid(&self, server_id: u32) -> Gtid {
        Gtid::MariaDb { domain: self.domain, server_id, sequence: self.sequence }
    }
}

#[cfg(test)]
mod tests {
    use super::super::captured::bytes;
    use super::super::control::XaPrepare;
    use super::super::event::{Checksum, split_event};
    use super::*;

    const UUID: [u8; 16] =
        [0x3e, 0x11, 0xfa, 0x47, 0x71, 0xca, 0x11, 0xe1, 0x9e, 0x33, 0xc8, 0x0a, 0xa9, 0x42, 0x95, 0x62];

    #[test]
    fn untagged() {
        let mut body = vec![1];
        body.extend(UUID);
        body.extend(23u64.to_le_bytes());
        // 5.6 ends here
        let gtid = MySqlGtid::parse(&body).unwrap();
        assert_eq!(
            gtid.gtid(),
            Gtid::MySql {
                uuid: "3e11fa47-71ca-11e1-9e33-c80aa9429562".into(),
                tag: String::new(),
                number: 23
            }
        );
        assert_eq!(gtid.immediate_commit_us, 0);
        body.push(2);
        body.extend([0; 16]);
        assert_eq!(MySqlGtid::parse(&body).unwrap().number, 23);
        let mut same = body.clone();
        same.extend(&1_700_000_000_000_000u64.to_le_bytes()[..7]);
        same.extend([0xfc, 0x10, 0x01, 1, 2, 3, 4]);
        let gtid = MySqlGtid::parse(&same).unwrap();
        assert_eq!(gtid.immediate_commit_us, 1_700_000_000_000_000);
        assert_eq!(gtid.original_commit_us, 1_700_000_000_000_000);
        assert_eq!(gtid.transaction_bytes, 0x110);
        body.extend(&(1_700_000_000_000_000u64 | 1 << 55).to_le_bytes()[..7]);
        body.extend(&1_600_000_000_000_000u64.to_le_bytes()[..7]);
        let gtid = MySqlGtid::parse(&body).unwrap();
        assert_eq!(gtid.immediate_commit_us, 1_700_000_000_000_000);
        assert_eq!(gtid.original_commit_us, 1_600_000_000_000_000);
    }

    #[test]
    fn maria() {
        let plain = MariaGtid::parse(b"\x09\0\0\0\0\0\0\0\x02\0\0\0\x0c\0\0\0\0\0\0").unwrap();
        assert_eq!(
            plain,
            MariaGtid {
                sequence: 9,
                domain: 2,
                standalone: false,
                transactional: true,
                ddl: false,
                xa: None,
                alter: None
            }
        );
        assert_eq!(plain.gtid(7), Gtid::MariaDb { domain: 2, server_id: 7, sequence: 9 });
        let xa = MariaGtid::parse(b"\x09\0\0\0\0\0\0\0\x02\0\0\0\x40\x01\0\0\0\x02\x01ggb").unwrap();
        assert_eq!(xa.xa, Some(MariaXa::Prepares(XaId { format: 1, global: b"gg", branch: b"b" })));
        let alter =
            MariaGtid::parse(b"\x09\0\0\0\0\0\0\0\x02\0\0\0\x23\x01\0\0\0\0\0\0\0\x04\x05\0\0\0\0\0\0\0")
                .unwrap();
        assert_eq!(alter.alter, Some(TwoPhaseAlter::Commit { start: 5 }));
        assert!(alter.standalone && alter.ddl);
    }

    /// As MySQL 9.7 logged it after `SET gtid_next = 'automatic:my_tag'`.
    #[test]
    fn tagged() {
        let raw = bytes(
            "0494096b2a6100000052000000180100000000027600000202781502660103a903da22c5037502dd0204f10300000002\
             0404060c6d795f74616708000a040c7f179bd3e64261061031031283120b6835a178",
        );
        let event = split_event(&raw, Checksum::Crc32).unwrap();
        let gtid = MySqlGtid::parse_tagged(event.body).unwrap();
        assert_eq!(
            gtid.gtid(),
            Gtid::MySql {
                uuid: "3c8533c0-ea6d-11f1-9db7-02fc00000001".into(),
                tag: "my_tag".into(),
                number: 1
            }
        );
        // the header's time is in whole seconds
        assert_eq!(gtid.immediate_commit_us / 1_000_000, u64::from(event.header.time));
        assert_eq!(gtid.original_commit_us, gtid.immediate_commit_us);
        assert_eq!(gtid.transaction_bytes, 204);
        for len in 0..event.body.len() - 1 {
            assert!(MySqlGtid::parse_tagged(&event.body[..len]).is_err(), "{len}");
        }
    }

    /// As MariaDB 10.11 logged them: an XA transaction of InnoDB, and an ALTER with `binlog_alter_two_phase`.
    #[test]
    fn groups_of_maria() {
        let group = |hex: &str| {
            let raw = bytes(hex);
            let event = split_event(&raw, Checksum::Crc32).unwrap();
            let gtid = MariaGtid::parse(event.body).unwrap();
            let xa = gtid.xa.map(|xa| match xa {
                MariaXa::Prepares(id) => ("prepares", id.format, id.global.to_vec(), id.branch.to_vec()),
                MariaXa::Completes(id) => ("completes", id.format, id.global.to_vec(), id.branch.to_vec()),
            });
            (gtid.sequence, gtid.standalone, gtid.ddl, xa, gtid.alter)
        };
        let id = |what| Some((what, 7, b"global".to_vec(), b"branch".to_vec()));
        assert_eq!(
            group(
                "0494096ba20a000000380000004f02000008008c00000000000000000000004c070000000606676c6f62616c6272\
                 616e636801ff57f0d24d"
            ),
            (140, false, false, id("prepares"), None)
        );
        assert_eq!(
            group(
                "0494096ba20a000000360000007b03000008008d00000000000000000000008d070000000606676c6f62616c6272\
                 616e6368e4e68327"
            ),
            (141, true, false, id("completes"), None)
        );
        assert_eq!(
            group("0494096ba20a0000002a0000001204000008008e000000000000000000000029020000000000b9f49261"),
            (142, true, true, None, Some(TwoPhaseAlter::Start))
        );
        assert_eq!(
            group(
                "0494096ba20a0000002d000000a504000008008f000000000000000000000029048e00000000000000a95d1e32"
            ),
            (143, true, true, None, Some(TwoPhaseAlter::Commit { start: 142 }))
        );
    }

    /// As MySQL 9.7 logged it.
    #[test]
    fn xa_prepare() {
        let raw = bytes(
            "0494096b26610000003000000048030000000000070000000600000006000000676c6f62616c6272616e636888794ff1",
        );
        let event = split_event(&raw, Checksum::Crc32).unwrap();
        assert_eq!(
            XaPrepare::parse(event.body),
            Ok(XaPrepare { one_phase: false, xid: XaId { format: 7, global: b"global", branch: b"branch" } })
        );
    }
}
