//! The rest of a statement, read from its front.

use super::lex::{self, Dialect, Token};
use super::notes::{Note, Notes};
use super::reserved::is_reserved;
use crate::mysql::position::Flavor;
use crate::mysql::schema::TableName;

/// What was met instead of what was expected.
pub(super) type Reason = String;

/// A part of a statement, or why it is none.
pub(super) type Parsed<T> = Result<T, Reason>;

/// The rest of a statement.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'t, 's> {
    tokens: &'t [Token<'s>],
    /// Default database.
    pub(super) db: Option<&'t str>,
    /// MariaDB's mode ORACLE: some types mean others.
    pub(super) oracle: bool,
    /// MariaDB: a column that is PRIMARY KEY and UNIQUE has one key, not two.
    pub(super) one_key: bool,
    /// Number of tokens of the whole statement.
    n_tokens: usize,
    /// Where names are noted, if anybody asks for them.
    notes: Option<&'t Notes>,
}

impl<'t, 's> Cursor<'t, 's> {
    pub(super) fn new(tokens: &'t [Token<'s>], db: Option<&'t str>) -> Cursor<'t, 's> {
        Cursor { tokens, db, oracle: false, one_key: false, n_tokens: tokens.len(), notes: None }
    }

    /// The same, read in the modes of a session.
    pub(super) fn in_dialect(self, dialect: Dialect) -> Cursor<'t, 's> {
        Cursor { oracle: dialect.oracle, one_key: dialect.flavor == Flavor::MariaDb, ..self }
    }

    /// The same, which notes the names it reads.
    pub(super) fn noting(self, notes: &'t Notes) -> Cursor<'t, 's> {
        Cursor { notes: Some(notes), ..self }
    }

    /// Number of the next token within the statement.
    pub(super) fn here(&self) -> usize {
        self.n_tokens - self.tokens.len()
    }

    /// Notes what the tokens from `start` up to here are.
    pub(super) fn note(&self, start: usize, note: impl FnOnce() -> Note) {
        if let Some(notes) = self.notes {
            notes.add(start..self.here(), note());
        }
    }

    pub(super) fn peek(&self) -> Option<Token<'s>> {
        self.tokens.first().copied()
    }

    /// The token `ahead` of the next one.
    pub(super) fn peek_at(&self, ahead: usize) -> Option<Token<'s>> {
        self.tokens.get(ahead).copied()
    }

    pub(super) fn next(&mut self) -> Option<Token<'s>> {
        let (token, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(*token)
    }

    /// Number of tokens left.
    pub(super) fn len(&self) -> usize {
        self.tokens.len()
    }

    /// Nothing is left but the end of the statement.
    pub(super) fn at_end(&self) -> bool {
        self.tokens.iter().all(|token| *token == Token::Sign(';'))
    }

    /// # Errors
    /// Unless nothing is left.
    pub(super) fn end(&self) -> Parsed<()> {
        if self.at_end() { Ok(()) } else { Err(self.unexpected("the end")) }
    }

    /// The next bare word in upper case, for a `match`.
    pub(super) fn word(&mut self) -> Option<String> {
        let Some(Token::Word(word)) = self.peek() else { return None };
        self.next();
        Some(word.to_ascii_uppercase())
    }

    /// The next bare word in upper case, which stays the next one.
    pub(super) fn peek_word(&self) -> Option<String> {
        Cursor { ..*self }.word()
    }

    pub(super) fn at(&self, word: &str) -> bool {
        is_word(self.peek(), word)
    }

    /// At these words, one after another.
    pub(super) fn at_all(&self, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(ahead, word)| is_word(self.peek_at(ahead), word))
    }

    pub(super) fn at_sign(&self, sign: char) -> bool {
        self.peek() == Some(Token::Sign(sign))
    }

    pub(super) fn take(&mut self, word: &str) -> bool {
        let taken = self.at(word);
        if taken {
            self.tokens = &self.tokens[1..];
        }
        taken
    }

    /// Takes these words if all of them follow.
    pub(super) fn take_all(&mut self, words: &[&str]) -> bool {
        let taken = self.at_all(words);
        if taken {
            self.tokens = &self.tokens[words.len()..];
        }
        taken
    }

    /// Takes one of these words.
    pub(super) fn take_any(&mut self, words: &[&str]) -> bool {
        words.iter().any(|word| self.take(word))
    }

    pub(super) fn take_sign(&mut self, sign: char) -> bool {
        let taken = self.at_sign(sign);
        if taken {
            self.tokens = &self.tokens[1..];
        }
        taken
    }

    pub(super) fn expect(&mut self, word: &str) -> Parsed<()> {
        if self.take(word) { Ok(()) } else { Err(self.unexpected(&format!("`{word}`"))) }
    }

    pub(super) fn expect_any(&mut self, words: &[&str]) -> Parsed<()> {
        if self.take_any(words) {
            Ok(())
        } else {
            Err(self.unexpected(&format!("`{}`", words.join("` or `"))))
        }
    }

    pub(super) fn expect_sign(&mut self, sign: char) -> Parsed<()> {
        if self.take_sign(sign) { Ok(()) } else { Err(self.unexpected(&format!("`{sign}`"))) }
    }

    /// A reason that names the next token. Strings and quoted names may be anything, and are not told.
    pub(super) fn unexpected(&self, wanted: &str) -> Reason {
        let found = match self.peek() {
            None => "the end".to_owned(),
            Some(Token::Word(word)) => format!("`{}`", shortened(word)),
            Some(Token::Number(_) | Token::Hex(_) | Token::Bits(_)) => "a number".to_owned(),
            Some(Token::Name(..)) => "a quoted name".to_owned(),
            Some(Token::Text(..)) => "a string".to_owned(),
            Some(Token::Sign(sign)) => format!("`{sign}`"),
        };
        format!("{found} stands where {wanted} was expected")
    }

    /// A name: in quotes, or a word that is not reserved.
    pub(super) fn name(&mut self) -> Parsed<String> {
        match self.peek() {
            Some(Token::Word(word)) if !is_reserved(word) => self.any_name(),
            Some(Token::Name(..)) => self.any_name(),
            _ => Err(self.unexpected("a name")),
        }
    }

    /// A name behind a point, where reserved words are names, too.
    fn any_name(&mut self) -> Parsed<String> {
        let name = match self.peek() {
            Some(Token::Word(word)) => word.to_owned(),
            Some(Token::Name(raw, quote)) => lex::name(raw, quote).into_owned(),
            _ => return Err(self.unexpected("a name")),
        };
        if name.is_empty() || name.contains(char::REPLACEMENT_CHARACTER) {
            return Err("a name is empty or has bytes without meaning in its character set".to_owned());
        }
        self.next();
        // servers keep names in a character set that ends at U+FFFF
        Ok(match name.chars().all(|sign| sign <= '\u{FFFF}') {
            true => name,
            false => name.chars().map(|sign| if sign <= '\u{FFFF}' { sign } else { '?' }).collect(),
        })
    }

    /// Whether a name follows.
    pub(super) fn at_name(&self) -> bool {
        match self.peek() {
            Some(Token::Word(word)) => !is_reserved(word),
            Some(Token::Name(..)) => true,
            _ => false,
        }
    }

    /// A table: `t`, `db.t`, `.t`.
    pub(super) fn table(&mut self) -> Parsed<TableName> {
        let start = self.here();
        let table = self.table_name()?;
        let qualified = self.here() > start + 1;
        self.note(start, || Note::Table { name: table.clone(), qualified });
        Ok(table)
    }

    fn table_name(&mut self) -> Parsed<TableName> {
        let in_default = self.take_sign('.');
        let first = if in_default { self.any_name()? } else { self.name()? };
        if !in_default && self.take_sign('.') {
            return Ok(TableName::new(first, self.any_name()?));
        }
        match self.db {
            Some(db) => Ok(TableName::new(db, first)),
            None => Err("a table has no database, and the statement ran without a default one".to_owned()),
        }
    }

    /// A column of the statement's table: `c`, `t.c`, `db.t.c`, `.c`.
    pub(super) fn column(&mut self) -> Parsed<String> {
        let before = self.here();
        let name = self.dotted()?;
        let last = self.here() - 1;
        if last > before {
            self.note(before, || Note::Qualified);
        }
        self.note(last, || Note::Column { name: name.clone() });
        Ok(name)
    }

    /// A name with others in front of it, whatever it is: the last one comes back.
    pub(super) fn dotted(&mut self) -> Parsed<String> {
        let mut name = if self.take_sign('.') { self.any_name()? } else { self.name()? };
        while self.take_sign('.') {
            name = self.any_name()?;
        }
        Ok(name)
    }

    /// A column of the statement's table, by its name alone.
    pub(super) fn own_column(&mut self) -> Parsed<String> {
        let start = self.here();
        let name = self.name()?;
        self.note(start, || Note::Column { name: name.clone() });
        Ok(name)
    }

    /// Columns of the statement's table in parentheses.
    pub(super) fn own_columns(&mut self) -> Parsed<()> {
        self.expect_sign('(')?;
        self.own_column()?;
        while self.take_sign(',') {
            self.own_column()?;
        }
        self.expect_sign(')')
    }

    /// IF EXISTS.
    pub(super) fn if_exists(&mut self) -> bool {
        self.take_all(&["IF", "EXISTS"])
    }

    /// IF NOT EXISTS.
    pub(super) fn if_not_exists(&mut self) -> bool {
        self.take_all(&["IF", "NOT", "EXISTS"])
    }

    /// MariaDB: WAIT n, NOWAIT.
    pub(super) fn wait(&mut self) -> Parsed<()> {
        if self.at("WAIT") && matches!(self.peek_at(1), Some(Token::Number(_))) {
            self.next();
            self.number()?;
        } else {
            self.take("NOWAIT");
        }
        Ok(())
    }

    /// A whole number without sign; digits behind a point do not count.
    pub(super) fn number(&mut self) -> Parsed<u64> {
        let number = match self.peek() {
            // more digits than fit are more than any server takes
            Some(Token::Number(number)) => match number.split('.').next() {
                Some(digits) if digits.bytes().all(|digit| digit.is_ascii_digit()) => {
                    Some(digits.parse().unwrap_or(u64::MAX))
                }
                Some(_) | None => None,
            },
            Some(Token::Word(word)) => {
                word.strip_prefix("0x").and_then(|digits| u64::from_str_radix(digits, 16).ok())
            }
            Some(Token::Hex(digits)) => u64::from_str_radix(digits, 16).ok(),
            _ => None,
        };
        let number = number.ok_or_else(|| self.unexpected("a number"))?;
        self.next();
        Ok(number)
    }

    /// A string, which may be cut into several.
    pub(super) fn text(&mut self) -> Parsed<String> {
        match self.peek() {
            Some(Token::Text(raw, quoting)) if !quoting.national => {
                self.next();
                Ok(lex::text(raw, quoting).into_owned())
            }
            _ => Err(self.unexpected("a string")),
        }
    }

    /// The name of a character set, a collation, an engine: a word, a quoted name or a string.
    pub(super) fn word_or_text(&mut self) -> Parsed<String> {
        match self.peek() {
            Some(Token::Text(..)) => self.text(),
            Some(Token::Word("binary" | "BINARY")) => {
                self.next();
                Ok("binary".to_owned())
            }
            Some(Token::Word(word)) if word.eq_ignore_ascii_case("BINARY") => {
                self.next();
                Ok("binary".to_owned())
            }
            _ => self.name(),
        }
    }

    /// Passes over a literal: a number with or without sign, a string with or without introducer.
    pub(super) fn literal(&mut self) -> Parsed<()> {
        let signed = self.take_sign('-') || self.take_sign('+');
        match self.peek() {
            Some(Token::Number(_) | Token::Hex(_) | Token::Bits(_)) => {
                self.next();
            }
            Some(Token::Sign('.')) if matches!(self.peek_at(1), Some(Token::Number(_) | Token::Word(_))) => {
                self.tokens = &self.tokens[2..];
            }
            Some(Token::Word(word)) if is_digits_of_base(word) => {
                self.next();
            }
            Some(Token::Text(..)) if !signed => {
                while matches!(self.peek(), Some(Token::Text(..))) {
                    self.next();
                }
            }
            Some(Token::Word(word)) if !signed && word.starts_with('_') => {
                self.next();
                match self.peek() {
                    Some(Token::Text(..) | Token::Hex(_) | Token::Bits(_)) => return self.literal(),
                    Some(Token::Word(word)) if is_digits_of_base(word) => return self.literal(),
                    _ => return Err(self.unexpected("a string")),
                }
            }
            _ => return Err(self.unexpected("a value")),
        }
        Ok(())
    }

    /// Passes over an expression in parentheses. Its parentheses are counted, and that something stands between commas is
    /// looked at; what it says is the server's business.
    pub(super) fn group(&mut self) -> Parsed<()> {
        let start = self.here();
        self.grouped()?;
        self.note(start, || Note::Expression);
        Ok(())
    }

    fn grouped(&mut self) -> Parsed<()> {
        self.expect_sign('(')?;
        let mut depth = 1_usize;
        // whether an operand may not be missing here, and whether `()` is the call of a function
        let (mut wants_operand, mut calls) = (true, false);
        // behind a number or a parenthesis only an operator may stand, or a word that is one
        let mut ended = false;
        while depth > 0 {
            let value = matches!(
                self.peek(),
                Some(Token::Number(_) | Token::Text(..) | Token::Hex(_) | Token::Bits(_) | Token::Name(..))
            );
            if ended && value {
                return Err(self.unexpected("an operator"));
            }
            let Some(token) = self.next() else { return Err("a parenthesis is not closed".to_owned()) };
            ended = matches!(token, Token::Number(_) | Token::Sign(')') | Token::Name(..));
            match token {
                Token::Sign('(') => {
                    depth += 1;
                    calls = !wants_operand;
                    wants_operand = true;
                    continue;
                }
                Token::Sign(sign @ (')' | ',')) => {
                    if wants_operand && !(sign == ')' && calls) {
                        return Err(format!("`{sign}` stands where a value was expected"));
                    }
                    depth -= usize::from(sign == ')');
                    wants_operand = sign == ',';
                }
                Token::Sign('+' | '-' | '/' | '%' | '<' | '>' | '=' | '&' | '|' | '^' | '!' | '~' | '.') => {
                    wants_operand = true;
                }
                Token::Sign(';') => return Err("`;` stands inside parentheses".to_owned()),
                // only as `:=`
                Token::Sign(':') if !self.at_sign('=') => return Err(self.unexpected("`:=`")),
                Token::Word(word) => wants_operand = needs_operand(word),
                Token::Number(_)
                | Token::Name(..)
                | Token::Text(..)
                | Token::Hex(_)
                | Token::Bits(_)
                | Token::Sign(_) => {
                    wants_operand = false;
                }
            }
            calls = false;
        }
        Ok(())
    }
}

/// Words behind which something has to follow.
fn needs_operand(word: &str) -> bool {
    const WORDS: [&str; 9] = ["AND", "OR", "XOR", "NOT", "LIKE", "BETWEEN", "IN", "DIV", "IS"];
    word.len() <= 7 && WORDS.iter().any(|one| word.eq_ignore_ascii_case(one))
}

/// `0x4A`, `0b01`.
fn is_digits_of_base(word: &str) -> bool {
    let all = |digits: &str, base| !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(base));
    word.strip_prefix("0x").is_some_and(|digits| all(digits, 16))
        || word.strip_prefix("0b").is_some_and(|digits| all(digits, 2))
}

/// Most signs of a word that a reason repeats.
const SHOWN_MAX: usize = 40;

/// What a reason repeats of a word, which may be as long as its statement.
pub(super) fn shortened(word: &str) -> &str {
    word.char_indices().nth(SHOWN_MAX).map_or(word, |(end, _)| &word[..end])
}

pub(super) fn is_word(token: Option<Token<'_>>, word: &str) -> bool {
    matches!(token, Some(Token::Word(found)) if found.eq_ignore_ascii_case(word))
}
