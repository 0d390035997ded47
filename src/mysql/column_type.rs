//! What a column can hold.

use serde::{Deserialize, Serialize};

/// The type of a column, with all that decoding and encoding need to know.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ColumnType {
    /// 1 byte.
    TinyInt {
        /// No negative values.
        unsigned: bool,
    },
    /// 2 bytes.
    SmallInt {
        /// No negative values.
        unsigned: bool,
    },
    /// 3 bytes.
    MediumInt {
        /// No negative values.
        unsigned: bool,
    },
    /// 4 bytes.
    Int {
        /// No negative values.
        unsigned: bool,
    },
    /// 8 bytes.
    BigInt {
        /// No negative values.
        unsigned: bool,
    },
    /// 32-bit binary floating point.
    Float,
    /// 64-bit binary floating point.
    Double,
    /// Exact decimal.
    Decimal {
        /// Digits in all, 1…65.
        precision: u8,
        /// Digits behind the point, 0…30 (MariaDB: 0…38).
        scale: u8,
    },
    /// Bit field of 1…64 bits.
    Bit {
        /// Number of bits.
        bits: u8,
    },
    /// A year: 0, 1901…2155.
    Year,
    /// A date, possibly zero or with zero parts.
    Date,
    /// −838:59:59…838:59:59.
    Time {
        /// Digits of the fraction, 0…6.
        fsp: u8,
    },
    /// Date and time without a zone.
    DateTime {
        /// Digits of the fraction, 0…6.
        fsp: u8,
    },
    /// An instant.
    Timestamp {
        /// Digits of the fraction, 0…6.
        fsp: u8,
    },
    /// CHAR(n).
    Char(Text),
    /// VARCHAR(n).
    VarChar(Text),
    /// TINYTEXT … LONGTEXT; `max_bytes` tells which.
    Text(Text),
    /// BINARY(n): padded with zero bytes to `bytes`, although the log strips them.
    Binary {
        /// Declared length.
        bytes: u32,
    },
    /// VARBINARY(n).
    VarBinary {
        /// Declared length.
        bytes: u32,
    },
    /// TINYBLOB … LONGBLOB.
    Blob {
        /// Number of length bytes, 1…4.
        length_bytes: u8,
    },
    /// ENUM.
    Enum(Labels),
    /// SET.
    Set(Labels),
    /// MySQL's binary JSON. (MariaDB's JSON is LONGTEXT.)
    Json,
    /// GEOMETRY and its subtypes: 4-byte little-endian SRID, then WKB.
    Geometry,
    /// VECTOR: little-endian 32-bit floats.
    Vector,
    /// MariaDB UUID.
    Uuid,
    /// MariaDB INET4.
    Inet4,
    /// MariaDB INET6.
    Inet6,
}

impl ColumnType {
    /// What a character column holds; none for all other types.
    pub fn as_text(&self) -> Option<&Text> {
        match self {
            ColumnType::Char(text) | ColumnType::VarChar(text) | ColumnType::Text(text) => Some(text),
            ColumnType::TinyInt { .. }
            | ColumnType::SmallInt { .. }
            | ColumnType::MediumInt { .. }
            | ColumnType::Int { .. }
            | ColumnType::BigInt { .. }
            | ColumnType::Float
            | ColumnType::Double
            | ColumnType::Decimal { .. }
            | ColumnType::Bit { .. }
            | ColumnType::Year
            | ColumnType::Date
            | ColumnType::Time { .. }
            | ColumnType::DateTime { .. }
            | ColumnType::Timestamp { .. }
            | ColumnType::Binary { .. }
            | ColumnType::VarBinary { .. }
            | ColumnType::Blob { .. }
            | ColumnType::Enum(_)
            | ColumnType::Set(_)
            | ColumnType::Json
            | ColumnType::Geometry
            | ColumnType::Vector
            | ColumnType::Uuid
            | ColumnType::Inet4
            | ColumnType::Inet6 => None,
        }
    }

    /// The labels of an ENUM or SET; none for all other types.
    pub fn as_labels(&self) -> Option<&[String]> {
        match self {
            ColumnType::Enum(labels) | ColumnType::Set(labels) => Some(&labels.labels),
            ColumnType::TinyInt { .. }
            | ColumnType::SmallInt { .. }
            | ColumnType::MediumInt { .. }
            | ColumnType::Int { .. }
            | ColumnType::BigInt { .. }
            | ColumnType::Float
            | ColumnType::Double
            | ColumnType::Decimal { .. }
            | ColumnType::Bit { .. }
            | ColumnType::Year
            | ColumnType::Date
            | ColumnType::Time { .. }
            | ColumnType::DateTime { .. }
            | ColumnType::Timestamp { .. }
            | ColumnType::Binary { .. }
            | ColumnType::VarBinary { .. }
            | ColumnType::Blob { .. }
            | ColumnType::Char(_)
            | ColumnType::VarChar(_)
            | ColumnType::Text(_)
            | ColumnType::Json
            | ColumnType::Geometry
            | ColumnType::Vector
            | ColumnType::Uuid
            | ColumnType::Inet4
            | ColumnType::Inet6 => None,
        }
    }
}

/// A character column.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Text {
    /// Character set by MySQL's name, such as `utf8mb4`, `latin1`, `gbk`.
    pub charset: String,
    /// Longest value in bytes, as the table map says it.
    pub max_bytes: u32,
    /// MariaDB `COMPRESSED`: values in the log are zlib streams behind a header byte.
    pub compressed: bool,
}

/// The labels of an ENUM or SET, in order; the index of the first is 1, its bit is 1.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Labels {
    /// Labels as UTF-8.
    pub labels: Vec<String>,
}

impl ColumnType {
    /// Most bytes of a value, by its declared length; 0 for types without one that matters: numbers, times, JSON, geometry.
    pub fn declared_bytes(&self) -> u64 {
        let bytes = match self {
            ColumnType::Char(text) | ColumnType::VarChar(text) | ColumnType::Text(text) => text.max_bytes,
            ColumnType::Binary { bytes } | ColumnType::VarBinary { bytes } => *bytes,
            ColumnType::Blob { length_bytes } => {
                u32::MAX >> (32 - 8 * u32::from((*length_bytes).clamp(1, 4)))
            }
            ColumnType::TinyInt { .. }
            | ColumnType::SmallInt { .. }
            | ColumnType::MediumInt { .. }
            | ColumnType::Int { .. }
            | ColumnType::BigInt { .. }
            | ColumnType::Float
            | ColumnType::Double
            | ColumnType::Decimal { .. }
            | ColumnType::Bit { .. }
            | ColumnType::Year
            | ColumnType::Date
            | ColumnType::Time { .. }
            | ColumnType::DateTime { .. }
            | ColumnType::Timestamp { .. }
            | ColumnType::Enum(_)
            | ColumnType::Set(_)
            | ColumnType::Json
            | ColumnType::Geometry
            | ColumnType::Vector
            | ColumnType::Uuid
            | ColumnType::Inet4
            | ColumnType::Inet6 => 0,
        };
        bytes.into()
    }
}
