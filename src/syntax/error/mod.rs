//! What is wrong with a text, as findings S0001 to S0010.
//!
//! Guarantees: one finding per cause; in one statement the gravest kind hides the rest, because what follows a foreign
//! sign or an open quote proves nothing. Does not know any statement: what words mean is for later stages.

mod block;
mod braced_word;
mod condition;
mod sign;
#[cfg(test)]
mod tests;
mod text;

use super::codes::*;
use super::damage::{Damage, LookAlikeKind, meets};
use super::{NodeId, NodeKind, Parse, Tree};
use crate::diagnostic::{Code, Diagnostic, Fix, Safety, TextEdit};
use crate::text::Span;

/// Most findings of one statement: whoever has more mends the first ones and looks again.
const STATEMENT_MAX: usize = 20;

/// The findings of a parsed file, in text order.
pub fn errors(parse: &Parse, text: &str) -> Vec<Diagnostic> {
    if let Some(span) = parse.too_deep {
        let message = format!("nested deeper than {} levels", super::parse::NESTING_MAX);
        return vec![
            Diagnostic::error(S0009, span, message)
                .label("one level too many")
                .help("split it; nothing else of this file was looked at"),
        ];
    }
    if let Some(span) = parse.nul {
        return vec![
            Diagnostic::error(S0010, span, "the file is no text: it holds a NUL")
                .label("NUL")
                .help("save it as UTF-8; a file in UTF-16 looks like this"),
        ];
    }
    let mut finder = Finder { tree: &parse.tree, text, found: Vec::new() };
    finder.run();
    finder.found.sort_by_key(|found| found.primary.as_ref().map(|label| (label.span.start, label.span.end)));
    finder.found
}

struct Finder<'a> {
    tree: &'a Tree,
    text: &'a str,
    found: Vec<Diagnostic>,
}

