//! Conditions of `where`: operators over operands, by MySQL's precedence.
//!
//! The tree holds a condition as a flat row of operands and operators; here it is read once more, by operator precedence.
//! From loose to tight: `or`, `and`, `not`, then comparisons with `is null`, then `in`, `like`, `regexp` and `between`.
//! Source: MySQL manual, "Operator Precedence".

use super::grammar::{Grammar, Rule, node_kind};
use super::{NodeId, NodeKind, Tree};
use crate::text::{FileId, Span};
use pest::Parser;
use pest::iterators::Pair;
use pest::pratt_parser::{Assoc, Op, PrattParser};
use std::sync::LazyLock;

/// A condition, or a part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// From its first sign to its last.
    pub span: Span,
}

/// What an expression is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExprKind {
    /// A column, a literal, or what was meant to be one.
    Operand {
        /// `WherePath`, `Quantity`, `SqlString` or `String`.
        kind: NodeKind,
        /// Its leaves, kind and place.
        parts: Vec<(NodeKind, Span)>,
    },
    /// `(A, B)`, or one expression in parentheses.
    Group(Vec<Expr>),
    /// `A and B and C`.
    And(Vec<Expr>),
    /// `A or B or C`.
    Or(Vec<Expr>),
    /// `not A`; of several in a row those that are left when pairs are taken away.
    Not(Box<Expr>),
    /// A comparison, `in`, `like` or `regexp`.
    Infix {
        /// `Cmp`, `KwIn` or `KwLike`.
        operator: NodeKind,
        /// Its place.
        at: Span,
        /// Left side.
        left: Box<Expr>,
        /// Right side.
        right: Box<Expr>,
    },
    /// `A is [not] null`.
    IsNull {
        /// Place of the words.
        at: Span,
        /// What is asked.
        operand: Box<Expr>,
    },
    /// `A [not] between B and C`.
    Between {
        /// Place of its first words.
        at: Span,
        /// What is compared.
        operand: Box<Expr>,
        /// The least.
        low: Box<Expr>,
        /// The greatest.
        high: Box<Expr>,
    },
}

/// An operator behind a comparison, `1 < a < 5`: its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chained(pub Span);

static PRATT: LazyLock<PrattParser<Rule>> = LazyLock::new(|| {
    let infix = |rule| Op::infix(rule, Assoc::Left);
    PrattParser::new()
        .op(infix(Rule::kw_or))
        .op(infix(Rule::kw_and))
        .op(Op::prefix(Rule::not))
        .op(infix(Rule::cmp) | Op::postfix(Rule::is_null))
        .op(infix(Rule::kw_in) | infix(Rule::kw_like) | Op::postfix(Rule::between))
});

/// Reads the condition of a `where` clause without an error node. None without one.
///
/// # Errors
/// Comparisons in a row: SQL compares the outcome of the first, which nobody means.
pub fn condition(tree: &Tree, text: &str, clause: NodeId) -> Option<Result<Expr, Chained>> {
    let node = tree.node(clause);
    let slice = &text[node.start as usize..node.end as usize];
    let mut pairs = Grammar::parse(Rule::where_clause, slice).ok()?;
    let expr = pairs.next()?.into_inner().find(|pair| pair.as_rule() == Rule::expr)?;
    Some(Reader { file: tree.file(), start: node.start }.expr(expr))
}

struct Reader {
    file: FileId,
    /// Where the text that was read begins in its file.
    start: u32,
}

impl Reader {
    /// A row of operands and operators.
    fn expr(&self, pair: Pair<'_, Rule>) -> Result<Expr, Chained> {
        let row = self.without_double_negation(pair)?;
        PRATT
            .map_primary(|pair| self.operand(pair))
            .map_prefix(|not, operand| {
                let operand = operand?;
                let span = self.span(&not).to(operand.span);
                Ok(Expr { kind: ExprKind::Not(Box::new(operand)), span })
            })
            .map_postfix(|operand, operator| self.postfix(operand?, operator))
            .map_infix(|left, operator, right| Ok(self.infix(left?, &operator, right?)))
            .parse(row.into_iter())
    }

