//! Expressions searched in texts of rows, as `regexp` of MySQL 8 searches them (ICU).
//!
//! Read is the part of the syntax that means the same to everybody: plain signs, `.`, `[…]`, groups, `|`, repetitions, `^` at the
//! beginning and `$` at the end. ICU's own ways are kept: `.` is no line end of any kind, `$` stands also before a line end that ends
//! the text, and without case a text of several signs may be one sign (`strasse` finds `straße`, `first` finds `ﬁrst`).
//! Refused, with the reason: what ICU and others read differently (`\d`, `\w`, `[[:alpha:]]`, look-around, back-references).
//! Source: ICU user guide, "Regular Expressions"; MySQL 8.0 manual, "Regular Expressions"; tried on MySQL 8.0.15 and 9.7.4.

use regex::bytes::{Regex, RegexBuilder};
use std::fmt::Write as _;
use std::iter::Peekable;
use std::str::Chars;

/// Largest compiled expression, bytes.
const REGEX_BYTES: usize = 1 << 20;
/// Most ways in which the letters of one text can be joined; no honest expression comes near.
const JOINTS_MAX: usize = 64;

/// What `.` does not take: the line ends of Unicode.
const NO_LINE_END: &str = r"[^\n\x0B\x0C\r\u{85}\u{2028}\u{2029}]";
/// Line ends that `$` may stand before, the longest first.
const LINE_ENDS: [&[u8]; 8] = [
    b"\r\n",
    b"\n",
    b"\x0B",
    b"\x0C",
    b"\r",
    "\u{85}".as_bytes(),
    "\u{2028}".as_bytes(),
    "\u{2029}".as_bytes(),
];

/// Letters that are one sign in some texts, and those signs.
const JOINED: [(&str, &[char]); 7] = [
    ("ffi", &['\u{FB03}']),
    ("ffl", &['\u{FB04}']),
    ("ff", &['\u{FB00}']),
    ("fi", &['\u{FB01}']),
    ("fl", &['\u{FB02}']),
    ("ss", &['\u{DF}', '\u{1E9E}']),
    ("st", &['\u{FB05}', '\u{FB06}']),
];

/// A compiled expression. Searching takes linear time in the text.
#[derive(Debug)]
pub struct TextSearch {
    regex: Regex,
    /// It has a `$`, so a line end behind the text may be passed over.
    ends: bool,
}

/// Why an expression is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    /// Nothing to search.
    #[error("it is empty")]
    Empty,
    /// Something that is not read here.
    #[error("`{0}` is not supported")]
    Unsupported(String),
    /// `^` or `$` where it could not hold.
    #[error("`{0}` stands at the {1} only")]
    Place(char, &'static str),
    /// A repetition of nothing.
    #[error("`{0}` repeats nothing")]
    Nothing(char),
    /// A bracket or parenthesis that is open at the end, or closes nothing.
    #[error("`{0}` has no counterpart")]
    Unpaired(char),
    /// Letters beyond ASCII without case.
    #[error("`{0}` is compared without case, which is done for ASCII only")]
    NotAscii(char),
    /// It is too large when compiled.
    #[error("it is too large")]
    TooLarge,
}

impl TextSearch {
    /// Compiles an expression for texts in UTF-8.
    ///
    /// # Errors
    /// An expression that would not find exactly what the server finds.
    pub fn new(expression: &str, without_case: bool) -> Result<TextSearch, SearchError> {
        if expression.is_empty() {
            return Err(SearchError::Empty);
        }
        let mut reader = Reader {
            signs: expression.chars().peekable(),
            without_case,
            out: String::new(),
            literal: String::new(),
            ends: false,
        };
        reader.read()?;
        let regex = RegexBuilder::new(&reader.out)
            .case_insensitive(without_case)
            .size_limit(REGEX_BYTES)
            .build()
            .map_err(|_| SearchError::TooLarge)?;
        Ok(TextSearch { regex, ends: reader.ends })
    }

