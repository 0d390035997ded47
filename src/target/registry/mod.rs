//! A schema registry with Confluent's interface: what schemas are called there, and what its answers mean.
//!
//! Knows subjects, schemas as text and numbers; what a schema says is the format's own. Pure but for `io`.

mod answer;
#[cfg(feature = "run")]
pub mod io;
pub mod requirement;

pub use answer::{Answer, Class, Refusal};

use crate::statement::{Compatibility, Subject};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Signs that stand for themselves in a path (RFC 3986, "unreserved").
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

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

/// A subject as a part of a path.
fn in_path(subject: &str) -> String {
    utf8_percent_encode(subject, RESERVED).to_string()
}

/// A schema on its way: `{"schema":"…"}`. Avro is what is meant where no type is said, also by old registries.
fn schema_body(schema: &str) -> String {
    serde_json::json!({ "schema": schema }).to_string()
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

    #[test]
    fn subjects_in_paths() {
        assert_eq!(in_path("eu.shop-v_1~x"), "eu.shop-v_1~x");
        assert_eq!(in_path("a/b c%?#é"), "a%2Fb%20c%25%3F%23%C3%A9");
    }
}
