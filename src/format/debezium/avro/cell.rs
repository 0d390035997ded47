//! Values as data of Avro.

use super::super::super::avro::push_floats;
use super::super::super::avro_binary::{
    NULL, VALUE, push_boolean, push_bytes, push_double, push_float, push_long, push_optional_long,
};
use super::super::super::avro_fields::FieldValue;
use super::super::super::json_value::push_binary;
use super::super::super::number::shortest_double;
use super::super::super::unsaid::{Unsaid, placeless};
use super::super::super::unscaled::unscaled;
use super::super::super::{FormatError, Scratch};
use super::super::form::{Form, FormRules};
use super::super::value::{micros_of, point, push_instant, since_1970};
use crate::mysql::schema::Column;
use crate::mysql::value::Value;
use crate::mysql::{decimal, inet, json, temporal};

/// How values of one column are written.
#[derive(Debug)]
pub struct Cell {
    /// Name at the source, for errors.
    column: String,
    pub(super) form: Form,
    pub(super) may_be_null: bool,
}

impl Cell {
    /// Prepares the values of a column.
    ///
    /// # Errors
    /// When the column is of a character set that is not supported.
    pub(super) fn new(rules: FormRules, column: &Column) -> Result<Cell, FormatError> {
        let form = Form::of(rules, column)?;
        // A NOT NULL geometry is empty after an INSERT IGNORE without a value.
        let may_be_null = column.nullable || matches!(form, Form::Point | Form::Geometry);
        Ok(Cell { column: column.name.clone(), form, may_be_null })
    }
}

impl FieldValue for Cell {
    fn write(
        &self,
        value: &Value<'_>,
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<usize, FormatError> {
        let unsaid = placeless(value);
        if let Some(kind) = unsaid {
            scratch.maps(kind, &self.column)?;
        }
        if self.may_be_null {
            if unsaid.is_some() || matches!(value, Value::Null) {
                out.push(NULL);
                return Ok(0);
            }
            out.push(VALUE);
        }
        match (value, &self.form) {
            (Value::Null, _) => return Err(self.wrong("NULL, which it cannot hold")),
            (Value::Int(number), Form::Int16 | Form::Int32 | Form::Int64) => push_long(*number, out),
            // Above 2⁶³ − 1 it wraps, as the option says.
            (Value::UInt(number), Form::Int16 | Form::Int32 | Form::Int64) => {
                if i64::try_from(*number).is_err() {
                    scratch.maps(Unsaid::Number, &self.column)?;
                }
                push_long(*number as i64, out);
            }
            (Value::UInt(number), Form::Decimal { .. }) => {
                self.push_unscaled(itoa::Buffer::new().format(*number).as_bytes(), out)?;
            }
            (Value::Float(number), Form::Float) => push_float(*number, out),
            (Value::Float(number), Form::Double) => push_double(shortest_double(*number), out),
            (Value::Double(number), Form::Double) => push_double(*number, out),
            (Value::Decimal(number), form) => {
                scratch.bytes.clear();
                decimal::write_decimal(*number, &mut scratch.bytes);
                self.push_number_of(form, &scratch.bytes, out)?;
            }
            (Value::Bit(bits), Form::Boolean) => push_boolean(*bits != 0, out),
            (Value::Bit(value), Form::Bits { bits }) => {
                let length = usize::from(*bits).div_ceil(8).min(8);
                push_bytes(&value.to_le_bytes()[..length], out);
            }
            (Value::Year(year), Form::Year) => push_long((*year).into(), out),
            // A date that no calendar has, in a column that cannot be NULL, is 0.
            (Value::Date(date), Form::Date) => {
                push_long(temporal::days_since_1970(*date).unwrap_or_default().into(), out);
            }
            (Value::Time(time), Form::MicroTime) => push_long(micros_of(*time), out),
            (Value::DateTime(value), form @ (Form::Timestamp | Form::MicroTimestamp)) => {
                push_long(since_1970(*value, form).unwrap_or_default(), out);
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
                return scratch.converted(broken, &self.column);
            }
            (Value::Bytes(bytes), Form::Bytes) => push_bytes(bytes, out),
            (Value::Bytes(bytes), Form::BytesText(form)) => {
                push_written(scratch, out, |text| push_binary(bytes, *form, text));
            }
            (Value::Enum(0), Form::Enum(_)) => push_bytes(b"", out),
            (Value::Enum(index), Form::Enum(labels)) => {
                let label = labels.get(usize::from(*index) - 1);
                push_bytes(label.ok_or_else(|| self.wrong("an index without a label"))?.as_bytes(), out);
            }
            (Value::Set(bits), Form::EnumSet(labels)) => {
                self.join_labels(*bits, labels, &mut scratch.bytes)?;
                push_bytes(&scratch.bytes, out);
            }
            (Value::Json(document), Form::Json) => {
                scratch.bytes.clear();
                json::write_json(*document, &mut scratch.bytes).map_err(|_| self.wrong("broken JSON"))?;
                push_bytes(&scratch.bytes, out);
            }
            (Value::Geometry(bytes), form @ (Form::Point | Form::Geometry)) => {
                self.push_geometry(bytes, form, out)?;
            }
            (Value::Vector(bytes), Form::FloatVector) => {
                push_floats(bytes, out).ok_or_else(|| self.wrong("a vector cut short"))?;
            }
            (Value::Uuid(bytes), Form::PlainText) => {
                push_written(scratch, out, |text| inet::write_uuid(bytes, text));
            }
            (Value::Inet4(bytes), Form::PlainText) => {
                push_written(scratch, out, |text| inet::write_inet4(bytes.as_slice(), text));
            }
            (Value::Inet6(bytes), Form::PlainText) => {
                push_written(scratch, out, |text| inet::write_inet6(bytes, text));
            }
            _ => return Err(self.wrong("a value of another type")),
        }
        Ok(0)
    }
}

impl Cell {
    /// A DECIMAL by its text.
    fn push_number_of(&self, form: &Form, text: &[u8], out: &mut Vec<u8>) -> Result<(), FormatError> {
        match form {
            Form::DecimalText => push_bytes(text, out),
            Form::DecimalDouble => {
                let number = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok());
                push_double(number.ok_or_else(|| self.wrong("a broken decimal"))?, out);
            }
            Form::Decimal { .. } => self.push_unscaled(text, out)?,
            _ => return Err(self.wrong("a value of another type")),
        }
        Ok(())
    }

