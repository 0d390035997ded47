//! Patterns of names: exact, glob, numeric range, regular expression; what they match, capture, and how two
//! relate. Beside them, expressions that are searched in texts of rows ([`TextSearch`]).
//!
//! [`NamePattern`] and [`TablePattern`] are plain data; [`Matcher`] and [`TableMatcher`] are the same
//! compiled. Names are compared code point by code point. Does not know of findings: a [`PatternError`] says
//! what is wrong and where in the text.

mod automaton;
mod cache;
mod error;
mod filled;
mod glob;
#[cfg(test)]
mod language_tests;
mod matcher;
mod name;
mod outline;
mod re2;
mod relation;
mod suggest;
#[cfg(test)]
mod tests;
mod text_search;

pub use error::{PatternError, PatternErrorKind};
pub use matcher::{Matcher, TableMatcher};
pub use name::{Member, NamePattern, TablePattern};
pub use outline::FILLER;
pub use relation::{Covered, Relation, some_table};
pub use text_search::{SearchError, TextSearch};
