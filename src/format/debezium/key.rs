//! Keys: `{"id":1001}`, with schemas on in an envelope with the schema.

use super::super::json_key::{JsonKey, KeyShape, KeyValue};
use super::super::json_value::TextEscapes;
use super::super::{DebeziumJsonOptions, FormatError, OutputTable, Scratch};
use super::row::Members;
use super::schema::{field, key_schema};
use super::value::Cell;
use crate::mysql::value::Value;

/// Prepares a key of the columns of `table`, with `origin` in front if given.
///
/// # Errors
/// When a column is of a character set that is not supported.
pub(in super::super) fn key(
    options: &DebeziumJsonOptions,
    table: OutputTable<'_>,
    origin: Option<&str>,
) -> Result<JsonKey<Cell>, FormatError> {
    let (head, tail): (_, &[u8]) = if options.schemas {
        let origin = origin.map(|_| field("string", false, "origin"));
        let schema = key_schema(table, &Members::new(options, table)?, origin);
        (format!("{{\"schema\":{schema},\"payload\":{{"), b"}}")
    } else {
        ("{".to_owned(), b"}")
    };
    let shape = KeyShape { head: head.as_bytes(), prefix: "", escapes: TextEscapes::Jackson, tail };
    JsonKey::new(shape, table, origin, |column| Cell::new(options, column))
}

impl KeyValue for Cell {
    fn write(&self, value: &Value<'_>, scratch: &mut Scratch, out: &mut Vec<u8>) -> Result<(), FormatError> {
        Cell::write(self, value, scratch, out).map(|_| ())
    }
}
