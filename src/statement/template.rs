//! Texts with placeholders, and what they become.

use crate::text::Span;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// Placeholders of `topic`, besides captures.
pub const TOPIC_PLACEHOLDERS: &[&str] = &["source", "db", "table", "pipeline", "origin.db", "origin.table"];

/// Placeholders of `topic` in a relay.
pub const RELAY_PLACEHOLDERS: &[&str] = &["topic", "pipeline"];

/// Placeholders of the new name in a `rename`, besides captures; one of columns also knows `column`.
pub const RENAME_PLACEHOLDERS: &[&str] = &["source", "pipeline", "origin.db", "origin.table"];

/// Placeholders of topics that a task has besides those of its tables.
pub const TASK_PLACEHOLDERS: &[&str] = &["source", "pipeline"];

/// Filters of a placeholder.
pub const FILTERS: &[&str] = &["lower", "upper"];

/// A text with placeholders.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Template {
    /// Its parts in order.
    pub parts: Vec<TemplatePart>,
}

/// Part of a [`Template`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TemplatePart {
    /// Plain text.
    Text(String),
    /// `{name}` or `{name:filter}`.
    Hole {
        /// `db`, `table`, `origin.db`, a capture, …
        name: String,
        /// `lower` or `upper`.
        filter: Option<String>,
    },
}

impl Template {
    /// A text without placeholders.
    pub fn literal(text: impl Into<String>) -> Template {
        Template { parts: vec![TemplatePart::Text(text.into())] }
    }

    /// A placeholder alone.
    pub fn hole(name: impl Into<String>) -> Template {
        Template { parts: vec![TemplatePart::Hole { name: name.into(), filter: None }] }
    }

    /// The text when there is no placeholder in it.
    pub fn as_literal(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [TemplatePart::Text(text)] => Some(text),
            _ => None,
        }
    }
}

impl Template {
    /// Puts texts in the place of the placeholders that have one. What has a filter that does not exist stays.
    pub fn fill(&mut self, mut text_of: impl FnMut(&str) -> Option<String>) {
        let mut parts: Vec<TemplatePart> = Vec::new();
        for part in std::mem::take(&mut self.parts) {
            let text = match &part {
                TemplatePart::Text(text) => Some(text.clone()),
                TemplatePart::Hole { name, filter } => {
                    text_of(name).and_then(|text| Some(filtered(&text, filter.as_deref()).ok()?.into_owned()))
                }
            };
            match (parts.last_mut(), text) {
                (Some(TemplatePart::Text(last)), Some(text)) => last.push_str(&text),
                (_, Some(text)) => parts.push(TemplatePart::Text(text)),
                (_, None) => parts.push(part),
            }
        }
        self.parts = parts;
    }

    /// Names of its placeholders, in order.
    pub fn placeholders(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            TemplatePart::Hole { name, .. } => Some(name.as_str()),
            TemplatePart::Text(_) => None,
        })
    }

    /// True when two tables of one database cannot give the same text by it: it holds the table's name, new or old.
    pub fn names_table(&self) -> bool {
        self.placeholders().any(|name| name == "table" || name == "origin.table")
    }

    /// Where its part `n` is written, when `span` is the text in its quotes; the whole of it where a sign is written by its
    /// number, or something else stands in place of what is written.
    pub fn place_of(&self, n: usize, span: Span) -> Span {
        let len = |parts: &[TemplatePart]| parts.iter().map(TemplatePart::written_len).sum::<Option<usize>>();
        let place = len(&self.parts[..n]).zip(len(&self.parts[n..=n])).zip(len(&self.parts[n + 1..]));
        match place {
            Some(((before, own), behind)) if before + own + behind + 2 == span.len() => {
                let start = span.start + 1 + before as u32;
                Span::new(span.file, start, start + own as u32)
            }
            _ => span,
        }
    }
}

