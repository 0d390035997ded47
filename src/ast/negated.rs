//! Names with a `!` or a `-` before them: what other tools write for "but not these".

use super::statement::Reader;
use super::token::Token;
use crate::diagnostic::{Diagnostic, Fix};
use crate::statement::{self as st, StatementSpec};
use crate::syntax::NodeKind;
use crate::text::Span;

/// A name of a list.
struct Named<'t> {
    /// It, without its sign.
    text: &'t str,
    /// From its sign to its end.
    span: Span,
    /// The sign, where one stands before it.
    sign: Option<Span>,
}

impl Reader<'_> {
    /// `include !a.*_bak`, `columns -secret`: what is meant stands in another statement, or behind another word.
    pub(super) fn negated(
        &self,
        spec: &StatementSpec,
        word: Span,
        tokens: &[Token<'_>],
    ) -> Option<Diagnostic> {
        if !matches!(spec.word, "include" | "exclude" | "columns") {
            return None;
        }
        let named = tokens.split(|token| token.kind == NodeKind::Comma).map(named);
        let named: Vec<Named<'_>> = named.collect::<Option<_>>()?;
        let sign = named.iter().find_map(|named| named.sign)?;
        let shown = &self.text[sign.start as usize..sign.end as usize];
        let finding = Diagnostic::error(
            st::WRONG_ARGUMENTS,
            sign,
            format!("no `{shown}` stands before a name of `{}`", spec.word),
        );
        let (negated, others): (Vec<&Named<'_>>, Vec<&Named<'_>>) =
            named.iter().partition(|named| named.sign.is_some());
        let list = negated.iter().map(|named| named.text).collect::<Vec<_>>().join(", ");
        let end = tokens.last().map_or(word, |token| token.span);
        Some(match spec.word {
            "include" => {
                let finding =
                    finding.help(format!("what is not sent has a line of its own: `exclude {list}`"));
                match others.as_slice() {
                    [] => {
                        let text = format!("exclude {list}");
                        finding.fix(Fix::choice(format!("write `{text}`"), word.to(end), text))
                    }
                    _ => self.on_two_lines(finding, word.to(end), &others, &list),
                }
            }
            "columns" => {
                let finding = finding.help(format!("all columns but these are `columns except {list}`"));
                let is_all = |named: &&Named<'_>| named.text == "*";
                let (Some(first), true) = (named.first(), others.iter().all(is_all)) else {
                    return Some(finding);
                };
                let text = format!("except {list}");
                finding.fix(Fix::machine(format!("write `columns {text}`"), first.span.to(end), text))
            }
            _ => finding.help(
                "`exclude` takes tables away, and nothing gives them back: name those that are not sent",
            ),
        })
    }

    /// An `include` of the others, and an `exclude` of the list below it.
    fn on_two_lines(
        &self,
        finding: Diagnostic,
        whole: Span,
        others: &[&Named<'_>],
        list: &str,
    ) -> Diagnostic {
        let before = &self.text[..whole.start as usize];
        let indent = &before[before.rfind(['\n', '\r']).map_or(0, |end| end + 1)..];
        if !indent.trim().is_empty() {
            return finding;
        }
        let kept = others.iter().map(|named| named.text).collect::<Vec<_>>().join(", ");
        let text = format!("include {kept}\n{indent}exclude {list}");
        finding.fix(Fix::choice(format!("write `exclude {list}` on a line of its own"), whole, text))
    }
}

/// A name with its sign; none for arguments that are something else.
fn named<'t>(tokens: &[Token<'t>]) -> Option<Named<'t>> {
    match tokens {
        [only] if only.kind == NodeKind::Path => {
            let (span, bare) = (only.span, only.text.strip_prefix('-').filter(|bare| !bare.is_empty()));
            let sign = bare.map(|_| Span::new(span.file, span.start, span.start + 1));
            Some(Named { text: bare.unwrap_or(only.text), span, sign })
        }
        [sign, name]
            if name.kind == NodeKind::Path && sign.text == "!" && sign.span.end == name.span.start =>
        {
            Some(Named { text: name.text, span: sign.span.to(name.span), sign: Some(sign.span) })
        }
        _ => None,
    }
}
