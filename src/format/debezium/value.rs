//! Values as Kafka's `JsonConverter` writes them.

use super::super::json_string::push_jackson_text;
use super::super::json_value::{TextEscapes, push_binary, push_floats, push_number, quoted};
use super::super::labels::{join, label};
use super::super::number::{write_java_double, write_java_float};
use super::super::unsaid::{Unsaid, placeless};
use super::super::{DebeziumJsonOptions, FormatError, Scratch, unscaled};
use super::form::{Form, FormRules};
use crate::mysql::schema::Column;
use crate::mysql::value::{Date, DateTime, Time, Value};
use crate::mysql::{decimal, inet, json, temporal};
use crate::statement::BinaryForm;

const SECONDS_PER_DAY: i64 = 86_400;

/// How values of one column are written.
#[derive(Debug)]
pub struct Cell {
    /// Name at the source, for errors.
    column: String,
    pub(super) form: Form,
    pub(super) may_be_null: bool,
    /// Of ENUM and SET, escaped.
    labels: Vec<Vec<u8>>,
}

impl Cell {
    /// Prepares the values of a column.
    ///
    /// # Errors
    /// When the column is of a character set that is not supported.
    pub(super) fn new(options: &DebeziumJsonOptions, column: &Column) -> Result<Cell, FormatError> {
        let form = Form::of(FormRules::of_json(options), column)?;
        let labels = match &form {
            Form::Enum(labels) | Form::EnumSet(labels) => TextEscapes::Jackson.labels(labels),
            _ => Vec::new(),
        };
        Ok(Cell { column: column.name.clone(), may_be_null: form.may_be_null(column), form, labels })
    }

