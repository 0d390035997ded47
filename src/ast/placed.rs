//! Every statement of a file with what is known of where it stands, also of those that are left out.

use super::token::Token;
use crate::statement::{self as st, Block, FormatName, Place, StatementSpec, Word};
use crate::syntax::{NodeId, NodeKind, Tree};

/// A statement at its place.
pub(super) struct Placed<'p> {
    pub(super) id: NodeId,
    /// Where it stands; none inside of what is no known statement.
    pub(super) place: Option<Place>,
    /// Its row; none where its word is none of this place.
    pub(super) spec: Option<&'static StatementSpec>,
    /// Its word and arguments, without its block.
    pub(super) tokens: &'p [Token<'p>],
    /// Its block.
    pub(super) block: Option<NodeId>,
    /// The format whose options these are.
    pub(super) format: Option<FormatName>,
    /// Captures of the statements around, and its own.
    pub(super) captures: &'p [String],
}

/// Visits all statements in text order; those of the file itself stand at `place`.
pub(super) fn each(tree: &Tree, text: &str, place: Place, visit: &mut dyn FnMut(&Placed<'_>)) {
    let mut walk = Walk { tree, text, captures: Vec::new(), visit };
    walk.statements(tree.root(), Some(place), None);
}

struct Walk<'w> {
    tree: &'w Tree,
    text: &'w str,
    captures: Vec<String>,
    visit: &'w mut dyn FnMut(&Placed<'_>),
}

impl Walk<'_> {
    fn statements(&mut self, parent: NodeId, place: Option<Place>, format: Option<FormatName>) {
        let tree = self.tree;
        for id in tree.children(parent).filter(|&id| tree.kind(id) == NodeKind::Statement) {
            let n_captures = self.captures.len();
            let mut block = None;
            let mut tokens: Vec<Token<'_>> = Vec::new();
            for part in tree.children(id) {
                match tree.kind(part) {
                    NodeKind::Ws => {}
                    NodeKind::Block => block = Some(part),
                    _ => tokens.push(Token::new(tree, self.text, part)),
                }
            }
            self.captures.extend(tokens.iter().flat_map(Token::captures));
            let first = tokens.first();
            let word = first.and_then(|first| match first.kind {
                NodeKind::WhereClause => Some("where"),
                _ => first.word(),
            });
            let spec = word.zip(place).and_then(|(word, place)| st::find(word, place));
            (self.visit)(&Placed {
                id,
                place,
                spec,
                tokens: &tokens,
                block,
                format,
                captures: &self.captures,
            });
            if let Some(block) = block {
                let inner = spec.and_then(|spec| match spec.block {
                    Block::May(inner) | Block::Must(inner) | Block::Instead(inner) => Some(inner),
                    Block::No => None,
                });
                let is_format = word == Some("format");
                let named = || FormatName::from_word(tokens.get(1)?.word()?);
                self.statements(block, inner, if is_format { named() } else { format });
            }
            self.captures.truncate(n_captures);
        }
    }
}
