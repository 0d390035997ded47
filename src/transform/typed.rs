//! Values of columns as people write them in JSON.

use super::fixed::{Fixed, FixedError, date_time, digits};
use crate::mysql::column_type::{ColumnType, Text};
use crate::mysql::value::{DateTime, Json, Time, Timestamp, Value};
use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use serde_json::Value as Written;
use std::net::{Ipv4Addr, Ipv6Addr};

/// A value of a column.
pub enum Typed {
    /// NULL.
    Null,
    /// Of a type whose values have a plain text.
    Plain(Fixed),
    /// Binary data.
    Bytes(Vec<u8>),
    /// A document.
    Json(String),
    /// BIT.
    Bit(u64),
    /// YEAR.
    Year(u16),
    /// TIME.
    Time(Time),
    /// TIMESTAMP.
    Timestamp(Timestamp),
    /// Bits of the labels of a SET.
    Set(u64),
    /// UUID.
    Uuid([u8; 16]),
    /// INET4.
    Inet4([u8; 4]),
    /// INET6.
    Inet6([u8; 16]),
}

impl Typed {
    /// Reads a value of `ty`: numbers and texts as in SQL, TIMESTAMP in UTC, binary data as text or `{"base64":"…"}`, SET as text with
    /// commas, JSON as itself.
    ///
    /// # Errors
    /// It is none, or the type has no form that could be written.
    pub fn parse(written: &Written, ty: &ColumnType) -> Result<Typed, FixedError> {
        if let ColumnType::Json = ty {
            return Ok(match written {
                Written::Null => Typed::Null,
                document => Typed::Json(document.to_string()),
            });
        }
        let is_not = |what: &str| FixedError::IsNot(what.to_owned());
        let text = match written {
            Written::Null => return Ok(Typed::Null),
            Written::String(text) => text.clone(),
            Written::Number(number) => number.to_string(),
            Written::Bool(truth) => u8::from(*truth).to_string(),
            Written::Object(_) | Written::Array(_) => String::new(),
        };
        match ty {
            ColumnType::Char(column) | ColumnType::VarChar(column) | ColumnType::Text(column) => {
                let is_known = text.is_ascii() || is_utf8(column);
                let what = || is_not(&format!("ASCII: other signs of {} cannot be written", column.charset));
                if is_known { Fixed::parse(&text, ty).map(Typed::Plain) } else { Err(what()) }
            }
            ColumnType::Binary { .. } | ColumnType::VarBinary { .. } | ColumnType::Blob { .. } => {
                let bytes = match written.get("base64").and_then(Written::as_str) {
                    Some(digits) => BASE64.decode(digits.as_bytes()).map_err(|_| is_not("base64"))?,
                    None if written.is_object() => return Err(is_not("a text, or an object with `base64`")),
                    None => text.into_bytes(),
                };
                Ok(Typed::Bytes(match ty {
                    ColumnType::Binary { bytes: length } => padded(bytes, *length as usize),
                    _ => bytes,
                }))
            }
            ColumnType::Bit { bits } => {
                let number = text.parse().ok().filter(|number: &u64| *bits >= 64 || *number < 1 << bits);
                number.map(Typed::Bit).ok_or_else(|| is_not(&format!("a number of {bits} bits")))
            }
            ColumnType::Year => {
                let year = text.parse().ok().filter(|year| *year == 0 || (1901..=2155).contains(year));
                year.map(Typed::Year).ok_or_else(|| is_not("a year"))
            }
            ColumnType::Time { fsp } => {
                time(&text, *fsp).map(Typed::Time).ok_or_else(|| is_not("a time such as 10:20:30"))
            }
            ColumnType::Timestamp { fsp } => date_time(&text, *fsp)
                .and_then(instant)
                .map(Typed::Timestamp)
                .ok_or_else(|| is_not("a date and time in UTC such as 2024-03-05 02:20:31")),
            ColumnType::Set(labels) => {
                let bit = |label: &str| labels.labels.iter().position(|known| known == label);
                let chosen = text.split(',').filter(|label| !label.is_empty());
                let mut bits = chosen.map(|label| bit(label).map(|at| 1_u64 << at));
                let bits = bits.try_fold(0, |all, bit| bit.map(|bit| all | bit));
                bits.map(Typed::Set).ok_or_else(|| is_not("a list of labels of the column"))
            }
            ColumnType::Uuid => {
                let digits = HEXLOWER_PERMISSIVE.decode(text.replace('-', "").as_bytes()).ok();
                let bytes = digits.and_then(|digits| digits.try_into().ok());
                bytes.map(Typed::Uuid).ok_or_else(|| is_not("a UUID"))
            }
            ColumnType::Inet4 => {
                let address = text.parse().map(|address: Ipv4Addr| Typed::Inet4(address.octets()));
                address.map_err(|_| is_not("an IPv4 address"))
            }
            ColumnType::Inet6 => {
                let address = text.parse().map(|address: Ipv6Addr| Typed::Inet6(address.octets()));
                address.map_err(|_| is_not("an IPv6 address"))
            }
            ColumnType::Geometry | ColumnType::Vector => Err(FixedError::NoText),
            _ => Fixed::parse(&text, ty).map(Typed::Plain),
        }
    }