impl Finder<'_> {
    fn run(&mut self) {
        let damage = &self.tree.damage;
        self.bytes(damage);
        self.conflicts(damage);
        self.comments(damage);
        self.look_alikes(damage);
        self.braced_words(damage);
        self.braces(damage);
        for id in self.tree.descendants(self.tree.root()) {
            if self.tree.kind(id) == NodeKind::Statement {
                self.statement(id);
            }
        }
    }

    fn span(&self, range: &std::ops::Range<u32>) -> Span {
        Span::new(self.tree.file(), range.start, range.end)
    }

    fn slice(&self, start: u32, end: u32) -> &str {
        &self.text[start as usize..end as usize]
    }

    fn bytes(&mut self, damage: &Damage) {
        if let Some(first) = damage.not_utf8.first() {
            let finding = Diagnostic::error(
                S0010,
                self.span(first),
                "the file holds bytes that are not UTF-8, or `\u{FFFD}` in their place",
            )
            .label("the first of them")
            .help("save the file as UTF-8; where the sign itself is written, write what it stands for");
            self.found.push(finding);
        }
        let bom = self.tree.children(self.tree.root()).find(|&id| self.tree.kind(id) == NodeKind::Bom);
        if let Some(bom) = bom {
            let span = self.tree.span(bom);
            let finding = Diagnostic::advice(S0010, span, "the file begins with a byte order mark")
                .help("UTF-8 needs none, and other tools trip over it")
                .fix(Fix::machine("remove the byte order mark", span, ""));
            self.found.push(finding);
        }
    }

    fn conflicts(&mut self, damage: &Damage) {
        for conflict in &damage.conflicts {
            let mut markers = conflict.markers.iter();
            let Some(first) = markers.next() else { continue };
            let mut finding = Diagnostic::error(S0006, self.span(first), "unfinished merge")
                .help("keep one version and remove the marker lines");
            for marker in markers {
                finding = finding.also(self.span(marker), "");
            }
            self.found.push(finding);
        }
    }

    fn comments(&mut self, damage: &Damage) {
        for comment in damage.comments.iter().filter(|comment| !in_conflict(damage, comment.range.start)) {
            let marker_end = comment.range.start + 2;
            let finding = Diagnostic::error(
                S0005,
                Span::new(self.tree.file(), comment.range.start, marker_end),
                format!("`{}` begins no comment here", comment.marker),
            )
            .help("comments begin with `#` and end at the line end");
            let edits = self.as_hash_comment(comment.range.clone(), comment.marker);
            self.found.push(match edits {
                Some(edits) => {
                    finding.fix(Fix { title: "write `#`".to_owned(), safety: Safety::Machine, edits })
                }
                None => finding,
            });
        }
    }

    /// Turns a foreign comment into one or more `#` lines; none when words follow it on its last line.
    fn as_hash_comment(&self, range: std::ops::Range<u32>, marker: &str) -> Option<Vec<TextEdit>> {
        let file = self.tree.file();
        let edit =
            |start, end, text: &str| TextEdit { span: Span::new(file, start, end), text: text.to_owned() };
        let mut edits = vec![edit(range.start, range.start + 2, "#")];
        if marker != "/*" {
            return Some(edits);
        }
        let line_end = super::damage::line_end(self.text, range.end);
        if !self.slice(range.end, line_end).trim().is_empty() {
            return None;
        }
        let body = self.slice(range.start, range.end);
        let closed = body.len() >= 4 && body.ends_with("*/");
        let mut at = range.start;
        for line in body.split_inclusive('\n') {
            let words = at + (line.len() - line.trim_start_matches([' ', '\t']).len()) as u32;
            at += line.len() as u32;
            let only_closes = closed && line.trim_start() == "*/";
            if only_closes {
                edits.push(edit(words, words + 2, "#"));
                return Some(edits);
            }
            if words > range.start && !line.trim().is_empty() {
                edits.push(edit(words, words, "# "));
            }
        }
        if closed {
            let kept = body[..body.len() - 2].trim_end_matches([' ', '\t']).len().max(2) as u32;
            edits.push(edit(range.start + kept, range.end, ""));
        }
        Some(edits)
    }

    fn look_alikes(&mut self, damage: &Damage) {
        for look_alike in &damage.look_alikes {
            let range = &look_alike.range;
            let hidden = in_conflict(damage, range.start) || damage.in_comment(range.start);
            if hidden && look_alike.kind != LookAlikeKind::Direction {
                continue;
            }
            let shown = self.slice(range.start, range.end);
            let first = shown.chars().next().map_or(0, u32::from);
            let (message, help) = match look_alike.kind {
                LookAlikeKind::Blank => (
                    format!("U+{first:04X} is a blank that syncc does not read as one"),
                    "write a plain blank",
                ),
                LookAlikeKind::Quotes => {
                    (format!("`{shown}` has typographic quotes"), "texts stand between plain double quotes")
                }
                LookAlikeKind::Sign => {
                    (format!("`{shown}` only looks like the plain sign"), "write the ASCII form")
                }
                LookAlikeKind::Word => (
                    format!("`{shown}` mixes letters of two scripts that look alike"),
                    "write it in one script; a name that really is spelled so stands in backticks",
                ),
                LookAlikeKind::Direction => (
                    format!("U+{first:04X} turns the direction of writing"),
                    "remove it: with it a line can read differently from what it says",
                ),
            };
            let mut finding = Diagnostic::error(S0007, self.span(range), message).help(help);
            // The plain form of some signs starts nothing either.
            let stays_wrong =
                look_alike.edits.iter().any(|(_, plain)| ";:%&|@^~[]\\!$".contains(plain.as_str()))
                    && look_alike.kind == LookAlikeKind::Sign;
            if !look_alike.edits.is_empty() {
                let edits = look_alike.edits.iter();
                finding = finding.fix(Fix {
                    title: "write the plain form".to_owned(),
                    safety: if stays_wrong { Safety::Choice } else { Safety::Machine },
                    edits: edits
                        .map(|(range, plain)| TextEdit { span: self.span(range), text: plain.clone() })
                        .collect(),
                });
            }
            self.found.push(finding);
        }
    }

    /// Findings of the signs in one head.
    fn statement(&mut self, statement: NodeId) {
        let head = head(self.tree, statement);
        let Some(last) = head.clone().last() else { return };
        let (start, end) = (self.tree.node(statement).start, self.tree.node(last).end);
        let damage = &self.tree.damage;
        let broken = head.clone().any(|id| self.tree.kind(id).is_error() || self.tree.lacks_condition(id));
        let no_such_sign = meets(&damage.no_such_sign, start, end);
        if !broken && !no_such_sign {
            return;
        }
        if damage.explains(start, end) || self.tree.lacks_only_quotes(statement) {
            return;
        }
        let mut found = Vec::new();
        self.open_signs(head.clone(), &mut found);
        if found.is_empty() {
            self.foreign_signs(head.clone(), &mut found);
            self.placeholders(head.clone(), &mut found);
            self.condition(head.clone(), &mut found);
        }
        if found.is_empty() {
            self.missing_names(head, &mut found);
        }
        let gravest = found.iter().map(|finding| rank(finding.code)).min();
        let shown = found.into_iter().filter(|finding| Some(rank(finding.code)) == gravest);
        self.found.extend(shown.take(STATEMENT_MAX));
    }
}

fn in_conflict(damage: &Damage, at: u32) -> bool {
    let before = damage.conflicts.partition_point(|conflict| conflict.range().start <= at);
    before > 0 && damage.conflicts[before - 1].range().contains(&at)
}

/// Everything of a statement that is outside of its block.
fn head(tree: &Tree, statement: NodeId) -> impl Iterator<Item = NodeId> + Clone + use<> {
    let block = tree.children(statement).find(|&child| tree.kind(child) == NodeKind::Block);
    let end = block.map_or(tree.node(statement).subtree_end, |block| block.0);
    (statement.0 + 1..end).map(NodeId)
}

/// Which finding of a statement hides which: the lower hides the higher.
fn rank(code: Code) -> u8 {
    match code.number {
        "S0001" => 0,
        "S0004" | "S0008" => 1,
        _ => 2,
    }
}
