//! Where a text may be broken into lines.

/// Longest code that is kept on one line, in bytes.
const CODE_MAX: usize = 60;

/// The words of a text: blanks between backticks are part of a word, because `allow CODE because` is one thing.
pub fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut start = None;
    // End of the code that was found last.
    let mut code_end = 0;
    for (at, sign) in text.char_indices() {
        if sign == '`' && at >= code_end {
            let inner = &text[at + 1..];
            let close = inner.find('`').filter(|&len| len <= CODE_MAX && !inner[..len].contains('\n'));
            code_end = close.map_or(0, |len| at + len + 2);
        }
        if sign.is_whitespace() && at >= code_end {
            words.extend(start.take().map(|start: usize| &text[start..at]));
        } else if start.is_none() {
            start = Some(at);
        }
    }
    words.extend(start.map(|start| &text[start..]));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_one_word() {
        let check = |text: &str, expected: &[&str]| assert_eq!(words(text), expected, "{text}");
        check("write `on-error park`, or", &["write", "`on-error park`,", "or"]);
        check("a  b\nc", &["a", "b", "c"]);
        check("`a b` `c d`", &["`a b`", "`c d`"]);
        check("a ` b c", &["a", "`", "b", "c"]);
        check(&format!("`a {}`", "b".repeat(CODE_MAX)), &["`a", &format!("{}`", "b".repeat(CODE_MAX))]);
        check("", &[]);
    }
}
