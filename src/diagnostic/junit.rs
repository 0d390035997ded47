//! Findings as JUnit reports, for systems that know nothing else: one case per finding, one per file without any.

use super::place::{Region, Repository};
use super::render::harmless;
use super::{Diagnostic, Severity, short};
use crate::text::FileSet;
use std::collections::BTreeSet;

/// The report. Findings of at least the weight `least` are failures; lighter ones are cases that passed and say something.
pub fn report(
    diagnostics: &[Diagnostic],
    files: &FileSet,
    least: Severity,
    repository: Repository<'_>,
) -> String {
    let found_in: BTreeSet<_> =
        diagnostics.iter().filter_map(|found| found.primary.as_ref().map(|label| label.span.file)).collect();
    let mut cases = String::new();
    for diagnostic in diagnostics {
        cases += &case(diagnostic, files, least, repository);
    }
    let clean: Vec<_> = files.ids().filter(|id| !found_in.contains(id)).collect();
    for &id in &clean {
        let path = escaped(&repository.path(files.path(id)));
        cases += &format!("    <testcase classname=\"{path}\" name=\"no findings\" file=\"{path}\"/>\n");
    }
    let n_failures = diagnostics.iter().filter(|diagnostic| diagnostic.severity >= least).count();
    let counts = format!(
        "name=\"syncc check\" tests=\"{}\" failures=\"{n_failures}\" errors=\"0\"",
        diagnostics.len() + clean.len()
    );
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts}>\n  <testsuite {counts} skipped=\"0\">\n{cases}  \
         </testsuite>\n</testsuites>\n"
    )
}

fn case(diagnostic: &Diagnostic, files: &FileSet, least: Severity, repository: Repository<'_>) -> String {
    let mut name = format!("{} {}", diagnostic.code.number, diagnostic.code.name);
    let mut place = String::from("classname=\"project\"");
    let mut text = short::paragraph(diagnostic);
    if let Some(label) = &diagnostic.primary {
        let (path, at) = (repository.path(files.path(label.span.file)), Region::of(label.span, files));
        name += &format!(" at {}:{}", at.start_line, at.start_col);
        text = format!("{path}:{}:{}\n{text}", at.start_line, at.start_col);
        place = format!("classname=\"{0}\" file=\"{0}\" line=\"{1}\"", escaped(&path), at.start_line);
    }
    let (name, text) = (escaped(&name), escaped(&text));
    let inner = if diagnostic.severity >= least {
        let message = escaped(&short::sentence(diagnostic));
        let weight = short::weight(diagnostic.severity);
        format!("<failure type=\"{weight}\" message=\"{message}\">{text}</failure>")
    } else {
        format!("<system-out>{text}</system-out>")
    };
    format!("    <testcase {place} name=\"{name}\">\n      {inner}\n    </testcase>\n")
}

/// Text for an attribute or an element. What XML cannot hold at all is replaced.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for sign in harmless(text).chars() {
        match sign {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push_str("&#10;"),
            '\u{FFFE}' | '\u{FFFF}' => escaped.push(char::REPLACEMENT_CHARACTER),
            sign => escaped.push(sign),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;
    use crate::text::Span;

    #[test]
    fn one_case_per_finding_and_per_clean_file() {
        let mut files = FileSet::new();
        let file = files.add("a.sync", "one\ntwo\n");
        files.add("b.sync", "");
        let code = Code::new("S0101", "unknown-name");
        let error = Diagnostic::error(code, Span::new(file, 4, 7), "\"a\" < b\u{1}").help("c & d");
        let advice = Diagnostic::nowhere(code, Severity::Advice, "no place");
        let text = report(&[error, advice], &files, Severity::Warning, Repository { prefix: "prod" });
        assert_eq!(
            text,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <testsuites name=\"syncc check\" tests=\"3\" failures=\"1\" errors=\"0\">\n  \
             <testsuite name=\"syncc check\" tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"0\">\n    \
             <testcase classname=\"prod/a.sync\" file=\"prod/a.sync\" line=\"2\" name=\"S0101 unknown-name at 2:1\">\n      \
             <failure type=\"error\" message=\"&quot;a&quot; &lt; b?\">prod/a.sync:2:1&#10;&quot;a&quot; &lt; b?&#10;help: c &amp; d</failure>\n    \
             </testcase>\n    <testcase classname=\"project\" name=\"S0101 unknown-name\">\n      \
             <system-out>no place</system-out>\n    </testcase>\n    \
             <testcase classname=\"prod/b.sync\" name=\"no findings\" file=\"prod/b.sync\"/>\n  \
             </testsuite>\n</testsuites>\n"
        );
    }
}
