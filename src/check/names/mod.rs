//! Declared names and their uses.

mod moved_stale;
mod unused;
mod unused_declaration;

use super::Rule;

/// The rules of this area.
pub(super) const RULES: &[Rule] = &[moved_stale::RULE, unused::RULE, unused_declaration::RULE];
