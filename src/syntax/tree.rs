//! The lossless syntax tree: flat, owned, kinds and byte ranges only.

use super::damage::Damage;
use crate::text::{FileId, Span};

/// Index of a node in its [`Tree`]. Parents come before their children, so ids are in text order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub u32);

/// What a node is: one per rule of `grammar/sync.pest` that is not silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the grammar rule of the same name, documented there")]
pub enum NodeKind {
    File,
    Statement,
    Block,
    Open,
    Close,
    Unclosed,
    Stray,
    Bom,
    Ws,
    Nl,
    Doc,
    Comment,
    String,
    Quote,
    Text,
    Escape,
    Hole,
    HoleOpen,
    HoleClose,
    HoleName,
    BadChar,
    Missing,
    Unquoted,
    SqlString,
    Squote,
    SquoteEsc,
    SqlText,
    Timestamp,
    Clock,
    Quantity,
    Path,
    Dot,
    Quoted,
    Regex,
    Glob,
    Arrow,
    Op,
    Comma,
    Group,
    Paren,
    ParenClose,
    BadClose,
    Bad,
    WhereClause,
    KwWhere,
    Expr,
    WherePath,
    WhereGroup,
    IsNull,
    Between,
    KwAnd,
    KwOr,
    KwLike,
    KwIn,
    KwBetween,
    Not,
    Cmp,
    BadTail,
}

/// One node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// First byte.
    pub start: u32,
    /// Behind the last byte.
    pub end: u32,
    /// The node around it; the root's is itself.
    pub parent: NodeId,
    /// Behind the last node below this one: `id + 1 .. subtree_end` are its descendants.
    pub subtree_end: u32,
}

/// A parsed file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    pub(super) file: FileId,
    pub(super) nodes: Vec<Node>,
    pub(super) damage: Damage,
}

impl Tree {
    /// The root, of kind [`NodeKind::File`].
    pub fn root(&self) -> NodeId {
        NodeId(0)
    }

    /// The file this is the tree of.
    pub fn file(&self) -> FileId {
        self.file
    }

    /// A node.
    pub fn node(&self, id: NodeId) -> Node {
        self.nodes[id.0 as usize]
    }

    /// Kind of a node.
    pub fn kind(&self, id: NodeId) -> NodeKind {
        self.node(id).kind
    }

    /// True when every `{` has its `}`.
    pub(super) fn is_balanced(&self) -> bool {
        !self.nodes.iter().any(|node| matches!(node.kind, NodeKind::Unclosed | NodeKind::Stray))
    }

    /// Place of a node.
    pub fn span(&self, id: NodeId) -> Span {
        let node = self.node(id);
        Span::new(self.file, node.start, node.end)
    }

