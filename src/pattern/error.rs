//! Why a text is no pattern, and where in it.

use std::fmt;
use std::ops::Range;

/// A text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternError {
    /// Why.
    pub kind: PatternErrorKind,
    /// Where: bytes of the pattern's text.
    pub at: Range<usize>,
}

/// Why a text is no pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PatternErrorKind {
    /// Glob: `[63..00]`.
    RangeBackwards {
        /// The same the other way round, with its brackets.
        swapped: String,
    },
    /// Glob: `[00..127]`, where it is open which width the names have.
    RangeWidths,
    /// Glob: `[00-63]`, a set of single signs that reads like a range.
    Dashed {
        /// The range, with its brackets.
        range: String,
    },
    /// Glob: looks like a range and is none, such as `[n:0..x]`; also over eighteen digits.
    BadRange,
    /// Glob: `[]`.
    EmptyClass,
    /// Glob: `[!a]`, `[^a]`.
    NegatedClass,
    /// Glob: `[z-a]`.
    ClassBackwards {
        /// The same the other way round, `a-z`.
        swapped: String,
    },
    /// Glob: `[` without `]`.
    OpenClass,
    /// Regex: look-ahead or look-behind, which no automaton has.
    LookAround,
    /// Regex: back-reference, which no automaton has.
    BackReference,
    /// Regex: another construct RE2 does not have.
    Unsupported,
    /// Regex: not well-formed, in the words of the compiler.
    Syntax(String),
    /// Regex: its automaton would be too large.
    TooLarge,
}

impl PatternError {
    pub(super) fn new(kind: PatternErrorKind, at: Range<usize>) -> PatternError {
        PatternError { kind, at }
    }

    /// True for a mistake in a glob (S0207), false for one in a regular expression (S0208).
    pub fn in_glob(&self) -> bool {
        match self.kind {
            PatternErrorKind::RangeBackwards { .. }
            | PatternErrorKind::RangeWidths
            | PatternErrorKind::Dashed { .. }
            | PatternErrorKind::BadRange
            | PatternErrorKind::EmptyClass
            | PatternErrorKind::NegatedClass
            | PatternErrorKind::ClassBackwards { .. }
            | PatternErrorKind::OpenClass => true,
            PatternErrorKind::LookAround
            | PatternErrorKind::BackReference
            | PatternErrorKind::Unsupported
            | PatternErrorKind::Syntax(_)
            | PatternErrorKind::TooLarge => false,
        }
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.kind {
            PatternErrorKind::RangeBackwards { .. } => "the range runs backwards",
            PatternErrorKind::RangeWidths => "both ends of a range need one width, or no leading zero",
            PatternErrorKind::Dashed { .. } => "numbers from one to another are written with two dots",
            PatternErrorKind::BadRange => "a range is written `[00..63]` or `[name:00..63]`",
            PatternErrorKind::EmptyClass => "the brackets hold no sign",
            PatternErrorKind::NegatedClass => "a set of signs cannot be negated",
            PatternErrorKind::ClassBackwards { .. } => "the signs run backwards",
            PatternErrorKind::OpenClass => "the bracket is not closed",
            PatternErrorKind::LookAround => "look-ahead and look-behind are not supported",
            PatternErrorKind::BackReference => "back-references are not supported",
            PatternErrorKind::Unsupported => "this is not part of the RE2 syntax",
            PatternErrorKind::Syntax(message) => message,
            PatternErrorKind::TooLarge => "the regular expression is too large",
        })
    }
}

impl std::error::Error for PatternError {}
