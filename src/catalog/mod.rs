//! What a source and a cluster looked like when asked. Pure data, filled by `*::io`, read by rules.

mod cluster;
mod source;

pub use cluster::{ClusterFacts, TopicFacts};
pub use source::{Engine, ServerFacts, SourceCatalog, TableFacts, TableKind};
