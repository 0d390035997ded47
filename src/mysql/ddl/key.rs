//! Keys and constraints.

use super::cursor::{Cursor, Parsed, is_word};
use super::ir::{KeyDef, KeyKind, KeyPart};
use super::lex::Token;

/// What stands between two commas of a table, if it is no column.
pub(super) enum Element {
    /// A key.
    Key(KeyDef),
    /// A check.
    Check,
    /// PERIOD FOR SYSTEM_TIME.
    SystemTime(String, String),
    /// PERIOD FOR p.
    Period(String, String),
}

impl Cursor<'_, '_> {
    /// A key, a constraint or a period; none when a column follows.
    pub(super) fn element(&mut self) -> Parsed<Option<Element>> {
        let Some(word) = self.peek_word() else { return Ok(None) };
        let key = |cursor: &Self| is_word(cursor.peek_at(1), "KEY") || is_word(cursor.peek_at(1), "INDEX");
        match word.as_str() {
            "CONSTRAINT" => {
                self.next();
                let symbol = if self.at_name() { Some(self.name()?) } else { None };
                self.constraint(symbol)?
                    .map(Some)
                    .ok_or_else(|| self.unexpected("`PRIMARY`, `UNIQUE`, `FOREIGN` or `CHECK`"))
            }
            "PRIMARY" | "UNIQUE" | "FOREIGN" | "CHECK" => self.constraint(None),
            "KEY" | "INDEX" => {
                self.next();
                self.plain_key().map(Some)
            }
            "FULLTEXT" | "SPATIAL" => {
                self.next();
                let _ = self.take_any(&["KEY", "INDEX"]);
                self.plain_key().map(Some)
            }
            "VECTOR" if key(self) || self.at_vector_key() => {
                self.next();
                let _ = self.take_any(&["KEY", "INDEX"]);
                self.plain_key().map(Some)
            }
            "PERIOD" if self.at_period() => {
                self.next();
                let _ = self.if_not_exists();
                self.expect("FOR")?;
                self.period().map(Some)
            }
            _ => Ok(None),
        }
    }

    fn constraint(&mut self, symbol: Option<String>) -> Parsed<Option<Element>> {
        if self.take("PRIMARY") {
            self.expect("KEY")?;
            let if_not_exists = self.if_not_exists();
            self.key_name()?;
            let key = self.key(None, KeyKind::Primary)?;
            return Ok(Some(Element::Key(KeyDef { if_not_exists, ..key })));
        }
        if self.take("UNIQUE") {
            let _ = self.take_any(&["KEY", "INDEX"]);
            let if_not_exists = self.if_not_exists();
            let name = self.key_name()?.or(symbol);
            let key = self.key(name, KeyKind::Unique)?;
            return Ok(Some(Element::Key(KeyDef { if_not_exists, ..key })));
        }
        if self.take("FOREIGN") {
            self.expect("KEY")?;
            let if_not_exists = self.if_not_exists();
            let name = if self.at_name() { Some(self.name()?) } else { None };
            let parts = self.key_parts()?;
            self.expect("REFERENCES")?;
            self.references()?;
            let name = symbol.or(name);
            return Ok(Some(Element::Key(KeyDef {
                name,
                kind: KeyKind::Foreign,
                parts,
                hash: false,
                if_not_exists,
            })));
        }
        if self.take("CHECK") {
            self.check()?;
            return Ok(Some(Element::Check));
        }
        Ok(None)
    }

    fn plain_key(&mut self) -> Parsed<Element> {
        let if_not_exists = self.if_not_exists();
        let name = self.key_name()?;
        let key = self.key(name, KeyKind::Plain)?;
        Ok(Element::Key(KeyDef { if_not_exists, ..key }))
    }

    /// The name of a key, which may be left out.
    fn key_name(&mut self) -> Parsed<Option<String>> {
        let is_type =
            self.at("TYPE") && ["BTREE", "HASH", "RTREE"].iter().any(|kind| is_word(self.peek_at(1), kind));
        if !self.at_name() || is_type {
            return Ok(None);
        }
        let name = self.name()?;
        if name.trim_end() != name {
            return Err("the name of a key ends in a blank".to_owned());
        }
        Ok(Some(name))
    }

