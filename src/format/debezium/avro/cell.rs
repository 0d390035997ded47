//! Values as data of Avro.

use super::super::super::avro::{push_floats, push_unscaled};
use super::super::super::avro_binary::{
    VALUE, push_boolean, push_bytes, push_double, push_float, push_long, push_optional_long, push_written,
};
use super::super::super::avro_cell::{AvroCell, AvroForm, wrong};
use super::super::super::json_value::push_binary;
use super::super::super::labels::{join, label};
use super::super::super::number::shortest_double;
use super::super::super::unsaid::Unsaid;
use super::super::super::{FormatError, Scratch, unscaled};
use super::super::form::{Form, FormRules};
use super::super::value::{micros_of, point, push_instant, since_1970, srid_of};
use crate::mysql::schema::Column;
use crate::mysql::value::{Date, Value};
use crate::mysql::{decimal, json, temporal};

/// How values of one column are written.
pub(in super::super::super) type Cell = AvroCell<Form>;

/// Prepares the values of a column.
///
/// # Errors
/// When the column is of a character set that is not supported.
pub(super) fn cell(rules: FormRules, column: &Column) -> Result<Cell, FormatError> {
    let form = Form::of(rules, column)?;
    let may_be_null = form.may_be_null(column);
    Ok(AvroCell::new(&column.name, form, may_be_null))
}

impl AvroForm for Form {
    fn is_plain_text(&self) -> bool {
        matches!(self, Form::PlainText)
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
            (Value::Int(number), Form::Int16 | Form::Int32 | Form::Int64) => push_long(*number, out),
            // Above 2⁶³ − 1 it wraps, as the option says.
            (Value::UInt(number), Form::Int16 | Form::Int32 | Form::Int64) => {
                if i64::try_from(*number).is_err() {
                    scratch.maps(Unsaid::Number, column)?;
                }
                push_long(*number as i64, out);
            }
            (Value::UInt(number), Form::Decimal { .. }) => {
                unscaled::of_number(*number, |bytes| push_bytes(bytes, out));
            }
            (Value::Float(number), Form::Float) => push_float(*number, out),
            (Value::Float(number), Form::Double) => push_double(shortest_double(*number), out),
            (Value::Double(number), Form::Double) => push_double(*number, out),
            (Value::Decimal(number), Form::Decimal { .. }) => {
                push_unscaled(*number, scratch, out).map_err(wrong)?;
            }
            (Value::Decimal(number), form) => {
                scratch.bytes.clear();
                decimal::write_decimal(*number, &mut scratch.bytes);
                push_number_of(form, &scratch.bytes, out).map_err(wrong)?;
            }
            (Value::Bit(bits), Form::Boolean) => push_boolean(*bits != 0, out),
            (Value::Bit(value), Form::Bits { bits }) => {
                let length = usize::from(*bits).div_ceil(8).min(8);
                push_bytes(&value.to_le_bytes()[..length], out);
            }
            (Value::Year(year), Form::Year) => push_long((*year).into(), out),
            (Value::Date(date), Form::Date) => {
                push_long(day(*date, scratch).unwrap_or_default().into(), out);
            }
            (Value::Time(time), Form::MicroTime) => push_long(micros_of(*time), out),
            (Value::DateTime(value), form @ (Form::Timestamp | Form::MicroTimestamp)) => {
                let number = day(value.date, scratch).map(|days| since_1970(*value, days, form));
                push_long(number.unwrap_or_default(), out);
            }
            (Value::Timestamp(value), Form::ZonedTimestamp) => {
                let clock = temporal::utc(*value);
                if clock.date.month == 0 {
                    push_bytes(b"1970-01-01T00:00:00Z", out);
                } else {
                    push_written(scratch, out, |text| push_instant(clock, text));
                }
            }
            (Value::Text(bytes), Form::Text(charset)) => {
                let text = charset.to_utf8(bytes, &mut scratch.text);
                push_bytes(text.text.as_bytes(), out);
                let broken = text.broken;
                return scratch.converted(broken, column);
            }
            (Value::Bytes(bytes), Form::Bytes) => push_bytes(bytes, out),
            (Value::Bytes(bytes), Form::BytesText(form)) => {
                push_written(scratch, out, |text| push_binary(bytes, *form, text));
            }
            (Value::Enum(index), Form::Enum(labels)) => {
                push_bytes(label(labels, *index).map_err(wrong)?, out);
            }
            (Value::Set(bits), Form::EnumSet(labels)) => {
                push_written(scratch, out, |text| join(labels, *bits, text)).map_err(wrong)?;
            }
            (Value::Json(document), Form::Json) => {
                scratch.bytes.clear();
                json::write_json(*document, &mut scratch.bytes).map_err(|_| wrong("broken JSON"))?;
                push_bytes(&scratch.bytes, out);
            }
            (Value::Geometry(bytes), form @ (Form::Point | Form::Geometry)) => {
                let (srid, wkb) =
                    bytes.split_first_chunk::<4>().ok_or_else(|| wrong("a geometry cut short"))?;
                let srid = srid_of(*srid, column, scratch)?;
                push_geometry(srid, wkb, form, out).map_err(wrong)?;
            }
            (Value::Vector(bytes), Form::FloatVector) => {
                push_floats(bytes, out).ok_or_else(|| wrong("a vector cut short"))?;
            }
            _ => return Err(wrong("a value of another type")),
        }
        Ok(0)
    }
}

/// The day of a date in a column that cannot be NULL. A date that no calendar has is 0, but in a key a day of its own.
fn day(date: Date, scratch: &Scratch) -> Option<i32> {
    temporal::days_since_1970(date).or_else(|| scratch.day_in_key(date))
}

/// Appends a DECIMAL by its text.
fn push_number_of(form: &Form, text: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
    match form {
        Form::DecimalText => push_bytes(text, out),
        Form::DecimalDouble => {
            let number = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
            push_double(number.ok_or("a broken decimal")?, out);
        }
        _ => return Err("a value of another type"),
    }
    Ok(())
}

fn push_geometry(srid: i32, wkb: &[u8], form: &Form, out: &mut Vec<u8>) -> Result<(), &'static str> {
    if matches!(form, Form::Point) {
        let (x, y) = point(wkb).ok_or("a geometry that is no point")?;
        push_double(x, out);
        push_double(y, out);
        // the branch of a WKB
        out.push(VALUE);
    }
    push_bytes(wkb, out);
    push_optional_long((srid != 0).then_some(srid.into()), out);
    Ok(())
}
