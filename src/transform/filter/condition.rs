//! Conditions over the columns of a row, as written: names are not looked up yet, and nothing has a place in a file.

use super::number::Number;
use crate::mysql::ddl::is_reserved;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A condition. Two are equal when they say the same in the same words; parentheses and the case of words are no words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Condition {
    /// All hold.
    And(Vec<Condition>),
    /// One holds.
    Or(Vec<Condition>),
    /// It does not hold; neither of it and this do where it is unknown.
    Not(Box<Condition>),
    /// `(…) is null`: it neither holds nor fails.
    Unknown(Box<Condition>),
    /// A single question.
    Test(Test),
}

/// A single question about a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Test {
    /// `A < B`.
    Compare {
        /// How.
        op: Comparison,
        /// Left side.
        left: Operand,
        /// Right side.
        right: Operand,
    },
    /// `A in (B, C)`.
    In {
        /// What is looked for.
        operand: Operand,
        /// Where; not empty.
        list: Vec<Operand>,
    },
    /// `A between B and C`.
    Between {
        /// What is compared.
        operand: Operand,
        /// The least that holds.
        low: Operand,
        /// The greatest that holds.
        high: Operand,
    },
    /// `A like 'B'`.
    Like {
        /// What is compared.
        operand: Operand,
        /// The pattern, text or NULL.
        pattern: Operand,
    },
    /// `A regexp 'B'`.
    Regexp {
        /// What is searched.
        operand: Operand,
        /// The expression, text or NULL.
        pattern: Operand,
    },
    /// `A is null`.
    IsNull(Operand),
    /// `A` alone, a whole number: it is neither zero nor NULL.
    Truth(Operand),
}

/// What is compared.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Operand {
    /// A column of the row, by its name at the source.
    Column(String),
    /// A number; `true` is 1, `false` is 0.
    Number(Number),
    /// A text.
    Text(String),
    /// `null`.
    Null,
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Comparison {
    /// `=`.
    Equal,
    /// `<=>`: NULL equals NULL.
    Same,
    /// `<>` or `!=`.
    NotEqual,
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
}

impl Condition {
    /// All of several conditions. Nested ones are taken apart, so that `a and (b and c)` and three lines are one.
    pub fn all(conditions: impl IntoIterator<Item = Condition>) -> Condition {
        let mut flat = Vec::new();
        for condition in conditions {
            match condition {
                Condition::And(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        if flat.len() == 1 { flat.remove(0) } else { Condition::And(flat) }
    }

    /// One of several conditions.
    pub fn any(conditions: impl IntoIterator<Item = Condition>) -> Condition {
        let mut flat = Vec::new();
        for condition in conditions {
            match condition {
                Condition::Or(inner) => flat.extend(inner),
                other => flat.push(other),
            }
        }
        if flat.len() == 1 { flat.remove(0) } else { Condition::Or(flat) }
    }

    /// Its negation.
    pub fn negated(self) -> Condition {
        Condition::Not(Box::new(self))
    }

    /// The conditions that must all hold for it to hold; itself, when it is no `and`.
    pub fn conjuncts(&self) -> &[Condition] {
        match self {
            Condition::And(all) => all,
            Condition::Or(_) | Condition::Not(_) | Condition::Unknown(_) | Condition::Test(_) => {
                std::slice::from_ref(self)
            }
        }
    }

    /// Its questions, in the order of the text.
    pub fn tests(&self) -> Vec<&Test> {
        let mut tests = Vec::new();
        self.add_tests(&mut tests);
        tests
    }

    /// Names of the columns it asks about, as written, each as often as it stands there.
    pub fn columns(&self) -> Vec<&str> {
        let operands = self.tests().into_iter().flat_map(Test::operands);
        operands.filter_map(Operand::column).collect()
    }

    fn add_tests<'c>(&'c self, tests: &mut Vec<&'c Test>) {
        match self {
            Condition::And(inner) | Condition::Or(inner) => inner.iter().for_each(|one| one.add_tests(tests)),
            Condition::Not(inner) | Condition::Unknown(inner) => inner.add_tests(tests),
            Condition::Test(test) => tests.push(test),
        }
    }
}

impl Test {
    /// What is compared, in the order of the text.
    pub fn operands(&self) -> Vec<&Operand> {
        match self {
            Test::Compare { left, right, .. } => vec![left, right],
            Test::In { operand, list } => std::iter::once(operand).chain(list).collect(),
            Test::Between { operand, low, high } => vec![operand, low, high],
            Test::Like { operand, pattern } | Test::Regexp { operand, pattern } => vec![operand, pattern],
            Test::IsNull(operand) | Test::Truth(operand) => vec![operand],
        }
    }
}

impl Operand {
    /// The column's name, if it is one.
    pub fn column(&self) -> Option<&str> {
        match self {
            Operand::Column(name) => Some(name),
            Operand::Number(_) | Operand::Text(_) | Operand::Null => None,
        }
    }
}

impl Comparison {
    /// As it is written.
    pub fn sign(self) -> &'static str {
        match self {
            Comparison::Equal => "=",
            Comparison::Same => "<=>",
            Comparison::NotEqual => "<>",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
        }
    }

    /// The comparison that says the same with its sides exchanged.
    pub fn mirrored(self) -> Comparison {
        match self {
            Comparison::Equal | Comparison::Same | Comparison::NotEqual => self,
            Comparison::Less => Comparison::Greater,
            Comparison::LessOrEqual => Comparison::GreaterOrEqual,
            Comparison::Greater => Comparison::Less,
            Comparison::GreaterOrEqual => Comparison::LessOrEqual,
        }
    }
}

/// As it is written in a file, with the least parentheses.
impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, Level::Or)
    }
}

/// How tightly words bind, the loosest first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Or,
    And,
    Not,
    Test,
}

