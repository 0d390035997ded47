//! The log of a server, event by event, as bytes.
//!
//! One thread owns the connection and reads it; nothing is parsed here but the status byte before each event. Heartbeats come
//! through as events. Checksums are not judged here: the reader of the events does that over the same bytes.

use super::ask::Ask;
use super::closer::Closer;
use super::connect::Endpoint;
use super::failure::{FailureClass, SourceFailure};
use super::row_session::RowSession;
use super::wire::Wire;
use crate::mysql::position::{Flavor, Gtids, Position};
use crate::source::mysql::reader_name;
use mysql_common::packets::ComRegisterSlave;
use mysql_common::proto::MySerialize;
use std::num::NonZeroU32;
use std::time::Duration;

/// How often the heartbeat may fail to come before the server counts as dead.
const MISSED: u32 = 3;

/// How long the server may look for the place to begin, in silence: it scans the log file from its beginning.
const SEARCH: Duration = Duration::from_secs(120);

/// Events that come before that place has been found: ROTATE, FORMAT_DESCRIPTION, PREVIOUS_GTIDS, GTID_LIST, START_ENCRYPTION.
const OPENING: [u8; 5] = [4, 15, 35, 163, 164];

/// Where an event's header has its type.
const TYPE_AT: usize = 4;

/// How long the server waits for a reader that is held up by what comes behind it, in seconds.
const WRITE_TIMEOUT: u32 = 3600;

/// What to read, and as whom.
#[derive(Debug, Clone)]
pub struct DumpRequest<'r> {
    /// Where to begin: with the first transaction behind it.
    pub start: &'r Position,
    /// Server id we take among the replicas. Unique: a second reader with the same id ends the first.
    pub server_id: NonZeroU32,
    /// UUID we take among the replicas of MySQL, in its usual form.
    pub uuid: &'r str,
    /// When nothing happens, the server says so this often; silent three times as long it counts as dead.
    pub heartbeat: Duration,
    /// Largest event in bytes.
    pub event_limit: usize,
    /// Name of the task: it names the connection in the server's lists.
    pub task: &'r str,
}

/// A running dump.
pub struct Dump {
    wire: Wire,
    event_limit: usize,
    /// How long the server may be silent once it has found the place to begin; none when that is in force.
    patience: Option<Duration>,
}

impl Dump {
    /// Connects and asks for the log. By GTID where the position has them, else by file and offset.
    ///
    /// # Errors
    /// Those of connecting; [`FailureClass::OtherServer`] when another server answers than the position is of;
    /// [`FailureClass::Privilege`] without REPLICATION SLAVE; [`FailureClass::Setting`] for an offset beyond 4 GiB without GTIDs,
    /// which the protocol cannot express. Whether the log still reaches back to the position shows at the first event.
    pub fn open(endpoint: &Endpoint, request: &DumpRequest<'_>) -> Result<Dump, SourceFailure> {
        let endpoint = endpoint.for_task(request.task);
        let patience = request.heartbeat.max(Duration::from_millis(100)) * MISSED;
        let expected = &request.start.server;
        let mut session = RowSession::bare(&endpoint, patience.max(Duration::from_secs(10)), expected)?;
        for statement in settings(session.flavor(), request) {
            session.run(&statement)?;
        }
        let mut wire = session.into_wire();
        register(&mut wire, request)?;
        wire.restart();
        wire.send(&dump_command(request)?)?;
        wire.set_patience(patience.max(SEARCH))?;
        // the status byte is not part of the event
        wire.set_limit(request.event_limit.saturating_add(1));
        Ok(Dump { wire, event_limit: request.event_limit, patience: Some(patience) })
    }

