//! A value as an item of an image: the branch of the union, then the record of that branch.

use super::super::avro_binary::{NULL, VALUE, push_bytes, push_double, push_long};
use super::super::labels::{join, label};
use super::super::number::shortest_double;
use super::super::unsaid::Unsaid;
use super::super::{FormatError, Scratch};
use super::small::Small;
use crate::mysql::charset::Charset;
use crate::mysql::column_type::ColumnType;
use crate::mysql::schema::Column;
use crate::mysql::value::{DateTime, Time, Value};
use crate::mysql::{decimal, inet, json};

/// Branches of the union, as the byte that stands before a value.
mod branch {
    pub(super) const NULL: u8 = 0x00;
    pub(super) const INTEGER: u8 = 0x02;
    pub(super) const CHARACTER: u8 = 0x04;
    pub(super) const DECIMAL: u8 = 0x06;
    pub(super) const FLOAT: u8 = 0x08;
    pub(super) const TIMESTAMP: u8 = 0x0a;
    pub(super) const DATE_TIME: u8 = 0x0c;
    pub(super) const BINARY_GEOMETRY: u8 = 0x10;
    pub(super) const BINARY_OBJECT: u8 = 0x14;
    pub(super) const TEXT_OBJECT: u8 = 0x16;
}

/// How values of one column are written.
#[derive(Debug)]
pub(super) struct DtsCell {
    /// Name at the source, for errors.
    column: String,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// An integer of so many bytes, at most eight.
    Integer(u8),
    /// Text of a CHAR or VARCHAR.
    Text(TextForm),
    /// TEXT, which names no character set: clients take it for UTF-8.
    LongText(Charset),
    /// A BLOB.
    Object,
    /// ENUM or SET.
    Labels(Vec<String>),
    /// The value says it all.
    Plain,
}

#[derive(Debug)]
enum TextForm {
    /// Bytes as stored, where clients read them as the servers do. Before them the branch and the name of their character set,
    /// as written.
    Stored(Small, Charset),
    /// Converted to UTF-8.
    Converted(Charset),
}

impl DtsCell {
    pub(super) fn new(column: &Column) -> Result<DtsCell, FormatError> {
        let charset = |name: &str| {
            Charset::from_name(name).map_err(|why| FormatError::Charset { column: column.name.clone(), why })
        };
        let kind = match &column.ty {
            ColumnType::TinyInt { .. } => Kind::Integer(1),
            ColumnType::SmallInt { .. } => Kind::Integer(2),
            ColumnType::MediumInt { .. } => Kind::Integer(3),
            ColumnType::Int { .. } => Kind::Integer(4),
            ColumnType::BigInt { .. } => Kind::Integer(8),
            ColumnType::Bit { bits } => Kind::Integer(bits.div_ceil(8)),
            ColumnType::Char(text) | ColumnType::VarChar(text) => {
                Kind::Text(TextForm::of(charset(&text.charset)?))
            }
            ColumnType::Text(text) => Kind::LongText(charset(&text.charset)?),
            ColumnType::Enum(labels) | ColumnType::Set(labels) => Kind::Labels(labels.labels.clone()),
            ColumnType::Blob { .. } => Kind::Object,
            ColumnType::Float
            | ColumnType::Double
            | ColumnType::Decimal { .. }
            | ColumnType::Year
            | ColumnType::Date
            | ColumnType::Time { .. }
            | ColumnType::DateTime { .. }
            | ColumnType::Timestamp { .. }
            | ColumnType::Binary { .. }
            | ColumnType::VarBinary { .. }
            | ColumnType::Json
            | ColumnType::Geometry
            | ColumnType::Vector
            | ColumnType::Uuid
            | ColumnType::Inet4
            | ColumnType::Inet6 => Kind::Plain,
        };
        Ok(DtsCell { column: column.name.clone(), kind })
    }

