//! The arguments of one statement, taken from the tree: kinds, texts, places.

use crate::pattern::NamePattern;
use crate::statement::TemplatePart;
use crate::syntax::{NodeId, NodeKind, Tree};
use crate::text::Span;

/// One argument of a statement's head.
#[derive(Debug, Clone)]
pub(super) struct Token<'t> {
    pub(super) kind: NodeKind,
    pub(super) span: Span,
    pub(super) text: &'t str,
    /// Segments of a path.
    pub(super) segments: Vec<Segment<'t>>,
    /// Parts of a string.
    pub(super) parts: Vec<TemplatePart>,
}

/// One segment of a path.
#[derive(Debug, Clone)]
pub(super) struct Segment<'t> {
    /// `Quoted`, `Regex`, `Glob` or `Missing`.
    pub(super) kind: NodeKind,
    pub(super) span: Span,
    pub(super) text: &'t str,
}

impl<'t> Token<'t> {
    pub(super) fn new(tree: &Tree, text: &'t str, id: NodeId) -> Token<'t> {
        let kind = tree.kind(id);
        let mut segments = Vec::new();
        let mut parts = Vec::new();
        if kind == NodeKind::Path {
            segments = tree
                .children(id)
                .filter(|&child| tree.kind(child) != NodeKind::Dot)
                .map(|child| Segment {
                    kind: tree.kind(child),
                    span: tree.span(child),
                    text: tree.text(child, text),
                })
                .collect();
        }
        if kind == NodeKind::String {
            parts = string_parts(tree, text, id);
        }
        Token { kind, span: tree.span(id), text: tree.text(id, text), segments, parts }
    }

    /// A word or a comma that is not in the text, to try out whether it would mend a statement.
    pub(super) fn imagined(word: &'t str, span: Span) -> Token<'t> {
        let kind = if word == "," { NodeKind::Comma } else { NodeKind::Path };
        let segment = Segment { kind: NodeKind::Glob, span, text: word };
        Token { kind, span, text: word, segments: vec![segment], parts: Vec::new() }
    }

    /// A path of plain names or globs, to try out whether it would mend a statement.
    pub(super) fn bare(text: &'t str, span: Span) -> Option<Token<'t>> {
        let is_sign = |sign: char| sign.is_alphanumeric() || matches!(sign, '_' | '-' | '*' | '?' | '$');
        let is_segment = |segment: &str| !segment.is_empty() && segment.chars().all(is_sign);
        text.split('.').all(is_segment).then(|| {
            let segments = text.split('.').map(|text| Segment { kind: NodeKind::Glob, span, text });
            Token { kind: NodeKind::Path, span, text, segments: segments.collect(), parts: Vec::new() }
        })
    }

    /// The bare word this is.
    pub(super) fn word(&self) -> Option<&'t str> {
        match self.segments.as_slice() {
            [segment] if segment.kind == NodeKind::Glob => Some(self.text),
            _ => None,
        }
    }

    /// Names that its patterns capture.
    pub(super) fn captures(&self) -> Vec<String> {
        let pattern = |segment: &Segment<'_>| match segment.kind {
            NodeKind::Glob if segment.text.contains('[') => Some(NamePattern::Glob(segment.text.to_owned())),
            NodeKind::Regex => Some(NamePattern::Regex(segment.text.to_owned())),
            _ => None,
        };
        self.segments.iter().filter_map(pattern).flat_map(|pattern| pattern.capture_names()).collect()
    }

    /// An argument that is written nowhere: the value of a parameter, at the place where the parameter stands.
    pub(super) fn valued(value: &'t str, kind: NodeKind, span: Span) -> Token<'t> {
        let parts = vec![TemplatePart::Text(value.to_owned())];
        Token { kind, span, text: value, segments: Vec::new(), parts }
    }

    /// Names of the placeholders of a string.
    pub(super) fn holes(&self) -> Vec<String> {
        let hole = |part: &TemplatePart| match part {
            TemplatePart::Hole { name, .. } => Some(name.clone()),
            TemplatePart::Text(_) => None,
        };
        self.parts.iter().filter_map(hole).collect()
    }

    /// The text of a string without placeholders.
    pub(super) fn plain(&self) -> Option<String> {
        if self.kind != NodeKind::String {
            return None;
        }
        match self.parts.as_slice() {
            [] => Some(String::new()),
            [TemplatePart::Text(text)] => Some(text.clone()),
            _ => None,
        }
    }
}

fn string_parts(tree: &Tree, text: &str, id: NodeId) -> Vec<TemplatePart> {
    let mut parts: Vec<TemplatePart> = Vec::new();
    let mut literal = String::new();
    for child in tree.children(id) {
        match tree.kind(child) {
            NodeKind::Text => literal.push_str(tree.text(child, text)),
            NodeKind::Escape => literal.push_str(&unescape(tree.text(child, text))),
            NodeKind::Hole => {
                if !literal.is_empty() {
                    parts.push(TemplatePart::Text(std::mem::take(&mut literal)));
                }
                let inner = tree.text(child, text).trim_start_matches('{').trim_end_matches('}');
                let (name, filter) = match inner.split_once(':') {
                    Some((name, filter)) => (name, Some(filter.to_owned())),
                    None => (inner, None),
                };
                parts.push(TemplatePart::Hole { name: name.to_owned(), filter });
            }
            // Quotes are no part of the text; broken strings are not lowered.
            _ => {}
        }
    }
    if !literal.is_empty() {
        parts.push(TemplatePart::Text(literal));
    }
    parts
}

fn unescape(escape: &str) -> String {
    match escape.strip_prefix('\\').unwrap_or(escape) {
        "n" => "\n".into(),
        "t" => "\t".into(),
        other => match other.strip_prefix("u{").and_then(|hex| hex.strip_suffix('}')) {
            Some(hex) => u32::from_str_radix(hex, 16)
                .ok()
                .and_then(char::from_u32)
                .unwrap_or(char::REPLACEMENT_CHARACTER)
                .into(),
            None => other.into(),
        },
    }
}
