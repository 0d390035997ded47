//! What is said of a word that is no statement, where what stands beside it speaks against the word that would replace it.

use super::allow::is_code;
use super::statement::Reader;
use super::token::Token;
use super::unplaced::unplaced;
use crate::diagnostic::{Diagnostic, Fix, Safety};
use crate::statement::{self as st, Once, Place};
use crate::syntax::{NodeId, NodeKind};
use crate::text::Span;

impl Reader<'_> {
    /// A word that is no statement here. A repair that would give a value twice, or turn its meaning round, is no certain one.
    pub(super) fn no_statement(&self, id: NodeId, word: &str, span: Span, place: Place) -> Diagnostic {
        if let Some(near) = self.block_meant(id, word, place) {
            let message = format!("`{word}` is no statement; did you mean `{near}`?");
            let finding = Diagnostic::error(st::UNKNOWN_STATEMENT, span, message);
            return finding.fix(Fix::machine(format!("write `{near}`"), span, near));
        }
        if let Some(finding) = self.answer_meant(id, word, span, place) {
            return finding;
        }
        if self.is_selection(id, word, place) {
            let message = format!("`{word}` is no statement; here it is called `include`");
            let finding = Diagnostic::error(st::UNKNOWN_STATEMENT, span, message);
            return finding.fix(Fix::choice("write `include`", span, "include"));
        }
        let mut finding = unplaced(word, span, place, self.format);
        let repair = finding.fixes.iter().find(|fix| fix.safety == Safety::Machine);
        let ours = repair.and_then(|fix| fix.edits.first()).filter(|edit| edit.span == span);
        let ours = ours.and_then(|edit| edit.text.split(' ').next()).and_then(|ours| st::find(ours, place));
        let Some(ours) = ours else { return finding };
        if ours.once == Once::Yes
            && let Some(first) = self.given_beside(id, ours.word)
        {
            let node = self.tree.node(id);
            let line = self.line_of(Span::new(span.file, node.start, node.end));
            finding.fixes.iter_mut().for_each(|fix| fix.safety = Safety::Choice);
            finding.fixes.insert(0, Fix::choice("remove the line", line, ""));
            return finding
                .also(first, format!("`{}` is given here already", ours.word))
                .help("one of the two is enough: remove the other");
        }
        let is_doubtful = st::foreign_word(word).is_some()
            && match ours.word {
                // What narrows a selection elsewhere widens it here.
                "include" => self.given_beside(id, "include").is_some(),
                // Whoever switches it off means it, and hears of that then.
                "tls" => self.is_switched_off(id),
                _ => false,
            };
        if is_doubtful {
            finding.fixes.iter_mut().for_each(|fix| fix.safety = Safety::Choice);
        }
        finding
    }

    /// `filter shop.*`, `import shop.*`: words of other tools for what cannot stand here, with tables behind them.
    pub(super) fn is_selection(&self, id: NodeId, word: &str, place: Place) -> bool {
        let is_table = |token: Token<'_>| token.kind == NodeKind::Path && token.segments.len() == 2;
        let mut items =
            (0..).map_while(|n| self.argument(id, n)).filter(|token| token.kind != NodeKind::Comma);
        st::find("include", place).is_some()
            && st::foreign_word(word).is_some_and(|ours| ours != "include" && st::find(ours, place).is_none())
            && self.block(id).is_none()
            && items.next().is_some_and(is_table)
            && items.all(is_table)
    }

    /// `ignore S0505`: the code of a finding stands behind the word.
    fn answer_meant(&self, id: NodeId, word: &str, span: Span, place: Place) -> Option<Diagnostic> {
        st::find("allow", place).filter(|_| place != Place::Ddl)?;
        let code = self.argument(id, 0)?.word().filter(|code| is_code(code))?;
        let message =
            format!("`{word}` is no statement; a finding is answered by `allow {code} because \"…\"`");
        let finding = Diagnostic::error(st::UNKNOWN_STATEMENT, span, message);
        Some(finding.fix(Fix::machine("write `allow`", span, "allow")))
    }

    /// Where the block of a statement has another that begins with `word`, or the head of the block says the same.
    fn given_beside(&self, id: NodeId, word: &str) -> Option<Span> {
        let (tree, text) = (self.tree, self.text);
        let around = tree.node(id).parent;
        let same = tree.children(around).find(|&other| {
            other != id
                && tree.kind(other) == NodeKind::Statement
                && self.first_word(other).is_some_and(|first| tree.text(first, text) == word)
        });
        let head = || {
            let head = tree.children(tree.node(around).parent);
            head.take_while(|&part| tree.kind(part) != NodeKind::Block)
                .find(|&part| tree.kind(part) == NodeKind::String)
        };
        match word {
            "address" | "brokers" => same.or_else(head),
            _ => same,
        }
        .map(|place| self.tree.span(self.first_word(place).unwrap_or(place)))
    }

    /// True when the value of a statement means that something is not wanted.
    fn is_switched_off(&self, id: NodeId) -> bool {
        let off = ["off", "false", "no", "disable", "disabled", "none", "plaintext"];
        let words = self.tree.children(id).filter(|&part| self.tree.kind(part) == NodeKind::Path);
        let last = words.last().map(|word| self.tree.text(word, self.text).to_ascii_lowercase());
        last.is_some_and(|last| off.contains(&last.as_str()))
    }
}
