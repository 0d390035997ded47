//! From the project directory to its compiled form: what most subcommands begin with.

use super::output::Failure;
use crate::plan::{Compiled, compile_files};
use crate::project::{self, Project};
use crate::text::FileSet;
use crate::{diagnostic, syntax};
use std::path::Path;

/// Reads the project in `directory`.
pub(super) fn read(directory: &Path) -> Result<Project, Failure> {
    Ok(project::io::read(directory).map_err(Failure::usage)?.project)
}

/// Compiles the files of a project, and looks through its tests.
pub(super) fn compile(files: &FileSet) -> Compiled {
    let mut compiled = compile_files(files);
    for id in files.ids().filter(|&id| project::is_test(files.path(id))) {
        let text = files.text(id);
        compiled.findings.extend(syntax::errors(&syntax::parse(id, text), text));
    }
    diagnostic::sort(&mut compiled.findings, files);
    compiled
}
