//! Names: those of our own things, and those of MySQL in backticks.

use crate::mysql::ident::Quoted;

/// Longest own name. They become parts of topic names and transactional ids, which have limits of their own.
pub const OWN_NAME_MAX: usize = 60;

/// Why a word is no own name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OwnNameError {
    /// Too long.
    #[error("{0} characters; at most 60")]
    TooLong(usize),
    /// Does not begin with a letter.
    #[error("begins with a letter from A to Z")]
    FirstSign,
    /// A sign outside the alphabet.
    #[error("ASCII letters, digits, `_` and `-` only, not `{0}`")]
    Sign(char),
}

/// Checks a name of an own thing (source, target, pipeline, label, …): ASCII, a letter first, then letters, digits, `_`, `-`.
///
/// # Errors
/// The first rule it breaks.
pub fn check_own_name(name: &str) -> Result<(), OwnNameError> {
    match name.chars().next() {
        Some(c) if c.is_ascii_alphabetic() => {}
        Some(c) if c.is_ascii() => return Err(OwnNameError::FirstSign),
        Some(c) => return Err(OwnNameError::Sign(c)),
        None => return Err(OwnNameError::FirstSign),
    }
    if let Some(sign) = name.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-'))) {
        return Err(OwnNameError::Sign(sign));
    }
    if name.len() > OWN_NAME_MAX {
        return Err(OwnNameError::TooLong(name.len()));
    }
    Ok(())
}

/// The name inside backticks: `` `a``b` `` is ``a`b``.
pub fn unquote(quoted: &str) -> String {
    let inner = quoted.strip_prefix('`').unwrap_or(quoted);
    inner.strip_suffix('`').unwrap_or(inner).replace("``", "`")
}

/// A name of MySQL as it is written in a file: bare where it is made of ASCII letters, digits and `_` and begins with no digit,
/// else in backticks. A name with a line break cannot be written.
pub fn name_text(name: &str) -> String {
    let is_word = |sign: char| sign.is_ascii_alphanumeric() || sign == '_';
    if name.chars().all(is_word) && name.starts_with(|sign: char| !sign.is_ascii_digit()) {
        return name.to_owned();
    }
    Quoted(name).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_names() {
        assert_eq!(check_own_name("shop-1_b"), Ok(()));
        assert_eq!(check_own_name("1shop"), Err(OwnNameError::FirstSign));
        assert_eq!(check_own_name("größe"), Err(OwnNameError::Sign('ö')));
        assert_eq!(check_own_name("ö"), Err(OwnNameError::Sign('ö')));
        assert_eq!(check_own_name(&"a".repeat(61)), Err(OwnNameError::TooLong(61)));
    }

    #[test]
    fn backticks() {
        assert_eq!(unquote("`a``b*`"), "a`b*");
        for (name, text) in [
            ("orders_1", "orders_1"),
            ("1st", "`1st`"),
            ("a b`c", "`a b``c`"),
            ("订单", "`订单`"),
            ("", "``"),
        ] {
            assert_eq!(name_text(name), text);
            assert!(unquote(text) == name, "{text}");
        }
    }
}
