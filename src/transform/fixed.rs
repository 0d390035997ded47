//! A fixed text as a value of a column's type.

use crate::mysql::column_type::ColumnType;
use crate::mysql::value::{Date, DateTime, Decimal, Value};

/// A value that stands for all values of a column.
#[derive(Clone, PartialEq)]
pub enum Fixed {
    /// Of a character column, in UTF-8.
    Text(String),
    /// Of a signed integer column.
    Int(i64),
    /// Of an unsigned one.
    UInt(u64),
    /// Of a DECIMAL, with all digits of its scale.
    Decimal(String),
    /// Of a FLOAT.
    Float(f32),
    /// Of a DOUBLE.
    Double(f64),
    /// Of a DATE.
    Date(Date),
    /// Of a DATETIME.
    DateTime(DateTime),
    /// Index of an ENUM's label.
    Enum(u16),
}

/// Why a text is no value of a type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FixedError {
    /// It reads as something else.
    #[error("the fixed text is not {0}")]
    IsNot(String),
    /// Of a type for which no text can be given.
    #[error("a column of this type takes no fixed text")]
    NoText,
}

impl Fixed {
    /// Reads a text as a value of `ty`.
    ///
    /// # Errors
    /// It is none, or the type takes no fixed text: those have NULL.
    pub fn parse(text: &str, ty: &ColumnType) -> Result<Fixed, FixedError> {
        let is_not = |what: &str| FixedError::IsNot(what.to_owned());
        let signed = |bits: u32| {
            let limit = 1_i64 << (bits - 1);
            let number = text.parse::<i64>().ok().filter(|number| (-limit..limit).contains(number));
            let what = || is_not(&format!("a whole number from {} to {}", -limit, limit - 1));
            number.map(Fixed::Int).ok_or_else(what)
        };
        let unsigned = |most: u64| {
            let number = text.parse::<u64>().ok().filter(|number| *number <= most);
            number.map(Fixed::UInt).ok_or_else(|| is_not(&format!("a whole number from 0 to {most}")))
        };
        let integer = |is_unsigned: bool, bits: u32| {
            if is_unsigned { unsigned((1 << bits) - 1) } else { signed(bits) }
        };
        match ty {
            ColumnType::Char(_) | ColumnType::VarChar(_) | ColumnType::Text(_) => {
                Ok(Fixed::Text(text.to_owned()))
            }
            ColumnType::TinyInt { unsigned } => integer(*unsigned, 8),
            ColumnType::SmallInt { unsigned } => integer(*unsigned, 16),
            ColumnType::MediumInt { unsigned } => integer(*unsigned, 24),
            ColumnType::Int { unsigned } => integer(*unsigned, 32),
            ColumnType::BigInt { unsigned: true } => unsigned(u64::MAX),
            ColumnType::BigInt { unsigned: false } => {
                let what = || is_not("a whole number of 64 bits");
                text.parse().map(Fixed::Int).map_err(|_| what())
            }
            ColumnType::Decimal { precision, scale } => {
                let what = || is_not(&format!("a number of the type decimal({precision},{scale})"));
                decimal(text, *precision, *scale).map(Fixed::Decimal).ok_or_else(what)
            }
            ColumnType::Float => {
                let number = text.parse().ok().filter(|number: &f32| number.is_finite());
                number.map(Fixed::Float).ok_or_else(|| is_not("a number"))
            }
            ColumnType::Double => {
                let number = text.parse().ok().filter(|number: &f64| number.is_finite());
                number.map(Fixed::Double).ok_or_else(|| is_not("a number"))
            }
            ColumnType::Date => {
                date(text).map(Fixed::Date).ok_or_else(|| is_not("a date such as 1970-01-01"))
            }
            ColumnType::DateTime { fsp } => {
                let what = || is_not("a date and time such as 1970-01-01 00:00:00");
                date_time(text, *fsp).map(Fixed::DateTime).ok_or_else(what)
            }
            ColumnType::Enum(labels) => {
                let index = labels.labels.iter().position(|label| label == text);
                let index = index.and_then(|index| u16::try_from(index + 1).ok());
                index.map(Fixed::Enum).ok_or_else(|| is_not("a label of the column"))
            }
            ColumnType::Bit { .. }
            | ColumnType::Year
            | ColumnType::Time { .. }
            | ColumnType::Timestamp { .. }
            | ColumnType::Binary { .. }
            | ColumnType::VarBinary { .. }
            | ColumnType::Blob { .. }
            | ColumnType::Set(_)
            | ColumnType::Json
            | ColumnType::Geometry
            | ColumnType::Vector
            | ColumnType::Uuid
            | ColumnType::Inet4
            | ColumnType::Inet6 => Err(FixedError::NoText),
        }
    }

    /// As a cell of a row.
    pub(super) fn value(&self) -> Value<'_> {
        match self {
            Fixed::Text(text) => Value::Text(text.as_bytes()),
            Fixed::Int(number) => Value::Int(*number),
            Fixed::UInt(number) => Value::UInt(*number),
            Fixed::Decimal(text) => Value::Decimal(Decimal::Text(text.as_bytes())),
            Fixed::Float(number) => Value::Float(*number),
            Fixed::Double(number) => Value::Double(*number),
            Fixed::Date(date) => Value::Date(*date),
            Fixed::DateTime(value) => Value::DateTime(*value),
            Fixed::Enum(index) => Value::Enum(*index),
        }
    }
}

/// A decimal with all digits of its scale.
fn decimal(text: &str, precision: u8, scale: u8) -> Option<String> {
    let (integer, fraction) = text.split_once('.').unwrap_or((text, ""));
    let (scale, before) = (usize::from(scale), usize::from(precision.saturating_sub(scale)));
    let digits = integer.strip_prefix('-').unwrap_or(integer);
    let are_digits = |part: &str| part.bytes().all(|digit| digit.is_ascii_digit());
    let fits = digits.trim_start_matches('0').len() <= before && fraction.len() <= scale;
    let good = are_digits(digits) && are_digits(fraction) && !digits.is_empty() && fits;
    good.then(|| match scale {
        0 => integer.to_owned(),
        _ => format!("{integer}.{fraction:0<scale$}"),
    })
}

/// Digits of exactly this number, as a number of at most `most`.
pub(super) fn digits(text: &str, length: usize, most: u32) -> Option<u32> {
    let good = text.len() == length && text.bytes().all(|digit| digit.is_ascii_digit());
    good.then(|| text.parse().ok()).flatten().filter(|number| *number <= most)
}

/// `yyyy-mm-dd`.
fn date(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let (year, month) = (digits(year, 4, 9999)? as u16, digits(month, 2, 12)? as u8);
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let date = Date { year, month, day: digits(day, 2, days)? as u8 };
    parts.next().is_none().then_some(date)
}

/// `yyyy-mm-dd hh:mm:ss`, with at most as many digits of fraction as the column has.
pub(super) fn date_time(text: &str, fsp: u8) -> Option<DateTime> {
    let (day, clock) = text.split_once(' ')?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let mut parts = clock.split(':');
    let mut part = |most| digits(parts.next()?, 2, most).map(|number| number as u8);
    let (hour, minute, second) = (part(23)?, part(59)?, part(59)?);
    let whole = parts.next().is_none() && fraction.len() <= usize::from(fsp);
    let micros = match fraction {
        "" => 0,
        fraction => digits(fraction, fraction.len(), 999_999)? * 10_u32.pow(6 - fraction.len() as u32),
    };
    whole.then_some(DateTime { date: date(day)?, hour, minute, second, micros, fsp })
}
