//! One value of a row image: how many bytes it has and what they mean.

use super::scratch::Scratch;
use crate::mysql::decimal;
use crate::mysql::value::{Date, DateTime, Decimal, Json, Time, Timestamp, Value};
use std::fmt;

/// What is wrong with a value, to stand after "the row has ". Never says the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CellError(pub(super) &'static str);

const CUT: CellError = CellError("no more bytes");

/// How a column's values are read. Flat and small: rows of a hundred columns are walked along an array of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Read {
    I8,
    U8,
    I16,
    U16,
    I24,
    U24,
    I32,
    U32,
    I64,
    U64,
    F32,
    F64,
    Decimal {
        precision: u8,
        scale: u8,
        bytes: u8,
    },
    Bit {
        bytes: u8,
    },
    Year,
    Date,
    Time {
        fsp: u8,
    },
    DateTime {
        fsp: u8,
    },
    Timestamp {
        fsp: u8,
    },
    OldTime,
    OldDateTime,
    OldTimestamp,
    Text {
        length_bytes: u8,
    },
    Bytes {
        length_bytes: u8,
    },
    /// BINARY: the log has no trailing zero bytes.
    Padded {
        length_bytes: u8,
        bytes: u16,
    },
    CompressedText {
        length_bytes: u8,
    },
    CompressedBytes {
        length_bytes: u8,
    },
    Enum8,
    Enum16,
    Set {
        bytes: u8,
    },
    Json {
        length_bytes: u8,
    },
    /// Of MySQL before 8.0.
    Json57 {
        length_bytes: u8,
    },
    Geometry {
        length_bytes: u8,
    },
    Vector {
        length_bytes: u8,
    },
    Uuid,
    Inet4,
    Inet6,
}

/// The bytes of an image that are not read yet.
#[derive(Clone, Copy)]
pub(super) struct Cells<'b> {
    pub(super) rest: &'b [u8],
}

impl fmt::Debug for Cells<'_> {
    /// Rows do not reach logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} bytes>", self.rest.len())
    }
}

impl<'b> Cells<'b> {
    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], CellError> {
        let (head, tail) = self.rest.split_first_chunk::<N>().ok_or(CUT)?;
        self.rest = tail;
        Ok(*head)
    }

    #[inline]
    pub(super) fn take(&mut self, len: usize) -> Result<&'b [u8], CellError> {
        let (head, tail) = self.rest.split_at_checked(len).ok_or(CUT)?;
        self.rest = tail;
        Ok(head)
    }

    /// A value behind `length_bytes` little-endian bytes of length.
    #[inline]
    pub(super) fn sized(&mut self, length_bytes: u8) -> Result<&'b [u8], CellError> {
        let len = match length_bytes {
            1 => usize::from(self.array::<1>()?[0]),
            2 => usize::from(u16::from_le_bytes(self.array()?)),
            3 => {
                let [a, b, c] = self.array()?;
                u32::from_le_bytes([a, b, c, 0]) as usize
            }
            _ => u32::from_le_bytes(self.array()?) as usize,
        };
        self.take(len)
    }

    /// Up to eight big-endian bytes as a number.
    #[inline]
    fn big_endian(&mut self, bytes: u8) -> Result<u64, CellError> {
        Ok(self.take(usize::from(bytes))?.iter().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }

    /// Up to eight little-endian bytes as a number.
    #[inline]
    fn little_endian(&mut self, bytes: u8) -> Result<u64, CellError> {
        Ok(self.take(usize::from(bytes))?.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte)))
    }
}

