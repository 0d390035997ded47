//! What flows from where to where.

mod incomplete;

use super::Rule;

/// The rules of this area.
pub(super) const RULES: &[Rule] = &[incomplete::RULE];
