//! What `{name}` and `param NAME` stand for while a file is lowered.
//!
//! Values that are known by then (parameters, and captures of a range of sources) take the place of their placeholders, so
//! that no later stage knows of them. Captures of table patterns stay: what they stand for differs from table to table.

use crate::statement::{RENAME_PLACEHOLDERS, TOPIC_PLACEHOLDERS, Template, TemplatePart};
use crate::text::{Span, Spanned};
use std::collections::{BTreeMap, BTreeSet};

/// Parameters and their values.
#[derive(Debug, Clone, Default)]
pub struct Values(BTreeMap<String, ParamValue>);

/// What a parameter stands for.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ParamValue {
    /// Its value; none where it has none, and that has been told.
    pub text: Option<String>,
    /// Where that is written; none where it comes from outside of the files.
    pub place: Option<Span>,
    /// The values it has where the parameter that decides about it has another one.
    pub others: Vec<Spanned<String>>,
}

/// Where there are no parameters: in a lock file.
pub(super) static NO_VALUES: Values = Values(BTreeMap::new());

impl Values {
    /// From pairs of name and value.
    pub fn new(values: impl IntoIterator<Item = (String, ParamValue)>) -> Values {
        Values(values.into_iter().collect())
    }

    pub(super) fn of(&self, param: &str) -> Option<Option<&str>> {
        self.0.get(param).map(|value| value.text.as_deref())
    }

    /// Where the value of a parameter is written.
    pub(super) fn place(&self, param: &str) -> Option<Span> {
        self.0.get(param)?.place
    }

    /// Values that a parameter has where another one is chosen.
    pub(super) fn others(&self, param: &str) -> &[Spanned<String>] {
        self.0.get(param).map_or(&[], |value| &value.others)
    }

    /// True for the place of a value.
    pub fn is_place(&self, place: Span) -> bool {
        let is_other = |value: &ParamValue| value.others.iter().any(|other| other.span == place);
        self.0.values().any(|value| value.place == Some(place) || is_other(value))
    }
}

/// A parameter or placeholder that stands for nothing that is known when its file is lowered.
#[derive(Debug, Clone, PartialEq)]
pub struct Unbound {
    /// Its name.
    pub name: Spanned<String>,
    /// It is written `{name}`, not `param name`.
    pub placeholder: bool,
    /// Names that are known at the place besides parameters.
    pub known: Vec<String>,
}

/// A value that took the place of a parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Filled {
    /// The argument it stands in.
    pub span: Span,
    /// The parameter.
    pub param: String,
    /// Its value.
    pub value: String,
}

/// What is bound at the place that is being read.
#[derive(Debug, Clone, Default)]
pub(super) struct Bindings {
    /// Captures of the blocks around, innermost last, with their text where there is one.
    captures: Vec<(String, Option<String>)>,
}

impl Bindings {
    /// Number of captures, to go back to.
    pub(super) fn mark(&self) -> usize {
        self.captures.len()
    }

    /// Forgets the captures of an inner block.
    pub(super) fn back_to(&mut self, mark: usize) {
        self.captures.truncate(mark);
    }

    pub(super) fn bind(&mut self, name: impl Into<String>, text: Option<String>) {
        self.captures.push((name.into(), text));
    }

    /// Names of all captures.
    pub(super) fn names(&self) -> Vec<String> {
        self.captures.iter().map(|(name, _)| name.clone()).collect()
    }

    /// Puts values in the place of placeholders. Returns the parameters that were used, with their values.
    pub(super) fn fill(
        &self,
        parts: &mut Vec<TemplatePart>,
        values: &Values,
    ) -> Vec<(String, Option<String>)> {
        let mut used = Vec::new();
        let mut template = Template { parts: std::mem::take(parts) };
        template.fill(|name| {
            if let Some((_, text)) = self.captures.iter().rev().find(|(capture, _)| capture == name) {
                return text.clone();
            }
            let value = values.of(name).filter(|_| !is_placeholder(name))?;
            used.push((name.to_owned(), value.map(str::to_owned)));
            value.map(str::to_owned)
        });
        *parts = template.parts;
        used
    }
}

fn is_placeholder(name: &str) -> bool {
    TOPIC_PLACEHOLDERS.contains(&name)
        || RENAME_PLACEHOLDERS.contains(&name)
        || matches!(name, "column" | "topic")
}

/// What was noted about parameters while a file was read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Uses {
    /// Parameters that are used.
    pub params: BTreeSet<String>,
    /// What stands for nothing.
    pub unbound: Vec<Unbound>,
    /// Values in the place of parameters.
    pub filled: Vec<Filled>,
}

impl Uses {
    /// Adds what was noted in another file.
    pub fn add(&mut self, other: Uses) {
        self.params.extend(other.params);
        self.unbound.extend(other.unbound);
        self.filled.extend(other.filled);
    }
}