impl Condition {
    fn level(&self) -> Level {
        match self {
            Condition::Or(_) => Level::Or,
            Condition::And(_) => Level::And,
            Condition::Not(inner) if matches!(**inner, Condition::Test(ref test) if test.takes_not()) => {
                Level::Test
            }
            Condition::Not(_) => Level::Not,
            Condition::Unknown(_) | Condition::Test(_) => Level::Test,
        }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, around: Level) -> fmt::Result {
        if self.level() < around {
            f.write_str("(")?;
            self.write(f, Level::Or)?;
            return f.write_str(")");
        }
        let joined = |f: &mut fmt::Formatter<'_>, inner: &[Condition], word: &str, level| {
            for (at, one) in inner.iter().enumerate() {
                if at > 0 {
                    f.write_str(word)?;
                }
                one.write(f, level)?;
            }
            Ok(())
        };
        match self {
            Condition::Or(inner) => joined(f, inner, " or ", Level::And),
            Condition::And(inner) => joined(f, inner, " and ", Level::Not),
            Condition::Not(inner) => match &**inner {
                Condition::Test(test) if test.takes_not() => test.write(f, "not "),
                inner => {
                    f.write_str("not ")?;
                    inner.write(f, Level::Not)
                }
            },
            Condition::Unknown(inner) => {
                f.write_str("(")?;
                inner.write(f, Level::Or)?;
                f.write_str(") is null")
            }
            Condition::Test(test) => test.write(f, ""),
        }
    }
}

impl Test {
    /// Whether its negation has a form of its own, `not in`.
    fn takes_not(&self) -> bool {
        match self {
            Test::In { .. }
            | Test::Between { .. }
            | Test::Like { .. }
            | Test::Regexp { .. }
            | Test::IsNull(_) => true,
            Test::Compare { .. } | Test::Truth(_) => false,
        }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, not: &str) -> fmt::Result {
        match self {
            Test::Compare { op, left, right } => write!(f, "{left} {} {right}", op.sign()),
            Test::In { operand, list } => {
                let list: Vec<String> = list.iter().map(ToString::to_string).collect();
                write!(f, "{operand} {not}in ({})", list.join(", "))
            }
            Test::Between { operand, low, high } => write!(f, "{operand} {not}between {low} and {high}"),
            Test::Like { operand, pattern } => write!(f, "{operand} {not}like {pattern}"),
            Test::Regexp { operand, pattern } => write!(f, "{operand} {not}regexp {pattern}"),
            Test::IsNull(operand) => write!(f, "{operand} is {not}null"),
            Test::Truth(operand) => write!(f, "{operand}"),
        }
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Operand::Column(name) => f.write_str(&column_text(name)),
            Operand::Number(number) => write!(f, "{number}"),
            Operand::Text(text) => f.write_str(&quoted(text)),
            Operand::Null => f.write_str("null"),
        }
    }
}

/// A condition is part of a file, so its literals may be shown.
impl fmt::Debug for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// Words that are no columns in a condition.
pub const WORDS: &[&str] =
    &["and", "or", "not", "like", "regexp", "in", "between", "is", "null", "true", "false"];

/// A column's name as a condition writes it: in backticks where it could be read as something else, here or by a server.
pub fn column_text(name: &str) -> String {
    let plain = name.chars().all(|sign| sign.is_alphanumeric() || sign == '_' || sign == '$')
        && !name.starts_with(|sign: char| sign.is_ascii_digit())
        && !name.is_empty()
        && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(name))
        && !is_reserved(name);
    if plain { name.to_owned() } else { format!("`{}`", name.replace('`', "``")) }
}

/// A text as a condition writes it. `\%` and `\_`, which mean themselves to the server, stay as they are.
pub fn quoted(text: &str) -> String {
    let mut out = String::from("'");
    let mut signs = text.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '\'' => out.push_str("''"),
            '\\' if matches!(signs.peek(), Some('%' | '_')) => out.push('\\'),
            '\\' => out.push_str(r"\\"),
            '\n' => out.push_str(r"\n"),
            '\r' => out.push_str(r"\r"),
            '\t' => out.push_str(r"\t"),
            '\0' => out.push_str(r"\0"),
            '\u{1a}' => out.push_str(r"\Z"),
            '\u{8}' => out.push_str(r"\b"),
            sign => out.push(sign),
        }
    }
    out.push('\'');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn equals(column: &str, number: &str) -> Condition {
        Condition::Test(Test::Compare {
            op: Comparison::Equal,
            left: Operand::Column(column.to_owned()),
            right: Operand::Number(number.parse().expect("a number")),
        })
    }

    #[test]
    fn nested_conditions_are_taken_apart() {
        let nested = Condition::all([equals("a", "1"), Condition::all([equals("b", "2"), equals("c", "3")])]);
        assert_eq!(nested, Condition::And(vec![equals("a", "1"), equals("b", "2"), equals("c", "3")]));
        assert_eq!(Condition::any([equals("a", "1.0")]), equals("a", "1"));
        assert_eq!(nested.tests().len(), 3);
    }

    #[test]
    fn shown_as_written() {
        let either = Condition::any([equals("a", "1"), equals("order", "2").negated()]);
        assert_eq!(
            Condition::all([either, equals("b c", "-0.5")]).to_string(),
            "(a = 1 or not `order` = 2) and `b c` = -0.5"
        );
        let list = Test::In {
            operand: Operand::Column("in".into()),
            list: vec![Operand::Text("it's".into()), Operand::Null],
        };
        assert_eq!(Condition::Test(list).negated().to_string(), "`in` not in ('it''s', null)");
        assert_eq!(quoted("10\\% a\\b\n"), r"'10\% a\\b\n'");
    }
}
