//! One value of a signature, read from the next arguments.

use super::literal::literal;
use super::moment::{clock, timestamp, version};
use super::quantity::quantity;
use super::quoted::{address, binlog, gtids, plain, text, url, zone};
use super::range::{declared_names, pattern_of_names};
use super::shape::Value;
use super::token::{Segment, Token};
use crate::diagnostic::{Diagnostic, Fix};
use crate::pattern::{NamePattern, PatternError, PatternErrorKind, TablePattern};
use crate::statement::{self as st, Kind, SecretRef, Template};
use crate::syntax::NodeKind;
use crate::text::{Span, Spanned};

/// A value of the right kind, or one that is wrong in itself, and how many arguments it took.
pub(super) struct Read {
    pub(super) value: Result<Value, Box<Diagnostic>>,
    pub(super) n_tokens: usize,
}

/// Reads a value from the first of `tokens`, which is not empty. None when it is of another kind.
pub(super) fn read_value(
    kind: Kind,
    range: (u64, u64),
    range_text: &(String, String),
    tokens: &[Token<'_>],
) -> Option<Read> {
    let token = &tokens[0];
    let one = |value| Some(Read { value, n_tokens: 1 });
    if kind == Kind::Plain
        && let Some(name) = shell_variable(token.text)
    {
        let text = format!("env {name}");
        let finding = wrong(token.span, format!("a variable is written `{text}`, without quotes and braces"));
        return one(Err(Box::new(finding.fix(Fix::machine(format!("write `{text}`"), token.span, text)))));
    }
    // A text in which something stands for nothing has no value yet.
    if is_text(kind) && !token.holes().is_empty() {
        return one(Ok(Value::Unbound(token.holes())));
    }
    match kind {
        Kind::Name => one(own_name(token)?),
        // Its statement has a grammar of its own.
        Kind::Condition => None,
        Kind::Code => one(Ok(Value::Word(token.word()?.to_owned()))),
        Kind::Range => one(declared_names(token)?),
        Kind::Names => one(pattern_of_names(token)?),
        Kind::Text => one(text(token)?.map(Value::Text)),
        Kind::Address => one(text(token)?.and_then(|text| address(text, token.span)).map(Value::Text)),
        Kind::Template => {
            (token.kind == NodeKind::String).then_some(())?;
            one(Ok(Value::Template(Template { parts: token.parts.clone() })))
        }
        Kind::Plain => plain(tokens),
        Kind::Secret => secret(tokens),
        Kind::Database => one(path(token, 1, kind)?.map(|mut names| Value::Database(names.remove(0)))),
        Kind::Table => one(path(token, 2, kind)?.map(|names| Value::Table(table(names)))),
        Kind::ExactTable => one(exact_table(token)?),
        Kind::ColumnPath => one(path(token, 3, kind)?.map(|mut names| {
            let column = names.remove(2);
            Value::ColumnPath(table(names), column)
        })),
        Kind::Columns => one(path(token, 1, kind)?.map(|mut names| Value::Columns(names.remove(0)))),
        Kind::Column => one(exact_column(token)?),
        Kind::Field => {
            let value = literal(tokens.get(1)?)?;
            let field = |column| match column {
                Value::Column(name) => Value::Field(Spanned::new(name, token.span), value),
                other => other,
            };
            Some(Read { value: exact_column(token)?.map(field), n_tokens: 2 })
        }
        Kind::NewName => one(new_name(token)?),
        Kind::Duration | Kind::Size | Kind::Rate | Kind::Number => quantity(kind, range, range_text, tokens),
        Kind::Clock => one(clock(token)?),
        Kind::Timestamp => one(timestamp(token)?),
        Kind::Version => one(version(token)?),
        Kind::Zone => one(text(token)?.and_then(|text| zone(&text, token.span)).map(Value::Text)),
        Kind::Url => one(text(token)?.and_then(|text| url(text, token.span)).map(Value::Text)),
        Kind::Gtid => one(text(token)?.and_then(|text| gtids(text, token.span)).map(Value::Text)),
        Kind::Binlog => one(text(token)?.and_then(|text| binlog(&text, token.span))),
        Kind::Date => one(date(token)?),
    }
}

/// The variable that a whole text names as a shell would: `"${SHOP_ADDRESS}"`.
fn shell_variable(written: &str) -> Option<&str> {
    let name = written.strip_prefix("\"${")?.strip_suffix("}\"")?;
    let is_sign = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
    (!name.is_empty() && name.chars().all(is_sign)).then_some(name)
}

/// True for values that are a text without placeholders.
fn is_text(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Text | Kind::Address | Kind::Plain | Kind::Zone | Kind::Url | Kind::Gtid | Kind::Binlog
    )
}

