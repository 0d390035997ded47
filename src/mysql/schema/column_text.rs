//! A column as one line of text, in the words of SHOW CREATE TABLE, and back: `bigint unsigned not null`,
//! `varchar(64) collate utf8mb4_bin`, `int stored generated`.
//!
//! Reading takes every attribute that MySQL and MariaDB print behind a type, whether it matters here or not; an attribute
//! nobody prints is an error that names it, never passed over. Writing gives what matters: type, collation, whether the
//! column is generated, whether it may be NULL.

use super::declared::{self, DeclaredError, arguments};
use crate::mysql::column_type::ColumnType;

/// Character set of a column that names none: the default of MySQL 8, and the one with the longest characters.
const DEFAULT_CHARSET: &str = "utf8mb4";

/// What a line of text says of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnText {
    /// Type.
    pub ty: ColumnType,
    /// The type as written, without what follows it: `varchar(64)`, `bigint unsigned`.
    pub declared: String,
    /// May be NULL.
    pub nullable: bool,
    /// Collation by name, where one is named.
    pub collation: Option<String>,
    /// Its value is computed from other columns.
    pub generated: bool,
}

/// Why a text does not describe a column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnTextError {
    /// The type cannot be used.
    #[error(transparent)]
    Type(#[from] DeclaredError),
    /// A word behind the type that is no attribute of a column.
    #[error("`{0}` is no attribute of a column")]
    Attribute(String),
    /// A word that lacks what follows it.
    #[error("something is missing behind `{0}`")]
    Incomplete(String),
    /// A quote or a parenthesis that is not closed.
    #[error("a quote or a parenthesis is not closed")]
    Open,
}

impl ColumnText {
    /// Reads a text.
    ///
    /// # Errors
    /// What is no column of a known server.
    pub fn parse(text: &str) -> Result<ColumnText, ColumnTextError> {
        let (plain, comment) = declared::without_comments(text);
        let head_len = plain.find(|sign: char| !sign.is_ascii_alphanumeric()).unwrap_or(plain.len());
        let (_, behind) = arguments(&plain[head_len..]).ok_or(ColumnTextError::Open)?;
        let mut declared = plain[..plain.len() - behind.len()].to_owned();
        let mut attributes = Attributes::default();
        let mut tokens = Tokens { rest: behind };
        while let Some(token) = tokens.next()? {
            match token {
                Token::Word("unsigned" | "zerofill") => {
                    declared.push(' ');
                    declared.push_str(token.text());
                }
                // DOUBLE PRECISION is DOUBLE, SIGNED says nothing.
                Token::Word("precision" | "signed") => {}
                Token::Word(word) => attributes.take(word, &mut tokens)?,
                Token::Other(other) => return Err(ColumnTextError::Attribute(other.to_owned())),
            }
        }
        let charset = attributes.charset.or_else(|| attributes.collation.as_deref().map(charset_of));
        let compressed = format!("{comment}{}", if attributes.compressed { " compressed" } else { "" });
        let ty =
            declared::parse(&declared, &compressed, Some(charset.as_deref().unwrap_or(DEFAULT_CHARSET)))?;
        Ok(ColumnText {
            ty,
            declared,
            nullable: !attributes.not_null,
            collation: attributes.collation,
            generated: attributes.generated,
        })
    }

    /// As [`parse`](Self::parse) reads it.
    pub fn text(&self) -> String {
        let mut text = self.declared.clone();
        if let Some(collation) = &self.collation {
            text.push_str(" collate ");
            text.push_str(collation);
        }
        if self.ty.as_text().is_some_and(|text| text.compressed) {
            text.push_str(" compressed");
        }
        if self.generated {
            text.push_str(" generated");
        }
        if !self.nullable {
            text.push_str(" not null");
        }
        text
    }
}

/// The character set of a collation: the first part of its name, as both families name them.
fn charset_of(collation: &str) -> String {
    collation.split('_').next().unwrap_or_default().to_owned()
}

/// What the words behind a type say.
#[derive(Debug, Default)]
struct Attributes {
    charset: Option<String>,
    collation: Option<String>,
    not_null: bool,
    generated: bool,
    compressed: bool,
}

