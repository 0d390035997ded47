//! What the tests of rules share.

use crate::diagnostic::{Safety, short};
use crate::plan::compile_files;
use crate::text::FileSet;

/// Two sources and two targets. All but the first pair are used by a pipeline of their own, so nothing is left over.
const HEAD: &str = "edition 2026\n\
    source shop mysql \"db1\" {\npassword env P\n}\nsource crm mysql \"127.0.0.1\" {\npassword env P\n}\n\
    target bus kafka \"kafka1\"\ntarget out stdout\n\
    pipeline rest from crm to out {\ninclude crm.*\n}\npipeline p from shop to bus {\n";

/// Begins the lock file.
const LOCK_HEAD: &str = "edition 2026\nlock source shop {\n";

/// Checks what is found in a pipeline with these lines.
///
/// A finding is written behind the line it is drawn at, as `lines  # error[S0401]: the message`; the rest of what `short`
/// prints, columns and labels, is not compared. Several findings of a line are separated by ` | `.
#[track_caller]
pub(super) fn check_diagnostics(annotated: &str) {
    check_project(&[&format!("{HEAD}{annotated}}}\n")]);
}

/// The same with tables of the source `shop` in `schema.lock`.
#[track_caller]
pub(super) fn check_locked(annotated: &str, tables: &str) {
    check_files(&[
        ("0.sync", &format!("{HEAD}{annotated}}}\n")),
        ("schema.lock", &format!("{LOCK_HEAD}{tables}}}\n")),
    ]);
}

/// The same for whole files.
#[track_caller]
pub(super) fn check_project(annotated: &[&str]) {
    let names: Vec<String> = (0..annotated.len()).map(|n| format!("{n}.sync")).collect();
    let files: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(annotated.iter().copied()).collect();
    check_files(&files);
}

/// The same for whole files with their names.
#[track_caller]
pub(super) fn check_files(named: &[(&str, &str)]) {
    let annotated: Vec<&str> = named.iter().map(|(_, text)| *text).collect();
    let mut files = FileSet::new();
    for (name, text) in named {
        files.add(*name, plain(text));
    }
    let mut found: Vec<Vec<Vec<String>>> =
        annotated.iter().map(|text| vec![Vec::new(); text.lines().count() + 1]).collect();
    for finding in compile_files(&files).findings {
        let label = finding.primary.as_ref().expect("a finding of a rule has a place");
        let at = files.line_col(label.span.file, label.span.start);
        let line = short::line(&finding, &files);
        let said = line.splitn(4, ':').nth(3).unwrap_or_default().trim();
        let said = match label.text.as_str() {
            "" => said,
            label => said.strip_suffix(label).and_then(|said| said.strip_suffix("; ")).unwrap_or(said),
        };
        found[label.span.file.0 as usize][at.line as usize - 1].push(said.to_owned());
    }
    for (n, text) in annotated.iter().enumerate() {
        let shown: Vec<String> = plain(text)
            .lines()
            .zip(&found[n])
            .map(|(line, said)| match said.as_slice() {
                [] => line.to_owned(),
                said => format!("{line}  # {}", said.join(" | ")),
            })
            .collect();
        assert_eq!(shown.join("\n"), text.trim_end_matches('\n'));
    }
}

/// Codes of what is found in a pipeline with these lines, with tables of the source `shop` in `schema.lock`.
pub(super) fn codes_locked(lines: &str, tables: &str) -> Vec<&'static str> {
    let mut files = FileSet::new();
    files.add("0.sync", format!("{HEAD}{lines}}}\n"));
    files.add("schema.lock", format!("{LOCK_HEAD}{tables}}}\n"));
    compile_files(&files).findings.iter().map(|finding| finding.code.number).collect()
}

/// The lines of a pipeline after every certain repair of a rule, one after the other.
#[track_caller]
pub(super) fn check_repaired(lines: &str, expected: &str) {
    check_repaired_locked(lines, "", expected);
}

/// The same with tables of the source `shop` in `schema.lock`, if there are any.
#[track_caller]
pub(super) fn check_repaired_locked(lines: &str, tables: &str, expected: &str) {
    let mut text = format!("{HEAD}{lines}}}\n");
    for _ in 0..10 {
        let mut files = FileSet::new();
        files.add("0.sync", text.as_str());
        if !tables.is_empty() {
            files.add("schema.lock", format!("{LOCK_HEAD}{tables}}}\n"));
        }
        let findings = compile_files(&files).findings;
        let certain = |finding: &crate::diagnostic::Diagnostic| {
            finding.fixes.iter().find(|fix| fix.safety == Safety::Machine).cloned()
        };
        let Some(fix) = findings.iter().find_map(certain) else { break };
        let mut edits = fix.edits;
        edits.sort_by_key(|edit| std::cmp::Reverse(edit.span));
        for edit in edits {
            text.replace_range(edit.span.start as usize..edit.span.end as usize, &edit.text);
        }
    }
    let repaired = text.strip_prefix(HEAD).and_then(|text| text.strip_suffix("}\n"));
    assert_eq!(repaired, Some(expected));
}

/// A text without its annotations.
fn plain(text: &str) -> String {
    text.lines().map(|line| line.split("  # ").next().unwrap_or_default().to_owned() + "\n").collect()
}
