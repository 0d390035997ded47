//! Files to a program.

use super::ends::{Scopes, exchanged};
use super::feed::Feeds;
use super::lock::resolve_lock;
use super::profile::Profiles;
use super::program::{Pipeline, Program, Relay, TargetId, To};
use super::scope::Scope;
use super::usage;
use crate::ast::{self, Conflict, Defaults, LeftOut, Retry, TableBlock, TargetKind, given_twice};
use crate::diagnostic::Diagnostic;
use crate::statement::{self as st, duration_text};
use crate::text::{FileId, Span, Spanned};
use std::collections::BTreeSet;

/// Resolves all names of a project, and those of its lock file. `files` come in the order of their paths, so that of two equal
/// places the later is drawn. `shared` are those that other projects use, too.
pub fn resolve(
    files: Vec<ast::File>,
    lock: Option<ast::LockFile>,
    shared: BTreeSet<FileId>,
) -> (Program, Vec<Diagnostic>) {
    let mut findings = Vec::new();
    let mut program = Program { shared, ..Program::default() };
    let mut sources = Scope::new("source");
    let mut targets = Scope::new("target");
    let mut pipelines = Scope::new("pipeline");
    let mut profiles = Profiles::new();
    let mut declared = Vec::new();
    for file in files {
        program.opaque |= file.opaque;
        program.mentions.extend(file.mentions);
        program.nameless.extend(file.nameless);
        program.misplaced.add(&file.misplaced.elsewhere());
        program.lacks_pipeline |= file.lacks_pipeline;
        program.allows.extend(file.allows);
        program.columns.extend(file.columns);
        program.idle.extend(file.idle);
        program.moved.extend(file.moved);
        for profile in file.profiles {
            profiles.declare(profile, &mut findings);
        }
        for source in file.sources {
            if sources.declare_one_of(&source.name, source.called(), &mut findings).is_some() {
                program.sources.push(source);
            }
        }
        for target in file.targets {
            if targets.declare(&target.name, &mut findings).is_some() {
                program.targets.push(target);
            }
        }
        for pipeline in file.pipelines {
            if pipelines.declare(&pipeline.name, &mut findings).is_some() {
                declared.push(pipeline);
            } else {
                let to = pipeline.to.into_iter().map(|to| to.target.value);
                let relays = pipeline.relays.into_iter().map(|relay| relay.target.value);
                let from =
                    pipeline.from.iter().flat_map(|from| from.sources.value.members().unwrap_or_default());
                let with = pipeline.with.into_iter().map(|name| name.value);
                program.mentions.extend(from.map(|member| member.name).chain(to).chain(relays).chain(with));
            }
        }
        for defaults in file.defaults {
            merge_defaults(&mut program.defaults, defaults, &mut findings);
        }
    }
    for source in &mut program.sources {
        source.left_out.add(&program.misplaced);
    }
    for target in &mut program.targets {
        target.left_out.add(&program.misplaced);
    }
    program.defaults.left_out.add(&program.misplaced);
    check_retry(&program.defaults.settings.task.retry, &mut findings);
    for source in &program.sources {
        check_retry(&source.retry, &mut findings);
    }
    for target in &program.targets {
        if let TargetKind::Kafka(kafka) = &target.kind {
            check_retry(&kafka.retry, &mut findings);
        }
    }
    usage::note_nameless(&declared, &sources, &targets, &profiles, &mut program);
    usage::note_idle(&declared, &mut sources, &mut targets, &mut profiles, &program);
    let undeclared = usage::undeclared(&declared, &sources);
    let mut locks_told = Vec::new();
    if let Some(lock) = lock {
        let told = undeclared.iter().map(|from| &from.value);
        let may_know = |name: &str| program.may_know(name);
        (program.lock, locks_told) = resolve_lock(lock, &sources, told, may_know, &mut findings);
    }
    for pipeline in declared {
        let scopes = Scopes { sources: &sources, targets: &targets, program: &program };
        let resolved = resolve_pipeline(pipeline, scopes, &mut profiles, &mut findings);
        program.pipelines.push(resolved);
    }
    let free = program.lock.free(&sources);
    usage::tell_locks(&locks_told, &undeclared, &free, &mut findings);
    program.profiles = profiles.finish();
    (program, findings)
}

fn merge_defaults(all: &mut Defaults, other: Defaults, findings: &mut Vec<Diagnostic>) {
    let conflicts = all.settings.add(other.settings);
    all.sensitive.extend(other.sensitive);
    all.left_out.add(&other.left_out);
    report(conflicts, findings);
}

fn report(conflicts: Vec<Conflict>, findings: &mut Vec<Diagnostic>) {
    findings.extend(conflicts.into_iter().map(|c| given_twice(&c.statement(), c.second, c.first)));
}

