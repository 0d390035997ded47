//! What can be told of conditions without any row: parts that always or never hold, and parts that exclude each other.
//!
//! Guarantees: says nothing that depends on a column's type or collation. Texts count as different only where every collation tells
//! them apart (letters and digits of ASCII), and as ordered only where both are dates or times of one form.

use super::condition::{Comparison, Condition, Operand, Test};
use std::cmp::Ordering;

/// Something that is the same for every row. Numbers are those of questions, in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Constant {
    /// A question that holds for every row.
    Always(usize),
    /// A question that holds for no row.
    Never(usize, Reason),
    /// Two questions, both of which must hold and cannot.
    Contradiction(usize, usize),
    /// Two questions, one of which always holds, but for NULL: `a <> 1 or a <> 2`.
    EitherHolds(usize, usize),
}

/// Why a question never holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// Two literals.
    Literals,
    /// Something is compared with NULL.
    Null,
    /// `not in` with NULL in the list.
    NullInList,
    /// `between` with its bounds exchanged.
    Bounds,
}

/// Most questions that are compared with each other; no honest block has so many.
const CLAIMS_MAX: usize = 1_000;

/// Finds what is constant in conditions that must all hold. Their questions are numbered through.
pub fn constants<'c>(conditions: impl IntoIterator<Item = &'c Condition>) -> Vec<Constant> {
    let mut finder = Finder { next: 0, found: Vec::new() };
    let mut both = Vec::new();
    for condition in conditions {
        finder.visit(condition, &mut both);
    }
    finder.contradictions(&both);
    finder.found
}

struct Finder {
    /// Number of the next question.
    next: usize,
    found: Vec<Constant>,
}

/// What a question says about the one column it is about.
#[derive(Debug, Clone)]
struct Claim<'c> {
    test: usize,
    column: &'c str,
    values: Values<'c>,
}

