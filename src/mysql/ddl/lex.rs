//! Statement text → words, names, strings and signs.
//!
//! Comments are gone, and what `/*!…*/` encloses is code: servers turn the `!` of comments they did not execute into a
//! blank before they log a statement, so no version is compared. `/*M!…*/` is code for MariaDB only.
//! Guarantees: total and linear; strings and quoted names never leak into words, whatever they hold.

use crate::mysql::position::Flavor;
use std::borrow::Cow;
use std::ops::Range;

/// One token of a statement. Copies nothing out of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token<'s> {
    /// A bare word: a keyword, or a name without quotes. May begin with a digit.
    Word(&'s str),
    /// A number without sign: `10`, `1.5`, `1e-5`.
    Number(&'s str),
    /// What stands between the quotes of a name: backticks, or double quotes under ANSI_QUOTES.
    Name(&'s str, u8),
    /// What stands between the quotes of a string.
    Text(&'s str, Quoting),
    /// The digits of `x'41'`.
    Hex(&'s str),
    /// The digits of `b'01'`.
    Bits(&'s str),
    /// Any other sign.
    Sign(char),
}

/// How a string is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quoting {
    quote: u8,
    plain_backslash: bool,
    /// N'…': a value, but no text of a clause such as COMMENT.
    pub(super) national: bool,
}

/// How text is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dialect {
    /// Double quotes enclose names, not strings.
    pub(super) ansi_quotes: bool,
    /// A backslash in a string is itself.
    pub(super) plain_backslash: bool,
    /// MariaDB's mode ORACLE.
    pub(super) oracle: bool,
    /// Whose `/*M!`.
    pub(super) flavor: Flavor,
}

/// The tokens of a statement; none when a quote or comment is not closed.
pub(super) fn tokens(text: &str, dialect: Dialect) -> Option<Vec<Token<'_>>> {
    read(text, dialect, |_| ())
}

/// The tokens of a statement, and where in the text each of them stands, with its quotes; none when a quote or comment is not
/// closed.
pub(super) fn placed_tokens(text: &str, dialect: Dialect) -> Option<(Vec<Token<'_>>, Vec<Range<usize>>)> {
    let mut places = Vec::new();
    let tokens = read(text, dialect, |place| places.push(place))?;
    Some((tokens, places))
}

fn read(text: &str, dialect: Dialect, mut placed: impl FnMut(Range<usize>)) -> Option<Vec<Token<'_>>> {
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0, dialect, in_code: false };
    let mut tokens = Vec::with_capacity(text.len() / 6 + 4);
    while let Some(&byte) = reader.bytes.get(reader.at) {
        let next = reader.bytes.get(reader.at + 1).copied();
        let (start, n_tokens) = (reader.at, tokens.len());
        match byte {
            b' ' | b'\t'..=b'\r' => reader.at += 1,
            b'#' => reader.skip_line(),
            b'-' if reader.at_line_comment() => reader.skip_line(),
            b'/' if next == Some(b'*') => reader.comment()?,
            // the end of a comment that is code
            b'*' if next == Some(b'/') && reader.in_code => {
                reader.in_code = false;
                reader.at += 2;
            }
            b'`' => tokens.push(Token::Name(reader.quoted(true)?, b'`')),
            b'"' if dialect.ansi_quotes => tokens.push(Token::Name(reader.quoted(true)?, b'"')),
            b'\'' | b'"' => tokens.push(reader.string(false)?),
            _ if is_word(byte) => {
                let behind_point = tokens.last() == Some(&Token::Sign('.'));
                tokens.push(reader.word(behind_point)?);
            }
            _ => {
                // every other sign is ASCII: the rest are parts of words
                reader.at += 1;
                tokens.push(Token::Sign(char::from(byte)));
            }
        }
        if tokens.len() > n_tokens {
            placed(start..reader.at);
        }
    }
    (!reader.in_code).then_some(tokens)
}

/// The name between the quotes of a [`Token::Name`].
pub(super) fn name(raw: &str, quote: u8) -> Cow<'_, str> {
    if !raw.as_bytes().contains(&quote) {
        return Cow::Borrowed(raw);
    }
    let one = char::from(quote);
    Cow::Owned(raw.replace(&format!("{one}{one}"), one.encode_utf8(&mut [0])))
}

