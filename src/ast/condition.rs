//! `where`: a condition of the tree → [`Condition`], or findings that say what MySQL would have there.

use crate::diagnostic::{Diagnostic, Fix};
use crate::pattern::TextSearch;
use crate::statement as st;
use crate::syntax::codes::S0008;
use crate::syntax::{Chained, Expr, ExprKind, NodeKind};
use crate::text::Span;
use crate::transform::filter::{Comparison, Condition, Number, NumberError, Operand, Test, quoted};

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

/// Most findings about one condition; no honest one has so many, and a hostile line shall not fill a screen.
const FINDINGS_MAX: usize = 20;

/// A condition and its places.
#[derive(Debug, Clone)]
pub struct Where {
    /// What it says.
    pub condition: Condition,
    /// Where its questions stand, in the order of [`Condition::tests`].
    pub places: Vec<TestPlace>,
}

/// Two are equal when they say the same, wherever.
impl PartialEq for Where {
    fn eq(&self, other: &Where) -> bool {
        self.condition == other.condition
    }
}

/// Where a question stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestPlace {
    /// All of it.
    pub span: Span,
    /// Its operator; none for a column alone.
    pub operator: Option<Span>,
    /// Its operands, in the order of [`Test::operands`].
    pub operands: Vec<Span>,
}

/// Lowers a condition.
///
/// # Errors
/// Everything that has no meaning in it, in the order of the text.
pub(super) fn lower(expr: Result<Expr, Chained>, text: &str) -> Result<Where, Vec<Diagnostic>> {
    let expr = expr.map_err(|Chained(at)| {
        let finding = wrong(at, format!("`{}` follows a comparison", slice(text, at)));
        vec![finding.help("comparisons are joined with `and`: `a > 1 and a < 5`")]
    })?;
    let mut lowering = Lowering { text, places: Vec::new(), findings: Vec::new() };
    match lowering.condition(&expr) {
        Some(condition) if lowering.findings.is_empty() => Ok(Where { condition, places: lowering.places }),
        _ => {
            lowering.findings.truncate(FINDINGS_MAX);
            Err(lowering.findings)
        }
    }
}

struct Lowering<'t> {
    text: &'t str,
    places: Vec<TestPlace>,
    findings: Vec<Diagnostic>,
}

fn wrong(span: Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::error(st::WRONG_ARGUMENTS, span, message)
}

fn slice(text: &str, span: Span) -> &str {
    &text[span.start as usize..span.end as usize]
}