    /// True when the expression is found in a text.
    pub fn is_match(&self, text: &[u8]) -> bool {
        if self.regex.is_match(text) {
            return true;
        }
        let before_end = LINE_ENDS.iter().find_map(|end| text.strip_suffix(*end)).filter(|_| self.ends);
        before_end.is_some_and(|text| self.regex.is_match(text))
    }
}

/// What may stand next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// The beginning of an alternative.
    Start,
    /// Something that can be repeated.
    Item,
    /// A repetition, or `^`.
    Fixed,
    /// `$`.
    End,
}

struct Reader<'e> {
    signs: Peekable<Chars<'e>>,
    without_case: bool,
    out: String,
    /// Plain signs that were read and not written: without case several may be one.
    literal: String,
    ends: bool,
}

impl Reader<'_> {
    fn read(&mut self) -> Result<(), SearchError> {
        let mut before = Before::Start;
        let mut open = 0;
        while let Some(sign) = self.signs.next() {
            if before == Before::End && !matches!(sign, ')' | '|') {
                return Err(SearchError::Place('$', "end"));
            }
            before = match sign {
                '^' if before == Before::Start => {
                    self.out.push_str(r"\A");
                    Before::Fixed
                }
                '^' => return Err(SearchError::Place('^', "beginning")),
                '$' => {
                    self.flush()?;
                    self.ends = true;
                    self.out.push_str(r"\z");
                    Before::End
                }
                '|' => {
                    self.flush()?;
                    self.out.push('|');
                    Before::Start
                }
                '(' => {
                    self.flush()?;
                    self.group()?;
                    open += 1;
                    Before::Start
                }
                ')' => {
                    self.flush()?;
                    open = i32::checked_sub(open, 1)
                        .filter(|open| *open >= 0)
                        .ok_or(SearchError::Unpaired(')'))?;
                    self.out.push(')');
                    Before::Item
                }
                '*' | '+' | '?' | '{' => {
                    if before != Before::Item {
                        return Err(SearchError::Nothing(sign));
                    }
                    self.repeat(sign)?;
                    Before::Fixed
                }
                '.' => {
                    self.flush()?;
                    self.out.push_str(NO_LINE_END);
                    Before::Item
                }
                '[' => {
                    self.flush()?;
                    self.class()?;
                    Before::Item
                }
                ']' | '}' => return Err(SearchError::Unpaired(sign)),
                '\\' => {
                    let sign = self.escape()?;
                    self.plain(sign)?;
                    Before::Item
                }
                sign => {
                    self.plain(sign)?;
                    Before::Item
                }
            };
        }
        self.flush()?;
        if open > 0 { Err(SearchError::Unpaired('(')) } else { Ok(()) }
    }

    fn plain(&mut self, sign: char) -> Result<(), SearchError> {
        if self.without_case && !sign.is_ascii() {
            return Err(SearchError::NotAscii(sign));
        }
        self.literal.push(sign);
        Ok(())
    }

    /// The sign behind a backslash: one that means something without it.
    fn escape(&mut self) -> Result<char, SearchError> {
        match self.signs.next() {
            Some(sign) if sign.is_ascii_punctuation() => Ok(sign),
            Some(sign) => Err(SearchError::Unsupported(format!("\\{sign}"))),
            None => Err(SearchError::Unpaired('\\')),
        }
    }

    fn group(&mut self) -> Result<(), SearchError> {
        self.out.push_str("(?:");
        if self.signs.next_if_eq(&'?').is_none() {
            return Ok(());
        }
        match self.signs.next() {
            Some(':') => Ok(()),
            Some(sign) => Err(SearchError::Unsupported(format!("(?{sign}"))),
            None => Err(SearchError::Unpaired('(')),
        }
    }

    /// A repetition takes the last plain sign alone.
    fn repeat(&mut self, sign: char) -> Result<(), SearchError> {
        if let Some(last) = self.literal.pop() {
            self.flush()?;
            self.out.push_str(&regex::escape(last.encode_utf8(&mut [0; 4])));
        }
        self.out.push(sign);
        if sign == '{' {
            let mut inner = String::new();
            loop {
                match self.signs.next() {
                    Some('}') => break,
                    Some(sign) if sign.is_ascii_digit() || sign == ',' => inner.push(sign),
                    _ => return Err(SearchError::Unpaired('{')),
                }
            }
            let (least, most) = inner.split_once(',').unwrap_or((&inner, &inner));
            let number = |text: &str| text.parse::<u16>().ok();
            let fits = number(least)
                .is_some_and(|least| most.is_empty() || number(most).is_some_and(|most| least <= most));
            if !fits {
                return Err(SearchError::Unsupported(format!("{{{inner}}}")));
            }
            let _ = write!(self.out, "{inner}}}");
        }
        match self.signs.peek() {
            // as few as possible: the same texts are found
            Some('?') => {
                self.signs.next();
                Ok(())
            }
            Some('+') => Err(SearchError::Unsupported(format!("{sign}+"))),
            _ => Ok(()),
        }
    }

    /// A set of signs; its bracket was read.
    fn class(&mut self) -> Result<(), SearchError> {
        self.out.push('[');
        if self.signs.next_if_eq(&'^').is_some() {
            self.out.push('^');
        }
        let mut n_items = 0;
        loop {
            let first = match self.signs.next() {
                None => return Err(SearchError::Unpaired('[')),
                Some(']') if n_items > 0 => break,
                Some(']') => return Err(SearchError::Unsupported("[]".to_owned())),
                Some('[') => return Err(SearchError::Unsupported("[…[".to_owned())),
                Some('&') if self.signs.peek() == Some(&'&') => {
                    return Err(SearchError::Unsupported("&&".to_owned()));
                }
                Some('-') if n_items > 0 && self.signs.peek() != Some(&']') => {
                    return Err(SearchError::Unsupported("-".to_owned()));
                }
                Some('\\') => self.escape()?,
                Some(sign) => sign,
            };
            self.class_sign(first)?;
            n_items += 1;
            let mut ahead = self.signs.clone();
            let is_range =
                first != '-' && ahead.next() == Some('-') && ahead.next().is_some_and(|next| next != ']');
            if is_range {
                self.signs.next();
                let last = match self.signs.next() {
                    Some('\\') => self.escape()?,
                    Some('[' | '-') | None => return Err(SearchError::Unsupported(format!("{first}-"))),
                    Some(sign) => sign,
                };
                if last < first {
                    return Err(SearchError::Unsupported(format!("{first}-{last}")));
                }
                self.out.push('-');
                self.class_sign(last)?;
            }
        }
        self.out.push(']');
        Ok(())
    }

    fn class_sign(&mut self, sign: char) -> Result<(), SearchError> {
        if self.without_case && !sign.is_ascii() {
            return Err(SearchError::NotAscii(sign));
        }
        if sign.is_ascii_punctuation() {
            self.out.push('\\');
        }
        self.out.push(sign);
        Ok(())
    }

    /// Writes the plain signs that were read.
    fn flush(&mut self) -> Result<(), SearchError> {
        let literal = std::mem::take(&mut self.literal);
        if !self.without_case {
            self.out.push_str(&regex::escape(&literal));
            return Ok(());
        }
        let mut at = 0;
        while at < literal.len() {
            // Letters that may be joined with each other are a piece.
            let (mut end, mut next) = (at + 1, at);
            while next < end {
                end = steps(&literal[next..]).map(|(_, len)| next + len).fold(end, usize::max);
                next += 1;
            }
            match ways(&literal[at..end])?.as_slice() {
                [only] => self.out.push_str(only),
                several => {
                    let _ = write!(self.out, "(?:{})", several.join("|"));
                }
            }
            at = end;
        }
        Ok(())
    }
}

