//! Findings as JSON: the document of `--format json`, and its lines for `--format jsonl`.
//!
//! Version 1. Members are only added within a version; what is absent is `null` or `[]`, never left out.

use super::{Diagnostic, Safety, Summary, short};
use crate::text::{FileSet, Span};
use serde::Serialize;

/// Version of the form.
const VERSION: u32 = 1;

/// The whole document, with a line end.
pub fn document(diagnostics: &[Diagnostic], files: &FileSet, summary: Summary) -> String {
    let diagnostics = diagnostics.iter().map(|diagnostic| Finding::of(diagnostic, files)).collect();
    written(&Document { version: VERSION, diagnostics, summary: Counts::of(summary) }, true)
}

/// [`document`] with further members at its end.
pub fn document_with(
    diagnostics: &[Diagnostic],
    files: &FileSet,
    summary: Summary,
    more: &impl Serialize,
) -> String {
    let diagnostics = diagnostics.iter().map(|diagnostic| Finding::of(diagnostic, files)).collect();
    let document = Document { version: VERSION, diagnostics, summary: Counts::of(summary) };
    written(&With { document, more }, true)
}

/// One finding a line, then a line with the version and the summary.
pub fn lines(diagnostics: &[Diagnostic], files: &FileSet, summary: Summary) -> String {
    let mut text: String =
        diagnostics.iter().map(|diagnostic| written(&Finding::of(diagnostic, files), false)).collect();
    text.push_str(&written(&LastLine { version: VERSION, summary: Counts::of(summary) }, false));
    text
}

fn written(value: &impl Serialize, pretty: bool) -> String {
    let text = if pretty { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) };
    let mut text = text.expect("strings and numbers are always JSON");
    text.push('\n');
    text
}

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    diagnostics: Vec<Finding<'a>>,
    summary: Counts,
}

#[derive(Serialize)]
struct With<'a, M: Serialize> {
    #[serde(flatten)]
    document: Document<'a>,
    #[serde(flatten)]
    more: &'a M,
}

#[derive(Serialize)]
struct LastLine {
    version: u32,
    summary: Counts,
}

#[derive(Serialize)]
struct Finding<'a> {
    code: &'static str,
    name: &'static str,
    severity: &'static str,
    message: &'a str,
    file: Option<&'a str>,
    span: Option<Place>,
    labels: Vec<Label<'a>>,
    help: Option<&'a str>,
    fixes: Vec<Fix<'a>>,
    related: Vec<Related<'a>>,
    url: Option<&'a str>,
}

#[derive(Serialize)]
struct Label<'a> {
    file: &'a str,
    span: Place,
    text: &'a str,
}

#[derive(Serialize)]
struct Fix<'a> {
    title: &'a str,
    safety: &'static str,
    edits: Vec<Label<'a>>,
}

#[derive(Serialize)]
struct Related<'a> {
    file: &'a str,
    span: Place,
    message: &'a str,
}

#[derive(Serialize)]
struct Place {
    start: Point,
    end: Point,
}

#[derive(Serialize)]
struct Point {
    line: u32,
    col: u32,
    offset: u32,
}

#[derive(Serialize)]
struct Counts {
    errors: usize,
    warnings: usize,
    advice: usize,
    files: usize,
    fixable: usize,
}

impl Counts {
    fn of(summary: Summary) -> Counts {
        let Summary { errors, warnings, advice, files, fixable } = summary;
        Counts { errors, warnings, advice, files, fixable }
    }
}

impl<'a> Finding<'a> {
    fn of(diagnostic: &'a Diagnostic, files: &'a FileSet) -> Finding<'a> {
        let primary = diagnostic.primary.as_ref();
        let labels = primary.into_iter().filter(|label| !label.text.is_empty()).chain(&diagnostic.labels);
        Finding {
            code: diagnostic.code.number,
            name: diagnostic.code.name,
            severity: short::weight(diagnostic.severity),
            message: &diagnostic.message,
            file: primary.map(|label| files.path(label.span.file)),
            span: primary.map(|label| place(label.span, files)),
            labels: labels.map(|label| labelled(label.span, &label.text, files)).collect(),
            help: diagnostic.help.as_deref(),
            fixes: diagnostic
                .fixes
                .iter()
                .map(|fix| Fix {
                    title: &fix.title,
                    safety: match fix.safety {
                        Safety::Machine => "machine",
                        Safety::Choice => "choice",
                    },
                    edits: fix.edits.iter().map(|edit| labelled(edit.span, &edit.text, files)).collect(),
                })
                .collect(),
            related: diagnostic
                .related
                .iter()
                .map(|related| Related {
                    file: files.path(related.span.file),
                    span: place(related.span, files),
                    message: &related.message,
                })
                .collect(),
            url: None,
        }
    }
}

fn labelled<'a>(span: Span, text: &'a str, files: &'a FileSet) -> Label<'a> {
    Label { file: files.path(span.file), span: place(span, files), text }
}

fn place(span: Span, files: &FileSet) -> Place {
    let point = |offset| {
        let at = files.line_col(span.file, offset);
        Point { line: at.line, col: at.col, offset: files.file_offset(span.file, offset) }
    };
    Place { start: point(span.start), end: point(span.end) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::{Code, Severity};

    #[test]
    fn what_is_absent_is_null() {
        let found =
            Diagnostic::nowhere(Code::new("L0101", "mysql-unreachable"), Severity::Warning, "no answer");
        let text = lines(&[found], &FileSet::new(), Summary::default());
        let first = text.lines().next().expect("a line");
        assert_eq!(
            first,
            r#"{"code":"L0101","name":"mysql-unreachable","severity":"warning","message":"no answer","file":null,"span":null,"labels":[],"help":null,"fixes":[],"related":[],"url":null}"#
        );
        assert_eq!(text.lines().count(), 2);
    }
}