    /// Waits for the next event and appends it whole, header and checksum included, to `into`; returns its length.
    ///
    /// # Errors
    /// [`FailureClass::Lost`] when the server falls silent, ends the dump or breaks the line; [`FailureClass::TooLarge`];
    /// what the server says instead of an event: [`FailureClass::PositionLost`], [`FailureClass::Ahead`],
    /// [`FailureClass::Diverged`], [`FailureClass::Identity`] and others. The dump is of no use afterwards, and `into` may hold part
    /// of an event.
    pub fn read_event(&mut self, into: &mut Vec<u8>) -> Result<usize, SourceFailure> {
        let from = into.len();
        let (status, length) = self.wire.receive_split(into).map_err(|failure| match failure.class {
            FailureClass::TooLarge => SourceFailure::new(
                FailureClass::TooLarge,
                format!(
                    "an event of the log is larger than the event limit of {} bytes: raise `event-limit`",
                    self.event_limit
                ),
            ),
            _ => failure,
        })?;
        match status {
            0x00 if length > 0 => {
                if into.get(from + TYPE_AT).is_some_and(|kind| !OPENING.contains(kind))
                    && let Some(patience) = self.patience.take()
                {
                    self.wire.set_patience(patience)?;
                }
                Ok(length)
            }
            0xff => {
                let mut packet = vec![status];
                packet.extend(into.drain(from..));
                Err(SourceFailure::from_packet(&packet))
            }
            0xfe => {
                into.truncate(from);
                Err(SourceFailure::new(FailureClass::Lost, "the server ended the dump"))
            }
            _ => Err(SourceFailure::protocol(format!("an event came with status {status}"))),
        }
    }

    /// True when another whole event has been read from the socket already: reading it will not wait.
    pub fn buffered(&self) -> bool {
        self.wire.buffered()
    }

    /// The largest event in bytes.
    pub fn event_limit(&self) -> usize {
        self.event_limit
    }

    /// A handle that ends the dump from another thread.
    ///
    /// # Errors
    /// When the system has no more file handles.
    pub fn closer(&self) -> Result<Closer, SourceFailure> {
        self.wire.closer()
    }
}

/// What the server must know before the dump; both spellings, old and new, because each server knows at least one.
///
/// Source: MySQL `rpl_binlog_sender.cc`, MariaDB `sql_repl.cc`.
fn settings(flavor: Flavor, request: &DumpRequest<'_>) -> Vec<String> {
    let heartbeat = request.heartbeat.as_nanos();
    let mut statements = vec![
        "SET NAMES utf8mb4".to_owned(),
        "SET @master_binlog_checksum = 'CRC32', @source_binlog_checksum = 'CRC32'".to_owned(),
        format!("SET @master_heartbeat_period = {heartbeat}, @source_heartbeat_period = {heartbeat}"),
        format!("SET SESSION net_write_timeout = {WRITE_TIMEOUT}"),
    ];
    match flavor {
        Flavor::MySql => {
            let uuid: String = request.uuid.chars().filter(|c| c.is_ascii_hexdigit() || *c == '-').collect();
            statements.push(format!("SET @slave_uuid = '{uuid}', @replica_uuid = '{uuid}'"));
        }
        Flavor::MariaDb => {
            // without it GTIDs come disguised as events that look harmless
            statements.push("SET @mariadb_slave_capability = 4".to_owned());
            if let Gtids::MariaDb(gtids) = &request.start.gtids
                && !gtids.is_empty()
            {
                // strict: a position the log does not hold is an error, not the next one above it
                statements.push(format!("SET @slave_connect_state = '{gtids}', @slave_gtid_strict_mode = 1"));
            }
        }
    }
    statements
}

/// Puts us on the list of replicas, so that an administrator sees who reads.
fn register(wire: &mut Wire, request: &DumpRequest<'_>) -> Result<(), SourceFailure> {
    let name = reader_name(request.task);
    let mut command = Vec::new();
    ComRegisterSlave::new(request.server_id.get()).with_hostname(name.as_bytes()).serialize(&mut command);
    wire.restart();
    wire.send(&command)?;
    let mut answer = Vec::new();
    wire.receive(&mut answer)?;
    match answer.first() {
        Some(0x00) => Ok(()),
        Some(0xff) => {
            let failure = SourceFailure::from_packet(&answer);
            // 1045 here is no failed login: that is behind us
            Err(match failure.class {
                FailureClass::Login => SourceFailure { class: FailureClass::Privilege, ..failure },
                _ => failure,
            })
        }
        _ => Err(SourceFailure::protocol("the server's answer to a registration makes no sense")),
    }
}

