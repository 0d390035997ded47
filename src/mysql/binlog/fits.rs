//! Whether a column of a table map can be a column of a given type.

use super::wire::{Wire, wire};
use crate::mysql::column_type::{ColumnType, Text};

/// True when a column described by type `number` and `metadata` (as in the table map; what is not there is 0) can hold values of `ty`.
///
/// Without column names in the log this is the proof that a known schema belongs to the rows at hand: it has no false alarms, so a
/// difference is fatal. It sees sizes, not signedness, character sets or names.
pub fn fits(number: u8, metadata: [u8; 2], ty: &ColumnType) -> bool {
    wire(number, metadata).is_some_and(|wire| wire_fits(wire, ty))
}

/// The same for a description that is taken apart.
pub fn wire_fits(wire: Wire, ty: &ColumnType) -> bool {
    match ty {
        ColumnType::TinyInt { .. } => wire == Wire::Tiny,
        ColumnType::SmallInt { .. } => wire == Wire::Short,
        ColumnType::MediumInt { .. } => wire == Wire::Int24,
        ColumnType::Int { .. } => wire == Wire::Long,
        ColumnType::BigInt { .. } => wire == Wire::LongLong,
        ColumnType::Float => wire == Wire::Float,
        ColumnType::Double => wire == Wire::Double,
        &ColumnType::Decimal { precision, scale } => wire == Wire::Decimal { precision, scale },
        &ColumnType::Bit { bits } => wire == Wire::Bit { bits },
        ColumnType::Year => wire == Wire::Year,
        ColumnType::Date => wire == Wire::Date,
        // The old codings do not tell how long a fraction is, so they fit only where there is none.
        &ColumnType::Time { fsp } => wire == Wire::Time2 { fsp } || fsp == 0 && wire == Wire::OldTime,
        &ColumnType::DateTime { fsp } => {
            wire == Wire::DateTime2 { fsp } || fsp == 0 && wire == Wire::OldDateTime
        }
        &ColumnType::Timestamp { fsp } => {
            wire == Wire::Timestamp2 { fsp } || fsp == 0 && wire == Wire::OldTimestamp
        }
        ColumnType::Char(text) => fixed(wire, text.max_bytes),
        ColumnType::VarChar(text) => variable(wire, text.max_bytes),
        ColumnType::Text(Text { max_bytes, .. }) => {
            let length_bytes = match max_bytes {
                0..=0xff => 1,
                0x100..=0xffff => 2,
                0x1_0000..=0xff_ffff => 3,
                0x100_0000.. => 4,
            };
            blob(wire, length_bytes)
        }
        &ColumnType::Binary { bytes } => fixed(wire, bytes),
        &ColumnType::VarBinary { bytes } => variable(wire, bytes),
        &ColumnType::Blob { length_bytes } => blob(wire, length_bytes),
        ColumnType::Enum(labels) => {
            wire == Wire::Enum { bytes: if labels.labels.len() < 256 { 1 } else { 2 } }
        }
        ColumnType::Set(labels) => {
            let bytes = match labels.labels.len().div_ceil(8) {
                0 | 1 => 1,
                2 => 2,
                3 => 3,
                4 => 4,
                5.. => 8,
            };
            wire == Wire::Set { bytes }
        }
        ColumnType::Json => wire == Wire::Json { length_bytes: 4 },
        ColumnType::Geometry => wire == Wire::Geometry { length_bytes: 4 },
        // MariaDB's VECTOR(n) is a VARBINARY(4n).
        ColumnType::Vector => {
            wire == Wire::Vector { length_bytes: 4 }
                || matches!(wire, Wire::Variable { bytes } if bytes > 0 && bytes % 4 == 0)
        }
        ColumnType::Uuid | ColumnType::Inet6 => wire == Wire::Fixed { bytes: 16 },
        ColumnType::Inet4 => wire == Wire::Fixed { bytes: 4 },
    }
}

fn fixed(wire: Wire, max_bytes: u32) -> bool {
    matches!(wire, Wire::Fixed { bytes } if u32::from(bytes) == max_bytes)
}

/// Whether values are compressed is the log's to say: it decides how they are read, not which column they belong to.
fn variable(wire: Wire, max_bytes: u32) -> bool {
    match wire {
        Wire::Variable { bytes } => u32::from(bytes) == max_bytes,
        // one byte more, for the header of the compressed form
        Wire::CompressedVariable { bytes } => u32::from(bytes) == max_bytes + 1,
        _ => false,
    }
}

fn blob(wire: Wire, expected: u8) -> bool {
    matches!(wire, Wire::Blob { length_bytes } | Wire::CompressedBlob { length_bytes } if length_bytes == expected)
}
