//! Collations of single-byte character sets: one weight a byte.

use std::sync::LazyLock;

/// A collation a line: its name, and 256 weights of two hexadecimal digits.
const DATA: &str = include_str!("single-byte.txt");

static TABLES: LazyLock<Vec<(&'static str, [u8; 256])>> = LazyLock::new(|| DATA.lines().map(read).collect());

/// The weights of `<charset>_<rule>`; none when it is not known.
pub(super) fn weights(charset: &str, rule: &str) -> Option<&'static [u8; 256]> {
    let is_it = |name: &str| name.strip_prefix(charset).and_then(|rest| rest.strip_prefix('_')) == Some(rule);
    TABLES.iter().find(|(name, _)| is_it(name)).map(|(_, weights)| weights)
}

fn read(line: &'static str) -> (&'static str, [u8; 256]) {
    let (name, digits) = line.split_once(' ').expect("a name and its weights");
    let mut weights = [0; 256];
    for (weight, digits) in weights.iter_mut().zip(digits.as_bytes().chunks(2)) {
        let digits = std::str::from_utf8(digits).expect("ASCII");
        *weight = u8::from_str_radix(digits, 16).expect("two hexadecimal digits");
    }
    (name, weights)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_whole() {
        for line in DATA.lines() {
            assert_eq!(line.split_once(' ').map(|(_, digits)| digits.len()), Some(512), "{line}");
        }
        assert!(TABLES.iter().all(|(_, weights)| weights[usize::from(b'a')] != weights[usize::from(b'b')]));
    }
}