    /// As a cell of a row.
    pub fn value(&self) -> Value<'_> {
        match self {
            Typed::Null => Value::Null,
            Typed::Plain(fixed) => fixed.value(),
            Typed::Bytes(bytes) => Value::Bytes(bytes),
            Typed::Json(text) => Value::Json(Json::Text(text.as_bytes())),
            Typed::Bit(bits) => Value::Bit(*bits),
            Typed::Year(year) => Value::Year(*year),
            Typed::Time(time) => Value::Time(*time),
            Typed::Timestamp(instant) => Value::Timestamp(*instant),
            Typed::Set(bits) => Value::Set(*bits),
            Typed::Uuid(bytes) => Value::Uuid(bytes),
            Typed::Inet4(bytes) => Value::Inet4(bytes),
            Typed::Inet6(bytes) => Value::Inet6(bytes),
        }
    }
}

fn is_utf8(column: &Text) -> bool {
    matches!(column.charset.as_str(), "utf8mb4" | "utf8mb3" | "utf8")
}

fn padded(mut bytes: Vec<u8>, length: usize) -> Vec<u8> {
    bytes.resize(length.max(bytes.len()), 0);
    bytes
}

/// `[-]hh:mm:ss`, with at most as many digits of fraction as the column has.
fn time(text: &str, fsp: u8) -> Option<Time> {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (clock, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut parts = clock.split(':');
    let hour = parts.next()?;
    let hour = digits(hour, hour.len(), 838)? as u16;
    let mut part = || digits(parts.next()?, 2, 59).map(|number| number as u8);
    let (minute, second) = (part()?, part()?);
    let whole = parts.next().is_none() && fraction.len() <= usize::from(fsp);
    let micros = match fraction {
        "" => 0,
        fraction => digits(fraction, fraction.len(), 999_999)? * 10_u32.pow(6 - fraction.len() as u32),
    };
    whole.then_some(Time { negative, hour, minute, second, micros, fsp })
}

/// The instant of a date and time in UTC; none before 1970 and after 2106.
fn instant(at: DateTime) -> Option<Timestamp> {
    let DateTime { date, hour, minute, second, micros, fsp } = at;
    // Counts years from March, so that the leap day is the last of its year.
    let year = i64::from(date.year) - i64::from(date.month <= 2);
    let of_year = (153 * ((i64::from(date.month) + 9) % 12) + 2) / 5 + i64::from(date.day) - 1;
    let days =
        365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - 719_468;
    let seconds = days * 86_400 + i64::from(hour) * 3_600 + i64::from(minute) * 60 + i64::from(second);
    Some(Timestamp { seconds: u32::try_from(seconds).ok()?, micros, fsp })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mysql::temporal::write_timestamp;
    use serde_json::json;

    #[test]
    fn values_are_read_by_the_type_of_their_column() {
        let parse = |written: Written, ty: ColumnType| Typed::parse(&written, &ty);
        let is = |written: Written, ty: ColumnType, value: Value<'_>| {
            let typed = parse(written.clone(), ty).unwrap_or_else(|error| panic!("{written}: {error}"));
            assert!(typed.value() == value, "{written}");
        };
        is(json!(null), ColumnType::Json, Value::Null);
        is(json!({"a": [1, "x"]}), ColumnType::Json, Value::Json(Json::Text(br#"{"a":[1,"x"]}"#)));
        is(json!(7), ColumnType::BigInt { unsigned: true }, Value::UInt(7));
        is(json!("7"), ColumnType::Int { unsigned: false }, Value::Int(7));
        is(json!(true), ColumnType::TinyInt { unsigned: false }, Value::Int(1));
        is(json!("ab"), ColumnType::Binary { bytes: 3 }, Value::Bytes(b"ab\0"));
        is(json!({"base64": "/wA="}), ColumnType::VarBinary { bytes: 9 }, Value::Bytes(b"\xff\0"));
        is(json!(5), ColumnType::Bit { bits: 3 }, Value::Bit(5));
        is(json!(2024), ColumnType::Year, Value::Year(2024));
        let labels = crate::mysql::column_type::Labels { labels: vec!["a".into(), "b".into(), "c".into()] };
        is(json!("a,c"), ColumnType::Set(labels), Value::Set(5));
        is(json!("127.0.0.1"), ColumnType::Inet4, Value::Inet4(&[127, 0, 0, 1]));
        let time = Time { negative: true, hour: 100, minute: 2, second: 3, micros: 500_000, fsp: 2 };
        is(json!("-100:02:03.5"), ColumnType::Time { fsp: 2 }, Value::Time(time));
        for (written, ty) in [
            (json!(8), ColumnType::Bit { bits: 3 }),
            (json!("24:61:00"), ColumnType::Time { fsp: 0 }),
            (json!("1969-12-31 23:59:59"), ColumnType::Timestamp { fsp: 0 }),
            (json!("x"), ColumnType::Uuid),
            (json!([1]), ColumnType::Int { unsigned: false }),
            (json!("x"), ColumnType::Geometry),
        ] {
            assert!(parse(written.clone(), ty).is_err(), "{written}");
        }
    }

    #[test]
    fn timestamps_are_in_utc() {
        for text in ["2024-02-29 23:59:59.120", "1970-01-01 00:00:01.000", "2106-02-07 06:28:15.000"] {
            let Ok(Typed::Timestamp(instant)) = Typed::parse(&json!(text), &ColumnType::Timestamp { fsp: 3 })
            else {
                panic!("{text}")
            };
            let mut shown = Vec::new();
            write_timestamp(instant, &mut shown);
            assert_eq!(String::from_utf8_lossy(&shown), text);
        }
    }
}
