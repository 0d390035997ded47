//! The definition of a column.

use super::cursor::{Cursor, Parsed, is_word};
use super::ir::{CharsetClause, ColumnDef, Generated, KeyDef, KeyKind, KeyPart};
use super::lex::Token;
use super::notes::Note;
use super::reserved::is_reserved;

/// A column, and the keys that its attributes make.
pub(super) struct Defined {
    pub(super) column: ColumnDef,
    pub(super) keys: Vec<KeyDef>,
    /// A bare word as default: another column (MariaDB), or a mistake.
    pub(super) default_word: Option<String>,
}

impl Cursor<'_, '_> {
    /// A column with its name.
    pub(super) fn column_def(&mut self) -> Parsed<Defined> {
        let name = self.column()?;
        self.column_def_of(name)
    }

    /// The definition of a column behind its name.
    pub(super) fn column_def_of(&mut self, name: String) -> Parsed<Defined> {
        let typed = self.data_type()?;
        let column = ColumnDef {
            name,
            ty: typed.ty,
            labels: typed.labels,
            charset: typed.charset,
            nullable: None,
            generated: None,
            auto_increment: false,
            invisible: false,
            srid: None,
            versioned: None,
        };
        let mut defined = Defined { column, keys: Vec::new(), default_word: None };
        if typed.serial {
            defined.serial();
        }
        while self.attribute(&mut defined)? {}
        if self.one_key && defined.keys.iter().any(|key| key.kind == KeyKind::Primary) {
            defined.keys.retain(|key| key.kind == KeyKind::Primary);
        }
        Ok(defined)
    }

    /// Takes one attribute; false when none follows.
    fn attribute(&mut self, defined: &mut Defined) -> Parsed<bool> {
        let Some(Token::Word(_)) = self.peek() else { return self.option_of_engine() };
        let before = *self;
        let word = self.word().unwrap_or_default();
        let column = &mut defined.column;
        match word.as_str() {
            "NULL" => column.nullable = Some(true),
            "NOT" if self.take("NULL") => column.nullable = Some(false),
            "NOT" => self.expect("SECONDARY")?,
            "DEFAULT" => {
                let start = self.here() - 1;
                let word = self.peek();
                let alone = self.peek_at(1) != Some(Token::Sign('('));
                match word {
                    Some(Token::Word(word)) if alone && is_plain(word) => {
                        let before = *self;
                        self.default_value()?;
                        let mut behind = before;
                        behind.next();
                        // no more than the word
                        if behind.len() == self.len() {
                            defined.default_word = Some(word.to_owned());
                        }
                    }
                    _ => self.default_value()?,
                }
                self.note(start, || Note::Default);
            }
            "ON" => {
                self.expect("UPDATE")?;
                self.now()?;
            }
            "AUTO_INCREMENT" => {
                column.auto_increment = true;
                // unless NULL follows
                column.nullable = Some(false);
            }
            "SERIAL" => {
                self.expect("DEFAULT")?;
                self.expect("VALUE")?;
                defined.serial();
            }
            "PRIMARY" => {
                self.expect("KEY")?;
                defined.key(KeyKind::Primary);
            }
            "KEY" => defined.key(KeyKind::Primary),
            "UNIQUE" => {
                self.take("KEY");
                defined.key(KeyKind::Unique);
            }
            "COMMENT" => drop(self.text()?),
            "COLLATE" => column.charset.collation = Some(self.charset_name()?),
            "COLUMN_FORMAT" => self.expect_any(&["FIXED", "DYNAMIC", "DEFAULT"])?,
            "STORAGE" => self.expect_any(&["DISK", "MEMORY", "DEFAULT"])?,
            "SRID" => column.srid = Some(self.srid()?),
            "REF_SYSTEM_ID" => {
                self.expect_sign('=')?;
                column.srid = Some(self.srid()?);
            }
            "CONSTRAINT" => {
                if !self.at("CHECK") {
                    self.name()?;
                }
                if self.take("REFERENCES") {
                    self.references()?;
                } else {
                    self.expect("CHECK")?;
                    self.check()?;
                }
            }
            "CHECK" => self.check()?,
            "ENGINE_ATTRIBUTE" | "SECONDARY_ENGINE_ATTRIBUTE" => {
                self.take_sign('=');
                self.text()?;
            }
            "MASKING" => {
                self.expect("POLICY")?;
                self.name()?;
            }
            "VISIBLE" => column.invisible = false,
            "INVISIBLE" => column.invisible = true,
            "WITH" | "WITHOUT" => {
                self.expect("SYSTEM")?;
                self.expect("VERSIONING")?;
                column.versioned = Some(word == "WITH");
            }
            "GENERATED" => {
                self.expect("ALWAYS")?;
                self.expect("AS")?;
                self.generated(column)?;
            }
            "AS" => self.generated(column)?,
            "VIRTUAL" if column.generated.is_some() => column.generated = Some(Generated::Virtual),
            "STORED" | "PERSISTENT" if column.generated.is_some() => {
                column.generated = Some(Generated::Stored);
            }
            "REFERENCES" => self.references()?,
            _ => {
                *self = before;
                return self.option_of_engine();
            }
        }
        Ok(true)
    }

