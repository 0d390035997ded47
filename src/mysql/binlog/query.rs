//! QUERY events: transaction control and DDL, with the session they ran in.

use super::event::DecodeError;
use super::reader::Reader;
use std::fmt;

/// `MODE_ANSI_QUOTES` of `sql_mode`.
pub const MODE_ANSI_QUOTES: u64 = 4;

/// `MODE_ORACLE` of MariaDB's `sql_mode`.
pub const MODE_ORACLE: u64 = 1 << 9;

/// `MODE_NO_BACKSLASH_ESCAPES` of `sql_mode`.
pub const MODE_NO_BACKSLASH_ESCAPES: u64 = 1 << 20;

/// A statement as the log has it.
#[derive(Clone, PartialEq, Eq)]
pub struct Query<'b> {
    /// Session on the server.
    pub thread_id: u32,
    /// Error the statement ended with; 0 for none.
    pub error_code: u16,
    /// What the status variables say about text and modes.
    pub session: Session,
    /// The status variables as they are.
    pub status: &'b [u8],
    /// Default database, in UTF-8; empty without one.
    pub db: &'b [u8],
    /// The statement, in the client's character set.
    pub sql: &'b [u8],
}

/// The session of a statement.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Session {
    /// `sql_mode` as bits.
    pub sql_mode: Option<u64>,
    /// Collation id of `character_set_client`: the character set of the statement's text.
    pub client_collation: Option<u16>,
    /// Id of `collation_connection`.
    pub connection_collation: Option<u16>,
    /// Id of `collation_server`.
    pub server_collation: Option<u16>,
    /// `explicit_defaults_for_timestamp`: a TIMESTAMP is as any other type. Servers before MySQL 8.0 do not tell it.
    pub explicit_timestamp: Option<bool>,
    /// Id of `default_collation_for_utf8mb4` (MySQL).
    pub utf8mb4_collation: Option<u16>,
    /// `character_set_collations` (MariaDB): for a character set, by the id of its built-in default collation, the id of
    /// the collation it has in this session. Told with statements that name a character set.
    pub charset_collations: Vec<(u16, u16)>,
    /// A key was met that is not known, so what stood behind it could not be read.
    pub cut: bool,
}

/// `OPTION_EXPLICIT_DEF_TIMESTAMP` of the flags of a statement (MariaDB; MySQL has no such flag).
const EXPLICIT_TIMESTAMP: u32 = 1 << 24;

impl fmt::Debug for Query<'_> {
    /// Statements may hold values and passwords: told by their length.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<query of {} bytes, {:?}>", self.sql.len(), self.session)
    }
}

impl<'b> Query<'b> {
    /// Reads the body of a QUERY event.
    ///
    /// # Errors
    /// When it is too short, or a status variable that is known does not fit.
    pub fn parse(body: &'b [u8]) -> Result<Query<'b>, DecodeError> {
        let mut reader = Reader::new(body);
        let thread_id = reader.u32("thread id")?;
        reader.u32("execution time")?;
        let db_len = reader.u8("database length")?;
        let error_code = reader.u16("error code")?;
        let status_len = reader.u16("status length")?;
        let status_at = reader.offset();
        let status = reader.take(usize::from(status_len), "status variables")?;
        let db = reader.take(usize::from(db_len), "database")?;
        let end_of_db = reader.offset();
        if reader.u8("end of the database")? != 0 {
            return Err(DecodeError::Invalid { what: "end of the database", offset: end_of_db });
        }
        let session = Session::parse(status).map_err(|error| match error {
            DecodeError::Truncated { what, offset } => {
                DecodeError::Truncated { what, offset: status_at + offset }
            }
            DecodeError::Invalid { what, offset } => {
                DecodeError::Invalid { what, offset: status_at + offset }
            }
            error @ (DecodeError::Size { .. } | DecodeError::Checksum { .. } | DecodeError::Limit { .. }) => {
                error
            }
        })?;
        Ok(Query { thread_id, error_code, session, status, db, sql: reader.rest() })
    }
}

impl Session {
    /// True for what MySQL 8.0 or later has logged, which tells the default collation of utf8mb4 with each statement.
    pub fn of_mysql_8(&self) -> bool {
        self.utf8mb4_collation.is_some()
    }

