//! A filter over rows: the one evaluation of conditions.
//!
//! Three values: `Some(true)`, `Some(false)`, and `None` for unknown.

use super::class::{EncodedLabels, TextForm};
use super::condition::Comparison;
use super::moment;
use super::number::{Bound, compare_decimals};
use crate::mysql::collate::{Collator, Like};
use crate::mysql::decimal::write_decimal;
use crate::mysql::temporal::utc;
use crate::mysql::value::Value;
use crate::pattern::TextSearch;
use std::cmp::Ordering;

/// A condition whose columns are looked up: asked for every row of one table version.
#[derive(Debug)]
pub struct Filter {
    pub(super) root: Node,
    pub(super) scratch: Scratch,
}

/// Memory for what a value has to be turned into before it is compared.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    one: Vec<u8>,
    other: Vec<u8>,
}

/// A condition.
#[derive(Debug)]
pub(super) enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    /// It is unknown.
    Unknown(Box<Node>),
    /// The same for every row.
    Constant(Option<bool>),
    IsNull(usize),
    /// A whole number other than zero.
    Truth(usize),
    Compare {
        column: usize,
        op: Comparison,
        against: Against,
    },
    Like {
        column: usize,
        form: TextForm,
        like: Like,
    },
    Search {
        column: usize,
        form: TextForm,
        search: Box<TextSearch>,
    },
}

/// What a column is compared with, and by that how.
#[derive(Debug)]
pub(super) enum Against {
    Whole(Bound),
    /// Plain digits.
    Decimal(Box<[u8]>),
    Real(f64),
    Moment(i64),
    Time(i64),
    /// A text in the column's character set.
    Text {
        form: TextForm,
        collator: Collator,
        text: Box<[u8]>,
    },
    /// Another column.
    Column(usize, Pairing),
}

/// How two columns are compared.
#[derive(Debug)]
pub(super) enum Pairing {
    Whole,
    Decimal,
    Real,
    Moment,
    Time,
    Text { left: TextForm, right: TextForm, collator: Collator },
}

