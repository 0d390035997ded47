//! Regular expressions in RE2's syntax, in the words of the `regex` crate.
//!
//! The two differ where it would be noticed: Perl classes are ASCII here (`\d` is `[0-9]`), brackets know no
//! set operations (`[a&&b]` is three signs), a brace that is no repetition is itself. What RE2 does not have
//! is an error with its place.

use super::error::{PatternError, PatternErrorKind};
use std::iter::Peekable;
use std::str::CharIndices;

const DIGIT: &str = "0-9";
const WORD: &str = "0-9A-Za-z_";
/// RE2's `\s`: without the vertical tab.
const SPACE: &str = r"\t\n\x0c\r ";

/// The same expression for the `regex` crate.
///
/// # Errors
/// A construct that RE2 does not have, or a group or bracket that is not closed or not opened. What else is
/// wrong with the expression is left to the compiler.
pub(super) fn translate(text: &str) -> Result<String, PatternError> {
    let mut reader = Reader { text, signs: text.char_indices().peekable(), out: String::new() };
    let mut open = Vec::new();
    while let Some((at, sign)) = reader.signs.next() {
        match sign {
            '\\' => reader.escape(at)?,
            '[' => reader.class(at)?,
            '(' => {
                open.push(at);
                reader.group(at)?;
            }
            ')' => {
                open.pop().ok_or_else(|| syntax("the group was not opened", at, at + 1))?;
                reader.out.push(')');
            }
            '{' => match repetition(&text[at..]) {
                Some(repetition) => {
                    reader.out.push_str(repetition);
                    for _ in 1..repetition.len() {
                        reader.signs.next();
                    }
                }
                None => reader.out.push_str(r"\{"),
            },
            '}' => reader.out.push_str(r"\}"),
            sign => reader.out.push(sign),
        }
    }
    match open.pop() {
        Some(at) => Err(syntax("the group is not closed", at, text.len())),
        None => Ok(reader.out),
    }
}

struct Reader<'t> {
    text: &'t str,
    signs: Peekable<CharIndices<'t>>,
    out: String,
}