/// What a compressed column holds, by its first byte.
enum Stored<'b> {
    /// As it is.
    Plain(&'b [u8]),
    /// A deflate stream of `len` bytes.
    Deflated { stream: &'b [u8], header: bool, len: usize },
}

/// MariaDB's column compression: method in the upper four bits of the first byte (0 = none, 8 = zlib); then bit 3 says that the
/// stream has no zlib header, bits 0–2 give the number of big-endian bytes of the length that follow.
/// Source: MariaDB `field_comp.cc`.
fn stored(bytes: &[u8]) -> Result<Stored<'_>, CellError> {
    let Some((&first, rest)) = bytes.split_first() else { return Ok(Stored::Plain(&[])) };
    match first >> 4 {
        0 => Ok(Stored::Plain(rest)),
        8 => {
            let length_bytes = first & 7;
            if !(1..=4).contains(&length_bytes) {
                return Err(CellError("a compressed value without a length"));
            }
            let mut cells = Cells { rest };
            let len = cells.big_endian(length_bytes)? as usize;
            Ok(Stored::Deflated { stream: cells.rest, header: first & 8 == 0, len })
        }
        _ => Err(CellError("a value compressed by a method that is not known")),
    }
}

/// UUIDs of versions 1 to 5 are stored with their parts in reverse order, and recognised by where that leaves the version and
/// variant bits. Source: MariaDB `sql_type_uuid.h`, `rec_need_swap`.
fn is_swapped(uuid: &[u8; 16]) -> bool {
    uuid[6] & uuid[8].wrapping_neg() & 0x80 != 0
}

/// Text order of a stored UUID whose parts are swapped.
fn unswapped(uuid: &[u8; 16]) -> [u8; 16] {
    let &[n0, n1, n2, n3, n4, n5, s0, s1, h0, h1, m0, m1, l0, l1, l2, l3] = uuid;
    [l0, l1, l2, l3, m0, m1, h0, h1, s0, s1, n0, n1, n2, n3, n4, n5]
}

/// `value` with the zero bytes that the log cut off.
fn padded<const N: usize>(value: &[u8]) -> Result<[u8; N], CellError> {
    let mut all = [0; N];
    all.get_mut(..value.len()).ok_or(TOO_LONG)?.copy_from_slice(value);
    Ok(all)
}

const TOO_LONG: CellError = CellError("a value longer than its column");

impl Read {
    /// Values of this kind may need room outside the log.
    pub(super) fn needs_scratch(self) -> bool {
        matches!(
            self,
            Read::Padded { .. }
                | Read::CompressedText { .. }
                | Read::CompressedBytes { .. }
                | Read::Uuid
                | Read::Inet4
                | Read::Inet6
        )
    }

    /// Passes over a value.
    #[inline]
    pub(super) fn skip(self, cells: &mut Cells<'_>) -> Result<(), CellError> {
        let fixed: usize = match self {
            Read::I8 | Read::U8 | Read::Year | Read::Enum8 => 1,
            Read::I16 | Read::U16 | Read::Enum16 => 2,
            Read::I24 | Read::U24 | Read::Date | Read::OldTime => 3,
            Read::I32 | Read::U32 | Read::F32 | Read::OldTimestamp => 4,
            Read::I64 | Read::U64 | Read::F64 | Read::OldDateTime => 8,
            Read::Decimal { bytes, .. } | Read::Bit { bytes } | Read::Set { bytes } => usize::from(bytes),
            Read::Time { fsp } => 3 + fraction_bytes(fsp),
            Read::DateTime { fsp } => 5 + fraction_bytes(fsp),
            Read::Timestamp { fsp } => 4 + fraction_bytes(fsp),
            Read::Text { length_bytes }
            | Read::Bytes { length_bytes }
            | Read::Padded { length_bytes, .. }
            | Read::CompressedText { length_bytes }
            | Read::CompressedBytes { length_bytes }
            | Read::Json { length_bytes }
            | Read::Json57 { length_bytes }
            | Read::Geometry { length_bytes }
            | Read::Vector { length_bytes } => return cells.sized(length_bytes).map(drop),
            Read::Uuid | Read::Inet4 | Read::Inet6 => return cells.sized(1).map(drop),
        };
        cells.take(fixed).map(drop)
    }

