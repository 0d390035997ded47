//! Text to [`Tree`]. Total: every text gives a tree.

use super::damage::Damage;
use super::grammar::{Grammar, Rule, node_kind};
use super::{Node, NodeId, NodeKind, Tree};
use crate::text::{FileId, Span};
use pest::Parser;
use pest::Token;
use pest::error::InputLocation;

/// Deepest nesting of blocks and parentheses that is read. Far above any honest file.
pub(super) const NESTING_MAX: usize = 32;

/// The result of parsing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parse {
    /// The tree; a single root when [`Parse::unreadable`].
    pub tree: Tree,
    /// Where blocks or parentheses nest deeper than 32; then nothing else of the file is looked at.
    pub too_deep: Option<Span>,
    /// The first NUL: the file is no text, and is read no further.
    pub nul: Option<Span>,
}

impl Parse {
    /// True when there is no tree to look at. Later stages say nothing about such a file, and it may declare anything.
    pub fn unreadable(&self) -> bool {
        self.too_deep.is_some() || self.nul.is_some()
    }

    /// True when the file holds bytes that are no text, so that it may declare or use anything.
    pub fn not_utf8(&self) -> bool {
        self.nul.is_some() || !self.tree.damage.not_utf8.is_empty()
    }
}

/// Parses `text` as the file `file`.
pub fn parse(file: FileId, text: &str) -> Parse {
    let sign = |at: u32| Span::new(file, at, at + 1);
    if let Some(at) = memchr::memchr(0, text.as_bytes()) {
        return Parse { tree: bare(file, text), too_deep: None, nul: Some(sign(at as u32)) };
    }
    match nodes(text) {
        Ok(nodes) => {
            let mut tree = Tree { file, nodes, damage: Damage::default() };
            tree.damage = Damage::find(&tree, text);
            Parse { tree, too_deep: None, nul: None }
        }
        Err(TooDeep(at)) => Parse { tree: bare(file, text), too_deep: Some(sign(at)), nul: None },
    }
}

fn bare(file: FileId, text: &str) -> Tree {
    let root =
        Node { kind: NodeKind::File, start: 0, end: text.len() as u32, parent: NodeId(0), subtree_end: 1 };
    Tree { file, nodes: vec![root], damage: Damage::default() }
}

/// Byte offset of the bracket that is too deep.
pub(super) struct TooDeep(u32);

/// Runs the parser and copies its pairs, which borrow the text and cannot leave the thread, into nodes.
pub(super) fn nodes(text: &str) -> Result<Vec<Node>, TooDeep> {
    // The grammar is total, but for a block that it does not enter because it is too deep.
    let pairs = Grammar::parse(Rule::file, text).map_err(|error| {
        let (InputLocation::Pos(at) | InputLocation::Span((at, _))) = error.location;
        let brace = text.as_bytes()[..at].iter().rposition(|byte| *byte == b'{');
        TooDeep(brace.unwrap_or_default() as u32)
    })?;
    let mut nodes: Vec<Node> = Vec::with_capacity(text.len() / 4);
    let mut open: Vec<NodeId> = Vec::new();
    let mut depth = 0;
    for token in pairs.tokens() {
        match token {
            Token::Start { rule, pos } => {
                let Some(kind) = node_kind(rule) else { continue };
                let at = pos.pos() as u32;
                if nests(kind) {
                    depth += 1;
                    if depth > NESTING_MAX {
                        return Err(TooDeep(at));
                    }
                }
                let id = NodeId(nodes.len() as u32);
                let parent = open.last().copied().unwrap_or(id);
                nodes.push(Node { kind, start: at, end: at, parent, subtree_end: id.0 + 1 });
                open.push(id);
            }
            Token::End { rule, pos } => {
                if node_kind(rule).is_none() {
                    continue;
                }
                let subtree_end = nodes.len() as u32;
                if let Some(node) = open.pop().and_then(|id| nodes.get_mut(id.0 as usize)) {
                    node.end = pos.pos() as u32;
                    node.subtree_end = subtree_end;
                    depth -= usize::from(nests(node.kind));
                }
            }
        }
    }
    Ok(nodes)
}

fn nests(kind: NodeKind) -> bool {
    matches!(kind, NodeKind::Block | NodeKind::Group | NodeKind::WhereGroup)
}
