//! A list of findings as a whole: its order and its counts.

use super::{Diagnostic, Safety, Severity};
use crate::text::FileSet;
use std::fmt;

/// Puts findings in the order of every output: file, line, column, code; those without a place come first.
pub fn sort(diagnostics: &mut [Diagnostic], files: &FileSet) {
    diagnostics.sort_by(|a, b| {
        let place = |diagnostic: &Diagnostic| {
            let span = diagnostic.primary.as_ref().map(|label| label.span);
            span.map(|span| (files.path(span.file).to_owned(), span.start))
        };
        (place(a), a.code.number).cmp(&(place(b), b.code.number))
    });
}

/// How many findings there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Advice.
    pub advice: usize,
    /// Files that were read.
    pub files: usize,
    /// Findings with a certain repair.
    pub fixable: usize,
}

impl Summary {
    /// Counts the findings about `n_files` files.
    pub fn of(diagnostics: &[Diagnostic], n_files: usize) -> Summary {
        let mut summary = Summary { files: n_files, ..Summary::default() };
        for diagnostic in diagnostics {
            match diagnostic.severity {
                Severity::Error => summary.errors += 1,
                Severity::Warning => summary.warnings += 1,
                Severity::Advice => summary.advice += 1,
            }
            let certain = diagnostic.fixes.iter().any(|fix| fix.safety == Safety::Machine);
            summary.fixable += usize::from(certain);
        }
        summary
    }
}

impl fmt::Display for Summary {
    /// `2 errors, 1 warning in 3 files`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counted = |n: usize, one: &str, many: &str| format!("{n} {}", if n == 1 { one } else { many });
        let mut parts = Vec::new();
        if self.errors > 0 {
            parts.push(counted(self.errors, "error", "errors"));
        }
        if self.warnings > 0 {
            parts.push(counted(self.warnings, "warning", "warnings"));
        }
        if self.advice > 0 {
            parts.push(format!("{} advice", self.advice));
        }
        if parts.is_empty() {
            parts.push("no findings".to_owned());
        }
        write!(f, "{} in {}", parts.join(", "), counted(self.files, "file", "files"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_in_words() {
        let check = |summary: Summary, expected: &str| assert_eq!(summary.to_string(), expected);
        check(Summary { files: 1, ..Summary::default() }, "no findings in 1 file");
        check(
            Summary { errors: 2, warnings: 1, files: 3, ..Summary::default() },
            "2 errors, 1 warning in 3 files",
        );
    }
}