impl Attributes {
    fn take(&mut self, word: &str, tokens: &mut Tokens<'_>) -> Result<(), ColumnTextError> {
        let incomplete = || ColumnTextError::Incomplete(word.to_owned());
        match word {
            "not" => match tokens.next()? {
                Some(Token::Word("null")) => self.not_null = true,
                _ => return Err(incomplete()),
            },
            "null" | "auto_increment" | "invisible" | "visible" | "default_generated" | "generated"
            | "always" | "virtual" | "stored" | "persistent" | "ascii" | "unicode" | "binary" | "with"
            | "without" | "system" | "versioning" => {
                self.generated |= matches!(word, "generated" | "virtual" | "stored" | "persistent")
            }
            "compressed" => {
                self.compressed = true;
                tokens.skip_value()?;
            }
            "charset" => self.charset = Some(self.name(word, tokens)?),
            "character" => match tokens.next()? {
                Some(Token::Word("set")) => self.charset = Some(self.name(word, tokens)?),
                _ => return Err(incomplete()),
            },
            "collate" => self.collation = Some(self.name(word, tokens)?),
            "as" => match tokens.next()? {
                Some(Token::Other(_) | Token::Word("row")) => {
                    self.generated = true;
                    tokens.skip_word(&["start", "end"])?;
                }
                Some(Token::Word(_)) | None => return Err(incomplete()),
            },
            "check" | "default" | "comment" | "srid" | "ref_system_id" | "column_format" | "storage" => {
                tokens.skip_word(&["="])?;
                tokens.next()?.ok_or_else(incomplete)?;
                tokens.skip_value()?;
            }
            "on" => {
                tokens.skip_word(&["update"])?;
                tokens.next()?.ok_or_else(incomplete)?;
                tokens.skip_value()?;
            }
            other => return Err(ColumnTextError::Attribute(other.to_owned())),
        }
        Ok(())
    }

    /// The name behind a word, which may stand in quotes.
    fn name(&self, word: &str, tokens: &mut Tokens<'_>) -> Result<String, ColumnTextError> {
        let token = tokens.next()?.ok_or_else(|| ColumnTextError::Incomplete(word.to_owned()))?;
        Ok(token.text().trim_matches(['\'', '"', '`']).to_ascii_lowercase())
    }
}

/// What stands behind a type.
struct Tokens<'t> {
    rest: &'t str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'t> {
    /// A word of the server, in lower case.
    Word(&'t str),
    /// A text in quotes, something in parentheses, a number, a sign; also a word in upper case that is none of ours.
    Other(&'t str),
}

impl<'t> Token<'t> {
    fn text(self) -> &'t str {
        match self {
            Token::Word(text) | Token::Other(text) => text,
        }
    }
}

/// The words that mean something, so that they are found in any case.
const WORDS: &[&str] = &[
    "always",
    "as",
    "ascii",
    "auto_increment",
    "binary",
    "character",
    "charset",
    "check",
    "collate",
    "column_format",
    "comment",
    "compressed",
    "default",
    "default_generated",
    "end",
    "generated",
    "invisible",
    "not",
    "null",
    "on",
    "persistent",
    "precision",
    "ref_system_id",
    "row",
    "set",
    "signed",
    "srid",
    "start",
    "storage",
    "stored",
    "system",
    "unicode",
    "unsigned",
    "update",
    "versioning",
    "virtual",
    "visible",
    "with",
    "without",
    "zerofill",
];

impl<'t> Tokens<'t> {
    fn next(&mut self) -> Result<Option<Token<'t>>, ColumnTextError> {
        self.rest = self.rest.trim_start();
        let Some(first) = self.rest.chars().next() else { return Ok(None) };
        let len = match first {
            '(' => group(self.rest).ok_or(ColumnTextError::Open)?,
            '\'' | '"' | '`' => quoted(self.rest, first).ok_or(ColumnTextError::Open)?,
            sign if is_word(sign) => self.rest.find(|sign| !is_word(sign)).unwrap_or(self.rest.len()),
            sign => sign.len_utf8(),
        };
        let (text, rest) = self.rest.split_at(len);
        self.rest = rest;
        let known = WORDS.iter().find(|word| word.eq_ignore_ascii_case(text));
        Ok(Some(known.map_or(Token::Other(text), |word| Token::Word(word))))
    }

    /// Passes over a token that is one of these.
    fn skip_word(&mut self, words: &[&str]) -> Result<(), ColumnTextError> {
        let before = self.rest;
        match self.next()? {
            Some(token) if words.contains(&token.text()) => {}
            Some(_) | None => self.rest = before,
        }
        Ok(())
    }

    /// Passes over what belongs to the token before it without a blank: the rest of `-1`, `b'1'`, `now()`.
    fn skip_value(&mut self) -> Result<(), ColumnTextError> {
        while self.rest.starts_with(|sign: char| !sign.is_whitespace()) {
            self.next()?;
        }
        Ok(())
    }
}

fn is_word(sign: char) -> bool {
    sign.is_alphanumeric() || matches!(sign, '_' | '$' | '.')
}

/// Length of what stands in parentheses, with them.
fn group(text: &str) -> Option<usize> {
    let (mut at, mut depth) = (0, 0);
    loop {
        let sign = text[at..].chars().next()?;
        match sign {
            '(' => depth += 1,
            ')' => depth -= 1,
            '\'' | '"' | '`' => {
                at += quoted(&text[at..], sign)?;
                continue;
            }
            _ => {}
        }
        at += sign.len_utf8();
        if depth == 0 {
            return Some(at);
        }
    }
}

