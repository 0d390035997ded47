//! The parts of a statement as they are written: its word, its arguments, its block, and the placeholders among them.

use super::binding::{Filled, Unbound};
use super::shape::{Item, Origin, Value};
use super::statement::Reader;
use super::token::Token;
use crate::diagnostic::Diagnostic;
use crate::pattern::TablePattern;
use crate::statement as st;
use crate::syntax::{NodeId, NodeKind};
use crate::text::{Span, Spanned};

impl<'t> Reader<'t> {
    /// The word a statement begins with; a finding where it begins with something else.
    pub(super) fn word(&mut self, id: NodeId) -> Option<(&'t str, Span)> {
        match self.first_word(id) {
            Some(word) => Some((self.tree.text(word, self.text), self.tree.span(word))),
            // Told as what is missing.
            None if self.is_bare_edition(id) => None,
            None => {
                let span = self.tree.span(self.first(id)?);
                self.findings.push(
                    Diagnostic::error(st::UNKNOWN_STATEMENT, span, "a statement begins with a word")
                        .help("one statement stands on one line; a block opens on the line of its statement"),
                );
                None
            }
        }
    }

    /// What stands between the word of a statement and its block. A statement with signs that mean nothing is read without them.
    fn arguments(&self, id: NodeId) -> impl Iterator<Item = NodeId> + use<'t> {
        let tree = self.tree;
        let is_argument = move |&child: &NodeId| {
            !matches!(tree.kind(child), NodeKind::Ws | NodeKind::Block | NodeKind::Bad)
        };
        tree.children(id).filter(is_argument).skip(1)
    }

    /// An argument of a statement as it is written.
    pub(super) fn argument(&self, id: NodeId, n: usize) -> Option<Token<'t>> {
        self.arguments(id).nth(n).map(|child| Token::new(self.tree, self.text, child))
    }

    /// The arguments of a statement, with values in the place of the placeholders that have one.
    pub(super) fn tokens(&mut self, id: NodeId) -> Vec<Token<'t>> {
        let mut tokens: Vec<Token<'t>> =
            self.arguments(id).map(|child| Token::new(self.tree, self.text, child)).collect();
        let mark = self.bindings.mark();
        for token in &tokens {
            for capture in token.captures() {
                // In a range of sources it has its text already.
                if !self.bindings.names().contains(&capture) {
                    self.bindings.bind(capture, None);
                }
            }
        }
        for token in tokens.iter_mut().filter(|token| token.kind == NodeKind::String) {
            for (param, value) in self.bindings.fill(&mut token.parts, self.values) {
                if let Some(value) = value {
                    self.noted.filled.push(Filled { span: token.span, param: param.clone(), value });
                }
                self.noted.params.insert(param);
            }
        }
        self.bindings.back_to(mark);
        tokens
    }

    /// Notes the parameters among arguments. False when one of them stands for nothing, and the statement is left out.
    pub(super) fn note_params(&mut self, id: NodeId, args: &[Item]) -> bool {
        let mut is_bound = true;
        for item in args {
            let (names, placeholder) = match (&item.value, &item.origin) {
                (Value::Unbound(holes), Origin::Written | Origin::Env) => {
                    (self.placeholders(id, item.span, holes), true)
                }
                (Value::Unbound(_), Origin::Param(param)) => (vec![param.name.clone()], false),
                (_, Origin::Param(param)) => {
                    let name = param.name.value.clone();
                    self.noted.params.insert(name.clone());
                    let value = param.value.clone();
                    self.noted.filled.push(Filled { span: item.span, param: name, value });
                    continue;
                }
                (_, Origin::Written | Origin::Env) => continue,
            };
            is_bound = false;
            for name in names {
                if self.values.of(&name.value).is_some() {
                    self.noted.params.insert(name.value);
                    continue;
                }
                let known = if placeholder { self.bindings.names() } else { Vec::new() };
                self.noted.unbound.push(Unbound { name, placeholder, known });
            }
        }
        is_bound
    }

    /// Where placeholders of these names stand in an argument.
    fn placeholders(&self, id: NodeId, argument: Span, names: &[String]) -> Vec<Spanned<String>> {
        let holes = self.tree.descendants(id).filter(|&node| self.tree.kind(node) == NodeKind::Hole);
        let named = holes.filter_map(|hole| {
            let span = self.tree.span(hole);
            let name = self.tree.children(hole).find(|&part| self.tree.kind(part) == NodeKind::HoleName)?;
            let name = self.tree.text(name, self.text).split(':').next()?.to_owned();
            (argument.contains(span) && names.contains(&name)).then(|| Spanned::new(name, span))
        });
        named.collect()
    }

    /// Captures of a table's pattern are known in its block.
    pub(super) fn bind_captures(&mut self, args: &[Item]) {
        for item in args {
            if let Value::Table(TablePattern { db, table }) = &item.value {
                for name in db.capture_names().into_iter().chain(table.capture_names()) {
                    self.bindings.bind(name, None);
                }
            }
        }
    }

    /// The block of a statement.
    pub(super) fn block(&self, id: NodeId) -> Option<NodeId> {
        self.tree.children(id).find(|&child| self.tree.kind(child) == NodeKind::Block)
    }

    /// The word a statement begins with, if it begins with one.
    pub(super) fn first_word(&self, id: NodeId) -> Option<NodeId> {
        let first = self.first(id)?;
        match self.tree.kind(first) {
            NodeKind::Path => Some(first),
            NodeKind::WhereClause => self.tree.children(first).next(),
            _ => None,
        }
    }

    pub(super) fn ends_with_comma(&self, id: NodeId) -> bool {
        let parts = self.tree.children(id).filter(|&child| self.tree.kind(child) != NodeKind::Ws);
        parts.last().is_some_and(|last| self.tree.kind(last) == NodeKind::Comma)
    }

    /// A word and nothing else.
    pub(super) fn is_bare(&self, id: NodeId) -> bool {
        let mut parts = self.tree.children(id).filter(|&child| self.tree.kind(child) != NodeKind::Ws);
        parts.next().is_some_and(|word| self.tree.kind(word) == NodeKind::Path) && parts.next().is_none()
    }

    fn first(&self, id: NodeId) -> Option<NodeId> {
        self.tree.children(id).find(|&child| self.tree.kind(child) != NodeKind::Ws)
    }
}
