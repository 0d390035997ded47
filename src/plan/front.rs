//! Texts to a plan.

use super::idle::idle;
use super::{Origins, Plan, compile};
use crate::check;
use crate::diagnostic::{self, Diagnostic};
use crate::hir;
use crate::project::Project;
use crate::statement;
use crate::text::FileSet;

/// What compiling a project gives.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// All findings, sorted by path, line, column and code; no secret written in the files is in their words.
    pub findings: Vec<Diagnostic>,
    /// The plan and where its parts are written, when no finding weighs as an error.
    pub plan: Option<(Plan, Origins)>,
    /// One finding for each statement that compiles, but that this release cannot execute; none for paused pipelines. A
    /// plan with such findings must not run.
    pub idle: Vec<Diagnostic>,
}

/// Compiles files that are a project of their own, with no parameter given from outside.
pub fn compile_files(files: &FileSet) -> Compiled {
    compile_project(&Project::of(files.clone()))
}

/// Compiles a project.
pub fn compile_project(project: &Project) -> Compiled {
    let files = &project.files;
    let (program, findings) = hir::program(project);
    let mut report = check::run(program, findings);
    statement::withhold(&mut report.findings, files);
    diagnostic::sort(&mut report.findings, files);
    let mut idle = report.checked.as_ref().map(|checked| idle(checked.program())).unwrap_or_default();
    diagnostic::sort(&mut idle, files);
    Compiled { findings: report.findings, plan: report.checked.as_ref().map(compile), idle }
}