/// COM_BINLOG_DUMP_GTID for MySQL's sets, else COM_BINLOG_DUMP. MariaDB takes its GTIDs from `@slave_connect_state`, and then no file.
fn dump_command(request: &DumpRequest<'_>) -> Result<Vec<u8>, SourceFailure> {
    let server_id = request.server_id.get().to_le_bytes();
    let by_file = |file: &str, offset: u64| {
        let offset = u32::try_from(offset).map_err(|_| {
            SourceFailure::new(
                FailureClass::Setting,
                format!("{file}:{offset} lies beyond 4 GiB, of which the command to a server holds 32 bits"),
            )
        })?;
        let mut command = vec![0x12];
        command.extend_from_slice(&offset.to_le_bytes());
        command.extend_from_slice(&[0, 0]);
        command.extend_from_slice(&server_id);
        command.extend_from_slice(file.as_bytes());
        Ok(command)
    };
    match &request.start.gtids {
        Gtids::MySql(set) => {
            let set = set.encode();
            let mut command = vec![0x1e];
            command.extend_from_slice(&[0, 0]);
            command.extend_from_slice(&server_id);
            command.extend_from_slice(&0_u32.to_le_bytes());
            command.extend_from_slice(&4_u64.to_le_bytes());
            command.extend_from_slice(&(set.len() as u32).to_le_bytes());
            command.extend_from_slice(&set);
            Ok(command)
        }
        Gtids::MariaDb(gtids) if !gtids.is_empty() => by_file("", 4),
        Gtids::MariaDb(_) | Gtids::Off => by_file(&request.start.file.file, request.start.file.offset.max(4)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mysql::position::{BinlogPosition, ServerIdentity};

    fn check(flavor: Flavor, gtids: Gtids, file: &str, offset: u64, command: &[u8], settings_end: &str) {
        let start = Position {
            server: ServerIdentity { flavor, uuid: String::new(), server_id: 1 },
            file: BinlogPosition::new(file, offset),
            gtids,
        };
        let request = DumpRequest {
            start: &start,
            server_id: NonZeroU32::new(7).expect("not zero"),
            uuid: "6c27ed6d-7ee1-11e3-be39-6c626d957cff",
            heartbeat: Duration::from_secs(1),
            event_limit: 1 << 20,
            task: "a.b.c",
        };
        assert_eq!(dump_command(&request).expect("a command"), command);
        let statements = settings(flavor, &request);
        assert!(statements.contains(
            &"SET @master_heartbeat_period = 1000000000, @source_heartbeat_period = 1000000000".to_owned()
        ));
        assert_eq!(statements.last().map(String::as_str), Some(settings_end));
    }

    #[test]
    fn commands_begin_where_the_position_ends() {
        let by_file = b"\x12\x9a\0\0\0\0\0\x07\0\0\0binlog.000002";
        let uuid = "SET @slave_uuid = '6c27ed6d-7ee1-11e3-be39-6c626d957cff', \
                    @replica_uuid = '6c27ed6d-7ee1-11e3-be39-6c626d957cff'";
        check(Flavor::MySql, Gtids::Off, "binlog.000002", 154, by_file, uuid);
        let set = Gtids::MySql("6c27ed6d-7ee1-11e3-be39-6c626d957cff:1-5".parse().expect("a set"));
        let mut by_gtid =
            b"\x1e\0\0\x07\0\0\0\0\0\0\0\x04\0\0\0\0\0\0\0\x30\0\0\0\x01\0\0\0\0\0\0\0".to_vec();
        by_gtid.extend_from_slice(b"\x6c\x27\xed\x6d\x7e\xe1\x11\xe3\xbe\x39\x6c\x62\x6d\x95\x7c\xff");
        by_gtid.extend_from_slice(b"\x01\0\0\0\0\0\0\0\x01\0\0\0\0\0\0\0\x06\0\0\0\0\0\0\0");
        check(Flavor::MySql, set, "binlog.000002", 154, &by_gtid, uuid);
        let maria = Gtids::MariaDb("0-1-100,2-3-4".parse().expect("a position"));
        check(
            Flavor::MariaDb,
            maria,
            "binlog.000002",
            154,
            b"\x12\x04\0\0\0\0\0\x07\0\0\0",
            "SET @slave_connect_state = '0-1-100,2-3-4', @slave_gtid_strict_mode = 1",
        );
        check(
            Flavor::MariaDb,
            Gtids::MariaDb(Default::default()),
            "binlog.000002",
            154,
            by_file,
            "SET @mariadb_slave_capability = 4",
        );
    }
}