    /// The parts of a row, with pairs of `not` taken away, so that no row nests deeper than its parentheses.
    fn without_double_negation<'t>(&self, expr: Pair<'t, Rule>) -> Result<Vec<Pair<'t, Rule>>, Chained> {
        let mut row: Vec<Pair<'t, Rule>> = Vec::new();
        let mut compared = false;
        for pair in expr.into_inner() {
            match pair.as_rule() {
                Rule::ws => continue,
                Rule::not if row.last().is_some_and(|last| last.as_rule() == Rule::not) => {
                    row.pop();
                    continue;
                }
                Rule::kw_and | Rule::kw_or => compared = false,
                Rule::cmp | Rule::kw_in | Rule::kw_like | Rule::is_null | Rule::between => {
                    if compared {
                        let first = pair.clone().into_inner().next();
                        return Err(Chained(first.map_or(self.span(&pair), |word| self.span(&word))));
                    }
                    compared = true;
                }
                _ => {}
            }
            row.push(pair);
        }
        Ok(row)
    }

    fn operand(&self, pair: Pair<'_, Rule>) -> Result<Expr, Chained> {
        let span = self.span(&pair);
        let rule = pair.as_rule();
        let kind = if rule == Rule::where_group {
            let inner = pair.into_inner().filter(|inner| inner.as_rule() == Rule::expr);
            ExprKind::Group(inner.map(|inner| self.expr(inner)).collect::<Result<_, _>>()?)
        } else {
            // Leaves have no leaves of their own but for placeholders, which are no part of any condition.
            let parts =
                pair.into_inner().filter_map(|part| Some((node_kind(part.as_rule())?, self.span(&part))));
            ExprKind::Operand { parts: parts.collect(), kind: node_kind(rule).unwrap_or(NodeKind::Missing) }
        };
        Ok(Expr { kind, span })
    }

    fn postfix(&self, operand: Expr, operator: Pair<'_, Rule>) -> Result<Expr, Chained> {
        let span = operand.span.to(self.span(&operator));
        let operand = Box::new(operand);
        if operator.as_rule() == Rule::is_null {
            let at = self.span(&operator);
            return Ok(Expr { kind: ExprKind::IsNull { at, operand }, span });
        }
        let mut at = self.span(&operator);
        let mut bounds = Vec::new();
        for part in operator.into_inner() {
            match part.as_rule() {
                Rule::kw_between => at = self.span(&part),
                Rule::ws | Rule::kw_and => {}
                _ => bounds.push(self.operand(part)?),
            }
        }
        let (low, high) = bounds_of(bounds, at);
        Ok(Expr { kind: ExprKind::Between { at, operand, low: Box::new(low), high: Box::new(high) }, span })
    }

    fn infix(&self, left: Expr, operator: &Pair<'_, Rule>, right: Expr) -> Expr {
        let span = left.span.to(right.span);
        let at = self.span(operator);
        let joined = |mut all: Vec<Expr>, right| {
            all.push(right);
            all
        };
        let kind = match (operator.as_rule(), left) {
            // One list, however many: a file cannot make it nest.
            (Rule::kw_and, Expr { kind: ExprKind::And(all), .. }) => ExprKind::And(joined(all, right)),
            (Rule::kw_or, Expr { kind: ExprKind::Or(all), .. }) => ExprKind::Or(joined(all, right)),
            (Rule::kw_and, left) => ExprKind::And(vec![left, right]),
            (Rule::kw_or, left) => ExprKind::Or(vec![left, right]),
            (rule, left) => ExprKind::Infix {
                operator: node_kind(rule).unwrap_or(NodeKind::Cmp),
                at,
                left: Box::new(left),
                right: Box::new(right),
            },
        };
        Expr { kind, span }
    }

    fn span(&self, pair: &Pair<'_, Rule>) -> Span {
        let span = pair.as_span();
        Span::new(self.file, self.start + span.start() as u32, self.start + span.end() as u32)
    }
}

