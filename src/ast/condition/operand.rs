//! Columns and literals of a condition.

use super::{Lowering, wrong};
use crate::diagnostic::{Diagnostic, Fix};
use crate::statement as st;
use crate::syntax::codes::S0008;
use crate::syntax::{Expr, ExprKind, NodeKind};
use crate::text::Span;
use crate::transform::filter::{Number, NumberError, Operand, quoted};

/// Words that are functions or other expressions to the server, although nothing shows it.
const FUNCTIONS: &[&str] = &[
    "current_date",
    "current_time",
    "current_timestamp",
    "current_user",
    "localtime",
    "localtimestamp",
    "utc_date",
    "utc_time",
    "utc_timestamp",
];

impl Lowering<'_> {
    /// A column or literal.
    pub(super) fn value(&mut self, expr: &Expr) -> Option<Operand> {
        match &expr.kind {
            ExprKind::Operand { kind: NodeKind::SqlString, parts } => self.text(parts).map(Operand::Text),
            ExprKind::Operand { kind: NodeKind::Quantity, .. } => self.number(expr.span).map(Operand::Number),
            ExprKind::Operand { kind: NodeKind::String, .. } => self.double_quoted(expr.span),
            ExprKind::Operand { parts, .. } => self.path(expr.span, parts),
            ExprKind::Group(all) => match all.as_slice() {
                [one] => self.value(one),
                _ => self.find(wrong(expr.span, "a list has no place here").help("a list follows `in`")),
            },
            ExprKind::And(_)
            | ExprKind::Or(_)
            | ExprKind::Not(_)
            | ExprKind::Infix { .. }
            | ExprKind::IsNull { .. }
            | ExprKind::Between { .. } => self.find(
                wrong(expr.span, "a condition is compared with something")
                    .label("this is true or false, not a value of the row")
                    .help("conditions are joined with `and`, `or` and `not`"),
            ),
        }
    }

    /// A text in single quotes. Escapes are those of MySQL; `\%` and `\_` stay as they are, for `like`.
    pub(super) fn text(&mut self, parts: &[(NodeKind, Span)]) -> Option<String> {
        let mut out = String::new();
        let mut good = true;
        for &(kind, span) in parts {
            let part = self.slice(span);
            match kind {
                NodeKind::SqlText => out.push_str(part),
                NodeKind::SquoteEsc => match part.strip_prefix('\\').unwrap_or("'") {
                    "'" => out.push('\''),
                    "\"" => out.push('"'),
                    "\\" => out.push('\\'),
                    "0" => out.push('\0'),
                    "b" => out.push('\u{8}'),
                    "n" => out.push('\n'),
                    "r" => out.push('\r'),
                    "t" => out.push('\t'),
                    "Z" => out.push('\u{1a}'),
                    "%" | "_" => out.push_str(part),
                    other => {
                        good = false;
                        let doubled = format!("\\\\{other}");
                        self.findings.push(
                            Diagnostic::error(
                                S0008,
                                span,
                                format!("`{part}` is no escape: MySQL reads it as `{other}`"),
                            )
                            .help("a backslash that is meant as such is doubled")
                            .fix(Fix::choice(format!("write `{doubled}`"), span, doubled))
                            .fix(Fix::choice(
                                format!("write `{other}`"),
                                span,
                                other,
                            )),
                        );
                    }
                },
                _ => {}
            }
        }
        good.then_some(out)
    }

    pub(super) fn number(&mut self, span: Span) -> Option<Number> {
        let shown = self.slice(span);
        match shown.parse() {
            Ok(number) => Some(number),
            Err(error @ NumberError::TooLong) => self.find(Diagnostic::error(
                st::OUT_OF_RANGE,
                span,
                format!("`{shown}` is out of range: {error}"),
            )),
            Err(NumberError::Form) if shown.contains("..") => {
                self.find(wrong(span, format!("`{shown}` is no value")).help("a range is `between 1 and 5`"))
            }
            Err(NumberError::Form) => self.find(no_name(shown, span).unwrap_or_else(|| {
                wrong(span, format!("`{shown}` is no number: a condition knows no units"))
                    .help("write the number alone; a column of this name stands in backticks")
            })),
        }
    }

    /// True for a text in double quotes that reads like a condition.
    pub(super) fn holds_condition(&self, span: Span) -> bool {
        let shown = self.slice(span);
        let inner = shown.get(1..shown.len().saturating_sub(1)).unwrap_or_default();
        let compares = inner.contains(['=', '<', '>'])
            || [" is ", " in ", " like "].iter().any(|word| inner.contains(word));
        compares && !inner.contains('\\')
    }

    pub(super) fn double_quoted<T>(&mut self, span: Span) -> Option<T> {
        let shown = self.slice(span);
        let inner = shown.get(1..shown.len().saturating_sub(1)).unwrap_or("");
        let single = quoted(&inner.replace("\\\"", "\"").replace("\\\\", "\\"));
        self.find(wrong(span, "texts of a condition stand in single quotes").fix(Fix::machine(
            format!("write {single}"),
            span,
            single,
        )))
    }

    pub(super) fn path(&mut self, span: Span, parts: &[(NodeKind, Span)]) -> Option<Operand> {
        let shown = self.slice(span);
        let segments: Vec<(NodeKind, Span)> =
            parts.iter().copied().filter(|(kind, _)| *kind != NodeKind::Dot).collect();
        let (kind, last) = *segments.last()?;
        if kind == NodeKind::Quoted && segments.len() == 1 {
            return Some(Operand::Column(st::unquote(shown)));
        }
        if segments.len() == 1 && kind == NodeKind::Glob {
            match shown.to_ascii_lowercase().as_str() {
                "true" => return Some(Operand::Number(Number::of_bool(true))),
                "false" => return Some(Operand::Number(Number::of_bool(false))),
                "null" => return Some(Operand::Null),
                word if FUNCTIONS.contains(&word) => {
                    return self.find(
                        wrong(span, format!("`{shown}` is a function, and a condition calls none"))
                            .help("write the value; a column of this name stands in backticks"),
                    );
                }
                _ => {}
            }
        }
        if let Some(finding) = no_name(shown, span) {
            return self.find(finding);
        }
        if let [(NodeKind::Regex, _)] = segments.as_slice() {
            return self.find(
                wrong(span, format!("`{shown}` is a pattern, and a condition names one column"))
                    .help("a text is searched with an expression by `regexp`: `email regexp '@example'`"),
            );
        }
        if segments.iter().any(|(kind, _)| *kind == NodeKind::Regex) || shown.contains(['*', '?', '[']) {
            return self.find(
                wrong(span, format!("`{shown}` is a pattern, and a condition names one column"))
                    .help("a column of this name stands in backticks"),
            );
        }
        if segments.len() > 1 {
            let short = self.slice(last);
            return self.find(
                wrong(
                    span,
                    format!("`{shown}`: a condition sees the columns of one row, by their names alone"),
                )
                .fix(Fix::machine(format!("write `{short}`"), span, short)),
            );
        }
        Some(Operand::Column(shown.to_owned()))
    }
}