impl Filter {
    /// Whether the row is sent: the condition holds. Where it is unknown it does not, as in the server's WHERE.
    ///
    /// # Panics
    /// When the row is not of the table version that the filter was bound to.
    pub fn keeps(&mut self, row: &[Value<'_>]) -> bool {
        self.root.ask(row, &mut self.scratch) == Some(true)
    }
}

impl Node {
    fn ask(&self, row: &[Value<'_>], scratch: &mut Scratch) -> Option<bool> {
        match self {
            Node::All(nodes) => decided(nodes, false, row, scratch),
            Node::Any(nodes) => decided(nodes, true, row, scratch),
            Node::Not(node) => node.ask(row, scratch).map(|holds| !holds),
            Node::Unknown(node) => Some(node.ask(row, scratch).is_none()),
            Node::Constant(holds) => *holds,
            Node::IsNull(column) => Some(row[*column] == Value::Null),
            Node::Truth(column) => match &row[*column] {
                Value::Null => None,
                value => Some(whole(value) != 0),
            },
            Node::Compare { column, op, against } => {
                let value = &row[*column];
                let order = match (value, against) {
                    (Value::Null, Against::Column(other, _)) if *op == Comparison::Same => {
                        return Some(row[*other] == Value::Null);
                    }
                    (Value::Null, _) => None,
                    (value, against) => against.order(value, row, scratch),
                };
                match (op, order) {
                    (Comparison::Same, order) => Some(order == Some(Ordering::Equal)),
                    (_, None) => None,
                    (op, Some(order)) => Some(op.holds(order)),
                }
            }
            Node::Like { column, form, like } => match &row[*column] {
                Value::Null => None,
                value => Some(like.matches(form.text(value, &mut scratch.one))),
            },
            Node::Search { column, form, search } => match &row[*column] {
                Value::Null => None,
                value => Some(search.is_match(form.text(value, &mut scratch.one))),
            },
        }
    }
}

/// Asks until an answer decides: `deciding` wins, then unknown.
fn decided(nodes: &[Node], deciding: bool, row: &[Value<'_>], scratch: &mut Scratch) -> Option<bool> {
    let mut unknown = false;
    for node in nodes {
        match node.ask(row, scratch) {
            Some(holds) if holds == deciding => return Some(deciding),
            Some(_) => {}
            None => unknown = true,
        }
    }
    (!unknown).then_some(!deciding)
}

impl Comparison {
    /// Whether two values in this order compare so.
    pub(super) fn holds(self, order: Ordering) -> bool {
        match self {
            Comparison::Equal | Comparison::Same => order.is_eq(),
            Comparison::NotEqual => order.is_ne(),
            Comparison::Less => order.is_lt(),
            Comparison::LessOrEqual => order.is_le(),
            Comparison::Greater => order.is_gt(),
            Comparison::GreaterOrEqual => order.is_ge(),
        }
    }
}

impl Against {
    /// A value that is not NULL against it; none when it is NULL itself.
    fn order(&self, value: &Value<'_>, row: &[Value<'_>], scratch: &mut Scratch) -> Option<Ordering> {
        Some(match self {
            Against::Whole(bound) => bound.order(whole(value)),
            Against::Decimal(digits) => compare_decimals(decimal(value, &mut scratch.one), digits),
            Against::Real(number) => reals(real(value, &mut scratch.one), *number),
            Against::Moment(moment) => moment_of(value).cmp(moment),
            Against::Time(time) => time_of(value).cmp(time),
            Against::Text { form, collator, text } => {
                collator.compare(form.text(value, &mut scratch.one), text)
            }
            Against::Column(other, pairing) => match &row[*other] {
                Value::Null => return None,
                other => pairing.order(value, other, scratch),
            },
        })
    }
}

impl Pairing {
    fn order(&self, a: &Value<'_>, b: &Value<'_>, scratch: &mut Scratch) -> Ordering {
        let Scratch { one, other } = scratch;
        match self {
            Pairing::Whole => whole(a).cmp(&whole(b)),
            Pairing::Decimal => compare_decimals(decimal(a, one), decimal(b, other)),
            Pairing::Real => reals(real(a, one), real(b, other)),
            Pairing::Moment => moment_of(a).cmp(&moment_of(b)),
            Pairing::Time => time_of(a).cmp(&time_of(b)),
            Pairing::Text { left, right, collator } => {
                collator.compare(left.text(a, one), right.text(b, other))
            }
        }
    }
}

impl TextForm {
    /// The text of a value in its column's character set.
    fn text<'t>(&'t self, value: &'t Value<'_>, scratch: &'t mut Vec<u8>) -> &'t [u8] {
        match (self, value) {
            (TextForm::Plain, Value::Text(text) | Value::Bytes(text)) => text,
            // 0 is the label of what was no label
            (TextForm::Enum(labels), Value::Enum(number)) => {
                usize::from(*number).checked_sub(1).and_then(|at| labels.get(at)).map_or(&[], |label| label)
            }
            (TextForm::Set(labels), Value::Set(bits)) => {
                join(labels, *bits, scratch);
                scratch
            }
            (TextForm::Plain | TextForm::Enum(_) | TextForm::Set(_), value) => unbound(value),
        }
    }
}

fn join(labels: &EncodedLabels, bits: u64, out: &mut Vec<u8>) {
    out.clear();
    let members = labels.iter().enumerate().filter(|(bit, _)| bits >> bit & 1 == 1);
    for (at, (_, label)) in members.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        out.extend_from_slice(label);
    }
}

fn whole(value: &Value<'_>) -> i128 {
    match *value {
        Value::Int(number) => number.into(),
        Value::UInt(number) | Value::Bit(number) => number.into(),
        Value::Year(number) => number.into(),
        ref value => unbound(value),
    }
}

/// The digits of a decimal or whole number.
fn decimal<'s>(value: &Value<'_>, scratch: &'s mut Vec<u8>) -> &'s [u8] {
    scratch.clear();
    match value {
        Value::Decimal(decimal) => write_decimal(*decimal, scratch),
        value => scratch.extend_from_slice(itoa::Buffer::new().format(whole(value)).as_bytes()),
    }
    scratch
}

fn real(value: &Value<'_>, scratch: &mut Vec<u8>) -> f64 {
    match value {
        Value::Float(number) => f64::from(*number),
        Value::Double(number) => *number,
        Value::Decimal(_) => {
            let digits = decimal(value, scratch);
            std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()).unwrap_or(f64::NAN)
        }
        value => whole(value) as f64,
    }
}

/// Columns hold no NaN.
fn reals(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or(Ordering::Less)
}

fn moment_of(value: &Value<'_>) -> i64 {
    match *value {
        Value::Date(date) => moment::of_date(date),
        Value::DateTime(value) => moment::of_datetime(value),
        Value::Timestamp(value) => moment::of_datetime(utc(value)),
        ref value => unbound(value),
    }
}

fn time_of(value: &Value<'_>) -> i64 {
    match *value {
        Value::Time(time) => moment::of_time(time),
        ref value => unbound(value),
    }
}

/// The decoder gives values of the types of the table version, and the filter was bound to that version.
fn unbound(value: &Value<'_>) -> ! {
    panic!("a filter met {value:?} in a column that cannot hold it")
}
