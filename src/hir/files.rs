//! Texts to a program.

use super::scope::Scope;
use super::{Program, param, resolve};
use crate::ast::{self, Uses, Values};
use crate::diagnostic::{self, Diagnostic, TextEdit};
use crate::parallel;
use crate::project::{self, Choices, Project, Role};
use crate::statement::{Place, closest};
use crate::syntax::{self, Parse, Tree};
use crate::text::{FileId, Spanned};
use std::collections::HashSet;

/// Texts shorter than this together are read sooner than a thread begins.
const LONG_BYTES: usize = 64 << 10;

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
    let is_long = ids.iter().map(|&id| files.text(id).len()).sum::<usize>() >= LONG_BYTES;
    let parsed: Vec<(FileId, Read)> = parallel::map(&ids, is_long, |&id| (id, read(id, files.text(id))));
    // Values of parameters take their places while statements are lowered; so they are known first.
    let declared = parsed.iter().flat_map(|(id, (parse, _))| ast::params(parse, files.text(*id))).collect();
    let (values, params) = param::known(declared, &project.choices);
    let meant = parallel::map(&parsed, is_long, |(id, read)| lower(project, *id, read, &values));
    let mut findings = Vec::new();
    let mut lowered = Vec::with_capacity(meant.len());
    let mut noted = Uses::default();
    let mut lock = None;
    for (file, found) in meant {
        findings.extend(found);
        match file {
            Lowered::Lock(file) => lock = Some(*file),
            Lowered::Pipelines(mut file) => {
                noted.add(std::mem::take(&mut file.noted));
                lowered.push(*file);
            }
        }
    }
    let mut tests = Vec::new();
    let mut test_findings = Vec::new();
    for id in files.ids().filter(|&id| project::role_of(files.path(id)) == Some(Role::Tests)) {
        let text = files.text(id);
        let (parse, mut own) = read(id, text);
        let (file, found) = ast::lower_tests(&parse, text, &values);
        own.extend(found);
        weigh(&parse.tree, text, Place::TestFile, &values, &mut own);
        test_findings.append(&mut own);
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

/// What a file says.
enum Lowered {
    Pipelines(Box<ast::File>),
    Lock(Box<ast::LockFile>),
}

/// Reads the statements of a file; with all that is wrong with it.
fn lower(
    project: &Project,
    id: FileId,
    (parse, of_signs): &Read,
    values: &Values,
) -> (Lowered, Vec<Diagnostic>) {
    let text = project.files.text(id);
    let mut findings = of_signs.clone();
    if project::role_of(project.files.path(id)) == Some(Role::Lock) {
        let (file, found) = ast::lower_lock(parse, text);
        findings.extend(found);
        weigh(&parse.tree, text, Place::LockFile, values, &mut findings);
        return (Lowered::Lock(Box::new(file)), findings);
    }
    let (mut file, found) = ast::lower(parse, text, values);
    findings.extend(found);
    weigh(&parse.tree, text, Place::File, values, &mut findings);
    for path in &file.uses {
        if let Some(unfound) = project.unfound(id, &path.value) {
            findings.push(unfound.finding(&path.value, path.span));
            // What it would have added is not known.
            file.opaque = true;
        }
    }
    (Lowered::Pipelines(Box::new(file)), findings)
}

/// Tells the findings of a file as what caused them, and says which repairs are certain.
fn weigh(tree: &Tree, text: &str, place: Place, values: &Values, findings: &mut Vec<Diagnostic>) {
    ast::tell_causes(tree, text, place, findings);
    ast::weigh_repairs(tree, text, place, values, findings);
}

/// A file as it is read, and what is wrong with its signs.
type Read = (Parse, Vec<Diagnostic>);

/// A file with what is wrong with its signs; where that is its braces alone, as it was meant.
fn read(id: FileId, text: &str) -> Read {
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
    let tested: HashSet<&str> = tests.iter().map(|test| test.pipeline.value.as_str()).collect();
    let is_unknown =
        |name: &&Spanned<String>| pipelines.id(&name.value).is_none() && !program.may_know(&name.value);
    let unknown: Vec<&Spanned<String>> = tests.iter().map(|test| &test.pipeline).filter(is_unknown).collect();
    // One for each file: whoever looks at one alone sees it.
    let mut found: Vec<((&str, FileId), Diagnostic)> = Vec::new();
    for name in unknown {
        let place = (name.value.as_str(), name.span.file);
        match found.iter_mut().find(|(known, _)| *known == place) {
            // Whoever names a pipeline anew has as many tests with the old name as there are.
            Some((_, finding)) => {
                for fix in &mut finding.fixes {
                    let other = fix.edits.first().map(|edit| TextEdit { span: name.span, ..edit.clone() });
                    fix.edits.extend(other);
                }
                *finding = finding.clone().beside(name.span, "here, too");
            }
            None => {
                // Many pipelines have no test: that one was renamed is a guess for names that are like no other.
                let is_like = program.pipelines.iter().map(|pipeline| pipeline.name.value.as_str());
                let may_be_tested = closest(&name.value, is_like).is_some();
                pipelines.note_idle(|name, _| may_be_tested || tested.contains(name));
                found.push((place, pipelines.unknown(name)));
            }
        }
    }
    found.into_iter().map(|(_, finding)| finding).collect()
}
