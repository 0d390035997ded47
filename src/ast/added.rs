//! Files that are added with another word than `use`: `include "../platform"`.

use super::statement::Reader;
use crate::diagnostic::{Diagnostic, Fix};
use crate::statement::{self as st, Place};
use crate::syntax::{NodeId, NodeKind};
use crate::text::Span;

/// What other languages write for it.
const WORDS: [&str; 4] = ["include", "import", "require", "load"];

impl Reader<'_> {
    /// True for a statement that means to add files: what these declare is not known.
    pub(super) fn adds_files(&self, id: NodeId) -> bool {
        self.added(id).is_some()
    }

    /// The word, and the path behind it with its place.
    fn added(&self, id: NodeId) -> Option<(NodeId, &str, Span)> {
        let word = self.first_word(id)?;
        let mut parts = self.tree.children(id).filter(|&child| self.tree.kind(child) != NodeKind::Ws).skip(1);
        let text = parts.next().filter(|&text| self.tree.kind(text) == NodeKind::String)?;
        let path = self.tree.text(text, self.text).trim_matches('"');
        let is_path = path.contains('/') || path.ends_with(".sync");
        let is_word = WORDS.contains(&self.tree.text(word, self.text));
        (is_path && is_word && parts.next().is_none()).then_some((word, path, self.tree.span(text)))
    }

    /// What is said of such a statement at the top of a file.
    pub(super) fn added_otherwise(&self, id: NodeId, place: Place) -> Option<Diagnostic> {
        let (word, path, at) = self.added(id).filter(|_| place == Place::File)?;
        let (shown, span) = (self.tree.text(word, self.text), self.tree.span(word));
        let is_ours = !st::places_of(shown).is_empty();
        let code = if is_ours { st::STATEMENT_NOT_HERE } else { st::UNKNOWN_STATEMENT };
        let finding = |message: String| Diagnostic::error(code, span, message);
        let Some((directory, _)) = path.rsplit_once('/').filter(|_| path.ends_with(".sync")) else {
            let message = format!("`{shown}` adds no files; here `use` does, a directory at a time");
            return Some(match path.ends_with(".sync") {
                true => {
                    finding(message).help("all files of one directory are read together: remove the line")
                }
                false => finding(message).fix(Fix::machine("write `use`", span, "use")),
            });
        };
        let text = format!("use \"{directory}\"");
        Some(
            finding(format!("`{shown}` adds no files; here `use` does, a directory at a time"))
                .help(format!("all files of a directory are read together: `{text}`"))
                .fix(Fix::machine(format!("write `{text}`"), span.to(at), text)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Values, lower};
    use crate::syntax;
    use crate::text::FileId;

    /// The code of the finding about a line of a file, and the line after its repair.
    #[track_caller]
    fn check(line: &str, code: &str, expected: &str) {
        let text = format!("edition 2026\n{line}\n");
        let parse = syntax::parse(FileId(0), &text);
        let (file, found) = lower(&parse, &text, &Values::default());
        let [finding] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(finding.code.number, code);
        assert!(file.opaque, "what it would have added is not known");
        let mut mended = text.clone();
        for edit in finding.fixes.iter().flat_map(|fix| &fix.edits) {
            mended.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
        }
        assert_eq!(mended, format!("edition 2026\n{expected}\n"));
    }

    #[test]
    fn directories_and_files() {
        check("include \"../platform\"", "S0014", "use \"../platform\"");
        check("import \"../platform\"", "S0013", "use \"../platform\"");
        check("include \"../platform/kafka.sync\"", "S0014", "use \"../platform\"");
        check("include \"kafka.sync\"", "S0014", "include \"kafka.sync\"");
    }
}