    /// Text of a node, given the text of the file.
    pub fn text<'t>(&self, id: NodeId, text: &'t str) -> &'t str {
        let node = self.node(id);
        &text[node.start as usize..node.end as usize]
    }

    /// Direct children, in text order.
    pub fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let end = self.node(id).subtree_end;
        let mut next = id.0 + 1;
        std::iter::from_fn(move || {
            (next < end).then(|| {
                let child = NodeId(next);
                next = self.node(child).subtree_end;
                child
            })
        })
    }

    /// All nodes below `id`, in text order.
    pub fn descendants(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        (id.0 + 1..self.node(id).subtree_end).map(NodeId)
    }

    /// All leaves, in text order; their texts joined are the file.
    pub fn leaves(&self) -> impl Iterator<Item = NodeId> + '_ {
        (0..self.nodes.len() as u32).map(NodeId).filter(|&id| self.node(id).subtree_end == id.0 + 1)
    }

    /// True when a statement cannot be understood as it stands: its head (what is outside of its block) holds an error
    /// node or a look-alike, or lies in a merge conflict, in a foreign comment or behind a misplaced brace.
    /// [`errors`](super::errors) has said why; later stages say nothing more about the statement. For other nodes than
    /// statements everything below the node counts.
    pub fn has_error(&self, id: NodeId) -> bool {
        let node = self.node(id);
        if node.kind != NodeKind::Statement {
            let broken = |id| self.kind(id).is_error() || self.lacks_condition(id);
            return broken(id)
                || self.damage.touches(node.start, node.end)
                || self.descendants(id).any(broken);
        }
        let block = self.children(id).find(|&child| self.kind(child) == NodeKind::Block);
        let head_end = block.map_or(node.end, |block| self.node(block).start);
        block.is_some_and(|block| self.node(block).start == node.start)
            || self.damage.touches(node.start, head_end)
            || (id.0 + 1..block.map_or(node.subtree_end, |block| block.0))
                .map(NodeId)
                .any(|id| self.kind(id).is_error() || self.lacks_condition(id))
    }

    /// True when the signs of a statement's head are not understood, wherever it stands: it holds an error node or a look-alike,
    /// or lies in a merge conflict, a foreign comment or data of another language. A layout is then not known.
    pub fn has_unclear_head(&self, statement: NodeId) -> bool {
        let node = self.node(statement);
        let block = self.children(statement).find(|&child| self.kind(child) == NodeKind::Block);
        let head_end = block.map_or(node.end, |block| self.node(block).start);
        let mut head = (statement.0 + 1..block.map_or(node.subtree_end, |block| block.0)).map(NodeId);
        self.damage.explains(node.start, head_end)
            || head.any(|id| self.kind(id).is_error() || self.lacks_condition(id))
    }

    /// True when all that is wrong with the head of a statement is text with placeholders without quotes. Of that
    /// [`errors`](super::errors) says nothing, because what it would be in quotes depends on the statement.
    pub fn lacks_only_quotes(&self, statement: NodeId) -> bool {
        let node = self.node(statement);
        let block = self.children(statement).find(|&child| self.kind(child) == NodeKind::Block);
        let head = || (statement.0 + 1..block.map_or(node.subtree_end, |block| block.0)).map(NodeId);
        let head_end = block.map_or(node.end, |block| self.node(block).start);
        // Behind a dot the text that touches it is what seems to be missing.
        let begins = |at| head().any(|id| self.kind(id) == NodeKind::Unquoted && self.node(id).start == at);
        let explained = |id| match self.kind(id) {
            NodeKind::Unquoted => true,
            NodeKind::Missing => begins(self.node(id).end),
            kind => !kind.is_error(),
        };
        head().any(|id| self.kind(id) == NodeKind::Unquoted)
            && !self.damage.touches(node.start, head_end)
            && head().all(explained)
    }

    /// True when all that is wrong with the head of a statement is signs that mean nothing between words, as `:`, `;` and the
    /// brackets of a list. [`errors`](super::errors) has said so; without them it may be whole.
    pub fn has_only_needless_signs(&self, statement: NodeId, text: &str) -> bool {
        let node = self.node(statement);
        let block = self.children(statement).find(|&child| self.kind(child) == NodeKind::Block);
        let head_end = block.map_or(node.end, |block| self.node(block).start);
        let mut head = (statement.0 + 1..block.map_or(node.subtree_end, |block| block.0)).map(NodeId);
        let is_needless =
            |id| self.kind(id) == NodeKind::Bad && matches!(self.text(id, text), ":" | ";" | "[" | "]");
        head_end > node.start
            && !self.damage.touches(node.start, head_end)
            && head.all(|id| is_needless(id) || !(self.kind(id).is_error() || self.lacks_condition(id)))
    }

    /// True when braces say nothing about the structure of the file: one is missing or too many, both versions of a merge
    /// are there, or a comment of another language holds some.
    pub fn braces_misfit(&self) -> bool {
        let misfits = |node: &Node| match node.kind {
            NodeKind::Unclosed | NodeKind::Stray => true,
            NodeKind::Open | NodeKind::Close => self.damage.in_comment(node.start),
            _ => false,
        };
        !self.damage.conflicts.is_empty()
            || !self.damage.braced_words.is_empty()
            || self.nodes.iter().any(misfits)
    }

    /// Private keys that stand on lines of their own. Nothing else is said about those lines.
    pub fn private_keys(&self) -> impl Iterator<Item = Span> + '_ {
        self.damage.private_keys.iter().map(|range| Span::new(self.file, range.start, range.end))
    }

    /// A `where` without anything behind it, or parentheses without anything inside.
    pub(super) fn lacks_condition(&self, id: NodeId) -> bool {
        match self.kind(id) {
            NodeKind::WhereClause | NodeKind::WhereGroup => {
                !self.children(id).any(|child| matches!(self.kind(child), NodeKind::Expr | NodeKind::BadTail))
            }
            _ => false,
        }
    }
}

impl NodeKind {
    /// True for the kinds that stand for something missing or not understood.
    pub fn is_error(self) -> bool {
        matches!(
            self,
            NodeKind::Unclosed
                | NodeKind::Stray
                | NodeKind::BadChar
                | NodeKind::Missing
                | NodeKind::Unquoted
                | NodeKind::BadClose
                | NodeKind::Bad
                | NodeKind::BadTail
        )
    }
}