    /// Appends a value. Returns the number of places of text without a meaning in their character set.
    ///
    /// # Errors
    /// When the value cannot be one of its column.
    pub(super) fn write(
        &self,
        value: &Value<'_>,
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<usize, FormatError> {
        if let Some(kind) = placeless(value) {
            scratch.maps(kind, &self.column)?;
        }
        match (value, &self.form) {
            (Value::Null, _) => push_null(out),
            (Value::Int(number), _) => push_signed(*number, out),
            // Above 2⁶³ − 1 it wraps, as the option says.
            (Value::UInt(number), Form::Int64) => {
                if i64::try_from(*number).is_err() {
                    scratch.maps(Unsaid::Number, &self.column)?;
                }
                push_signed(*number as i64, out);
            }
            (Value::UInt(number), Form::Decimal { number: false, .. }) => {
                unscaled::of_number(*number, |bytes| push_base64(bytes, out));
            }
            (Value::UInt(number), _) => push_number(*number, out),
            (Value::Float(number), _) if number.is_finite() => write_java_float(*number, out),
            (Value::Double(number), _) if number.is_finite() => write_java_double(*number, out),
            (Value::Float(_) | Value::Double(_), _) => {
                return Err(self.wrong("a number that JSON does not have"));
            }
            (Value::Decimal(number), Form::Decimal { number: false, .. }) => {
                let pushed =
                    unscaled::of_decimal(*number, &mut scratch.bytes, |bytes| push_base64(bytes, out));
                pushed.ok_or_else(|| self.wrong("a broken decimal"))?;
            }
            (Value::Decimal(number), form) => {
                scratch.bytes.clear();
                decimal::write_decimal(*number, &mut scratch.bytes);
                self.push_number_of(form, &scratch.bytes, out)?;
            }
            (Value::Bit(bits), Form::Boolean) => push_bool(*bits != 0, out),
            (Value::Bit(value), Form::Bits { bits }) => {
                let length = usize::from(*bits).div_ceil(8).min(8);
                push_base64(&value.to_le_bytes()[..length], out);
            }
            (Value::Year(year), _) => push_number((*year).into(), out),
            (Value::Date(date), _) => self.push_day(*date, scratch, out, i64::from),
            (Value::Time(time), _) => push_signed(micros_of(*time), out),
            (Value::DateTime(value), form) => {
                self.push_day(value.date, scratch, out, |days| since_1970(*value, days, form));
            }
            (Value::Timestamp(value), _) => match (temporal::utc(*value), self.may_be_null) {
                (DateTime { date: Date { month: 0, .. }, .. }, true) => push_null(out),
                (DateTime { date: Date { month: 0, .. }, .. }, false) => {
                    out.extend_from_slice(b"\"1970-01-01T00:00:00Z\"");
                }
                (clock, _) => quoted(out, |out| push_instant(clock, out)),
            },
            (Value::Text(bytes), Form::Text(charset)) => {
                let text = charset.to_utf8(bytes, &mut scratch.text);
                quoted(out, |out| push_jackson_text(text.text, out));
                let broken = text.broken;
                return scratch.converted(broken, &self.column);
            }
            (Value::Bytes(bytes), Form::BytesText(form)) => quoted(out, |out| push_binary(bytes, *form, out)),
            (Value::Bytes(bytes), _) => push_base64(bytes, out),
            (Value::Enum(index), _) => {
                let label = label(&self.labels, *index).map_err(|what| self.wrong(what))?;
                quoted(out, |out| out.extend_from_slice(label));
            }
            (Value::Set(bits), _) => {
                quoted(out, |out| join(&self.labels, *bits, out)).map_err(|what| self.wrong(what))?;
            }
            (Value::Json(document), _) => {
                scratch.bytes.clear();
                json::write_json(*document, &mut scratch.bytes).map_err(|_| self.wrong("broken JSON"))?;
                let text = std::str::from_utf8(&scratch.bytes).map_err(|_| self.wrong("broken JSON"))?;
                quoted(out, |out| push_jackson_text(text, out));
            }
            (Value::Geometry(bytes), form) => self.push_geometry(bytes, form, scratch, out)?,
            (Value::Vector(bytes), _) => self.push_vector(bytes, out)?,
            (Value::Uuid(bytes), _) => quoted(out, |out| inet::write_uuid(bytes, out)),
            (Value::Inet4(bytes), _) => quoted(out, |out| inet::write_inet4(bytes.as_slice(), out)),
            (Value::Inet6(bytes), _) => quoted(out, |out| inet::write_inet6(bytes, out)),
            (Value::Bit(_) | Value::Text(_), _) => return Err(self.wrong("a value of another type")),
        }
        Ok(0)
    }

    /// A DECIMAL by its text.
    fn push_number_of(&self, form: &Form, text: &[u8], out: &mut Vec<u8>) -> Result<(), FormatError> {
        match form {
            Form::DecimalText => quoted(out, |out| out.extend_from_slice(text)),
            Form::DecimalDouble => {
                let number = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
                write_java_double(number.ok_or_else(|| self.wrong("a broken decimal"))?, out);
            }
            Form::Decimal { number: true, .. } => out.extend_from_slice(text),
            _ => return Err(self.wrong("a value of another type")),
        }
        Ok(())
    }

    /// What `number` makes of a day; for a date that no calendar has null, or in a column that cannot be NULL 0, but in a key a
    /// day of its own.
    fn push_day(&self, date: Date, scratch: &Scratch, out: &mut Vec<u8>, number: impl Fn(i32) -> i64) {
        let days = temporal::days_since_1970(date);
        match days.or_else(|| scratch.day_in_key(date).filter(|_| !self.may_be_null)) {
            Some(days) => push_signed(number(days), out),
            None if self.may_be_null => push_null(out),
            None => out.push(b'0'),
        }
    }

    fn push_geometry(
        &self,
        bytes: &[u8],
        form: &Form,
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<(), FormatError> {
        // What a NOT NULL column holds after an INSERT IGNORE without a value.
        let Some((srid, wkb)) = bytes.split_first_chunk::<4>() else {
            if bytes.is_empty() {
                push_null(out);
                return Ok(());
            }
            return Err(self.wrong("a geometry cut short"));
        };
        out.push(b'{');
        if matches!(form, Form::Point) {
            let (x, y) = point(wkb).ok_or_else(|| self.wrong("a geometry that is no point"))?;
            out.extend_from_slice(b"\"x\":");
            write_java_double(x, out);
            out.extend_from_slice(b",\"y\":");
            write_java_double(y, out);
            out.push(b',');
        }
        out.extend_from_slice(b"\"wkb\":");
        push_base64(wkb, out);
        out.extend_from_slice(b",\"srid\":");
        match srid_of(*srid, &self.column, scratch)? {
            0 => push_null(out),
            srid => push_signed(srid.into(), out),
        }
        out.push(b'}');
        Ok(())
    }

    fn push_vector(&self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), FormatError> {
        push_floats(bytes, write_java_float, out).map_err(|what| self.wrong(what))
    }

    fn wrong(&self, what: &'static str) -> FormatError {
        FormatError::Value { column: self.column.clone(), what }
    }
}

/// `2024-03-05T02:20:31.120Z`, with the digits of the column.
pub(super) fn push_instant(clock: DateTime, out: &mut Vec<u8>) {
    let start = out.len();
    temporal::write_datetime(clock, out);
    out[start + "yyyy-mm-dd".len()] = b'T';
    out.push(b'Z');
}

/// The clock of a day read as UTC, in the unit of its form.
pub(super) fn since_1970(value: DateTime, days: i32, form: &Form) -> i64 {
    let clock = (i64::from(value.hour) * 60 + i64::from(value.minute)) * 60 + i64::from(value.second);
    let micros = (i64::from(days) * SECONDS_PER_DAY + clock) * 1_000_000 + i64::from(value.micros);
    if matches!(form, Form::Timestamp) { micros.div_euclid(1_000) } else { micros }
}

pub(super) fn micros_of(time: Time) -> i64 {
    let seconds = (i64::from(time.hour) * 60 + i64::from(time.minute)) * 60 + i64::from(time.second);
    let micros = seconds * 1_000_000 + i64::from(time.micros);
    if time.negative { -micros } else { micros }
}

/// An SRID as the signed number that schemas have for it: it wraps above 2³¹ − 1, as it does in Debezium.
///
/// # Errors
/// When nothing may stand for something else.
pub(super) fn srid_of(bytes: [u8; 4], column: &str, scratch: &mut Scratch) -> Result<i32, FormatError> {
    let srid = i32::from_le_bytes(bytes);
    if srid < 0 {
        scratch.maps(Unsaid::Srid, column)?;
    }
    Ok(srid)
}

/// Coordinates of the WKB of a point.
pub(super) fn point(wkb: &[u8]) -> Option<(f64, f64)> {
    let (head, rest) = wkb.split_first_chunk::<5>()?;
    let (x, rest) = rest.split_first_chunk::<8>()?;
    let (y, rest) = rest.split_first_chunk::<8>()?;
    let (x, y) = match head {
        [1, 1, 0, 0, 0] => (f64::from_le_bytes(*x), f64::from_le_bytes(*y)),
        [0, 0, 0, 0, 1] => (f64::from_be_bytes(*x), f64::from_be_bytes(*y)),
        _ => return None,
    };
    (rest.is_empty() && x.is_finite() && y.is_finite()).then_some((x, y))
}

fn push_null(out: &mut Vec<u8>) {
    out.extend_from_slice(b"null");
}

fn push_bool(value: bool, out: &mut Vec<u8>) {
    out.extend_from_slice(if value { b"true" } else { b"false" });
}

pub(super) fn push_signed(number: i64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

fn push_base64(bytes: &[u8], out: &mut Vec<u8>) {
    quoted(out, |out| push_binary(bytes, BinaryForm::Base64, out));
}
