//! A schema registry with Confluent's interface: what schemas are called there, and what its answers mean.
//!
//! Knows subjects, schemas as text and numbers; what a schema says is the format's own. Pure but for `io`.

#[cfg(feature = "run")]
pub mod io;
mod refusal;
pub mod requirement;

pub use refusal::{Class, Refusal};

use crate::statement::{Compatibility, Subject};

/// Which part of a record a schema is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// The key.
    Key,
    /// The message.
    Value,
}

/// What a schema is called.
pub fn subject(style: Subject, topic: &str, record: &str, role: Role) -> String {
    match (style, role) {
        (Subject::Topic, Role::Key) => format!("{topic}-key"),
        (Subject::Topic, Role::Value) => format!("{topic}-value"),
        (Subject::Record, _) => record.to_owned(),
        (Subject::TopicRecord, _) => format!("{topic}-{record}"),
    }
}

/// The rule of a subject as the registry spells it.
pub fn level(rule: Compatibility) -> &'static str {
    match rule {
        Compatibility::Backward => "BACKWARD",
        Compatibility::Forward => "FORWARD",
        Compatibility::Full => "FULL",
        Compatibility::None => "NONE",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_schemas() {
        let check = |style, role, told| assert_eq!(subject(style, "t", "d.r", role), told);
        check(Subject::Topic, Role::Key, "t-key");
        check(Subject::Topic, Role::Value, "t-value");
        check(Subject::Record, Role::Value, "d.r");
        check(Subject::TopicRecord, Role::Key, "t-d.r");
    }
}