    /// MariaDB: `name = value`, which the engine understands.
    pub(super) fn option_of_engine(&mut self) -> Parsed<bool> {
        if !self.at_name() || self.peek_at(1) != Some(Token::Sign('=')) {
            return Ok(false);
        }
        self.name()?;
        self.next();
        self.option_value()?;
        Ok(true)
    }

    /// The value of an option: a name, a number, a string.
    pub(super) fn option_value(&mut self) -> Parsed<()> {
        if self.take_any(&["DEFAULT", "ON", "NULL", "BINARY"]) || self.at_name() && self.name().is_ok() {
            return Ok(());
        }
        self.literal()
    }

    fn srid(&mut self) -> Parsed<u32> {
        let number = self.number()?;
        u32::try_from(number).map_err(|_| "the number of a spatial reference system is too large".to_owned())
    }

    /// Behind AS.
    fn generated(&mut self, column: &mut ColumnDef) -> Parsed<()> {
        column.generated = Some(match () {
            () if self.take_all(&["ROW", "START"]) => Generated::RowStart,
            () if self.take_all(&["ROW", "END"]) => Generated::RowEnd,
            () => {
                self.group()?;
                Generated::Virtual
            }
        });
        Ok(())
    }

    /// Behind CHECK.
    pub(super) fn check(&mut self) -> Parsed<()> {
        self.group()?;
        if !self.take("ENFORCED") {
            self.take_all(&["NOT", "ENFORCED"]);
        }
        Ok(())
    }

    /// CURRENT_TIMESTAMP and what means the same.
    fn now(&mut self) -> Parsed<()> {
        self.expect_any(&["CURRENT_TIMESTAMP", "NOW", "LOCALTIME", "LOCALTIMESTAMP"])?;
        if self.take_sign('(') {
            if !self.at_sign(')') {
                self.number()?;
            }
            self.expect_sign(')')?;
        }
        Ok(())
    }

    /// Behind DEFAULT: a literal, an expression in parentheses, or one of the expressions that need none.
    pub(super) fn default_value(&mut self) -> Parsed<()> {
        let start = self.here();
        self.default_of_any_form()?;
        self.note(start, || Note::Expression);
        Ok(())
    }

    fn default_of_any_form(&mut self) -> Parsed<()> {
        let start = *self;
        if self.at_sign('(') {
            return self.group();
        }
        if self.literal().is_ok() {
            return Ok(());
        }
        *self = start;
        while self.take_sign('-') || self.take_sign('+') || self.take_sign('~') || self.take("BINARY") {}
        if self.literal().is_ok() {
            return Ok(());
        }
        if self.at_sign('(') {
            return self.group();
        }
        if self.take("CASE") {
            return self.case();
        }
        if self.take_all(&["NEXT", "VALUE", "FOR"]) || self.take_all(&["PREVIOUS", "VALUE", "FOR"]) {
            self.dotted()?;
            return Ok(());
        }
        let typed =
            matches!(self.peek_at(1), Some(Token::Text(..))) && self.take_any(&["DATE", "TIME", "TIMESTAMP"]);
        if typed {
            self.text()?;
            return Ok(());
        }
        let is_call =
            matches!(self.peek(), Some(Token::Word(_))) && self.peek_at(1) == Some(Token::Sign('('));
        if is_call {
            self.next();
            return self.arguments();
        }
        if self.take_any(&[
            "NULL",
            "TRUE",
            "FALSE",
            "CURRENT_TIMESTAMP",
            "LOCALTIME",
            "LOCALTIMESTAMP",
            "CURRENT_DATE",
            "CURRENT_TIME",
            "CURRENT_USER",
            "UTC_DATE",
            "UTC_TIME",
            "UTC_TIMESTAMP",
        ]) {
            return Ok(());
        }
        if self.take_sign('@') {
            self.take_sign('@');
        }
        self.dotted()?;
        if self.at_sign('(') { self.arguments() } else { Ok(()) }
    }

