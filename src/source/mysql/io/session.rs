//! SQL over one connection: statements as text, prepared statements with binary rows.
//!
//! Every session reads under the same rules: time zone UTC, `sql_mode` empty, no conversion of character data on the way out,
//! REPEATABLE READ, one statement at a time, and on the server it was opened for.

use super::connect::Endpoint;
use super::failure::{FailureClass, SourceFailure};
use super::wire::{Closer, Wire};
use crate::mysql::position::{Flavor, ServerIdentity};
use mysql_common::io::ParseBuf;
use std::time::Duration;

/// How long a statement may run before the server counts as dead. A chunk takes a second; the greatest key of a table whose key
/// is sorted by prefix may take minutes.
const PATIENCE: Duration = Duration::from_secs(600);

/// Types of values in binary rows and parameters, by the protocol's numbers.
/// Source: `field_types.h` of MySQL.
pub(super) mod wire_type {
    pub(crate) const TINY: u8 = 1;
    pub(crate) const SHORT: u8 = 2;
    pub(crate) const LONG: u8 = 3;
    pub(crate) const FLOAT: u8 = 4;
    pub(crate) const DOUBLE: u8 = 5;
    pub(crate) const TIMESTAMP: u8 = 7;
    pub(crate) const LONGLONG: u8 = 8;
    pub(crate) const INT24: u8 = 9;
    pub(crate) const DATE: u8 = 10;
    pub(crate) const TIME: u8 = 11;
    pub(crate) const DATETIME: u8 = 12;
    pub(crate) const YEAR: u8 = 13;
    pub(crate) const VARCHAR: u8 = 15;
    pub(crate) const BIT: u8 = 16;
    pub(crate) const VECTOR: u8 = 242;
    pub(crate) const JSON: u8 = 245;
    pub(crate) const DECIMAL: u8 = 246;
    pub(crate) const TINY_BLOB: u8 = 249;
    pub(crate) const BLOB: u8 = 252;
    pub(crate) const VAR_STRING: u8 = 253;
    pub(crate) const STRING: u8 = 254;
    pub(crate) const GEOMETRY: u8 = 255;
}

/// Set in a column's flags when its integers are unsigned.
const UNSIGNED: u16 = 0x20;

/// A row in text form: one optional byte string per column.
pub struct TextRow(Vec<Option<Vec<u8>>>);

impl TextRow {
    /// A column as UTF-8; `None` for NULL, a column that is not there, or other bytes.
    pub fn text(&self, column: usize) -> Option<&str> {
        std::str::from_utf8(self.0.get(column)?.as_deref()?).ok()
    }

    /// A row of a prepared statement whose `columns` columns are all text.
    pub(super) fn of_binary(packet: &[u8], columns: usize) -> Result<TextRow, SourceFailure> {
        let cut = || SourceFailure::protocol("a row is cut");
        let mut rest = ParseBuf(packet);
        rest.checked_eat_u8().ok_or_else(cut)?;
        let nulls = rest.checked_eat((columns + 9) / 8).ok_or_else(cut)?;
        let mut cells = Vec::with_capacity(columns);
        for at in 0..columns {
            let null = nulls[(at + 2) / 8] & 1 << ((at + 2) % 8) != 0;
            let cell =
                if null { None } else { Some(rest.checked_eat_lenenc_str().ok_or_else(cut)?.to_vec()) };
            cells.push(cell);
        }
        Ok(TextRow(cells))
    }

    /// As [`TextRow::text`], parsed.
    pub fn number<T: std::str::FromStr>(&self, column: usize) -> Option<T> {
        self.text(column)?.parse().ok()
    }
}

/// A column of a result, as far as decoding needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WireColumn {
    /// Type number.
    pub(super) ty: u8,
    /// Integers are unsigned.
    pub(super) unsigned: bool,
    /// Collation number; 63 is binary.
    pub(super) collation: u16,
}

/// A statement the server has prepared on this session.
#[derive(Debug, Clone, Copy)]
pub(super) struct Statement {
    id: u32,
    parameters: u16,
}

