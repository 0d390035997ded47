//! What a project says that this release does not execute.

use crate::ast::{Idle, Owner};
use crate::diagnostic::Diagnostic;
use crate::hir::{Pipeline, Program};
use crate::statement::NOT_BUILT_YET;

/// One finding for each statement that this release does not execute, where a pipeline that runs would need it.
///
/// Paused pipelines do not count, nor do sources and targets that only they use.
pub(super) fn idle(program: &Program) -> Vec<Diagnostic> {
    let runs = |owner: &Owner| {
        let mut running = program.pipelines.iter().filter(|pipeline| pipeline.paused.is_none());
        match owner {
            Owner::Source(name) => running.any(|pipeline| reads(program, pipeline, name)),
            Owner::Target(name) => running.any(|pipeline| writes(program, pipeline, name)),
            Owner::Pipeline(name) => running.any(|pipeline| pipeline.name.value == *name),
            Owner::Project => running.next().is_some(),
        }
    };
    program.idle.iter().filter(|(owner, _)| runs(owner)).map(|(owner, idle)| finding(owner, idle)).collect()
}

fn reads(program: &Program, pipeline: &Pipeline, source: &str) -> bool {
    pipeline.from.iter().any(|from| program.source(from.value).name.value == source)
}

fn writes(program: &Program, pipeline: &Pipeline, target: &str) -> bool {
    pipeline.to.iter().any(|to| program.target(to.target.value).name.value == target)
}

fn finding(owner: &Owner, idle: &Idle) -> Diagnostic {
    let word = idle.spec.word;
    let what = if idle.whole { format!("`{word}`") } else { format!("this form of `{word}`") };
    let message = format!("{what} is part of the language, but this release cannot execute it");
    let without = match idle.spec.default {
        "" => String::new(),
        default => format!(" (without it: {default})"),
    };
    let pause = match owner {
        Owner::Pipeline(_) => "pause the pipeline",
        Owner::Source(_) | Owner::Target(_) | Owner::Project => "pause the pipelines it is for",
    };
    Diagnostic::error(NOT_BUILT_YET, idle.span, message)
        .help(format!("leave it out{without}, or {pause}: `paused because \"…\"`"))
}
