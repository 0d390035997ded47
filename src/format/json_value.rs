//! Values as JSON values: numbers bare, text quoted, documents embedded. The ground of the formats whose values keep
//! their kind.

use super::json_key::KeyValue;
use super::json_string::{push_jackson_text, push_text};
use super::labels::{label, of_set};
use super::number::{write_java_double, write_java_float, write_short_float};
use super::unsaid::Unsaid;
use super::wkt::write_wkt;
use super::{FormatError, Scratch};
use crate::mysql::charset::Charset;
use crate::mysql::schema::Column;
use crate::mysql::value::{Decimal, Value};
use crate::mysql::{decimal, inet, json, temporal};
use crate::statement::{BinaryForm, EnumForm};
use data_encoding::{BASE64, BASE64URL, Encoding, HEXLOWER};

/// What formats do not agree on.
#[derive(Debug, Clone, Copy)]
pub(super) struct JsonRules {
    pub decimal: DecimalText,
    pub binary: BinaryForm,
    pub labels: EnumForm,
    pub timestamp: TimestampText,
    pub geometry: GeometryText,
    pub text: TextEscapes,
}

/// Form of DECIMAL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DecimalText {
    /// A number with all digits of the scale.
    Plain,
    /// A number as `java.math.BigDecimal.toString`: tiny ones have an exponent.
    Java,
    /// Text with all digits of the scale.
    Quoted,
}

/// Form of TIMESTAMP, always in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimestampText {
    /// `2024-03-05 02:20:31`.
    Bare,
    /// `2024-03-05 02:20:31Z`.
    Zulu,
}

/// Form of GEOMETRY.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GeometryText {
    /// `"POINT (3 2)"`, without SRID.
    Wkt,
    /// `{"srid":4326,"wkb":"…"}`, the bytes in the form of binary columns.
    Wkb,
}

/// What is escaped in text beyond what JSON demands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextEscapes {
    /// Nothing.
    None,
    /// As Jackson does: characters above U+FFFF, digits in upper case.
    Jackson,
}

impl TextEscapes {
    /// Appends text without quotes.
    pub(super) fn push(self, text: &str, out: &mut Vec<u8>) {
        match self {
            TextEscapes::None => push_text(text.as_bytes(), out),
            TextEscapes::Jackson => push_jackson_text(text, out),
        }
    }

    /// Labels of ENUM or SET, without quotes.
    pub(super) fn labels(self, labels: &[String]) -> Vec<Vec<u8>> {
        let escape = |label: &String| {
            let mut out = Vec::new();
            self.push(label, &mut out);
            out
        };
        labels.iter().map(escape).collect()
    }

    /// `"name":`
    pub(super) fn member(self, name: &str) -> Vec<u8> {
        let mut out = Vec::new();
        quoted(&mut out, |out| self.push(name, out));
        out.push(b':');
        out
    }
}

/// Appends bytes in one of the forms of binary columns.
pub(super) fn push_binary(bytes: &[u8], form: BinaryForm, out: &mut Vec<u8>) {
    let encoding: &Encoding = match form {
        BinaryForm::Bytes | BinaryForm::Base64 => &BASE64,
        BinaryForm::Base64UrlSafe => &BASE64URL,
        BinaryForm::Hex => &HEXLOWER,
    };
    let start = out.len();
    out.resize(start + encoding.encode_len(bytes.len()), 0);
    encoding.encode_mut(bytes, &mut out[start..]);
}

/// How values of one column are written.
#[derive(Debug)]
pub struct JsonCell {
    /// Name at the source, for errors.
    column: String,
    rules: JsonRules,
    /// Of character columns.
    charset: Option<Charset>,
    /// Of ENUM and SET, escaped.
    labels: Vec<Vec<u8>>,
}

impl JsonCell {
    /// Prepares the values of a column.
    ///
    /// # Errors
    /// When the column is of a character set that is not supported.
    pub(super) fn new(rules: JsonRules, column: &Column) -> Result<JsonCell, FormatError> {
        let charset = match column.ty.as_text() {
            None => None,
            Some(text) => Some(
                Charset::from_name(&text.charset)
                    .map_err(|why| FormatError::Charset { column: column.name.clone(), why })?,
            ),
        };
        let labels = column.ty.as_labels().map_or_else(Vec::new, |labels| rules.text.labels(labels));
        Ok(JsonCell { column: column.name.clone(), rules, charset, labels })
    }