/// A bound value. No `Debug`: these are row values.
#[derive(Clone)]
pub(super) enum Parameter {
    /// Signed integer.
    Int(i64),
    /// Unsigned integer.
    UInt(u64),
    /// Double precision.
    Double(f64),
    /// Text in UTF-8.
    Text(String),
    /// Bytes without a character set.
    Bytes(Vec<u8>),
}

/// One connection for SQL.
pub struct Session {
    wire: Wire,
    packet: Vec<u8>,
    identity: ServerIdentity,
    version: String,
}

impl Session {
    /// Connects, logs in, finds out who answers, and sets the rules of reading.
    ///
    /// With `expected`, another server is refused: a proxy or a name that moved leads elsewhere.
    ///
    /// # Errors
    /// Of the connection or the login; [`FailureClass::OtherServer`].
    pub fn open(endpoint: &Endpoint, expected: Option<&ServerIdentity>) -> Result<Session, SourceFailure> {
        let mut session = Session::bare(endpoint, "syncc", PATIENCE, expected)?;
        session.run("SET NAMES utf8mb4")?;
        session.run(
            "SET SESSION character_set_results = NULL, time_zone = '+00:00', sql_mode = '', autocommit = 1, \
             lock_wait_timeout = 30, net_write_timeout = 600, net_read_timeout = 600, sql_big_selects = 1, \
             sql_select_limit = 18446744073709551615",
        )?;
        session.run("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")?;
        session.run(match session.flavor() {
            Flavor::MySql => "SET SESSION max_execution_time = 0",
            Flavor::MariaDb => "SET SESSION max_statement_time = 0",
        })?;
        Ok(session)
    }

    /// Connects and checks who answers, but sets nothing.
    pub(super) fn bare(
        endpoint: &Endpoint,
        program: &str,
        patience: Duration,
        expected: Option<&ServerIdentity>,
    ) -> Result<Session, SourceFailure> {
        let (wire, greeting) = endpoint.connect(program, patience)?;
        let unknown = ServerIdentity { flavor: Flavor::MySql, uuid: String::new(), server_id: 0 };
        let mut session = Session { wire, packet: Vec::new(), identity: unknown, version: greeting.version };
        if let Some(version) = session.scalar("SELECT VERSION()")? {
            session.version = version;
        }
        let named_maria = session.version.contains("MariaDB");
        let flavor = match named_maria || session.has_variable("gtid_binlog_pos")? {
            true => Flavor::MariaDb,
            false => Flavor::MySql,
        };
        let uuid = match flavor {
            Flavor::MySql => session.scalar("SELECT @@GLOBAL.server_uuid")?,
            Flavor::MariaDb if session.has_variable("server_uid")? => {
                session.scalar("SELECT @@GLOBAL.server_uid")?
            }
            Flavor::MariaDb => None,
        };
        let server_id = session.query("SELECT @@GLOBAL.server_id")?.first().and_then(|row| row.number(0));
        session.identity =
            ServerIdentity { flavor, uuid: uuid.unwrap_or_default(), server_id: server_id.unwrap_or(0) };
        match expected {
            Some(expected) if !expected.same_log(&session.identity) => Err(SourceFailure::new(
                FailureClass::OtherServer,
                format!(
                    "{} is now another server: {} instead of {}",
                    endpoint.address(),
                    shown(&session.identity),
                    shown(expected)
                ),
            )),
            _ => Ok(session),
        }
    }

    /// Who answers.
    pub fn identity(&self) -> &ServerIdentity {
        &self.identity
    }

    /// Which family it is of.
    pub fn flavor(&self) -> Flavor {
        self.identity.flavor
    }

    /// `VERSION()`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// A handle that ends the connection from another thread.
    ///
    /// # Errors
    /// When the system has no more file handles.
    pub fn closer(&self) -> Result<Closer, SourceFailure> {
        self.wire.closer()
    }

    /// Takes leave of the server, which otherwise logs a broken connection.
    pub fn quit(mut self) {
        // it may be gone: then there is nobody to tell
        let _ = self.command(0x01, &[]);
    }

    /// The connection, for the dump that it becomes.
    pub(super) fn into_wire(self) -> Wire {
        self.wire
    }

