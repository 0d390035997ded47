//! Patterns of LIKE: `%` is any text, `_` one character, `\` takes the sign behind it as such.
//!
//! Characters are compared one by one: `ß` is not like `ss`, even where the two texts are equal, and blanks at the end count.

use super::{Collator, Order, first_char};

/// A pattern.
#[derive(Debug, Clone)]
pub struct Like {
    tokens: Vec<Token>,
    collator: Collator,
}

#[derive(Debug, Clone, Copy)]
enum Token {
    /// `%`.
    Any,
    /// `_`.
    One,
    Sign(Sign),
}

/// A character as far as the pattern's collation looks at it.
#[derive(Debug, Clone, Copy)]
enum Sign {
    Byte(u8),
    Char(char),
}

impl Like {
    /// Reads a pattern; none when the character set lacks a character of it.
    pub fn new(pattern: &str, collator: Collator) -> Option<Like> {
        let encoded = collator.charset.encode(pattern)?;
        let mut rest = &encoded[..];
        let mut tokens = Vec::new();
        while let Some((sign, len)) = collator.first_sign(rest) {
            rest = &rest[len..];
            tokens.push(match sign.plain() {
                Some(b'%') if matches!(tokens.last(), Some(Token::Any)) => continue,
                Some(b'%') => Token::Any,
                Some(b'_') => Token::One,
                Some(b'\\') => match collator.first_sign(rest) {
                    Some((sign, len)) => {
                        rest = &rest[len..];
                        Token::Sign(sign)
                    }
                    None => Token::Sign(sign),
                },
                _ => Token::Sign(sign),
            });
        }
        Some(Like { tokens, collator })
    }

    /// True when all of a text, in the collation's character set, is like the pattern.
    pub fn matches(&self, text: &[u8]) -> bool {
        let (mut rest, mut at) = (text, 0);
        // Where the last `%` was met: a longer text for it is tried when the rest does not fit.
        let mut again: Option<(&[u8], usize)> = None;
        loop {
            let step = match self.tokens.get(at) {
                Some(Token::Any) => {
                    again = Some((rest, at));
                    at += 1;
                    continue;
                }
                Some(Token::One) => self.collator.first_sign(rest).map(|(_, len)| len),
                Some(Token::Sign(wanted)) => self
                    .collator
                    .first_sign(rest)
                    .filter(|(sign, _)| self.collator.alike(*sign, *wanted))
                    .map(|(_, len)| len),
                None if rest.is_empty() => return true,
                None => None,
            };
            match (step, again) {
                (Some(len), _) => {
                    rest = &rest[len..];
                    at += 1;
                }
                (None, Some((from, any))) => {
                    let Some((_, len)) = self.collator.first_sign(from) else { return false };
                    rest = &from[len..];
                    again = Some((rest, any));
                    at = any + 1;
                }
                (None, None) => return false,
            }
        }
    }
}

impl Collator {
    /// The character that a text begins with, and its bytes.
    fn first_sign(&self, text: &[u8]) -> Option<(Sign, usize)> {
        let of_bytes = match self.order {
            Order::Bytes => self.charset.max_char_bytes() == 1,
            Order::Single(_) => true,
            Order::Unicode(_) => false,
        };
        if of_bytes {
            return text.first().map(|byte| (Sign::Byte(*byte), 1));
        }
        first_char(text).map(|(sign, len)| (Sign::Char(sign), len))
    }

    fn alike(&self, a: Sign, b: Sign) -> bool {
        match (self.order, a, b) {
            (Order::Single(weights), Sign::Byte(a), Sign::Byte(b)) => {
                weights[usize::from(a)] == weights[usize::from(b)]
            }
            (Order::Unicode(weights), Sign::Char(a), Sign::Char(b)) => weights.alike(a, b),
            (_, Sign::Byte(a), Sign::Byte(b)) => a == b,
            (_, Sign::Char(a), Sign::Char(b)) => a == b,
            (_, Sign::Byte(_), Sign::Char(_)) | (_, Sign::Char(_), Sign::Byte(_)) => false,
        }
    }
}

impl Sign {
    /// Its code, where it is of ASCII.
    fn plain(self) -> Option<u8> {
        match self {
            Sign::Byte(byte) => byte.is_ascii().then_some(byte),
            Sign::Char(sign) => sign.is_ascii().then_some(sign as u8),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(collation: &str, text: &str, pattern: &str, expected: bool) {
        let collator = Collator::by_name(collation).expect(collation);
        let like = Like::new(pattern, collator).expect(pattern);
        let text = collator.charset().encode(text).expect(text);
        assert_eq!(like.matches(&text), expected, "{collation} {pattern:?}");
    }

    #[test]
    fn signs_of_patterns() {
        let bin = "utf8mb4_bin";
        check(bin, "", "", true);
        check(bin, "", "%", true);
        check(bin, "a", "", false);
        check(bin, "abc", "a%", true);
        check(bin, "abc", "%b%", true);
        check(bin, "abc", "a_c", true);
        check(bin, "abc", "a%_c_", false);
        check(bin, "aXbXc", "a%X_", true);
        check(bin, "aab", "%ab", true);
        check(bin, "10%", r"10\%", true);
        check(bin, "10x", r"10\%", false);
        check(bin, r"a\", r"a\", true);
        check(bin, "a ", "a", false);
        check(bin, "\u{1F600}", "_", true);
        check("binary", "\u{e9}", "__", true);
    }

    #[test]
    fn characters_are_compared_one_by_one() {
        check("utf8mb4_0900_ai_ci", "R\u{e9}sum\u{e9}", "resu_e", true);
        check("utf8mb4_0900_ai_ci", "\u{df}", "ss", false);
        check("utf8mb4_0900_ai_ci", "\u{4E36}", "\u{2E80}", false);
        check("utf8mb4_unicode_ci", "\u{1F600}", "\u{1F601}", false);
        check("utf8mb4_general_ci", "\u{1F600}", "\u{1F601}", true);
        check("latin1_swedish_ci", "\u{c4}b", "\u{e4}%", true);
        check("latin1_bin", "\u{c4}b", "\u{e4}%", false);
    }

    /// Backtracking goes to the last `%` only, so a hostile pattern takes no longer than text times pattern.
    #[test]
    fn many_gaps_take_no_longer() {
        let text = "a".repeat(20_000);
        let collator = Collator::by_name("utf8mb4_bin").expect("known");
        let like = Like::new(&"%a".repeat(50), collator).expect("a pattern");
        assert!(like.matches(text.as_bytes()));
        assert!(
            !Like::new(&format!("{}b", "%a".repeat(50)), collator)
                .expect("a pattern")
                .matches(text.as_bytes())
        );
    }
}
