//! Schemas of Avro as text, made once for a table version, and what stands before a message of one.
//!
//! Source: Apache Avro specification, "Schema Declaration" and "Names"; Confluent's wire format.

use super::FormatError;

/// The byte that says that the number of a schema follows.
const MAGIC: u8 = 0;

/// A schema with a record at its top.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AvroSchema {
    /// Full name of the record.
    pub name: String,
    /// The schema as JSON.
    pub text: String,
}

/// What stands before the datum of a message: the number that the registry gave to its schema.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame([u8; 5]);

impl Frame {
    pub(super) fn new(id: u32) -> Frame {
        let [a, b, c, d] = id.to_be_bytes();
        Frame([MAGIC, a, b, c, d])
    }

    pub(super) fn push(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
}

/// A name that Avro takes.
///
/// # Errors
/// When it does not: a letter or `_`, then letters, digits and `_`, all of ASCII.
pub(super) fn checked_name<'n>(what: &'static str, name: &'n str) -> Result<&'n str, FormatError> {
    let is_word = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
    if name.chars().all(is_word) && name.starts_with(|sign: char| !sign.is_ascii_digit()) {
        return Ok(name);
    }
    Err(FormatError::AvroName { what, name: name.to_owned() })
}

/// Names of fields, each once.
///
/// # Errors
/// When Avro does not take one, or two are equal.
pub(super) fn check_fields<'n>(names: impl IntoIterator<Item = &'n str>) -> Result<(), FormatError> {
    let mut seen = std::collections::BTreeSet::new();
    for name in names {
        checked_name("column", name)?;
        if !seen.insert(name) {
            return Err(FormatError::FieldTwice { name: name.to_owned() });
        }
    }
    Ok(())
}

/// `{"type":"record",…}`; `attributes` stand behind the fields, each with a comma before it.
pub(super) fn record(namespace: &str, name: &str, fields: &[String], attributes: &str) -> String {
    format!(
        "{{\"type\":\"record\",\"name\":\"{name}\",\"namespace\":\"{namespace}\",\"fields\":[{}]{attributes}}}",
        fields.join(",")
    )
}

/// A field without a default: readers of it need a writer that has it.
pub(super) fn required(name: &str, ty: &str) -> String {
    format!("{{\"name\":\"{name}\",\"type\":{ty}}}")
}

/// A field that may be null, and is to readers of messages without it.
pub(super) fn optional(name: &str, ty: &str) -> String {
    format!("{{\"name\":\"{name}\",\"type\":[\"null\",{ty}],\"default\":null}}")
}

/// The one decision that makes a schema grow without breaking its readers: what may be null has null as its default, so that
/// a column can be added and taken away; what may not be null has none, because any other value would be invented.
pub(super) fn column(name: &str, ty: &str, may_be_null: bool) -> String {
    if may_be_null { optional(name, ty) } else { required(name, ty) }
}

/// `bytes` with the meaning of a decimal number.
pub(super) fn decimal_attributes(precision: u8, scale: u8) -> String {
    format!("\"type\":\"bytes\",\"scale\":{scale},\"precision\":{precision}")
}