pub(super) fn wrong(span: Span, message: impl Into<String>) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(st::WRONG_ARGUMENTS, span, message))
}

/// Behind a name in what is said of it.
const NO_OWN_NAME: &str = "is no name for a thing of your own";

fn own_name(token: &Token<'_>) -> Option<Result<Value, Box<Diagnostic>>> {
    let word = match token.kind {
        // A range or pattern is none; where one may stand, that says what is wrong with it.
        NodeKind::Path | NodeKind::Quantity if !token.text.contains(['[', '*', '?']) => token.text,
        _ => return None,
    };
    Some(match st::check_own_name(word) {
        Ok(()) => Ok(Value::Name(word.to_owned())),
        Err(error) => Err(wrong(token.span, format!("`{word}` {NO_OWN_NAME}: {error}"))),
    })
}

/// True for what is said of a name that is none for a thing of one's own.
pub(super) fn is_about_own_name(finding: &Diagnostic) -> bool {
    finding.code == st::WRONG_ARGUMENTS && finding.message.contains(NO_OWN_NAME)
}

/// `env NAME`, `env "NAME"` or `file "PATH"`. Anything else is not repeated in the finding: it may be the secret.
fn secret(tokens: &[Token<'_>]) -> Option<Read> {
    let from_env = match (tokens[0].word(), tokens.get(1)) {
        (Some("env"), Some(name)) => name.word().map(str::to_owned).or_else(|| name.plain()),
        _ => None,
    };
    let secret = match (tokens[0].word(), tokens.get(1)) {
        (Some("file"), Some(path)) => path.plain().map(SecretRef::File),
        _ => from_env.map(SecretRef::Env),
    };
    let has_else = tokens.get(2).and_then(Token::word) == Some("else");
    if let (Some("env"), Some(name)) = (tokens[0].word(), tokens.get(1))
        && name.kind == NodeKind::String
        && let Some(variable) = st::named_variable(name.text).filter(|_| name.text.contains('$'))
    {
        return Some(Read { value: Err(without_dollar(variable, name.span)), n_tokens: 2 });
    }
    // As a function is called: `env(SHOP_PASSWORD)`.
    if let (Some(word @ ("env" | "file")), Some(called)) = (tokens[0].word(), tokens.get(1))
        && called.kind == NodeKind::Group
        && let Some(reference) = called_reference(word, called.text)
    {
        let span = tokens[0].span.to(called.span);
        let finding = wrong(span, format!("a secret has no parentheses: `{reference}`"));
        let finding = finding.fix(Fix::machine(format!("write `{reference}`"), span, reference));
        return Some(Read { value: Err(Box::new(finding)), n_tokens: 2 });
    }
    if let (Some("env" | "file"), Some(holes)) = (tokens[0].word(), tokens.get(1).map(Token::holes))
        && !holes.is_empty()
    {
        return Some(Read { value: Ok(Value::Unbound(holes)), n_tokens: 2 });
    }
    if let Some(SecretRef::Env(name)) = &secret
        && let Some(finding) = no_variable(name, tokens[1].span)
    {
        return Some(Read { value: Err(finding), n_tokens: 2 });
    }
    if let Some(secret) = secret.filter(|_| !has_else) {
        return Some(Read { value: Ok(Value::Secret(secret)), n_tokens: 2 });
    }
    let n_tokens = match tokens[0].word() {
        Some("env") if has_else => tokens.len().min(4),
        // `env` or `file` with something else behind it, or with nothing, is an incomplete reference.
        Some("env" | "file") => return None,
        Some("param") => tokens.len().min(2),
        _ => 1,
    };
    let span = tokens[0].span.to(tokens[n_tokens - 1].span);
    if n_tokens == 1
        && let Some(variable) = st::named_variable(tokens[0].text)
    {
        let message = format!("a secret in a variable is written `env {variable}`");
        return Some(Read {
            value: Err(Box::new(Diagnostic::error(st::SECRET_LITERAL, span, message))),
            n_tokens,
        });
    }
    let finding = Diagnostic::error(st::SECRET_LITERAL, span, "a secret is never written into a file")
        .label("not repeated here")
        .help("name where it is found when the program starts: `env NAME` or `file \"PATH\"`");
    Some(Read { value: Err(Box::new(finding)), n_tokens })
}

/// `env NAME` for `env("NAME")`, `file "PATH"` for `file('PATH')`; none where something else stands in the parentheses.
fn called_reference(word: &str, group: &str) -> Option<String> {
    let inner = group.strip_prefix('(')?.strip_suffix(')')?.trim();
    let inner = inner.trim_matches(['"', '\'']);
    let is_name = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
    let is_path = |sign: char| is_name(sign) || "/.-".contains(sign);
    match word {
        "env" => (!inner.is_empty() && inner.chars().all(is_name)).then(|| format!("env {inner}")),
        _ => (inner.contains('/') && inner.chars().all(is_path)).then(|| format!("file \"{inner}\"")),
    }
}

/// What is wrong with the name of a variable: shells have a `$` before it, and its name has none.
pub(super) fn no_variable(name: &str, span: Span) -> Option<Box<Diagnostic>> {
    Some(without_dollar(name.strip_prefix('$')?, span))
}

fn without_dollar(bare: &str, span: Span) -> Box<Diagnostic> {
    let finding = wrong(span, format!("a variable is named without `$`: `env {bare}`"));
    Box::new(finding.fix(Fix::machine(format!("write `{bare}`"), span, bare)))
}

/// A day of the calendar; what a month has of days is not counted.
fn date(token: &Token<'_>) -> Option<Result<Value, Box<Diagnostic>>> {
    (token.kind == NodeKind::Timestamp && !token.text.contains('T')).then_some(())?;
    let mut numbers = token.text.split('-').map(|digits| digits.parse().unwrap_or(0u32));
    let (_, month, day) = (numbers.next()?, numbers.next()?, numbers.next()?);
    Some(match (1..=12).contains(&month) && (1..=31).contains(&day) {
        true => Ok(Value::Text(token.text.to_owned())),
        false => Err(Box::new(Diagnostic::error(
            st::OUT_OF_RANGE,
            token.span,
            format!("`{}` is no day of the calendar", token.text),
        ))),
    })
}

pub(super) fn pattern(segment: &Segment<'_>) -> Result<NamePattern, Box<Diagnostic>> {
    // Errors are placed in the text without its first slash.
    let (pattern, skipped) = match segment.kind {
        NodeKind::Quoted => return Ok(NamePattern::Exact(st::unquote(segment.text))),
        NodeKind::Regex => {
            let inner = segment.text.strip_prefix('/').unwrap_or(segment.text);
            (NamePattern::from_regex(inner.strip_suffix('/').unwrap_or(inner)), 1)
        }
        _ => (NamePattern::from_glob(segment.text), 0),
    };
    pattern.map_err(|error| Box::new(no_pattern(&error, segment, skipped)))
}

fn no_pattern(error: &PatternError, segment: &Segment<'_>, skipped: u32) -> Diagnostic {
    let (code, form) = if error.in_glob() {
        (st::BAD_GLOB, "`*`, `?`, `[abc]`, `[a-z]`, `[00..63]` and `[n:00..63]` are what a pattern may hold")
    } else {
        (st::BAD_REGEX, "write a glob, or split it into several patterns")
    };
    let start = segment.span.start + skipped + error.at.start as u32;
    let end = (segment.span.start + skipped + error.at.end as u32).min(segment.span.end);
    let span = Span::new(segment.span.file, start.min(end), end);
    let written = segment.text.get(skipped as usize..).and_then(|text| text.get(error.at.clone()));
    let finding = Diagnostic::error(code, span, format!("`{}` is no pattern: {error}", segment.text));
    let mended = match (&error.kind, written) {
        (PatternErrorKind::Dashed { range }, _) => Some(range.clone()),
        (PatternErrorKind::RangeBackwards { swapped }, _) => Some(swapped.clone()),
        (PatternErrorKind::ClassBackwards { swapped }, Some(written)) => {
            let backwards: String = swapped.chars().rev().collect();
            Some(written.replacen(&backwards, swapped, 1))
        }
        _ => None,
    };
    match mended {
        Some(text) => {
            finding.help(format!("write `{text}`")).fix(Fix::machine(format!("write `{text}`"), span, text))
        }
        None => finding.help(form),
    }
}

fn table(mut names: Vec<NamePattern>) -> TablePattern {
    let table = names.remove(1);
    TablePattern { db: names.remove(0), table }
}

/// A number with letters behind it lexes as a quantity; as a column it is a name like any other.
fn is_name_like(token: &Token<'_>) -> bool {
    token.kind == NodeKind::Quantity
        && token.text.chars().all(|c| c.is_alphanumeric() || c == '_')
        && token.text.contains(|c: char| !c.is_ascii_digit())
}

fn path(token: &Token<'_>, n: usize, kind: Kind) -> Option<Result<Vec<NamePattern>, Box<Diagnostic>>> {
    if n == 1 && is_name_like(token) {
        return Some(Ok(vec![NamePattern::Exact(token.text.to_owned())]));
    }
    if token.kind != NodeKind::Path {
        return None;
    }
    if token.segments.iter().any(|segment| segment.kind == NodeKind::Missing) {
        return Some(Err(Box::new(
            Diagnostic::error(
                st::WRONG_ARGUMENTS,
                token.span,
                format!("a name is missing after the dot of `{}`", token.text),
            )
            .help(format!("{} is wanted here", kind.called())),
        )));
    }
    if token.segments.len() != n {
        return Some(Err(Box::new(of_another_length(token, kind))));
    }
    Some(token.segments.iter().map(pattern).collect())
}

/// A name with too few or too many parts.
fn of_another_length(token: &Token<'_>, kind: Kind) -> Diagnostic {
    let message = format!("`{}` is not {}", token.text, kind.called());
    let finding = Diagnostic::error(st::WRONG_ARGUMENTS, token.span, message);
    match (kind, token.segments.as_slice()) {
        (Kind::Table, [one]) if one.kind == NodeKind::Regex => {
            finding.help("a regular expression stands for one name: `DB./…/`")
        }
        (Kind::Table, [one]) if one.text == "*" => finding.help("all tables of a database are `DB.*`"),
        (Kind::Table, [one]) if one.kind == NodeKind::Glob => {
            let all = format!("{}.*", one.text);
            finding
                .help(format!(
                    "a table is named with its database; all tables of a database `{}` are `{all}`",
                    one.text
                ))
                .fix(Fix::choice(format!("write `{all}`"), token.span, all))
        }
        (Kind::ExactTable, _) => finding.help("a table is named with its database"),
        (Kind::ColumnPath, _) => finding.help("a column is named with its database and its table"),
        (Kind::Column | Kind::Columns, [_, .., last]) => finding
            .help("columns are named alone; those of one table in its `table` block")
            .fix(Fix::choice(format!("write `{}`", last.text), token.span, last.text)),
        (Kind::Database, [db, ..]) => {
            finding.fix(Fix::choice(format!("write `{}`", db.text), token.span, db.text))
        }
        _ => finding,
    }
}

fn exact_table(token: &Token<'_>) -> Option<Result<Value, Box<Diagnostic>>> {
    Some(path(token, 2, Kind::ExactTable)?.and_then(|names| match names.as_slice() {
        [NamePattern::Exact(db), NamePattern::Exact(table)] => {
            Ok(Value::ExactTable(db.clone(), table.clone()))
        }
        _ => Err(wrong(token.span, format!("`{}` is a pattern; one table is wanted here", token.text))),
    }))
}

pub(super) fn exact_column(token: &Token<'_>) -> Option<Result<Value, Box<Diagnostic>>> {
    Some(match path(token, 1, Kind::Column)? {
        Ok(names) => match names.into_iter().next() {
            Some(NamePattern::Exact(name)) => Ok(Value::Column(name)),
            _ => Err(wrong(
                token.span,
                format!("`{}` is a pattern; an exact column is wanted here", token.text),
            )),
        },
        Err(finding) => Err(finding),
    })
}

fn new_name(token: &Token<'_>) -> Option<Result<Value, Box<Diagnostic>>> {
    if token.kind == NodeKind::String {
        return Some(Ok(Value::Template(Template { parts: token.parts.clone() })));
    }
    if is_name_like(token) {
        return Some(Ok(Value::Template(Template::literal(token.text))));
    }
    if token.kind != NodeKind::Path {
        return None;
    }
    let Some(last) = token.segments.last().filter(|segment| segment.kind != NodeKind::Missing) else {
        return Some(Err(wrong(token.span, format!("a name is missing after the dot of `{}`", token.text))));
    };
    if token.segments.len() > 1 {
        let finding = Diagnostic::error(
            st::WRONG_ARGUMENTS,
            token.span,
            format!("the new name is written short, `{}`", last.text),
        )
        .help("tables stay in their database; `rename database` names that anew")
        .fix(Fix::machine(format!("write `{}`", last.text), token.span, last.text));
        return Some(Err(Box::new(finding)));
    }
    Some(match pattern(last) {
        Err(finding) => Err(finding),
        Ok(NamePattern::Exact(name)) => Ok(Value::Template(Template::literal(name))),
        Ok(NamePattern::Glob(_) | NamePattern::Regex(_)) => Err(Box::new(
            Diagnostic::error(
                st::WRONG_ARGUMENTS,
                token.span,
                format!("`{}` is a pattern, not a new name", token.text),
            )
            .help("a name that depends on the old one is a text with placeholders, such as \"t_{n}\""),
        )),
    })
}
