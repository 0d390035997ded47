//! Conditions made by dice, of comparisons that make sense for the types of their columns.

use super::table::{Column, Sort, text_of};
use crate::support::Kind;
use crate::support::dice::Dice;
use syncc::transform::filter::{Comparison, Condition, Number, Operand, Test};

/// Parts of `like` patterns besides the texts of the column.
const LIKE: &[&str] = &[
    "%", "_", "a%", "%e", "%a%", "_a", "__", r"10\%", r"x\_y", r"%\%%", "%\u{e9}%", "r_sum_", "%s%", r"a\",
    "D%t",
];
/// Expressions; ASCII only, as collations without case want it.
const REGEXP: &[&str] = &[
    "a",
    "^a",
    "a$",
    "^.$",
    "^..$",
    "[a-c]",
    "^[^a]",
    "s+",
    "st",
    "strasse",
    "fi",
    "(re|dra)s?",
    "a*b",
    "^(a|A) ?$",
    r"\%",
    r"10\%$",
    "x.y",
    "e{1,2}",
    "^$",
    "[0-9]{2,3}",
    "ft$",
    "[_%]",
    r"\\",
];

const COMPARISONS: [Comparison; 7] = [
    Comparison::Equal,
    Comparison::Same,
    Comparison::NotEqual,
    Comparison::Less,
    Comparison::LessOrEqual,
    Comparison::Greater,
    Comparison::GreaterOrEqual,
];

/// Makes conditions.
pub(super) struct Maker<'c> {
    columns: &'c [Column],
    kind: Kind,
    dice: Dice,
}

impl<'c> Maker<'c> {
    pub(super) fn new(columns: &'c [Column], kind: Kind, dice: Dice) -> Maker<'c> {
        Maker { columns, kind, dice }
    }

    /// A condition of at most `depth` conditions inside each other.
    pub(super) fn condition(&mut self, depth: usize) -> Condition {
        match self.dice.below(10) {
            0..=1 if depth > 0 => Condition::all(self.several(depth)),
            2..=3 if depth > 0 => Condition::any(self.several(depth)),
            4 if depth > 0 => match self.condition(depth - 1) {
                Condition::Not(inner) => *inner,
                condition => condition.negated(),
            },
            5 if depth > 0 && self.dice.percent(30) => Condition::Unknown(Box::new(self.combined(depth - 1))),
            _ => {
                let test = Condition::Test(self.test());
                if self.dice.percent(20) { test.negated() } else { test }
            }
        }
    }

    fn several(&mut self, depth: usize) -> Vec<Condition> {
        (0..2 + self.dice.below(2)).map(|_| self.condition(depth - 1)).collect()
    }

    /// Two conditions: `x is null` of a column is another question.
    fn combined(&mut self, depth: usize) -> Condition {
        let two = [self.condition(depth), self.condition(depth)];
        if self.dice.percent(50) { Condition::all(two) } else { Condition::any(two) }
    }

    fn test(&mut self) -> Test {
        let column = &self.columns[self.dice.below(self.columns.len())];
        let operand = Operand::Column(self.cased(column.name));
        if column.sort == Sort::Other {
            return Test::IsNull(operand);
        }
        let is_text = matches!(column.sort, Sort::Text | Sort::Plain | Sort::Bytes);
        let is_whole = matches!(column.sort, Sort::Whole | Sort::Year);
        match self.dice.below(12) {
            0 => Test::IsNull(operand),
            1 if is_whole => Test::Truth(operand),
            2..=3 => {
                let n_values = 1 + self.dice.below(4);
                // MySQL 8.0.15 finds nothing in a list of times with a NULL
                let with_null = column.sort != Sort::Time || self.kind != Kind::MySql8_0;
                let mut literal = || if with_null { self.literal(column) } else { self.value(column) };
                Test::In { operand, list: (0..n_values).map(|_| literal()).collect() }
            }
            4..=5 => Test::Between { operand, low: self.value(column), high: self.value(column) },
            6..=8 if is_text => Test::Like { operand, pattern: Operand::Text(self.pattern(column)) },
            9 if column.sort == Sort::Text && self.kind != Kind::MariaDb10_11 => {
                let expression = REGEXP[self.dice.below(REGEXP.len())];
                Test::Regexp { operand, pattern: Operand::Text(expression.to_owned()) }
            }
            10 => match self.partner(column) {
                Some(other) => Test::Compare {
                    op: self.comparison(),
                    left: operand,
                    right: Operand::Column(self.cased(other)),
                },
                None => self.compare(operand, column),
            },
            _ => self.compare(operand, column),
        }
    }

    fn compare(&mut self, operand: Operand, column: &Column) -> Test {
        let (op, literal) = (self.comparison(), self.literal(column));
        if self.dice.percent(20) {
            return Test::Compare { op, left: literal, right: operand };
        }
        Test::Compare { op, left: operand, right: literal }
    }

    fn comparison(&mut self) -> Comparison {
        COMPARISONS[self.dice.below(COMPARISONS.len())]
    }

    /// Names of columns have no case.
    fn cased(&mut self, name: &str) -> String {
        if self.dice.percent(10) { name.to_uppercase() } else { name.to_owned() }
    }

    fn literal(&mut self, column: &Column) -> Operand {
        if self.dice.percent(5) { Operand::Null } else { self.value(column) }
    }

    /// A literal other than NULL.
    fn value(&mut self, column: &Column) -> Operand {
        let literal = column.literals[self.dice.below(column.literals.len())];
        let number = |text: &str| Operand::Number(text.parse::<Number>().expect(text));
        match column.sort {
            Sort::Year => number(literal),
            Sort::Whole | Sort::Decimal | Sort::Real => match self.dice.below(8) {
                // a little beside what the rows hold
                0 => number(&if literal.contains('.') {
                    format!("{literal}5")
                } else {
                    format!("{literal}.5")
                }),
                1 => number(
                    ["18446744073709551616", "-99999999999999999999", "1.0", "0.0"][self.dice.below(4)],
                ),
                _ => number(literal),
            },
            _ => Operand::Text(text_of(literal)),
        }
    }

    fn pattern(&mut self, column: &Column) -> String {
        let fits = |text: &&&str| match column.name {
            "a1" | "k1" => text.is_ascii(),
            _ => true,
        };
        let patterns: Vec<&str> = LIKE.iter().filter(fits).copied().collect();
        let text = text_of(column.literals[self.dice.below(column.literals.len())]);
        match self.dice.below(4) {
            0 => text,
            1 => format!("{text}%"),
            2 => format!("%{text}"),
            _ => patterns[self.dice.below(patterns.len())].to_owned(),
        }
    }

    /// Another column that it is compared with.
    fn partner(&mut self, column: &Column) -> Option<&'c str> {
        let collation =
            |column: &Column| column.ty.split_once("collate ").map(|(_, collation)| collation.to_owned());
        let fits = |other: &&Column| match (column.sort, other.sort) {
            (Sort::Whole | Sort::Decimal | Sort::Real, Sort::Whole | Sort::Decimal | Sort::Real) => true,
            (Sort::Text, Sort::Text) => collation(column) == collation(other),
            (Sort::Plain, _) | (Sort::Other, _) => false,
            (one, other) => one == other,
        };
        let columns = self.columns;
        let fitting: Vec<&Column> =
            columns.iter().filter(|other| other.name != column.name).filter(fits).collect();
        (!fitting.is_empty()).then(|| fitting[self.dice.below(fitting.len())].name)
    }
}
