//! What a project says that this release does not execute.

use crate::ast::{Idle, Owner, Why};
use crate::diagnostic::Diagnostic;
use crate::hir::{Pipeline, Program};
use crate::statement::NOT_BUILT_YET;
use crate::text::Span;
use std::collections::BTreeSet;

/// One finding for each statement that this release does not execute, where a pipeline that runs would need it.
///
/// Paused pipelines do not count, nor do sources and targets that only they use.
pub(super) fn idle(program: &Program) -> Vec<Diagnostic> {
    let runs = |owner: &Owner, place: Span| {
        let mut running = program.pipelines.iter().filter(|pipeline| pipeline.paused.is_none());
        match owner {
            Owner::Source(name) => running.any(|pipeline| reads(program, pipeline, name)),
            Owner::Target(name) => running.any(|pipeline| writes(program, pipeline, name)),
            Owner::Pipeline(name) => running.any(|pipeline| pipeline.name.value == *name),
            Owner::Profile => running.any(|pipeline| takes(pipeline, place)),
            Owner::Project => running.next().is_some(),
        }
    };
    let mut told = BTreeSet::new();
    // What is written once for all sources of a range is told once.
    let first = |(owner, idle): &&(Owner, Idle)| runs(owner, idle.span) && told.insert(idle.span);
    let written = program.idle.iter().filter(first).map(|(owner, idle)| finding(owner, idle));
    let running = program.pipelines.iter().filter(|pipeline| pipeline.paused.is_none());
    written.chain(running.flat_map(same_target_again)).collect()
}

/// One target in several `to`: a task is one of pipeline, source and target.
fn same_target_again(pipeline: &Pipeline) -> impl Iterator<Item = Diagnostic> + '_ {
    let again = pipeline
        .to
        .iter()
        .enumerate()
        .filter(|(n, to)| pipeline.to[..*n].iter().any(|first| first.target.value == to.target.value));
    again.map(|(_, to)| {
        let message =
            "a second `to` with one target is part of the language, but this release cannot execute it";
        Diagnostic::error(NOT_BUILT_YET, to.target.span, message).help(
            "write a pipeline of its own for the second topic, or pause this one: `paused because \"…\"`",
        )
    })
}

fn reads(program: &Program, pipeline: &Pipeline, source: &str) -> bool {
    pipeline.from.iter().any(|from| program.source(from.value).name.value == source)
}

/// True when a statement of a profile is among the settings of a pipeline.
fn takes(pipeline: &Pipeline, place: Span) -> bool {
    let to = pipeline
        .to
        .iter()
        .flat_map(|to| [&to.settings].into_iter().chain(to.tables.iter().map(|block| &block.settings)));
    let tables = pipeline.tables.iter().map(|block| &block.settings);
    [&pipeline.settings].into_iter().chain(tables).chain(to).any(|settings| settings.says(place))
}

fn writes(program: &Program, pipeline: &Pipeline, target: &str) -> bool {
    let copied = pipeline.relays.iter().map(|relay| relay.target.value);
    copied
        .chain(pipeline.to.iter().map(|to| to.target.value))
        .any(|id| program.target(id).name.value == target)
}