    /// Puts what [`Read::push`] will need from the scratch into it, in the same order.
    pub(super) fn prepare(self, cells: &mut Cells<'_>, scratch: &mut Scratch) -> Result<(), CellError> {
        match self {
            Read::Padded { length_bytes, bytes } => {
                let value = cells.sized(length_bytes)?;
                match value.len().cmp(&usize::from(bytes)) {
                    std::cmp::Ordering::Less => scratch.push_padded(value, usize::from(bytes)),
                    std::cmp::Ordering::Equal => Ok(()),
                    std::cmp::Ordering::Greater => Err(TOO_LONG),
                }
            }
            Read::CompressedText { length_bytes } | Read::CompressedBytes { length_bytes } => {
                match stored(cells.sized(length_bytes)?)? {
                    Stored::Plain(_) => Ok(()),
                    Stored::Deflated { stream, header, len } => scratch.push_inflated(stream, header, len),
                }
            }
            Read::Uuid => {
                let uuid = padded(cells.sized(1)?)?;
                scratch.push(&if is_swapped(&uuid) { unswapped(&uuid) } else { uuid })
            }
            Read::Inet4 => scratch.push(&padded::<4>(cells.sized(1)?)?),
            Read::Inet6 => scratch.push(&padded::<16>(cells.sized(1)?)?),
            other => other.skip(cells),
        }
    }

