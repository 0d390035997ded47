//! Keys of rows: the same for a row of a SELECT and a row of the log.

use super::decimal::write_decimal;
use super::temporal::{write_date, write_datetime, write_time, write_timestamp};
use super::value::Value;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// One column of a key, exactly as the server has it: stored, and bound to the statement that reads on from there.
///
/// `Debug` tells the kind, never the value: row values do not reach logs.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum KeyPart {
    /// Signed integer; also YEAR.
    Int(i64),
    /// Unsigned integer; also ENUM, SET and BIT as numbers.
    UInt(u64),
    /// DOUBLE as its bits.
    Double(u64),
    /// Text that the server parses back exactly: DECIMAL and temporal types, UUID, INET.
    Literal(String),
    /// Character data in the column's character set.
    Text(Vec<u8>),
    /// Binary data.
    Bytes(Vec<u8>),
}

impl fmt::Debug for KeyPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            KeyPart::Int(_) => "<int>",
            KeyPart::UInt(_) => "<unsigned int>",
            KeyPart::Double(_) => "<double>",
            KeyPart::Literal(_) => "<literal>",
            KeyPart::Text(_) => "<text>",
            KeyPart::Bytes(_) => "<binary>",
        })
    }
}

/// Appends the canonical form of the key made of `columns` of a row: equal for two images exactly when the server stores equal
/// values there, whether they come from a SELECT or from the log. Not ordered, and not meant to be read back.
///
/// Values that are the same to a collation (`a`, `A`) differ here, as they do in the log: both images of an update that changes one
/// into the other have to be taken.
///
/// # Panics
/// When a column is not in the row.
pub fn canonical_key(values: &[Value<'_>], columns: &[usize], out: &mut Vec<u8>) {
    for &column in columns {
        match values[column] {
            Value::Null => out.push(0),
            Value::Int(number) => integer(number < 0, number as u64, out),
            Value::UInt(number) | Value::Bit(number) | Value::Set(number) => integer(false, number, out),
            Value::Year(number) | Value::Enum(number) => integer(false, u64::from(number), out),
            Value::Float(number) => {
                out.push(2);
                out.extend_from_slice(&number.to_bits().to_be_bytes());
            }
            Value::Double(number) => {
                out.push(3);
                out.extend_from_slice(&number.to_bits().to_be_bytes());
            }
            Value::Text(bytes) | Value::Bytes(bytes) | Value::Geometry(bytes) | Value::Vector(bytes) => {
                sized(out, |out| out.extend_from_slice(bytes));
            }
            Value::Decimal(decimal) => sized(out, |out| write_decimal(decimal, out)),
            Value::Date(date) => sized(out, |out| write_date(date, out)),
            Value::Time(time) => sized(out, |out| write_time(time, out)),
            Value::DateTime(datetime) => sized(out, |out| write_datetime(datetime, out)),
            Value::Timestamp(timestamp) => sized(out, |out| write_timestamp(timestamp, out)),
            // No server lets JSON into a key; a damaged document has no text and so no form of its own.
            Value::Json(json) => sized(out, |out| drop(super::json::write_json(json, out))),
            Value::Uuid(bytes) | Value::Inet6(bytes) => sized(out, |out| out.extend_from_slice(bytes)),
            Value::Inet4(bytes) => sized(out, |out| out.extend_from_slice(bytes)),
        }
    }
}

/// Integers of any kind of column.
fn integer(negative: bool, number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(&[1, u8::from(negative)]);
    out.extend_from_slice(&number.to_be_bytes());
}

/// A length, so that `ab`, `c` and `a`, `bc` differ, then what `write` appends.
fn sized(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(4);
    let at = out.len();
    out.extend_from_slice(&[0; 4]);
    write(out);
    let len = (out.len() - at - 4) as u32;
    out[at..at + 4].copy_from_slice(&len.to_be_bytes());
}

/// The parts of the key made of `columns` of a row; `None` when one of them is NULL or of a type that cannot be compared exactly
/// (FLOAT, JSON, geometry, vectors): such a key does not identify rows.
///
/// # Panics
/// When a column is not in the row.
pub fn key_parts(values: &[Value<'_>], columns: &[usize]) -> Option<Vec<KeyPart>> {
    columns.iter().map(|&column| key_part(values[column])).collect()
}

fn key_part(value: Value<'_>) -> Option<KeyPart> {
    Some(match value {
        Value::Int(number) => KeyPart::Int(number),
        Value::Year(number) => KeyPart::Int(i64::from(number)),
        Value::UInt(number) | Value::Bit(number) | Value::Set(number) => KeyPart::UInt(number),
        Value::Enum(number) => KeyPart::UInt(u64::from(number)),
        Value::Double(number) => KeyPart::Double(number.to_bits()),
        Value::Decimal(decimal) => literal(|out| write_decimal(decimal, out)),
        Value::Date(date) => literal(|out| write_date(date, out)),
        Value::Time(time) => literal(|out| write_time(time, out)),
        Value::DateTime(datetime) => literal(|out| write_datetime(datetime, out)),
        Value::Timestamp(timestamp) => literal(|out| write_timestamp(timestamp, out)),
        Value::Text(bytes) => KeyPart::Text(bytes.to_vec()),
        Value::Bytes(bytes) => KeyPart::Bytes(bytes.to_vec()),
        Value::Uuid(bytes) => KeyPart::Literal(super::binlog::gtid::uuid_text(bytes)),
        Value::Inet4(&bytes) => KeyPart::Literal(Ipv4Addr::from(bytes).to_string()),
        Value::Inet6(&bytes) => KeyPart::Literal(Ipv6Addr::from(bytes).to_string()),
        Value::Null | Value::Float(_) | Value::Json(_) | Value::Geometry(_) | Value::Vector(_) => {
            return None;
        }
    })
}

/// What `write` appends; the writers of this crate write ASCII.
fn literal(write: impl FnOnce(&mut Vec<u8>)) -> KeyPart {
    let mut out = Vec::new();
    write(&mut out);
    KeyPart::Literal(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mysql::value::{Decimal, Time};

    #[track_caller]
    fn check_same(one: &[Value<'_>], other: &[Value<'_>], same: bool) {
        let key = |values: &[Value<'_>]| {
            let columns: Vec<usize> = (0..values.len()).collect();
            let mut out = Vec::new();
            canonical_key(values, &columns, &mut out);
            out
        };
        assert_eq!(key(one) == key(other), same);
    }

    #[test]
    fn both_sources_give_the_same_key() {
        let packed = Decimal::Packed { bytes: &[0x80, 0, 0, 19, 90], precision: 10, scale: 2 };
        check_same(&[Value::Decimal(packed)], &[Value::Decimal(Decimal::Text(b"00000019.90"))], true);
        check_same(&[Value::Decimal(packed)], &[Value::Decimal(Decimal::Text(b"19.9"))], false);
        check_same(&[Value::UInt(2)], &[Value::Enum(2)], true);
        check_same(&[Value::Int(-1)], &[Value::UInt(u64::MAX)], false);
        check_same(&[Value::Null], &[Value::Text(b"")], false);
        check_same(&[Value::Text(b"ab"), Value::Text(b"c")], &[Value::Text(b"a"), Value::Text(b"bc")], false);
        check_same(&[Value::Text(b"a ")], &[Value::Text(b"a")], false);
    }

    #[test]
    fn parts() {
        let time = Time { negative: true, hour: 838, minute: 59, second: 59, micros: 0, fsp: 0 };
        let values = [
            Value::Year(0),
            Value::Bit(5),
            Value::Time(time),
            Value::Uuid(&[0x11; 16]),
            Value::Inet6(&[0; 16]),
            Value::Text(b"\xe9"),
            Value::Null,
        ];
        assert!(
            key_parts(&values, &[5, 0, 1, 2, 3, 4])
                == Some(vec![
                    KeyPart::Text(vec![0xe9]),
                    KeyPart::Int(0),
                    KeyPart::UInt(5),
                    KeyPart::Literal("-838:59:59".into()),
                    KeyPart::Literal("11111111-1111-1111-1111-111111111111".into()),
                    KeyPart::Literal("::".into()),
                ])
        );
        assert_eq!(key_parts(&values, &[0, 6]), None);
        assert_eq!(format!("{:?}", KeyPart::Int(5)), "<int>");
    }
}
