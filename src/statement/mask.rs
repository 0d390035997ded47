//! What `mask` says.

use super::SecretRef;
use crate::pattern::NamePattern;
use serde::{Deserialize, Serialize};
use std::fmt;

/// One column pattern of a `mask` line and what becomes of the values of the columns it takes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MaskRule {
    /// Which columns, by their names at the source.
    pub column: NamePattern,
    /// What becomes of their values.
    pub method: MaskMethod,
}

/// What becomes of the values of a masked column; NULL stays NULL.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MaskMethod {
    /// `with sha256`.
    Sha256 {
        /// `salt`: stands before every value.
        salt: Option<SecretRef>,
    },
    /// `keep first N`.
    KeepFirst(u32),
    /// `keep last N`.
    KeepLast(u32),
    /// `with null`.
    Null,
    /// `with fixed "…"`.
    Fixed(String),
}

impl MaskMethod {
    /// True when different values may become one: such a column tells no rows apart.
    pub fn is_lossy(&self) -> bool {
        match self {
            MaskMethod::Sha256 { .. } => false,
            MaskMethod::KeepFirst(_) | MaskMethod::KeepLast(_) | MaskMethod::Null | MaskMethod::Fixed(_) => {
                true
            }
        }
    }
}

/// As it is written behind the columns, without where a salt is found.
impl fmt::Display for MaskMethod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MaskMethod::Sha256 { salt: Some(_) } => f.write_str("with sha256, salted"),
            MaskMethod::Sha256 { salt: None } => f.write_str("with sha256, no salt"),
            MaskMethod::KeepFirst(n) => write!(f, "keep first {n}"),
            MaskMethod::KeepLast(n) => write!(f, "keep last {n}"),
            MaskMethod::Null => f.write_str("with null"),
            MaskMethod::Fixed(text) => write!(f, "with fixed {text:?}"),
        }
    }
}
