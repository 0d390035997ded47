//! Tests against the pipelines they are about. What is found here keeps nothing from running.

mod expected;
mod row_unknown;
mod value;

use super::Rule;

/// The rules of this area.
pub(super) const RULES: &[Rule] = &[row_unknown::RULE];
