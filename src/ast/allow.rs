//! `allow`: answers to findings.

use super::argument::text;
use super::shape::Value;
use super::statement::{Reader, Stmt};
use crate::diagnostic::Diagnostic;
use crate::statement::ALLOW_WITHOUT_REASON;
use crate::syntax::{NodeId, NodeKind};
use crate::text::{Span, Spanned};

/// `allow CODE because "…"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allow {
    /// The code, as written; empty where there is none, and it may answer anything.
    pub code: Spanned<String>,
    /// The statement.
    pub head: Span,
    /// What goes with it when it is removed: its line.
    pub cut: Span,
    /// The statement whose block it stands in: what is found there, it answers.
    pub scope: Span,
    /// The statement of the file in which it stands.
    pub top: Span,
    /// False where the statement is broken: it answers all the same, and nothing more is said about it.
    pub is_whole: bool,
}

impl Allow {
    /// True when it answers what is found at a place.
    pub fn covers(&self, place: Span) -> bool {
        place.file == self.scope.file && (self.scope.start..self.scope.end).contains(&place.start)
    }
}

impl Reader<'_> {
    /// Notes an exception; without a reason it is an error.
    pub(super) fn allow(&mut self, statement: &Stmt) {
        let reason = text(statement).map(|reason| reason.value);
        let code = statement.args.first().and_then(|item| match &item.value {
            Value::Word(code) => Some(Spanned::new(code.clone(), item.span)),
            _ => None,
        });
        let Some(code) = code else { return };
        // What is no code at all is told as that.
        if is_code(&code.value.to_ascii_uppercase()) && reason.is_none_or(|reason| reason.trim().is_empty()) {
            let message = format!("`allow {}` gives no reason", code.value);
            self.findings.push(
                Diagnostic::error(ALLOW_WITHOUT_REASON, statement.head, message)
                    .help(format!("say why it is fine here: `allow {} because \"…\"`", code.value)),
            );
        }
        let (head, cut, scope, top) = (statement.head, statement.line, self.scope, self.top);
        self.allows.push(Allow { code, head, cut, scope, top, is_whole: true });
    }

    /// Notes the codes in a statement that is left out: it was to answer them.
    pub(super) fn broken_allow(&mut self, id: NodeId) {
        let head = self.tree.span(id);
        let (tree, text) = (self.tree, self.text);
        let globs = tree.descendants(id).filter(|&node| tree.kind(node) == NodeKind::Glob);
        let mut codes: Vec<Spanned<String>> = globs
            .filter(|&node| is_code(tree.text(node, text)))
            .map(|node| Spanned::new(tree.text(node, text).to_owned(), tree.span(node)))
            .collect();
        let word = self.first_word(id).map(|word| tree.text(word, text));
        let behind = self.argument(id, 0).and_then(|first| first.word());
        if codes.is_empty() && word == Some("allow") && behind.is_none_or(|behind| behind == "because") {
            codes.push(Spanned::new(String::new(), head));
        }
        for code in codes {
            let (scope, top) = (self.scope, self.top);
            self.allows.push(Allow { code, head, cut: head, scope, top, is_whole: false });
        }
    }
}

/// True for `S0406` and its like.
pub(super) fn is_code(word: &str) -> bool {
    let mut signs = word.bytes();
    matches!(signs.next(), Some(b'S' | b'L' | b'P'))
        && word.len() == 5
        && signs.all(|sign| sign.is_ascii_digit())
}