    /// Appends a value. Returns the number of places of text without a meaning in their character set.
    pub(super) fn write(
        &self,
        value: &Value<'_>,
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<usize, FormatError> {
        match value {
            Value::Null => out.push(branch::NULL),
            Value::Int(number) => self.push_integer(number.unsigned_abs(), *number < 0, out)?,
            Value::UInt(number) | Value::Bit(number) => self.push_integer(*number, false, out)?,
            Value::Float(number) => push_float(shortest_double(*number), out),
            Value::Double(number) => push_float(*number, out),
            Value::Decimal(number) => {
                push_decimal(|text| decimal::write_decimal(*number, text), out);
            }
            Value::Year(year) => push_date_time(&[Some(i64::from(*year))], out),
            Value::Date(date) => {
                let parts = [date.year.into(), date.month.into(), date.day.into()];
                push_date_time(&parts.map(Some), out);
            }
            Value::Time(time) => push_time(*time, out),
            Value::DateTime(value) => push_date_time(&parts(*value).map(Some), out),
            Value::Timestamp(value) => {
                out.push(branch::TIMESTAMP);
                push_long(value.seconds.into(), out);
                push_long(value.micros.into(), out);
            }
            Value::Text(bytes) => return self.push_text(bytes, scratch, out),
            Value::Bytes(bytes) => match self.kind {
                Kind::Object => push_object(branch::BINARY_OBJECT, "BLOB", bytes, out),
                Kind::Integer(_) | Kind::Text(_) | Kind::LongText(_) | Kind::Labels(_) | Kind::Plain => {
                    push_object(branch::CHARACTER, "binary", bytes, out);
                }
            },
            Value::Vector(bytes) => push_object(branch::BINARY_OBJECT, "BLOB", bytes, out),
            Value::Enum(index) => {
                let label = label(self.labels()?, *index).map_err(|what| self.wrong(what))?;
                push_object(branch::TEXT_OBJECT, "ENUM", label, out);
            }
            Value::Set(bits) => {
                scratch.bytes.clear();
                join(self.labels()?, *bits, &mut scratch.bytes).map_err(|what| self.wrong(what))?;
                push_object(branch::TEXT_OBJECT, "SET", &scratch.bytes, out);
            }
            Value::Json(document) => {
                scratch.bytes.clear();
                json::write_json(*document, &mut scratch.bytes).map_err(|_| self.wrong("broken JSON"))?;
                push_object(branch::TEXT_OBJECT, "JSON", &scratch.bytes, out);
            }
            Value::Geometry([]) => {
                scratch.maps(Unsaid::Geometry, &self.column)?;
                out.push(branch::NULL);
            }
            Value::Geometry(bytes) => {
                let (_, wkb) = bytes.split_at_checked(4).ok_or_else(|| self.wrong("a geometry cut short"))?;
                let name = super::super::wkt::type_name(wkb).map_err(|what| self.wrong(what))?;
                push_object(branch::BINARY_GEOMETRY, name, wkb, out);
            }
            Value::Uuid(bytes) => push_written(scratch, out, |text| inet::write_uuid(bytes, text)),
            Value::Inet4(bytes) => {
                push_written(scratch, out, |text| inet::write_inet4(bytes.as_slice(), text));
            }
            Value::Inet6(bytes) => push_written(scratch, out, |text| inet::write_inet6(bytes, text)),
        }
        Ok(0)
    }

    fn push_integer(&self, number: u64, negative: bool, out: &mut Vec<u8>) -> Result<(), FormatError> {
        let Kind::Integer(bytes) = self.kind else {
            return Err(self.wrong("a number, but its type has none"));
        };
        let mut all = Small::new();
        all.push(branch::INTEGER);
        all.push_long(bytes.into());
        all.push_number(number, negative);
        all.append(out);
        Ok(())
    }

    fn push_text(
        &self,
        bytes: &[u8],
        scratch: &mut Scratch,
        out: &mut Vec<u8>,
    ) -> Result<usize, FormatError> {
        match &self.kind {
            Kind::Text(form) => {
                let (TextForm::Stored(_, charset) | TextForm::Converted(charset)) = form;
                let text = charset.to_utf8(bytes, &mut scratch.text);
                if let TextForm::Stored(head, charset) = form
                    && text.broken == 0
                    && reads_alike(*charset, bytes)
                {
                    let mut head = *head;
                    head.push_long(bytes.len() as i64);
                    head.append(out);
                    out.extend_from_slice(bytes);
                    return Ok(0);
                }
                push_object(branch::CHARACTER, "utf8mb4", text.text.as_bytes(), out);
                let broken = text.broken;
                scratch.converted(broken, &self.column)
            }
            Kind::LongText(charset) => {
                let text = charset.to_utf8(bytes, &mut scratch.text);
                push_object(branch::BINARY_OBJECT, "TEXT", text.text.as_bytes(), out);
                let broken = text.broken;
                scratch.converted(broken, &self.column)
            }
            Kind::Integer(_) | Kind::Object | Kind::Labels(_) | Kind::Plain => {
                Err(self.wrong("text, but its type has no characters"))
            }
        }
    }

    fn labels(&self) -> Result<&[String], FormatError> {
        match &self.kind {
            Kind::Labels(labels) => Ok(labels),
            Kind::Integer(_) | Kind::Text(_) | Kind::LongText(_) | Kind::Object | Kind::Plain => {
                Err(self.wrong("a label, but its type has none"))
            }
        }
    }

    fn wrong(&self, what: &'static str) -> FormatError {
        FormatError::Value { column: self.column.clone(), what }
    }
}

impl TextForm {
    /// Clients look a name up among Java's character sets first, and take several of MySQL's for another one (`latin1` is not
    /// Java's); they do not know `utf8mb3` at all. Only what all of them read right goes as it is stored.
    fn of(charset: Charset) -> TextForm {
        let name = match charset.name() {
            "utf8mb3" => "utf8",
            name @ ("utf8mb4" | "ascii" | "gbk") => name,
            _ => return TextForm::Converted(charset),
        };
        let mut head = Small::new();
        head.push(branch::CHARACTER);
        head.push_long(name.len() as i64);
        name.bytes().for_each(|sign| head.push(sign));
        TextForm::Stored(head, charset)
    }
}

/// True for text without a code that Java, in which the clients are written, reads otherwise than we do.
fn reads_alike(charset: Charset, bytes: &[u8]) -> bool {
    match charset.name() {
        "ascii" => bytes.is_ascii(),
        "gbk" => {
            let mut rest = bytes;
            while let [first, behind @ ..] = rest {
                rest = match (first, behind) {
                    (0..0x80, _) => behind,
                    (0x80, _)
                    | (0xa3, [0xa0, ..])
                    | (0xa6, [0xd9..=0xdf | 0xec | 0xed | 0xf3, ..])
                    | (0xa8, [0x92 | 0xbc | 0xbf, ..])
                    | (0xa9, [0x89..=0x95, ..])
                    | (0xfe, [0x50..=0xa0, ..]) => return false,
                    _ => behind.get(1..).unwrap_or_default(),
                };
            }
            true
        }
        _ => true,
    }
}

/// A record of a text and bytes.
fn push_object(branch: u8, name: &str, bytes: &[u8], out: &mut Vec<u8>) {
    out.push(branch);
    push_bytes(name.as_bytes(), out);
    push_bytes(bytes, out);
}

/// Text that is made here.
fn push_written(scratch: &mut Scratch, out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    scratch.bytes.clear();
    write(&mut scratch.bytes);
    push_object(branch::CHARACTER, "utf8mb4", &scratch.bytes, out);
}

fn push_float(value: f64, out: &mut Vec<u8>) {
    out.push(branch::FLOAT);
    push_double(value, out);
    // precision and scale
    out.extend_from_slice(&[0, 0]);
}

/// Precision and scale are those of the value, not of its column.
fn push_decimal(write: impl FnOnce(&mut Vec<u8>), out: &mut Vec<u8>) {
    // The length, which has one byte, or two for numbers of more digits than most have.
    out.extend_from_slice(&[branch::DECIMAL, 0]);
    let begin = out.len();
    write(out);
    let len = out.len() - begin;
    let text = &out[begin..];
    let point = text.iter().rposition(|sign| *sign == b'.');
    let scale = point.map_or(0, |point| text.len() - point - 1);
    let signs = usize::from(point.is_some()) + usize::from(text.first() == Some(&b'-'));
    let digits = len - signs;
    match len << 1 {
        one @ ..0x80 => out[begin - 1] = one as u8,
        two => {
            out[begin - 1] = two as u8 | 0x80;
            out.insert(begin, (two >> 7) as u8);
        }
    }
    let mut scales = Small::new();
    scales.push_long(digits as i64);
    scales.push_long(scale as i64);
    scales.append(out);
}

/// Year, month, day, hour, minute, second and `millis`, which holds microseconds; absent ones are null.
fn push_date_time(parts: &[Option<i64>], out: &mut Vec<u8>) {
    let mut all = Small::new();
    all.push(branch::DATE_TIME);
    for part in parts {
        match part {
            None => all.push(NULL),
            Some(part) => {
                all.push(VALUE);
                all.push_long(*part);
            }
        }
    }
    for _ in parts.len()..7 {
        all.push(NULL);
    }
    all.append(out);
}

/// Every part of a negative time is negative.
fn push_time(time: Time, out: &mut Vec<u8>) {
    let sign = if time.negative { -1 } else { 1 };
    let parts = [time.hour.into(), time.minute.into(), time.second.into(), i64::from(time.micros)];
    let [hour, minute, second, micros] = parts.map(|part| Some(sign * part));
    push_date_time(&[None, None, None, hour, minute, second, micros], out);
}

fn parts(value: DateTime) -> [i64; 7] {
    [
        value.date.year.into(),
        value.date.month.into(),
        value.date.day.into(),
        value.hour.into(),
        value.minute.into(),
        value.second.into(),
        value.micros.into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        data_encoding::HEXLOWER_PERMISSIVE.decode(text.replace(' ', "").as_bytes()).unwrap()
    }

    #[track_caller]
    fn check(write: impl FnOnce(&mut Vec<u8>), expected: &str) {
        let mut out = Vec::new();
        write(&mut out);
        assert_eq!(out, hex(expected));
    }

    #[test]
    fn records_as_the_published_clients_read_them() {
        let decimal = |text: &str| {
            let mut out = Vec::new();
            push_decimal(|out| out.extend_from_slice(text.as_bytes()), &mut out);
            out
        };
        assert_eq!(decimal("19.99"), hex("06 0a 31 39 2e 39 39 08 04"));
        assert_eq!(decimal("-7"), hex("06 04 2d 37 02 00"));
        let long = format!("-{}.{}", "9".repeat(35), "9".repeat(30));
        let expected = [&hex("06 86 01")[..], long.as_bytes(), &hex("82 01 3c")].concat();
        assert_eq!(decimal(&long), expected);
        let border = "9".repeat(63);
        assert_eq!(decimal(&border), [&hex("06 7e")[..], border.as_bytes(), &hex("7e 00")].concat());
        check(|out| push_float(1.5, out), "08 00 00 00 00 00 00 f8 3f 00 00");
        let date = [2024, 3, 5].map(Some);
        check(|out| push_date_time(&date, out), "0c 02 d0 1f 02 06 02 0a 00 00 00 00");
        let whole = [2024, 3, 5, 10, 20, 30, 120_000].map(Some);
        check(|out| push_date_time(&whole, out), "0c 02 d0 1f 02 06 02 0a 02 14 02 28 02 3c 02 80 d3 0e");
        check(|out| push_date_time(&[Some(2024)], out), "0c 02 d0 1f 00 00 00 00 00 00");
        let time =
            |negative, hour, minute, second| Time { negative, hour, minute, second, micros: 0, fsp: 0 };
        check(|out| push_time(time(true, 1, 2, 3), out), "0c 00 00 00 02 01 02 03 02 05 02 00");
        check(|out| push_time(time(false, 838, 59, 59), out), "0c 00 00 00 02 8c 0d 02 76 02 76 02 00");
        check(|out| push_object(branch::BINARY_OBJECT, "BLOB", b"\0\xff", out), "14 08 42 4c 4f 42 04 00 ff");
        check(
            |out| push_object(branch::TEXT_OBJECT, "JSON", b"{\"a\":1}", out),
            "16 08 4a 53 4f 4e 0e 7b 22 61 22 3a 31 7d",
        );
    }
}
