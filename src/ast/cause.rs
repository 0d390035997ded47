//! Findings about the signs of a statement that follow from its word, or from what one value of it was meant to be: these are told
//! as that.
//!
//! What is wrong with a word hides what is wrong with signs. A filter of another tool holds signs that mean nothing here; whoever
//! mends them has still a statement that nobody knows.

use super::placed::{self, Placed};
use super::quantity::rate_text;
use super::unplaced::{is_foreign, unplaced};
use crate::diagnostic::{Diagnostic, Fix};
use crate::statement::{self as st, Kind, Place, Shape};
use crate::syntax::{NodeKind, Tree};
use crate::text::Span;

/// Codes of findings about signs that mean nothing.
const OF_SIGNS: [&str; 2] = ["S0004", "S0008"];

/// The code of one about a sign that is not closed, which is graver than what is wrong with a word.
const NOT_CLOSED: &str = "S0001";

/// Replaces such findings about one file. Statements of the file itself stand at `place`.
pub fn tell_causes(tree: &Tree, text: &str, place: Place, findings: &mut Vec<Diagnostic>) {
    let is_of_signs =
        |finding: &Diagnostic| OF_SIGNS.contains(&finding.code.number) || finding.code.number == NOT_CLOSED;
    let mut places: Vec<u32> = (findings.iter().filter(|finding| is_of_signs(finding)))
        .filter_map(|finding| Some(finding.primary.as_ref()?.span.start))
        .collect();
    if places.is_empty() {
        return;
    }
    places.sort_unstable();
    placed::each(tree, text, place, &mut |statement| {
        let whole = tree.span(statement.id);
        let first = places.partition_point(|&at| at < whole.start);
        if places.get(first).is_none_or(|&at| at >= whole.end) {
            return;
        }
        let Some((cause, hidden)) = Cause { statement, tree, text }.find(findings) else { return };
        let is_hidden =
            |finding: &Diagnostic| finding.primary.as_ref().is_some_and(|label| hidden.contains(label.span));
        findings.retain(|finding| !is_hidden(finding));
        findings.push(cause);
    });
}

/// A statement of which a sign is wrong.
struct Cause<'a> {
    statement: &'a Placed<'a>,
    tree: &'a Tree,
    text: &'a str,
}