impl Reader<'_> {
    /// Byte behind what was read.
    fn at(&mut self) -> usize {
        self.signs.peek().map_or(self.text.len(), |&(at, _)| at)
    }

    fn unsupported<T>(&mut self, from: usize) -> Result<T, PatternError> {
        let to = self.at();
        Err(PatternError::new(PatternErrorKind::Unsupported, from..to))
    }

    /// An escape outside brackets; its backslash at `from` was read.
    fn escape(&mut self, from: usize) -> Result<(), PatternError> {
        let Some((_, sign)) = self.signs.next() else {
            return Err(syntax("the backslash escapes nothing", from, self.text.len()));
        };
        match sign {
            'd' => self.bracketed("[", DIGIT),
            'D' => self.bracketed("[^", DIGIT),
            'w' => self.bracketed("[", WORD),
            'W' => self.bracketed("[^", WORD),
            's' => self.bracketed("[", SPACE),
            'S' => self.bracketed("[^", SPACE),
            'b' => self.out.push_str(r"(?-u:\b)"),
            'B' => self.out.push_str(r"(?-u:\B)"),
            'A' | 'z' => {
                self.out.push('\\');
                self.out.push(sign);
            }
            '1'..='9' => {
                let to = self.at();
                return Err(PatternError::new(PatternErrorKind::BackReference, from..to));
            }
            sign => {
                let item = self.common_escape(from, sign)?;
                self.out.push_str(&item);
            }
        }
        Ok(())
    }

    fn bracketed(&mut self, open: &str, inner: &str) {
        self.out.push_str(open);
        self.out.push_str(inner);
        self.out.push(']');
    }

    /// An escape that means the same inside and outside brackets.
    fn common_escape(&mut self, from: usize, sign: char) -> Result<String, PatternError> {
        match sign {
            'a' | 'f' | 't' | 'n' | 'r' | 'v' => Ok(format!(r"\{sign}")),
            'x' | 'p' | 'P' => {
                let mut escape = format!(r"\{sign}");
                if self.signs.next_if(|&(_, next)| next == '{').is_some() {
                    escape.push('{');
                    for (_, next) in self.signs.by_ref() {
                        escape.push(next);
                        if next == '}' {
                            return Ok(escape);
                        }
                    }
                    return Err(syntax("the brace is not closed", from, self.text.len()));
                }
                for _ in 0..if sign == 'x' { 2 } else { 1 } {
                    match self.signs.next() {
                        Some((_, next)) if next.is_ascii_alphanumeric() => escape.push(next),
                        _ => return self.unsupported(from),
                    }
                }
                Ok(escape)
            }
            sign if sign.is_ascii_punctuation() => Ok(literal(sign)),
            _ => self.unsupported(from),
        }
    }

    /// `(` at `from` was read.
    fn group(&mut self, from: usize) -> Result<(), PatternError> {
        let rest = &self.text[from..];
        let starts =
            |heads: &[&str]| heads.iter().find(|head| rest.starts_with(**head)).map(|head| head.len());
        if let Some(len) = starts(&["(?=", "(?!", "(?<=", "(?<!"]) {
            return Err(PatternError::new(PatternErrorKind::LookAround, from..from + len));
        }
        if let Some(len) = starts(&["(?P=", "(?P>"]) {
            return Err(PatternError::new(PatternErrorKind::BackReference, from..from + len));
        }
        let head = if let Some(len) = starts(&["(?P<", "(?<"]) {
            &rest[..len]
        } else if let Some(inner) = rest.strip_prefix("(?") {
            let flags = inner.len() - inner.trim_start_matches(['i', 'm', 's', 'U', '-']).len();
            match inner[flags..].chars().next() {
                Some(':') => &rest[..flags + 3],
                // the closing parenthesis is read by the caller
                Some(')') if flags > 0 => &rest[..flags + 2],
                Some(next) => {
                    let to = from + 2 + flags + next.len_utf8();
                    return Err(PatternError::new(PatternErrorKind::Unsupported, from..to));
                }
                None => return Err(syntax("the group is not closed", from, self.text.len())),
            }
        } else {
            "("
        };
        self.out.push_str(head);
        for _ in 1..head.len() {
            self.signs.next();
        }
        Ok(())
    }

    /// `[` at `from` was read.
    fn class(&mut self, from: usize) -> Result<(), PatternError> {
        self.out.push('[');
        if self.signs.next_if(|&(_, sign)| sign == '^').is_some() {
            self.out.push('^');
        }
        let mut first = true;
        loop {
            let Some((at, sign)) = self.signs.next() else {
                return Err(syntax("the bracket is not closed", from, self.text.len()));
            };
            if sign == ']' && !first {
                break;
            }
            first = false;
            if sign == '[' && self.text[at..].starts_with("[:") {
                let Some(len) = self.text[at..].find(":]") else {
                    return Err(syntax("the bracket is not closed", at, self.text.len()));
                };
                let class = &self.text[at..at + len + 2];
                self.out.push_str(class);
                for _ in 1..class.chars().count() {
                    self.signs.next();
                }
                continue;
            }
            let (item, single) = self.class_item(at, sign)?;
            self.out.push_str(&item);
            let rest = &self.text[self.at()..];
            if single && rest.starts_with('-') && !rest[1..].starts_with(']') && rest.len() > 1 {
                self.signs.next();
                self.out.push('-');
                if let Some((at, sign)) = self.signs.next() {
                    let (item, single) = self.class_item(at, sign)?;
                    if !single {
                        return self.unsupported(at);
                    }
                    self.out.push_str(&item);
                }
            }
        }
        self.out.push(']');
        Ok(())
    }

    /// One sign or escape of a class, and whether it can be the end of a range.
    fn class_item(&mut self, at: usize, sign: char) -> Result<(String, bool), PatternError> {
        if sign != '\\' {
            return Ok((literal(sign), true));
        }
        let Some((_, sign)) = self.signs.next() else {
            return Err(syntax("the backslash escapes nothing", at, self.text.len()));
        };
        let item = match sign {
            'd' => (DIGIT.to_owned(), false),
            'D' => (format!("[^{DIGIT}]"), false),
            'w' => (WORD.to_owned(), false),
            'W' => (format!("[^{WORD}]"), false),
            's' => (SPACE.to_owned(), false),
            'S' => (format!("[^{SPACE}]"), false),
            sign => (self.common_escape(at, sign)?, !matches!(sign, 'p' | 'P')),
        };
        Ok(item)
    }
}

/// One sign as itself, inside brackets and outside.
fn literal(sign: char) -> String {
    // `\<` and `\>` would be word boundaries
    if sign.is_ascii_punctuation() && !matches!(sign, '<' | '>') {
        format!(r"\{sign}")
    } else {
        sign.to_string()
    }
}

