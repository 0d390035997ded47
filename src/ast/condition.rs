//! `where`: a condition of the tree → [`Condition`], or findings that say what MySQL would have there.

mod operand;

use crate::diagnostic::{Diagnostic, Fix};
use crate::pattern::TextSearch;
use crate::statement as st;
use crate::syntax::{Chained, Expr, ExprKind, NodeKind};
use crate::text::Span;
use crate::transform::filter::{Comparison, Condition, Operand, Test, quoted};

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