    /// Walks the status variables. Source of keys and lengths: MySQL `statement_events.h`, MariaDB `log_event.h`;
    /// a key that neither knows ends the walk, since its length is not known either.
    ///
    /// # Errors
    /// A status variable that is known does not fit.
    pub fn parse(status: &[u8]) -> Result<Session, DecodeError> {
        const WHAT: &str = "status variable";
        let mut session = Session::default();
        let mut reader = Reader::new(status);
        while !reader.is_empty() {
            match reader.u8(WHAT)? {
                // flags2
                0 => session.explicit_timestamp = Some(reader.u32(WHAT)? & EXPLICIT_TIMESTAMP != 0),
                1 => session.sql_mode = Some(reader.u64(WHAT)?),
                // catalog, with a zero byte behind it
                2 => {
                    let len = reader.u8(WHAT)?;
                    reader.take(usize::from(len) + 1, WHAT)?;
                }
                // auto_increment_increment and _offset
                3 => drop(reader.u32(WHAT)?),
                4 => {
                    session.client_collation = Some(reader.u16(WHAT)?);
                    session.connection_collation = Some(reader.u16(WHAT)?);
                    session.server_collation = Some(reader.u16(WHAT)?);
                }
                // time zone; catalog
                5 | 6 => {
                    let len = reader.u8(WHAT)?;
                    reader.take(usize::from(len), WHAT)?;
                }
                // lc_time_names; collation_database
                7 | 8 => drop(reader.u16(WHAT)?),
                18 => session.utf8mb4_collation = Some(reader.u16(WHAT)?),
                // tables for update; xid of DDL (MySQL 17, MariaDB 129); commit times of old servers
                9 | 14 | 17 | 129 => drop(reader.u64(WHAT)?),
                // size of the original event
                10 => drop(reader.u32(WHAT)?),
                // invoker: user and host
                11 => {
                    for _ in 0..2 {
                        let len = reader.u8(WHAT)?;
                        reader.take(usize::from(len), WHAT)?;
                    }
                }
                // updated databases, each with a zero byte behind it; 254 = too many to list
                12 => {
                    let count = reader.u8(WHAT)?;
                    if count != 254 {
                        for _ in 0..count {
                            while reader.u8(WHAT)? != 0 {}
                        }
                    }
                }
                // microseconds (MySQL 13, MariaDB 128)
                13 | 128 => drop(reader.take(3, WHAT)?),
                16 => session.explicit_timestamp = Some(reader.u8(WHAT)? != 0),
                // require primary key; default table encryption
                19 | 20 => drop(reader.u8(WHAT)?),
                // MariaDB: extra GTID flags, with the number of the ALTER when they say commit or rollback
                130 => {
                    if reader.u8(WHAT)? & 0b1100 != 0 {
                        reader.u64(WHAT)?;
                    }
                }
                131 => {
                    let pairs = reader.lenenc_usize(WHAT)?;
                    for pair in reader.take(pairs.saturating_mul(4), WHAT)?.chunks_exact(4) {
                        let id = |at: usize| u16::from_le_bytes([pair[at], pair[at + 1]]);
                        session.charset_collations.push((id(0), id(2)));
                    }
                }
                _ => {
                    session.cut = true;
                    break;
                }
            }
        }
        Ok(session)
    }
}

#[cfg(test)]
mod tests {
    use super::super::captured::bytes;
    use super::*;