/// The value of a [`Token::Text`].
pub(super) fn text(raw: &str, quoting: Quoting) -> Cow<'_, str> {
    let plain = |byte: &u8| *byte != quoting.quote && (*byte != b'\\' || quoting.plain_backslash);
    if raw.as_bytes().iter().all(plain) {
        return Cow::Borrowed(raw);
    }
    let mut value = String::with_capacity(raw.len());
    let mut signs = raw.chars();
    while let Some(sign) = signs.next() {
        if sign == char::from(quoting.quote) {
            // the first of two
            signs.next();
            value.push(sign);
        } else if sign == '\\' && !quoting.plain_backslash {
            match signs.next() {
                Some('n') => value.push('\n'),
                Some('t') => value.push('\t'),
                Some('r') => value.push('\r'),
                Some('b') => value.push('\u{8}'),
                Some('0') => value.push('\0'),
                Some('Z') => value.push('\u{1A}'),
                // kept for LIKE
                Some(wild @ ('%' | '_')) => value.extend(['\\', wild]),
                Some(other) => value.push(other),
                None => {}
            }
        } else {
            value.push(sign);
        }
    }
    Cow::Owned(value)
}

struct Reader<'s> {
    text: &'s str,
    bytes: &'s [u8],
    at: usize,
    dialect: Dialect,
    in_code: bool,
}

impl<'s> Reader<'s> {
    fn skip_line(&mut self) {
        let rest = &self.bytes[self.at..];
        self.at += rest.iter().position(|&byte| byte == b'\n').map_or(rest.len(), |at| at + 1);
    }

    /// `--` is a comment only before a blank, a control character or the end.
    fn at_line_comment(&self) -> bool {
        let rest = &self.bytes[self.at..];
        rest.starts_with(b"--") && rest.get(2).is_none_or(|byte| *byte <= b' ' || *byte == 0x7f)
    }

    /// At `/*`.
    fn comment(&mut self) -> Option<()> {
        let inner = &self.text[self.at + 2..];
        let code = match self.dialect.flavor {
            Flavor::MariaDb => inner.strip_prefix("M!").or_else(|| inner.strip_prefix('!')),
            Flavor::MySql => inner.strip_prefix('!'),
        };
        match code {
            // five or six digits of a version
            Some(code) if !self.in_code => {
                let digits = code.bytes().take(6).take_while(u8::is_ascii_digit).count();
                self.at = self.text.len() - code.len() + if digits < 5 { 0 } else { digits };
                self.in_code = true;
            }
            _ => self.at += 2 + inner.find("*/")? + 2,
        }
        Some(())
    }

    /// What stands up to the closing quote, a doubled quote included.
    fn quoted(&mut self, plain_backslash: bool) -> Option<&'s str> {
        let quote = self.bytes[self.at];
        let start = self.at + 1;
        let mut at = start;
        loop {
            let byte = *self.bytes.get(at)?;
            if byte == quote {
                if self.bytes.get(at + 1) != Some(&quote) {
                    break;
                }
                at += 1;
            } else if byte == b'\\' && !plain_backslash {
                // the bytes behind the first of a longer character are no quotes
                at += 1;
                self.bytes.get(at)?;
            }
            at += 1;
        }
        self.at = at + 1;
        Some(&self.text[start..at])
    }

    fn string(&mut self, national: bool) -> Option<Token<'s>> {
        let plain_backslash = self.dialect.plain_backslash;
        let quoting = Quoting { quote: self.bytes[self.at], plain_backslash, national };
        self.quoted(plain_backslash).map(|raw| Token::Text(raw, quoting))
    }

    fn word(&mut self, behind_point: bool) -> Option<Token<'s>> {
        let start = self.at;
        self.skip_word();
        let word = &self.text[start..self.at];
        if self.bytes.get(self.at) == Some(&b'\'') {
            match word {
                "x" | "X" => return self.quoted(true).map(Token::Hex),
                "b" | "B" => return self.quoted(true).map(Token::Bits),
                "n" | "N" => return self.string(true),
                _ => {}
            }
        }
        if behind_point || !word.as_bytes()[0].is_ascii_digit() {
            return Some(Token::Word(word));
        }
        let mut is_number = word.bytes().all(|byte| byte.is_ascii_digit());
        if is_number && self.bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.skip_word();
        }
        let so_far = &self.text[start..self.at];
        let digits = so_far.strip_suffix(['e', 'E']);
        let signed = matches!(self.bytes.get(self.at), Some(b'+' | b'-'))
            && self.bytes.get(self.at + 1).is_some_and(u8::is_ascii_digit);
        if signed
            && digits.is_some_and(|digits| digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.')))
        {
            self.at += 1;
            self.skip_word();
            is_number = true;
        }
        let all = &self.text[start..self.at];
        is_number |= all.len() > word.len() || is_exponential(all);
        Some(if is_number { Token::Number(all) } else { Token::Word(all) })
    }

    fn skip_word(&mut self) {
        let rest = &self.bytes[self.at..];
        self.at += rest.iter().position(|&byte| !is_word(byte)).unwrap_or(rest.len());
    }
}

