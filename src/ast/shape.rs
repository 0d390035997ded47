//! Arguments against a signature: typed values, or a finding that says what was expected.
//!
//! Tried strictly first, then with values of the right kind that are wrong in themselves (`retry for 720`), so that such a
//! value is reported as what it is and not as a statement of another shape.

use super::binding::Values;
use super::condition::Where;
use super::misfit::{Expected, Misfit, errors_skipped};
use super::repaired;
use super::token::Token;
use super::value::{no_variable, read_value};
use crate::diagnostic::{Diagnostic, Label};
use crate::pattern::{NamePattern, TablePattern};
use crate::statement::{
    self as st, Kind, Literal, SecretRef, Shape, Signature, StatementSpec, Support, Template, Text, Version,
};
use crate::syntax::NodeKind;
use crate::text::{Span, Spanned};

/// An argument as a typed value.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Word(String),
    Name(String),
    Text(String),
    Template(Template),
    Plain(Text),
    Secret(SecretRef),
    Database(NamePattern),
    Table(TablePattern),
    /// Database and name of one table.
    ExactTable(String, String),
    ColumnPath(TablePattern, NamePattern),
    /// A range or pattern of own names.
    Names(NamePattern),
    /// An exact name.
    Column(String),
    Columns(NamePattern),
    /// What `where` says.
    Condition(Box<Where>),
    /// A column and its value.
    Field(Spanned<String>, Literal),
    /// Duration in ms, size in bytes, rate in bytes a second, time of day in minutes, or a number; always inside of the
    /// range of its signature.
    Quantity(u64),
    /// Microseconds since 1970.
    TimeUs(i64),
    Version(Version),
    /// File of the log, and offset in it.
    Binlog(String, u64),
    /// These stand for nothing that is known: placeholders, or the parameter it is the value of.
    Unbound(Vec<String>),
    /// Wrong in itself, and reported.
    Bad,
}

/// The parameter that an argument is the value of.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct FromParam {
    pub(super) name: Spanned<String>,
    pub(super) value: String,
}

/// Where the value of an argument stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Origin {
    /// In its place.
    Written,
    /// `param NAME`.
    Param(FromParam),
    /// Behind the `else` of `env NAME else …`: what is checked and compiled without the environment.
    Env,
}

/// A matched argument and its place. Commas are left out.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Item {
    pub(super) value: Value,
    pub(super) span: Span,
    pub(super) origin: Origin,
}

/// What became of a statement's arguments.
pub(super) enum Shaped {
    /// They fit, and how far this release goes with that form.
    Fits(Vec<Item>, Support),
    /// They do not, or a value is wrong.
    Wrong(Vec<Diagnostic>),
}

