//! Is this program sensible? One rule per file; each only reports.
//!
//! A [`Checked`] is the proof that no finding so far weighs as an error; only from it can a plan be compiled.

use crate::diagnostic::{CodeDoc, Diagnostic, Severity};
use crate::hir::Program;

/// One rule and its page.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// What it finds.
    pub doc: CodeDoc,
    /// Adds what it finds.
    pub run: fn(&Program, &mut Vec<Diagnostic>),
}

/// All rules.
pub static RULES: &[Rule] = &[];

/// A program without a finding that weighs as an error.
#[derive(Debug, Clone)]
pub struct Checked(Program);

impl Checked {
    /// The program.
    pub fn program(&self) -> &Program {
        &self.0
    }
}

/// What checking gives.
#[derive(Debug, Clone)]
pub struct Report {
    /// All findings, those of the earlier stages first.
    pub findings: Vec<Diagnostic>,
    /// The program, when nothing weighs as an error.
    pub checked: Option<Checked>,
}

/// Runs every rule. `findings` are those of the earlier stages.
pub fn run(program: Program, mut findings: Vec<Diagnostic>) -> Report {
    for rule in RULES {
        (rule.run)(&program, &mut findings);
    }
    let failed = findings.iter().any(|finding| finding.severity == Severity::Error);
    Report { findings, checked: (!failed).then_some(Checked(program)) }
}
