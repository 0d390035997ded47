//! The executable graph as data: compared, printed, hashed, stored. No spans, no secrets' values.
//!
//! [`compile_project`] is the front door from texts; [`TaskPlan::decide`] says what becomes of one table.

mod change;
mod collide;
mod combinations;
mod compile;
mod connect;
mod connection;
mod decide;
mod decision;
mod diff;
mod diff_table;
mod diff_unmet;
mod endpoint;
#[cfg(test)]
mod endpoint_tests;
mod explain;
mod explain_known;
mod explain_pipeline;
mod explain_topic;
mod front;
mod graph;
mod idle;
pub mod io;
mod layer;
mod load_estimate;
mod narrow;
mod origin;
mod own_topics;
pub mod picture;
#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod random;
mod reach;
mod reader;
mod renamed;
pub mod report;
mod schema_change;
mod settle;
mod subject;
#[cfg(test)]
mod tests;
mod topic_reading;
mod way;

pub use crate::statement::{
    Acks, Cleanup, ColumnRule, Compression, Delivery, FILTERS, FormatName, Heartbeat, KeyRule, Mechanism,
    NameCase, OnFailover, PartitionRule, RENAME_PLACEHOLDERS, Rename, SecretRef, ServerIds, Snapshot, Start,
    StartAt, TOPIC_PLACEHOLDERS, Template, TemplatePart, Text, TlsMode, Version, Window,
};
pub use change::{
    FIXED_AT_FIRST_START, FLOW_REMOVED, FORMAT_CHANGED, KEY_CHANGED, OLD_ROWS_DIFFER, OTHER_SERVER, PAGES,
    PARTITION_RULE_CHANGED, RENAMED_WITHOUT_MOVED, SCHEMA_NARROWED, SNAPSHOT_NEEDED, TOPIC_MOVED, acceptable,
};
pub use collide::{Collision, Taken};
pub use combinations::{COMBINATION_PAGES, Combined, PARAM_COMBINATION, check_combinations};
pub use compile::compile;
pub use connection::{
    KafkaPlan, RegistryPlan, Retry, Sasl, SourcePlan, StatePlan, TargetKind, TargetPlan, Tls,
};
pub use decide::{DecideError, Decider, Hits};
pub use decision::{DdlPlan, TableDecision, TopicSettings};
pub use diff::{Change, PlanDiff, TaskDiff, diff};
pub use endpoint::Login;
pub use explain::{Decision, Explanation, KnownTables, explain_table, outcomes};
pub use explain_pipeline::{PipelinePage, explain_pipeline};
pub use explain_topic::{TopicUse, explain_topic, topic_names};
pub use front::{Compiled, compile_files, compile_project, compile_under};
pub use graph::{Allows, CommitPolicy, MovedPlan, Plan, RelayPlan, StreamPlan, TableRules, TaskId, TaskPlan};
pub use layer::Layer;
pub use load_estimate::row_bytes;
pub use origin::{Origins, Part};
pub use own_topics::DeadLetters;
pub use schema_change::schema_changes;
pub use subject::{Subject, subjects};
pub use way::{Way, merged_pages, merged_tables, merged_topics};
