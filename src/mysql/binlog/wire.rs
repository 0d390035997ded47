//! How a table map describes a column: type number and metadata bytes.

use std::fmt;

/// Type numbers of table maps. Sources: MySQL `field_types.h`, MariaDB `field.h` for 140 and 141.
pub mod code {
    #![expect(missing_docs, reason = "the names are the servers' own")]
    pub const TINY: u8 = 1;
    pub const SHORT: u8 = 2;
    pub const LONG: u8 = 3;
    pub const FLOAT: u8 = 4;
    pub const DOUBLE: u8 = 5;
    pub const TIMESTAMP: u8 = 7;
    pub const LONGLONG: u8 = 8;
    pub const INT24: u8 = 9;
    pub const DATE: u8 = 10;
    pub const TIME: u8 = 11;
    pub const DATETIME: u8 = 12;
    pub const YEAR: u8 = 13;
    pub const NEWDATE: u8 = 14;
    pub const VARCHAR: u8 = 15;
    pub const BIT: u8 = 16;
    pub const TIMESTAMP2: u8 = 17;
    pub const DATETIME2: u8 = 18;
    pub const TIME2: u8 = 19;
    pub const BLOB_COMPRESSED: u8 = 140;
    pub const VARCHAR_COMPRESSED: u8 = 141;
    pub const VECTOR: u8 = 242;
    pub const JSON: u8 = 245;
    pub const NEWDECIMAL: u8 = 246;
    pub const ENUM: u8 = 247;
    pub const SET: u8 = 248;
    pub const TINY_BLOB: u8 = 249;
    pub const MEDIUM_BLOB: u8 = 250;
    pub const LONG_BLOB: u8 = 251;
    pub const BLOB: u8 = 252;
    pub const VAR_STRING: u8 = 253;
    pub const STRING: u8 = 254;
    pub const GEOMETRY: u8 = 255;
}

/// The description of a column in a table map, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wire {
    /// 1 byte.
    Tiny,
    /// 2 bytes.
    Short,
    /// 3 bytes.
    Int24,
    /// 4 bytes.
    Long,
    /// 8 bytes.
    LongLong,
    /// 4 bytes.
    Float,
    /// 8 bytes.
    Double,
    /// Packed decimal.
    Decimal {
        /// Digits in all.
        precision: u8,
        /// Digits behind the point.
        scale: u8,
    },
    /// Big-endian bits.
    Bit {
        /// Number of bits.
        bits: u8,
    },
    /// 1 byte.
    Year,
    /// 3 bytes.
    Date,
    /// TIME of MySQL 5.6.4 and later.
    Time2 {
        /// Digits of the fraction.
        fsp: u8,
    },
    /// DATETIME of MySQL 5.6.4 and later.
    DateTime2 {
        /// Digits of the fraction.
        fsp: u8,
    },
    /// TIMESTAMP of MySQL 5.6.4 and later.
    Timestamp2 {
        /// Digits of the fraction.
        fsp: u8,
    },
    /// TIME of older tables. A fraction, which only MariaDB had there, is not told.
    OldTime,
    /// DATETIME of older tables.
    OldDateTime,
    /// TIMESTAMP of older tables.
    OldTimestamp,
    /// CHAR and BINARY, also MariaDB's UUID and INET: up to `bytes`, behind one or two bytes of length.
    Fixed {
        /// Greatest length in bytes.
        bytes: u16,
    },
    /// VARCHAR and VARBINARY, also MariaDB's VECTOR.
    Variable {
        /// Greatest length in bytes.
        bytes: u16,
    },
    /// TEXT and BLOB.
    Blob {
        /// Number of length bytes, 1…4.
        length_bytes: u8,
    },
    /// MariaDB's `VARCHAR … COMPRESSED`.
    CompressedVariable {
        /// Greatest length in bytes as stored.
        bytes: u16,
    },
    /// MariaDB's `TEXT … COMPRESSED` and `BLOB … COMPRESSED`.
    CompressedBlob {
        /// Number of length bytes, 1…4.
        length_bytes: u8,
    },
    /// Index of a label.
    Enum {
        /// 1 or 2 bytes.
        bytes: u8,
    },
    /// Bits of labels.
    Set {
        /// 1, 2, 3, 4 or 8 bytes.
        bytes: u8,
    },
    /// Binary JSON.
    Json {
        /// Number of length bytes, 1…4.
        length_bytes: u8,
    },
    /// SRID and WKB.
    Geometry {
        /// Number of length bytes, 1…4.
        length_bytes: u8,
    },
    /// MySQL's VECTOR.
    Vector {
        /// Number of length bytes, 1…4.
        length_bytes: u8,
    },
}

