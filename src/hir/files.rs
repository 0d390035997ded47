//! Texts to a program.

use super::scope::Scope;
use super::{Program, param, resolve};
use crate::ast::{self, Uses, Values};
use crate::diagnostic::{self, Diagnostic};
use crate::project::{self, Choices, Project, Role};
use crate::statement::Place;
use crate::syntax::{self, Parse, Tree};
use crate::text::FileId;
use std::collections::HashSet;

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
    let mut parsed = Vec::with_capacity(ids.len());
    for id in ids {
        let (parse, found) = read(id, files.text(id));
        parsed.push((id, parse, found));
    }
    // Values of parameters take their places while statements are lowered; so they are known first.
    let declared = parsed.iter().flat_map(|(id, parse, _)| ast::params(parse, files.text(*id))).collect();
    let (values, params) = param::known(declared, &project.choices);
    let mut lowered = Vec::with_capacity(parsed.len());
    let mut noted = Uses::default();
    let mut lock = None;
    for (id, parse, of_signs) in &mut parsed {
        let text = files.text(*id);
        let n_found = findings.len();
        findings.append(of_signs);
        if project::role_of(files.path(*id)) == Some(Role::Lock) {
            let (file, found) = ast::lower_lock(parse, text);
            findings.extend(found);
            weigh(&parse.tree, text, Place::LockFile, &values, &mut findings, n_found);
            lock = Some(file);
            continue;
        }
        let (mut file, found) = ast::lower(parse, text, &values);
        findings.extend(found);
        weigh(&parse.tree, text, Place::File, &values, &mut findings, n_found);
        for path in &file.uses {
            if let Some(unfound) = project.unfound(*id, &path.value) {
                findings.push(unfound.finding(&path.value, path.span));
                // What it would have added is not known.
                file.opaque = true;
            }
        }
        noted.add(std::mem::take(&mut file.noted));
        lowered.push(file);
    }
    let mut tests = Vec::new();
    let mut test_findings = Vec::new();
    for id in files.ids().filter(|&id| project::role_of(files.path(id)) == Some(Role::Tests)) {
        let text = files.text(id);
        let (parse, of_signs) = read(id, text);
        let n_found = test_findings.len();
        test_findings.extend(of_signs);
        let (file, found) = ast::lower_tests(&parse, text, &values);
        test_findings.extend(found);
        weigh(&parse.tree, text, Place::TestFile, &values, &mut test_findings, n_found);
        noted.add(file.noted);
        tests.extend(file.tests);
    }
    // A file of the project directory is shown by its name alone.
    let shared = files.ids().filter(|&id| files.path(id).contains('/')).collect();
    let (mut program, found) = resolve(lowered, lock, shared);
    findings.extend(found);
    test_findings.extend(unknown_pipelines(&tests, &program));
    program.tests = tests;
    program.test_findings = test_findings;
    program.schemas = project.schemas.clone();
    program.chosen = project.choices != Choices::default();
    program.memory_bytes = project.memory_bytes;
    param::judge(params, noted, &mut program, &mut findings);
    // A parameter's value that nothing takes is told once, wherever it is used.
    let mut told = HashSet::new();
    findings.retain(|finding| {
        let place = finding.primary.as_ref().map(|label| label.span);
        let of_value = place.filter(|&place| values.is_place(place));
        of_value.is_none_or(|place| told.insert((finding.code, place)))
    });
    diagnostic::sort(&mut findings, files);
    (program, findings)
}

/// Tells findings of a file, those from `n_found` on, as what caused them, and says which repairs are certain.
fn weigh(
    tree: &Tree,
    text: &str,
    place: Place,
    values: &Values,
    findings: &mut Vec<Diagnostic>,
    n_found: usize,
) {
    let mut own = findings.split_off(n_found);
    ast::tell_causes(tree, text, place, &mut own);
    ast::weigh_repairs(tree, text, place, values, &mut own);
    findings.append(&mut own);
}

/// A file with what is wrong with its signs; where that is its braces alone, as it was meant.
fn read(id: FileId, text: &str) -> (Parse, Vec<Diagnostic>) {
    let parse = syntax::parse(id, text);
    let findings = syntax::errors(&parse, text);
    (syntax::balanced(&parse, text).unwrap_or(parse), findings)
}

/// Tests are about pipelines of the project.
fn unknown_pipelines(tests: &[ast::Test], program: &Program) -> Vec<Diagnostic> {
    let mut pipelines = Scope::new("pipeline");
    for pipeline in &program.pipelines {
        // What is said about the declarations themselves is said where they stand.
        pipelines.declare(&pipeline.name, &mut Vec::new());
    }
    let names = tests.iter().map(|test| &test.pipeline);
    names
        .filter(|name| pipelines.id(&name.value).is_none() && !program.may_know(&name.value))
        .map(|name| pipelines.unknown(name))
        .collect()
}
