//! A finding: plain data, made by the stages, drawn elsewhere.

use super::{Code, Fix};
use crate::text::Span;

/// How much a finding weighs. Only errors stop a compilation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Advice,
    /// Probably not meant.
    Warning,
    /// Cannot run.
    Error,
}

/// A text drawn at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// Why this place; may be empty.
    pub text: String,
}

/// Another place that explains the finding, drawn as a block of its own when it lies in another file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Related {
    /// The place.
    pub span: Span,
    /// What is there.
    pub message: String,
}

/// A finding about a file (S), a change (P) or a server (L).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Code and name.
    pub code: Code,
    /// Weight.
    pub severity: Severity,
    /// One sentence that stands alone: lower case, no full stop.
    pub message: String,
    /// The place; none for what has no place in a file.
    pub primary: Option<Label>,
    /// Further places of the same file.
    pub labels: Vec<Label>,
    /// The next step.
    pub help: Option<String>,
    /// Repairs.
    pub fixes: Vec<Fix>,
    /// Other places.
    pub related: Vec<Related>,
}

impl Diagnostic {
    /// An error at `span`.
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::at(code, Severity::Error, span, message)
    }

    /// A warning at `span`.
    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::at(code, Severity::Warning, span, message)
    }

    /// An advice at `span`.
    pub fn advice(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::at(code, Severity::Advice, span, message)
    }

    /// A finding at `span`.
    pub fn at(code: Code, severity: Severity, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            primary: Some(Label { span, text: String::new() }),
            ..Diagnostic::nowhere(code, severity, message)
        }
    }

    /// A finding without a place, as the live checks make them.
    pub fn nowhere(code: Code, severity: Severity, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity,
            message: message.into(),
            primary: None,
            labels: Vec::new(),
            help: None,
            fixes: Vec::new(),
            related: Vec::new(),
        }
    }

    /// Sets the text at the primary place.
    pub fn label(mut self, text: impl Into<String>) -> Diagnostic {
        if let Some(primary) = &mut self.primary {
            primary.text = text.into();
        }
        self
    }

    /// Adds another place of the same file.
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Adds another place: a label where it is in the same file, else a place that explains.
    pub fn beside(self, span: Span, text: impl Into<String>) -> Diagnostic {
        let same_file = self.primary.as_ref().is_some_and(|label| label.span.file == span.file);
        if same_file { self.also(span, text) } else { self.related(span, text) }
    }

    /// Sets the next step.
    pub fn help(mut self, text: impl Into<String>) -> Diagnostic {
        self.help = Some(text.into());
        self
    }

    /// Adds a repair.
    pub fn fix(mut self, fix: Fix) -> Diagnostic {
        self.fixes.push(fix);
        self
    }

    /// Adds a place that explains.
    pub fn related(mut self, span: Span, message: impl Into<String>) -> Diagnostic {
        self.related.push(Related { span, message: message.into() });
        self
    }
}
