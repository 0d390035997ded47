//! Declared names and their uses.

mod unused;
mod unused_declaration;

use super::Rule;

/// The rules of this area.
pub(super) const RULES: &[Rule] = &[unused::RULE, unused_declaration::RULE];
