//! From the project directory to its compiled form: what most subcommands begin with.

use super::global::Global;
use super::output::{Failure, Output};
use crate::diagnostic::Severity;
use crate::diagnostic::render::Renderer;
use crate::plan::{Compiled, Origins, Plan, compile_files};
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

/// A project that compiles, and its plan.
pub(super) struct Planned {
    /// Its files.
    pub(super) files: FileSet,
    /// The plan.
    pub(super) plan: Plan,
    /// Where its parts are written.
    pub(super) origins: Origins,
}

/// Reads and compiles the project, for subcommands that need its plan. Where it has errors these are drawn, and there is none.
pub(super) fn planned(global: &Global, output: &mut Output) -> Result<Option<Planned>, Failure> {
    let files = read(&global.project)?.files;
    let compiled = compile(&files);
    let Some((plan, origins)) = compiled.plan else {
        let renderer = Renderer::new(&files, global.style());
        for finding in compiled.findings.iter().filter(|finding| finding.severity == Severity::Error) {
            output.print(&format!("{}\n", renderer.draw(finding)))?;
        }
        return Ok(None);
    };
    Ok(Some(Planned { files, plan, origins }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::repair;
    use crate::diagnostic::render::Style;
    use crate::syntax::property_tests::mutants;

    /// Whatever is in a file, it compiles or has findings, and these can be drawn and repaired.
    #[test]
    fn any_file_is_answered() {
        for text in mutants(400) {
            let mut files = FileSet::new();
            files.add("a.sync", format!("edition 2026\n{text}"));
            let compiled = compile(&files);
            assert!(compiled.plan.is_some() || !compiled.findings.is_empty(), "{text:?}");
            let renderer = Renderer::new(&files, Style { ascii: false, color: false, width: 80 });
            for finding in &compiled.findings {
                let drawn = renderer.draw(finding);
                assert!(drawn.starts_with(finding.code.number) && drawn.contains('\n'), "{drawn}");
            }
            repair::rounds(&files, compiled.findings, |files| compile(files).findings);
        }
    }
}
