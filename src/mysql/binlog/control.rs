//! Events that frame files and transactions: format description, rotate, commits, heartbeats.

use super::event::{Checksum, DecodeError};
use super::reader::Reader;
use crate::mysql::position::Flavor;
use std::str;

/// Post-header length of a table map whose table id has six bytes, as every server since 5.1 writes it.
const TABLE_MAP_POST_HEADER: u8 = 8;

/// FORMAT_DESCRIPTION: who wrote the file, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormatDescription {
    /// `VERSION()` of the server that wrote the file.
    pub server_version: String,
    /// Family of that server.
    pub flavor: Flavor,
    /// When the server was started or the file created, seconds since 1970; 0 for a reconnect in the middle of a file.
    pub created: u32,
    /// Whether the events that follow end in a checksum.
    pub checksum: Checksum,
}

impl FormatDescription {
    /// Reads the body of a format description.
    ///
    /// # Errors
    /// When the file is of a version before 4, its table maps are of a version before 5.1, or the checksum algorithm is not known.
    pub fn parse(body: &[u8]) -> Result<FormatDescription, DecodeError> {
        let mut reader = Reader::new(body);
        if reader.u16("binlog version")? != 4 {
            return Err(DecodeError::Invalid { what: "binlog version", offset: 0 });
        }
        let version = reader.array::<50>("server version")?;
        let version = version.split(|&byte| byte == 0).next().unwrap_or_default();
        let server_version = str::from_utf8(version)
            .map_err(|_| DecodeError::Invalid { what: "server version", offset: 2 })?
            .to_owned();
        let created = reader.u32("creation time")?;
        if reader.u8("header length")? != 19 {
            return Err(DecodeError::Invalid { what: "header length", offset: 56 });
        }
        let lengths_at = reader.offset();
        let Some((&algorithm, lengths)) = reader.rest().split_last() else {
            return Err(DecodeError::Truncated { what: "the checksum algorithm", offset: lengths_at });
        };
        // the lengths begin with type 1, so type 19 is at index 18
        if lengths.get(18) != Some(&TABLE_MAP_POST_HEADER) {
            return Err(DecodeError::Invalid {
                what: "table map post-header length",
                offset: lengths_at + 18,
            });
        }
        let checksum = match algorithm {
            0 => Checksum::Off,
            1 => Checksum::Crc32,
            _ => {
                return Err(DecodeError::Invalid { what: "checksum algorithm", offset: body.len() - 1 });
            }
        };
        let flavor = if server_version.contains("MariaDB") { Flavor::MariaDb } else { Flavor::MySql };
        Ok(FormatDescription { server_version, flavor, created, checksum })
    }

    /// Whether a MySQL of a release before `release` wrote the events that follow.
    pub fn is_mysql_before(&self, release: (u32, u32, u32)) -> bool {
        let mut numbers = self.server_version.split(|sign: char| !sign.is_ascii_digit()).map(str::parse);
        let mut next = || numbers.next().and_then(Result::ok).unwrap_or(0_u32);
        self.flavor == Flavor::MySql && (next(), next(), next()) < release
    }
}

/// ROTATE: the log goes on in another file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotate<'b> {
    /// Offset of the first event there.
    pub position: u64,
    /// File name.
    pub file: &'b str,
}

impl<'b> Rotate<'b> {
    /// Reads the body of a rotate event.
    ///
    /// # Errors
    /// When it is too short, or the name is not text.
    pub fn parse(body: &'b [u8]) -> Result<Rotate<'b>, DecodeError> {
        let mut reader = Reader::new(body);
        let position = reader.u64("position")?;
        let file = file_name(reader.rest(), 8)?;
        Ok(Rotate { position, file })
    }
}

/// A file name at `offset` of its event; never empty.
fn file_name(bytes: &[u8], offset: usize) -> Result<&str, DecodeError> {
    match str::from_utf8(bytes) {
        Ok(name) if !name.is_empty() => Ok(name),
        Ok(_) | Err(_) => Err(DecodeError::Invalid { what: "file name", offset }),
    }
}

/// XID: commit of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Xid {
    /// The server's number of the transaction.
    pub xid: u64,
}

impl Xid {
    /// Reads the body of an XID event.
    ///
    /// # Errors
    /// When it is too short.
    pub fn parse(body: &[u8]) -> Result<Xid, DecodeError> {
        Ok(Xid { xid: Reader::new(body).u64("xid")? })
    }
}

/// Name of an XA transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct XaId<'b> {
    /// Format.
    pub format: u32,
    /// Global part.
    pub global: &'b [u8],
    /// Branch qualifier.
    pub branch: &'b [u8],
}

/// XA_PREPARE: end of the group of a prepared transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct XaPrepare<'b> {
    /// Prepared and committed in one; otherwise a later group says commit or rollback.
    pub one_phase: bool,
    /// Which transaction.
    pub xid: XaId<'b>,
}

impl<'b> XaPrepare<'b> {
    /// Reads the body of an XA_PREPARE event.
    ///
    /// # Errors
    /// When it is too short.
    pub fn parse(body: &'b [u8]) -> Result<XaPrepare<'b>, DecodeError> {
        let mut reader = Reader::new(body);
        let one_phase = reader.u8("one-phase flag")? != 0;
        let format = reader.u32("XA format")?;
        let global = reader.u32("XA global length")? as usize;
        let branch = reader.u32("XA branch length")? as usize;
        let global = reader.take(global, "XA global part")?;
        let branch = reader.take(branch, "XA branch")?;
        Ok(XaPrepare { one_phase, xid: XaId { format, global, branch } })
    }
}

/// HEARTBEAT: nothing happened, and here is where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heartbeat<'b> {
    /// File the server is in.
    pub file: &'b str,
    /// Offset there. Version 1 knows its lower 32 bits only.
    pub position: u64,
}