fn finding(owner: &Owner, idle: &Idle) -> Diagnostic {
    let word = idle.spec.word;
    let what = match idle.why {
        Why::Whole => format!("`{word}`"),
        Why::Form => format!("this form of `{word}`"),
        Why::Environment => format!("`env` in `{word}`"),
    };
    let message = format!("{what} is part of the language, but this release cannot execute it");
    let without = match idle.spec.default {
        "" => String::new(),
        default => format!(" (without it: {default})"),
    };
    let pause = match owner {
        Owner::Pipeline(_) => "pause the pipeline",
        Owner::Source(_) | Owner::Target(_) | Owner::Profile | Owner::Project => {
            "pause the pipelines it is for"
        }
    };
    let instead = match idle.why {
        Why::Whole | Why::Form => format!("leave it out{without}"),
        Why::Environment => {
            "declare a `param` and write `param NAME`: the environment may give its value, as SYNCC_PARAM_NAME".into()
        }
    };
    Diagnostic::error(NOT_BUILT_YET, idle.span, message)
        .help(format!("{instead}, or {pause}: `paused because \"…\"`"))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{files, shown};
    use crate::plan::compile_files;
    use crate::statement::{NOT_BUILT_YET, PAGES};

    const HEAD: &str = "edition 2026\n\
        source shop mysql \"db1\" {\npassword env P\n}\ntarget bus kafka \"kafka1\"\ntarget out stdout\n";

    /// Lines with statements that are not executed, from the first line behind the head.
    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let files = files(&[&format!("{HEAD}{text}")]);
        let compiled = compile_files(&files);
        assert!(compiled.plan.is_some(), "{}", shown(&[&format!("{HEAD}{text}")]));
        let found: Vec<String> = compiled
            .idle
            .iter()
            .map(|finding| {
                assert_eq!(finding.code, NOT_BUILT_YET);
                let span = finding.primary.as_ref().expect("a place").span;
                let line = files.line_col(span.file, span.start).line - HEAD.lines().count() as u32;
                format!("{line} {}", files.slice(span))
            })
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn one_finding_for_each_statement() {
        check(
            "pipeline p from shop to bus {\ninclude shop.*\nlimit 5MiB/s\nchanges insert\non-oversize stop\n\
             to out {\nwhere a > 1 and b = 2\n}\ntable shop.a {\nkey id\n}\n}\n\
             pipeline r {\nfrom bus topic \"a.*\"\nto out\ntopic \"{topic}\"\n}\n",
            &["14 from bus topic \"a.*\""],
        );
    }

    #[test]
    fn values_from_the_environment() {
        check(
            "pipeline p from shop to bus {\ninclude shop.*\nretry for env WAIT else 10m\n\
             topic env TOPIC else \"x.{table}\" {\npartitions env N else 3\n}\n}\n",
            &[
                "3 retry for env WAIT else 10m",
                "4 topic env TOPIC else \"x.{table}\"",
                "5 partitions env N else 3",
            ],
        );
    }

    #[test]
    fn what_only_paused_pipelines_need_does_not_count() {
        let tail = "source crm mysql \"db2\" {\npassword env P\nretry for env WAIT else 10m\n}\n";
        let paused = |more: &str| {
            format!(
                "pipeline p from shop to bus {{\ninclude shop.*\n}}\n\
                 pipeline q from crm to bus {{\ninclude crm.*\nretry for env LONG else 5m\n{more}}}\n{tail}"
            )
        };
        check(&paused("paused because \"x\"\n"), &[]);
        check(&paused(""), &["6 retry for env LONG else 5m", "10 retry for env WAIT else 10m"]);
        // Defaults are for every pipeline that runs.
        let defaults = "defaults {\nretry for env ALL else 1m\n}\n";
        let written = &["2 retry for env ALL else 1m"];
        check(&format!("{defaults}{}", paused("paused because \"x\"\n")), written);
        let alone = "pipeline q from shop to bus {\ninclude crm.*\npaused because \"x\"\n}\n";
        check(&format!("{defaults}{alone}"), &[]);
    }

    #[test]
    fn what_a_profile_says_counts_where_it_is_taken() {
        let profile = "profile strict {\nretry for env WAIT else 10m\nlimit 5MiB/s\n}\n";
        let text = |more: &str| {
            format!(
                "{profile}pipeline p from shop to bus {{\ninclude shop.*\nwith strict\n{more}}}\n\
                 pipeline q from shop to out {{\ninclude crm.*\n}}\n"
            )
        };
        check(&text("paused because \"x\"\n"), &[]);
        check(&text(""), &["2 retry for env WAIT else 10m"]);
    }

    #[test]
    fn one_target_with_two_topics() {
        check(
            "pipeline p {\nfrom shop\ninclude shop.*\nto out\nto bus {\ntopic \"a.{table}\"\n}\nto bus {\ntopic \"b.{table}\"\n}\n}\n",
            &["8 bus"],
        );
    }

    #[test]
    fn its_page_shows_it() {
        let page = PAGES.iter().find(|page| page.code == NOT_BUILT_YET).expect("a page");
        let found = |text: &str| {
            let compiled = compile_files(&files(&[text]));
            (compiled.findings.len(), compiled.idle.len())
        };
        assert_eq!((found(page.wrong), found(page.right)), ((0, 1), (0, 0)));
    }
}