/// Which values of a column a question takes.
#[derive(Debug, Clone)]
enum Values<'c> {
    Null,
    /// Any but NULL, as far as can be told.
    NotNull,
    /// One of these.
    Only(Vec<&'c Operand>),
    /// None of these.
    Except(Vec<&'c Operand>),
    /// NULL, or any but this.
    Unlike(&'c Operand),
    /// Between these, the bounds themselves taken or not.
    Range(Option<(&'c Operand, bool)>, Option<(&'c Operand, bool)>),
}

impl Finder {
    /// Looks at a condition and below. What it says by itself, if it holds, is added to `claims`.
    fn visit<'c>(&mut self, condition: &'c Condition, claims: &mut Vec<Claim<'c>>) {
        match condition {
            Condition::And(all) => all.iter().for_each(|one| self.visit(one, claims)),
            Condition::Or(all) => {
                let mut either = Vec::new();
                for one in all {
                    let mut own = Vec::new();
                    self.visit(one, &mut own);
                    self.contradictions(&own);
                    // only one question alone tells when it does not hold
                    if let ([claim], Condition::Test(_) | Condition::Not(_)) = (own.as_slice(), one) {
                        either.push(claim.clone());
                    }
                }
                self.tautologies(&either);
            }
            Condition::Not(inner) => match &**inner {
                Condition::Test(test) => self.test(test, true, claims),
                inner => self.inside(inner),
            },
            Condition::Unknown(inner) => self.inside(inner),
            Condition::Test(test) => self.test(test, false, claims),
        }
    }

    fn inside(&mut self, condition: &Condition) {
        let mut own = Vec::new();
        self.visit(condition, &mut own);
        if matches!(condition, Condition::And(_)) {
            self.contradictions(&own);
        }
    }

    fn test<'c>(&mut self, test: &'c Test, negated: bool, claims: &mut Vec<Claim<'c>>) {
        let number = self.next;
        self.next += 1;
        if let Some(found) = alone(number, test, negated) {
            self.found.push(found);
            return;
        }
        if let Some((column, values)) = claimed(test, negated) {
            claims.push(Claim { test: number, column, values });
        }
    }

    fn contradictions(&mut self, claims: &[Claim<'_>]) {
        for (at, later) in claims.iter().enumerate().take(CLAIMS_MAX) {
            let earlier = claims[..at].iter().find(|earlier| {
                earlier.column.eq_ignore_ascii_case(later.column) && excluded(&earlier.values, &later.values)
            });
            if let Some(earlier) = earlier {
                self.found.push(Constant::Contradiction(earlier.test, later.test));
            }
        }
    }

    fn tautologies(&mut self, claims: &[Claim<'_>]) {
        for (at, later) in claims.iter().enumerate().take(CLAIMS_MAX) {
            let earlier = claims[..at].iter().find(|earlier| {
                let pair = left_out(&earlier.values)
                    .zip(left_out(&later.values))
                    .is_some_and(|(one, other)| apart(one, other));
                earlier.column.eq_ignore_ascii_case(later.column) && pair
            });
            if let Some(earlier) = earlier {
                self.found.push(Constant::EitherHolds(earlier.test, later.test));
            }
        }
    }
}

/// What can be told of a question alone.
fn alone(number: usize, test: &Test, negated: bool) -> Option<Constant> {
    let known = |holds: bool| match holds != negated {
        true => Constant::Always(number),
        false => Constant::Never(number, Reason::Literals),
    };
    match test {
        Test::Compare { op, left, right } => match (left, right) {
            (Operand::Number(a), Operand::Number(b)) => Some(known(op.holds(a.compare(b)))),
            (Operand::Null, Operand::Null) if *op == Comparison::Same => Some(known(true)),
            (Operand::Null, _) | (_, Operand::Null) if *op != Comparison::Same => {
                Some(Constant::Never(number, Reason::Null))
            }
            _ => None,
        },
        Test::In { list, .. } if list.iter().all(|one| *one == Operand::Null) => {
            Some(Constant::Never(number, Reason::Null))
        }
        Test::In { list, .. } if negated && list.contains(&Operand::Null) => {
            Some(Constant::Never(number, Reason::NullInList))
        }
        Test::Between { low, high, .. } if !negated && order(low, high) == Some(Ordering::Greater) => {
            Some(Constant::Never(number, Reason::Bounds))
        }
        Test::Like { pattern: Operand::Null, .. } | Test::Regexp { pattern: Operand::Null, .. } => {
            Some(Constant::Never(number, Reason::Null))
        }
        Test::IsNull(Operand::Null) => Some(known(true)),
        Test::IsNull(Operand::Number(_) | Operand::Text(_)) => Some(known(false)),
        Test::Truth(Operand::Number(number_of)) => Some(known(number_of.as_str() != "0")),
        Test::Truth(Operand::Null) => Some(Constant::Never(number, Reason::Null)),
        Test::In { .. }
        | Test::Between { .. }
        | Test::Like { .. }
        | Test::Regexp { .. }
        | Test::IsNull(_)
        | Test::Truth(_) => None,
    }
}

fn column(operand: &Operand) -> Option<&str> {
    match operand {
        Operand::Column(name) => Some(name),
        Operand::Number(_) | Operand::Text(_) | Operand::Null => None,
    }
}

/// The column a question is about, and which of its values it takes.
fn claimed(test: &Test, negated: bool) -> Option<(&str, Values<'_>)> {
    Some(match test {
        Test::Compare { op, left, right } => {
            let (name, op, literal) = match (column(left), column(right)) {
                (Some(name), None) => (name, *op, right),
                (None, Some(name)) => (name, op.mirrored(), left),
                // of two columns only that neither is NULL is known, and of none nothing
                _ => return None,
            };
            (name, compared(op, literal, negated))
        }
        Test::In { operand, list } => {
            let values = list.iter().filter(|one| **one != Operand::Null).collect();
            if list.iter().any(|one| matches!(one, Operand::Column(_))) {
                return None;
            }
            (column(operand)?, if negated { Values::Except(values) } else { Values::Only(values) })
        }
        Test::Between { operand, low, high } => {
            let values =
                if negated { Values::NotNull } else { Values::Range(Some((low, true)), Some((high, true))) };
            (column(operand)?, values)
        }
        Test::Like { operand, .. } | Test::Regexp { operand, .. } | Test::Truth(operand) => {
            (column(operand)?, Values::NotNull)
        }
        Test::IsNull(operand) => (column(operand)?, if negated { Values::NotNull } else { Values::Null }),
    })
}

fn compared(op: Comparison, literal: &Operand, negated: bool) -> Values<'_> {
    let null = *literal == Operand::Null;
    match (op, negated) {
        (Comparison::Same, false) if null => Values::Null,
        (Comparison::Same, true) if null => Values::NotNull,
        (Comparison::Equal | Comparison::Same, false) | (Comparison::NotEqual, true) => {
            Values::Only(vec![literal])
        }
        (Comparison::NotEqual, false) | (Comparison::Equal, true) => Values::Except(vec![literal]),
        (Comparison::Less, false) | (Comparison::GreaterOrEqual, true) => {
            Values::Range(None, Some((literal, false)))
        }
        (Comparison::LessOrEqual, false) | (Comparison::Greater, true) => {
            Values::Range(None, Some((literal, true)))
        }
        (Comparison::Greater, false) | (Comparison::LessOrEqual, true) => {
            Values::Range(Some((literal, false)), None)
        }
        (Comparison::GreaterOrEqual, false) | (Comparison::Less, true) => {
            Values::Range(Some((literal, true)), None)
        }
        (Comparison::Same, true) => Values::Unlike(literal),
    }
}

/// What a question that holds for all other values leaves out.
fn left_out<'v, 'c>(values: &'v Values<'c>) -> Option<&'v [&'c Operand]> {
    match values {
        Values::Except(values) => Some(values),
        Values::Unlike(value) => Some(std::slice::from_ref(value)),
        Values::Null | Values::NotNull | Values::Only(_) | Values::Range(..) => None,
    }
}

