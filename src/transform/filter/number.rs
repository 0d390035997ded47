//! Numbers of conditions: exact decimals.

use serde::{Deserialize, Serialize};
use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

/// Most digits of a number, as of a DECIMAL; a longer one would be cut by the server.
const DIGITS_MAX: usize = 65;
/// Most of them behind the point.
const FRACTION_MAX: usize = 30;

/// An exact decimal number, in its shortest form: equal numbers are equal texts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Number(String);

/// Why a text is no number of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Something else than digits, a sign before them and a point between them.
    #[error("it is no number")]
    Form,
    /// More digits than the server keeps.
    #[error("it has more than 65 digits, or more than 30 behind the point")]
    TooLong,
}

impl FromStr for Number {
    type Err = NumberError;

    /// Digits with `_` between them, a sign and a point are read.
    fn from_str(text: &str) -> Result<Number, NumberError> {
        let text = text.replace('_', "");
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.as_str()),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let digits_only = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !digits_only(whole) || !digits_only(fraction) || digits.ends_with('.') {
            return Err(NumberError::Form);
        }
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        if whole.len() + fraction.len() > DIGITS_MAX || fraction.len() > FRACTION_MAX {
            return Err(NumberError::TooLong);
        }
        let sign = if negative && !(whole.is_empty() && fraction.is_empty()) { "-" } else { "" };
        let whole = if whole.is_empty() { "0" } else { whole };
        let point = if fraction.is_empty() { "" } else { "." };
        Ok(Number(format!("{sign}{whole}{point}{fraction}")))
    }
}

impl Number {
    /// 1 for true, 0 for false.
    pub fn of_bool(value: bool) -> Number {
        Number(if value { "1" } else { "0" }.to_owned())
    }

    /// The number as its digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The nearest double, as the server rounds.
    pub fn to_double(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }

    /// The number, if it is whole and fits.
    pub fn to_whole(&self) -> Option<i128> {
        self.0.parse().ok()
    }

    /// As numbers.
    pub fn compare(&self, other: &Number) -> Ordering {
        compare_decimals(self.0.as_bytes(), other.0.as_bytes())
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A number that whole ones are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bound {
    /// The greatest whole number that is not above it, held to what is beyond every column.
    floor: i128,
    /// It is above that.
    between: bool,
}

impl Bound {
    pub(super) fn of(number: &Number) -> Bound {
        let (whole, fraction) = number.0.split_once('.').unwrap_or((&number.0, ""));
        let negative = whole.starts_with('-');
        // More digits than an i128 has are far beyond 64 bits.
        let beyond = if negative { i128::MIN / 2 } else { i128::MAX / 2 };
        let truncated = whole.parse().unwrap_or(beyond);
        let between = !fraction.is_empty();
        Bound { floor: truncated - i128::from(negative && between), between }
    }

    /// A whole number against it.
    pub(super) fn order(self, whole: i128) -> Ordering {
        match whole.cmp(&self.floor) {
            Ordering::Equal if self.between => Ordering::Less,
            decided => decided,
        }
    }
}

/// Two plain decimals, as [`write_decimal`](crate::mysql::decimal::write_decimal) writes them: no needless zeros before the point,
/// no sign before zero.
pub(super) fn compare_decimals(a: &[u8], b: &[u8]) -> Ordering {
    let split = |text: &[u8]| {
        let negative = text.first() == Some(&b'-');
        let start = usize::from(negative);
        let point = text.iter().position(|byte| *byte == b'.').unwrap_or(text.len());
        (negative, start..point, (point + 1).min(text.len()))
    };
    let ((a_negative, a_whole, a_fraction), (b_negative, b_whole, b_fraction)) = (split(a), split(b));
    match (a_negative, b_negative) {
        (true, false) => return Ordering::Less,
        (false, true) => return Ordering::Greater,
        (true, true) | (false, false) => {}
    }
    let size = a_whole.len().cmp(&b_whole.len()).then_with(|| a[a_whole].cmp(&b[b_whole])).then_with(|| {
        let (a, b) = (&a[a_fraction..], &b[b_fraction..]);
        let digit = |text: &[u8], at: usize| text.get(at).copied().unwrap_or(b'0');
        let digits = (0..a.len().max(b.len())).map(|at| digit(a, at).cmp(&digit(b, at)));
        digits.into_iter().find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    });
    if a_negative { size.reverse() } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn number(text: &str) -> Number {
        text.parse().expect(text)
    }

    #[test]
    fn forms() {
        for (text, shortest) in
            [("007", "7"), ("-0.0", "0"), ("1.50", "1.5"), ("8_192", "8192"), ("-0.5", "-0.5"), ("0", "0")]
        {
            assert_eq!(number(text).as_str(), shortest);
        }
        for text in ["", "-", "1e3", ".5", "5.", "1..2", "12h", "1.2.3"] {
            assert_eq!(text.parse::<Number>(), Err(NumberError::Form), "{text}");
        }
        assert_eq!("9".repeat(66).parse::<Number>(), Err(NumberError::TooLong));
    }

    #[test]
    fn whole_numbers_against_any() {
        let order = |whole: i128, text: &str| Bound::of(&number(text)).order(whole);
        assert_eq!(order(1, "1"), Ordering::Equal);
        assert_eq!(order(1, "1.5"), Ordering::Less);
        assert_eq!(order(2, "1.5"), Ordering::Greater);
        assert_eq!(order(-1, "-1.5"), Ordering::Greater);
        assert_eq!(order(-2, "-1.5"), Ordering::Less);
        assert_eq!(order(0, "-0.5"), Ordering::Greater);
        assert_eq!(order(i128::from(u64::MAX), &"9".repeat(50)), Ordering::Less);
        assert_eq!(order(i128::from(i64::MIN), &format!("-{}", "9".repeat(50))), Ordering::Greater);
    }

    proptest! {
        #[test]
        fn decimals_are_compared_as_numbers(a in -99_999i64..99_999, b in -99_999i64..99_999, places in 0u32..4) {
            let text = |value: i64| {
                let scale = 10i64.pow(places);
                let sign = if value < 0 { "-" } else { "" };
                let (whole, fraction) = (value.abs() / scale, value.abs() % scale);
                match places {
                    0 => format!("{sign}{whole}"),
                    places => format!("{sign}{whole}.{fraction:0places$}", places = places as usize),
                }
            };
            prop_assert_eq!(compare_decimals(text(a).as_bytes(), text(b).as_bytes()), a.cmp(&b));
            prop_assert_eq!(number(&text(a)).compare(&number(&text(b))), a.cmp(&b));
        }
    }
}
