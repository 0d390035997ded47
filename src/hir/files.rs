//! Texts to a program.

use super::{Program, resolve};
use crate::ast;
use crate::diagnostic::{self, Diagnostic};
use crate::project::{self, Project, Role};
use crate::syntax;
use crate::text::FileId;

/// Parses, lowers and resolves the files of a project, without those that hold tests, and its lock file. Total: any texts give a program and
/// findings, sorted by place.
pub fn program(project: &Project) -> (Program, Vec<Diagnostic>) {
    let files = &project.files;
    // A lock file of a used directory is that of another project.
    let is_read = |&id: &FileId| match project::role_of(files.path(id)) {
        Some(Role::Pipelines) | None => true,
        Some(Role::Lock) => files.path(id) == project::LOCK_NAME,
        Some(Role::Tests) => false,
    };
    let mut ids: Vec<FileId> = files.ids().filter(is_read).collect();
    ids.sort_by_key(|&id| files.path(id));
    let mut findings = Vec::new();
    let mut lowered = Vec::with_capacity(ids.len());
    let mut lock = None;
    for id in ids {
        let text = files.text(id);
        let parse = syntax::parse(id, text);
        findings.extend(syntax::errors(&parse, text));
        if project::role_of(files.path(id)) == Some(Role::Lock) {
            let (file, found) = ast::lower_lock(&parse, text);
            findings.extend(found);
            lock = Some(file);
            continue;
        }
        let (mut file, found) = ast::lower(&parse, text);
        findings.extend(found);
        for path in &file.uses {
            if let Some(unfound) = project.unfound(id, &path.value) {
                findings.push(unfound.finding(&path.value, path.span));
                // What it would have added is not known.
                file.opaque = true;
            }
        }
        lowered.push(file);
    }
    let (mut program, found) = resolve(lowered, lock);
    findings.extend(found);
    program.memory_bytes = project.memory_bytes;
    // A file of the project directory is shown by its name alone.
    program.shared = files.ids().filter(|&id| files.path(id).contains('/')).collect();
    diagnostic::sort(&mut findings, files);
    (program, findings)
}