/// Length of the text in quotes that `text` begins with.
fn quoted(text: &str, quote: char) -> Option<usize> {
    let mut signs = text.char_indices().skip(1).peekable();
    while let Some((at, sign)) = signs.next() {
        let doubled = sign == quote && signs.next_if(|&(_, next)| next == quote).is_some();
        if sign == quote && !doubled {
            return Some(at + 1);
        }
        if sign == '\\' && quote != '`' {
            signs.next();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mysql::column_type::Text;
    use proptest::prelude::*;

    /// What a text says, in the form that is written.
    #[track_caller]
    fn check(text: &str, written: &str) {
        let column = ColumnText::parse(text).expect(text);
        assert_eq!(column.text(), written, "{text}");
        assert_eq!(ColumnText::parse(written), Ok(column), "{written} reads back");
    }

    #[test]
    fn types_alone_and_with_what_matters() {
        for text in [
            "bigint unsigned not null",
            "bigint(20) unsigned zerofill not null",
            "datetime(6) not null",
            "varchar(64)",
            "varchar(64) collate utf8mb4_bin not null",
            "varchar(64) collate latin1_swedish_ci compressed",
            "enum('new','it''s','a \"b\"') collate utf8mb4_0900_ai_ci not null",
            "set('a','b')",
            "json",
            "decimal(10,2) generated",
            "geometry not null",
            "point",
            "vector(3)",
            "uuid",
            "inet6",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn every_attribute_a_server_prints_is_known() {
        check("int NOT NULL AUTO_INCREMENT", "int not null");
        check("int unsigned DEFAULT NULL COMMENT 'it''s (a) \\' note'", "int unsigned");
        check(
            "varchar(32) CHARACTER SET latin1 COLLATE latin1_bin NOT NULL DEFAULT ''",
            "varchar(32) collate latin1_bin not null",
        );
        check(
            "datetime(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)",
            "datetime(6) not null",
        );
        check("timestamp NULL DEFAULT current_timestamp()", "timestamp");
        check(
            "decimal(10,2) GENERATED ALWAYS AS ((`price` * (1 + `vat`))) STORED",
            "decimal(10,2) generated",
        );
        check("int(11) AS (`a` + 1) VIRTUAL", "int(11) generated");
        check("int VIRTUAL GENERATED", "int generated");
        check("binary(16) NOT NULL DEFAULT (uuid_to_bin(uuid()))", "binary(16) not null");
        check("bit(1) DEFAULT b'0'", "bit(1)");
        check("int DEFAULT -1", "int");
        check("point NOT NULL /*!80003 SRID 4326 */", "point not null");
        check("point SRID 4326", "point");
        check("int /*!80023 INVISIBLE */", "int");
        check("timestamp(6) GENERATED ALWAYS AS ROW START", "timestamp(6) generated");
        check("longtext CHECK (json_valid(`doc`))", "longtext");
        check("varchar(10) /*M!100301 COMPRESSED*/", "varchar(10) compressed");
        check("double precision", "double");
    }

    #[test]
    fn the_character_set_is_that_of_the_collation() {
        let max_bytes = |text| match ColumnText::parse(text).expect(text).ty {
            ColumnType::VarChar(Text { charset, max_bytes, .. }) => (charset, max_bytes),
            other => panic!("{other:?}"),
        };
        assert_eq!(max_bytes("varchar(10)"), ("utf8mb4".to_owned(), 40));
        assert_eq!(max_bytes("varchar(10) collate latin1_bin"), ("latin1".to_owned(), 10));
        assert_eq!(max_bytes("varchar(10) charset ucs2"), ("ucs2".to_owned(), 20));
        let binary = ColumnText::parse("varchar(10) collate binary").expect("a column");
        assert_eq!(binary.ty, ColumnType::VarBinary { bytes: 10 });
    }

    #[test]
    fn what_is_no_column_is_named() {
        let check = |text: &str, said: &str| {
            let error = ColumnText::parse(text).expect_err(text);
            assert_eq!(error.to_string(), said, "{text}");
        };
        check("bigintt unsigned", "the type `bigintt` is not known");
        check("int nul null", "`nul` is no attribute of a column");
        check("int primary key", "`primary` is no attribute of a column");
        check("int not", "something is missing behind `not`");
        check("int default", "something is missing behind `default`");
        check("decimal(300)", "the length of the type `decimal` is not understood");
        check("varchar(10) collate klingon_ci", "the character set `klingon` is not known");
        check("int comment 'a", "a quote or a parenthesis is not closed");
        check("enum('a'", "a quote or a parenthesis is not closed");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,24}|(enum|int|varchar)[('\\\\,)\"` 0-9a-z]{0,20}") {
            if let Ok(column) = ColumnText::parse(&text) {
                let _ = column.text();
            }
        }
    }
}