    #[track_caller]
    fn check(status: &str, client: u16, connection: u16, server: u16) {
        let session = Session::parse(&bytes(status)).unwrap();
        assert_eq!((session.sql_mode, session.cut), (Some(0x4020_0000), false));
        let ids = [session.client_collation, session.connection_collation, session.server_collation];
        assert_eq!(ids, [client, connection, server].map(Some));
    }

    /// Status variables as servers wrote them.
    #[test]
    fn sessions_of_servers() {
        // MySQL 9.7: updated databases, xid, explicit defaults, default collation, primary key
        check(
            "0000000000010000204000000000060373746404ff00ff00ff000c017600100111920e02000000000012ff001300",
            255,
            255,
            255,
        );
        // … with invoker and microseconds
        check(
            "0000000000010000204000000000060373746404ff00ff00ff000b04726f6f74096c6f63616c686f73740c0176000dbd310f11762302000000000012ff00",
            255,
            255,
            255,
        );
        // MariaDB 10.11
        check("00000000010100002040000000000603737464042d002d00080081a311020000000000", 45, 45, 8);
        // … with time zone and microseconds
        check(
            "00000000010100002040000000000603737464042d002d000800050653595354454d800ac507813c22020000000000",
            45,
            45,
            8,
        );
        // MariaDB 11.8: character_set_collations stand before the character sets
        check(
            "000000000101000020400000000006037374648305210000082300000a2d0000093600000b3c00000c04000900090009810813020000000000",
            2304,
            2304,
            2304,
        );
    }

    /// MariaDB's second half of a two-phase ALTER names the number of the first.
    #[test]
    fn flags_of_two_phase_alter() {
        check_collations(
            "00000000010100002040000000000603737464042100210008000808008148020000000000008204 8e00000000000000",
            33,
        );
    }

    #[track_caller]
    fn check_collations(status: &str, client: u16) {
        let session = Session::parse(&bytes(status)).unwrap();
        assert_eq!((session.client_collation, session.cut), (Some(client), false));
    }

    /// What decides about columns whose text leaves it open.
    #[test]
    fn defaults_of_sessions() {
        let check = |status: &str, explicit, utf8mb4, collations: &[(u16, u16)]| {
            let session = Session::parse(&bytes(status)).unwrap();
            assert_eq!(session.explicit_timestamp, Some(explicit));
            assert_eq!(session.utf8mb4_collation, utf8mb4);
            assert_eq!(session.charset_collations, collations);
        };
        check(
            "0000000000010000204000000000060373746404ff00ff00ff000c017600100111920e02000000000012ff001300",
            true,
            Some(255),
            &[],
        );
        check("00000000010100002040000000000603737464042d002d00080081a311020000000000", true, None, &[]);
        check(
            "000000000101000020400000000006037374648305210000082300000a2d0000093600000b3c00000c04000900090009810813020000000000",
            true,
            None,
            &[(33, 2048), (35, 2560), (45, 2304), (54, 2816), (60, 3072)],
        );
    }

    #[test]
    fn unknown_keys_end_the_walk() {
        let session = Session::parse(&[1, 4, 0, 0, 0, 0, 0, 0, 0, 99, 4, 1]).unwrap();
        assert_eq!((session.sql_mode, session.client_collation, session.cut), (Some(4), None, true));
    }

    #[test]
    fn whole_event() {
        let mut body = vec![7, 0, 0, 0, 0, 0, 0, 0, 4, 0x51, 0x04, 9, 0, 1];
        body.extend(4u64.to_le_bytes());
        body.extend(b"shop\0drop table t");
        let query = Query::parse(&body).unwrap();
        assert_eq!((query.thread_id, query.error_code, query.session.sql_mode), (7, 0x451, Some(4)));
        assert_eq!((query.db, query.sql), (&b"shop"[..], &b"drop table t"[..]));
        assert!(!format!("{query:?}").contains("drop"));
        for len in 0..body.len() - b"drop table t".len() {
            assert!(Query::parse(&body[..len]).is_err());
        }
    }
}
