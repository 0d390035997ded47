//! Private keys that were pasted into a file.

use super::{Range, line_end};

/// From the first line of each key to its last, or to the first line that cannot belong to one.
pub(super) fn find(text: &str) -> Vec<Range> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find("-----BEGIN ").map(|at| from + at) {
        let end = line_end(text, at as u32) as usize;
        let before = text[..at].rsplit(['\n', '\r']).next().unwrap_or_default();
        // In a text or behind a statement it is theirs to tell.
        let stands_alone = before.trim_matches([' ', '\t', '#']).is_empty();
        from = end;
        if stands_alone && text[at..end].trim_end().ends_with("PRIVATE KEY-----") {
            from = key_end(text, end);
            found.push(at as u32..from as u32);
        }
    }
    found
}

/// End of the last line of a key, whose first line ends at `end`.
fn key_end(text: &str, mut end: usize) -> usize {
    let mut rest = &text[end..];
    loop {
        let next = rest.trim_start_matches(['\n', '\r']);
        let line = next.split(['\n', '\r']).next().unwrap_or_default();
        let signs = line.trim_matches([' ', '\t', '#']);
        let is_last = signs.starts_with("-----END ");
        let is_body = !signs.is_empty()
            && signs.bytes().all(|sign| sign.is_ascii_alphanumeric() || b"+/=".contains(&sign));
        if !is_last && !is_body {
            return end;
        }
        end = text.len() - next.len() + line.trim_end().len();
        if is_last {
            return end;
        }
        rest = &text[end..];
    }
}
