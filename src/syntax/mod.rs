//! Text to tree. The only user of pest.
//!
//! Guarantees: every text gives a tree, every byte of it lies in exactly one leaf, and the tree prints the text back.

mod grammar;
mod parse;
mod tree;

pub use parse::{Parse, parse};
pub use tree::{Node, NodeId, NodeKind, Tree};
