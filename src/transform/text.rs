//! The text of a value, by which it is hashed and cut.
//!
//! It is what the server prints, in UTF-8, with four exceptions that make it one text for one value: floats have all digits
//! that they need and never an exponent, BIT is a number, TIMESTAMP is UTC, and bytes (BINARY, BLOB, GEOMETRY, VECTOR) are
//! themselves. `pipelines/masks.md` shows it type by type.

use crate::mysql::charset::{Charset, CharsetError};
use crate::mysql::column_type::ColumnType;
use crate::mysql::value::Value;
use crate::mysql::{decimal, inet, json, temporal};
use std::io::Write;

/// How values of one column become text.
#[derive(Debug)]
pub(super) enum TextForm {
    /// Characters of this set.
    Characters(Charset),
    /// Labels of ENUM or SET.
    Labels(Vec<String>),
    /// The value alone says it.
    Plain,
}

impl TextForm {
    /// # Errors
    /// A character set that is not supported.
    pub(super) fn new(ty: &ColumnType) -> Result<TextForm, CharsetError> {
        Ok(match ty {
            ColumnType::Enum(labels) | ColumnType::Set(labels) => TextForm::Labels(labels.labels.clone()),
            ty => match ty.as_text() {
                Some(text) => TextForm::Characters(Charset::from_name(&text.charset)?),
                None => TextForm::Plain,
            },
        })
    }

    /// Appends the text of a value, nothing for NULL. Returns how many places had no meaning in their character set.
    ///
    /// # Errors
    /// What is wrong with the value, without the value.
    pub(super) fn write(
        &self,
        value: &Value<'_>,
        scratch: &mut String,
        out: &mut Vec<u8>,
    ) -> Result<usize, &'static str> {
        match value {
            Value::Null => {}
            Value::Int(number) => out.extend_from_slice(itoa::Buffer::new().format(*number).as_bytes()),
            Value::UInt(number) | Value::Bit(number) => {
                out.extend_from_slice(itoa::Buffer::new().format(*number).as_bytes());
            }
            // Writing to a vector cannot fail.
            Value::Float(number) => drop(write!(out, "{number}")),
            Value::Double(number) => drop(write!(out, "{number}")),
            Value::Decimal(number) => decimal::write_decimal(*number, out),
            Value::Year(year) => drop(write!(out, "{year:04}")),
            Value::Date(date) => temporal::write_date(*date, out),
            Value::Time(time) => temporal::write_time(*time, out),
            Value::DateTime(value) => temporal::write_datetime(*value, out),
            Value::Timestamp(value) => temporal::write_timestamp(*value, out),
            Value::Text(bytes) => {
                let TextForm::Characters(charset) = self else {
                    return Err("text, but its type has no characters");
                };
                let text = charset.to_utf8(bytes, scratch);
                out.extend_from_slice(text.text.as_bytes());
                return Ok(text.broken);
            }
            Value::Bytes(bytes) | Value::Geometry(bytes) | Value::Vector(bytes) => {
                out.extend_from_slice(bytes);
            }
            Value::Enum(0) => {}
            Value::Enum(index) => out.extend_from_slice(self.label(usize::from(*index) - 1)?.as_bytes()),
            Value::Set(bits) => self.write_set(*bits, out)?,
            Value::Json(document) => json::write_json(*document, out).map_err(|_| "broken JSON")?,
            Value::Uuid(bytes) => inet::write_uuid(bytes, out),
            Value::Inet4(bytes) => inet::write_inet4(bytes.as_slice(), out),
            Value::Inet6(bytes) => inet::write_inet6(bytes, out),
        }
        Ok(0)
    }

    fn label(&self, index: usize) -> Result<&str, &'static str> {
        match self {
            TextForm::Labels(labels) => labels.get(index).map(String::as_str),
            TextForm::Characters(_) | TextForm::Plain => None,
        }
        .ok_or("an index without a label")
    }

    fn write_set(&self, bits: u64, out: &mut Vec<u8>) -> Result<(), &'static str> {
        let mut rest = bits;
        while rest != 0 {
            if rest != bits {
                out.push(b',');
            }
            out.extend_from_slice(self.label(rest.trailing_zeros() as usize)?.as_bytes());
            rest &= rest - 1;
        }
        Ok(())
    }
}

/// True for values whose text is bytes, not characters.
pub(super) fn is_binary(value: &Value<'_>) -> bool {
    matches!(value, Value::Bytes(_) | Value::Geometry(_) | Value::Vector(_))
}