/// Matches the arguments behind a statement's word.
pub(super) fn shape(spec: &StatementSpec, word: Span, tokens: &[Token<'_>], values: &Values) -> Shaped {
    let signature = spec.signature();
    let takes_env = spec.takes_environment();
    let mut strict = Matcher::new(tokens, values, takes_env);
    if let Some(items) = strict.run(&signature) {
        return Shaped::Fits(items, strict.support);
    }
    let mut lenient = Matcher { lenient: true, ..Matcher::new(tokens, values, takes_env) };
    if lenient.run(&signature).is_some() {
        let mut findings = lenient.findings;
        let fits = |tokens: &[Token<'_>]| Matcher::new(tokens, values, false).run(&signature).is_some();
        repaired::look(tokens, &fits, &mut findings);
        return Shaped::Wrong(findings);
    }
    if let Some(finding) = errors_skipped(spec, tokens) {
        return Shaped::Wrong(vec![finding]);
    }
    let fits = |tokens: &[Token<'_>]| Matcher::new(tokens, values, takes_env).run(&signature).is_some();
    let is_param = |name: &str| values.of(name).is_some();
    let misfit =
        Misfit { at: lenient.furthest, expected: &lenient.expected, fits: &fits, is_param: &is_param };
    Shaped::Wrong(vec![misfit.finding(spec, word, tokens)])
}

struct Matcher<'a, 't> {
    tokens: &'a [Token<'t>],
    values: &'a Values,
    /// Plain values may be `env NAME else …`.
    takes_env: bool,
    lenient: bool,
    /// How far this release goes with what fits.
    support: Support,
    findings: Vec<Diagnostic>,
    /// Furthest token that did not fit, and what would have.
    furthest: usize,
    expected: Vec<Expected>,
}

impl<'a, 't> Matcher<'a, 't> {
    fn new(tokens: &'a [Token<'t>], values: &'a Values, takes_env: bool) -> Matcher<'a, 't> {
        Matcher {
            tokens,
            values,
            takes_env,
            lenient: false,
            support: Support::Runs,
            findings: Vec::new(),
            furthest: 0,
            expected: Vec::new(),
        }
    }

    fn run(&mut self, signature: &Signature) -> Option<Vec<Item>> {
        let mut items = Vec::new();
        for alternative in &signature.alternatives {
            if self.sequence(&alternative.iter().collect::<Vec<_>>(), 0, &mut items) {
                return Some(items);
            }
        }
        None
    }

    fn sequence(&mut self, todo: &[&Shape], at: usize, items: &mut Vec<Item>) -> bool {
        let Some((first, rest)) = todo.split_first() else {
            return at == self.tokens.len() || self.fail(at, || Expected::End);
        };
        match first {
            Shape::Word(word) => {
                let Some(token) = self.tokens.get(at).filter(|token| is_word(token, word)) else {
                    return self.fail(at, || Expected::Word(word.clone()));
                };
                let item = (word != ",").then(|| Item {
                    value: Value::Word(word.clone()),
                    span: token.span,
                    origin: Origin::Written,
                });
                self.with(item, rest, at + 1, items)
            }
            Shape::Value { kind, .. } => match self.value(first, at) {
                Some((item, next)) => self.with(Some(item), rest, next, items),
                None => self.fail(at, || Expected::Value(*kind)),
            },
            Shape::List(of) => self.list(of, rest, at, items),
            Shape::Optional(inner) => self.any_of(inner, rest, at, items) || self.sequence(rest, at, items),
            Shape::Choice(inner) => self.any_of(inner, rest, at, items),
            Shape::Idle(inner) => {
                let fits = self.any_of(inner, rest, at, items);
                if fits {
                    self.support = Support::Compiles;
                }
                fits
            }
        }
    }

    fn any_of(&mut self, of: &[Vec<Shape>], rest: &[&Shape], at: usize, items: &mut Vec<Item>) -> bool {
        of.iter().any(|alternative| {
            let todo: Vec<&Shape> = alternative.iter().chain(rest.iter().copied()).collect();
            self.sequence(&todo, at, items)
        })
    }

    fn list(&mut self, of: &Shape, rest: &[&Shape], at: usize, items: &mut Vec<Item>) -> bool {
        let (n_items, n_findings) = (items.len(), self.findings.len());
        let mut next = at;
        loop {
            let Some((item, after)) = self.item(of, next) else {
                items.truncate(n_items);
                self.findings.truncate(n_findings);
                return false;
            };
            items.push(item);
            next = after;
            match self.tokens.get(next) {
                Some(token) if token.kind == NodeKind::Comma => next += 1,
                Some(_) => {
                    self.fail(next, || Expected::Word(",".into()));
                    break;
                }
                None => break,
            }
        }
        if self.sequence(rest, next, items) {
            return true;
        }
        items.truncate(n_items);
        self.findings.truncate(n_findings);
        false
    }

    /// An item of a list: a value, or one of several words.
    fn item(&mut self, of: &Shape, at: usize) -> Option<(Item, usize)> {
        match of {
            Shape::Value { kind, .. } => {
                let found = self.value(of, at);
                if found.is_none() {
                    self.fail(at, || Expected::Value(*kind));
                }
                found
            }
            Shape::Word(word) => match self.tokens.get(at).filter(|token| is_word(token, word)) {
                Some(token) => Some((
                    Item { value: Value::Word(word.clone()), span: token.span, origin: Origin::Written },
                    at + 1,
                )),
                None => {
                    self.fail(at, || Expected::Word(word.clone()));
                    None
                }
            },
            Shape::Choice(of) => of.iter().flatten().find_map(|one| self.item(one, at)),
            // The table has no such lists; a test of its rows would not find an example that fits.
            Shape::List(_) | Shape::Optional(_) | Shape::Idle(_) => None,
        }
    }

    fn with(&mut self, item: Option<Item>, rest: &[&Shape], next: usize, items: &mut Vec<Item>) -> bool {
        let (n_items, n_findings) = (items.len(), self.findings.len());
        items.extend(item);
        if self.sequence(rest, next, items) {
            return true;
        }
        items.truncate(n_items);
        // The value just read stays reported only if its alternative is taken.
        self.findings.truncate(n_findings);
        false
    }

    fn value(&mut self, shape: &Shape, at: usize) -> Option<(Item, usize)> {
        let Shape::Value { kind, range, range_text } = shape else { return None };
        let rest = self.tokens.get(at..).filter(|rest| !rest.is_empty())?;
        if let Some((name, span)) = self.param(*kind, rest) {
            let (value, param) = self.value_of_param(*kind, (*range, range_text), &name, span)?;
            return Some((Item { value, span, origin: Origin::Param(param) }, at + 2));
        }
        if self.takes_env && is_plain(*kind) && *kind != Kind::Plain && is_word(&rest[0], "env") {
            return self.value_or_environment(shape, rest, at);
        }
        let read = read_value(*kind, *range, range_text, rest)?;
        let span = rest[0].span.to(rest[read.n_tokens - 1].span);
        let value = self.good(read.value)?;
        Some((Item { value, span, origin: Origin::Written }, at + read.n_tokens))
    }

    /// A value that may be taken; the finding about one that is wrong in itself is kept where that is what is looked for.
    fn good(&mut self, value: Result<Value, Box<Diagnostic>>) -> Option<Value> {
        match value {
            Ok(value) => Some(value),
            Err(finding) if self.lenient => {
                self.findings.push(*finding);
                Some(Value::Bad)
            }
            Err(_) => None,
        }
    }

    /// `env NAME else VALUE`: the value behind `else` is what is checked and compiled.
    fn value_or_environment(
        &mut self,
        shape: &Shape,
        rest: &[Token<'t>],
        at: usize,
    ) -> Option<(Item, usize)> {
        let Shape::Value { kind, range, range_text } = shape else { return None };
        let name = rest.get(1)?.word()?;
        if let Some(finding) = no_variable(name, rest[1].span) {
            let span = rest[0].span.to(rest[1].span);
            let value = self.good(Err(finding))?;
            return Some((Item { value, span, origin: Origin::Env }, at + rest.len().min(4)));
        }
        if rest.get(2).and_then(Token::word) != Some("else") {
            let span = rest[0].span.to(rest[1].span);
            let message = format!(
                "`env {name}` lacks its `else`: that value is checked, and holds where the variable is not set"
            );
            let help = format!("write `env {name} else …` with {} behind it", kind.called());
            let value =
                self.good(Err(Box::new(Diagnostic::error(st::WRONG_ARGUMENTS, span, message).help(help))))?;
            return Some((Item { value, span, origin: Origin::Env }, at + 2));
        }
        let written = rest.get(3..).filter(|written| !written.is_empty())?;
        let read = read_value(*kind, *range, range_text, written)?;
        let span = rest[0].span.to(written[read.n_tokens - 1].span);
        let value = self.good(read.value)?;
        Some((Item { value, span, origin: Origin::Env }, at + 3 + read.n_tokens))
    }

    /// The name behind `param`, where a plain value is wanted.
    fn param(&self, kind: Kind, rest: &[Token<'t>]) -> Option<(Spanned<String>, Span)> {
        match rest {
            [word, name, ..] if is_plain(kind) && word.word() == Some("param") => {
                Some((Spanned::new(name.word()?.to_owned(), name.span), word.span.to(name.span)))
            }
            _ => None,
        }
    }

    /// The value of a parameter, read as if it stood in its place.
    fn value_of_param(
        &mut self,
        kind: Kind,
        (range, range_text): ((u64, u64), &(String, String)),
        name: &Spanned<String>,
        span: Span,
    ) -> Option<(Value, FromParam)> {
        let param = |value: &str| FromParam { name: name.clone(), value: value.to_owned() };
        let values = self.values;
        let Some(value) = values.of(&name.value).flatten() else {
            return Some((Value::Unbound(vec![name.value.clone()]), param("")));
        };
        let shown = format!("`param {}` is `{value}`", name.value);
        let read = valued(value, kind, (range, range_text), span).unwrap_or_else(|| {
            let message = format!("{shown}, and {} is wanted here", kind.called());
            Err(Box::new(Diagnostic::error(st::WRONG_ARGUMENTS, span, message)))
        });
        // One that is not chosen is as wrong, and found out by who chooses it.
        if read.is_ok()
            && let Some(finding) = wrong_other(values.others(&name.value), kind, (range, range_text), name)
        {
            if !self.lenient {
                return None;
            }
            self.findings.push(finding.beside(span, "used here"));
            return Some((Value::Bad, param(value)));
        }
        let read = match read {
            Ok(read) => read,
            Err(finding) if self.lenient => {
                // A number that nothing here takes is wrong where it is written, however many places use it.
                if finding.code != st::WRONG_ARGUMENTS
                    && let Some(place) = values.place(&name.value)
                {
                    let label = Some(Label { span: place, text: String::new() });
                    let finding = Diagnostic { fixes: Vec::new(), primary: label, ..*finding };
                    self.findings.push(finding.beside(span, "used here"));
                    return Some((Value::Bad, param(value)));
                }
                let has_label = finding.primary.as_ref().is_some_and(|label| !label.text.is_empty());
                let said = finding.message.contains(&shown);
                // What would be written in its place is no repair here: another place may use the parameter, too.
                let finding = Diagnostic { fixes: Vec::new(), ..*finding };
                self.findings.push(if has_label || said { finding } else { finding.label(shown) });
                Value::Bad
            }
            Err(_) => return None,
        };
        Some((read, param(value)))
    }

    /// Notes what would have fitted, for who is going to say so.
    fn fail(&mut self, at: usize, expected: impl FnOnce() -> Expected) -> bool {
        if !self.lenient || at < self.furthest {
            return false;
        }
        if at > self.furthest {
            self.furthest = at;
            self.expected.clear();
        }
        let expected = expected();
        if !self.expected.contains(&expected) {
            self.expected.push(expected);
        }
        false
    }
}

/// A text read as if it stood in the place of an argument. None when it is of another kind.
fn valued(
    text: &str,
    kind: Kind,
    (range, range_text): ((u64, u64), &(String, String)),
    span: Span,
) -> Option<Result<Value, Box<Diagnostic>>> {
    let token = Token::valued(text, bare_kind(kind).unwrap_or(NodeKind::String), span);
    // What stands bare in a file begins with a digit, and nothing else does.
    if bare_kind(kind).is_some() && !text.starts_with(|sign: char| sign.is_ascii_digit()) {
        return None;
    }
    read_value(kind, range, range_text, &[token]).map(|read| read.value)
}

/// What is wrong with the first value of a parameter, among those that are not chosen, that cannot stand where it is used.
fn wrong_other(
    others: &[Spanned<String>],
    kind: Kind,
    range: ((u64, u64), &(String, String)),
    name: &Spanned<String>,
) -> Option<Diagnostic> {
    others.iter().find_map(|other| match valued(&other.value, kind, range, other.span) {
        Some(Ok(_)) => None,
        // What would be written in its place is no repair here: another place may use the parameter, too.
        Some(Err(finding)) => Some(Diagnostic { fixes: Vec::new(), ..*finding }),
        None => {
            let message = format!(
                "`{}` is a value of `param {}`, and {} is wanted where that is used",
                other.value,
                name.value,
                kind.called()
            );
            Some(Diagnostic::error(st::WRONG_ARGUMENTS, other.span, message))
        }
    })
}

/// What a plain value is in the tree, when it does not stand in quotes.
fn bare_kind(kind: Kind) -> Option<NodeKind> {
    match kind {
        Kind::Duration | Kind::Size | Kind::Rate | Kind::Number => Some(NodeKind::Quantity),
        Kind::Clock => Some(NodeKind::Clock),
        Kind::Timestamp => Some(NodeKind::Timestamp),
        Kind::Text
        | Kind::Template
        | Kind::Address
        | Kind::Plain
        | Kind::Zone
        | Kind::Url
        | Kind::Version
        | Kind::Gtid
        | Kind::Binlog
        | Kind::Name
        | Kind::Range
        | Kind::Names
        | Kind::Secret
        | Kind::Database
        | Kind::Table
        | Kind::ExactTable
        | Kind::ColumnPath
        | Kind::Column
        | Kind::Columns
        | Kind::Field
        | Kind::NewName
        | Kind::Date
        | Kind::Condition
        | Kind::Code => None,
    }
}

/// True for values that may come from outside: `param NAME`, `env NAME`.
fn is_plain(kind: Kind) -> bool {
    match kind {
        Kind::Text
        | Kind::Template
        | Kind::Address
        | Kind::Plain
        | Kind::Duration
        | Kind::Size
        | Kind::Rate
        | Kind::Number
        | Kind::Clock
        | Kind::Timestamp
        | Kind::Zone
        | Kind::Url
        | Kind::Version
        | Kind::Gtid
        | Kind::Binlog => true,
        Kind::Name
        | Kind::Range
        | Kind::Names
        | Kind::Secret
        | Kind::Database
        | Kind::Table
        | Kind::ExactTable
        | Kind::ColumnPath
        | Kind::Column
        | Kind::Columns
        | Kind::Field
        | Kind::NewName
        | Kind::Date
        | Kind::Condition
        | Kind::Code => false,
    }
}

fn is_word(token: &Token<'_>, word: &str) -> bool {
    match word {
        "," => token.kind == NodeKind::Comma,
        _ => token.word() == Some(word),
    }
}
