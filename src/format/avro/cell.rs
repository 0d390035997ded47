//! Values as data of Avro.

use super::super::avro_binary::{push_boolean, push_bytes, push_double, push_float, push_long, push_written};
use super::super::avro_cell::{AvroCell, AvroForm, wrong};
use super::super::labels::{label, of_set};
use super::super::unsaid::Unsaid;
use super::super::{AvroOptions, FormatError, Scratch, unscaled};
use super::form::Form;
use crate::mysql::schema::Column;
use crate::mysql::value::{DateTime, Decimal, Time, Value};
use crate::mysql::{decimal, json, temporal};

const SECONDS_PER_DAY: i64 = 86_400;
const MICROS: i64 = 1_000_000;

/// How values of one column are written.
pub(in super::super) type Cell = AvroCell<Form>;

/// Prepares the values of a column.
///
/// # Errors
/// When the column is of a character set that is not supported.
pub(super) fn cell(options: &AvroOptions, column: &Column) -> Result<Cell, FormatError> {
    let form = Form::of(options, column)?;
    let may_be_null = column.nullable || form.has_holes();
    Ok(AvroCell::new(&column.name, form, may_be_null))
}

impl AvroForm for Form {
    fn is_plain_text(&self) -> bool {
        matches!(self, Form::Uuid | Form::Address)
    }

    fn write(
        &self,
        value: &Value<'_>,
        column: &str,
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<usize, FormatError> {
        let wrong = |what| wrong(column, what);
        match (value, self) {
            (Value::Int(number), Form::Int | Form::Long) => push_long(*number, out),
            // Above 2⁶³ − 1 it wraps, as the option says.
            (Value::UInt(number) | Value::Bit(number), Form::Int | Form::Long) => {
                if i64::try_from(*number).is_err() {
                    scratch.maps(Unsaid::Number, column)?;
                }
                push_long(*number as i64, out);
            }
            (Value::UInt(number) | Value::Bit(number), Form::NumberText) => {
                push_bytes(itoa::Buffer::new().format(*number).as_bytes(), out);
            }
            (Value::UInt(number) | Value::Bit(number), Form::Decimal { .. }) => {
                unscaled::of_number(*number, |bytes| push_bytes(bytes, out));
            }
            (Value::Bit(bit), Form::Boolean) => push_boolean(*bit != 0, out),
            (Value::Float(number), Form::Float) => push_float(*number, out),
            (Value::Double(number), Form::Double) => push_double(*number, out),
            (Value::Decimal(number), Form::Decimal { .. }) => {
                push_unscaled(*number, scratch, out).map_err(wrong)?;
            }
            (Value::Decimal(number), Form::NumberText) => {
                push_written(scratch, out, |text| decimal::write_decimal(*number, text));
            }
            (Value::Year(year), Form::Int) => push_long((*year).into(), out),
            (Value::Date(date), Form::Date) => {
                push_long(temporal::days_since_1970(*date).unwrap_or_default().into(), out);
            }
            (Value::Time(time), Form::Time) => push_long(micros_of(*time), out),
            (Value::DateTime(value), Form::DateTime) => {
                push_long(micros_since_1970(*value).unwrap_or_default(), out);
            }
            (Value::Timestamp(value), Form::Timestamp) => {
                push_long(i64::from(value.seconds) * MICROS + i64::from(value.micros), out);
            }
            (Value::Text(bytes), Form::Text(charset)) => {
                let text = charset.to_utf8(bytes, &mut scratch.text);
                push_bytes(text.text.as_bytes(), out);
                let broken = text.broken;
                return scratch.converted(broken, column);
            }
            (Value::Bytes(bytes), Form::Bytes) => push_bytes(bytes, out),
            (Value::Enum(index), Form::Int) => push_long((*index).into(), out),
            (Value::Enum(index), Form::Label(labels)) => {
                push_bytes(label(labels, *index).map_err(wrong)?, out);
            }
            (Value::Set(bits), Form::Long) => push_long(*bits as i64, out),
            (Value::Set(bits), Form::Labels(labels)) => push_labels(*bits, labels, out).map_err(wrong)?,
            (Value::Json(document), Form::Json) => {
                scratch.bytes.clear();
                json::write_json(*document, &mut scratch.bytes).map_err(|_| wrong("broken JSON"))?;
                push_bytes(&scratch.bytes, out);
            }
            (Value::Geometry(bytes), Form::Geometry) => {
                let (srid, wkb) =
                    bytes.split_first_chunk::<4>().ok_or_else(|| wrong("a geometry cut short"))?;
                push_long(u32::from_le_bytes(*srid).into(), out);
                push_bytes(wkb, out);
            }
            (Value::Vector(bytes), Form::Vector) => {
                push_floats(bytes, out).ok_or_else(|| wrong("a vector cut short"))?;
            }
            _ => return Err(wrong("a value of another type")),
        }
        Ok(0)
    }
}

/// Appends a decimal as `bytes`: its digits as one number.
pub(in super::super) fn push_unscaled(
    number: Decimal<'_>,
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) -> Result<(), &'static str> {
    let pushed = unscaled::of_decimal(number, &mut scratch.bytes, |bytes| push_bytes(bytes, out));
    pushed.ok_or("a broken decimal")
}

/// Appends an array of the labels of SET.
fn push_labels(bits: u64, labels: &[String], out: &mut Vec<u8>) -> Result<(), &'static str> {
    if bits != 0 {
        push_long(bits.count_ones().into(), out);
    }
    for label in of_set(labels, bits) {
        push_bytes(label?, out);
    }
    // the end of the array
    out.push(0);
    Ok(())
}

/// Appends an array of the numbers of a VECTOR; none when a number is cut short.
pub(in super::super) fn push_floats(bytes: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let (numbers, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        return None;
    }
    if !numbers.is_empty() {
        push_long(numbers.len() as i64, out);
    }
    for number in numbers {
        // both sides have the lowest byte first
        out.extend_from_slice(number);
    }
    out.push(0);
    Some(())
}

fn micros_of(time: Time) -> i64 {
    let seconds = (i64::from(time.hour) * 60 + i64::from(time.minute)) * 60 + i64::from(time.second);
    let micros = seconds * MICROS + i64::from(time.micros);
    if time.negative { -micros } else { micros }
}

/// The clock as µs since 1970; none for a date that no calendar has.
fn micros_since_1970(value: DateTime) -> Option<i64> {
    let days = temporal::days_since_1970(value.date)?;
    let clock = (i64::from(value.hour) * 60 + i64::from(value.minute)) * 60 + i64::from(value.second);
    Some((i64::from(days) * SECONDS_PER_DAY + clock) * MICROS + i64::from(value.micros))
}