/// The two bounds that the grammar asks for.
fn bounds_of(mut bounds: Vec<Expr>, at: Span) -> (Expr, Expr) {
    let missing = || Expr { kind: ExprKind::Group(Vec::new()), span: at };
    let high = bounds.pop().unwrap_or_else(missing);
    (bounds.pop().unwrap_or_else(missing), high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::parse;

    /// A condition with a pair of brackets around every operation.
    fn grouped(condition: &str) -> String {
        let text = format!("where {condition}");
        let tree = parse(FileId(0), &text).tree;
        let clause = tree.descendants(tree.root()).find(|&id| tree.kind(id) == NodeKind::WhereClause);
        match super::condition(&tree, &text, clause.expect("a clause")).expect("a condition") {
            Ok(expr) => shown(&expr, &text),
            Err(Chained(at)) => format!("chained at {}", &text[at.start as usize..at.end as usize]),
        }
    }

    fn shown(expr: &Expr, text: &str) -> String {
        let slice = |span: Span| &text[span.start as usize..span.end as usize];
        let joined =
            |all: &[Expr], with: &str| all.iter().map(|one| shown(one, text)).collect::<Vec<_>>().join(with);
        match &expr.kind {
            ExprKind::Operand { .. } => slice(expr.span).to_owned(),
            ExprKind::Group(all) => format!("({})", joined(all, ", ")),
            ExprKind::And(all) => format!("[{}]", joined(all, " and ")),
            ExprKind::Or(all) => format!("[{}]", joined(all, " or ")),
            ExprKind::Not(one) => format!("[not {}]", shown(one, text)),
            ExprKind::Infix { at, left, right, .. } => {
                format!("[{} {} {}]", shown(left, text), slice(*at), shown(right, text))
            }
            ExprKind::IsNull { at, operand } => format!("[{} {}]", shown(operand, text), slice(*at)),
            ExprKind::Between { at, operand, low, high } => {
                format!(
                    "[{} {} {} and {}]",
                    shown(operand, text),
                    slice(*at),
                    shown(low, text),
                    shown(high, text)
                )
            }
        }
    }

    #[track_caller]
    fn check(condition: &str, expected: &str) {
        assert_eq!(grouped(condition), expected);
    }

    #[test]
    fn precedence() {
        check("a = 1 or b = 2 and c = 3", "[[a = 1] or [[b = 2] and [c = 3]]]");
        check("not a = 1 and b", "[[not [a = 1]] and b]");
        check("not a like 'x' or not b is null", "[[not [a like 'x']] or [not [b is null]]]");
        check(
            "a between 1 and 5 and b in ('x','y') or not c is null",
            "[[[a between 1 and 5] and [b in ('x', 'y')]] or [not [c is null]]]",
        );
        check("(a or b) and c", "[([a or b]) and c]");
        check("a NOT IN (1) AND b NOT BETWEEN 1 AND 2", "[[a NOT IN (1)] and [b NOT BETWEEN 1 and 2]]");
        check("a <=> null", "[a <=> null]");
        check("(a = b) is not null", "[([a = b]) is not null]");
        check("a = not b", "[a = [not b]]");
    }

    #[test]
    fn many_words_do_not_nest() {
        check("not not a = 1", "[a = 1]");
        check(&format!("{}a", "not ".repeat(100_001)), "[not a]");
        let many = vec!["a"; 20_000].join(" and ");
        assert!(grouped(&many).starts_with("[a and a and a"));
        let mixed = "a or ".repeat(20_000) + "b";
        assert!(grouped(&mixed).ends_with("or b]"));
    }

    #[test]
    fn comparisons_in_a_row() {
        check("1 < a < 5", "chained at <");
        check("a = b is null", "chained at is null");
        check("a = b in (1)", "chained at in");
        check("a between 1 and 2 between 3 and 4", "chained at between");
        check("a = 1 and 1 < b < 2", "chained at <");
    }
}
