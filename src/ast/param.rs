//! `param`.

use super::argument::own_name;
use super::binding::Values;
use super::shape::Value;
use super::statement::{Reader, Stmt};
use super::token::Token;
use super::unplaced::given_twice;
use crate::diagnostic::{Diagnostic, Fix};
use crate::statement as st;
use crate::syntax::{NodeId, NodeKind, Parse};
use crate::text::{Span, Spanned};

/// `param NAME`.
#[derive(Debug, Clone, PartialEq)]
pub struct Param {
    /// Its name.
    pub name: Spanned<String>,
    /// What its value may be, and what it is when nobody says.
    pub kind: ParamKind,
}

/// An option of another parameter, and the value that a parameter has under it.
pub type OptionValue = (Spanned<String>, Spanned<String>);

/// What the value of a parameter may be.
#[derive(Debug, Clone, PartialEq)]
pub enum ParamKind {
    /// `one-of A, B`.
    OneOf {
        /// The options.
        options: Vec<Spanned<String>>,
        /// `default`.
        default: Option<Spanned<String>>,
    },
    /// `integer`.
    Integer {
        /// `default`.
        default: Option<Spanned<String>>,
    },
    /// `text`.
    Text {
        /// `default`.
        default: Option<Spanned<String>>,
    },
    /// `by PARAM { OPTION VALUE … }`.
    By {
        /// The other parameter.
        param: Spanned<String>,
        /// A value for each of its options.
        values: Vec<OptionValue>,
        /// A line of the block was left out.
        incomplete: bool,
    },
}

/// The parameters that a file declares. Findings about their lines are those of [`lower`](super::lower).
pub fn params(parse: &Parse, text: &str) -> Vec<Param> {
    // Most files declare none, and are not read twice.
    if parse.unreadable() || !text.lines().any(|line| line.trim_start().starts_with("param")) {
        return Vec::new();
    }
    let values = Values::default();
    let mut reader = Reader::new(parse, text, &values);
    reader.params_of(parse.tree.root())
}

impl Reader<'_> {
    fn params_of(&mut self, root: NodeId) -> Vec<Param> {
        let tree = self.tree;
        let is_param = |&id: &NodeId| {
            let first = tree.children(id).find(|&child| tree.kind(child) != NodeKind::Ws);
            tree.kind(id) == NodeKind::Statement
                && (!tree.has_error(id) || tree.has_only_needless_signs(id, self.text))
                && first.is_some_and(|word| tree.text(word, self.text) == "param")
        };
        let ids: Vec<NodeId> = tree.children(root).filter(is_param).collect();
        let read = ids.into_iter().filter_map(|id| {
            let statement = self.alone(id)?;
            self.param(&statement)
        });
        read.collect()
    }

    pub(super) fn param(&mut self, statement: &Stmt) -> Option<Param> {
        let [name, kind, rest @ ..] = statement.args.as_slice() else { return None };
        let name = own_name(name)?;
        let Value::Word(word) = &kind.value else { return None };
        if word != "by"
            && let Some(block) = statement.block
        {
            let open = self.tree.span(block);
            let span = Span::new(open.file, open.start, open.start + 1);
            let finding = Diagnostic::error(st::WRONG_ARGUMENTS, span, format!("`param … {word}` takes no block"))
                .help("a block gives a value for each option of another parameter: `param NAME by OTHER { OPTION VALUE }`");
            self.findings.push(finding);
            return None;
        }
        let default = rest.iter().rev().find_map(|item| match &item.value {
            Value::Text(text) => Some(Spanned::new(text.clone(), item.span)),
            Value::Quantity(count) => Some(Spanned::new(count.to_string(), item.span)),
            _ => None,
        });
        let kind = match word.as_str() {
            "integer" => ParamKind::Integer { default },
            "text" => ParamKind::Text { default },
            "by" => {
                let (values, incomplete) = match statement.block {
                    Some(block) => self.options(block),
                    None => (Vec::new(), false),
                };
                ParamKind::By { param: rest.first().and_then(own_name)?, values, incomplete }
            }
            _ => {
                // The names behind the word `default` are not options.
                let is_default = |item: &super::shape::Item| item.value == Value::Word("default".into());
                let at = rest.iter().position(is_default).unwrap_or(rest.len());
                let options: Vec<Spanned<String>> = rest[..at].iter().filter_map(own_name).collect();
                for (n, later) in options.iter().enumerate() {
                    if let Some(first) = options[..n].iter().find(|first| first.value == later.value) {
                        let before = Span::new(later.span.file, options[n - 1].span.end, later.span.end);
                        let message = format!("`one-of` names `{}` twice", later.value);
                        self.findings.push(
                            Diagnostic::error(st::GIVEN_TWICE, later.span, message)
                                .also(first.span, "first here")
                                .fix(Fix::machine("remove it", before, "")),
                        );
                    }
                }
                ParamKind::OneOf { options, default: rest.get(at + 1).and_then(own_name) }
            }
        };
        Some(Param { name, kind })
    }

    /// The lines of a block that names options and their values, and whether one was left out.
    fn options(&mut self, block: NodeId) -> (Vec<OptionValue>, bool) {
        let tree = self.tree;
        let mut options: Vec<OptionValue> = Vec::new();
        let mut incomplete = false;
        let lines: Vec<NodeId> =
            tree.children(block).filter(|&child| tree.kind(child) == NodeKind::Statement).collect();
        for line in lines {
            if tree.has_error(line) {
                incomplete = true;
                continue;
            }
            let parts: Vec<NodeId> =
                tree.children(line).filter(|&child| tree.kind(child) != NodeKind::Ws).collect();
            let tokens: Vec<Token<'_>> =
                parts.iter().map(|&part| Token::new(tree, self.text, part)).collect();
            let read = match tokens.as_slice() {
                [option, value] => {
                    let scalar = scalar(value).map(|text| Spanned::new(text, value.span));
                    option.word().zip(scalar).map(|pair| (option.span, pair))
                }
                _ => None,
            };
            let Some((span, (option, value))) = read else {
                let span = tokens[0].span.to(tokens[tokens.len() - 1].span);
                let message = "a line of this block is an option and its value";
                let finding = Diagnostic::error(st::WRONG_ARGUMENTS, span, message)
                    .help("such as `staging 6`: one line for each option of the other parameter");
                self.findings.push(finding);
                incomplete = true;
                continue;
            };
            match options.iter().find(|(first, _)| first.value == option) {
                Some((first, _)) => self.findings.push(given_twice(option, span, first.span)),
                None => options.push((Spanned::new(option.to_owned(), span), value)),
            }
        }
        (options, incomplete)
    }
}

/// A value on its own: a number with or without unit, a text, a bare word.
fn scalar(token: &Token<'_>) -> Option<String> {
    match token.kind {
        NodeKind::Quantity => Some(token.text.to_owned()),
        NodeKind::String => token.plain(),
        _ => token.word().map(str::to_owned),
    }
}
