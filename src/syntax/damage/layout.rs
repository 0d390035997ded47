//! Several braces that are wrong, told by the layout of the file.
//!
//! One wrong brace shifts what every later one closes, so that of several the tree alone says little. In a file that is laid out
//! as the formatter does it, a line says by its indentation which blocks are open there.

use super::{BraceFault, Range, first_on_line, indent, line_end};
use crate::syntax::{NodeKind, Tree};

/// How a block begins.
enum Opening {
    /// With its `{`.
    Brace(Range),
    /// Behind these words, which lack it.
    Words(Range),
    /// With the file.
    File,
}

/// A block that is open.
struct Level {
    /// How it begins.
    opening: Opening,
    /// Blanks before the line that it opens on.
    indent: u32,
    /// Blanks before its first statement.
    inner: Option<u32>,
    /// The last statement of it, without blanks behind it; empty when that has a block.
    last: Range,
}

/// The faults of a file whose lines are indented by level; none where they are not.
pub(super) fn find(tree: &Tree, text: &str) -> Option<Vec<BraceFault>> {
    let file = Level { opening: Opening::File, indent: 0, inner: Some(0), last: 0..0 };
    let mut reader = Reader { text, levels: vec![file], content_end: 0, faults: Vec::new() };
    for leaf in tree.leaves() {
        let place = tree.node(leaf).start..tree.node(leaf).end;
        match tree.kind(leaf) {
            NodeKind::Bom | NodeKind::Nl | NodeKind::Ws | NodeKind::Doc | NodeKind::Comment => continue,
            _ if place.is_empty() => continue,
            NodeKind::Open => reader.open(place.clone())?,
            NodeKind::Close | NodeKind::Stray => reader.close(place.clone())?,
            _ if first_on_line(text, place.start) => reader.statement(place.start)?,
            _ => {}
        }
        reader.content_end = place.end;
    }
    reader.end_deeper_than(None, text.len() as u32)?;
    Some(reader.faults)
}

struct Reader<'t> {
    text: &'t str,
    /// The file itself, then every open block.
    levels: Vec<Level>,
    /// Behind the last sign that is no blank and no comment.
    content_end: u32,
    faults: Vec<BraceFault>,
}