    /// The arguments of a call.
    fn arguments(&mut self) -> Parsed<()> {
        if self.peek_at(1) == Some(Token::Sign(')')) {
            self.next();
            self.next();
            return Ok(());
        }
        self.group()
    }

    /// Behind CASE, up to its END.
    fn case(&mut self) -> Parsed<()> {
        let mut depth = 1_usize;
        while depth > 0 {
            match self.peek() {
                Some(Token::Sign('(')) => {
                    self.arguments()?;
                    continue;
                }
                Some(Token::Sign(',' | ')' | ';')) | None => return Err(self.unexpected("`END`")),
                token if is_word(token, "CASE") => depth += 1,
                token if is_word(token, "END") => depth -= 1,
                Some(_) => {}
            }
            self.next();
        }
        Ok(())
    }

    /// Behind REFERENCES.
    pub(super) fn references(&mut self) -> Parsed<()> {
        // the name alone is enough, whether there is a default database or not
        let start = *self;
        self.dotted()?;
        let mut named = start;
        let table = named.table().ok();
        if self.take_sign('(') {
            loop {
                let at = self.here();
                let name = self.name()?;
                self.note(at, || Note::ForeignColumn { table: table.clone(), name });
                if !self.take_sign(',') {
                    break;
                }
            }
            self.expect_sign(')')?;
        }
        if self.take("MATCH") {
            self.expect_any(&["FULL", "PARTIAL", "SIMPLE"])?;
        }
        let (mut deletes, mut updates) = (false, false);
        loop {
            let seen = match () {
                () if self.take_all(&["ON", "DELETE"]) => std::mem::replace(&mut deletes, true),
                () if self.take_all(&["ON", "UPDATE"]) => std::mem::replace(&mut updates, true),
                () => return Ok(()),
            };
            let known = self.take_any(&["CASCADE", "RESTRICT"])
                || self.take_all(&["SET", "NULL"])
                || self.take_all(&["SET", "DEFAULT"])
                || self.take_all(&["NO", "ACTION"]);
            if !known || seen {
                return Err(self.unexpected("what a foreign key does, once"));
            }
        }
    }

    /// `[DEFAULT] CHARACTER SET [=] x` and `[DEFAULT] COLLATE [=] x`, where one follows.
    pub(super) fn default_charset(&mut self, charset: &mut CharsetClause) -> Parsed<bool> {
        let before = *self;
        self.take("DEFAULT");
        if self.take_charset() {
            self.take_sign('=');
            charset.charset = Some(self.charset_name()?);
            charset.charset_last = charset.collation.is_some();
            return Ok(true);
        }
        if self.take("COLLATE") {
            self.take_sign('=');
            charset.collation = Some(self.charset_name()?);
            charset.charset_last = false;
            return Ok(true);
        }
        *self = before;
        Ok(false)
    }
}

impl Defined {
    /// # Errors
    /// A bare word as default. The other columns of an altered table are not known here.
    pub(super) fn without_default_word(self) -> Parsed<Defined> {
        match self.default_word {
            Some(word) => Err(format!("the default `{word}` is no value")),
            None => Ok(self),
        }
    }

    fn serial(&mut self) {
        self.column.nullable = Some(false);
        self.column.auto_increment = true;
        self.key(KeyKind::Unique);
    }

    fn key(&mut self, kind: KeyKind) {
        if kind == KeyKind::Primary {
            self.column.nullable = Some(false);
        }
        // said twice it is one key all the same
        if self.keys.iter().any(|key| key.kind == kind) {
            return;
        }
        let part = KeyPart::Column { name: self.column.name.clone(), prefix: None };
        self.keys.push(KeyDef { name: None, kind, parts: vec![part], hash: false, if_not_exists: false });
    }
}

/// Whether a word behind DEFAULT is neither a keyword, nor an introducer, nor a number in another base.
fn is_plain(word: &str) -> bool {
    !is_reserved(word) && !word.starts_with(|sign: char| sign == '_' || sign.is_ascii_digit())
}
