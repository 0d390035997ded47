//! Keys, partitions, order.

mod column_missing;
mod float_key;
mod key_dropped;
mod key_masked;
mod key_space_shared;
mod keyless_compacted;
mod keys_differ;
mod message_key;
mod min_insync;
mod no_primary_key;
mod partition_column;
mod partition_range;

pub(super) use message_key::message_key;

use super::Rule;

/// The rules of this area.
pub(super) const RULES: &[Rule] = &[
    key_dropped::RULE,
    key_masked::RULE,
    partition_range::RULE,
    keyless_compacted::RULE,
    no_primary_key::RULE,
    partition_column::MOVES,
    partition_column::NULL,
    float_key::RULE,
    keys_differ::RULE,
    key_space_shared::RULE,
];
