//! What a source and a cluster looked like when asked. Pure data, filled by `*::io`, read by rules.

mod cluster;
mod schema;
mod source;

pub use cluster::{ClusterFacts, LastRecord, RecordShape, TopicFacts};
pub use schema::{ColumnSchema, SourceSchema, TableSchema};
pub use source::{
    BeatTable, Cascade, Engine, Replica, ServerFacts, SourceCatalog, Survey, TableFacts, TableKind,
    TableSize, Upstream,
};
