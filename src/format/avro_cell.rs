//! Values of one column as data of Avro: null where the column or the value asks for it, else what the column's form makes of them.

use super::avro_binary::{NULL, VALUE, push_written};
use super::avro_fields::FieldValue;
use super::unsaid::placeless;
use super::{FormatError, Scratch};
use crate::mysql::inet;
use crate::mysql::value::Value;

/// What a column becomes.
pub trait AvroForm {
    /// True where the values are text that a type of MariaDB has of itself: UUID, INET4, INET6.
    fn is_plain_text(&self) -> bool;

    /// Appends a value that is none of those, nor NULL. Returns the number of places of text without a meaning in their character set.
    ///
    /// # Errors
    /// When the value cannot be one of `column`.
    fn write(
        &self,
        value: &Value<'_>,
        column: &str,
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<usize, FormatError>;
}

/// How values of one column are written.
#[derive(Debug)]
pub struct AvroCell<F> {
    /// Name at the source, for errors.
    column: String,
    pub(super) form: F,
    pub(super) may_be_null: bool,
}

impl<F> AvroCell<F> {
    pub(super) fn new(column: &str, form: F, may_be_null: bool) -> AvroCell<F> {
        AvroCell { column: column.to_owned(), form, may_be_null }
    }
}

impl<F: AvroForm> FieldValue for AvroCell<F> {
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
        match value {
            Value::Null => return Err(wrong(&self.column, "NULL, which it cannot hold")),
            Value::Uuid(bytes) if self.form.is_plain_text() => {
                push_written(scratch, out, |text| inet::write_uuid(bytes, text));
            }
            Value::Inet4(bytes) if self.form.is_plain_text() => {
                push_written(scratch, out, |text| inet::write_inet4(bytes.as_slice(), text));
            }
            Value::Inet6(bytes) if self.form.is_plain_text() => {
                push_written(scratch, out, |text| inet::write_inet6(bytes, text));
            }
            value => return self.form.write(value, &self.column, scratch, out),
        }
        Ok(0)
    }
}

/// The value cannot be one of its column.
pub(super) fn wrong(column: &str, what: &'static str) -> FormatError {
    FormatError::Value { column: column.to_owned(), what }
}