/// `1e5`.
fn is_exponential(word: &str) -> bool {
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    word.split_once(['e', 'E']).is_some_and(|(front, power)| all_digits(front) && all_digits(power))
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 0x80..)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MYSQL: Dialect =
        Dialect { ansi_quotes: false, plain_backslash: false, oracle: false, flavor: Flavor::MySql };

    /// Words as they are, names in angles, strings in quotes.
    fn shown(statement: &str, dialect: Dialect) -> Option<String> {
        let shown = tokens(statement, dialect)?.into_iter().map(|token| match token {
            Token::Word(word) => word.to_owned(),
            Token::Number(number) => format!("={number}"),
            Token::Name(raw, quote) => format!("<{}>", name(raw, quote)),
            Token::Text(raw, quoting) => format!("'{}'", text(raw, quoting)),
            Token::Hex(digits) => format!("x{digits}"),
            Token::Bits(digits) => format!("b{digits}"),
            Token::Sign(sign) => sign.to_string(),
        });
        Some(shown.collect::<Vec<_>>().join(" "))
    }

    #[track_caller]
    fn check_in(statement: &str, dialect: Dialect, expected: &str) {
        assert_eq!(shown(statement, dialect).as_deref(), Some(expected), "{statement}");
    }

    #[test]
    fn words_names_and_strings() {
        let check = |statement: &str, expected: &str| check_in(statement, MYSQL, expected);
        check("a.b,`c``d`", "a . b , <c`d>");
        check("商城.2t", "商城 . 2t");
        check("a\u{3000}b", "a\u{3000}b");
        check(r"'it''s \' `x`' y", "'it's ' `x`' y");
        check(r#""drop" z"#, "'drop' z");
        check(r"'\%\q\0'", "'\\%q\0'");
        check("x'4A' X'' b'01' N'a' n 'b' _utf8'c'", "x4A x b01 'a' n 'b' _utf8 'c'");
        check("a--b", "a - - b");
        check("a -- b\nc # d\ne", "a c e");
        check("a/* `x */b", "a b");
        check("/*! a */ /*!50000 b*/ /*!080011c*/ d", "a b c d");
        check("/*!1234 a */", "=1234 a");
        check("/*! a /* inner */ b */ c", "a b c");
        check("/*M!100301 a */ b", "b");
        check("a */ b", "a * / b");
        check("--", "");
    }

    #[test]
    fn places_are_those_of_the_text() {
        let text = "/*!50000 a*/ `b``c`.d 'it''s' x'4A' 1.5 -- e\n;";
        let (tokens, places) = placed_tokens(text, MYSQL).expect("all is closed");
        assert_eq!(tokens.len(), places.len());
        let shown: Vec<&str> = places.into_iter().map(|place| &text[place]).collect();
        assert_eq!(shown, ["a", "`b``c`", ".", "d", "'it''s'", "x'4A'", "1.5", ";"]);
    }

    #[test]
    fn numbers_and_names_that_begin_like_one() {
        let check = |statement: &str, expected: &str| check_in(statement, MYSQL, expected);
        check("10 1.5 1. 1e5 1e-5 1.5E+3 .5", "=10 =1.5 =1. =1e5 =1e-5 =1.5E+3 . 5");
        check("2t 3e 5_x 0x1F 1a.2b t.1e5", "2t 3e 5_x 0x1F 1a . 2b t . 1e5");
        check("decimal(10,2)-1", "decimal ( =10 , =2 ) - =1");
    }

    #[test]
    fn modes_and_families() {
        check_in(r#""a""b" c"#, Dialect { ansi_quotes: true, ..MYSQL }, "<a\"b> c");
        check_in(r"'a\' b", Dialect { plain_backslash: true, ..MYSQL }, r"'a\' b");
        check_in("/*M!100301 a */ b", Dialect { flavor: Flavor::MariaDb, ..MYSQL }, "a b");
    }

    #[test]
    fn what_is_not_closed_is_no_statement() {
        for text in ["`a", "'a", "/* a", "/*! a", r"'a\'", "\"a", "x'4"] {
            assert_eq!(tokens(text, MYSQL), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(statement in "\\PC{0,30}|[`'\"/*!M#\\-0-9 ae.x\\\\\n]{0,30}") {
            let _ = shown(&statement, MYSQL);
        }
    }
}
