//! Applies certain repairs.

use crate::diagnostic::{Diagnostic, Safety, TextEdit};
use crate::text::{FileId, FileSet, Span};
use std::collections::BTreeMap;

/// A repair may uncover another finding that has one too; after so many rounds something goes in circles.
const ROUNDS_MAX: usize = 10;

/// Files after all certain repairs.
pub(super) struct Repaired {
    /// All files, with the same ids as before.
    pub(super) files: FileSet,
    /// What is left.
    pub(super) findings: Vec<Diagnostic>,
    /// The changed files and their new texts.
    pub(super) changed: Vec<(FileId, String)>,
}

/// Repairs until nothing certain is left in the files that `may_change`. `findings` are those of `files`; `check` finds them anew.
pub(super) fn rounds(
    files: &FileSet,
    findings: Vec<Diagnostic>,
    may_change: impl Fn(FileId) -> bool,
    check: impl Fn(&FileSet) -> Vec<Diagnostic>,
) -> Repaired {
    let (mut now, mut findings) = (files.clone(), findings);
    for _ in 0..ROUNDS_MAX {
        let edits = edits(&findings, &may_change);
        if edits.is_empty() {
            break;
        }
        now = edited(&now, &edits);
        findings = check(&now);
    }
    let changed = files
        .ids()
        .filter(|&id| files.text(id) != now.text(id))
        .map(|id| (id, now.text(id).to_owned()))
        .collect();
    Repaired { files: now, findings, changed }
}

/// The edits of all certain repairs of files that may change, sorted; of repairs that meet, the first found counts.
fn edits(findings: &[Diagnostic], may_change: impl Fn(FileId) -> bool) -> Vec<TextEdit> {
    let mut taken: BTreeMap<Span, &str> = BTreeMap::new();
    for finding in findings {
        let Some(fix) = finding.fixes.iter().find(|fix| fix.safety == Safety::Machine) else { continue };
        let possible = fix.edits.iter().all(|edit| {
            if !may_change(edit.span.file) {
                return false;
            }
            let behind = Span::new(edit.span.file, edit.span.end, u32::MAX);
            let before = taken.range(..=behind).next_back();
            before.is_none_or(|(span, _)| span.file != edit.span.file || span.end < edit.span.start)
        });
        if possible {
            taken.extend(fix.edits.iter().map(|edit| (edit.span, edit.text.as_str())));
        }
    }
    taken.into_iter().map(|(span, text)| TextEdit { span, text: text.to_owned() }).collect()
}

fn edited(files: &FileSet, edits: &[TextEdit]) -> FileSet {
    let mut now = files.clone();
    for id in files.ids().filter(|&id| edits.iter().any(|edit| edit.span.file == id)) {
        let text = files.text(id);
        let mut new = String::with_capacity(text.len());
        let mut at = 0;
        for edit in edits.iter().filter(|edit| edit.span.file == id) {
            new.push_str(&text[at..edit.span.start as usize]);
            new.push_str(&edit.text);
            at = edit.span.end as usize;
        }
        new.push_str(&text[at..]);
        now.replace(id, new);
    }
    now
}

/// Two texts of a file as a unified diff.
pub(super) fn diff(path: &str, old: &str, new: &str) -> String {
    similar::TextDiff::from_lines(old, new)
        .unified_diff()
        .header(&format!("a/{path}"), &format!("b/{path}"))
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::compile_project;

    #[test]
    fn repairs_what_is_certain() {
        let mut files = FileSet::new();
        files.add(
            "a.sync",
            "edition 2026\n\nsource shop mysql “syncc@db1:3306” {\n  password env SHOP_DB_PASSWORD;\n}\n\
             target bus kafka \"kafka1:9092\"\n\n-- all\npipeline shop from shop to bus {\n  include shop.*\n  topic \"{db.x\"\n",
        );
        let find = |files: &FileSet| compile_project(&crate::project::Project::of(files.clone())).findings;
        let repaired = rounds(&files, find(&files), |_| true, find);
        let (_, text) = &repaired.changed[0];
        assert_eq!(
            text,
            "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\n\
             target bus kafka \"kafka1:9092\"\n\n# all\npipeline shop from shop to bus {\n  include shop.*\n  topic \"{db.x\"\n}\n"
        );
        // Two ways to repair the text of the topic: a person decides.
        let left: Vec<_> = repaired.findings.iter().map(|finding| finding.code.number).collect();
        assert_eq!(left, ["S0008"]);
    }
}
