//! Rows of a SELECT in the binary protocol → cells equal to those the log gives for the same row.
//!
//! The declared column decides what a value is; the server's description of the result must agree with it, else the table is no
//! longer the one that was looked at.

use super::super::page::is_short_year;
use super::failure::{FailureClass, SourceFailure};
use super::key::timestamp;
use super::row_session::{WireColumn, wire_type as wire};
use crate::change::{Cell, RowBatch};
use crate::mysql::column_type::ColumnType;
use crate::mysql::schema::{Column, TableVersion};
use crate::mysql::value::{Date, DateTime, Time};
use mysql_common::io::ParseBuf;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Collation number of bytes without a character set.
const BINARY: u16 = 63;

/// Checks the description of a result against the columns `at` of the table that were asked for, in order.
///
/// # Errors
/// [`FailureClass::Table`], naming the first column that differs.
pub(super) fn agree(table: &TableVersion, at: &[usize], result: &[WireColumn]) -> Result<(), SourceFailure> {
    if at.len() != result.len() {
        return Err(SourceFailure::protocol(format!(
            "{} columns came where {} were asked for",
            result.len(),
            at.len()
        )));
    }
    for (&at, column) in at.iter().zip(result) {
        let declared = &table.columns[at];
        if !agrees(declared, *column) {
            return Err(SourceFailure::new(
                FailureClass::Table,
                format!(
                    "column `{}` of {} is no longer {} (the server sends type {})",
                    declared.name, table.name, declared.declared, column.ty
                ),
            ));
        }
    }
    Ok(())
}

fn agrees(declared: &Column, result: WireColumn) -> bool {
    let bytes =
        matches!(result.ty, wire::VARCHAR | wire::VAR_STRING | wire::STRING | wire::TINY_BLOB..=wire::BLOB);
    let integer = |ty, unsigned| result.ty == ty && result.unsigned == unsigned;
    // What is asked for as an unsigned number: the server narrows the type as it likes.
    let is_number = result.unsigned
        && matches!(result.ty, wire::TINY | wire::SHORT | wire::INT24 | wire::LONG | wire::LONGLONG);
    match declared.ty {
        ColumnType::TinyInt { unsigned } => integer(wire::TINY, unsigned),
        ColumnType::SmallInt { unsigned } => integer(wire::SHORT, unsigned),
        ColumnType::MediumInt { unsigned } => integer(wire::INT24, unsigned),
        ColumnType::Int { unsigned } => integer(wire::LONG, unsigned),
        ColumnType::BigInt { unsigned } => integer(wire::LONGLONG, unsigned),
        ColumnType::Float => result.ty == wire::FLOAT,
        ColumnType::Double => result.ty == wire::DOUBLE,
        ColumnType::Decimal { .. } => result.ty == wire::DECIMAL,
        ColumnType::Bit { .. } => result.ty == wire::BIT,
        ColumnType::Year if is_short_year(declared) => is_number,
        ColumnType::Year => result.ty == wire::YEAR,
        ColumnType::Date => result.ty == wire::DATE,
        ColumnType::Time { .. } => result.ty == wire::TIME,
        ColumnType::DateTime { .. } => result.ty == wire::DATETIME,
        ColumnType::Timestamp { .. } => result.ty == wire::TIMESTAMP,
        ColumnType::Char(_) | ColumnType::VarChar(_) | ColumnType::Text(_) => {
            bytes && result.collation != BINARY
        }
        ColumnType::Binary { .. } | ColumnType::VarBinary { .. } | ColumnType::Blob { .. } => {
            bytes && result.collation == BINARY
        }
        ColumnType::Enum(_) | ColumnType::Set(_) => is_number,
        ColumnType::Json => result.ty == wire::JSON,
        ColumnType::Geometry => result.ty == wire::GEOMETRY,
        ColumnType::Vector => result.ty == wire::VECTOR || bytes,
        ColumnType::Uuid | ColumnType::Inet4 | ColumnType::Inet6 => bytes,
    }
}

