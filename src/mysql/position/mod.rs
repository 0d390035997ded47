//! Where we are in a source's log.
//!
//! Knows order and containment of positions. Does not know how one is asked for or stored.

mod gtid_set;
mod maria;

pub use gtid_set::{GtidSet, GtidSetError, MAX_NUMBER};
pub use maria::{AtPlace, MariaGtids, MariaGtidsError, NotSeenAgain, SeenAgain};

use crate::failpoint::{Bug, planted};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fmt;

/// The first event of a log file stands behind so many bytes.
const LOG_HEAD_BYTES: u64 = 4;

/// A byte offset in a binlog file. Ordered by the number of the file, then by offset: meaningful on one
/// server.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct BinlogPosition {
    /// File name, such as `binlog.000007`.
    pub file: String,
    /// Byte offset; beyond 4 GiB for huge transactions.
    pub offset: u64,
}

/// Which family of server, and so which dialect of GTID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Flavor {
    /// MySQL and Percona Server.
    MySql,
    /// MariaDB.
    MariaDb,
}

/// Who the server is: a position by file and offset means something on this server only.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ServerIdentity {
    /// Family.
    pub flavor: Flavor,
    /// MySQL `@@server_uuid`, MariaDB `@@server_uid`; empty where there is none.
    pub uuid: String,
    /// `@@server_id`.
    pub server_id: u32,
}

/// GTID part of a position.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Gtids {
    /// The server writes no GTIDs (MySQL with `gtid_mode=OFF`): the file position alone counts.
    Off,
    /// Everything contained has been seen.
    MySql(GtidSet),
    /// Position per domain.
    MariaDb(MariaGtids),
}

/// GTID of one transaction.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Gtid {
    /// MySQL.
    MySql {
        /// UUID in lower case.
        uuid: String,
        /// Tag; empty for none.
        tag: String,
        /// Number, from 1.
        number: u64,
    },
    /// MariaDB.
    MariaDb {
        /// Domain.
        domain: u32,
        /// Server that wrote it.
        server_id: u32,
        /// Number.
        sequence: u64,
    },
}

/// A place in the log between two transactions: everything before it has been seen, nothing after it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Position {
    /// Whose log.
    pub server: ServerIdentity,
    /// End of the last transaction seen, by file and offset.
    pub file: BinlogPosition,
    /// The same by GTID.
    pub gtids: Gtids,
}

/// A transaction of the log, as far as positions are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransactionPlace<'a> {
    /// Whose log it was read from.
    pub server: &'a ServerIdentity,
    /// Its GTID, where the server writes them.
    pub gtid: Option<&'a Gtid>,
    /// File that holds it.
    pub file: &'a str,
    /// Offset behind its last byte.
    pub end: u64,
}

impl BinlogPosition {
    /// From its two parts.
    pub fn new(file: impl Into<String>, offset: u64) -> BinlogPosition {
        BinlogPosition { file: file.into(), offset }
    }

    /// Of a position that is known by its GTIDs only. It lies before every other one, so it claims that nothing was seen.
    pub fn unknown() -> BinlogPosition {
        BinlogPosition::new("", 0)
    }

    /// True for [`unknown`](BinlogPosition::unknown).
    pub fn is_unknown(&self) -> bool {
        self.file.is_empty()
    }

    /// True where an event may end. What lies before the first one of a file is no place: positions that are known by their GTIDs
    /// only stand there.
    pub fn is_place(&self) -> bool {
        self.offset >= LOG_HEAD_BYTES
    }

    /// Order of `file` and `offset` against this position.
    fn cmp_parts(&self, file: &str, offset: u64) -> Ordering {
        cmp_files(&self.file, file).then(self.offset.cmp(&offset))
    }
}

/// Order of two binlog files of one server: by number, which outgrows its six digits (`binlog.999999` <
/// `binlog.1000000`).
///
/// Names without a number sort before all others; equal numbers under different base names (the option
/// `log_bin` was changed, and numbering began again) by text, which says nothing about time.
pub fn cmp_files(a: &str, b: &str) -> Ordering {
    file_number(a).cmp(&file_number(b)).then_with(|| a.cmp(b))
}

