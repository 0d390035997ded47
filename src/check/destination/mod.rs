//! Names at the destination: what is renamed, and the topics that come of it.

mod column_collides;
mod ddl_topic_is_data_topic;
mod internal_topic;
mod marker_topic_is_data_topic;
mod message_too_big;
mod names_collide;
mod names_swap;
mod placeholder;
mod rename_idle;
mod rename_twice;
mod shared_topic;
mod topic_name;
mod topics_differ_by_dot;
mod two_formats;

use super::Rule;

pub use names_collide::NAMES_COLLIDE;
pub(super) use shared_topic::TOPIC_SHARED_BY_ACCIDENT;

/// The rules of this area.
pub(super) const RULES: &[Rule] = &[
    rename_idle::RULE,
    rename_twice::RULE,
    names_collide::RULE,
    topic_name::RULE,
    placeholder::RULE,
    shared_topic::RULE,
    ddl_topic_is_data_topic::RULE,
    two_formats::RULE,
    topics_differ_by_dot::RULE,
    internal_topic::RULE,
    names_swap::RULE,
    column_collides::RULE,
    message_too_big::RULE,
    marker_topic_is_data_topic::RULE,
];
