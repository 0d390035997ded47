//! Canal's flat messages: one JSON object per row, all values as strings.
//!
//! Member order, types and texts are those of Canal 1.1 with its default serializer, where that is right; text in other
//! character sets is converted (Canal garbles it), BINARY keeps its zero bytes, DECIMAL its scale, TIMESTAMP is UTC, JSON
//! is what the server prints.

mod encode;
mod key;
mod types;
mod value;

pub(super) use encode::CanalTable;
pub(super) use key::CanalKey;
pub(super) use value::ValueWriter;

#[cfg(test)]
mod tests;

#[cfg(test)]
mod recorded;
