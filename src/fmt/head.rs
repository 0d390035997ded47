//! Words and values of one statement.

use crate::syntax::{NodeId, NodeKind, Tree};

/// Writes a statement without its block.
pub(super) fn write(tree: &Tree, text: &str, statement: NodeId, out: &mut String) {
    let parts: Vec<NodeId> =
        tree.children(statement).filter(|&id| tree.kind(id) != NodeKind::Block).collect();
    let (Some(&first), Some(&last)) = (parts.first(), parts.last()) else { return };
    if tree.has_unclear_head(statement) {
        let bytes = &text[tree.node(first).start as usize..tree.node(last).end as usize];
        out.push_str(bytes.trim_matches([' ', '\t']));
        return;
    }
    let mut tokens = Tokens { tree, text, out, tight: true };
    parts.into_iter().for_each(|part| tokens.write(part));
}

struct Tokens<'a> {
    tree: &'a Tree,
    text: &'a str,
    out: &'a mut String,
    /// True when the next token follows without a blank.
    tight: bool,
}

impl Tokens<'_> {
    fn write(&mut self, id: NodeId) {
        match self.tree.kind(id) {
            NodeKind::Ws => {}
            NodeKind::Group
            | NodeKind::WhereGroup
            | NodeKind::WhereClause
            | NodeKind::Expr
            | NodeKind::Between => self.tree.children(id).for_each(|child| self.write(child)),
            NodeKind::Comma | NodeKind::ParenClose => {
                self.tight = true;
                self.token(id);
            }
            NodeKind::Paren => {
                self.token(id);
                self.tight = true;
            }
            _ => self.token(id),
        }
    }

    fn token(&mut self, id: NodeId) {
        if !self.tight {
            self.out.push(' ');
        }
        self.tight = false;
        let text = self.tree.text(id, self.text);
        match self.tree.kind(id) {
            // Several words in one token.
            NodeKind::IsNull | NodeKind::KwIn | NodeKind::KwLike | NodeKind::KwBetween => {
                let mut words = text.split_ascii_whitespace();
                self.out.push_str(words.next().unwrap_or_default());
                for word in words {
                    self.out.push(' ');
                    self.out.push_str(word);
                }
            }
            _ => self.out.push_str(text),
        }
    }
}
