//! SQL whose rows are the bytes of the log: prepared statements with binary rows, one at a time, as they come from the socket.
//!
//! The rules of reading are those of every session ([`set_rules`]); a view lasts from statement to statement.

use super::ask::{self, Ask, set_rules};
use super::closer::Closer;
use super::connect::Endpoint;
use super::failure::SourceFailure;
use super::text_row::TextRow;
use super::wire::Wire;
use crate::mysql::position::ServerIdentity;
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

/// One connection for rows.
pub(super) struct RowSession {
    wire: Wire,
    packet: Vec<u8>,
    identity: ServerIdentity,
    /// Begins every statement, so that the server's list of processes tells whose it is.
    comment: String,
}

impl Ask for RowSession {
    fn identity(&self) -> &ServerIdentity {
        &self.identity
    }

    fn query(&mut self, sql: &str) -> Result<Vec<TextRow>, SourceFailure> {
        let sql = format!("{}{sql}", self.comment);
        self.command(0x03, sql.as_bytes())?;
        let columns = self.result_head()?.len();
        let mut rows = Vec::new();
        if columns > 0 {
            while self.next_row()? {
                rows.push(TextRow::of_packet(&self.packet, columns)?);
            }
        }
        Ok(rows)
    }
}

impl RowSession {
    /// Connects, logs in, finds out who answers, and sets the rules of reading; the server ends a statement that runs
    /// longer than `limit`.
    ///
    /// # Errors
    /// Of the connection or the login; [`FailureClass::OtherServer`](super::FailureClass::OtherServer).
    pub(super) fn open(
        endpoint: &Endpoint,
        expected: &ServerIdentity,
        limit: Duration,
    ) -> Result<RowSession, SourceFailure> {
        let mut session = RowSession::bare(endpoint, PATIENCE, expected)?;
        set_rules(&mut session, limit)?;
        Ok(session)
    }

    /// Connects and checks who answers, but sets nothing.
    pub(super) fn bare(
        endpoint: &Endpoint,
        patience: Duration,
        expected: &ServerIdentity,
    ) -> Result<RowSession, SourceFailure> {
        let wire = endpoint.connect(patience)?;
        let mut session =
            RowSession { wire, packet: Vec::new(), identity: ask::nobody(), comment: endpoint.comment() };
        let (identity, _) = ask::who(&mut session, Some(expected)).map_err(|failure| endpoint.at(failure))?;
        session.identity = identity;
        Ok(session)
    }

    /// A handle that ends the connection from another thread.
    pub(super) fn closer(&self) -> Result<Closer, SourceFailure> {
        self.wire.closer()
    }

    /// Takes leave of the server, which otherwise logs a broken connection.
    pub(super) fn quit(mut self) {
        // it may be gone: then there is nobody to tell
        let _ = self.command(0x01, &[]);
    }

    /// The connection, for the dump that it becomes.
    pub(super) fn into_wire(self) -> Wire {
        self.wire
    }

    /// Has the server prepare a statement; values stand as `?`.
    pub(super) fn prepare(&mut self, sql: &str) -> Result<Statement, SourceFailure> {
        let sql = format!("{}{sql}", self.comment);
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

    /// Runs a prepared statement. With at least one column, [`RowSession::next_row`] is to be called until it says no.
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

    /// Fetches the next row; false at the end. The row is then [`RowSession::row`].
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