    fn push_unscaled(&self, text: &[u8], out: &mut Vec<u8>) -> Result<(), FormatError> {
        unscaled(text, |bytes| push_bytes(bytes, out)).ok_or_else(|| self.wrong("a broken decimal"))
    }

    /// The labels with commas between them, in the order of their declaration.
    fn join_labels(&self, bits: u64, labels: &[String], out: &mut Vec<u8>) -> Result<(), FormatError> {
        out.clear();
        let mut rest = bits;
        while rest != 0 {
            if rest != bits {
                out.push(b',');
            }
            let label = labels.get(rest.trailing_zeros() as usize);
            out.extend_from_slice(label.ok_or_else(|| self.wrong("a bit without a label"))?.as_bytes());
            rest &= rest - 1;
        }
        Ok(())
    }

    fn push_geometry(&self, bytes: &[u8], form: &Form, out: &mut Vec<u8>) -> Result<(), FormatError> {
        let (srid, wkb) = bytes.split_first_chunk::<4>().ok_or_else(|| self.wrong("a geometry cut short"))?;
        if matches!(form, Form::Point) {
            let (x, y) = point(wkb).ok_or_else(|| self.wrong("a geometry that is no point"))?;
            push_double(x, out);
            push_double(y, out);
            // the branch of a WKB
            out.push(VALUE);
        }
        push_bytes(wkb, out);
        let srid = u32::from_le_bytes(*srid);
        push_optional_long((srid != 0).then_some(srid.into()), out);
        Ok(())
    }

    fn wrong(&self, what: &'static str) -> FormatError {
        FormatError::Value { column: self.column.clone(), what }
    }
}

/// Appends a `string` that is made here.
fn push_written(scratch: &mut Scratch, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    scratch.bytes.clear();
    write(&mut scratch.bytes);
    push_bytes(&scratch.bytes, out);
}
