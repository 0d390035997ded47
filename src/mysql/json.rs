//! MySQL's binary JSON as the text that the server prints for it.
//!
//! The text is that of `SELECT`: keys in stored order, `": "` and `", "` between the parts, doubles with a point or an exponent,
//! decimals as numbers, dates and times with six digits of fraction, other opaque values as `base64:typeNN:…`.
//! Source of the format: MySQL `json_binary.h`; of the text: what MySQL 9.7 printed.
//!
//! Guarantees: no bytes make it panic, recurse deeper than [`MAX_DEPTH`], or write more than a constant multiple of what it reads.

mod diff;
mod scalar;
mod tree;

pub use diff::apply_diffs;
pub use scalar::write_double;

use super::binlog::wire::code::{DATE, DATETIME, NEWDECIMAL, TIME, TIMESTAMP};
use super::decimal;
use super::temporal;
use super::value::{Date, DateTime, Decimal, Json, Time};
use scalar::{write_base64, write_string};
use thiserror::Error;

/// Deepest nesting. The server refuses documents deeper than 100.
pub const MAX_DEPTH: usize = 128;

/// Why bytes are not a JSON document. Offsets count from the first byte of the document.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("binary JSON has {what} at byte {offset}")]
pub struct JsonError {
    /// What is wrong.
    pub what: &'static str,
    /// Where.
    pub offset: usize,
}

/// Appends the text of a document to `out`.
///
/// # Errors
/// When binary JSON is damaged; `out` is then as it was.
pub fn write_json(json: Json<'_>, out: &mut Vec<u8>) -> Result<(), JsonError> {
    let bytes = match json {
        Json::Text(text) => {
            out.extend_from_slice(text);
            return Ok(());
        }
        // What a NOT NULL column holds after an INSERT IGNORE without a value; the server reads it as null.
        Json::Binary([]) | Json::Binary57([]) => {
            out.extend_from_slice(b"null");
            return Ok(());
        }
        Json::Binary(bytes) | Json::Binary57(bytes) => bytes,
    };
    let start = out.len();
    let whole_as_integers = matches!(json, Json::Binary57(_));
    let mut writer = Writer { bytes, budget: bytes.len(), whole_as_integers, out };
    let written = writer.value(bytes[0], 1, bytes.len(), 0);
    if written.is_err() {
        out.truncate(start);
    }
    written
}

/// Types of values.
mod kind {
    pub(super) const SMALL_OBJECT: u8 = 0;
    pub(super) const LARGE_OBJECT: u8 = 1;
    pub(super) const SMALL_ARRAY: u8 = 2;
    pub(super) const LARGE_ARRAY: u8 = 3;
    pub(super) const LITERAL: u8 = 4;
    pub(super) const INT16: u8 = 5;
    pub(super) const UINT16: u8 = 6;
    pub(super) const INT32: u8 = 7;
    pub(super) const UINT32: u8 = 8;
    pub(super) const INT64: u8 = 9;
    pub(super) const UINT64: u8 = 10;
    pub(super) const DOUBLE: u8 = 11;
    pub(super) const STRING: u8 = 12;
    pub(super) const OPAQUE: u8 = 15;
}

struct Writer<'b, 'o> {
    bytes: &'b [u8],
    /// Bytes that may still be read. Parts of a document do not overlap, so reading each takes no more than the document has;
    /// damaged ones that refer to the same part again and again run out.
    budget: usize,
    /// Doubles without a fraction have no `.0`.
    whole_as_integers: bool,
    out: &'o mut Vec<u8>,
}

