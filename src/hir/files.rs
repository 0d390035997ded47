//! Texts to a program.

use super::{Program, resolve};
use crate::ast;
use crate::diagnostic::{self, Diagnostic};
use crate::project;
use crate::syntax;
use crate::text::{FileId, FileSet};

/// Parses, lowers and resolves the files of a project, without those that hold tests. Total: any texts give a program and
/// findings, sorted by place.
pub fn program(files: &FileSet) -> (Program, Vec<Diagnostic>) {
    let mut ids: Vec<FileId> = files.ids().filter(|&id| !project::is_test(files.path(id))).collect();
    ids.sort_by_key(|&id| files.path(id));
    let mut findings = Vec::new();
    let mut lowered = Vec::with_capacity(ids.len());
    for id in ids {
        let text = files.text(id);
        let parse = syntax::parse(id, text);
        findings.extend(syntax::errors(&parse, text));
        let (file, found) = ast::lower(&parse, text);
        findings.extend(found);
        lowered.push(file);
    }
    let (program, found) = resolve(lowered);
    findings.extend(found);
    diagnostic::sort(&mut findings, files);
    (program, findings)
}
