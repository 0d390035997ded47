//! Findings as one line each, as `grep` and editors read them.

use super::{Diagnostic, Severity};
use crate::text::FileSet;

/// `path:line:col: error[S0101]: message; did you mean NAME?`, without a line end; without a place it begins with the weight.
///
/// Control signs are replaced, so that a line stays one line.
pub fn line(diagnostic: &Diagnostic, files: &FileSet) -> String {
    let weight = weight(diagnostic.severity);
    let mut line = String::new();
    if let Some(label) = &diagnostic.primary {
        let at = files.line_col(label.span.file, label.span.start);
        line = format!("{}:{}:{}: ", files.path(label.span.file), at.line, at.col);
    }
    line.push_str(&format!("{weight}[{}]: {}", diagnostic.code, sentence(diagnostic)));
    super::render::harmless(&line).replace('\n', " ")
}

/// What is wrong: the message, and the name that may be meant. Other labels speak of a place in a drawing, and say nothing
/// without it.
pub(super) fn sentence(diagnostic: &Diagnostic) -> String {
    match diagnostic.primary.as_ref().filter(|label| label.text.ends_with('?')) {
        Some(label) => format!("{}; {}", diagnostic.message, label.text),
        None => diagnostic.message.clone(),
    }
}

/// The sentence, and the next step on lines of its own.
pub(super) fn paragraph(diagnostic: &Diagnostic) -> String {
    let help = diagnostic.help.as_ref().map_or_else(String::new, |help| format!("\nhelp: {help}"));
    sentence(diagnostic) + &help
}

/// The word for a weight.
pub(super) fn weight(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Advice => "advice",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;
    use crate::text::Span;

    #[test]
    fn one_line_each() {
        let mut files = FileSet::new();
        let file = files.add("a.sync", "a\n  b\n");
        let code = Code::new("S0101", "unknown-name");
        let found = Diagnostic::error(code, Span::new(file, 4, 5), "there is no target \"b\u{1b}\n\"")
            .label("did you mean \"c\"?");
        assert_eq!(
            line(&found, &files),
            "a.sync:2:3: error[S0101]: there is no target \"b? \"; did you mean \"c\"?"
        );
        let drawn = found.label("opened here");
        assert_eq!(line(&drawn, &files), "a.sync:2:3: error[S0101]: there is no target \"b? \"");
        let nowhere = Diagnostic::nowhere(code, Severity::Advice, "no place");
        assert_eq!(line(&nowhere, &files), "advice[S0101]: no place");
    }
}