impl<'t> Lowering<'t> {
    fn slice(&self, span: Span) -> &'t str {
        slice(self.text, span)
    }

    fn find<T>(&mut self, finding: Diagnostic) -> Option<T> {
        self.findings.push(finding);
        None
    }

    fn condition(&mut self, expr: &Expr) -> Option<Condition> {
        match &expr.kind {
            // Every part is looked at, also behind one that is wrong.
            ExprKind::And(all) => {
                let all: Vec<_> = all.iter().map(|one| self.condition(one)).collect();
                Some(Condition::all(all.into_iter().collect::<Option<Vec<_>>>()?))
            }
            ExprKind::Or(all) => {
                let all: Vec<_> = all.iter().map(|one| self.condition(one)).collect();
                Some(Condition::any(all.into_iter().collect::<Option<Vec<_>>>()?))
            }
            ExprKind::Not(one) => Some(match self.condition(one)? {
                Condition::Not(inner) => *inner,
                condition => condition.negated(),
            }),
            ExprKind::Group(all) => match all.as_slice() {
                [one] => self.condition(one),
                _ => self.find(
                    wrong(expr.span, "a list alone is no condition")
                        .help("a list follows `in`: `status in ('new', 'paid')`"),
                ),
            },
            ExprKind::Infix { operator, at, left, right } => {
                self.infix(expr.span, (*operator, *at), left, right)
            }
            ExprKind::IsNull { at, operand } => {
                let negated = self.negated(*at, 1);
                if !is_value(operand) {
                    let unknown = Condition::Unknown(Box::new(self.condition(operand)?));
                    return Some(if negated { unknown.negated() } else { unknown });
                }
                let value = self.value(operand);
                let test = Test::IsNull(value?);
                Some(self.test(test, negated, expr.span, Some(*at), &[operand]))
            }
            ExprKind::Between { at, operand, low, high } => {
                let values = [self.value(operand), self.value(low), self.value(high)];
                let [Some(value), Some(least), Some(greatest)] = values else { return None };
                for (bound, at) in [(&least, low.span), (&greatest, high.span)] {
                    if *bound == Operand::Null {
                        // the servers do not agree with themselves about what holds then
                        return self.find(
                            wrong(at, "`null` is no bound of `between`")
                                .help("write `<=` or `>=` for one bound alone"),
                        );
                    }
                }
                let test = Test::Between { operand: value, low: least, high: greatest };
                Some(self.test(test, self.negated(*at, 0), expr.span, Some(*at), &[operand, low, high]))
            }
            ExprKind::Operand { kind: NodeKind::String, .. } if self.holds_condition(expr.span) => {
                let shown = self.slice(expr.span);
                let inner = shown[1..shown.len() - 1].to_owned();
                self.find(wrong(expr.span, "a condition stands without quotes").fix(Fix::machine(
                    "remove the quotes",
                    expr.span,
                    inner,
                )))
            }
            ExprKind::Operand { .. } => match self.value(expr)? {
                Operand::Text(_) => self.find(wrong(expr.span, "a text alone is no condition").help(
                    "compare it with a column: `status = 'paid'`; a column of this name stands in backticks",
                )),
                value => Some(self.test(Test::Truth(value), false, expr.span, None, &[expr])),
            },
        }
    }

    fn test(
        &mut self,
        test: Test,
        negated: bool,
        span: Span,
        operator: Option<Span>,
        operands: &[&Expr],
    ) -> Condition {
        let operands = operands.iter().map(|operand| operand.span).collect();
        self.places.push(TestPlace { span, operator, operands });
        let test = Condition::Test(test);
        if negated { test.negated() } else { test }
    }

    /// Whether the n-th word of an operator is `not`.
    fn negated(&self, at: Span, n: usize) -> bool {
        self.slice(at).split_ascii_whitespace().nth(n).is_some_and(|word| word.eq_ignore_ascii_case("not"))
    }

    /// What is said of several columns that are compared at once, `(a, b) in ((1, 2))`, and how it is written out.
    fn rows(
        &self,
        span: Span,
        (operator, at): (NodeKind, Span),
        columns: &[Expr],
        right: &Expr,
    ) -> Diagnostic {
        let finding = wrong(span, "a condition compares one column at a time")
            .help("write it out: `(a = 1 and b = 2) or (a = 1 and b = 3)`");
        let rows: &[Expr] = match &right.kind {
            ExprKind::Group(rows) if operator == NodeKind::KwIn => rows,
            ExprKind::Group(_) if operator == NodeKind::Cmp && self.slice(at) == "=" => {
                std::slice::from_ref(right)
            }
            _ => return finding,
        };
        let written = |row: &Expr| {
            let ExprKind::Group(values) = &row.kind else { return None };
            let is_plain = |one: &Expr| matches!(one.kind, ExprKind::Operand { .. });
            if values.len() != columns.len() || !values.iter().chain(columns).all(is_plain) {
                return None;
            }
            let pairs = columns.iter().zip(values);
            let pairs: Vec<String> = pairs
                .map(|(column, value)| format!("{} = {}", self.slice(column.span), self.slice(value.span)))
                .collect();
            Some(format!("({})", pairs.join(" and ")))
        };
        let Some(rows) = rows.iter().map(written).collect::<Option<Vec<_>>>() else { return finding };
        let any = match rows.as_slice() {
            [one] => one.clone(),
            many => format!("({})", many.join(" or ")),
        };
        let text = if self.negated(at, 0) { format!("not {any}") } else { any };
        finding.fix(Fix::machine(format!("write `{text}`"), span, text))
    }

    fn infix(
        &mut self,
        span: Span,
        (operator, at): (NodeKind, Span),
        left: &Expr,
        right: &Expr,
    ) -> Option<Condition> {
        let negated = self.negated(at, 0);
        if let ExprKind::Group(columns) = &left.kind
            && columns.len() > 1
        {
            return self.find(self.rows(span, (operator, at), columns, right));
        }
        let operand = self.value(left);
        match operator {
            NodeKind::KwIn => {
                let ExprKind::Group(list) = &right.kind else {
                    let shown = self.slice(right.span);
                    let list = format!("({shown})");
                    return self.find(
                        wrong(right.span, "`in` takes a list in parentheses").fix(Fix::machine(
                            format!("write `{list}`"),
                            right.span,
                            list,
                        )),
                    );
                };
                let values: Vec<_> = list.iter().map(|one| self.value(one)).collect();
                let test = Test::In { operand: operand?, list: values.into_iter().collect::<Option<_>>()? };
                let operands: Vec<&Expr> = std::iter::once(left).chain(list).collect();
                Some(self.test(test, negated, span, Some(at), &operands))
            }
            NodeKind::KwLike => {
                let is_like = self.slice(at).to_ascii_lowercase().ends_with("like");
                let word = if is_like { "like" } else { "regexp" };
                if let Some(finding) = self.in_slashes(right, is_like) {
                    return self.find(finding);
                }
                let pattern = match self.value(right)? {
                    pattern @ (Operand::Text(_) | Operand::Null) => pattern,
                    Operand::Column(_) | Operand::Number(_) => {
                        let example =
                            if is_like { "email like '%@example.com'" } else { "email regexp '@example'" };
                        return self.find(
                            wrong(right.span, format!("`{word}` takes a text in single quotes"))
                                .help(format!("for example `{example}`")),
                        );
                    }
                };
                let operand = operand?;
                let test =
                    if is_like { Test::Like { operand, pattern } } else { Test::Regexp { operand, pattern } };
                Some(self.test(test, negated, span, Some(at), &[left, right]))
            }
            _ => {
                let op = comparison(self.slice(at));
                if let ExprKind::Group(list) = &right.kind
                    && list.len() > 1
                {
                    let finding =
                        wrong(right.span, format!("`{}` takes one value, not a list", self.slice(at)));
                    let word = match op {
                        Comparison::Equal => "in",
                        Comparison::NotEqual => "not in",
                        _ => return self.find(finding.help("a list follows `in`")),
                    };
                    return self.find(finding.fix(Fix::machine(format!("write `{word}`"), at, word)));
                }
                let value = self.value(right);
                let test = Test::Compare { op, left: operand?, right: value? };
                Some(self.test(test, false, span, Some(at), &[left, right]))
            }
        }
    }

    /// A column or literal.
    fn value(&mut self, expr: &Expr) -> Option<Operand> {
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

    /// What is wrong with a pattern between slashes: the server takes one as a text.
    fn in_slashes(&self, pattern: &Expr, is_like: bool) -> Option<Diagnostic> {
        let ExprKind::Operand { parts, .. } = &pattern.kind else { return None };
        let [(NodeKind::Regex, _)] = parts.as_slice() else { return None };
        let shown = self.slice(pattern.span);
        let regex = shown.strip_prefix('/')?.strip_suffix('/')?;
        let word = if is_like { "like" } else { "regexp" };
        let finding = wrong(pattern.span, format!("`{word}` takes a text in single quotes"));
        if is_like {
            return Some(finding.help("a regular expression stands behind `regexp`"));
        }
        let regex = regex.replace("\\/", "/");
        let text = quoted(&regex);
        let title = format!("write {text}");
        // What the server would have besides is another question.
        Some(finding.fix(match TextSearch::new(&regex, false) {
            Ok(_) => Fix::machine(title, pattern.span, text),
            Err(_) => Fix::choice(title, pattern.span, text),
        }))
    }

    /// A text in single quotes. Escapes are those of MySQL; `\%` and `\_` stay as they are, for `like`.
    fn text(&mut self, parts: &[(NodeKind, Span)]) -> Option<String> {
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

    fn number(&mut self, span: Span) -> Option<Number> {
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
    fn holds_condition(&self, span: Span) -> bool {
        let shown = self.slice(span);
        let inner = shown.get(1..shown.len().saturating_sub(1)).unwrap_or_default();
        let compares = inner.contains(['=', '<', '>'])
            || [" is ", " in ", " like "].iter().any(|word| inner.contains(word));
        compares && !inner.contains('\\')
    }

    fn double_quoted<T>(&mut self, span: Span) -> Option<T> {
        let shown = self.slice(span);
        let inner = shown.get(1..shown.len().saturating_sub(1)).unwrap_or("");
        let single = quoted(&inner.replace("\\\"", "\"").replace("\\\\", "\\"));
        self.find(wrong(span, "texts of a condition stand in single quotes").fix(Fix::machine(
            format!("write {single}"),
            span,
            single,
        )))
    }

    fn path(&mut self, span: Span, parts: &[(NodeKind, Span)]) -> Option<Operand> {
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

/// Whether it is a column or literal, in any number of parentheses.
fn is_value(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Operand { .. } => true,
        ExprKind::Group(all) => all.len() != 1 || is_value(&all[0]),
        ExprKind::And(_)
        | ExprKind::Or(_)
        | ExprKind::Not(_)
        | ExprKind::Infix { .. }
        | ExprKind::IsNull { .. }
        | ExprKind::Between { .. } => false,
    }
}

/// The grammar lets no other sign through.
fn comparison(sign: &str) -> Comparison {
    match sign {
        "<=>" => Comparison::Same,
        "<>" | "!=" => Comparison::NotEqual,
        "<" => Comparison::Less,
        "<=" => Comparison::LessOrEqual,
        ">" => Comparison::Greater,
        ">=" => Comparison::GreaterOrEqual,
        _ => Comparison::Equal,
    }
}

#[cfg(test)]
mod tests;
