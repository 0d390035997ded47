//! What happens when something fails, and what it costs.

mod acks_weak;
mod acks_with_exactly_once;
mod batch_over_limit;
mod dead_letter_is_data_topic;
mod limit_over_memory;
mod no_transactions;
mod producers;
mod retry_over_retention;
mod retry_unbounded;
mod server_id_clash;
mod snapshot_unlimited;

use super::Rule;

/// The rules of this area.
pub(super) const RULES: &[Rule] = &[
    retry_unbounded::RULE,
    retry_over_retention::RULE,
    acks_weak::RULE,
    batch_over_limit::RULE,
    snapshot_unlimited::RULE,
    server_id_clash::RULE,
    acks_with_exactly_once::RULE,
    limit_over_memory::RULE,
    no_transactions::RULE,
    dead_letter_is_data_topic::RULE,
];