    /// Appends a value, NULL as `null`. Returns the number of places of text without a meaning in their character set.
    ///
    /// # Errors
    /// When the value cannot be one of its column.
    pub(super) fn write(
        &self,
        value: &Value<'_>,
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<usize, FormatError> {
        match value {
            Value::Null => out.extend_from_slice(b"null"),
            Value::Int(number) => out.extend_from_slice(itoa::Buffer::new().format(*number).as_bytes()),
            Value::UInt(number) | Value::Bit(number) => push_number(*number, out),
            Value::Year(year) => push_number((*year).into(), out),
            Value::Float(number) if number.is_finite() => write_java_float(*number, out),
            Value::Double(number) if number.is_finite() => write_java_double(*number, out),
            Value::Float(_) | Value::Double(_) => return Err(self.wrong("a number that JSON does not have")),
            Value::Decimal(number) => self.push_decimal(*number, out),
            Value::Date(date) => quoted(out, |out| temporal::write_date(*date, out)),
            Value::Time(time) => quoted(out, |out| temporal::write_time(*time, out)),
            Value::DateTime(value) => quoted(out, |out| temporal::write_datetime(*value, out)),
            Value::Timestamp(value) => quoted(out, |out| {
                temporal::write_timestamp(*value, out);
                if self.rules.timestamp == TimestampText::Zulu {
                    out.push(b'Z');
                }
            }),
            Value::Text(bytes) => {
                let charset =
                    self.charset.ok_or_else(|| self.wrong("text, but its type has no characters"))?;
                let text = charset.to_utf8(bytes, &mut scratch.text);
                quoted(out, |out| self.rules.text.push(text.text, out));
                let broken = text.broken;
                return scratch.converted(broken, &self.column);
            }
            Value::Bytes(bytes) => quoted(out, |out| push_binary(bytes, self.rules.binary, out)),
            Value::Enum(index) => match self.rules.labels {
                EnumForm::Index => push_number((*index).into(), out),
                EnumForm::Label => {
                    let label = label(&self.labels, *index).map_err(|what| self.wrong(what))?;
                    quoted(out, |out| out.extend_from_slice(label));
                }
            },
            Value::Set(bits) => match self.rules.labels {
                EnumForm::Index => push_number(*bits, out),
                EnumForm::Label => self.push_labels(*bits, out)?,
            },
            Value::Json(document) => {
                json::write_json(*document, out).map_err(|_| self.wrong("broken JSON"))?;
            }
            Value::Geometry(bytes) => {
                if bytes.is_empty() {
                    scratch.maps(Unsaid::Geometry, &self.column)?;
                }
                self.push_geometry(bytes, out)?;
            }
            Value::Vector(bytes) => self.push_vector(bytes, out)?,
            Value::Uuid(bytes) => quoted(out, |out| inet::write_uuid(bytes, out)),
            Value::Inet4(bytes) => quoted(out, |out| inet::write_inet4(bytes.as_slice(), out)),
            Value::Inet6(bytes) => quoted(out, |out| inet::write_inet6(bytes, out)),
        }
        Ok(0)
    }

    fn push_decimal(&self, number: Decimal<'_>, out: &mut Vec<u8>) {
        match self.rules.decimal {
            DecimalText::Plain => decimal::write_decimal(number, out),
            DecimalText::Quoted => quoted(out, |out| decimal::write_decimal(number, out)),
            DecimalText::Java => {
                let start = out.len();
                decimal::write_decimal(number, out);
                as_big_decimal(start, out);
            }
        }
    }

    /// An array of the labels, in the order of their declaration.
    fn push_labels(&self, bits: u64, out: &mut Vec<u8>) -> Result<(), FormatError> {
        out.push(b'[');
        for (at, label) in of_set(&self.labels, bits).enumerate() {
            let label = label.map_err(|what| self.wrong(what))?;
            if at > 0 {
                out.push(b',');
            }
            quoted(out, |out| out.extend_from_slice(label));
        }
        out.push(b']');
        Ok(())
    }

    fn push_geometry(&self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), FormatError> {
        // What a NOT NULL column holds after an INSERT IGNORE without a value.
        let Some((srid, wkb)) = bytes.split_first_chunk::<4>() else {
            if bytes.is_empty() {
                out.extend_from_slice(b"null");
                return Ok(());
            }
            return Err(self.wrong("a geometry cut short"));
        };
        match self.rules.geometry {
            GeometryText::Wkt => {
                out.push(b'"');
                write_wkt(wkb, out).map_err(|what| self.wrong(what))?;
                out.push(b'"');
            }
            GeometryText::Wkb => {
                out.extend_from_slice(b"{\"srid\":");
                push_number(u32::from_le_bytes(*srid).into(), out);
                out.extend_from_slice(b",\"wkb\":\"");
                push_binary(wkb, self.rules.binary, out);
                out.extend_from_slice(b"\"}");
            }
        }
        Ok(())
    }

    fn push_vector(&self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), FormatError> {
        push_floats(bytes, write_signed_float, out).map_err(|what| self.wrong(what))
    }

    fn wrong(&self, what: &'static str) -> FormatError {
        FormatError::Value { column: self.column.clone(), what }
    }
}

impl KeyValue for JsonCell {
    fn write(&self, value: &Value<'_>, scratch: &mut Scratch, out: &mut Vec<u8>) -> Result<(), FormatError> {
        JsonCell::write(self, value, scratch, out).map(|_| ())
    }
}

/// Appends the numbers of a VECTOR as an array, each as `write` has them; what is wrong with it otherwise.
pub(super) fn push_floats(
    bytes: &[u8],
    write: fn(f32, &mut Vec<u8>),
    out: &mut Vec<u8>,
) -> Result<(), &'static str> {
    let (numbers, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        return Err("a vector cut short");
    }
    out.push(b'[');
    for (index, number) in numbers.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        let number = f32::from_le_bytes(*number);
        if !number.is_finite() {
            return Err("a number that JSON does not have");
        }
        write(number, out);
    }
    out.push(b']');
    Ok(())
}