/// As the SQL type it may be, for people; `bytes` where a size is told.
impl fmt::Display for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wire::Tiny => f.write_str("tinyint"),
            Wire::Short => f.write_str("smallint"),
            Wire::Int24 => f.write_str("mediumint"),
            Wire::Long => f.write_str("int"),
            Wire::LongLong => f.write_str("bigint"),
            Wire::Float => f.write_str("float"),
            Wire::Double => f.write_str("double"),
            Wire::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
            Wire::Bit { bits } => write!(f, "bit({bits})"),
            Wire::Year => f.write_str("year"),
            Wire::Date => f.write_str("date"),
            Wire::Time2 { fsp } => write!(f, "time({fsp})"),
            Wire::DateTime2 { fsp } => write!(f, "datetime({fsp})"),
            Wire::Timestamp2 { fsp } => write!(f, "timestamp({fsp})"),
            Wire::OldTime => f.write_str("old time"),
            Wire::OldDateTime => f.write_str("old datetime"),
            Wire::OldTimestamp => f.write_str("old timestamp"),
            Wire::Fixed { bytes } => write!(f, "char of {bytes} bytes"),
            Wire::Variable { bytes } => write!(f, "varchar of {bytes} bytes"),
            Wire::CompressedVariable { bytes } => write!(f, "compressed varchar of {bytes} bytes"),
            Wire::Blob { length_bytes } => write!(f, "text or blob with {length_bytes} bytes of length"),
            Wire::CompressedBlob { length_bytes } => {
                write!(f, "compressed text or blob with {length_bytes} bytes of length")
            }
            Wire::Enum { .. } => f.write_str("enum"),
            Wire::Set { .. } => f.write_str("set"),
            Wire::Json { .. } => f.write_str("json"),
            Wire::Geometry { .. } => f.write_str("geometry"),
            Wire::Vector { .. } => f.write_str("vector"),
        }
    }
}

/// Number of metadata bytes a table map holds for a column of type `number`; `None` for a type that is not known.
pub fn metadata_bytes(number: u8) -> Option<usize> {
    match number {
        code::TINY
        | code::SHORT
        | code::LONG
        | code::LONGLONG
        | code::INT24
        | code::DATE
        | code::NEWDATE
        | code::TIME
        | code::DATETIME
        | code::TIMESTAMP
        | code::YEAR => Some(0),
        code::FLOAT
        | code::DOUBLE
        | code::TIME2
        | code::DATETIME2
        | code::TIMESTAMP2
        | code::BLOB
        | code::TINY_BLOB
        | code::MEDIUM_BLOB
        | code::LONG_BLOB
        | code::BLOB_COMPRESSED
        | code::JSON
        | code::GEOMETRY
        | code::VECTOR => Some(1),
        code::VARCHAR
        | code::VARCHAR_COMPRESSED
        | code::VAR_STRING
        | code::STRING
        | code::ENUM
        | code::SET
        | code::BIT
        | code::NEWDECIMAL => Some(2),
        _ => None,
    }
}

