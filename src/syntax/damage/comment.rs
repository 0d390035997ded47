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
    for leaf in tree.leaves() {
        let node = tree.node(leaf);
        if node.start < behind || !may_begin_here(text, node.start) {
            continue;
        }
        let rest = &text[node.start as usize..line_end(text, node.start) as usize];
        let own_line = first_on_line(text, node.start);
        let marker = match node.kind {
            NodeKind::Glob if rest.starts_with("--") && (own_line || is_dashes(rest)) => "--",
            NodeKind::BadTail if is_dashes(rest) => "--",
            NodeKind::Bad | NodeKind::BadTail if rest.starts_with("//") => "//",
            NodeKind::Bad | NodeKind::BadTail | NodeKind::Regex if rest.starts_with("/*") => "/*",
            _ => continue,
        };
        let end = match marker {
            "/*" => text[node.start as usize + 2..]
                .find("*/")
                .map_or_else(|| line_end(text, node.start), |at| node.start + 2 + at as u32 + 2),
            _ => line_end(text, node.start),
        };
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
    rest.strip_prefix("--").is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '-']))
}
