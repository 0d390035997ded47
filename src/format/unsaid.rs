//! Values that a format has no words for.

use crate::mysql::temporal;
use crate::mysql::value::Value;

/// What kind of value it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unsaid {
    /// Bytes that are no text in the character set of their column.
    Text,
    /// A date that no calendar has: zero, with zero parts, 31 February.
    Date,
    /// A number above 2⁶³ − 1 in a field that ends there.
    Number,
    /// An SRID above 2³¹ − 1 in a field that ends there.
    Srid,
    /// A geometry without bytes, as an INSERT IGNORE leaves it.
    Geometry,
}

impl Unsaid {
    /// The value in a sentence about its column.
    pub(super) fn what(self) -> &'static str {
        match self {
            Unsaid::Text => "bytes that are no text in its character set",
            Unsaid::Date => "a date that no calendar has",
            Unsaid::Number => "a number above 2⁶³ − 1",
            Unsaid::Srid => "an SRID above 2³¹ − 1",
            Unsaid::Geometry => "an empty geometry",
        }
    }
}

/// How many values were sent as something else. Text is counted by places, where it is converted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mapped {
    /// Dates.
    pub dates: u64,
    /// Numbers.
    pub numbers: u64,
    /// Geometries.
    pub geometries: u64,
}

impl Mapped {
    /// One more of this kind.
    pub(super) fn count(&mut self, kind: Unsaid) {
        match kind {
            Unsaid::Text => {}
            Unsaid::Date => self.dates += 1,
            Unsaid::Number | Unsaid::Srid => self.numbers += 1,
            Unsaid::Geometry => self.geometries += 1,
        }
    }
}

impl std::ops::AddAssign for Mapped {
    fn add_assign(&mut self, other: Mapped) {
        let Mapped { dates, numbers, geometries } = other;
        self.dates += dates;
        self.numbers += numbers;
        self.geometries += geometries;
    }
}

/// What a value is for which schemas of Connect and Avro have no place: null in a message where null is possible.
pub(super) fn placeless(value: &Value<'_>) -> Option<Unsaid> {
    let date = |is_none: bool| is_none.then_some(Unsaid::Date);
    match value {
        Value::Date(value) => date(temporal::days_since_1970(*value).is_none()),
        Value::DateTime(value) => date(temporal::days_since_1970(value.date).is_none()),
        Value::Timestamp(value) => date(value.seconds == 0 && value.micros == 0),
        Value::Geometry(bytes) => bytes.is_empty().then_some(Unsaid::Geometry),
        Value::Null
        | Value::Int(_)
        | Value::UInt(_)
        | Value::Bit(_)
        | Value::Float(_)
        | Value::Double(_)
        | Value::Decimal(_)
        | Value::Year(_)
        | Value::Time(_)
        | Value::Text(_)
        | Value::Bytes(_)
        | Value::Enum(_)
        | Value::Set(_)
        | Value::Json(_)
        | Value::Vector(_)
        | Value::Uuid(_)
        | Value::Inet4(_)
        | Value::Inet6(_) => None,
    }
}