    /// Runs a statement; rows it returns are dropped. `sql` holds no value and no name that was not quoted.
    ///
    /// # Errors
    /// The server's refusal, or a broken connection.
    pub fn run(&mut self, sql: &str) -> Result<(), SourceFailure> {
        self.query(sql).map(drop)
    }

    /// Runs a statement and returns its rows, for small results. `sql` holds no value and no name that was not quoted.
    ///
    /// # Errors
    /// The server's refusal, or a broken connection.
    pub fn query(&mut self, sql: &str) -> Result<Vec<TextRow>, SourceFailure> {
        self.command(0x03, sql.as_bytes())?;
        let columns = self.result_head()?.len();
        let mut rows = Vec::new();
        if columns > 0 {
            while self.next_row()? {
                rows.push(text_row(&self.packet, columns)?);
            }
        }
        Ok(rows)
    }

    /// First column of the first row.
    pub(super) fn scalar(&mut self, sql: &str) -> Result<Option<String>, SourceFailure> {
        Ok(self.query(sql)?.first().and_then(|row| row.text(0)).map(str::to_owned))
    }

    fn has_variable(&mut self, name: &'static str) -> Result<bool, SourceFailure> {
        match self.query(&format!("SELECT @@GLOBAL.{name}")) {
            Ok(_) => Ok(true),
            // unknown system variable
            Err(SourceFailure { code: Some(1193), .. }) => Ok(false),
            Err(failure) => Err(failure),
        }
    }

    /// Has the server prepare a statement; values stand as `?`.
    pub(super) fn prepare(&mut self, sql: &str) -> Result<Statement, SourceFailure> {
        self.command(0x16, sql.as_bytes())?;
        self.receive()?;
        let mut head = ParseBuf(&self.packet);
        let (id, columns, parameters) = match (
            head.checked_eat_u8(),
            head.checked_eat_u32_le(),
            head.checked_eat_u16_le(),
            head.checked_eat_u16_le(),
        ) {
            (Some(0), Some(id), Some(columns), Some(parameters)) => (id, columns, parameters),
            _ => {
                return Err(SourceFailure::protocol(
                    "the server's answer to a prepared statement makes no sense",
                ));
            }
        };
        for count in [parameters, columns] {
            if count > 0 {
                // descriptions, then EOF
                for _ in 0..=count {
                    self.receive()?;
                }
            }
        }
        Ok(Statement { id, parameters })
    }

    /// Forgets a prepared statement.
    pub(super) fn close(&mut self, statement: Statement) -> Result<(), SourceFailure> {
        self.command(0x19, &statement.id.to_le_bytes())
    }

    /// Runs a prepared statement. With at least one column, [`Session::next_row`] is to be called until it says no.
    pub(super) fn execute(
        &mut self,
        statement: Statement,
        parameters: &[Parameter],
    ) -> Result<Vec<WireColumn>, SourceFailure> {
        if parameters.len() != usize::from(statement.parameters) {
            return Err(SourceFailure::protocol(format!(
                "the server counts {} parameters where {} are bound",
                statement.parameters,
                parameters.len()
            )));
        }
        let mut body = statement.id.to_le_bytes().to_vec();
        body.push(0); // no cursor
        body.extend_from_slice(&1_u32.to_le_bytes());
        if !parameters.is_empty() {
            body.extend(std::iter::repeat_n(0, parameters.len().div_ceil(8)));
            body.push(1); // types follow
            for parameter in parameters {
                body.extend_from_slice(&match parameter {
                    Parameter::Int(_) => [wire_type::LONGLONG, 0],
                    Parameter::UInt(_) => [wire_type::LONGLONG, 0x80],
                    Parameter::Double(_) => [wire_type::DOUBLE, 0],
                    Parameter::Text(_) => [wire_type::VAR_STRING, 0],
                    Parameter::Bytes(_) => [wire_type::BLOB, 0],
                });
            }
            for parameter in parameters {
                match parameter {
                    Parameter::Int(value) => body.extend_from_slice(&value.to_le_bytes()),
                    Parameter::UInt(value) => body.extend_from_slice(&value.to_le_bytes()),
                    Parameter::Double(value) => body.extend_from_slice(&value.to_le_bytes()),
                    Parameter::Text(text) => put_bytes(&mut body, text.as_bytes()),
                    Parameter::Bytes(bytes) => put_bytes(&mut body, bytes),
                }
            }
        }
        self.command(0x17, &body)?;
        self.result_head()
    }

