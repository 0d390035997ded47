//! One cell, borrowed from the bytes it was read from.

use std::fmt;

/// The value of a cell. The same for a row of the log and a row of a SELECT; it has 32 bytes at most, what does not
/// fit is borrowed.
///
/// `Debug` tells kind and length, never the content: row values do not reach logs.
#[derive(Clone, Copy, PartialEq)]
pub enum Value<'b> {
    /// SQL NULL.
    Null,
    /// Signed integer of any width.
    Int(i64),
    /// Unsigned integer of any width.
    UInt(u64),
    /// FLOAT, as its exact 32 bits.
    Float(f32),
    /// DOUBLE.
    Double(f64),
    /// DECIMAL.
    Decimal(Decimal<'b>),
    /// BIT, as a number.
    Bit(u64),
    /// YEAR; 0 is `0000`.
    Year(u16),
    /// DATE.
    Date(Date),
    /// TIME.
    Time(Time),
    /// DATETIME.
    DateTime(DateTime),
    /// TIMESTAMP.
    Timestamp(Timestamp),
    /// Character data in the column's own character set (CHAR, VARCHAR, TEXT).
    Text(&'b [u8]),
    /// Binary data (BINARY already padded to its length).
    Bytes(&'b [u8]),
    /// Index of an ENUM label; 0 is the invalid empty value.
    Enum(u16),
    /// Bits of a SET.
    Set(u64),
    /// JSON.
    Json(Json<'b>),
    /// SRID and WKB.
    Geometry(&'b [u8]),
    /// Little-endian 32-bit floats.
    Vector(&'b [u8]),
    /// MariaDB UUID in text order.
    Uuid(&'b [u8; 16]),
    /// MariaDB INET4 in network order.
    Inet4(&'b [u8; 4]),
    /// MariaDB INET6 in network order.
    Inet6(&'b [u8; 16]),
}

/// An exact decimal: packed as in the log, or the server's text as in a SELECT. Both are written alike.
#[derive(Clone, Copy, PartialEq)]
pub enum Decimal<'b> {
    /// MySQL's packed form, digit groups of nine.
    Packed {
        /// The packed bytes.
        bytes: &'b [u8],
        /// Digits in all.
        precision: u8,
        /// Digits behind the point.
        scale: u8,
    },
    /// Text with all digits of the scale.
    Text(&'b [u8]),
}

/// JSON: MySQL's binary form as in the log, or the server's text as in a SELECT. Both are written alike: as the server prints.
#[derive(Clone, Copy, PartialEq)]
pub enum Json<'b> {
    /// Binary form.
    Binary(&'b [u8]),
    /// Binary form of MySQL before 8.0, which prints whole doubles as integers.
    Binary57(&'b [u8]),
    /// Text in UTF-8.
    Text(&'b [u8]),
}

/// A calendar date; any part may be zero.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Date {
    /// 0…9999.
    pub year: u16,
    /// 0…12.
    pub month: u8,
    /// 0…31.
    pub day: u8,
}

/// A duration or time of day with the fraction digits of its column.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Time {
    /// Below zero.
    pub negative: bool,
    /// 0…838.
    pub hour: u16,
    /// 0…59.
    pub minute: u8,
    /// 0…59.
    pub second: u8,
    /// 0…999 999.
    pub micros: u32,
    /// Digits of the fraction, 0…6.
    pub fsp: u8,
}

/// Date and time without a zone, with the fraction digits of its column.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DateTime {
    /// The day.
    pub date: Date,
    /// 0…23.
    pub hour: u8,
    /// 0…59.
    pub minute: u8,
    /// 0…59.
    pub second: u8,
    /// 0…999 999.
    pub micros: u32,
    /// Digits of the fraction, 0…6.
    pub fsp: u8,
}

/// An instant; `seconds` 0 with `micros` 0 is the zero timestamp `0000-00-00 00:00:00`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Timestamp {
    /// Seconds since 1970 UTC; unsigned since MariaDB 11.5.
    pub seconds: u32,
    /// 0…999 999.
    pub micros: u32,
    /// Digits of the fraction, 0…6.
    pub fsp: u8,
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, bytes) = match self {
            Value::Null => ("null", 0),
            Value::Int(_) => ("int", 8),
            Value::UInt(_) => ("unsigned int", 8),
            Value::Float(_) => ("float", 4),
            Value::Double(_) => ("double", 8),
            Value::Decimal(Decimal::Packed { bytes, .. } | Decimal::Text(bytes)) => ("decimal", bytes.len()),
            Value::Bit(_) => ("bit", 8),
            Value::Year(_) => ("year", 2),
            Value::Date(_) => ("date", 4),
            Value::Time(_) => ("time", 8),
            Value::DateTime(_) => ("datetime", 12),
            Value::Timestamp(_) => ("timestamp", 8),
            Value::Text(bytes) => ("text", bytes.len()),
            Value::Bytes(bytes) => ("binary", bytes.len()),
            Value::Enum(_) => ("enum", 2),
            Value::Set(_) => ("set", 8),
            Value::Json(Json::Binary(bytes) | Json::Binary57(bytes) | Json::Text(bytes)) => {
                ("json", bytes.len())
            }
            Value::Geometry(bytes) => ("geometry", bytes.len()),
            Value::Vector(bytes) => ("vector", bytes.len()),
            Value::Uuid(_) => ("uuid", 16),
            Value::Inet4(_) => ("inet4", 4),
            Value::Inet6(_) => ("inet6", 16),
        };
        write!(f, "<{kind}, {bytes} bytes>")
    }
}

/// The empty vector with the room of `values`, for values of another block: a thread that reads rows keeps its vectors.
pub fn recycle<'b>(mut values: Vec<Value<'_>>) -> Vec<Value<'b>> {
    values.clear();
    // Collecting a vector into one of values of the same size re-uses its memory.
    values.into_iter().map(|_| Value::Null).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recycling_keeps_the_room() {
        let block = vec![1, 2, 3];
        let mut values = Vec::with_capacity(100);
        values.push(Value::Text(&block));
        let pointer = values.as_ptr() as usize;
        let again: Vec<Value<'static>> = recycle(values);
        assert_eq!((again.len(), again.capacity(), again.as_ptr() as usize), (0, 100, pointer));
        assert!(size_of::<Value<'_>>() <= 32);
    }

    #[test]
    fn debug_does_not_tell_values() {
        assert_eq!(format!("{:?}", Value::Text(b"secret")), "<text, 6 bytes>");
    }
}
