//! Which findings are asked for: those of some files, or those that concern one pipeline.

use crate::cli::output::Failure;
use crate::diagnostic::Diagnostic;
use crate::hir::{self, Program};
use crate::project::Project;
use crate::statement::closest;
use crate::syntax::{self, NodeKind};
use crate::text::{FileId, FileSet, Span};
use std::fs;
use std::path::{Path, PathBuf};

/// What to show.
pub(super) struct Scope {
    /// These files; none: all.
    files: Option<Vec<FileId>>,
    /// Declarations that have nothing to do with what is asked for.
    hidden: Vec<Span>,
}

/// The name in `pipeline:NAME`.
pub(super) fn pipeline_name(only: &str) -> Result<&str, Failure> {
    only.strip_prefix("pipeline:")
        .filter(|name| !name.is_empty())
        .ok_or_else(|| Failure::usage(format!("--only takes `pipeline:NAME`, not \"{only}\"")))
}

impl Scope {
    /// `only` are files; of `pipeline`, its own block and what it uses is shown, and what belongs to no declaration.
    pub(super) fn new(
        project: &Project,
        directory: &Path,
        only: &[PathBuf],
        pipeline: Option<&str>,
    ) -> Result<Scope, Failure> {
        let hidden = pipeline.map(|name| hidden(project, name)).transpose()?;
        Ok(Scope { files: shown_files(directory, only, &project.files)?, hidden: hidden.unwrap_or_default() })
    }

    /// True for a file that is asked about.
    pub(super) fn is_of_file(&self, file: FileId) -> bool {
        self.files.as_ref().is_none_or(|files| files.contains(&file))
    }

    pub(super) fn shows(&self, finding: &Diagnostic) -> bool {
        let Some(place) = finding.primary.as_ref().map(|label| label.span) else { return true };
        let inside = |around: &Span| {
            around.file == place.file && around.start <= place.start && place.end <= around.end
        };
        self.is_of_file(place.file) && !self.hidden.iter().any(inside)
    }
}

/// Ids of the named files; none when all are meant.
fn shown_files(directory: &Path, only: &[PathBuf], files: &FileSet) -> Result<Option<Vec<FileId>>, Failure> {
    if only.is_empty() {
        return Ok(None);
    }
    let ids = only.iter().map(|path| {
        // `orders.sync` means the file of the project also from elsewhere.
        let real = fs::canonicalize(path).or_else(|_| fs::canonicalize(directory.join(path)));
        let same = |id: &FileId| {
            let other = fs::canonicalize(directory.join(files.path(*id)));
            real.as_ref().is_ok_and(|real| other.is_ok_and(|other| other == *real))
        };
        let not_here = || format!("{} is no file of the project in {}", path.display(), directory.display());
        files.ids().find(same).ok_or_else(|| Failure::usage(not_here()))
    });
    ids.collect::<Result<Vec<_>, _>>().map(Some)
}

/// The pipelines beside `name`, and the sources and targets that it does not use.
fn hidden(project: &Project, name: &str) -> Result<Vec<Span>, Failure> {
    let (program, _) = hir::program(project);
    let Some(pipeline) = program.pipelines.iter().find(|pipeline| pipeline.name.value == name) else {
        let names = program.pipelines.iter().map(|pipeline| pipeline.name.value.as_str());
        let guess =
            closest(name, names).map_or_else(String::new, |near| format!("; did you mean \"{near}\"?"));
        return Err(Failure::usage(format!("there is no pipeline \"{name}\"{guess}")));
    };
    let sources = pipeline.from.iter().map(|from| program.source(from.value).head);
    let targets = pipeline.to.iter().map(|to| program.target(to.target.value).head);
    let used: Vec<Span> = sources.chain(targets).chain([pipeline.head]).collect();
    let hidden = heads(&program).filter(|head| !used.contains(head));
    Ok(hidden.filter_map(|head| around(head, &project.files)).collect())
}

fn heads(program: &Program) -> impl Iterator<Item = Span> + '_ {
    let pipelines = program.pipelines.iter().map(|pipeline| pipeline.head);
    let sources = program.sources.iter().map(|source| source.head);
    pipelines.chain(sources).chain(program.targets.iter().map(|target| target.head))
}

/// The declaration that begins with `head`, with its block.
fn around(head: Span, files: &FileSet) -> Option<Span> {
    let parse = syntax::parse(head.file, files.text(head.file));
    let tree = &parse.tree;
    tree.children(tree.root())
        .filter(|&id| tree.kind(id) == NodeKind::Statement)
        .map(|id| tree.span(id))
        .find(|span| span.start <= head.start && head.end <= span.end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::compile_project;

    #[test]
    fn a_pipeline_is_seen_with_what_it_uses() {
        let mut files = FileSet::new();
        files.add(
            "a.sync",
            "edition 2026\n;\nsource s mysql \"db1\" {\n  password env P\n}\ntarget t stdout {\n  x 1\n}\n\
             target u stdout {\n  y 1\n}\npipeline p from s to t {\n  include a.*\n  z 1\n}\n\
             pipeline q from s to u {\n  include a.*\n  w 1\n}\n",
        );
        let project = Project::of(files);
        let files = &project.files;
        let scope = Scope::new(&project, Path::new("."), &[], Some("p")).expect("there is one");
        let shown: Vec<u32> = compile_project(&project)
            .findings
            .iter()
            .filter(|finding| scope.shows(finding))
            .filter_map(|finding| finding.primary.as_ref())
            .map(|label| files.line_col(label.span.file, label.span.start).line)
            .collect();
        assert_eq!(shown, [2, 7, 14]);
        let unknown =
            Scope::new(&project, Path::new("."), &[], Some("pp")).err().map(|error| error.to_string());
        assert_eq!(unknown.as_deref(), Some("there is no pipeline \"pp\"; did you mean \"p\"?"));
        assert!(pipeline_name("p").is_err());
    }
}