    /// Fetches the next row; false at the end. The row is then [`Session::row`].
    pub(super) fn next_row(&mut self) -> Result<bool, SourceFailure> {
        self.receive()?;
        Ok(!(self.packet.first() == Some(&0xfe) && self.packet.len() < 9))
    }

    /// The row that was fetched last, as the server sent it.
    pub(super) fn row(&self) -> &[u8] {
        &self.packet
    }

    fn command(&mut self, number: u8, body: &[u8]) -> Result<(), SourceFailure> {
        let mut packet = Vec::with_capacity(body.len() + 1);
        packet.push(number);
        packet.extend_from_slice(body);
        self.wire.restart();
        self.wire.send(&packet)
    }

    /// Reads a packet; an error of the server is a failure.
    fn receive(&mut self) -> Result<(), SourceFailure> {
        self.packet.clear();
        self.wire.receive(&mut self.packet)?;
        match self.packet.first() {
            Some(0xff) => Err(SourceFailure::from_packet(&self.packet)),
            _ => Ok(()),
        }
    }

    /// Reads what comes before the rows; no columns for a statement without a result.
    fn result_head(&mut self) -> Result<Vec<WireColumn>, SourceFailure> {
        self.receive()?;
        let count = match self.packet.first() {
            Some(0x00) => return Ok(Vec::new()),
            Some(0xfb) => {
                // it will wait for the file until we hang up; the connection is dropped by the failure
                return Err(SourceFailure::protocol("the server asked for a file of this machine"));
            }
            Some(_) => ParseBuf(&self.packet).checked_eat_lenenc_int(),
            None => None,
        };
        // MySQL and MariaDB: 4096 columns at most
        let count = count
            .filter(|count| (1..=4096).contains(count))
            .ok_or_else(|| SourceFailure::protocol("the server announced an impossible result"))?;
        let mut columns = Vec::new();
        for _ in 0..count {
            self.receive()?;
            columns.push(
                wire_column(&self.packet)
                    .ok_or_else(|| SourceFailure::protocol("the server described a column wrongly"))?,
            );
        }
        self.receive()?;
        match self.packet.first() {
            Some(0xfe) => Ok(columns),
            _ => Err(SourceFailure::protocol("the server described more columns than it announced")),
        }
    }
}

fn shown(identity: &ServerIdentity) -> String {
    let flavor = match identity.flavor {
        Flavor::MySql => "MySQL",
        Flavor::MariaDb => "MariaDB",
    };
    format!("{flavor} with server id {} and UUID `{}`", identity.server_id, identity.uuid)
}

fn put_bytes(body: &mut Vec<u8>, bytes: &[u8]) {
    use mysql_common::io::BufMutExt;
    body.put_lenenc_str(bytes);
}

fn wire_column(packet: &[u8]) -> Option<WireColumn> {
    let mut rest = ParseBuf(packet);
    // catalogue, database, table and its alias, column and its alias
    for _ in 0..6 {
        rest.checked_eat_lenenc_str()?;
    }
    rest.checked_eat_lenenc_int()?;
    let collation = rest.checked_eat_u16_le()?;
    rest.checked_eat_u32_le()?;
    let ty = rest.checked_eat_u8()?;
    let flags = rest.checked_eat_u16_le()?;
    Some(WireColumn { ty, unsigned: flags & UNSIGNED != 0, collation })
}

fn text_row(packet: &[u8], columns: usize) -> Result<TextRow, SourceFailure> {
    let mut rest = ParseBuf(packet);
    let mut cells = Vec::with_capacity(columns);
    for _ in 0..columns {
        if rest.0.first() == Some(&0xfb) {
            rest.skip(1);
            cells.push(None);
        } else {
            let cell =
                rest.checked_eat_lenenc_str().ok_or_else(|| SourceFailure::protocol("a row is cut"))?;
            cells.push(Some(cell.to_vec()));
        }
    }
    Ok(TextRow(cells))
}
