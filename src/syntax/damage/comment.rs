//! Comments as other languages write them.

use super::{Range, first_on_line, line_end};
use crate::syntax::{NodeKind, Tree};

/// `// …`, `-- …` to the line end, or `/* … */`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::syntax) struct ForeignComment {
    /// The whole comment.
    pub(in crate::syntax) range: Range,
    /// `//`, `--` or `/*`.
    pub(in crate::syntax) marker: &'static str,
}

/// All such comments of a file, in order.
pub(super) fn find(tree: &Tree, text: &str) -> Vec<ForeignComment> {
    let mut found = Vec::new();
    let mut behind = 0;
    // Looked for once when there is none, not once for every `/*`.
    let mut has_end = true;
    for leaf in tree.leaves() {
        let node = tree.node(leaf);
        if node.start < behind || !may_begin_here(text, node.start) {
            continue;
        }
        let rest = &text[node.start as usize..];
        let marker = match node.kind {
            NodeKind::Glob if is_dashes(rest) => "--",
            NodeKind::Glob if rest.starts_with("--") && first_on_line(text, node.start) => "--",
            NodeKind::BadTail if is_dashes(rest) => "--",
            NodeKind::Bad | NodeKind::BadTail if rest.starts_with("//") => "//",
            NodeKind::Bad | NodeKind::BadTail | NodeKind::Regex if rest.starts_with("/*") => "/*",
            _ => continue,
        };
        let mut end = None;
        if marker == "/*" && has_end {
            end = rest[2..].find("*/").map(|at| node.start + 2 + at as u32 + 2);
            has_end = end.is_some();
        }
        let end = end.unwrap_or_else(|| line_end(text, node.start));
        behind = end;
        found.push(ForeignComment { range: node.start..end, marker });
    }
    found
}

/// A comment does not begin in the middle of a word: `https://…`, `shop./*x/`.
fn may_begin_here(text: &str, at: u32) -> bool {
    text[..at as usize].chars().next_back().is_none_or(|before| " \t\r\n{}\u{FEFF}".contains(before))
}

/// SQL wants a blank behind `--`; behind other words of a line we do too, so that no option is taken for a comment.
fn is_dashes(rest: &str) -> bool {
    rest.strip_prefix("--")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\n', '\r', '-']))
}