/// As [`write_short_float`], but with a point in `-0.0`: without one, readers take it for a whole number, which has no such zero.
fn write_signed_float(number: f32, out: &mut Vec<u8>) {
    if number == 0.0 && number.is_sign_negative() {
        out.extend_from_slice(b"-0.0");
    } else {
        write_short_float(number, out);
    }
}

/// Plain digits from `start` on become what `BigDecimal.toString` gives: where more than six zeros stand between the point
/// and the first digit that counts, digits and an exponent.
fn as_big_decimal(start: usize, out: &mut Vec<u8>) {
    let text = &out[start..];
    let negative = text.first() == Some(&b'-');
    let plain = &text[usize::from(negative)..];
    let Some(fraction) = plain.strip_prefix(b"0.") else { return };
    let scale = fraction.len();
    let zeros = fraction.iter().take_while(|digit| **digit == b'0').count();
    // Zero keeps its last digit.
    let zeros = zeros.min(scale - 1);
    if zeros < 6 {
        return;
    }
    let from = out.len() - (scale - zeros);
    let digits = out.len() - from;
    out.copy_within(from.., start + usize::from(negative));
    out.truncate(start + usize::from(negative) + digits);
    if digits > 1 {
        out.insert(start + usize::from(negative) + 1, b'.');
    }
    out.extend_from_slice(b"E-");
    push_number(zeros as u64 + 1, out);
}

pub(super) fn quoted<T>(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    out.push(b'"');
    let written = write(out);
    out.push(b'"');
    written
}

pub(super) fn push_number(number: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiny_decimals_as_java_writes_them() {
        let check = |plain: &str, java: &str| {
            let mut out = [b"x", plain.as_bytes()].concat();
            as_big_decimal(1, &mut out);
            assert_eq!(std::str::from_utf8(&out[1..]).unwrap(), java, "{plain}");
        };
        // `new BigDecimal(text).toString()` of the JDK: an exponent below -6 is written.
        check("0.00", "0.00");
        check("0", "0");
        check("19.99", "19.99");
        check("0.000001", "0.000001");
        check("0.0000001", "1E-7");
        check("-0.00000012", "-1.2E-7");
        check("0.0000000000", "0E-10");
        check("0.000000", "0.000000");
        check("0.0000000", "0E-7");
        check("-0.0000001234500", "-1.234500E-7");
    }
}