    /// Reads a value to the end of `values`; what [`Read::prepare`] has put aside comes from `aside`.
    ///
    /// Each kind puts its value there itself: handed from one place to the next a value is written in small pieces and read
    /// again in large ones, for which a processor waits longer than for all the rest.
    #[inline]
    pub(super) fn push<'b>(
        self,
        cells: &mut Cells<'b>,
        aside: &mut Cells<'b>,
        values: &mut Vec<Value<'b>>,
    ) -> Result<(), CellError> {
        match self {
            Read::I8 => values.push(Value::Int(i64::from(i8::from_le_bytes(cells.array()?)))),
            Read::U8 => values.push(Value::UInt(u64::from(u8::from_le_bytes(cells.array()?)))),
            Read::I16 => values.push(Value::Int(i64::from(i16::from_le_bytes(cells.array()?)))),
            Read::U16 => values.push(Value::UInt(u64::from(u16::from_le_bytes(cells.array()?)))),
            Read::I24 => {
                let [a, b, c] = cells.array()?;
                // the sign travels to the top and back
                values.push(Value::Int(i64::from(i32::from_le_bytes([0, a, b, c]) >> 8)));
            }
            Read::U24 => {
                let [a, b, c] = cells.array()?;
                values.push(Value::UInt(u64::from(u32::from_le_bytes([a, b, c, 0]))));
            }
            Read::I32 => values.push(Value::Int(i64::from(i32::from_le_bytes(cells.array()?)))),
            Read::U32 => values.push(Value::UInt(u64::from(u32::from_le_bytes(cells.array()?)))),
            Read::I64 => values.push(Value::Int(i64::from_le_bytes(cells.array()?))),
            Read::U64 => values.push(Value::UInt(u64::from_le_bytes(cells.array()?))),
            Read::F32 => values.push(Value::Float(f32::from_le_bytes(cells.array()?))),
            Read::F64 => values.push(Value::Double(f64::from_le_bytes(cells.array()?))),
            Read::Decimal { precision, scale, bytes } => {
                let bytes = cells.take(usize::from(bytes))?;
                if !decimal::is_packed(bytes, precision, scale) {
                    return Err(CellError("a decimal with digits that are none"));
                }
                values.push(Value::Decimal(Decimal::Packed { bytes, precision, scale }));
            }
            Read::Bit { bytes } => values.push(Value::Bit(cells.big_endian(bytes)?)),
            Read::Year => match cells.array::<1>()? {
                [0] => values.push(Value::Year(0)),
                [year] => values.push(Value::Year(1900 + u16::from(year))),
            },
            Read::Date => {
                let [a, b, c] = cells.array()?;
                let packed = u32::from_le_bytes([a, b, c, 0]);
                values.push(Value::Date(Date {
                    year: (packed >> 9) as u16,
                    month: (packed >> 5 & 0xf) as u8,
                    day: (packed & 0x1f) as u8,
                }));
            }
            Read::Time { fsp } => values.push(Value::Time(time(cells, fsp)?)),
            Read::DateTime { fsp } => values.push(Value::DateTime(date_time(cells, fsp)?)),
            Read::Timestamp { fsp } => {
                let seconds = u32::from_be_bytes(cells.array()?);
                let micros = fraction(cells, fsp)?;
                values.push(Value::Timestamp(Timestamp { seconds, micros, fsp }));
            }
            Read::OldTime => {
                let [a, b, c] = cells.array()?;
                let packed = i32::from_le_bytes([0, a, b, c]) >> 8;
                let digits = packed.unsigned_abs();
                values.push(Value::Time(Time {
                    negative: packed < 0,
                    hour: (digits / 10_000) as u16,
                    minute: (digits / 100 % 100) as u8,
                    second: (digits % 100) as u8,
                    micros: 0,
                    fsp: 0,
                }));
            }
            Read::OldDateTime => {
                let packed = u64::from_le_bytes(cells.array()?);
                let (day, time) = (packed / 1_000_000, packed % 1_000_000);
                if day > 99_991_231 {
                    return Err(CellError("a date beyond the year 9999"));
                }
                values.push(Value::DateTime(DateTime {
                    date: Date {
                        year: (day / 10_000) as u16,
                        month: (day / 100 % 100) as u8,
                        day: (day % 100) as u8,
                    },
                    hour: (time / 10_000) as u8,
                    minute: (time / 100 % 100) as u8,
                    second: (time % 100) as u8,
                    micros: 0,
                    fsp: 0,
                }));
            }
            Read::OldTimestamp => {
                let seconds = u32::from_le_bytes(cells.array()?);
                values.push(Value::Timestamp(Timestamp { seconds, micros: 0, fsp: 0 }));
            }
            Read::Text { length_bytes } => values.push(Value::Text(cells.sized(length_bytes)?)),
            Read::Bytes { length_bytes } => values.push(Value::Bytes(cells.sized(length_bytes)?)),
            Read::Padded { length_bytes, bytes } => {
                let value = cells.sized(length_bytes)?;
                let whole = value.len() == usize::from(bytes);
                values.push(Value::Bytes(if whole { value } else { aside.take(usize::from(bytes))? }));
            }
            Read::CompressedText { length_bytes } => {
                values.push(Value::Text(inflated(cells.sized(length_bytes)?, aside)?));
            }
            Read::CompressedBytes { length_bytes } => {
                values.push(Value::Bytes(inflated(cells.sized(length_bytes)?, aside)?));
            }
            Read::Enum8 => values.push(Value::Enum(u16::from(cells.array::<1>()?[0]))),
            Read::Enum16 => values.push(Value::Enum(u16::from_le_bytes(cells.array()?))),
            Read::Set { bytes } => values.push(Value::Set(cells.little_endian(bytes)?)),
            Read::Json { length_bytes } => values.push(Value::Json(Json::Binary(cells.sized(length_bytes)?))),
            Read::Json57 { length_bytes } => {
                values.push(Value::Json(Json::Binary57(cells.sized(length_bytes)?)))
            }
            Read::Geometry { length_bytes } => values.push(Value::Geometry(cells.sized(length_bytes)?)),
            Read::Vector { length_bytes } => values.push(Value::Vector(cells.sized(length_bytes)?)),
            Read::Uuid => {
                cells.sized(1)?;
                values.push(Value::Uuid(aside_array(aside)?));
            }
            Read::Inet4 => {
                cells.sized(1)?;
                values.push(Value::Inet4(aside_array(aside)?));
            }
            Read::Inet6 => {
                cells.sized(1)?;
                values.push(Value::Inet6(aside_array(aside)?));
            }
        }
        Ok(())
    }
}

