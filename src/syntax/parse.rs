//! Text to [`Tree`]. Total: every text gives a tree.

use super::grammar::{Grammar, Rule, node_kind};
use super::{Node, NodeId, NodeKind, Tree};
use crate::text::{FileId, Span};
use pest::Parser;
use pest::iterators::Pair;

/// Deepest nesting of brackets that is parsed. Far above any honest file, far below the native stack.
pub(super) const NESTING_MAX: usize = 32;

/// The result of parsing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parse {
    /// The tree; a single root when `too_deep` is set.
    pub tree: Tree,
    /// Where brackets nest deeper than 32; then nothing else of the file is looked at.
    pub too_deep: Option<Span>,
}

/// Parses `text` as the file `file`.
pub fn parse(file: FileId, text: &str) -> Parse {
    if let Some(at) = first_too_deep(text) {
        return Parse { tree: bare(file, text), too_deep: Some(Span::new(file, at, at + 1)) };
    }
    match Grammar::parse(Rule::file, text) {
        Ok(mut pairs) => {
            let mut nodes = Vec::with_capacity(text.len() / 4);
            let root = pairs.next().expect("the rule `file` gives one pair");
            push(root, NodeId(0), &mut nodes);
            Parse { tree: Tree { file, nodes }, too_deep: None }
        }
        // The grammar is total; what is left is pest's own guard of the native stack.
        Err(_) => {
            Parse { tree: bare(file, text), too_deep: Some(Span::new(file, 0, text.len().min(1) as u32)) }
        }
    }
}

fn bare(file: FileId, text: &str) -> Tree {
    let root =
        Node { kind: NodeKind::File, start: 0, end: text.len() as u32, parent: NodeId(0), subtree_end: 1 };
    Tree { file, nodes: vec![root] }
}

fn push(pair: Pair<'_, Rule>, parent: NodeId, nodes: &mut Vec<Node>) {
    let Some(kind) = node_kind(pair.as_rule()) else { return };
    let span = pair.as_span();
    let id = NodeId(nodes.len() as u32);
    nodes.push(Node { kind, start: span.start() as u32, end: span.end() as u32, parent, subtree_end: 0 });
    for child in pair.into_inner() {
        push(child, id, nodes);
    }
    nodes[id.0 as usize].subtree_end = nodes.len() as u32;
}

/// Byte offset of the first bracket that nests deeper than allowed. Counts every bracket, also those in comments and
/// strings of one line, and starts anew where a line is back in column 0, as the grammar does.
fn first_too_deep(text: &str) -> Option<u32> {
    let mut depth = 0usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' | b'(' => {
                depth += 1;
                if depth > NESTING_MAX {
                    return Some(at as u32);
                }
            }
            b'}' | b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}