impl TemplatePart {
    /// Bytes it takes in a file; none for a sign that can only be written by an escape of unknown length.
    fn written_len(&self) -> Option<usize> {
        match self {
            TemplatePart::Text(text) => text
                .chars()
                .map(|sign| match sign {
                    '"' | '\\' | '{' | '}' => Some(2),
                    sign if sign.is_control() => None,
                    sign => Some(sign.len_utf8()),
                })
                .sum(),
            TemplatePart::Hole { name, filter } => {
                Some(2 + name.len() + filter.as_ref().map_or(0, |filter| 1 + filter.len()))
            }
        }
    }
}

/// As written between the quotes, but for escapes.
impl fmt::Display for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parts.iter().try_for_each(|part| match part {
            TemplatePart::Text(text) => f.write_str(text),
            TemplatePart::Hole { name, filter: None } => write!(f, "{{{name}}}"),
            TemplatePart::Hole { name, filter: Some(filter) } => write!(f, "{{{name}:{filter}}}"),
        })
    }
}

/// What placeholders stand for, for one table.
#[derive(Debug, Clone, Copy)]
pub struct Names<'a> {
    /// `{source}`.
    pub source: &'a str,
    /// `{pipeline}`.
    pub pipeline: &'a str,
    /// `{db}`: after `rename`.
    pub db: &'a str,
    /// `{table}`: after `rename`.
    pub table: &'a str,
    /// `{origin.db}`: in the source.
    pub origin_db: &'a str,
    /// `{origin.table}`: in the source.
    pub origin_table: &'a str,
}

/// Why a template gives no text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpandError {
    /// A placeholder that stands for nothing here.
    #[error("`{{{0}}}` stands for nothing here")]
    Placeholder(String),
    /// A filter that does not exist.
    #[error("there is no filter `{0}`")]
    Filter(String),
}

impl Names<'_> {
    /// The text of a template. Captures win over the names of `known` placeholders.
    ///
    /// # Errors
    /// A placeholder is neither, or its filter does not exist.
    pub fn expand(
        &self,
        template: &Template,
        captures: &[(String, String)],
        known: &[&str],
    ) -> Result<String, ExpandError> {
        let mut text = String::new();
        for part in &template.parts {
            match part {
                TemplatePart::Text(literal) => text.push_str(literal),
                TemplatePart::Hole { name, filter } => {
                    let value = self.value(name, captures, known);
                    let value = value.ok_or_else(|| ExpandError::Placeholder(name.clone()))?;
                    text.push_str(&filtered(value, filter.as_deref())?);
                }
            }
        }
        Ok(text)
    }

    /// The template with all placeholders replaced but those that are `kept`.
    ///
    /// # Errors
    /// As [`expand`](Names::expand).
    pub fn expand_part(
        &self,
        template: &Template,
        captures: &[(String, String)],
        known: &[&str],
        kept: impl Fn(&str) -> bool,
    ) -> Result<Template, ExpandError> {
        let mut parts: Vec<TemplatePart> = Vec::new();
        for part in &template.parts {
            let text = match part {
                TemplatePart::Hole { name, .. } if kept(name) => {
                    parts.push(part.clone());
                    continue;
                }
                TemplatePart::Hole { .. } | TemplatePart::Text(_) => {
                    self.expand(&Template { parts: vec![part.clone()] }, captures, known)?
                }
            };
            match parts.last_mut() {
                Some(TemplatePart::Text(last)) => last.push_str(&text),
                Some(TemplatePart::Hole { .. }) | None => parts.push(TemplatePart::Text(text)),
            }
        }
        Ok(Template { parts })
    }

    fn value<'v>(&'v self, name: &str, captures: &'v [(String, String)], known: &[&str]) -> Option<&'v str> {
        if let Some((_, value)) = captures.iter().find(|(capture, _)| capture == name) {
            return Some(value);
        }
        if !known.contains(&name) {
            return None;
        }
        match name {
            "source" => Some(self.source),
            "pipeline" => Some(self.pipeline),
            "db" => Some(self.db),
            "table" => Some(self.table),
            "origin.db" => Some(self.origin_db),
            "origin.table" => Some(self.origin_table),
            _ => None,
        }
    }
}

