//! What statements mention that are left out: names they may declare, and what they would have been.

use super::left_out::LeftOut;
use super::statement::Reader;
use super::token::Token;
use super::unplaced::foreign;
use super::value::pattern;
use crate::pattern::{NamePattern, TablePattern};
use crate::statement::{self as st, Place};
use crate::syntax::{NodeId, NodeKind};
use crate::text::Span;

impl Reader<'_> {
    /// Notes every name in a statement that is left out.
    pub(super) fn mention(&mut self, id: NodeId) {
        self.broken_allow(id);
        let unbound: Vec<Span> = self.noted.unbound.iter().map(|one| one.name.span).collect();
        // What it would have added is not known.
        let word = self.tree.text(id, self.text).split([' ', '\t', '"']).next();
        self.opaque |= word == Some("use") || self.adds_files(id);
        self.nameless.extend(self.lacks_name(id));
        // What a label is called stands for nothing anywhere.
        let is_label = word == Some("label");
        for node in self.tree.descendants(id) {
            match self.tree.kind(node) {
                NodeKind::Glob if is_label => {}
                // Whether something is known by this name is the question.
                NodeKind::Glob | NodeKind::HoleName
                    if unbound.iter().any(|span| span.contains(self.tree.span(node))) => {}
                NodeKind::Glob => {
                    let name = self.tree.text(node, self.text);
                    self.mentions.insert(name.to_owned());
                    // What it looks like is what was meant, and what the rest of the project says.
                    if !name.is_ascii() {
                        self.mentions.insert(unicode_security::skeleton(name).collect());
                    }
                }
                NodeKind::HoleName => {
                    let name = self.tree.text(node, self.text);
                    self.mentions.insert(name.split(':').next().unwrap_or(name).to_owned());
                }
                NodeKind::Quoted => {
                    self.mentions.insert(st::unquote(self.tree.text(node, self.text)));
                }
                _ => {}
            }
        }
    }

    /// What a statement that belonged to a broken one would have been, if it stood beside that one.
    pub(super) fn skipped(&self, id: NodeId, place: Place) -> LeftOut {
        let word = self.first_word(id).map(|word| self.tree.text(word, self.text));
        let spec = word.and_then(|word| st::find(word, place));
        spec.map_or_else(LeftOut::default, |spec| LeftOut::word(spec.word))
    }

    /// What a statement would have been that was left out of a block.
    pub(super) fn left_out(&self, id: NodeId, place: Place) -> LeftOut {
        let Some(word) = self.first_word(id) else { return LeftOut::unknown() };
        let word = self.tree.text(word, self.text);
        let here = || st::in_place(place).map(|spec| spec.word);
        let elsewhere = || st::STATEMENTS.iter().map(|spec| spec.word).find(|other| *other == word);
        let meant = here().find(|other| *other == word).or_else(elsewhere);
        let meant = meant.or_else(|| foreign(word, place)).or_else(|| st::closest(word, here()));
        match meant {
            Some(meant @ ("rename" | "table")) => LeftOut::about(meant, self.named_tables(id)),
            Some(meant) => LeftOut::word(meant),
            None => LeftOut::unknown(),
        }
    }

    /// Patterns of tables in the head of a statement; none where there is no whole one, or a backtick has no partner, which
    /// leaves open what belongs to a name.
    fn named_tables(&self, id: NodeId) -> Option<Vec<TablePattern>> {
        if self.tree.children(id).any(|part| self.tree.text(part, self.text) == "`") {
            return None;
        }
        let parts = self.tree.children(id).filter(|&part| self.tree.kind(part) == NodeKind::Path).skip(1);
        let mut is_of_database = false;
        let mut tables = Vec::new();
        let mut parts = parts.peekable();
        // Names of tables are not what a line about columns is about.
        if parts.peek().is_some_and(|&part| Token::new(self.tree, self.text, part).word() == Some("column")) {
            return Some(tables);
        }
        for part in parts {
            let token = Token::new(self.tree, self.text, part);
            is_of_database |= token.word() == Some("database");
            let names = || {
                token
                    .segments
                    .iter()
                    .map(|segment| pattern(segment).ok())
                    .collect::<Option<Vec<NamePattern>>>()
            };
            match token.segments.len() {
                // Behind the database stands its new name.
                1 if is_of_database && token.word() != Some("database") && tables.is_empty() => {
                    let any = NamePattern::Glob("*".to_owned());
                    tables.push(TablePattern { db: names()?.remove(0), table: any });
                }
                2.. if token.segments.iter().all(|segment| segment.kind != NodeKind::Missing) => {
                    let mut names = names()?;
                    tables.push(TablePattern { table: names.remove(1), db: names.remove(0) });
                }
                2.. => return None,
                _ => {}
            }
        }
        (!tables.is_empty()).then_some(tables)
    }
}
