//! Declared names and their uses.

mod unused;

use super::Rule;

/// The rules of this area.
pub(super) const RULES: &[Rule] = &[unused::RULE];
