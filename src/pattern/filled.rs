//! Patterns whose captures are known: from the texts of a name back to the names that may have given them.

use super::{NamePattern, TablePattern};

/// Signs that mean something in a regular expression.
const META: &str = r"\.+*?()|[]{}^$#&-~";

impl NamePattern {
    /// The pattern with texts in place of some captures; what these do not fit takes nothing. None where no capture is among
    /// them.
    pub fn filled(&self, captures: &[(String, String)]) -> Option<NamePattern> {
        let (text, is_glob) = match self {
            NamePattern::Exact(_) => return None,
            NamePattern::Glob(text) => (text, true),
            NamePattern::Regex(text) => (text, false),
        };
        let mut filled = text.clone();
        let mut found = false;
        for (name, value) in captures {
            let place = if is_glob { range(&filled, name) } else { group(&filled, name) };
            let Some((start, end)) = place else { continue };
            found = true;
            let value = if is_glob { value.clone() } else { format!("(?:{})", escaped(value)) };
            filled.replace_range(start..end, &value);
        }
        let read = if is_glob { NamePattern::from_glob } else { NamePattern::from_regex };
        found.then(|| read(&filled).ok()).flatten()
    }
}

impl TablePattern {
    /// [`NamePattern::filled`] for both of its names; one without a capture stays.
    pub fn filled(&self, captures: &[(String, String)]) -> Option<TablePattern> {
        let (db, table) = (self.db.filled(captures), self.table.filled(captures));
        if db.is_none() && table.is_none() {
            return None;
        }
        let other = |filled: Option<NamePattern>, own: &NamePattern| filled.unwrap_or_else(|| own.clone());
        Some(TablePattern::new(other(db, &self.db), other(table, &self.table)))
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::new();
    for sign in text.chars() {
        if META.contains(sign) {
            out.push('\\');
        }
        out.push(sign);
    }
    out
}

/// Where the range of this name begins and ends in a glob that can be read.
fn range(text: &str, name: &str) -> Option<(usize, usize)> {
    let start = text.find(&format!("[{name}:"))?;
    Some((start, start + text[start..].find(']')? + 1))
}

/// Where the group of this name begins and ends in an expression that can be read.
fn group(text: &str, name: &str) -> Option<(usize, usize)> {
    let start = [format!("(?<{name}>"), format!("(?P<{name}>")].iter().find_map(|open| text.find(open))?;
    let (mut depth, mut in_class) = (0usize, 0usize);
    let mut signs = text[start..].char_indices();
    while let Some((at, sign)) = signs.next() {
        match sign {
            '\\' => drop(signs.next()),
            '[' => in_class += 1,
            ']' => in_class = in_class.saturating_sub(1),
            '(' if in_class == 0 => depth += 1,
            ')' if in_class == 0 => {
                depth -= 1;
                if depth == 0 {
                    return Some((start, start + at + 1));
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captures_become_their_texts() {
        let check = |pattern: NamePattern, captures: &[(&str, &str)], expected: Option<&str>| {
            let captures: Vec<_> = captures.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
            let filled = pattern.filled(&captures).map(|filled| filled.to_string());
            assert_eq!(filled.as_deref(), expected, "{pattern}");
        };
        let glob = |text: &str| NamePattern::from_glob(text).expect("a pattern");
        let regex = |text: &str| NamePattern::from_regex(text).expect("a pattern");
        check(glob("shop_[n:00..15]_*"), &[("n", "07")], Some("shop_07_*"));
        check(glob("shop_[n:00..15]"), &[("n", "07")], Some("shop_07"));
        check(glob("shop_[00..15]"), &[("n", "07")], None);
        check(regex("t_(?<lang>[a-z]{2})"), &[("lang", "de")], Some("/t_(?:de)/"));
        check(regex(r"(?P<a>[)(]|\)|(x))y(?<b>.)"), &[("a", "x"), ("b", ".")], Some(r"/(?:x)y(?:\.)/"));
        check(regex("t_(?<lang>[a-z]{2})"), &[("n", "de")], None);
        check(glob("shop"), &[("n", "07")], None);
    }
}