/// All ways to write a piece of a literal, which is ASCII.
fn ways(piece: &str) -> Result<Vec<String>, SearchError> {
    let mut behind: Vec<Vec<String>> = vec![vec![String::new()]; piece.len() + 1];
    for at in (0..piece.len()).rev() {
        let here = steps(&piece[at..]);
        let here =
            here.flat_map(|(signs, len)| behind[at + len].iter().map(move |rest| format!("{signs}{rest}")));
        behind[at] = here.take(JOINTS_MAX + 1).collect();
        if behind[at].len() > JOINTS_MAX {
            return Err(SearchError::TooLarge);
        }
    }
    Ok(behind.swap_remove(0))
}

/// What the first sign of a literal can be, with the letters it stands for.
fn steps(literal: &str) -> impl Iterator<Item = (String, usize)> + '_ {
    let alone = literal.get(..1).map(|sign| (regex::escape(sign), 1));
    let joined = JOINED.iter().filter(|(letters, _)| {
        literal.get(..letters.len()).is_some_and(|start| start.eq_ignore_ascii_case(letters))
    });
    alone.into_iter().chain(
        joined.map(|(letters, signs)| (format!("[{}]", signs.iter().collect::<String>()), letters.len())),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expression: &str, without_case: bool, found: &[&str], missed: &[&str]) {
        let search = TextSearch::new(expression, without_case).expect(expression);
        for text in found {
            assert!(search.is_match(text.as_bytes()), "{expression} in {text:?}");
        }
        for text in missed {
            assert!(!search.is_match(text.as_bytes()), "{expression} not in {text:?}");
        }
    }

    #[test]
    fn as_the_server_searches() {
        check("a.b", false, &["a-b", "xa\u{1F600}bx"], &["a\nb", "a\rb", "ab"]);
        check("a$", false, &["a", "ba", "a\n", "a\r\n", "a\u{2028}"], &["a\n\n", "ab"]);
        check("^[^x][^x]$", false, &["ab", "a\r"], &["a\r\n"]);
        check("^a|b$", false, &["ax", "xb"], &["xa", "bx"]);
        check("^(eu|us)_[0-9]{2,3}$", false, &["eu_12", "us_123"], &["eu_1", "eu_1234"]);
        check(r"\(a\)\.", false, &["(a)."], &["(a)x"]);
        check("[-a]", false, &["-", "a"], &["b"]);
        check("[a-]", false, &["-", "a"], &["b"]);
        check(r"[\]\\]", false, &["]", "\\"], &["a"]);
        check("^$", false, &["", "\n"], &["a"]);
    }

    #[test]
    fn signs_that_are_several_letters() {
        check("strasse", true, &["STRASSE", "stra\u{df}e", "\u{FB05}ra\u{1e9e}e"], &["strase"]);
        check("stras", true, &["stras"], &["stra\u{df}e"]);
        check("rass?e", true, &["rasse", "rase"], &["ra\u{df}e"]);
        check("ffi", true, &["FFI", "f\u{FB01}", "\u{FB03}", "\u{FB00}i"], &["fi"]);
        check("sss", true, &["s\u{df}", "\u{df}s"], &["ss"]);
        check("k[a-z]", true, &["\u{212A}\u{17F}"], &["k1"]);
        check("strasse", false, &["strasse"], &["STRASSE", "stra\u{df}e"]);
    }

    #[test]
    fn what_is_refused() {
        let refused = |expression: &str| TextSearch::new(expression, true).expect_err(expression).to_string();
        assert_eq!(refused(""), "it is empty");
        assert_eq!(refused(r"\d+"), r"`\d` is not supported");
        assert_eq!(refused("a^b"), "`^` stands at the beginning only");
        assert_eq!(refused("a$b"), "`$` stands at the end only");
        assert_eq!(refused("*a"), "`*` repeats nothing");
        assert_eq!(refused("(a"), "`(` has no counterpart");
        assert_eq!(refused("a)"), "`)` has no counterpart");
        assert_eq!(refused("(?i)a"), "`(?i` is not supported");
        assert_eq!(refused("a++"), "`++` is not supported");
        assert_eq!(refused("[[:alpha:]]"), "`[…[` is not supported");
        assert_eq!(refused("[a&&b]"), "`&&` is not supported");
        assert_eq!(refused("[z-a]"), "`z-a` is not supported");
        assert_eq!(refused("a{,2}"), "`{,2}` is not supported");
        assert_eq!(refused("\u{e9}"), "`\u{e9}` is compared without case, which is done for ASCII only");
        assert_eq!(refused(&"f".repeat(40)), "it is too large");
    }
}