impl Cause<'_> {
    /// The one thing that is wrong, and the place of everything else that is said of it.
    fn find(&self, findings: &[Diagnostic]) -> Option<(Diagnostic, Span)> {
        let node = self.tree.node(self.statement.id);
        let whole = self.tree.span(self.statement.id);
        if let Some(cause) = self.variable_in_braces().or_else(|| self.variable_with_signs()) {
            return Some((cause, whole));
        }
        let end = self.statement.block.map_or(node.end, |block| self.tree.node(block).start);
        let head = Span::new(self.tree.file(), node.start, end);
        if let Some(cause) = self.rate_with_blank() {
            return Some((cause, head));
        }
        let here = findings
            .iter()
            .filter(|finding| finding.primary.as_ref().is_some_and(|label| head.contains(label.span)));
        let codes: Vec<&str> = here.map(|finding| finding.code.number).collect();
        if codes.contains(&NOT_CLOSED) || !codes.iter().any(|code| OF_SIGNS.contains(code)) {
            return None;
        }
        let (place, None) = (self.statement.place?, self.statement.spec) else { return None };
        let word = self.statement.tokens.first().filter(|token| token.kind == NodeKind::Path)?;
        // A word that nobody knows may be a part of anything.
        let is_known = !st::places_of(word.text).is_empty() || is_foreign(word.text, word.span, place);
        is_known.then(|| (unplaced(word.text, word.span, place, self.statement.format), head))
    }

    /// `password {{ SHOP_PASSWORD }}`, as templates of other tools have it.
    fn variable_in_braces(&self) -> Option<Diagnostic> {
        let Placed { spec, tokens, block, .. } = self.statement;
        spec.filter(|spec| spec.word == "password" && tokens.len() == 1)?;
        let span = self.tree.span((*block)?);
        let written = self.text.get(span.start as usize..span.end as usize)?;
        let inner = written.strip_prefix("{{")?.strip_suffix("}}")?.trim().trim_start_matches('.');
        let is_name = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
        if inner.is_empty() || !inner.chars().all(is_name) {
            return None;
        }
        let text = format!("env {inner}");
        let message = format!("a secret in a variable is written `{text}`");
        let finding = Diagnostic::error(st::SECRET_LITERAL, span, message);
        Some(finding.fix(Fix::machine(format!("write `{text}`"), span, text)))
    }

    /// `password env:SHOP_PASSWORD`, `password %SHOP_PASSWORD%`: the signs of other tools around the name of a variable.
    fn variable_with_signs(&self) -> Option<Diagnostic> {
        self.statement.spec.filter(|spec| spec.word == "password")?;
        let node = self.tree.node(self.statement.id);
        let line = self.text[node.start as usize..].lines().next()?;
        let written = line.strip_prefix("password")?.trim();
        let referred = written.strip_prefix("env ").map_or(written, str::trim);
        let name = st::variable_with_signs(referred)?;
        let start = node.start + (line.len() - line["password".len()..].trim_start().len()) as u32;
        let span = Span::new(self.tree.file(), start, start + written.len() as u32);
        let text = format!("env {name}");
        let message = format!("a secret in a variable is written `{text}`");
        let finding = Diagnostic::error(st::SECRET_LITERAL, span, message);
        Some(finding.fix(Fix::machine(format!("write `{text}`"), span, text)))
    }

    /// `rate 20 MiB/s`: the slash is read as the beginning of a regular expression.
    fn rate_with_blank(&self) -> Option<Diagnostic> {
        let takes_rate = |shape: &&Shape| matches!(shape, Shape::Value { kind: Kind::Rate, .. });
        let signature = self.statement.spec?.signature();
        signature.alternatives.iter().flatten().find(takes_rate)?;
        let number = self.statement.tokens.get(1).filter(|token| token.kind == NodeKind::Quantity)?;
        let end = self.tree.node(self.statement.id).end as usize;
        let rest = self.text.get(number.span.end as usize..end)?.trim_end();
        let unit = rest.trim_start_matches([' ', '\t']);
        let (size, second) = unit.split_once('/')?;
        let is_unit = !size.is_empty() && size.bytes().all(|sign| sign.is_ascii_alphabetic());
        if !is_unit || !matches!(second.to_ascii_lowercase().as_str(), "s" | "sec" | "second") {
            return None;
        }
        let joined = rate_text(number.text, size)?;
        let span = Span::new(number.span.file, number.span.start, number.span.end + rest.len() as u32);
        let message = format!("a unit follows its number without a blank: `{joined}`");
        let finding = Diagnostic::error(st::UNIT_MISSING_OR_WRONG, span, message);
        Some(finding.fix(Fix::machine(format!("write `{joined}`"), span, joined)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Values, lower};
    use super::*;
    use crate::syntax;
    use crate::text::FileId;

    /// Codes and messages of what is found in a line of a pipeline.
    #[track_caller]
    fn check(line: &str, expected: &[&str]) {
        let text = format!("edition 2026\npipeline p from s to t {{\n{line}\n}}\n");
        let parse = syntax::parse(FileId(0), &text);
        let mut found = syntax::errors(&parse, &text);
        found.extend(lower(&parse, &text, &Values::default()).1);
        tell_causes(&parse.tree, &text, Place::File, &mut found);
        let shown: Vec<String> =
            found.iter().map(|finding| format!("{} {}", finding.code.number, finding.message)).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn a_word_of_another_tool_hides_its_signs() {
        let here = "is no statement; here it is called";
        check(
            "canal.instance.filter.regex = shop\\\\..*",
            &[&format!("S0013 `canal.instance.filter.regex` {here} `include`")],
        );
        check("whitelist: [shop.a]", &[&format!("S0013 `whitelist` {here} `include`")]);
        check("brokers: \"k:9092\";", &["S0014 `brokers` does not belong in a `pipeline`"]);
        check("topic: \"x\"", &["S0004 `:` has no meaning here"]);
        check("whitelist \"shop.a", &["S0001 the double quote is not closed"]);
    }

    #[test]
    fn a_variable_with_the_signs_of_other_tools() {
        let found = |line: &str| {
            let text = format!("edition 2026\nsource s mysql \"db\" {{\n{line}\n}}\n");
            let parse = syntax::parse(FileId(0), &text);
            let mut found = syntax::errors(&parse, &text);
            found.extend(lower(&parse, &text, &Values::default()).1);
            tell_causes(&parse.tree, &text, Place::File, &mut found);
            found.iter().map(|finding| finding.message.clone()).collect::<Vec<_>>()
        };
        for line in ["password env:DB_PW", "password %DB_PW%", "password env %DB_PW%"] {
            assert_eq!(found(line), ["a secret in a variable is written `env DB_PW`"], "{line}");
        }
    }

    #[test]
    fn a_rate_with_a_blank() {
        let blank = "S0017 a unit follows its number without a blank:";
        check("limit 20 MiB/s", &[&format!("{blank} `20MiB/s`")]);
        check("limit 5 mb/sec", &[&format!("{blank} `5MB/s`")]);
        check("limit 5 /s", &["S0001 the `/` is not closed"]);
    }
}
