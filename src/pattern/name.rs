//! Patterns as data: compared, hashed, stored in plans.

use serde::{Deserialize, Serialize};

/// Pattern of one segment of a name (a database, a table, a column).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum NamePattern {
    /// Exactly this name, code point by code point.
    Exact(String),
    /// Wildcards `*`, `?`, `[abc]`, `[a-z]` and numeric ranges `[00..63]`, `[n:00..63]`, as written.
    Glob(String),
    /// A regular expression over the whole name, RE2 syntax, without its slashes.
    Regex(String),
}

/// Pattern of a table: one of its database, one of its own name.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct TablePattern {
    /// Database.
    pub db: NamePattern,
    /// Table.
    pub table: NamePattern,
}