/// Whether no value is taken by both.
fn excluded(one: &Values<'_>, other: &Values<'_>) -> bool {
    match (one, other) {
        (Values::Only(only), Values::Unlike(value)) | (Values::Unlike(value), Values::Only(only)) => {
            only.iter().all(|one| one == value)
        }
        (Values::Unlike(_), _) | (_, Values::Unlike(_)) => false,
        (Values::Null, Values::Null) => false,
        (Values::Null, _) | (_, Values::Null) => true,
        (Values::NotNull, _) | (_, Values::NotNull) => false,
        (Values::Only(one), Values::Only(other)) => apart(one, other),
        (Values::Only(only), Values::Except(except)) | (Values::Except(except), Values::Only(only)) => {
            only.iter().all(|one| except.iter().any(|other| one == other))
        }
        (Values::Only(only), Values::Range(low, high)) | (Values::Range(low, high), Values::Only(only)) => {
            only.iter().all(|one| is_below(one, *low) || is_above(one, *high))
        }
        (Values::Range(low, high), Values::Range(other_low, other_high)) => {
            are_crossed(*low, *other_high) || are_crossed(*other_low, *high)
        }
        (Values::Except(_), Values::Except(_) | Values::Range(..))
        | (Values::Range(..), Values::Except(_)) => false,
    }
}

fn is_below(value: &Operand, low: Option<(&Operand, bool)>) -> bool {
    low.is_some_and(|(low, taken)| match order(value, low) {
        Some(Ordering::Less) => true,
        Some(Ordering::Equal) => !taken,
        Some(Ordering::Greater) | None => false,
    })
}

fn is_above(value: &Operand, high: Option<(&Operand, bool)>) -> bool {
    high.is_some_and(|(high, taken)| match order(value, high) {
        Some(Ordering::Greater) => true,
        Some(Ordering::Equal) => !taken,
        Some(Ordering::Less) | None => false,
    })
}

fn are_crossed(low: Option<(&Operand, bool)>, high: Option<(&Operand, bool)>) -> bool {
    match (low, high) {
        (Some((low, low_taken)), Some((high, high_taken))) => match order(low, high) {
            Some(Ordering::Greater) => true,
            Some(Ordering::Equal) => !(low_taken && high_taken),
            Some(Ordering::Less) | None => false,
        },
        _ => false,
    }
}

/// Whether every value of one list differs from every value of the other, to any column.
fn apart(one: &[&Operand], other: &[&Operand]) -> bool {
    one.iter().all(|one| other.iter().all(|other| are_different(one, other)))
}

fn are_different(one: &Operand, other: &Operand) -> bool {
    match (one, other) {
        (Operand::Text(one), Operand::Text(other)) => {
            let plain =
                |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
            match order_of_moments(one, other) {
                Some(order) => order.is_ne(),
                None => plain(one) && plain(other) && !one.eq_ignore_ascii_case(other),
            }
        }
        _ => order(one, other).is_some_and(Ordering::is_ne),
    }
}

/// The order of two literals, where it is the same to any column.
fn order(one: &Operand, other: &Operand) -> Option<Ordering> {
    match (one, other) {
        (Operand::Number(one), Operand::Number(other)) => Some(one.compare(other)),
        (Operand::Text(one), Operand::Text(other)) => order_of_moments(one, other),
        _ => None,
    }
}

