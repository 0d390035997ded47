//! Collations: how the server compares texts of a column.
//!
//! Guarantees: for every collation that [`Collator::by_name`] knows, order, equality and LIKE are the server's, for every text. The
//! tables beside this file were read from servers, whole (`WEIGHT_STRING` of every character; MySQL 8.0.15 and 9.7.4 and MariaDB
//! 10.11 agree on them); `tests/where.rs` compares results with a server.
//! Does not: guess. A collation that is not known here (tailored ones, and those that tell case or accents apart on further levels)
//! is refused by its name.

mod like;
mod single;
mod weights;

pub use like::Like;

use super::charset::Charset;
use std::cmp::Ordering;
use std::fmt;
use weights::{Table, Weights};

/// A collation by which texts of one column are compared. Texts are in the column's character set.
#[derive(Clone, Copy)]
pub struct Collator {
    charset: Charset,
    order: Order,
    /// The shorter text is compared as if blanks followed it, without end.
    pads: bool,
}

#[derive(Clone, Copy)]
enum Order {
    /// Byte by byte: `binary`, and the `_bin` collations, whose order is that of their bytes.
    Bytes,
    /// A weight for every byte.
    Single(&'static [u8; 256]),
    /// Weights for every character; the text is UTF-8.
    Unicode(&'static Weights),
}

impl Collator {
    /// The collation with this name, as the server spells it; none when it is not known here.
    pub fn by_name(name: &str) -> Option<Collator> {
        if name == "binary" {
            return Some(Collator::binary());
        }
        let (charset, rule) = name.split_once('_')?;
        let charset = Charset::from_name(charset).ok()?;
        let unicode = matches!(charset.name(), "utf8mb4" | "utf8mb3");
        let order = match rule {
            "general_ci" if unicode => Order::Unicode(Weights::of(Table::General)),
            "unicode_ci" if unicode => Order::Unicode(Weights::of(Table::Uca400)),
            "unicode_520_ci" if unicode => Order::Unicode(Weights::of(Table::Uca520)),
            "0900_ai_ci" if unicode => Order::Unicode(Weights::of(Table::Uca900)),
            "0900_bin" if unicode => Order::Bytes,
            "bin" if unicode || charset.encode("").is_some() => Order::Bytes,
            rule => Order::Single(single::weights(charset.name(), rule)?),
        };
        Some(Collator { charset, order, pads: !rule.starts_with("0900_") })
    }

    /// Bytes compared as such, as in BINARY, VARBINARY and BLOB.
    pub fn binary() -> Collator {
        Collator { charset: Charset::binary(), order: Order::Bytes, pads: false }
    }

    /// The character set of its texts.
    pub fn charset(&self) -> Charset {
        self.charset
    }

    /// Two texts of the character set, as `<`, `=` and `>` compare them.
    pub fn compare(&self, a: &[u8], b: &[u8]) -> Ordering {
        match self.order {
            Order::Bytes => compare(a.iter().copied(), b.iter().copied(), self.pads.then_some(b' ')),
            Order::Single(weights) => {
                let weight = |byte: &u8| weights[usize::from(*byte)];
                compare(a.iter().map(weight), b.iter().map(weight), self.pads.then(|| weight(&b' ')))
            }
            Order::Unicode(_) if a == b => Ordering::Equal,
            Order::Unicode(weights) => {
                compare(weights.stream(a), weights.stream(b), self.pads.then(|| weights.blank()))
            }
        }
    }
}

/// Compares weight by weight. `blank` goes on behind the end of the shorter; without it the shorter comes first.
fn compare<W: Ord + Copy>(
    mut a: impl Iterator<Item = W>,
    mut b: impl Iterator<Item = W>,
    blank: Option<W>,
) -> Ordering {
    loop {
        let (one, other) = match (a.next(), b.next(), blank) {
            (None, None, _) => return Ordering::Equal,
            (one, other, None) => (one, other),
            (one, other, blank) => (one.or(blank), other.or(blank)),
        };
        match one.cmp(&other) {
            Ordering::Equal => {}
            decided => return decided,
        }
    }
}

/// The character that a text of UTF-8 begins with, and its bytes. What is no character counts alone, as U+FFFD.
fn first_char(text: &[u8]) -> Option<(char, usize)> {
    let first = *text.first()?;
    if first.is_ascii() {
        return Some((char::from(first), 1));
    }
    let len = match first {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => 1,
    };
    let sign =
        text.get(..len).and_then(|bytes| std::str::from_utf8(bytes).ok()).and_then(|s| s.chars().next());
    Some(sign.map_or((char::REPLACEMENT_CHARACTER, 1), |sign| (sign, len)))
}

impl fmt::Debug for Collator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = match self.order {
            Order::Bytes => "bytes",
            Order::Single(_) => "weights of bytes",
            Order::Unicode(_) => "weights of characters",
        };
        write!(f, "{:?} by {order}{}", self.charset, if self.pads { ", padded" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(collation: &str, a: &str, b: &str, expected: Ordering) {
        let collator = Collator::by_name(collation).expect(collation);
        let bytes = |text: &str| collator.charset().encode(text).expect(text);
        assert_eq!(collator.compare(&bytes(a), &bytes(b)), expected, "{collation} {a:?} {b:?}");
        assert_eq!(collator.compare(&bytes(b), &bytes(a)), expected.reverse(), "{collation} {b:?} {a:?}");
    }

    #[test]
    fn collations() {
        use Ordering::{Equal, Greater, Less};
        check("utf8mb4_bin", "a", "A", Greater);
        check("utf8mb4_bin", "a", "a  ", Equal);
        check("utf8mb4_0900_bin", "a", "a ", Less);
        check("binary", "a", "a ", Less);
        check("utf8mb4_general_ci", "stra\u{df}e", "STRASE ", Equal);
        check("utf8mb4_general_ci", "\u{1F600}", "\u{1F601}", Equal);
        check("utf8mb4_general_ci", "a\t", "a", Less);
        check("utf8mb4_unicode_ci", "stra\u{df}e", "STRASSE  ", Equal);
        check("utf8mb4_unicode_ci", "\u{1F600}", "\u{1F601}", Equal);
        check("utf8mb4_unicode_520_ci", "\u{1F600}", "\u{1F601}", Less);
        check("utf8mb4_0900_ai_ci", "r\u{e9}sum\u{e9}", "Resume", Equal);
        check("utf8mb4_0900_ai_ci", "a", "a ", Less);
        check("utf8mb4_0900_ai_ci", "\u{ac00}", "\u{1100}\u{1161}", Equal);
        check("utf8mb4_0900_ai_ci", "\u{4e00}", "\u{9fd5}", Less);
        check("utf8mb4_0900_ai_ci", "\0a\u{300}", "A", Equal);
        check("latin1_swedish_ci", "\u{e4}", "\u{c4}", Equal);
        check("latin1_swedish_ci", "z", "\u{e4}", Less);
        check("latin1_bin", "\u{e4}", "a   ", Greater);
        check("cp1251_general_ci", "\u{434}", "\u{414} ", Equal);
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for name in [
            "utf8mb4_0900_as_cs",
            "utf8mb4_ja_0900_as_cs",
            "utf8mb4_german2_ci",
            "latin1_german2_ci",
            "gbk_chinese_ci",
            "gbk_bin",
            "utf16_bin",
            "utf8mb4_uca1400_ai_ci",
            "latin1_nopad_bin",
            "nonsense",
        ] {
            assert!(Collator::by_name(name).is_none(), "{name}");
        }
        assert!(Collator::by_name("utf8_general_ci").is_some(), "as older servers spell it");
    }

    #[test]
    fn bytes_that_are_no_character_count_alone() {
        let collator = Collator::by_name("utf8mb4_0900_ai_ci").expect("known");
        assert_eq!(collator.compare(b"\xff\xc3", b"\xef\xbf\xbd\xef\xbf\xbd"), Ordering::Equal);
    }
}