/// Adds one row to `batch`: a cell per column of the table, NULL for those not asked for.
///
/// # Errors
/// [`FailureClass::Protocol`], naming the column whose value is no value of its type.
pub(super) fn decode_row(
    table: &TableVersion,
    at: &[usize],
    result: &[WireColumn],
    packet: &[u8],
    batch: &mut RowBatch,
) -> Result<(), SourceFailure> {
    let mut rest = ParseBuf(packet);
    let nulls = (rest.checked_eat_u8() == Some(0))
        .then(|| rest.checked_eat((result.len() + 9) / 8))
        .flatten()
        .ok_or_else(|| SourceFailure::protocol(format!("a row of {} is cut", table.name)))?;
    let mut next = 0;
    for (index, column) in table.columns.iter().enumerate() {
        if at.get(next) != Some(&index) {
            batch.push(Cell::Null);
            continue;
        }
        let null = nulls[(next + 2) / 8] & 1 << ((next + 2) % 8) != 0;
        let cell = if null { Some(Cell::Null) } else { decode(column, result[next], &mut rest, batch) };
        let cell = cell.ok_or_else(|| {
            SourceFailure::protocol(format!(
                "a value of column `{}` of {} is none of {}",
                column.name, table.name, column.declared
            ))
        })?;
        batch.push(cell);
        next += 1;
    }
    if !rest.is_empty() {
        return Err(SourceFailure::protocol(format!("a row of {} is too long", table.name)));
    }
    Ok(())
}

