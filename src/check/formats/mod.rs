//! Formats, and what of a table they cannot say.

mod avro_name;
mod enum_as_number;
mod type_lossy;

use super::Rule;

/// The rules of this area.
pub(super) const RULES: &[Rule] = &[type_lossy::RULE, avro_name::RULE, enum_as_number::RULE];