fn resolve_pipeline(
    mut pipeline: ast::Pipeline,
    scopes: Scopes<'_>,
    profiles: &mut Profiles,
    findings: &mut Vec<Diagnostic>,
) -> Pipeline {
    let Scopes { targets, program, .. } = scopes;
    let mut left_out = profiles.apply(&mut pipeline.settings, &pipeline.with, program, findings);
    let mut unknown_target = false;
    let swapped = scopes.exchanged(&pipeline);
    if let Some((from, to)) = &swapped {
        findings.push(exchanged(from, to));
    }
    // An end that is told of already is not told of again.
    let told: Vec<Span> = swapped.iter().flat_map(|(from, to)| [from.span, to.span]).collect();
    let unknown = |name: &Spanned<String>, findings: &mut Vec<Diagnostic>| {
        if !program.may_know(&name.value) && !told.contains(&name.span) {
            findings.push(scopes.no_target(name));
        }
    };
    let feeds = Feeds::resolve(pipeline.from, scopes, &told, findings);
    let mut relays: Vec<Relay> = Vec::new();
    for relay in pipeline.relays {
        match targets.id(&relay.target.value).map(TargetId) {
            Some(id) => {
                let target = Spanned::new(id, relay.target.span);
                let topics = relay.topics;
                relays.push(Relay { target, topics, span: relay.span });
            }
            None => {
                unknown_target = true;
                left_out.add(&LeftOut::word("from"));
                unknown(&relay.target, findings);
            }
        }
    }
    let mut to: Vec<To> = Vec::new();
    for one in pipeline.to {
        let Some(id) = targets.id(&one.target.value).map(TargetId) else {
            unknown_target = true;
            unknown(&one.target, findings);
            profiles.take(one.with.iter().chain(one.tables.iter().flat_map(|table| &table.with)));
            continue;
        };
        let target = Spanned::new(id, one.target.span);
        let ast::To { mut settings, with, tables, .. } = one;
        left_out.add(&profiles.apply(&mut settings, &with, program, findings));
        let mut tables = merge_tables(tables, findings);
        apply_to_tables(&mut tables, profiles, program, findings);
        let one = To { target, settings, tables };
        let same = |first: &&To| first.target.value == id && same_topic(first, &one);
        match to.iter().find(same) {
            Some(first) => findings.push(given_twice("to", one.target.span, first.target.span)),
            None => to.push(one),
        }
    }
    let mut tables = merge_tables(pipeline.tables, findings);
    apply_to_tables(&mut tables, profiles, program, findings);
    check_retry(&pipeline.settings.task.retry, findings);
    let mut labels: Vec<(Spanned<String>, String)> = Vec::new();
    for (name, text) in pipeline.labels {
        match labels.iter().find(|(first, _)| first.value == name.value) {
            Some((first, _)) => {
                findings.push(given_twice(&format!("label {}", name.value), name.span, first.span));
            }
            None => labels.push((name, text)),
        }
    }
    left_out.add(&pipeline.left_out);
    left_out.add(&program.misplaced);
    if feeds.unknown {
        left_out.add(&LeftOut::word("from"));
    }
    if unknown_target {
        left_out.add(&LeftOut::word("to"));
    }
    Pipeline {
        name: pipeline.name,
        head: pipeline.head,
        doc: pipeline.doc,
        from: feeds.sources,
        own: feeds.own,
        relays,
        to,
        include: pipeline.include,
        exclude: pipeline.exclude,
        renames: pipeline.renames,
        settings: pipeline.settings,
        tables,
        start: pipeline.start,
        start_options: pipeline.start_options,
        paused: pipeline.paused,
        labels,
        new_names: pipeline.new_names,
        renamed: pipeline.renamed,
        cuts: pipeline.cuts,
        unknown_source: feeds.unknown,
        unknown_target,
        left_out,
    }
}

/// True when two `to` of one target would send to the same topics.
fn same_topic(first: &To, again: &To) -> bool {
    let topic = |to: &To| to.settings.topic.as_ref().map(|topic| topic.value.clone());
    topic(first) == topic(again)
}

/// Blocks with the same pattern are one.
fn merge_tables(tables: Vec<TableBlock>, findings: &mut Vec<Diagnostic>) -> Vec<TableBlock> {
    let mut merged: Vec<TableBlock> = Vec::new();
    for table in tables {
        match merged.iter_mut().find(|first| first.pattern.value == table.pattern.value) {
            Some(first) => {
                first.left_out.add(&table.left_out);
                first.with.extend(table.with);
                report(first.settings.add(table.settings), findings);
            }
            None => merged.push(table),
        }
    }
    merged
}

/// Adds profiles to blocks.
fn apply_to_tables(
    tables: &mut [TableBlock],
    profiles: &mut Profiles,
    program: &Program,
    findings: &mut Vec<Diagnostic>,
) {
    for table in tables {
        table.left_out.add(&profiles.apply(&mut table.settings, &table.with, program, findings));
    }
}

fn check_retry(retry: &Retry, findings: &mut Vec<Diagnostic>) {
    let (Some(window), Some(errors)) = (&retry.window_ms, &retry.errors_ms) else { return };
    if errors.value > window.value {
        let message = format!("`errors for` is out of range: at most {}", duration_text(window.value));
        findings.push(
            Diagnostic::error(st::OUT_OF_RANGE, errors.span, message)
                .help("errors are a part of what `retry for` waits out"),
        );
    }
}