fn decode(
    column: &Column,
    result: WireColumn,
    rest: &mut ParseBuf<'_>,
    batch: &mut RowBatch,
) -> Option<Cell> {
    Some(match &column.ty {
        ColumnType::TinyInt { .. }
        | ColumnType::SmallInt { .. }
        | ColumnType::MediumInt { .. }
        | ColumnType::Int { .. }
        | ColumnType::BigInt { .. } => integer(result, rest)?,
        ColumnType::Float => Cell::Float(f32::from_bits(rest.checked_eat_u32_le()?)),
        ColumnType::Double => Cell::Double(f64::from_bits(rest.checked_eat_u64_le()?)),
        ColumnType::Decimal { .. } => {
            let (at, len) = decimal(rest.checked_eat_lenenc_str()?, batch);
            Cell::Decimal(at, len)
        }
        ColumnType::Bit { .. } => {
            let bytes = rest.checked_eat_lenenc_str()?;
            if bytes.len() > 8 {
                return None;
            }
            Cell::Bit(bytes.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
        }
        ColumnType::Year if is_short_year(column) => match integer(result, rest)? {
            Cell::UInt(year) => Cell::Year(u16::try_from(year).ok()?),
            _ => return None,
        },
        ColumnType::Year => Cell::Year(rest.checked_eat_u16_le()?),
        ColumnType::Date => Cell::Date(moment(rest)?.0),
        ColumnType::DateTime { fsp } => {
            let (date, hour, minute, second, micros) = moment(rest)?;
            Cell::DateTime(DateTime { date, hour, minute, second, micros, fsp: *fsp })
        }
        ColumnType::Timestamp { fsp } => {
            let (date, hour, minute, second, micros) = moment(rest)?;
            let of_day = (u32::from(hour) * 60 + u32::from(minute)) * 60 + u32::from(second);
            timestamp(date, of_day, micros, *fsp)?
        }
        ColumnType::Time { fsp } => time(rest, *fsp)?,
        ColumnType::Char(_) | ColumnType::VarChar(_) | ColumnType::Text(_) => {
            let (at, len) = batch.store(rest.checked_eat_lenenc_str()?);
            Cell::Text(at, len)
        }
        ColumnType::Binary { bytes } => {
            let value = rest.checked_eat_lenenc_str()?;
            let (at, len) = if value.len() < *bytes as usize {
                let mut padded = value.to_vec();
                padded.resize(*bytes as usize, 0);
                batch.store(&padded)
            } else {
                batch.store(value)
            };
            Cell::Bytes(at, len)
        }
        ColumnType::VarBinary { .. } | ColumnType::Blob { .. } => {
            let (at, len) = batch.store(rest.checked_eat_lenenc_str()?);
            Cell::Bytes(at, len)
        }
        ColumnType::Enum(_) => Cell::Enum(u16::try_from(unsigned(integer(result, rest)?)?).ok()?),
        ColumnType::Set(_) => Cell::Set(unsigned(integer(result, rest)?)?),
        ColumnType::Json => {
            let text = rest.checked_eat_lenenc_str()?;
            // MySQL 5.7 breaks the lines of base64 inside of a string: as JSON has it, and the log's documents are written
            let (at, len) = match memchr::memchr(b'\n', text) {
                None => batch.store(text),
                Some(_) => {
                    batch.store(&text.split(|&byte| byte == b'\n').collect::<Vec<_>>().join(&b"\\n"[..]))
                }
            };
            Cell::Json(at, len)
        }
        ColumnType::Geometry => {
            let (at, len) = batch.store(rest.checked_eat_lenenc_str()?);
            Cell::Geometry(at, len)
        }
        ColumnType::Vector => {
            let (at, len) = batch.store(rest.checked_eat_lenenc_str()?);
            Cell::Vector(at, len)
        }
        ColumnType::Uuid => Cell::Uuid(batch.store(&uuid(rest.checked_eat_lenenc_str()?)?).0),
        ColumnType::Inet4 => {
            let address: Ipv4Addr = std::str::from_utf8(rest.checked_eat_lenenc_str()?).ok()?.parse().ok()?;
            Cell::Inet4(batch.store(&address.octets()).0)
        }
        ColumnType::Inet6 => {
            let address: Ipv6Addr = std::str::from_utf8(rest.checked_eat_lenenc_str()?).ok()?.parse().ok()?;
            Cell::Inet6(batch.store(&address.octets()).0)
        }
    })
}

fn integer(result: WireColumn, rest: &mut ParseBuf<'_>) -> Option<Cell> {
    let (signed, unsigned) = match result.ty {
        wire::TINY => {
            let byte = rest.checked_eat_u8()?;
            (i64::from(byte as i8), u64::from(byte))
        }
        wire::SHORT => {
            let number = rest.checked_eat_u16_le()?;
            (i64::from(number as i16), u64::from(number))
        }
        // three bytes travel as four
        wire::INT24 | wire::LONG => {
            let number = rest.checked_eat_u32_le()?;
            (i64::from(number as i32), u64::from(number))
        }
        wire::LONGLONG => {
            let number = rest.checked_eat_u64_le()?;
            (number as i64, number)
        }
        _ => return None,
    };
    Some(if result.unsigned { Cell::UInt(unsigned) } else { Cell::Int(signed) })
}

fn unsigned(cell: Cell) -> Option<u64> {
    match cell {
        Cell::UInt(number) => Some(number),
        _ => None,
    }
}

/// ZEROFILL puts zeros in front that the log does not have.
fn decimal(text: &[u8], batch: &mut RowBatch) -> (u32, u32) {
    let (sign, digits) = match text {
        [b'-', digits @ ..] => (&b"-"[..], digits),
        digits => (&b""[..], digits),
    };
    let zeros = digits.iter().take_while(|&&digit| digit == b'0').count();
    let needed = match digits.get(zeros) {
        Some(digit) if digit.is_ascii_digit() => zeros,
        _ => zeros.saturating_sub(1),
    };
    let (at, sign_len) = batch.store(sign);
    let (_, len) = batch.store(&digits[needed..]);
    (at, sign_len + len)
}

/// Date, hour, minute, second, microsecond; what the server leaves out is zero.
fn moment(rest: &mut ParseBuf<'_>) -> Option<(Date, u8, u8, u8, u32)> {
    let length = usize::from(rest.checked_eat_u8()?);
    let mut part = ParseBuf(rest.checked_eat(length)?);
    let mut date = Date { year: 0, month: 0, day: 0 };
    let (mut hour, mut minute, mut second, mut micros) = (0, 0, 0, 0);
    if !matches!(length, 0 | 4 | 7 | 11) {
        return None;
    }
    if length >= 4 {
        date = Date {
            year: part.checked_eat_u16_le()?,
            month: part.checked_eat_u8()?,
            day: part.checked_eat_u8()?,
        };
    }
    if length >= 7 {
        (hour, minute, second) = (part.checked_eat_u8()?, part.checked_eat_u8()?, part.checked_eat_u8()?);
    }
    if length == 11 {
        micros = part.checked_eat_u32_le()?;
    }
    Some((date, hour, minute, second, micros))
}

fn time(rest: &mut ParseBuf<'_>, fsp: u8) -> Option<Cell> {
    let length = usize::from(rest.checked_eat_u8()?);
    let mut part = ParseBuf(rest.checked_eat(length)?);
    let mut time = Time { negative: false, hour: 0, minute: 0, second: 0, micros: 0, fsp };
    if !matches!(length, 0 | 8 | 12) {
        return None;
    }
    if length >= 8 {
        time.negative = part.checked_eat_u8()? != 0;
        let days = part.checked_eat_u32_le()?;
        let hour = u32::from(part.checked_eat_u8()?);
        time.hour = u16::try_from(days.checked_mul(24)?.checked_add(hour)?).ok()?;
        (time.minute, time.second) = (part.checked_eat_u8()?, part.checked_eat_u8()?);
    }
    if length == 12 {
        time.micros = part.checked_eat_u32_le()?;
    }
    Some(Cell::Time(time))
}

fn uuid(text: &[u8]) -> Option<[u8; 16]> {
    let mut digits = text.iter().filter(|&&byte| byte != b'-').map(|byte| char::from(*byte).to_digit(16));
    let mut bytes = [0; 16];
    for byte in &mut bytes {
        *byte = (digits.next()?? << 4 | digits.next()??) as u8;
    }
    digits.next().is_none().then_some(bytes)
}
