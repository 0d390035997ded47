//! Canal's flat messages: one JSON object per row, all values as strings.
//!
//! Member order, types and texts are those of Canal 1.1 with its default serializer, where that is right; text in other
//! character sets is converted (Canal garbles it), BINARY keeps its zero bytes, DECIMAL its scale, TIMESTAMP is UTC, JSON
//! is what the server prints.

mod ddl;
mod encode;
mod types;
mod value;

pub(super) use ddl::write_ddl;
pub(super) use encode::CanalTable;
pub(super) use value::ValueWriter;

use super::json_key::{JsonKey, KeyShape};
use super::{CanalOptions, FormatError, OutputTable};

/// Prepares keys, `{"id":1001}`. Canal itself writes none; this is syncc's own definition: numbers are bare, all else is the
/// string of the message.
///
/// # Errors
/// When a column is of a character set that is not supported.
pub(super) fn key(
    options: &CanalOptions,
    table: OutputTable<'_>,
    origin: Option<&str>,
) -> Result<JsonKey<ValueWriter>, FormatError> {
    JsonKey::new(KeyShape::PLAIN, table, origin, |column| ValueWriter::new(options, column))
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod recorded;