/// Dates and times of one form are ordered as their signs are.
fn order_of_moments(one: &str, other: &str) -> Option<Ordering> {
    let form = |text: &str| -> String {
        text.chars().map(|sign| if sign.is_ascii_digit() { '0' } else { sign }).collect()
    };
    let known = matches!(form(one).as_str(), "0000-00-00" | "0000-00-00 00:00:00" | "00:00:00");
    (known && form(one) == form(other)).then(|| one.cmp(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(digits: &str) -> Operand {
        Operand::Number(digits.parse().expect(digits))
    }

    fn text(text: &str) -> Operand {
        Operand::Text(text.to_owned())
    }

    fn a(op: Comparison, right: Operand) -> Condition {
        Condition::Test(Test::Compare { op, left: Operand::Column("a".to_owned()), right })
    }

    fn is_null() -> Condition {
        Condition::Test(Test::IsNull(Operand::Column("A".to_owned())))
    }

    #[track_caller]
    fn check(conditions: &[Condition], expected: &[Constant]) {
        assert_eq!(constants(conditions), expected, "{conditions:?}");
    }

    use Comparison::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual, NotEqual, Same};

    #[test]
    fn questions_alone() {
        let one = |op, right| Condition::Test(Test::Compare { op, left: number("1"), right });
        check(&[one(Equal, number("1.0"))], &[Constant::Always(0)]);
        check(&[one(Equal, number("1")).negated()], &[Constant::Never(0, Reason::Literals)]);
        check(&[a(Equal, Operand::Null)], &[Constant::Never(0, Reason::Null)]);
        check(&[a(NotEqual, Operand::Null).negated()], &[Constant::Never(0, Reason::Null)]);
        check(&[a(Same, Operand::Null)], &[]);
        check(&[Condition::Test(Test::Truth(number("0"))).negated()], &[Constant::Always(0)]);
        let list = |list| Condition::Test(Test::In { operand: Operand::Column("a".into()), list });
        check(&[list(vec![number("1"), Operand::Null])], &[]);
        check(&[list(vec![number("1"), Operand::Null]).negated()], &[Constant::Never(0, Reason::NullInList)]);
        let between =
            |low, high| Condition::Test(Test::Between { operand: Operand::Column("a".into()), low, high });
        check(&[between(number("5"), number("1"))], &[Constant::Never(0, Reason::Bounds)]);
        check(&[between(text("2026-01-01"), text("2025-01-01"))], &[Constant::Never(0, Reason::Bounds)]);
        check(&[between(text("b"), text("a"))], &[]);
    }

    #[test]
    fn questions_that_exclude_each_other() {
        let against = |one: Condition, other: Condition| {
            check(&[one.clone(), other.clone()], &[Constant::Contradiction(0, 1)]);
            check(&[other, one], &[Constant::Contradiction(0, 1)]);
        };
        against(a(Equal, number("1")), a(Equal, number("2")));
        against(a(Equal, text("new")), a(Equal, text("paid")));
        against(a(Equal, text("new")), a(NotEqual, text("new")));
        against(a(Equal, text("new")), is_null());
        against(is_null(), is_null().negated());
        against(a(Greater, number("5")), a(Less, number("5.0")));
        against(a(GreaterOrEqual, number("5")), a(Less, number("5")));
        against(a(Greater, number("5")), a(Equal, number("5")));
        against(a(Greater, text("2026-01-01")), a(Less, text("2025-01-01")));
        against(a(Less, number("5")).negated(), a(LessOrEqual, number("4")));
        against(a(Same, Operand::Null), a(Equal, number("1")));
    }

    #[test]
    fn questions_that_may_all_hold() {
        let beside = |one: Condition, other: Condition| check(&[one, other], &[]);
        beside(a(Equal, text("new")), a(Equal, text("NEW")));
        beside(a(Equal, text("\u{e9}")), a(Equal, text("e")));
        beside(a(Equal, text("new")), a(Equal, text("new ")));
        beside(a(Equal, number("1")), a(Equal, text("2")));
        beside(a(GreaterOrEqual, number("5")), a(LessOrEqual, number("5")));
        beside(a(Greater, text("b")), a(Less, text("a")));
        beside(a(Same, number("1")).negated(), is_null());
        beside(a(NotEqual, number("1")), a(NotEqual, number("2")));
        check(&[Condition::any([a(Equal, number("1")), a(Equal, number("2"))])], &[]);
        check(&[Condition::any([is_null(), a(Equal, number("2"))]), a(Equal, number("3"))], &[]);
    }

    #[test]
    fn one_of_two_always_holds() {
        let either = Condition::any([a(NotEqual, text("new")), a(NotEqual, text("paid"))]);
        check(&[either], &[Constant::EitherHolds(0, 1)]);
        check(&[Condition::any([a(NotEqual, text("new")), a(NotEqual, text("New"))])], &[]);
        let inner = Condition::all([a(Equal, number("1")), a(Equal, number("2"))]);
        check(&[Condition::any([a(Equal, number("3")), inner])], &[Constant::Contradiction(1, 2)]);
    }
}
