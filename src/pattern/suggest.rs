//! Regular expressions that say no more than a glob.

use super::name::{NamePattern, is_bare_sign};
use super::relation::Relation;

/// The glob for a regular expression made of plain signs, `.`, `.*`, `.+`, `\d` and sets of signs. Proven
/// equal.
pub(super) fn glob_for(regex: &str) -> Option<NamePattern> {
    let inner = regex.strip_prefix('^').unwrap_or(regex);
    let inner = match inner.strip_suffix('$') {
        Some(shorter) if !shorter.ends_with('\\') => shorter,
        _ => inner,
    };
    let mut glob = String::new();
    let mut signs = inner.chars().peekable();
    while let Some(sign) = signs.next() {
        match sign {
            '.' => match signs.peek() {
                Some('*') => {
                    signs.next();
                    glob.push('*');
                }
                Some('+') => {
                    signs.next();
                    glob.push_str("?*");
                }
                _ => glob.push('?'),
            },
            '[' => {
                let class: String = signs.by_ref().take_while(|&sign| sign != ']').collect();
                let simple = !class.starts_with('^') && class.chars().all(is_bare_sign);
                glob.push_str(&simple.then(|| format!("[{class}]"))?);
            }
            '\\' => match signs.next()? {
                'd' => glob.push_str("[0-9]"),
                sign if sign.is_ascii_punctuation() && is_bare_sign(sign) => glob.push(sign),
                _ => return None,
            },
            // in a regex it is an anchor
            '$' => return None,
            sign if is_bare_sign(sign) => glob.push(sign),
            _ => return None,
        }
    }
    let pattern = NamePattern::from_glob(&glob).ok()?;
    let relation = NamePattern::Regex(regex.to_owned()).compile().ok()?.relation(&pattern.compile().ok()?);
    (relation == Relation::Equal).then_some(pattern)
}
