//! What statements mention that are left out: names they may declare, and what they would have been.

use super::left_out::LeftOut;
use super::statement::Reader;
use super::token::Token;
use super::unplaced::foreign;
use super::value::pattern;
use crate::pattern::{NamePattern, TablePattern};
use crate::statement::{self as st, Block, Place, StatementSpec};
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
        self.mentions.extend(self.quoted_name(id));
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

    /// The word of a statement that declares or uses a thing, and stands without its name.
    fn lacks_name(&self, id: NodeId) -> Option<&'static str> {
        const NAMED: [(&str, &[&str]); 6] = [
            ("source", &["mysql"]),
            ("target", &["kafka", "stdout", "file"]),
            ("profile", &[]),
            ("from", &[]),
            ("to", &[]),
            ("with", &[]),
        ];
        let word = self.tree.text(self.first_word(id)?, self.text);
        let (word, behind) = NAMED.iter().find(|(named, _)| *named == word)?;
        let is_behind = |token: Token<'_>| token.word().is_some_and(|next| behind.contains(&next));
        self.argument(id, 0).is_none_or(is_behind).then_some(*word)
    }

    /// The name of a declaration that stands in quotes: `target "bus" kafka`.
    fn quoted_name(&self, id: NodeId) -> Option<String> {
        const NAMED: [&str; 5] = ["source", "target", "pipeline", "profile", "param"];
        let word = self.tree.text(self.first_word(id)?, self.text);
        let name = self.argument(id, 0).filter(|token| token.kind == NodeKind::String)?;
        NAMED.contains(&word).then(|| name.plain())?
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
        let own = here().find(|other| *other == word);
        if self.is_selection(id, word, place) {
            return LeftOut::word("include");
        }
        let meant = own.or_else(|| self.block_meant(id, word, place)).or_else(elsewhere);
        let meant = meant.or_else(|| foreign(word, place)).or_else(|| st::closest(word, here()));
        let mut left_out = match meant {
            Some(meant @ ("rename" | "table")) => LeftOut::about(meant, self.named_tables(id)),
            Some(meant) => LeftOut::word(meant),
            None => LeftOut::unknown(),
        };
        // A word of another block may be one of this block that is called nearly so: `column` for `columns`.
        if own.is_none() && elsewhere().is_some() {
            st::closest(word, here()).into_iter().for_each(|near| left_out.add(&LeftOut::word(near)));
        }
        left_out
    }

    /// The statement with a block that a word with a block is called nearly so as, where words without one are near to it as well,
    /// or belong to another tool: `tabel a.b {`, `tables a.b {`.
    pub(super) fn block_meant(&self, id: NodeId, word: &str, place: Place) -> Option<&'static str> {
        self.block(id)?;
        let takes_block = |spec: &&StatementSpec| spec.block != Block::No;
        let here = st::in_place(place).filter(takes_block).map(|spec| spec.word);
        st::closest(word, here).filter(|near| *near == "table")
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
        let is_rename = self.first_word(id).is_some_and(|word| self.tree.text(word, self.text) == "rename");
        while let Some(part) = parts.next() {
            let token = Token::new(self.tree, self.text, part);
            // `rename table shop.order lines to x`: the name goes on.
            if is_rename
                && !tables.is_empty()
                && !is_of_database
                && token.word().is_some_and(|word| word != "to")
            {
                let is_to = |&part: &NodeId| Token::new(self.tree, self.text, part).word() == Some("to");
                return if parts.any(|part| is_to(&part)) { None } else { Some(tables) };
            }
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
