//! A value as the text inside its JSON string.

use super::super::json_key::KeyValue;
use super::super::json_string::{push_latin1, push_text};
use super::super::json_value::{TextEscapes, push_number};
use super::super::labels::{join, label};
use super::super::number::{write_java_double, write_java_float, write_short_float};
use super::super::{FormatError, Scratch};
use super::types::{SqlType, sql_type};
use crate::format::CanalOptions;
use crate::mysql::charset::Charset;
use crate::mysql::column_type::ColumnType;
use crate::mysql::schema::Column;
use crate::mysql::value::Value;
use crate::mysql::zone::Zone;
use crate::mysql::{decimal, inet, json, temporal};

/// How values of one column are written.
#[derive(Debug)]
pub struct ValueWriter {
    /// Name at the source, for errors.
    column: String,
    pub(super) sql_type: SqlType,
    /// Of character columns.
    charset: Option<Charset>,
    /// With `time-zone`, of TIMESTAMP.
    zone: Option<Zone>,
    /// With `enum label`: the labels of ENUM or SET, escaped.
    labels: Option<Vec<Vec<u8>>>,
}

impl ValueWriter {
    pub(in super::super) fn new(options: &CanalOptions, column: &Column) -> Result<ValueWriter, FormatError> {
        let charset = match column.ty.as_text() {
            None => None,
            Some(text) => {
                let known = Charset::from_name(&text.charset);
                Some(known.map_err(|why| FormatError::Charset { column: column.name.clone(), why })?)
            }
        };
        let labels = column.ty.as_labels().filter(|_| options.enum_label);
        let labels = labels.map(|labels| TextEscapes::None.labels(labels));
        let zone = match (&column.ty, &options.time_zone) {
            (ColumnType::Timestamp { .. }, Some(name)) => {
                Some(Zone::from_name(name).ok_or_else(|| FormatError::TimeZone(name.clone()))?)
            }
            _ => None,
        };
        let by_declaration = options.dts;
        let sql_type = sql_type(&column.ty, by_declaration);
        Ok(ValueWriter { column: column.name.clone(), sql_type, charset, zone, labels })
    }

    /// Appends the text of a value, escaped, without quotes; nothing for NULL. Returns the number of broken places.
    pub(in super::super) fn write(
        &self,
        value: &Value<'_>,
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<usize, FormatError> {
        match value {
            Value::Null => {}
            Value::Int(number) => out.extend_from_slice(itoa::Buffer::new().format(*number).as_bytes()),
            Value::UInt(number) | Value::Bit(number) => push_number(*number, out),
            Value::Float(number) => write_java_float(*number, out),
            Value::Double(number) => write_java_double(*number, out),
            Value::Decimal(number) => decimal::write_decimal(*number, out),
            Value::Year(0) => out.extend_from_slice(b"0000"),
            Value::Year(year) => push_number((*year).into(), out),
            Value::Date(date) => temporal::write_date(*date, out),
            Value::Time(time) => temporal::write_time(*time, out),
            Value::DateTime(value) => temporal::write_datetime(*value, out),
            Value::Timestamp(value) => match &self.zone {
                None => temporal::write_timestamp(*value, out),
                Some(zone) => temporal::write_datetime(zone.clock(*value), out),
            },
            Value::Text(bytes) => {
                let charset =
                    self.charset.ok_or_else(|| self.wrong("text, but its type has no characters"))?;
                let text = charset.to_utf8(bytes, &mut scratch.text);
                push_text(text.text.as_bytes(), out);
                let broken = text.broken;
                return scratch.converted(broken, &self.column);
            }
            Value::Bytes(bytes) | Value::Geometry(bytes) => push_latin1(bytes, out),
            Value::Enum(index) => match &self.labels {
                None => push_number((*index).into(), out),
                Some(labels) => {
                    out.extend_from_slice(label(labels, *index).map_err(|what| self.wrong(what))?);
                }
            },
            Value::Set(bits) => match &self.labels {
                None => push_number(*bits, out),
                Some(labels) => join(labels, *bits, out).map_err(|what| self.wrong(what))?,
            },
            Value::Json(document) => {
                scratch.bytes.clear();
                json::write_json(*document, &mut scratch.bytes).map_err(|_| self.wrong("broken JSON"))?;
                push_text(&scratch.bytes, out);
            }
            Value::Vector(bytes) => self.push_vector(bytes, out)?,
            Value::Uuid(bytes) => inet::write_uuid(bytes, out),
            Value::Inet4(bytes) => inet::write_inet4(bytes.as_slice(), out),
            Value::Inet6(bytes) => inet::write_inet6(bytes, out),
        }
        Ok(0)
    }

    fn is_number(&self, value: &Value<'_>) -> bool {
        match value {
            Value::Int(_) | Value::UInt(_) | Value::Decimal(_) | Value::Bit(_) | Value::Year(_) => true,
            Value::Float(number) => number.is_finite(),
            Value::Double(number) => number.is_finite(),
            Value::Enum(_) | Value::Set(_) => self.labels.is_none(),
            Value::Null
            | Value::Date(_)
            | Value::Time(_)
            | Value::DateTime(_)
            | Value::Timestamp(_)
            | Value::Text(_)
            | Value::Bytes(_)
            | Value::Json(_)
            | Value::Geometry(_)
            | Value::Vector(_)
            | Value::Uuid(_)
            | Value::Inet4(_)
            | Value::Inet6(_) => false,
        }
    }

    fn push_vector(&self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), FormatError> {
        if !bytes.len().is_multiple_of(4) {
            return Err(self.wrong("a vector cut short"));
        }
        out.push(b'[');
        for (index, number) in bytes.chunks_exact(4).enumerate() {
            if index > 0 {
                out.push(b',');
            }
            write_short_float(f32::from_le_bytes([number[0], number[1], number[2], number[3]]), out);
        }
        out.push(b']');
        Ok(())
    }

    fn wrong(&self, what: &'static str) -> FormatError {
        FormatError::Value { column: self.column.clone(), what }
    }
}

/// The value as JSON of its own: numbers bare, all else as strings, NULL as `null`.
impl KeyValue for ValueWriter {
    fn write(&self, value: &Value<'_>, scratch: &mut Scratch, out: &mut Vec<u8>) -> Result<(), FormatError> {
        match value {
            Value::Null => out.extend_from_slice(b"null"),
            // `0000` is no JSON number.
            Value::Year(year) => push_number((*year).into(), out),
            value if self.is_number(value) => {
                ValueWriter::write(self, value, scratch, out)?;
            }
            value => {
                out.push(b'"');
                ValueWriter::write(self, value, scratch, out)?;
                out.push(b'"');
            }
        }
        Ok(())
    }
}
