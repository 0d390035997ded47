//! Repairs of a finding.

use super::Diagnostic;
use crate::text::{FileSet, Span};

/// Who may apply a repair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Safety {
    /// `check --fix` and editors: certain, one candidate.
    Machine,
    /// A person chooses in the editor.
    Choice,
}

/// Replaces the text of a span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextEdit {
    /// What goes away.
    pub span: Span,
    /// What comes.
    pub text: String,
}

/// A repair: edits that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What it does, such as "write `bus`".
    pub title: String,
    /// Who may apply it.
    pub safety: Safety,
    /// Its edits; they do not overlap.
    pub edits: Vec<TextEdit>,
}

impl Fix {
    /// A certain repair of one place.
    pub fn machine(title: impl Into<String>, span: Span, text: impl Into<String>) -> Fix {
        Fix {
            title: title.into(),
            safety: Safety::Machine,
            edits: vec![TextEdit { span, text: text.into() }],
        }
    }

    /// A repair of one place that is certain, or one that a person has to choose.
    pub fn sure_if(is_sure: bool, title: impl Into<String>, span: Span, text: impl Into<String>) -> Fix {
        match is_sure {
            true => Fix::machine(title, span, text),
            false => Fix::choice(title, span, text),
        }
    }

    /// One of several possible repairs of one place.
    pub fn choice(title: impl Into<String>, span: Span, text: impl Into<String>) -> Fix {
        Fix { safety: Safety::Choice, ..Fix::machine(title, span, text) }
    }
}

/// Leaves it to a person to write into files that hold bytes which are no text.
pub fn spare_damaged_files(findings: &mut [Diagnostic], files: &FileSet) {
    let is_text: Vec<bool> = files.ids().map(|id| files.is_text(id)).collect();
    if is_text.iter().all(|&is_text| is_text) {
        return;
    }
    for fix in findings.iter_mut().flat_map(|finding| &mut finding.fixes) {
        if fix.edits.iter().any(|edit| !is_text[edit.span.file.0 as usize]) {
            fix.safety = Safety::Choice;
        }
    }
}
