//! Text to tree. The only user of pest.
//!
//! Guarantees: every text gives a tree, every byte of it lies in exactly one leaf, and the tree prints the text back.
//! [`errors`] says what is wrong with the text; [`Tree::has_error`] says which statements later stages leave alone.

mod balance;
pub mod codes;
mod condition;
mod damage;
mod error;
mod grammar;
mod parse;
#[cfg(test)]
pub(crate) mod property_tests;
mod tree;

pub use balance::balanced;
pub use condition::{Chained, Expr, ExprKind, condition};
pub use error::errors;
pub use parse::{Parse, parse};
pub use tree::{Node, NodeId, NodeKind, Tree};

/// The words that begin a declaration of a file. In column 0 they end every open block, so no statement inside a block
/// begins with one of them; a column or an option may, which one word or a value follows.
pub const TOP_WORDS: &[&str] = &[
    "edition", "use", "param", "source", "target", "pipeline", "profile", "defaults", "moved", "test", "lock",
];
