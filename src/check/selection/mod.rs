//! Which tables are sent.

mod case_mismatch;
mod column_unknown;
mod everything;
mod exclude_idle;
mod ghost_tables;
mod include_covered;
mod include_shadowed;
mod masks_cross;
mod matches_nothing;
mod not_a_table;
mod nullable_comparison;
mod overrides_cross;
mod range_incomplete;
mod regex_is_a_glob;
mod rename_leaves;
mod selected_twice;
mod selects_nothing;
mod system_schema;
mod table_block_idle;
mod taken;
mod topics_cross;
mod where_constant;
mod where_label;
mod where_range;
mod where_type;

pub(super) use matches_nothing::MATCHES_NOTHING;
pub(super) use system_schema::is_system_database;
pub(super) use taken::TakeNothing;
pub use where_type::WHERE_TYPE;

use super::Rule;

/// The rules of this area.
pub(super) const RULES: &[Rule] = &[
    selects_nothing::RULE,
    include_shadowed::RULE,
    include_covered::RULE,
    exclude_idle::RULE,
    table_block_idle::RULE,
    overrides_cross::RULE,
    regex_is_a_glob::RULE,
    system_schema::RULE,
    everything::RULE,
    matches_nothing::RULE,
    range_incomplete::RULE,
    case_mismatch::RULE,
    not_a_table::RULE,
    selected_twice::RULE,
    ghost_tables::RULE,
    rename_leaves::RULE,
    nullable_comparison::RULE,
    where_type::RULE,
    where_constant::RULE,
];
