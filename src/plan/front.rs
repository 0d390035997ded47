//! Texts to a plan.

use super::combinations::spare_needed;
use super::idle::idle;
use super::{Origins, PAGES, Plan, compile};
use crate::check;
use crate::diagnostic::{self, Diagnostic, Severity};
use crate::hir::{self, Program, UNKNOWN_NAME};
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
    /// One finding for each `--param` that gives a value to a parameter the files do not declare: a mistake of the command line.
    pub undeclared: Vec<Diagnostic>,
}

/// Compiles files that are a project of their own, with no parameter given from outside.
pub fn compile_files(files: &FileSet) -> Compiled {
    compile_project(&Project::of(files.clone()))
}

/// Compiles a project.
pub fn compile_project(project: &Project) -> Compiled {
    let mut compiled = compile_under(project);
    if compiled.findings.iter().any(|finding| finding.code == check::ALLOW_UNUSED) {
        let (program, _) = hir::program(project);
        let under = |one: &Project| compile_under(one).findings;
        spare_needed(project, &program, &mut compiled.findings, under);
    }
    compiled
}

/// Compiles a project as if there were no other values of its parameters.
pub fn compile_under(project: &Project) -> Compiled {
    let files = &project.files;
    let (program, findings) = hir::program(project);
    let undeclared = project
        .choices
        .flags()
        .filter(|name| {
            !program.params.iter().any(|param| param.name.value == *name) && !program.may_know(name)
        })
        .map(|name| undeclared(name, &program))
        .collect();
    let mut report = check::run(program, findings, PAGES);
    statement::withhold(&mut report.findings, files);
    diagnostic::spare_damaged_files(&mut report.findings, files);
    diagnostic::sort(&mut report.findings, files);
    let mut idle = report.checked.as_ref().map(|checked| idle(checked.program())).unwrap_or_default();
    diagnostic::sort(&mut idle, files);
    Compiled { findings: report.findings, plan: report.checked.as_ref().map(compile), idle, undeclared }
}

fn undeclared(name: &str, program: &Program) -> Diagnostic {
    let message = format!("there is no param `{name}`, which `--param` gives a value");
    let finding = Diagnostic::nowhere(UNKNOWN_NAME, Severity::Error, message);
    let names = || program.params.iter().map(|param| param.name.value.as_str());
    match statement::closest(name, names()) {
        Some(near) => finding.help(format!("did you mean `{near}`?")),
        None if program.params.is_empty() => finding.help("this project declares no param"),
        None => finding.help(format!("declared params: {}", names().collect::<Vec<_>>().join(", "))),
    }
}