/// The column described by type `number` with its metadata as the table map has it (what is not there: 0).
/// `None` when no server writes such a column: an unknown type, or sizes out of range.
pub fn wire(number: u8, metadata: [u8; 2]) -> Option<Wire> {
    let [first, second] = metadata;
    let fsp = |fsp: u8| (fsp <= 6).then_some(fsp);
    let length_bytes = |len: u8| (1..=4).contains(&len).then_some(len);
    Some(match number {
        code::TINY => Wire::Tiny,
        code::SHORT => Wire::Short,
        code::INT24 => Wire::Int24,
        code::LONG => Wire::Long,
        code::LONGLONG => Wire::LongLong,
        code::FLOAT if first == 4 => Wire::Float,
        code::DOUBLE if first == 8 => Wire::Double,
        code::NEWDECIMAL if (1..=65).contains(&first) && second <= first => {
            Wire::Decimal { precision: first, scale: second }
        }
        // whole bytes in the second, further bits in the first
        code::BIT => {
            let bits = u16::from(second) * 8 + u16::from(first);
            match u8::try_from(bits) {
                Ok(bits @ 1..=64) if first < 8 => Wire::Bit { bits },
                Ok(_) | Err(_) => return None,
            }
        }
        code::YEAR => Wire::Year,
        code::DATE | code::NEWDATE => Wire::Date,
        code::TIME2 => Wire::Time2 { fsp: fsp(first)? },
        code::DATETIME2 => Wire::DateTime2 { fsp: fsp(first)? },
        code::TIMESTAMP2 => Wire::Timestamp2 { fsp: fsp(first)? },
        code::TIME => Wire::OldTime,
        code::DATETIME => Wire::OldDateTime,
        code::TIMESTAMP => Wire::OldTimestamp,
        code::VARCHAR | code::VAR_STRING => Wire::Variable { bytes: u16::from_le_bytes(metadata) },
        code::VARCHAR_COMPRESSED => Wire::CompressedVariable { bytes: u16::from_le_bytes(metadata) },
        code::BLOB | code::TINY_BLOB | code::MEDIUM_BLOB | code::LONG_BLOB => {
            Wire::Blob { length_bytes: length_bytes(first)? }
        }
        code::BLOB_COMPRESSED => Wire::CompressedBlob { length_bytes: length_bytes(first)? },
        code::JSON => Wire::Json { length_bytes: length_bytes(first)? },
        code::GEOMETRY => Wire::Geometry { length_bytes: length_bytes(first)? },
        code::VECTOR => Wire::Vector { length_bytes: length_bytes(first)? },
        code::STRING | code::ENUM | code::SET => return string(first, second),
        _ => return None,
    })
}

/// STRING tells its real type in the first byte; lengths above 255 put their two upper bits, inverted, into bits 4 and 5
/// of it, which are set in every real type. Source: MySQL, `Field_string::do_save_field_metadata`.
fn string(first: u8, second: u8) -> Option<Wire> {
    let high = u16::from(!first & 0x30) << 4;
    match first | 0x30 {
        code::ENUM if high == 0 && (1..=2).contains(&second) => Some(Wire::Enum { bytes: second }),
        code::SET if high == 0 && matches!(second, 1..=4 | 8) => Some(Wire::Set { bytes: second }),
        code::STRING => Some(Wire::Fixed { bytes: high | u16::from(second) }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(number: u8, metadata: [u8; 2], expected: Option<Wire>) {
        assert_eq!(wire(number, metadata), expected);
    }

    #[test]
    fn strings() {
        check(code::STRING, [0xfe, 20], Some(Wire::Fixed { bytes: 20 }));
        // CHAR(255) of utf8mb4
        check(code::STRING, [0xfe ^ 0x30, 0xfc], Some(Wire::Fixed { bytes: 1020 }));
        check(code::STRING, [0xfe ^ 0x10, 0x2c], Some(Wire::Fixed { bytes: 300 }));
        check(code::STRING, [0xf7, 2], Some(Wire::Enum { bytes: 2 }));
        check(code::STRING, [0xf8, 8], Some(Wire::Set { bytes: 8 }));
        check(code::STRING, [0xf8, 5], None);
        check(code::STRING, [0x0f, 5], None);
    }

    #[test]
    fn sizes_out_of_range() {
        check(code::BIT, [1, 1], Some(Wire::Bit { bits: 9 }));
        check(code::BIT, [0, 8], Some(Wire::Bit { bits: 64 }));
        check(code::BIT, [1, 8], None);
        check(code::BIT, [0, 0], None);
        check(code::NEWDECIMAL, [10, 11], None);
        check(code::NEWDECIMAL, [65, 30], Some(Wire::Decimal { precision: 65, scale: 30 }));
        check(code::NEWDECIMAL, [66, 30], None);
        check(code::TIME2, [7, 0], None);
        check(code::BLOB, [0, 0], None);
        check(code::BLOB, [5, 0], None);
        check(20, [0, 0], None);
    }
}
