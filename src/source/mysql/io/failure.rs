//! What can go wrong with a source, sorted by what follows from it.

use crate::diagnostic::{Diagnostic, Severity};
use crate::source::mysql::requirement::{
    MYSQL_LOGIN_FAILED, MYSQL_UNREACHABLE, POSITION_PURGED, PRIVILEGE_MISSING,
};
use mysql_common::io::ParseBuf;
use std::fmt;
use std::io;

/// Why the source could not be used. The message is for people and holds neither row values nor secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFailure {
    /// What follows from it.
    pub class: FailureClass,
    /// The server's error number, if it was the server that refused.
    pub code: Option<u16>,
    /// What happened, in one sentence.
    pub message: String,
}

/// What follows from a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureClass {
    /// Name, address or port cannot be reached (L0101): waits under `retry`.
    Unreachable,
    /// A connection broke, timed out, or the server is going down: waits under `retry`.
    Lost,
    /// What must be visible was not yet (semi-sync, slow commit): the same read again, never skip it.
    Behind,
    /// TLS was refused, or the certificate is not to be trusted: a person must act (L0101).
    Tls,
    /// User, password or login method (L0102): a person must act.
    Login,
    /// A right is missing (L0104): a person must act.
    Privilege,
    /// Secret, file or setting on our side is missing or wrong: a person must act.
    Setting,
    /// The log the position points to is gone from the server (L0111).
    PositionLost,
    /// We hold more than the server: it lags, lost its tail, or is another line of history.
    Ahead,
    /// Position and log contradict each other: offset inside an event, GTID the server never wrote.
    Diverged,
    /// Another connection reads the log under our server id or UUID.
    Identity,
    /// The address leads to another server than the position was taken on.
    OtherServer,
    /// The server found an event of its log damaged.
    Damaged,
    /// An event or packet is larger than the limit.
    TooLarge,
    /// The table is not (any more) as expected: gone, or other columns.
    Table,
    /// What the server sent breaks the protocol: nothing of it is used.
    Protocol,
    /// Any other error of the server.
    Server,
}

impl fmt::Display for SourceFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match self.code {
            Some(code) => write!(f, " (server error {code})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for SourceFailure {}

impl SourceFailure {
    /// The finding of the check before a start, for failures that have a code there.
    pub fn finding(&self) -> Option<Diagnostic> {
        let (code, help) = match self.class {
            FailureClass::Unreachable => (MYSQL_UNREACHABLE, "check `address` and that the server runs"),
            FailureClass::Tls => (MYSQL_UNREACHABLE, "check `tls { … }` and the server's certificate"),
            FailureClass::Login => (MYSQL_LOGIN_FAILED, "check `user` and `password`"),
            FailureClass::Privilege => (PRIVILEGE_MISSING, "grant the user what the server asks for"),
            FailureClass::PositionLost => (POSITION_PURGED, "the tables must be loaded anew"),
            FailureClass::Lost
            | FailureClass::Behind
            | FailureClass::Setting
            | FailureClass::Ahead
            | FailureClass::Diverged
            | FailureClass::Identity
            | FailureClass::OtherServer
            | FailureClass::Damaged
            | FailureClass::TooLarge
            | FailureClass::Table
            | FailureClass::Protocol
            | FailureClass::Server => return None,
        };
        Some(Diagnostic::nowhere(code, Severity::Error, self.to_string()).help(help))
    }

    /// Nobody answered, or not in time; another address of the same name may.
    pub(super) fn is_silence(&self) -> bool {
        self.code.is_none() && matches!(self.class, FailureClass::Unreachable | FailureClass::Lost)
    }

    /// The server ended a statement because it ran longer than it may.
    pub(super) fn took_too_long(&self) -> bool {
        matches!(self.code, Some(1969 | 3024))
    }

    /// A failure on our side of the line.
    pub(super) fn new(class: FailureClass, message: impl Into<String>) -> SourceFailure {
        SourceFailure { class, code: None, message: message.into() }
    }

    /// The server broke the protocol.
    pub(super) fn protocol(message: impl Into<String>) -> SourceFailure {
        SourceFailure::new(FailureClass::Protocol, message)
    }

    /// A read or write failed; `patience` is the deadline it had.
    pub(super) fn from_io(error: &io::Error, patience: std::time::Duration) -> SourceFailure {
        let text = match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                format!("the server was silent for {} s", patience.as_secs_f32())
            }
            io::ErrorKind::UnexpectedEof => "the server closed the connection".to_owned(),
            _ => format!("the connection broke: {error}"),
        };
        SourceFailure::new(FailureClass::Lost, text)
    }