impl<'b> Writer<'b, '_> {
    /// The value of type `kind` at `at`, in a container that ends at `end`.
    fn value(&mut self, kind: u8, at: usize, end: usize, depth: usize) -> Result<(), JsonError> {
        match kind {
            kind::SMALL_OBJECT => self.container(at, end, depth, false, true),
            kind::LARGE_OBJECT => self.container(at, end, depth, true, true),
            kind::SMALL_ARRAY => self.container(at, end, depth, false, false),
            kind::LARGE_ARRAY => self.container(at, end, depth, true, false),
            kind::LITERAL => {
                let [literal] = self.array(at, end)?;
                self.literal(u32::from(literal), at)
            }
            kind::INT16 => {
                let number = i16::from_le_bytes(self.array(at, end)?);
                self.integer(number);
                Ok(())
            }
            kind::UINT16 => {
                let number = u16::from_le_bytes(self.array(at, end)?);
                self.integer(number);
                Ok(())
            }
            kind::INT32 => {
                let number = i32::from_le_bytes(self.array(at, end)?);
                self.integer(number);
                Ok(())
            }
            kind::UINT32 => {
                let number = u32::from_le_bytes(self.array(at, end)?);
                self.integer(number);
                Ok(())
            }
            kind::INT64 => {
                let number = i64::from_le_bytes(self.array(at, end)?);
                self.integer(number);
                Ok(())
            }
            kind::UINT64 => {
                let number = u64::from_le_bytes(self.array(at, end)?);
                self.integer(number);
                Ok(())
            }
            kind::DOUBLE => {
                let number = f64::from_le_bytes(self.array(at, end)?);
                write_double(number, self.out);
                // no other double ends so
                if self.whole_as_integers && self.out.ends_with(b".0") {
                    self.out.truncate(self.out.len() - 2);
                }
                Ok(())
            }
            kind::STRING => {
                let (len, at) = self.variable_length(at, end)?;
                let text = self.slice(at, len, end)?;
                write_string(text, self.out);
                Ok(())
            }
            kind::OPAQUE => {
                let [field_type] = self.array(at, end)?;
                let (len, at) = self.variable_length(at + 1, end)?;
                let data = self.slice(at, len, end)?;
                self.opaque(field_type, data, at)
            }
            _ => Err(JsonError { what: "an unknown type", offset: at }),
        }
    }

    /// Objects and arrays: number of members, size in bytes, places and lengths of the keys of objects, types and places of the
    /// values, then the keys and values. Numbers have two bytes, in large ones four. Small values stand in place of their place.
    fn container(
        &mut self,
        at: usize,
        end: usize,
        depth: usize,
        large: bool,
        object: bool,
    ) -> Result<(), JsonError> {
        if depth == MAX_DEPTH {
            return Err(JsonError { what: "too many levels", offset: at });
        }
        let width = if large { 4 } else { 2 };
        let members = self.number(at, end, large)?;
        let size = self.number(at + width, end, large)?;
        let end = match at.checked_add(size) {
            Some(inner) if inner <= end => inner,
            Some(_) | None => return Err(JsonError { what: "a part larger than the whole", offset: at }),
        };
        let keys = at + 2 * width;
        let key_entry = if object { width + 2 } else { 0 };
        let value_entry = 1 + width;
        let head = members.checked_mul(key_entry + value_entry).and_then(|len| len.checked_add(keys));
        if head.is_none_or(|head| head > end) {
            return Err(JsonError { what: "more members than bytes", offset: at });
        }
        let values = keys + members * key_entry;
        self.out.push(if object { b'{' } else { b'[' });
        for index in 0..members {
            if index > 0 {
                self.out.extend_from_slice(b", ");
            }
            if object {
                let entry = keys + index * key_entry;
                let place = self.number(entry, end, large)?;
                let len = u16::from_le_bytes(self.array(entry + width, end)?);
                let key = self.slice(self.place(at, place, end)?, usize::from(len), end)?;
                write_string(key, self.out);
                self.out.extend_from_slice(b": ");
            }
            let entry = values + index * value_entry;
            self.spend(1, entry)?;
            let [kind] = self.array(entry, end)?;
            match kind {
                kind::LITERAL => self.literal(self.number(entry + 1, end, large)? as u32, entry)?,
                kind::INT16 | kind::UINT16 => self.value(kind, entry + 1, end, depth)?,
                kind::INT32 | kind::UINT32 if large => self.value(kind, entry + 1, end, depth)?,
                _ => {
                    let place = self.number(entry + 1, end, large)?;
                    self.value(kind, self.place(at, place, end)?, end, depth + 1)?;
                }
            }
        }
        self.out.push(if object { b'}' } else { b']' });
        Ok(())
    }

    /// A place within the container at `start`.
    fn place(&self, start: usize, place: usize, end: usize) -> Result<usize, JsonError> {
        match start.checked_add(place) {
            Some(at) if at <= end => Ok(at),
            Some(_) | None => Err(JsonError { what: "a place outside of its container", offset: start }),
        }
    }

    fn spend(&mut self, bytes: usize, at: usize) -> Result<(), JsonError> {
        self.budget = self
            .budget
            .checked_sub(bytes)
            .ok_or(JsonError { what: "parts that are used more than once", offset: at })?;
        Ok(())
    }

    fn array<const N: usize>(&self, at: usize, end: usize) -> Result<[u8; N], JsonError> {
        match self.bytes.get(at..end).and_then(|bytes| bytes.first_chunk::<N>()) {
            Some(bytes) => Ok(*bytes),
            None => Err(JsonError { what: "no more bytes", offset: at }),
        }
    }

    fn number(&self, at: usize, end: usize, large: bool) -> Result<usize, JsonError> {
        Ok(if large {
            u32::from_le_bytes(self.array(at, end)?) as usize
        } else {
            usize::from(u16::from_le_bytes(self.array(at, end)?))
        })
    }

    /// A length in groups of seven bits, the lowest first; returns where it ends, too.
    fn variable_length(&self, at: usize, end: usize) -> Result<(usize, usize), JsonError> {
        let mut len = 0usize;
        for index in 0..5 {
            let [byte] = self.array(at + index, end)?;
            len |= usize::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                return Ok((len, at + index + 1));
            }
        }
        Err(JsonError { what: "an endless length", offset: at })
    }

    fn slice(&mut self, at: usize, len: usize, end: usize) -> Result<&'b [u8], JsonError> {
        self.spend(len, at)?;
        self.bytes
            .get(at..end)
            .and_then(|bytes| bytes.get(..len))
            .ok_or(JsonError { what: "no more bytes", offset: at })
    }

    fn integer(&mut self, number: impl itoa::Integer) {
        self.out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    }

    fn literal(&mut self, literal: u32, at: usize) -> Result<(), JsonError> {
        self.out.extend_from_slice(match literal {
            0 => b"null",
            1 => b"true",
            2 => b"false",
            _ => return Err(JsonError { what: "an unknown literal", offset: at }),
        });
        Ok(())
    }

    /// A value of a column type: decimals and times by their meaning, others by their bytes.
    fn opaque(&mut self, field_type: u8, data: &[u8], at: usize) -> Result<(), JsonError> {
        let damaged = JsonError { what: "a damaged opaque value", offset: at };
        match field_type {
            NEWDECIMAL => {
                let &[precision, scale, ref bytes @ ..] = data else { return Err(damaged) };
                if scale > precision || !decimal::is_packed(bytes, precision, scale) {
                    return Err(damaged);
                }
                decimal::write_decimal(Decimal::Packed { bytes, precision, scale }, self.out);
            }
            DATE | DATETIME | TIMESTAMP => {
                let packed = data.try_into().map_err(|_| damaged.clone()).map(i64::from_le_bytes)?;
                let value = unpack_datetime(packed).ok_or(damaged)?;
                self.out.push(b'"');
                if field_type == DATE {
                    temporal::write_date(value.date, self.out);
                } else {
                    temporal::write_datetime(value, self.out);
                }
                self.out.push(b'"');
            }
            TIME => {
                let packed = data.try_into().map_err(|_| damaged.clone()).map(i64::from_le_bytes)?;
                let value = unpack_time(packed).ok_or(damaged)?;
                self.out.push(b'"');
                temporal::write_time(value, self.out);
                self.out.push(b'"');
            }
            _ => {
                self.out.extend_from_slice(b"\"base64:type");
                self.integer(field_type);
                self.out.push(b':');
                write_base64(data, self.out);
                self.out.push(b'"');
            }
        }
        Ok(())
    }
}

