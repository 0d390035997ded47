//! Patterns of names: exact, glob, numeric range, regular expression; what they match, capture, and how two relate.

mod name;

pub use name::{NamePattern, TablePattern};
