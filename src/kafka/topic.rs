//! Names that Kafka accepts.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A legal topic name: 1…249 of `a–z A–Z 0–9 . _ -`, neither `.` nor `..`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TopicName(String);

/// Why a text is no topic name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TopicNameError {
    /// No sign at all.
    #[error("a topic name cannot be empty")]
    Empty,
    /// Too many signs.
    #[error("{0} characters; Kafka takes at most 249")]
    TooLong(usize),
    /// A sign outside the alphabet.
    #[error("Kafka takes letters, digits, `.`, `_` and `-` only, not `{0}`")]
    Sign(char),
    /// `.` or `..`.
    #[error("`.` and `..` are no topic names")]
    Dots,
}

impl TopicName {
    /// Longest name in characters. Source: Apache Kafka, `Topic.MAX_NAME_LENGTH`.
    pub const MAX_LEN: usize = 249;

    /// Checks a name.
    ///
    /// # Errors
    /// What Kafka would refuse.
    pub fn new(name: impl Into<String>) -> Result<TopicName, TopicNameError> {
        let name = name.into();
        TopicName::check(&name)?;
        Ok(TopicName(name))
    }

    /// Checks a name that is not kept.
    ///
    /// # Errors
    /// What Kafka would refuse.
    pub fn check(name: &str) -> Result<(), TopicNameError> {
        if name.is_empty() {
            return Err(TopicNameError::Empty);
        }
        if name == "." || name == ".." {
            return Err(TopicNameError::Dots);
        }
        if let Some(sign) =
            name.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')))
        {
            return Err(TopicNameError::Sign(sign));
        }
        if name.len() > TopicName::MAX_LEN {
            return Err(TopicNameError::TooLong(name.len()));
        }
        Ok(())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TopicName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for TopicName {
    type Error = TopicNameError;

    fn try_from(name: String) -> Result<TopicName, TopicNameError> {
        TopicName::new(name)
    }
}

impl From<TopicName> for String {
    fn from(name: TopicName) -> String {
        name.0
    }
}