/// Number of a binlog file: the digits behind its last dot.
pub fn file_number(file: &str) -> Option<u64> {
    let (_, digits) = file.rsplit_once('.')?;
    digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

impl Ord for BinlogPosition {
    fn cmp(&self, other: &BinlogPosition) -> Ordering {
        self.cmp_parts(&other.file, other.offset)
    }
}

impl PartialOrd for BinlogPosition {
    fn partial_cmp(&self, other: &BinlogPosition) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl ServerIdentity {
    /// True when a position by file of one means the same on the other.
    ///
    /// By UUID where both have one (the server id may be changed while running), else by server id.
    pub fn same_log(&self, other: &ServerIdentity) -> bool {
        let same_server = if self.uuid.is_empty() || other.uuid.is_empty() {
            self.uuid == other.uuid && self.server_id == other.server_id
        } else {
            self.uuid.eq_ignore_ascii_case(&other.uuid)
        };
        self.flavor == other.flavor && same_server
    }
}

impl Position {
    /// Moves to the end of one more transaction, which ends at `end` in `file`.
    ///
    /// The GTID goes into the set or becomes the last of its domain. One of the other dialect, or any while
    /// GTIDs are off, is not recorded; nor is an anonymous transaction among those with GTID: it is for the
    /// reader to refuse these.
    pub fn advance(&mut self, gtid: Option<&Gtid>, file: &str, end: u64) {
        if let Some(gtid) = gtid {
            match &mut self.gtids {
                Gtids::Off => {}
                Gtids::MySql(set) => {
                    set.add(gtid);
                }
                Gtids::MariaDb(gtids) => {
                    gtids.add(gtid);
                }
            }
        }
        if self.file.file != file {
            self.file.file = file.to_owned();
        }
        self.file.offset = end;
    }

    /// Whether file and offset say something. Those of MariaDB do not where an event cannot end: such a position is known by its
    /// GTIDs only.
    pub fn has_place(&self) -> bool {
        match self.gtids {
            Gtids::Off | Gtids::MySql(_) => !self.file.is_unknown(),
            Gtids::MariaDb(_) => self.file.is_place(),
        }
    }

    /// Whether the transaction lies before this position, so that it was seen.
    ///
    /// MySQL with GTIDs: by the set, whatever the server. MariaDB and logs without GTID: by file and offset,
    /// on the same server only, because the numbers of a MariaDB domain may go backwards. `None` when that
    /// cannot be told.
    pub fn contains(&self, transaction: &TransactionPlace<'_>) -> Option<bool> {
        match (&self.gtids, transaction.gtid) {
            (Gtids::MySql(set), Some(gtid @ Gtid::MySql { .. })) => Some(set.contains(gtid)),
            (Gtids::MySql(_), _) => None,
            (Gtids::MariaDb(last), Some(Gtid::MariaDb { domain, sequence, .. }))
                if planted(Bug::BySequence) =>
            {
                Some(last.domains.get(domain).is_some_and(|&(_, last)| *sequence <= last))
            }
            (Gtids::Off | Gtids::MariaDb(_), _) => self
                .server
                .same_log(transaction.server)
                .then(|| self.file.cmp_parts(transaction.file, transaction.end) != Ordering::Less),
        }
    }

    /// Whether every transaction before `end`, which is the end of a log or a place in it, lies before this position. Unlike in
    /// [`contains_position`](Position::contains_position) GTIDs of MariaDB count: a log may end in what is no transaction, and a
    /// position that somebody wrote has no file.
    pub fn covers(&self, end: &Position) -> bool {
        match (&self.gtids, &end.gtids) {
            (Gtids::MariaDb(ours), Gtids::MariaDb(theirs)) if self.server.same_log(&end.server) => {
                theirs.beyond(ours).is_empty()
            }
            _ => self.contains_position(end).unwrap_or(false),
        }
    }

    /// Whether everything before `other` lies before this position too, under the same rules.
    pub fn contains_position(&self, other: &Position) -> Option<bool> {
        match (&self.gtids, &other.gtids) {
            (Gtids::MySql(set), Gtids::MySql(part)) => Some(set.contains_set(part)),
            (Gtids::MySql(_), Gtids::Off | Gtids::MariaDb(_)) => None,
            (Gtids::Off | Gtids::MariaDb(_), _) => {
                self.server.same_log(&other.server).then(|| self.file >= other.file)
            }
        }
    }
}

impl fmt::Display for BinlogPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.offset)
    }
}

impl fmt::Display for Gtid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Gtid::MySql { uuid, tag, number } if tag.is_empty() => write!(f, "{uuid}:{number}"),
            Gtid::MySql { uuid, tag, number } => write!(f, "{uuid}:{tag}:{number}"),
            Gtid::MariaDb { domain, server_id, sequence } => write!(f, "{domain}-{server_id}-{sequence}"),
        }
    }
}

impl fmt::Display for Gtids {
    /// The text the server would print; empty without GTIDs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Gtids::Off => Ok(()),
            Gtids::MySql(set) => set.fmt(f),
            Gtids::MariaDb(gtids) => gtids.fmt(f),
        }
    }
}

