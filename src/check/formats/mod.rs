//! Formats and their schemas, and what of a table they cannot say.

mod avro_name;
mod compatibility_none;
mod enum_as_number;
mod registry;
mod subject_clash;
mod type_lossy;

use super::Rule;
pub(super) use subject_clash::shares_subject;

/// The rules of this area.
pub(super) const RULES: &[Rule] = &[
    type_lossy::RULE,
    avro_name::RULE,
    enum_as_number::RULE,
    compatibility_none::RULE,
    subject_clash::RULE,
    registry::MISSING,
    registry::IDLE,
];
