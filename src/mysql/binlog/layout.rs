//! How the rows of one table are read: the columns of a table map proven against the columns of a schema.

use super::cell::Read;
use super::fits::wire_fits;
use super::table_map::{MapColumn, TableMap};
use super::wire::Wire;
use crate::mysql::column_type::ColumnType;
use crate::mysql::decimal;
use crate::mysql::schema::TableVersion;
use thiserror::Error;

/// Why a schema does not belong to a table map.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LayoutError {
    /// Different numbers of columns.
    #[error("the log has {map} columns, the known schema has {schema}")]
    Count {
        /// Columns in the log.
        map: usize,
        /// Columns in the schema.
        schema: usize,
    },
    /// A column cannot be what the schema says.
    #[error("column {number}, `{name}`: {why}")]
    Column {
        /// Number from 1.
        number: usize,
        /// Name by the schema.
        name: String,
        /// What differs.
        why: &'static str,
    },
}

/// How to read each column of a row, in wire order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowLayout {
    pub(super) columns: Vec<ColumnPlan>,
    pub(super) needs_scratch: bool,
}

/// One column of a [`RowLayout`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ColumnPlan {
    pub(super) read: Read,
    pub(super) used: bool,
}

impl RowLayout {
    /// The layout of the rows behind `map`, read as columns of `version`.
    ///
    /// # Errors
    /// When the number of columns, a type, a size, nullability or (where the log tells it) signedness or a name differs: rows read
    /// with this schema would be wrong.
    pub fn build(map: &TableMap, version: &TableVersion) -> Result<RowLayout, LayoutError> {
        if map.columns.len() != version.columns.len() || map.columns.is_empty() {
            return Err(LayoutError::Count { map: map.columns.len(), schema: version.columns.len() });
        }
        let mut columns = Vec::with_capacity(map.columns.len());
        for (index, (found, known)) in map.columns.iter().zip(&version.columns).enumerate() {
            let error = |why| LayoutError::Column { number: index + 1, name: known.name.clone(), why };
            if !wire_fits(found.wire, &known.ty) {
                return Err(error("the log has another type or size"));
            }
            if found.nullable != known.nullable {
                return Err(error("the log differs in NULL or NOT NULL"));
            }
            if found.name.as_ref().is_some_and(|name| *name != known.name) {
                return Err(error("the log has another name"));
            }
            if let (Some(found), Some(known)) = (found.unsigned, is_unsigned(&known.ty))
                && found != known
            {
                return Err(error("the log differs in signed or unsigned"));
            }
            columns.push(ColumnPlan { read: read(found, &known.ty), used: true });
        }
        let mut layout = RowLayout { columns, needs_scratch: false };
        layout.update();
        Ok(layout)
    }

    /// Reads only the columns whose numbers (from 0) are in `used`; all others are passed over and come as
    /// [`Value::Null`](crate::mysql::value::Value::Null).
    #[must_use]
    pub fn only(mut self, used: &[usize]) -> RowLayout {
        for (index, column) in self.columns.iter_mut().enumerate() {
            column.used = used.contains(&index);
        }
        self.update();
        self
    }

    /// The same for a log of MySQL before 8.0: the text of its JSON documents is that server's.
    #[must_use]
    pub fn before_8(mut self) -> RowLayout {
        for column in &mut self.columns {
            if let Read::Json { length_bytes } = column.read {
                column.read = Read::Json57 { length_bytes };
            }
        }
        self
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.columns.len()
    }

    fn update(&mut self) {
        self.needs_scratch = self.columns.iter().any(|column| column.used && column.read.needs_scratch());
    }
}

/// For integers: whether they have no sign. Signs of other numbers do not change how they are read.
fn is_unsigned(ty: &ColumnType) -> Option<bool> {
    match ty {
        ColumnType::TinyInt { unsigned }
        | ColumnType::SmallInt { unsigned }
        | ColumnType::MediumInt { unsigned }
        | ColumnType::Int { unsigned }
        | ColumnType::BigInt { unsigned } => Some(*unsigned),
        ColumnType::Float
        | ColumnType::Double
        | ColumnType::Decimal { .. }
        | ColumnType::Bit { .. }
        | ColumnType::Year
        | ColumnType::Date
        | ColumnType::Time { .. }
        | ColumnType::DateTime { .. }
        | ColumnType::Timestamp { .. }
        | ColumnType::Char(_)
        | ColumnType::VarChar(_)
        | ColumnType::Text(_)
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

/// How a column that fits its type is read.
fn read(column: &MapColumn, ty: &ColumnType) -> Read {
    let unsigned = is_unsigned(ty) == Some(true);
    let is_text = matches!(ty, ColumnType::Char(_) | ColumnType::VarChar(_) | ColumnType::Text(_));
    let pick = |signed, other| if unsigned { other } else { signed };
    let string = |length_bytes| {
        if *ty == ColumnType::Vector {
            Read::Vector { length_bytes }
        } else if is_text {
            Read::Text { length_bytes }
        } else {
            Read::Bytes { length_bytes }
        }
    };
    let compressed = |length_bytes| {
        if is_text { Read::CompressedText { length_bytes } } else { Read::CompressedBytes { length_bytes } }
    };
    match column.wire {
        Wire::Tiny => pick(Read::I8, Read::U8),
        Wire::Short => pick(Read::I16, Read::U16),
        Wire::Int24 => pick(Read::I24, Read::U24),
        Wire::Long => pick(Read::I32, Read::U32),
        Wire::LongLong => pick(Read::I64, Read::U64),
        Wire::Float => Read::F32,
        Wire::Double => Read::F64,
        Wire::Decimal { precision, scale } => {
            Read::Decimal { precision, scale, bytes: decimal::packed_bytes(precision, scale) }
        }
        Wire::Bit { bits } => Read::Bit { bytes: bits.div_ceil(8) },
        Wire::Year => Read::Year,
        Wire::Date => Read::Date,
        Wire::Time2 { fsp } => Read::Time { fsp },
        Wire::DateTime2 { fsp } => Read::DateTime { fsp },
        Wire::Timestamp2 { fsp } => Read::Timestamp { fsp },
        Wire::OldTime => Read::OldTime,
        Wire::OldDateTime => Read::OldDateTime,
        Wire::OldTimestamp => Read::OldTimestamp,
        Wire::Fixed { bytes } => match ty {
            ColumnType::Uuid => Read::Uuid,
            ColumnType::Inet4 => Read::Inet4,
            ColumnType::Inet6 => Read::Inet6,
            ColumnType::Binary { .. } => Read::Padded { length_bytes: length_bytes(bytes), bytes },
            _ => Read::Text { length_bytes: length_bytes(bytes) },
        },
        Wire::Variable { bytes } => string(length_bytes(bytes)),
        Wire::Blob { length_bytes } => string(length_bytes),
        Wire::CompressedVariable { bytes } => compressed(length_bytes(bytes)),
        Wire::CompressedBlob { length_bytes } => compressed(length_bytes),
        Wire::Enum { bytes: 1 } => Read::Enum8,
        Wire::Enum { .. } => Read::Enum16,
        Wire::Set { bytes } => Read::Set { bytes },
        Wire::Json { length_bytes } => Read::Json { length_bytes },
        Wire::Geometry { length_bytes } => Read::Geometry { length_bytes },
        Wire::Vector { length_bytes } => Read::Vector { length_bytes },
    }
}

/// Bytes of length before a string of a column of up to `bytes` bytes.
fn length_bytes(bytes: u16) -> u8 {
    if bytes > 255 { 2 } else { 1 }
}
