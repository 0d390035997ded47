//! Change → bytes. Knows values and names, not Kafka.

use serde::{Deserialize, Serialize};

/// A format and its options, as a plan stores it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum FormatPlan {
    /// `canal-json`.
    CanalJson(CanalOptions),
}

/// Options of `canal-json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CanalOptions {
    /// `snapshot-op init`: snapshot rows have type INIT, not INSERT.
    pub snapshot_init: bool,
    /// `enum label`: labels instead of indexes, also for SET.
    pub enum_label: bool,
}
