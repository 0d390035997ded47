//! Versions of programs.

use serde::{Deserialize, Serialize};
use std::fmt;

/// `MAJOR[.MINOR[.PATCH]]`; what is left out is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Version {
    /// First number.
    pub major: u16,
    /// Second.
    pub minor: u16,
    /// Third.
    pub patch: u16,
}

impl Version {
    /// From its numbers.
    pub const fn new(major: u16, minor: u16, patch: u16) -> Version {
        Version { major, minor, patch }
    }

    /// All three numbers, `2.8.0`.
    pub fn numbers(self) -> String {
        format!("{}.{}.{}", self.major, self.minor, self.patch)
    }

    /// Reads `2`, `2.8` or `0.10.2`. None for anything else.
    pub fn parse(text: &str) -> Option<Version> {
        let mut numbers = [0; 3];
        let mut parts = text.split('.');
        for (n, number) in numbers.iter_mut().enumerate() {
            match parts.next() {
                Some(part) if !part.is_empty() && part.bytes().all(|digit| digit.is_ascii_digit()) => {
                    *number = part.parse().ok()?;
                }
                None if n > 0 => break,
                _ => return None,
            }
        }
        parts.next().is_none().then(|| Version::new(numbers[0], numbers[1], numbers[2]))
    }
}

/// Without a third number that is 0.
impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        if self.patch > 0 { write!(f, ".{}", self.patch) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn up_to_three_numbers() {
        let check = |text, expected: Option<&str>| {
            assert_eq!(
                Version::parse(text).map(|version| version.to_string()).as_deref(),
                expected,
                "{text}"
            );
        };
        check("2", Some("2.0"));
        check("2.10", Some("2.10"));
        check("0.10.2", Some("0.10.2"));
        check("3.7.0", Some("3.7"));
        check("2.", None);
        check("2.x", None);
        check("1.2.3.4", None);
        check("", None);
        assert!(Version::new(2, 10, 0) > Version::new(2, 9, 9));
    }
}
