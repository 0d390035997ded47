//! Statement text → words, names and signs.
//!
//! Comments are gone, and what `/*!…*/` encloses is code: servers turn the `!` of comments they did not
//! execute into a blank before they log a statement, so no version is compared. `/*M!…*/` is code for MariaDB
//! only.
//! Guarantees: total; strings and quoted names never leak into words, whatever they hold.

use crate::mysql::position::Flavor;
use std::iter::Peekable;
use std::str::CharIndices;

/// One token of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token<'s> {
    /// A bare word: a keyword, or a name without quotes. May begin with a digit.
    Word(&'s str),
    /// A name in backticks, or in double quotes under ANSI_QUOTES.
    Name(String),
    /// A string; its content does not matter here.
    Text,
    /// Any other sign.
    Sign(char),
}

/// How text is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialect {
    /// Double quotes enclose names, not strings.
    pub(super) ansi_quotes: bool,
    /// A backslash in a string is itself.
    pub(super) plain_backslash: bool,
    /// Whose `/*M!`.
    pub(super) flavor: Flavor,
}

/// The tokens of a statement; none when a quote or comment is not closed.
pub(super) fn tokens(text: &str, dialect: Dialect) -> Option<Vec<Token<'_>>> {
    let mut reader = Reader { text, signs: text.char_indices().peekable(), dialect };
    let mut tokens = Vec::new();
    while let Some((at, sign)) = reader.signs.next() {
        match sign {
            _ if sign.is_whitespace() || sign.is_control() => {}
            '#' => reader.skip_line(),
            '-' if reader.at_line_comment(at) => reader.skip_line(),
            '/' if text[at..].starts_with("/*") => reader.comment(at)?,
            // the end of a comment that is code
            '*' if text[at..].starts_with("*/") => {
                reader.signs.next();
            }
            '`' => tokens.push(Token::Name(reader.quoted('`', true)?)),
            '"' if dialect.ansi_quotes => tokens.push(Token::Name(reader.quoted('"', true)?)),
            '\'' | '"' => {
                reader.quoted(sign, dialect.plain_backslash)?;
                tokens.push(Token::Text);
            }
            _ if is_word(sign) => tokens.push(Token::Word(reader.word(at))),
            sign => tokens.push(Token::Sign(sign)),
        }
    }
    Some(tokens)
}

struct Reader<'s> {
    text: &'s str,
    signs: Peekable<CharIndices<'s>>,
    dialect: Dialect,
}

impl<'s> Reader<'s> {
    fn skip_line(&mut self) {
        while self.signs.next().is_some_and(|(_, sign)| sign != '\n') {}
    }

    /// `--` is a comment only before a blank, a control character or the end.
    fn at_line_comment(&self, at: usize) -> bool {
        self.text[at..].strip_prefix("--").is_some_and(|rest| {
            rest.chars().next().is_none_or(|sign| sign.is_whitespace() || sign.is_control())
        })
    }

    /// The `/` of `/*` at `at` was read.
    fn comment(&mut self, at: usize) -> Option<()> {
        let inner = &self.text[at + 2..];
        let code = match self.dialect.flavor {
            Flavor::MariaDb => inner.strip_prefix("M!").or_else(|| inner.strip_prefix('!')),
            Flavor::MySql => inner.strip_prefix('!'),
        };
        let end = match code {
            // five or six digits of a version
            Some(code) => {
                let digits = code.bytes().take(6).take_while(u8::is_ascii_digit).count();
                self.text.len() - code.len() + if digits < 5 { 0 } else { digits }
            }
            None => at + 2 + inner.find("*/")? + 2,
        };
        while self.signs.next_if(|&(at, _)| at < end).is_some() {}
        Some(())
    }

    /// What stands up to the closing quote; a doubled quote is one.
    fn quoted(&mut self, quote: char, plain_backslash: bool) -> Option<String> {
        let mut content = String::new();
        loop {
            let (_, sign) = self.signs.next()?;
            if sign == quote {
                if self.signs.next_if(|&(_, next)| next == quote).is_none() {
                    return Some(content);
                }
            } else if sign == '\\' && !plain_backslash {
                self.signs.next()?;
            }
            content.push(sign);
        }
    }

    fn word(&mut self, from: usize) -> &'s str {
        let mut end = self.text.len();
        while let Some(&(at, sign)) = self.signs.peek() {
            if !is_word(sign) {
                end = at;
                break;
            }
            self.signs.next();
        }
        &self.text[from..end]
    }
}

fn is_word(sign: char) -> bool {
    sign.is_ascii_alphanumeric() || matches!(sign, '_' | '$') || sign >= '\u{80}'
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MYSQL: Dialect = Dialect { ansi_quotes: false, plain_backslash: false, flavor: Flavor::MySql };

    /// Words as they are, names in angles, strings as `'`.
    fn shown(text: &str, dialect: Dialect) -> Option<String> {
        let shown = tokens(text, dialect)?.into_iter().map(|token| match token {
            Token::Word(word) => word.to_owned(),
            Token::Name(name) => format!("<{name}>"),
            Token::Text => "'".to_owned(),
            Token::Sign(sign) => sign.to_string(),
        });
        Some(shown.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn words_names_and_strings() {
        let check =
            |text: &str, expected: &str| assert_eq!(shown(text, MYSQL).as_deref(), Some(expected), "{text}");
        check("a.b,`c``d`", "a . b , <c`d>");
        check("商城.2t", "商城 . 2t");
        check(r"'it''s \' `x`' y", "' y");
        check(r#""drop" z"#, "' z");
        check("a--b", "a - - b");
        check("a -- b\nc # d\ne", "a c e");
        check("a/* `x */b", "a b");
        check("/*! a */ /*!50000 b*/ /*!080011c*/ d", "a b c d");
        check("/*!1234 a */", "1234 a");
        check("/*! a /* inner */ b */ c", "a b c");
        check("/*M!100301 a */ b", "b");
        check("--", "");
    }

    #[test]
    fn modes_and_families() {
        let check =
            |text: &str, dialect, expected: &str| assert_eq!(shown(text, dialect).as_deref(), Some(expected));
        check(r#""a""b" c"#, Dialect { ansi_quotes: true, ..MYSQL }, "<a\"b> c");
        check(r"'a\' b", Dialect { plain_backslash: true, ..MYSQL }, "' b");
        check("/*M!100301 a */ b", Dialect { flavor: Flavor::MariaDb, ..MYSQL }, "a b");
    }

    #[test]
    fn what_is_not_closed_is_no_statement() {
        for text in ["`a", "'a", "/* a", r"'a\'", "\"a"] {
            assert_eq!(tokens(text, MYSQL), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,30}|[`'\"/*!M#\\-0-9 a\\\\\n]{0,30}") {
            let _ = tokens(&text, MYSQL);
        }
    }
}