/// The content of a compressed column.
fn inflated<'b>(value: &'b [u8], aside: &mut Cells<'b>) -> Result<&'b [u8], CellError> {
    match stored(value)? {
        Stored::Plain(plain) => Ok(plain),
        Stored::Deflated { len, .. } => aside.take(len),
    }
}

/// The next `N` bytes that were put aside.
fn aside_array<'b, const N: usize>(aside: &mut Cells<'b>) -> Result<&'b [u8; N], CellError> {
    let (head, tail) = aside.rest.split_first_chunk::<N>().ok_or(CUT)?;
    aside.rest = tail;
    Ok(head)
}

/// Bytes of a fraction of `fsp` digits.
fn fraction_bytes(fsp: u8) -> usize {
    usize::from(fsp).div_ceil(2)
}

/// A fraction: one byte of hundredths, two of ten-thousandths, or three of millionths.
#[inline]
fn fraction(cells: &mut Cells<'_>, fsp: u8) -> Result<u32, CellError> {
    let micros = match fraction_bytes(fsp) {
        0 => 0,
        1 => u32::from(cells.array::<1>()?[0]) * 10_000,
        2 => u32::from(u16::from_be_bytes(cells.array()?)) * 100,
        _ => {
            let [a, b, c] = cells.array()?;
            u32::from_be_bytes([0, a, b, c])
        }
    };
    if micros > 999_999 { Err(CellError("a fraction of a second that is more than one")) } else { Ok(micros) }
}

/// TIME: hours, minutes and seconds in 10, 6 and 6 bits, then the fraction, all together as one number with an offset, so that
/// negative times have the complement of the whole in their bytes. Source: MySQL `my_time_packed_from_binary`.
#[inline]
fn time(cells: &mut Cells<'_>, fsp: u8) -> Result<Time, CellError> {
    let fraction_bits = 8 * fraction_bytes(fsp) as u32;
    let raw = cells.big_endian(3 + fraction_bytes(fsp) as u8)?;
    let packed = raw as i64 - (0x80_0000 << fraction_bits);
    let magnitude = packed.unsigned_abs();
    let whole = magnitude >> fraction_bits;
    let fraction = (magnitude & ((1 << fraction_bits) - 1)) as u32;
    let micros = match fraction_bits {
        0 => 0,
        8 => fraction * 10_000,
        16 => fraction * 100,
        _ => fraction,
    };
    if micros > 999_999 {
        return Err(CellError("a fraction of a second that is more than one"));
    }
    Ok(Time {
        negative: packed < 0,
        hour: (whole >> 12 & 0x3ff) as u16,
        minute: (whole >> 6 & 0x3f) as u8,
        second: (whole & 0x3f) as u8,
        micros,
        fsp,
    })
}

/// DATETIME: year times 13 plus month, day, hour, minute, second in 17, 5, 5, 6, 6 bits below a sign bit that is always set.
/// Source: MySQL `my_datetime_packed_from_binary`.
#[inline]
fn date_time(cells: &mut Cells<'_>, fsp: u8) -> Result<DateTime, CellError> {
    let [a, b, c, d, e] = cells.array()?;
    let packed = u64::from_be_bytes([0, 0, 0, a, b, c, d, e]);
    if packed >> 39 == 0 {
        return Err(CellError("a date before the year 0"));
    }
    let year_month = packed >> 22 & 0x1_ffff;
    let micros = fraction(cells, fsp)?;
    Ok(DateTime {
        date: Date {
            year: (year_month / 13) as u16,
            month: (year_month % 13) as u8,
            day: (packed >> 17 & 0x1f) as u8,
        },
        hour: (packed >> 12 & 0x1f) as u8,
        minute: (packed >> 6 & 0x3f) as u8,
        second: (packed & 0x3f) as u8,
        micros,
        fsp,
    })
}