impl<'b> Heartbeat<'b> {
    /// Reads the body of a HEARTBEAT (27); `end_position` is that of its header.
    ///
    /// # Errors
    /// When the name is not text.
    pub fn parse_v1(body: &'b [u8], end_position: u32) -> Result<Heartbeat<'b>, DecodeError> {
        Ok(Heartbeat { file: file_name(body, 0)?, position: u64::from(end_position) })
    }

    /// Reads the body of a HEARTBEAT_V2 (41): fields of type, length, value; 1 is the name, 2 the offset, 0 the end.
    /// Source: MySQL, `binlog::event::codecs::binary::Heartbeat`.
    ///
    /// # Errors
    /// When a field is cut, or name or offset is missing.
    pub fn parse_v2(body: &'b [u8]) -> Result<Heartbeat<'b>, DecodeError> {
        let mut reader = Reader::new(body);
        let (mut file, mut position) = (None, None);
        while !reader.is_empty() {
            let field = reader.lenenc("heartbeat field")?;
            if field == 0 {
                break;
            }
            let value = reader.lenenc_bytes("heartbeat field")?;
            match field {
                1 => file = Some(file_name(value, reader.offset() - value.len())?),
                2 => position = Some(Reader::new(value).lenenc("heartbeat position")?),
                _ => {}
            }
        }
        match (file, position) {
            (Some(file), Some(position)) => Ok(Heartbeat { file, position }),
            (_, _) => Err(DecodeError::Truncated { what: "heartbeat fields", offset: reader.offset() }),
        }
    }
}

/// INCIDENT: the server's own word for a gap in its log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incident {
    /// 1 = events lost.
    pub number: u16,
    /// What the server says about it.
    pub message: String,
}

impl Incident {
    /// Reads the body of an incident event.
    ///
    /// # Errors
    /// When it is too short.
    pub fn parse(body: &[u8]) -> Result<Incident, DecodeError> {
        let mut reader = Reader::new(body);
        let number = reader.u16("incident number")?;
        let len = reader.u8("incident message length")?;
        let message = reader.take(usize::from(len), "incident message")?;
        Ok(Incident { number, message: String::from_utf8_lossy(message).into_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A format description of `version` with 41 post-header lengths and `algorithm`.
    fn description(version: &str, algorithm: u8) -> Vec<u8> {
        let mut body = vec![4, 0];
        body.extend(version.as_bytes());
        body.resize(52, 0);
        body.extend(1_700_000_000u32.to_le_bytes());
        body.push(19);
        body.extend([0; 18]);
        body.push(8);
        body.extend([0; 22]);
        body.push(algorithm);
        body
    }

    #[test]
    fn format_descriptions() {
        let mysql = FormatDescription::parse(&description("9.7.4", 1)).unwrap();
        assert_eq!(
            mysql,
            FormatDescription {
                server_version: "9.7.4".into(),
                flavor: Flavor::MySql,
                created: 1_700_000_000,
                checksum: Checksum::Crc32
            }
        );
        let maria = FormatDescription::parse(&description("10.11.18-MariaDB-deb12", 0)).unwrap();
        assert_eq!((maria.flavor, maria.checksum), (Flavor::MariaDb, Checksum::Off));
        assert!(FormatDescription::parse(&description("9.7.4", 2)).is_err());
        let is_old = |version: &str| {
            FormatDescription::parse(&description(version, 1)).unwrap().is_mysql_before((8, 0, 21))
        };
        assert_eq!(
            ["5.7.22-log", "8.0.9", "8.0.20", "8.0.21-debug", "8.4.0", "9.7.4", "10.11.18-MariaDB"]
                .map(is_old),
            [true, true, true, false, false, false, false]
        );
        let mut old = description("5.0.1", 0);
        old[57 + 18] = 6;
        assert_eq!(
            FormatDescription::parse(&old),
            Err(DecodeError::Invalid { what: "table map post-header length", offset: 75 })
        );
        for len in 0..57 + 20 {
            assert!(FormatDescription::parse(&description("9.7.4", 1)[..len]).is_err());
        }
    }

    #[test]
    fn rotates_and_heartbeats() {
        assert_eq!(
            Rotate::parse(b"\x04\0\0\0\x01\0\0\0binlog.000002"),
            Ok(Rotate { position: 0x1_0000_0004, file: "binlog.000002" })
        );
        assert!(Rotate::parse(b"\x04\0\0\0\0\0\0\0").is_err());
        assert_eq!(
            Heartbeat::parse_v1(b"binlog.000002", 77),
            Ok(Heartbeat { file: "binlog.000002", position: 77 })
        );
        assert_eq!(
            Heartbeat::parse_v2(b"\x01\x08b.000002\x02\x09\xfe\0\0\0\0\x01\0\0\0\0"),
            Ok(Heartbeat { file: "b.000002", position: 1 << 32 })
        );
        assert!(Heartbeat::parse_v2(b"\x01\x08b.000002\0").is_err());
    }

    #[test]
    fn commits_and_incidents() {
        assert_eq!(Xid::parse(&[9, 0, 0, 0, 0, 0, 0, 1]), Ok(Xid { xid: 1 << 56 | 9 }));
        assert_eq!(
            XaPrepare::parse(b"\x01\x01\0\0\0\x02\0\0\0\x01\0\0\0ggb"),
            Ok(XaPrepare { one_phase: true, xid: XaId { format: 1, global: b"gg", branch: b"b" } })
        );
        assert!(XaPrepare::parse(b"\x01\x01\0\0\0\x02\0\0\0\x02\0\0\0ggb").is_err());
        assert_eq!(Incident::parse(b"\x01\0\x04lost"), Ok(Incident { number: 1, message: "lost".into() }));
    }
}