/// Source: MySQL `TIME_from_longlong_datetime_packed`.
fn unpack_datetime(packed: i64) -> Option<DateTime> {
    let packed = packed.unsigned_abs();
    let micros = (packed & 0xff_ffff) as u32;
    let (clock, day) = (packed >> 24 & 0x1_ffff, packed >> 41);
    let year_month = day >> 5;
    let date = Date {
        year: u16::try_from(year_month / 13).ok()?,
        month: (year_month % 13) as u8,
        day: (day & 0x1f) as u8,
    };
    (micros < 1_000_000).then_some(DateTime {
        date,
        hour: (clock >> 12) as u8,
        minute: (clock >> 6 & 0x3f) as u8,
        second: (clock & 0x3f) as u8,
        micros,
        fsp: 6,
    })
}

/// Source: MySQL `TIME_from_longlong_time_packed`.
fn unpack_time(packed: i64) -> Option<Time> {
    let magnitude = packed.unsigned_abs();
    let micros = (magnitude & 0xff_ffff) as u32;
    let clock = magnitude >> 24;
    (micros < 1_000_000).then_some(Time {
        negative: packed < 0,
        hour: (clock >> 12 & 0x3ff) as u16,
        minute: (clock >> 6 & 0x3f) as u8,
        second: (clock & 0x3f) as u8,
        micros,
        fsp: 6,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(bytes: &[u8]) -> Result<String, JsonError> {
        let mut out = b"before".to_vec();
        let result = write_json(Json::Binary(bytes), &mut out);
        let text = String::from_utf8_lossy(&out).into_owned();
        match result {
            Ok(()) => Ok(text["before".len()..].to_owned()),
            Err(error) => {
                assert_eq!(text, "before");
                Err(error)
            }
        }
    }

    #[track_caller]
    fn check(bytes: &[u8], expected: &str) {
        assert_eq!(written(bytes), Ok(expected.to_owned()));
    }

    /// An array of type `kind` (small) nested `depth` times around nothing.
    fn nested(depth: usize) -> Vec<u8> {
        let mut inner = vec![0, 0, 4, 0];
        for _ in 1..depth {
            let size = inner.len() + 7;
            let mut outer = vec![1, 0];
            outer.extend((size as u16).to_le_bytes());
            outer.extend([kind::SMALL_ARRAY, 7, 0]);
            outer.extend(inner);
            inner = outer;
        }
        inner.insert(0, kind::SMALL_ARRAY);
        inner
    }

    #[test]
    fn whole_doubles_of_5_7_look_like_integers() {
        for (number, text) in
            [(1.0, "1"), (-0.0, "-0"), (0.5, "0.5"), (1e100, "1e100"), (123456789012345.0, "123456789012345")]
        {
            let mut document = vec![kind::DOUBLE];
            document.extend(f64::to_le_bytes(number));
            let mut out = Vec::new();
            write_json(Json::Binary57(&document), &mut out).expect("a document");
            assert_eq!(String::from_utf8_lossy(&out), text);
        }
    }

    #[test]
    fn scalars() {
        check(&[], "null");
        check(&[kind::LITERAL, 1], "true");
        check(&[kind::INT16, 0xff, 0xff], "-1");
        check(&[kind::UINT64, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], "18446744073709551615");
        check(&[kind::STRING, 3, b'a', 0x1f, b'"'], r#""a\u001f\"""#);
        check(&[kind::OPAQUE, 15, 2, 0x00, 0xff], r#""base64:type15:AP8=""#);
        check(&[kind::OPAQUE, NEWDECIMAL, 4, 3, 2, 0x81, 10], "1.10");
    }

    #[test]
    fn objects() {
        // {"a": 1, "b": [true]}: two keys of one byte, a number in place, an array behind
        let document = [
            kind::SMALL_OBJECT,
            2,
            0,
            27,
            0,
            18,
            0,
            1,
            0,
            19,
            0,
            1,
            0,
            kind::INT16,
            1,
            0,
            kind::SMALL_ARRAY,
            20,
            0,
            b'a',
            b'b',
            1,
            0,
            7,
            0,
            kind::LITERAL,
            1,
            0,
        ];
        check(&document, r#"{"a": 1, "b": [true]}"#);
        for len in 1..document.len() {
            assert!(written(&document[..len]).is_err(), "{len}");
        }
    }

    #[test]
    fn depth_is_bounded() {
        assert!(written(&nested(100)).is_ok());
        assert_eq!(written(&nested(MAX_DEPTH + 1)).unwrap_err().what, "too many levels");
    }

    #[test]
    fn shared_parts_are_refused() {
        // an array of two members that are both the array itself, and one whose members are one string
        let itself = [kind::SMALL_ARRAY, 2, 0, 10, 0, kind::SMALL_ARRAY, 0, 0, kind::SMALL_ARRAY, 0, 0];
        assert!(written(&itself).is_err());
        let mut strings = vec![kind::SMALL_ARRAY, 40, 0, 224, 0];
        for _ in 0..40 {
            strings.extend([kind::STRING, 124, 0]);
        }
        strings.push(99);
        strings.extend([b'x'; 99]);
        assert_eq!(written(&strings).unwrap_err().what, "parts that are used more than once");
    }

    proptest! {
        #[test]
        fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = written(&bytes);
        }

        #[test]
        fn likely_bytes(bytes in prop::collection::vec(0u8..24, 0..200)) {
            if let Ok(text) = written(&bytes) {
                prop_assert!(text.len() <= 8 + bytes.len() * 40);
            }
        }
    }
}