impl fmt::Display for Position {
    /// For people: `binlog.000004:1234, 3e11…:1-77`; without the file where it is not known.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.file.is_unknown() {
            return self.gtids.fmt(f);
        }
        self.file.fmt(f)?;
        let empty = match &self.gtids {
            Gtids::Off => true,
            Gtids::MySql(set) => set.is_empty(),
            Gtids::MariaDb(gtids) => gtids.is_empty(),
        };
        if empty { Ok(()) } else { write!(f, ", {}", self.gtids) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "3e11fa47-71ca-11e1-9e33-c80aa9429562";

    fn server(flavor: Flavor, uuid: &str, server_id: u32) -> ServerIdentity {
        ServerIdentity { flavor, uuid: uuid.into(), server_id }
    }

    fn number(number: u64) -> Gtid {
        Gtid::MySql { uuid: UUID.into(), tag: String::new(), number }
    }

    #[test]
    fn files_sort_by_number() {
        let check = |a: &str, b: &str, order| assert_eq!(cmp_files(a, b), order, "{a} {b}");
        check("binlog.000009", "binlog.000010", Ordering::Less);
        check("binlog.999999", "binlog.1000000", Ordering::Less);
        check("my.host-bin.000002", "my.host-bin.000002", Ordering::Equal);
        check("", "binlog.000001", Ordering::Less);
        assert!(BinlogPosition::new("b.000002", 4) > BinlogPosition::new("b.000001", 900));
        assert!(BinlogPosition::new("b.000002", 4) < BinlogPosition::new("b.000002", 5));
    }

    #[test]
    fn a_server_is_known_by_its_uuid() {
        let check =
            |a: &ServerIdentity, b: &ServerIdentity, same| assert_eq!(a.same_log(b), same, "{a:?} {b:?}");
        check(&server(Flavor::MySql, UUID, 1), &server(Flavor::MySql, &UUID.to_uppercase(), 2), true);
        check(&server(Flavor::MySql, UUID, 1), &server(Flavor::MySql, "other", 1), false);
        check(&server(Flavor::MariaDb, "", 1), &server(Flavor::MariaDb, "", 1), true);
        check(&server(Flavor::MariaDb, "", 1), &server(Flavor::MariaDb, "", 2), false);
        check(&server(Flavor::MariaDb, "", 1), &server(Flavor::MariaDb, "x", 1), false);
        check(&server(Flavor::MariaDb, "x", 1), &server(Flavor::MySql, "x", 1), false);
    }

    #[test]
    fn a_mysql_transaction_is_contained_by_number_on_any_server() {
        let here = server(Flavor::MySql, UUID, 1);
        let there = server(Flavor::MySql, "other", 2);
        let mut position = Position {
            server: here.clone(),
            file: BinlogPosition::new("b.000001", 4),
            gtids: Gtids::MySql(GtidSet::new()),
        };
        position.advance(Some(&number(7)), "b.000002", 700);
        let seen = |server, gtid: Option<&Gtid>, file, end| {
            position.contains(&TransactionPlace { server, gtid, file, end })
        };
        assert_eq!(seen(&here, Some(&number(7)), "b.000009", 9), Some(true));
        assert_eq!(seen(&there, Some(&number(7)), "z.000001", 1), Some(true));
        // a hole stays one although the file position is behind it
        assert_eq!(seen(&here, Some(&number(6)), "b.000001", 500), Some(false));
        assert_eq!(seen(&here, None, "b.000001", 500), None);
        assert_eq!(position.to_string(), format!("b.000002:700, {UUID}:7"));
    }

    #[test]
    fn without_a_set_the_file_decides_on_the_same_server() {
        let here = server(Flavor::MariaDb, "x", 1);
        let there = server(Flavor::MariaDb, "y", 2);
        let mut position = Position {
            server: here.clone(),
            file: BinlogPosition::new("b.000001", 4),
            gtids: Gtids::MariaDb(MariaGtids::default()),
        };
        let gtid = |sequence| Gtid::MariaDb { domain: 0, server_id: 1, sequence };
        position.advance(Some(&gtid(100)), "b.000002", 700);
        let seen = |server, sequence, file, end| {
            position.contains(&TransactionPlace { server, gtid: Some(&gtid(sequence)), file, end })
        };
        assert_eq!(seen(&here, 100, "b.000002", 700), Some(true));
        // a smaller number behind the position was never sent
        assert_eq!(seen(&here, 5, "b.000002", 701), Some(false));
        assert_eq!(seen(&here, 200, "b.000001", 9999), Some(true));
        assert_eq!(seen(&there, 5, "b.000001", 1), None);
        assert_eq!(position.to_string(), "b.000002:700, 0-1-100");
    }

    #[test]
    fn positions_contain_each_other() {
        let at = |flavor, uuid, file: &str, gtids| Position {
            server: server(flavor, uuid, 1),
            file: BinlogPosition::new(file, 4),
            gtids,
        };
        let set = |text: &str| Gtids::MySql(format!("{UUID}:{text}").parse().expect("a set"));
        let check = |a: &Position, b: &Position, contained| assert_eq!(a.contains_position(b), contained);
        let mysql = |text| at(Flavor::MySql, UUID, "b.000001", set(text));
        check(&mysql("1-9"), &mysql("1-5"), Some(true));
        check(&mysql("1-5"), &mysql("7"), Some(false));
        let off = |file, uuid| at(Flavor::MySql, uuid, file, Gtids::Off);
        check(&off("b.000002", UUID), &off("b.000001", UUID), Some(true));
        check(&off("b.000001", UUID), &off("b.000002", UUID), Some(false));
        check(&off("b.000001", UUID), &off("b.000002", "other"), None);
        check(&mysql("1-5"), &off("b.000001", UUID), None);
    }
}