    /// From an ERR packet, its first byte included.
    pub(super) fn from_packet(packet: &[u8]) -> SourceFailure {
        let mut rest = ParseBuf(packet);
        if !rest.checked_skip(1) {
            return SourceFailure::protocol("the server sent an empty error");
        }
        let Some(code) = rest.checked_eat_u16_le() else {
            return SourceFailure::protocol("the server sent an error without a number");
        };
        let mut text = rest.eat_all();
        if let [b'#', tail @ ..] = text {
            text = tail.get(5..).unwrap_or_default();
        }
        SourceFailure::from_server(code, &String::from_utf8_lossy(text))
    }

    /// From the number and the text of a server's error.
    pub(super) fn from_server(code: u16, text: &str) -> SourceFailure {
        let class = classify(code, text);
        let message = if quotes_values(code) {
            "the server refused a value (its text is withheld: it quotes the value)".to_owned()
        } else {
            text.trim_end_matches('\0').to_owned()
        };
        SourceFailure { class, code: Some(code), message }
    }
}

/// Errors whose text repeats data: truncated or out of range values, duplicate keys, bad casts.
/// Source: `messages_to_clients.txt` of MySQL 9.x, `errmsg-utf8.txt` of MariaDB.
fn quotes_values(code: u16) -> bool {
    matches!(
        code,
        1062 | 1264
            | 1265
            | 1292
            | 1366
            | 1367
            | 1411
            | 1525
            | 1586
            | 1690
            | 3140
            | 3141
            | 3156
            | 3854
            | 4078
    )
}