fn filtered<'v>(value: &'v str, filter: Option<&str>) -> Result<Cow<'v, str>, ExpandError> {
    match filter {
        None => Ok(value.into()),
        Some("lower") => Ok(value.to_lowercase().into()),
        Some("upper") => Ok(value.to_uppercase().into()),
        Some(other) => Err(ExpandError::Filter(other.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(parts: &[(&str, Option<&str>)]) -> Template {
        let part = |&(text, filter): &(&str, Option<&str>)| match text.strip_prefix('{') {
            Some(name) => TemplatePart::Hole { name: name.into(), filter: filter.map(Into::into) },
            None => TemplatePart::Text(text.into()),
        };
        Template { parts: parts.iter().map(part).collect() }
    }

    const NAMES: Names<'_> =
        Names { source: "s", pipeline: "p", db: "d", table: "T", origin_db: "od", origin_table: "ot" };

    #[test]
    fn placeholders_captures_and_filters() {
        let captures = [("n".to_owned(), "07".to_owned())];
        let check = |parts: &[(&str, Option<&str>)], expected: Result<&str, ExpandError>| {
            let text = NAMES.expand(&template(parts), &captures, TOPIC_PLACEHOLDERS);
            assert_eq!(text, expected.map(str::to_owned));
        };
        check(&[("{db", None), (".", None), ("{table", Some("lower"))], Ok("d.t"));
        check(&[("{source", Some("upper")), ("{origin.table", None), ("{n", None)], Ok("Sot07"));
        check(&[("{shard", None)], Err(ExpandError::Placeholder("shard".into())));
        check(&[("{db", Some("reverse"))], Err(ExpandError::Filter("reverse".into())));
        let known = NAMES.expand(&template(&[("{db", None)]), &[], RENAME_PLACEHOLDERS);
        assert_eq!(known, Err(ExpandError::Placeholder("db".into())), "not known in a new name");
    }

    #[test]
    fn values_take_the_place_of_placeholders() {
        let mut made =
            template(&[("a.", None), ("{region", Some("upper")), ("{db", None), ("{region", Some("x"))]);
        made.fill(|name| (name == "region").then(|| "eu".to_owned()));
        assert_eq!(made.to_string(), "a.EU{db}{region:x}");
        assert_eq!(made.placeholders().collect::<Vec<_>>(), ["db", "region"]);
        assert_eq!(made.parts.len(), 3);
    }

    #[test]
    fn some_placeholders_stay() {
        let made = template(&[("a_", None), ("{pipeline", None), ("{column", None)]);
        let made = NAMES.expand_part(&made, &[], RENAME_PLACEHOLDERS, |name| name == "column");
        assert_eq!(made.map(|made| made.to_string()), Ok("a_p{column}".to_owned()));
    }

    #[test]
    fn a_placeholder_is_found_in_its_text() {
        let check = |written: &str, parts: &[(&str, Option<&str>)], n: usize, expected: &str| {
            let line = format!("topic \"{written}\"");
            let span = Span::new(crate::text::FileId(0), 6, line.len() as u32);
            let place = template(parts).place_of(n, span);
            assert_eq!(&line[place.start as usize..place.end as usize], expected, "{written}");
        };
        check("{n}", &[("{n", None)], 0, "{n}");
        check("ö.{n:lower}.x", &[("ö.", None), ("{n", Some("lower")), (".x", None)], 1, "{n:lower}");
        check("{n}.\\{\\\"{m}", &[("{n", None), (".\x7b\"", None), ("{m", None)], 2, "{m}");
        let whole = "\"{n}\\n\"";
        check("{n}\\n", &[("{n", None), ("\n", None)], 0, whole);
        check("{n}.{region}", &[("{n", None), (".eu", None)], 0, "\"{n}.{region}\"");
    }
}
