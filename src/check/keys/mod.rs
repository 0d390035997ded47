//! Keys, partitions, order.

mod key_dropped;
mod keyless_compacted;
mod no_primary_key;
mod partition_range;

use super::Rule;

/// The rules of this area.
pub(super) const RULES: &[Rule] =
    &[key_dropped::RULE, partition_range::RULE, keyless_compacted::RULE, no_primary_key::RULE];
