//! `from` of a pipeline: sources, or topics of a target (a relay).

use super::argument::own_name;
use super::pipeline::tables;
use super::shape::{Item, Value};
use super::statement::{Reader, Stmt};
use crate::diagnostic::Diagnostic;
use crate::pattern::{NamePattern, TablePattern};
use crate::statement as st;
use crate::text::{Span, Spanned};

/// `from SOURCE`, or that of a pipeline's header.
#[derive(Debug, Clone, PartialEq)]
pub struct From {
    /// The source's name, or a pattern of several.
    pub sources: Spanned<NamePattern>,
    /// `include`, for these sources alone.
    pub include: Vec<Spanned<TablePattern>>,
    /// `exclude`, for these sources alone.
    pub exclude: Vec<Spanned<TablePattern>>,
}

/// `from TARGET topic PATTERN`.
#[derive(Debug, Clone, PartialEq)]
pub struct Relay {
    /// The target's name.
    pub target: Spanned<String>,
    /// Pattern of topics; `*` takes dots, too.
    pub topics: Spanned<NamePattern>,
    /// From its word to its last argument.
    pub span: Span,
}

impl From {
    /// The sources that an argument names.
    pub(super) fn named(item: &Item) -> Option<From> {
        let sources = match &item.value {
            Value::Name(name) => NamePattern::Exact(name.clone()),
            Value::Names(pattern) => pattern.clone(),
            _ => return None,
        };
        Some(From { sources: Spanned::new(sources, item.span), include: Vec::new(), exclude: Vec::new() })
    }

    /// True when it says more than which sources.
    pub fn is_narrowed(&self) -> bool {
        !self.include.is_empty() || !self.exclude.is_empty()
    }
}

/// What a `from` says.
pub(super) enum Feed {
    Sources(From),
    Relay(Relay),
}

impl Reader<'_> {
    pub(super) fn feed(&mut self, statement: &Stmt) -> Option<Feed> {
        let first = statement.args.first()?;
        let topics = statement.args.iter().find_map(|item| match &item.value {
            Value::Text(topics) => Some(Spanned::new(topics.as_str(), item.span)),
            _ => None,
        });
        if let Some(topics) = topics {
            let pattern = match NamePattern::from_glob(topics.value) {
                Ok(pattern) => pattern,
                Err(error) => {
                    let message = format!("`{}` is no pattern of topics: {error}", topics.value);
                    self.findings.push(Diagnostic::error(st::BAD_GLOB, topics.span, message));
                    return None;
                }
            };
            let topics = Spanned::new(pattern, topics.span);
            return Some(Feed::Relay(Relay { target: own_name(first)?, topics, span: statement.head }));
        }
        let mut from = From::named(first)?;
        for inner in &statement.body.statements {
            match inner.spec.word {
                "include" => from.include.extend(tables(inner)),
                other => {
                    debug_assert_eq!(other, "exclude", "in the table, but not read in a `from`");
                    from.exclude.extend(tables(inner));
                }
            }
        }
        Some(Feed::Sources(from))
    }
}