/// Signs that lex as a name, and are none to the server.
fn no_name(shown: &str, span: Span) -> Option<Diagnostic> {
    let bytes = shown.as_bytes();
    let digit_first = bytes.first().is_some_and(u8::is_ascii_digit);
    let is_date = digit_first
        && shown.len() >= 10
        && shown.is_char_boundary(10)
        && shown[..10]
            .bytes()
            .enumerate()
            .all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() });
    if is_date {
        let text = format!("'{shown}'");
        let finding = wrong(span, format!("`{shown}`: dates stand in single quotes"));
        return Some(finding.fix(Fix::machine(format!("write `{text}`"), span, text)));
    }
    let unsigned = shown.strip_prefix('-').unwrap_or(shown);
    let is_float = unsigned.bytes().all(|byte| byte.is_ascii_digit() || b"eE.-".contains(&byte))
        && unsigned.starts_with(|sign: char| sign.is_ascii_digit())
        && unsigned.parse::<f64>().is_ok();
    if is_float {
        return Some(
            wrong(span, format!("`{shown}` has an exponent"))
                .help("write the number out: the server takes it for an inexact one"),
        );
    }
    let is_hexadecimal =
        shown.strip_prefix("0x").is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
    if is_hexadecimal {
        return Some(
            wrong(span, format!("`{shown}`: numbers of a condition are decimal"))
                .help("a column of this name stands in backticks"),
        );
    }
    if shown.contains('-') && !shown.contains('`') {
        let name = format!("`{shown}`");
        return Some(
            wrong(span, format!("`{shown}`: a condition does not calculate"))
                .help("a column with `-` in its name stands in backticks")
                .fix(Fix::choice(format!("write {name}"), span, name)),
        );
    }
    None
}
