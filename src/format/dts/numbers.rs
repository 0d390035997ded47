//! MySQL type → `dataTypeNumber`, as the managed service documents them.

use crate::mysql::column_type::ColumnType;

/// The number of a column's type. Clients choose by it how to read the value.
pub(super) fn type_number(ty: &ColumnType) -> u8 {
    match ty {
        ColumnType::TinyInt { .. } => 1,
        ColumnType::SmallInt { .. } => 2,
        ColumnType::MediumInt { .. } => 9,
        ColumnType::Int { .. } => 3,
        ColumnType::BigInt { .. } => 8,
        ColumnType::Float => 4,
        ColumnType::Double => 5,
        ColumnType::Decimal { .. } => 246,
        ColumnType::Bit { .. } => 16,
        ColumnType::Year => 13,
        ColumnType::Date => 10,
        ColumnType::Time { .. } => 11,
        ColumnType::DateTime { .. } => 12,
        ColumnType::Timestamp { .. } => 7,
        ColumnType::Char(_) | ColumnType::Binary { .. } => 254,
        ColumnType::VarChar(_) | ColumnType::VarBinary { .. } => 253,
        ColumnType::Text(text) => match text.max_bytes {
            0..=0xff => object_number(1),
            0x100..=0xffff => object_number(2),
            0x1_0000..=0xff_ffff => object_number(3),
            0x100_0000.. => object_number(4),
        },
        ColumnType::Blob { length_bytes } => object_number(*length_bytes),
        ColumnType::Enum(_) => 247,
        ColumnType::Set(_) => 248,
        ColumnType::Json => 245,
        ColumnType::Geometry => 255,
        // The service has no number for these: bytes as a LONGBLOB, text as a CHAR.
        ColumnType::Vector => object_number(4),
        ColumnType::Uuid | ColumnType::Inet4 | ColumnType::Inet6 => 254,
    }
}

/// Number of a BLOB or TEXT by the bytes of its length.
fn object_number(length_bytes: u8) -> u8 {
    match length_bytes {
        0 | 1 => 249,
        2 => 252,
        3 => 250,
        4.. => 251,
    }
}
