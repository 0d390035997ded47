//! Findings as GitHub shows them: commands that annotate lines, and a table for the summary of a step.
//!
//! GitHub shows about ten annotations of each weight and step; the table has the rest.

use super::place::{Region, Repository};
use super::render::harmless;
use super::{Diagnostic, Severity, Summary, short};
use crate::text::FileSet;

/// Most rows of the table: GitHub takes a summary of at most 1 MiB.
const ROWS_MAX: usize = 500;

/// One command per finding, a line each.
pub fn annotations(diagnostics: &[Diagnostic], files: &FileSet, repository: Repository<'_>) -> String {
    diagnostics.iter().map(|diagnostic| annotation(diagnostic, files, repository) + "\n").collect()
}

fn annotation(diagnostic: &Diagnostic, files: &FileSet, repository: Repository<'_>) -> String {
    let command = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Advice => "notice",
    };
    let mut properties = String::new();
    if let Some(label) = &diagnostic.primary {
        let path = repository.path(files.path(label.span.file));
        let at = Region::of(label.span, files);
        properties = format!("file={},line={},endLine={}", property(&path), at.start_line, at.end_line);
        properties += &format!(",col={}", at.start_col);
        if at.start_line == at.end_line {
            properties += &format!(",endColumn={}", at.end_col);
        }
        properties.push(',');
    }
    let title = diagnostic.code.number;
    format!("::{command} {properties}title={title}::{}", data(&harmless(&short::paragraph(diagnostic))))
}

/// What stands behind the second `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A table in Markdown.
pub fn summary(
    diagnostics: &[Diagnostic],
    files: &FileSet,
    summary: Summary,
    repository: Repository<'_>,
) -> String {
    let mut text = format!("### syncc check: {summary}\n");
    if diagnostics.is_empty() {
        return text;
    }
    text += "\n| | finding | place | |\n|---|---|---|---|\n";
    for diagnostic in diagnostics.iter().take(ROWS_MAX) {
        let place = diagnostic.primary.as_ref().map_or_else(String::new, |label| {
            let at = files.line_col(label.span.file, label.span.start);
            format!("{}:{}:{}", repository.path(files.path(label.span.file)), at.line, at.col)
        });
        text += &format!(
            "| {} | {} {} | {} | {} |\n",
            short::weight(diagnostic.severity),
            diagnostic.code.number,
            diagnostic.code.name,
            cell(&place),
            cell(&short::sentence(diagnostic)),
        );
    }
    if diagnostics.len() > ROWS_MAX {
        text += &format!("\n{} more findings are in the log of the step.\n", diagnostics.len() - ROWS_MAX);
    }
    text
}

/// Text that Markdown leaves as it is, on one line.
fn cell(text: &str) -> String {
    let mut cell = String::with_capacity(text.len());
    for sign in harmless(text).chars() {
        match sign {
            '\n' | '\r' => cell.push(' '),
            '&' => cell.push_str("&amp;"),
            '<' => cell.push_str("&lt;"),

            '\\' | '|' | '*' | '_' | '[' | ']' | '~' => {
                cell.push('\\');
                cell.push(sign);
            }
            '`' => cell.push_str("&#96;"),
            sign => cell.push(sign),
        }
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;
    use crate::text::Span;

    #[test]
    fn signs_with_a_meaning_are_escaped() {
        let mut files = FileSet::new();
        let file = files.add("a,b:c.sync", "one\ntwo\n");
        let code = Code::new("S0101", "unknown-name");
        let found = Diagnostic::error(code, Span::new(file, 4, 7), "50% of `a|b` are\ngone")
            .label("is it this?")
            .help("write <c>");
        let nowhere = Diagnostic::nowhere(code, Severity::Advice, "no place");
        let all = [found, nowhere];
        let repository = Repository { prefix: "prod" };
        assert_eq!(
            annotations(&all, &files, repository),
            "::error file=prod/a%2Cb%3Ac.sync,line=2,endLine=2,col=1,endColumn=4,title=S0101::50%25 of \
             `a|b` are%0Agone; is it this?%0Ahelp: write <c>\n\
             ::notice title=S0101::no place\n"
        );
        assert_eq!(
            summary(&all, &files, Summary::of(&all, 1), repository),
            "### syncc check: 1 error, 1 advice in 1 file\n\n| | finding | place | |\n|---|---|---|---|\n\
             | error | S0101 unknown-name | prod/a,b:c.sync:2:1 | 50% of &#96;a\\|b&#96; are gone; is it this? |\n\
             | advice | S0101 unknown-name |  | no place |\n"
        );
    }

    #[test]
    fn the_table_has_an_end() {
        let found = Diagnostic::nowhere(Code::new("S0101", "unknown-name"), Severity::Error, "m");
        let all = vec![found; ROWS_MAX + 2];
        let text = summary(&all, &FileSet::new(), Summary::of(&all, 0), Repository { prefix: "" });
        assert_eq!(text.matches("| error |").count(), ROWS_MAX);
        assert!(text.ends_with("\n2 more findings are in the log of the step.\n"));
    }
}
