//! What flows from where to where.

mod cascade_cycle;
mod copies;
mod feeds_itself;
mod incomplete;
mod outputs;
mod relay_of_nothing;

use super::Rule;

/// The rules of this area.
pub(super) const RULES: &[Rule] =
    &[incomplete::RULE, feeds_itself::RULE, cascade_cycle::RULE, relay_of_nothing::RULE];
