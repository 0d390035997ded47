//! Texts to a plan.

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
    Compiled { findings: report.findings, plan: report.checked.as_ref().map(compile) }
}