    /// `[USING x] (parts) [options]`.
    pub(super) fn key(&mut self, name: Option<String>, kind: KeyKind) -> Parsed<KeyDef> {
        let mut hash = self.using()?.unwrap_or(false);
        let parts = self.key_parts()?;
        while self.key_option(&mut hash)? {}
        Ok(KeyDef { name, kind, parts, hash, if_not_exists: false })
    }

    /// USING x, TYPE x: whether it is HASH.
    pub(super) fn using(&mut self) -> Parsed<Option<bool>> {
        if !self.take_any(&["USING", "TYPE"]) {
            return Ok(None);
        }
        if self.take("HASH") {
            return Ok(Some(true));
        }
        self.expect_any(&["BTREE", "RTREE"])?;
        Ok(Some(false))
    }

    fn key_parts(&mut self) -> Parsed<Vec<KeyPart>> {
        self.expect_sign('(')?;
        let mut parts = Vec::new();
        loop {
            if self.at_sign('(') {
                self.group()?;
                parts.push(KeyPart::Expression);
            } else {
                let name = self.own_column()?;
                let mut prefix = None;
                if self.take_sign('(') {
                    prefix = u32::try_from(self.number()?).ok();
                    self.expect_sign(')')?;
                }
                if self.take("WITHOUT") {
                    self.expect("OVERLAPS")?;
                    parts.push(KeyPart::Period);
                } else {
                    parts.push(KeyPart::Column { name, prefix });
                }
            }
            let _ = self.take_any(&["ASC", "DESC"]);
            if !self.take_sign(',') {
                break;
            }
        }
        self.expect_sign(')')?;
        Ok(parts)
    }

    /// Takes one option of a key; false when none follows.
    pub(super) fn key_option(&mut self, hash: &mut bool) -> Parsed<bool> {
        if let Some(found) = self.using()? {
            *hash = found;
            return Ok(true);
        }
        let before = *self;
        match self.word().unwrap_or_default().as_str() {
            "KEY_BLOCK_SIZE" => {
                self.take_sign('=');
                self.number()?;
            }
            "WITH" if self.take("PARSER") => drop(self.name()?),
            "COMMENT" => drop(self.text()?),
            "VISIBLE" | "INVISIBLE" | "IGNORED" => {}
            "NOT" if self.take("IGNORED") => {}
            "ENGINE_ATTRIBUTE" | "SECONDARY_ENGINE_ATTRIBUTE" => {
                self.take_sign('=');
                self.text()?;
            }
            _ => {
                *self = before;
                // ALGORITHM and LOCK belong to the statement
                let of_statement = self.at("ALGORITHM") || self.at("LOCK");
                return if of_statement { Ok(false) } else { self.option_of_engine() };
            }
        }
        Ok(true)
    }

    /// Whether VECTOR begins a key without that word, and is not the name of a column.
    fn at_vector_key(&self) -> bool {
        let mut behind = *self;
        behind.next();
        behind.at_sign('(') || behind.peek_at(1) == Some(Token::Sign('(')) && behind.data_type().is_err()
    }

    /// Whether PERIOD begins a period, and is not the name of a column: no type is called FOR or IF.
    pub(super) fn at_period(&self) -> bool {
        self.at("PERIOD") && (is_word(self.peek_at(1), "FOR") || is_word(self.peek_at(1), "IF"))
    }

    /// Behind PERIOD FOR.
    fn period(&mut self) -> Parsed<Element> {
        let system = self.take("SYSTEM_TIME");
        if !system {
            self.name()?;
        }
        self.expect_sign('(')?;
        let start = self.own_column()?;
        self.expect_sign(',')?;
        let end = self.own_column()?;
        self.expect_sign(')')?;
        Ok(if system { Element::SystemTime(start, end) } else { Element::Period(start, end) })
    }
}
