//! Conditions of `where` that end before they are complete.

use super::Finder;
use super::sign::opens_quote;
use crate::diagnostic::{Diagnostic, Fix};
use crate::syntax::codes::{S0004, S0015};
use crate::syntax::{NodeId, NodeKind};
use crate::text::Span;

/// Operators that want an operand behind them, longest first.
const OPERATORS: &[&str] = &["<=>", "<>", "<=", ">=", "!=", "=", "<", ">"];
const WORD_OPERATORS: &[&str] = &["and", "or", "not", "like", "regexp", "in"];

impl Finder<'_> {
    pub(super) fn condition(&self, head: impl Iterator<Item = NodeId>, found: &mut Vec<Diagnostic>) {
        for id in head {
            let kind = self.tree.kind(id);
            if kind == NodeKind::BadTail {
                found.push(self.tail(id));
                return;
            }
            if !self.tree.lacks_condition(id) {
                continue;
            }
            if kind == NodeKind::WhereGroup {
                found.push(Diagnostic::error(S0015, self.tree.span(id), "nothing stands in the parentheses"));
            } else {
                found.push(
                    Diagnostic::error(S0015, self.tree.span(id), "`where` takes a condition")
                        .help("for example `where status = 'paid' and amount > 0`"),
                );
            }
            return;
        }
    }

    /// What was wrong at the place where a condition stopped being one.
    fn tail(&self, id: NodeId) -> Diagnostic {
        let node = self.tree.node(id);
        let mut start = node.start;
        let mut operator: Option<&str> = None;
        loop {
            let rest = self.slice(start, node.end);
            let blanks = rest.len() - rest.trim_start().len();
            start += blanks as u32;
            let rest = rest.trim();
            let end = start + rest.len() as u32;
            if rest.is_empty() {
                let shown = operator.unwrap_or("where");
                let at = self.slice(node.start, node.end).trim_end().len() as u32 + node.start;
                let span = Span::new(self.tree.file(), at - shown.len() as u32, at);
                return Diagnostic::error(S0015, span, format!("a value is missing behind `{shown}`"))
                    .label("value expected here");
            }
            let Some(next) = leading_operator(rest) else {
                return self.stop(Span::new(self.tree.file(), start, end), operator);
            };
            if operator == Some("=") && next == "=" {
                let span = Span::new(self.tree.file(), start - 1, start + 1);
                return Diagnostic::error(S0015, span, "`==` is no operator")
                    .help("values are compared with `=`")
                    .fix(Fix::machine("write `=`", span, "="));
            }
            operator = Some(next);
            start += next.len() as u32;
        }
    }

    /// `rest` is what follows the last operator, or the last operand when there is none.
    fn stop(&self, rest: Span, operator: Option<&str>) -> Diagnostic {
        let text = self.slice(rest.start, rest.end);
        let first = text.chars().next().unwrap_or(' ');
        let sign = Span::new(rest.file, rest.start, rest.start + first.len_utf8() as u32);
        let word_len = text.find(|c: char| c.is_whitespace() || "(),;".contains(c)).unwrap_or(text.len());
        let word = Span::new(rest.file, rest.start, rest.start + word_len.max(first.len_utf8()) as u32);
        let shown = self.slice(word.start, word.end);
        let double = |sign: &str, plain: &str| {
            let span = Span::new(rest.file, rest.start, rest.start + 2);
            text.starts_with(sign).then(|| {
                Diagnostic::error(S0004, span, format!("`{sign}` has no meaning here"))
                    .help(format!("write `{plain}`"))
                    .fix(Fix::machine(format!("write `{plain}`"), span, plain))
            })
        };
        if let Some(found) = double("&&", "and").or_else(|| double("||", "or")) {
            return found;
        }
        let lower = shown.to_ascii_lowercase();
        match first {
            '`' | '/' if opens_quote(text) => self.open_quote(rest.start, 0),
            ')' => {
                Diagnostic::error(S0004, sign, "`)` closes nothing").help("remove it, or open it with `(`")
            }
            '(' => Diagnostic::error(S0015, sign, "a condition calls no functions")
                .help("conditions compare columns with values: `= <> < > in between like regexp is null`"),
            ',' => Diagnostic::error(S0015, sign, "`,` has no place here")
                .help("a list of values stands in parentheses: `status in ('new', 'paid')`"),
            '+' | '-' | '*' | '/' => {
                Diagnostic::error(S0015, sign, format!("`{first}` has no place in a condition"))
                    .help("a condition does not calculate")
            }
            _ if lower == "is" => {
                Diagnostic::error(S0015, word, format!("`{shown}` is followed by `null` or `not null`"))
            }
            _ if lower == "between" => {
                Diagnostic::error(S0015, word, format!("`{shown}` takes two values: `between 1 and 5`"))
            }
            _ if operator.is_none() && (first.is_alphanumeric() || "_'\"`$".contains(first)) => {
                Diagnostic::error(S0015, word, format!("an operator is missing before `{shown}`"))
                    .label("`=`, `and` or another operator expected before this")
            }
            _ if first.is_control() => {
                Diagnostic::error(S0004, sign, format!("U+{:04X} has no meaning here", u32::from(first)))
            }
            ';' => Diagnostic::error(S0004, sign, "`;` has no meaning here")
                .help("a statement ends with its line; no sign is needed"),
            _ => Diagnostic::error(S0004, sign, format!("`{first}` has no meaning here"))
                .help("texts stand in single quotes, names with other signs in backticks"),
        }
    }
}

fn leading_operator(rest: &str) -> Option<&str> {
    let sign = OPERATORS
        .iter()
        .find(|operator| rest.starts_with(**operator))
        .map(|operator| &rest[..operator.len()]);
    sign.or_else(|| {
        let len = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        let word = &rest[..len];
        let ends = !rest[len..].starts_with(|c: char| c.is_alphanumeric() || "_$-.".contains(c));
        (ends && WORD_OPERATORS.contains(&word.to_ascii_lowercase().as_str())).then_some(word)
    })
}
