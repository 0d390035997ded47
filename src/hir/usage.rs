//! Which names pipelines use, and which of them nothing declares. Whoever renames a declaration and not all of its uses leaves a
//! name that nothing uses, and names that nothing declares.

use super::profile::Profiles;
use super::program::Program;
use super::scope::{Scope, UNKNOWN_NAME};
use crate::ast::{Pipeline, TableBlock};
use crate::diagnostic::{Diagnostic, TextEdit};
use crate::pattern::NamePattern;
use crate::text::{Span, Spanned};
use std::collections::BTreeSet;

/// Notes in each scope which of its names nothing uses.
pub(super) fn note_idle(
    pipelines: &[Pipeline],
    sources: &mut Scope,
    targets: &mut Scope,
    profiles: &mut Profiles,
    program: &Program,
) {
    // A statement that could not be read may use it; another project may use what a shared directory declares.
    let may_be_used =
        |name: &str, place: Span| program.may_know(name) || program.shared.contains(&place.file);
    let from = pipelines.iter().flat_map(|pipeline| &pipeline.from);
    let read: BTreeSet<u32> = from.flat_map(|from| sources.matching(&from.sources.value)).collect();
    let read: BTreeSet<String> =
        sources.names().filter(|(_, id)| read.contains(id)).map(|(name, _)| name.to_owned()).collect();
    sources.note_idle(|name, place| read.contains(name) || may_be_used(name, place));
    let to = pipelines.iter().flat_map(|pipeline| &pipeline.to).map(|to| &to.target);
    let relays = pipelines.iter().flat_map(|pipeline| &pipeline.relays).map(|relay| &relay.target);
    let written: BTreeSet<&str> = to.chain(relays).map(|name| name.value.as_str()).collect();
    targets.note_idle(|name, place| written.contains(name) || may_be_used(name, place));
    let taken: BTreeSet<&str> = pipelines.iter().flat_map(with_of).map(|name| name.value.as_str()).collect();
    profiles.note_idle(|name, place| taken.contains(name) || may_be_used(name, place));
}

/// Notes the names that nothing declares as such that a declaration without its name may be of.
pub(super) fn note_nameless(
    pipelines: &[Pipeline],
    sources: &Scope,
    targets: &Scope,
    profiles: &Profiles,
    program: &mut Program,
) {
    if program.nameless.contains("source") {
        let unknown = undeclared(pipelines, sources).into_iter().map(|from| from.value.to_string());
        program.mentions.extend(unknown);
    }
    if program.nameless.contains("target") {
        let to = pipelines.iter().flat_map(|pipeline| &pipeline.to).map(|to| &to.target);
        let unknown = to.filter(|name| targets.id(&name.value).is_none()).map(|name| name.value.clone());
        program.mentions.extend(unknown);
    }
    if program.nameless.contains("profile") {
        let with = pipelines.iter().flat_map(with_of);
        let unknown = with.filter(|name| !profiles.declares(&name.value)).map(|name| name.value.clone());
        program.mentions.extend(unknown);
    }
}

/// All profiles that a pipeline names.
fn with_of(pipeline: &Pipeline) -> impl Iterator<Item = &Spanned<String>> {
    let to = pipeline.to.iter().flat_map(|to| to.with.iter().chain(with_of_tables(&to.tables)));
    pipeline.with.iter().chain(with_of_tables(&pipeline.tables)).chain(to)
}

fn with_of_tables(tables: &[TableBlock]) -> impl Iterator<Item = &Spanned<String>> {
    tables.iter().flat_map(|table| &table.with)
}

/// The sources that pipelines read and that nothing declares.
pub(super) fn undeclared(pipelines: &[Pipeline], sources: &Scope) -> Vec<Spanned<NamePattern>> {
    let from = pipelines.iter().flat_map(|pipeline| &pipeline.from).map(|from| &from.sources);
    from.filter(|from| sources.matching(&from.value).is_empty()).cloned().collect()
}

/// Adds to what is said of a source that nothing declares the blocks of the lock file that go by its name, and their repair.
pub(super) fn tell_locks(
    locks: &[Spanned<String>],
    undeclared: &[Spanned<NamePattern>],
    free: &BTreeSet<&str>,
    findings: &mut [Diagnostic],
) {
    for lock in locks {
        let is_same = |from: &&Spanned<NamePattern>| matches!(&from.value, NamePattern::Exact(name) if *name == lock.value);
        let Some(from) = undeclared.iter().find(is_same) else { continue };
        let tells = |finding: &&mut Diagnostic| {
            finding.code == UNKNOWN_NAME
                && finding.primary.as_ref().is_some_and(|label| label.span == from.span)
        };
        let Some(finding) = findings.iter_mut().find(tells) else { continue };
        for fix in &mut finding.fixes {
            let text = fix.edits.first().map(|edit| edit.text.clone());
            if let Some(text) = text.filter(|text| free.contains(text.as_str())) {
                fix.edits.push(TextEdit { span: lock.span, text });
            }
        }
        *finding = finding.clone().beside(lock.span, "its tables are listed here");
    }
}