/// Class of a server error by number and, for 1236, by what its text says in old and new words.
///
/// Observed on MySQL 8.0.15 and 9.7, MariaDB 10.11 and 11.8; 1236 covers every refusal to send the log.
fn classify(code: u16, text: &str) -> FailureClass {
    let says = |parts: &[&str]| parts.iter().all(|part| text.contains(part));
    match code {
        1045 | 1698 | 1130 | 1251 | 1275 | 1524 | 1820 | 1862 | 3118 | 3159 | 3955 | 4151 => {
            FailureClass::Login
        }
        1044 | 1142 | 1143 | 1227 | 1370 | 1697 => FailureClass::Privilege,
        // unknown database, table or column; a definition that changed under the statement
        1049 | 1054 | 1146 | 1412 => FailureClass::Table,
        // too many connections, shutdown, lock wait, deadlock, killed, out of resources, execution time, host blocked
        1040
        | 1041
        | 1053
        | 1077
        | 1079
        | 1129
        | 1152
        | 1158..=1161
        | 1203
        | 1205
        | 1213
        | 1226
        | 1317
        | 1927
        | 1969
        | 2006
        | 2013
        | 3024
        | 3168
        | 3169
        | 4031 => FailureClass::Lost,
        4052 => FailureClass::Identity,
        1153 | 3030 => FailureClass::TooLarge,
        1236 if says(&["with the same server_"]) => FailureClass::Identity,
        1236 if says(&["Could not find first log file"])
            || says(&["purged required binary logs"])
            || says(&["purged binary logs containing GTIDs"])
            || says(&["missing the GTID", "GTID strict mode"])
            || says(&["Could not find GTID state requested"]) =>
        {
            FailureClass::PositionLost
        }
        1236 if says(&["has more GTIDs than"])
            || says(&["position > file size"])
            || says(&["impossible position"])
            || says(&["which is not in the master's binlog"])
            || says(&["which is not in the primary's binlog"]) =>
        {
            FailureClass::Ahead
        }
        1236 if says(&["has diverged"]) || says(&["bogus data"]) => FailureClass::Diverged,
        1236 if says(&["crc check"]) || says(&["checksum"]) && !says(&["can not handle"]) => {
            FailureClass::Damaged
        }
        1236 if says(&["exceeded max_allowed_packet"]) => FailureClass::TooLarge,
        1236 => FailureClass::Server,
        _ => FailureClass::Server,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(code: u16, text: &str, class: FailureClass) {
        let mut packet = vec![0xff];
        packet.extend_from_slice(&code.to_le_bytes());
        packet.extend_from_slice(b"#HY000");
        packet.extend_from_slice(text.as_bytes());
        let failure = SourceFailure::from_packet(&packet);
        assert_eq!((failure.class, failure.code), (class, Some(code)), "{text}");
        assert_eq!(failure.message, text);
    }

    #[test]
    fn refusals_of_a_dump_are_told_apart_in_old_and_new_words() {
        check(
            1236,
            "Could not find first log file name in binary log index file",
            FailureClass::PositionLost,
        );
        check(
            1236,
            "Cannot replicate because the source purged required binary logs. Replicate the missing transactions",
            FailureClass::PositionLost,
        );
        check(
            1236,
            "Could not find GTID state requested by slave in any binlog files. Probably the slave state is too old",
            FailureClass::PositionLost,
        );
        check(
            1236,
            "The slave is connecting using CHANGE MASTER TO MASTER_AUTO_POSITION = 1, but the master has purged binary logs \
             containing GTIDs that the slave requires.",
            FailureClass::PositionLost,
        );
        check(
            1236,
            "The binlog on the master is missing the GTID 0-1-9 requested by the slave (even though a subsequent sequence number \
             does exist), and GTID strict mode is enabled",
            FailureClass::PositionLost,
        );
        check(
            1236,
            "Error: connecting slave requested to start from GTID 0-1-9, which is not in the master's binlog",
            FailureClass::Ahead,
        );
        check(
            1236,
            "Replica has more GTIDs than the source has, using the source's SERVER_UUID",
            FailureClass::Ahead,
        );
        check(
            1236,
            "A replica with the same server_uuid/server_id as this replica has connected to the source",
            FailureClass::Identity,
        );
        check(
            1236,
            "A slave with the same server_uuid/server_id as this slave has connected to the master",
            FailureClass::Identity,
        );
        check(1236, "event read from binlog did not pass crc check; the first event", FailureClass::Damaged);
        check(
            1236,
            "Slave can not handle replication events with the checksum that master is configured to log",
            FailureClass::Server,
        );
        check(1236, "bogus data in log event", FailureClass::Diverged);
        check(1236, "log event entry exceeded max_allowed_packet", FailureClass::TooLarge);
        check(4052, "A slave with the same server_id is already connected", FailureClass::Identity);
        check(1045, "Access denied for user 'x'@'y' (using password: YES)", FailureClass::Login);
        check(
            1227,
            "Access denied; you need (at least one of) the REPLICATION SLAVE",
            FailureClass::Privilege,
        );
        check(1053, "Server shutdown in progress", FailureClass::Lost);
    }

    #[test]
    fn values_in_messages_are_withheld() {
        let failure = SourceFailure::from_packet(b"\xff\xf5\x05#HY000Incorrect DATE value: 'secret'");
        assert_eq!(failure.code, Some(1525));
        assert!(!failure.to_string().contains("secret"), "{failure}");
    }

    #[test]
    fn broken_error_packets_are_failures_too() {
        for packet in [&b""[..], b"\xff", b"\xff\x01", b"\xff\x01\x04", b"\xff\x01\x04#12"] {
            SourceFailure::from_packet(packet);
        }
    }
}