/// The `{n}`, `{n,}` or `{n,m}` that a text which begins with `{` begins with.
fn repetition(text: &str) -> Option<&str> {
    let close = text.find('}')?;
    let (low, high) = text[1..close].split_once(',').unwrap_or((&text[1..close], ""));
    let number = |digits: &str| digits.bytes().all(|digit| digit.is_ascii_digit());
    (!low.is_empty() && number(low) && number(high)).then_some(&text[..=close])
}

fn syntax(message: &str, from: usize, to: usize) -> PatternError {
    PatternError::new(PatternErrorKind::Syntax(message.to_owned()), from..to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn means_what_re2_means() {
        let check = |text: &str, yes: &[&str], no: &[&str]| {
            let translated = translate(text).expect(text);
            let regex = regex::Regex::new(&format!(r"\A(?:{translated})\z")).expect(text);
            for name in yes {
                assert!(regex.is_match(name), "{text} ({translated}) and {name}");
            }
            for name in no {
                assert!(!regex.is_match(name), "{text} ({translated}) and {name}");
            }
        };
        check(r"\d+", &["12"], &["٣", "x"]);
        check(r"\w\W", &["ö-"; 0], &["öx"]);
        check(r"\w\W", &["aö"], &["ab"]);
        check(r"a\b-\bb\B.", &["a-bc"], &["a-b-"]);
        check(r"\s\S", &[" x", "\tx"], &["\u{b}x", "\u{a0}x"]);
        check(r"[\d\-x]*", &["1-x"], &["٣"]);
        check(r"[^\D]*", &["123"], &["a"]);
        check(r"[a&&b]+", &["a", "&", "b&"], &["c"]);
        check(r"[]a]+", &["]a"], &["b"]);
        check(r"[^]a]+", &["bc"], &["]"]);
        check(r"[a-]+", &["-a"], &["b"]);
        check(r"[+--]+", &["+,-"], &["."]);
        check(r"[[:alpha:]~]+", &["ab~"], &["1"]);
        check(r"[\x41-C\x{e4}]+", &["ABCä"], &["D"]);
        check(r"a{2}b{,3}c{x}", &["aab{,3}c{x}"], &["aabbc"]);
        check(r"a{2,}b{0,1}", &["aaa", "aab"], &["a"]);
        check(r"\/\<\.\$", &["/<.$"], &["/<x$"]);
        check(r"(?i)order(?-i:S)", &["ORDERS"], &["orders"]);
        check(r"(?P<a>x)(?<b>y)(?:z)", &["xyz"], &["xy"]);
        check(r"\pL\p{Greek}", &["aα"], &["αa"]);
    }

    #[test]
    fn what_re2_has_not_is_named_and_placed() {
        let check = |text: &str, kind: PatternErrorKind, bad: &str| {
            let error = translate(text).expect_err(text);
            assert_eq!((error.kind.clone(), &text[error.at.clone()]), (kind, bad), "{text}");
            assert!(!error.in_glob());
        };
        let syntax = |message: &str| PatternErrorKind::Syntax(message.into());
        check("a(?=x)", PatternErrorKind::LookAround, "(?=");
        check("(?<!x)a", PatternErrorKind::LookAround, "(?<!");
        check(r"(a)\1", PatternErrorKind::BackReference, r"\1");
        check("(?P<n>a)(?P=n)", PatternErrorKind::BackReference, "(?P=");
        check("(?>a)", PatternErrorKind::Unsupported, "(?>");
        check("(?x)a", PatternErrorKind::Unsupported, "(?x");
        check(r"\Qa\E", PatternErrorKind::Unsupported, r"\Q");
        check(r"a\Z", PatternErrorKind::Unsupported, r"\Z");
        check(r"\ö", PatternErrorKind::Unsupported, r"\ö");
        check("a(b", syntax("the group is not closed"), "(b");
        check("a)|(b", syntax("the group was not opened"), ")");
        check("x[ab", syntax("the bracket is not closed"), "[ab");
        check("x\\", syntax("the backslash escapes nothing"), "\\");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,20}|[\\[\\](){}?*+|^$.:,<>=!PdwsbxiQ1a\\\\-]{0,20}") {
            let _ = translate(&text);
        }
    }
}
