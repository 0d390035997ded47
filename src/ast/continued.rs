//! Conditions that go on below their line: `and …` or `or …` where a statement begins.

use super::statement::Reader;
use crate::diagnostic::{Diagnostic, Fix};
use crate::statement::{self as st, Place};
use crate::syntax::{self, NodeId, NodeKind};
use crate::text::{FileId, Span};

/// Longest condition that is put together, in lines.
const LINES_MAX: usize = 50;

impl Reader<'_> {
    /// What is said of a statement that begins with `and` or `or`: nothing where the condition it belongs to stands at a
    /// place that has none, and is told of. None where it begins with another word.
    pub(super) fn goes_on(&self, id: NodeId, word: &str, place: Place) -> Option<Option<Diagnostic>> {
        let word_lower = word.to_ascii_lowercase();
        if !matches!(word_lower.as_str(), "and" | "or") {
            return None;
        }
        let before = self.lines_before(id);
        let has_where = st::in_place(place).any(|spec| spec.word == "where");
        if !has_where {
            return (!before.is_empty()).then_some(None);
        }
        let start = self.tree.node(id).start;
        let span = Span::new(self.tree.file(), start, start + word.len() as u32);
        let message = format!("a condition ends with its line, so none begins with `{word}`");
        let finding = Diagnostic::error(st::UNKNOWN_STATEMENT, span, message);
        let has_or = |&line: &NodeId| {
            let kinds = self.tree.descendants(line).map(|part| self.tree.kind(part));
            let is_or = kinds.into_iter().any(|kind| kind == NodeKind::KwOr);
            is_or || self.tree.text(line, self.text).to_ascii_lowercase().starts_with("or")
        };
        // `where a or b` and a line `and c` below: `where c` would not mean what stands there.
        if word_lower == "and" && !before.iter().any(has_or) {
            let fix = Fix::machine("write `where`", span, "where");
            return Some(Some(
                finding.help("begin the line with `where`: several are joined with `and`").fix(fix),
            ));
        }
        let finding = finding.help("write it behind the condition before, on one line");
        Some(Some(match self.joined(id, &before) {
            Some(gap) => finding.fix(Fix::machine("join it with the line before", gap, " ")),
            None => finding,
        }))
    }

    /// The `where` that a line goes on, and the lines between them, the last first; nothing where there is no such.
    fn lines_before(&self, id: NodeId) -> Vec<NodeId> {
        let before = std::iter::successors(self.statement_before(id), |&line| self.statement_before(line));
        let mut lines: Vec<NodeId> = before.take(LINES_MAX).collect();
        let starts = |line: &NodeId, words: &[&str]| {
            let text = self.tree.text(*line, self.text);
            let word = text.split(|sign: char| !sign.is_ascii_alphabetic()).next().unwrap_or_default();
            words.iter().any(|other| word.eq_ignore_ascii_case(other))
        };
        let n_between = lines.iter().take_while(|line| starts(line, &["and", "or"])).count();
        if lines.get(n_between).is_some_and(|line| starts(line, &["where"])) {
            lines.truncate(n_between + 1);
            lines
        } else {
            Vec::new()
        }
    }

    /// The statement before another one in its block.
    fn statement_before(&self, id: NodeId) -> Option<NodeId> {
        let parent = self.tree.node(id).parent;
        let mut at = id;
        loop {
            let mut before = NodeId(at.0.checked_sub(1).filter(|&before| before > parent.0)?);
            while self.tree.node(before).parent != parent {
                before = self.tree.node(before).parent;
            }
            if self.tree.kind(before) == NodeKind::Statement {
                return Some(before);
            }
            at = before;
        }
    }

    /// The gap between a line and the one before, where nothing stands in it and all lines together are a condition.
    fn joined(&self, id: NodeId, before: &[NodeId]) -> Option<Span> {
        let text_of = |line: NodeId| self.tree.text(line, self.text).trim_end();
        let previous = *before.first()?;
        let end = self.tree.node(previous).start + text_of(previous).len() as u32;
        let gap = Span::new(self.tree.file(), end, self.tree.node(id).start);
        let is_empty = self.text[gap.start as usize..gap.end as usize].trim().is_empty();
        let lines: Vec<&str> = before.iter().rev().map(|&line| text_of(line)).chain([text_of(id)]).collect();
        let condition = lines.join(" ");
        let parse = syntax::parse(FileId(0), &condition);
        let mut statements = parse.tree.children(parse.tree.root());
        let only = statements.next().filter(|_| statements.next().is_none())?;
        (is_empty && !parse.tree.has_error(only)).then_some(gap)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Values, lower};
    use super::*;
    use crate::diagnostic::Safety;

    /// Lines of a `table` block after all certain repairs, and the number of findings before.
    #[track_caller]
    fn check(lines: &str, n_findings: usize, expected: &str) {
        let before = "edition 2026\npipeline p from s to t {\ntable a.b {\n";
        let text = format!("{before}{lines}\n}}\n}}\n");
        let parse = syntax::parse(FileId(0), &text);
        let mut found = syntax::errors(&parse, &text);
        found.extend(lower(&parse, &text, &Values::default()).1);
        assert_eq!(found.len(), n_findings, "{found:?}");
        let certain = |finding: &Diagnostic| {
            finding.fixes.iter().find(|fix| fix.safety == Safety::Machine).map(|fix| fix.edits.clone())
        };
        let mut edits: Vec<_> = found.iter().filter_map(certain).flatten().collect();
        edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
        let mut mended = text.clone();
        for edit in edits {
            mended.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
        }
        assert_eq!(mended, format!("{before}{expected}\n}}\n}}\n"));
    }

    #[test]
    fn lines_are_joined_to_what_they_say() {
        check("where a = 1\nor b = 2", 1, "where a = 1 or b = 2");
        check("where a = 1\n  or b = 2\n  OR c in (3, 4)", 2, "where a = 1 or b = 2 OR c in (3, 4)");
        check("where a = 1\nand b = 2", 1, "where a = 1\nwhere b = 2");
        check("where a = 1\nor b = 2\nand c = 3", 2, "where a = 1 or b = 2 and c = 3");
        check("where a = 1 or b = 2\nand c = 3", 1, "where a = 1 or b = 2 and c = 3");
    }

    #[test]
    fn where_nothing_is_certain_nothing_is_joined() {
        check("where a = 1 # one\nor b = 2", 1, "where a = 1 # one\nor b = 2");
        check("or b = 2", 1, "or b = 2");
        check("where a = 1\nor b => 2", 1, "where a = 1\nor b => 2");
        check("where a = 1\ntombstones on\nor b = 2", 1, "where a = 1\ntombstones on\nor b = 2");
    }
}