impl Reader<'_> {
    fn open(&mut self, brace: Range) -> Option<()> {
        let indent = indent(self.text, brace.start);
        let around = self.levels.last_mut()?;
        // One at the beginning of a line opens no block of a statement.
        let has_head = !first_on_line(self.text, brace.start) && around.inner == Some(indent);
        around.last = 0..0;
        self.levels.push(Level { opening: Opening::Brace(brace), indent, inner: None, last: 0..0 });
        has_head.then_some(())
    }

    fn close(&mut self, brace: Range) -> Option<()> {
        if !first_on_line(self.text, brace.start) {
            // It closes what opened on its line, or the layout is another one.
            let level = self.levels.pop()?;
            let is_same_line = level.indent == indent(self.text, brace.start);
            return (is_same_line && matches!(level.opening, Opening::Brace(_))).then_some(());
        }
        let own = indent(self.text, brace.start);
        self.end_deeper_than(Some(own), brace.start)?;
        match self.levels.last() {
            Some(level) if self.levels.len() > 1 && level.indent == own => {
                let level = self.levels.pop()?;
                if let Opening::Words(head) = level.opening {
                    self.faults.push(BraceFault::unopened(self.text, head, brace));
                }
            }
            Some(_) | None => {
                self.faults.push(BraceFault::Extra { brace, stray: None, orphans: false });
            }
        }
        Some(())
    }

    /// A line that begins with a word.
    fn statement(&mut self, at: u32) -> Option<()> {
        let own = indent(self.text, at);
        while self.levels.len() > 1 && self.levels.last()?.indent >= own {
            self.end_level(at)?;
        }
        let line = &self.text[at as usize..line_end(self.text, at) as usize];
        let head = at..at + line.trim_end().len() as u32;
        let level = self.levels.last_mut()?;
        let inner = *level.inner.get_or_insert(own);
        if own == inner {
            level.last = head;
            return Some(());
        }
        if own < inner || level.last.is_empty() {
            return None;
        }
        // What is indented deeper belongs to the line above.
        let opening = Opening::Words(level.last.clone());
        level.last = 0..0;
        self.levels.push(Level { opening, indent: inner, inner: Some(own), last: head });
        Some(())
    }

    /// Ends the blocks whose line stands further right than `limit`, or all of them.
    fn end_deeper_than(&mut self, limit: Option<u32>, outside: u32) -> Option<()> {
        while self.levels.len() > 1
            && limit.is_none_or(|limit| self.levels.last().is_some_and(|level| level.indent > limit))
        {
            self.end_level(outside)?;
        }
        Some(())
    }

    /// Ends a block before its `}` came. One without braces may be none, and one with nothing in it is not indented.
    fn end_level(&mut self, outside: u32) -> Option<()> {
        let level = self.levels.pop().filter(|level| level.inner.is_some())?;
        let Opening::Brace(open) = level.opening else { return None };
        let insert = line_end(self.text, self.content_end.saturating_sub(1));
        self.faults.push(BraceFault::Unclosed { open, outside, insert });
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::syntax::parse;
    use crate::text::FileId;

    const WHOLE: &str = "pipeline p {\n  to k {\n    topic \"x\" {\n      partitions 3\n    }\n    key id\n  }\n  # }\n  table a.b {\n    key id\n  }\n}\ntarget k kafka \"h\" {\n  state {\n    replicas 3\n  }\n}\n";

    /// The lines, from 1, at which braces are wrong.
    fn lines(text: &str) -> Option<Vec<usize>> {
        let parse = parse(FileId(0), text);
        let line = |at: u32| text[..at as usize].matches('\n').count() + 1;
        let faults = find(&parse.tree, text)?.into_iter();
        let mut lines: Vec<usize> = faults
            .map(|fault| match fault {
                BraceFault::Unclosed { open, .. } | BraceFault::Headless { open, .. } => line(open.start),
                BraceFault::Extra { brace, .. } => line(brace.start),
                BraceFault::Commented { comment, .. } => line(comment.start),
                BraceFault::Doubled { open, .. } | BraceFault::Bracketed { open, .. } => line(open.start),
                BraceFault::Unopened { head, .. } => line(head.start),
            })
            .collect();
        lines.sort_unstable();
        Some(lines)
    }

    /// The lines of [`WHOLE`] on which a block opens, and on which it closes.
    const BLOCKS: [(usize, usize); 6] = [(1, 12), (2, 7), (3, 5), (9, 11), (13, 17), (14, 16)];

    fn without(removed: &[(usize, &str)]) -> String {
        let mut lines: Vec<&str> = WHOLE.lines().collect();
        for &(n, brace) in removed {
            lines[n - 1] = lines[n - 1].trim_end().trim_end_matches(brace).trim_end();
        }
        lines.join("\n")
    }

    #[test]
    fn any_two_braces_that_are_missing() {
        assert_eq!(lines(WHOLE), Some(vec![]));
        for (n, one) in BLOCKS.iter().enumerate() {
            for other in &BLOCKS[n + 1..] {
                let expected = Some(vec![one.0, other.0]);
                assert_eq!(lines(&without(&[(one.1, "}"), (other.1, "}")])), expected, "{one:?} {other:?}");
                assert_eq!(lines(&without(&[(one.0, "{"), (other.0, "{")])), expected, "{one:?} {other:?}");
                assert_eq!(lines(&without(&[(one.0, "{"), (other.1, "}")])), expected, "{one:?} {other:?}");
                assert_eq!(lines(&without(&[(one.1, "}"), (other.0, "{")])), expected, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn another_layout_says_nothing() {
        assert_eq!(lines("a {\nb {\nc\n}\n}\n"), None);
        assert_eq!(lines("a {\n    b\n  c\n"), None);
        assert_eq!(lines("a\n{\n  b\n}\n"), None);
        assert_eq!(lines("a\n  b\n"), None);
        assert_eq!(lines("a { b }\nc {\n  d { e }\n"), Some(vec![2]));
    }
}
