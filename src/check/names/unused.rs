//! S0103: a source or target that no pipeline uses.

use super::super::Rule;
use super::super::flow::Project;
use crate::ast::Source;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::hir::{SourceId, TargetId};
use crate::pattern::{Matcher, NamePattern};
use crate::text::{Span, Spanned};
use std::collections::{BTreeMap, BTreeSet};

const UNUSED_SOURCE_OR_TARGET: Code = Code::new("S0103", "unused-source-or-target");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: UNUSED_SOURCE_OR_TARGET,
        what: "A source or target that no pipeline uses.",
        why: "Nothing is read from it or sent to it. Often a pipeline was meant to, or its last one was removed and this \
              was forgotten.",
        wrong: pipeline!("  include shop.*\n}\n\ntarget lake kafka {\n  brokers \"lake1:9092\"\n"),
        right: pipeline!("  to lake\n  include shop.*\n}\n\ntarget lake kafka {\n  brokers \"lake1:9092\"\n"),
    },
    run: check_unused,
};

/// Most patterns in broken statements that are looked at. Where there are more, other things are to be mended first.
const MENTIONED_MAX: usize = 1_000;

fn check_unused(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let program = project.program;
    if program.lacks_pipeline {
        return;
    }
    let mut report = |kind: &str, word: &str, name: &Spanned<String>, what: String, written: &str| {
        // A statement that could not be read may use it; another project may use what a shared directory declares.
        if !program.may_know(&name.value) && !program.shared.contains(&name.span.file) {
            let message = format!("no pipeline uses the {kind} {what}");
            findings.push(
                Diagnostic::warning(UNUSED_SOURCE_OR_TARGET, name.span, message)
                    .help(format!("remove it, or write `{word} {written}` in a pipeline")),
            );
        }
    };
    let pipelines = &program.pipelines;
    // A broken statement may name a pattern of sources.
    let mentioned = program.mentions.iter().filter_map(|name| open_matcher(name));
    let mentioned: Vec<Matcher> = mentioned.take(MENTIONED_MAX).collect();
    let lacks = |word: &str| program.nameless.contains(word);
    if !lacks("from") && !pipelines.iter().any(|pipeline| pipeline.unknown_source) {
        let used: BTreeSet<SourceId> =
            pipelines.iter().flat_map(|one| &one.from).map(|from| from.value).collect();
        // Those of one range stand together.
        let mut unused: BTreeMap<Span, Vec<&Source>> = BTreeMap::new();
        for (n, source) in program.sources.iter().enumerate() {
            let may_be_used = || mentioned.iter().any(|mentioned| mentioned.matches(&source.name.value));
            if !used.contains(&SourceId(n as u32)) && !may_be_used() {
                unused.entry(source.name.span).or_default().push(source);
            }
        }
        for sources in unused.values() {
            let first = sources[0];
            let n_declared = program.sources.iter().filter(|one| one.name.span == first.name.span).count();
            let (what, written) = match sources.len() {
                n if n == n_declared => (format!("`{}`", first.called()), glob_of(first.called())),
                1 => (format!("`{}`", first.name.value), first.name.value.clone()),
                n => (
                    format!("`{}` and {} more of `{}`", first.name.value, n - 1, first.called()),
                    first.name.value.clone(),
                ),
            };
            report("source", "from", &first.name, what, &written);
        }
    }
    if !lacks("to") && !pipelines.iter().any(|pipeline| pipeline.unknown_target) {
        let written = pipelines.iter().flat_map(|one| &one.to).map(|to| to.target.value);
        let copied = pipelines.iter().flat_map(|one| &one.relays).map(|relay| relay.target.value);
        let used: BTreeSet<TargetId> = written.chain(copied).collect();
        for (n, target) in program.targets.iter().enumerate() {
            if !used.contains(&TargetId(n as u32)) {
                let name = &target.name;
                report("target", "to", name, format!("`{}`", name.value), &name.value);
            }
        }
    }
}

/// A word as a pattern of names, where it is more than one name. What stands for any name tells nothing.
fn open_matcher(word: &str) -> Option<Matcher> {
    let is_open = word.contains(['*', '?', '[']) && !word.trim_matches('*').is_empty();
    NamePattern::from_glob(word).ok().filter(|_| is_open)?.compile().ok()
}

/// How a pipeline names all sources of a range: `shard_*` for `shard_[n:00..15]`.
fn glob_of(range: &str) -> String {
    match (range.find('['), range.rfind(']')) {
        (Some(open), Some(close)) => format!("{}*{}", &range[..open], &range[close + 1..]),
        _ => range.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_project;

    const ENDS: &str =
        "edition 2026\nsource shop mysql \"db1\" {\npassword env P\n}\ntarget bus kafka \"k\"\n";

    #[test]
    fn what_no_pipeline_uses() {
        check_project(&[
            &format!("{ENDS}pipeline p from shop to bus {{\ninclude a.b\n}}\n"),
            "edition 2026\n\
             source crm mysql \"db2\" {  # warning[S0103]: no pipeline uses the source `crm`\n\
             password env P\n}\n\
             target lake stdout  # warning[S0103]: no pipeline uses the target `lake`\n",
        ]);
    }

    #[test]
    fn a_statement_that_could_not_be_read_may_use_it() {
        check_project(&[&format!(
            "{ENDS}pipeline p from shop too bus {{  # error[S0015]: `pipeline` takes `to` here, not `too`\n}}\n"
        )]);
        check_project(&[&format!(
            "{ENDS}pipeline p from shop to buss {{  # error[S0101]: there is no target `buss`\ninclude a.b\n}}\n"
        )]);
    }

    #[test]
    fn sources_of_a_range_are_told_together() {
        let range = "edition 2026\ntarget bus kafka \"k\"\nsource s_[n:0..3] mysql \"db{n}\" {  # TOLD\npassword env \"P{n}\"\n}\n";
        let told = |from: &str, told: &str| {
            let range = range.replace("TOLD", told);
            let range = if told.is_empty() { range.replace("  # ", "") } else { range };
            check_project(&[&format!(
                "{range}pipeline p {{\n{from}\nto bus\ninclude a.b\nkey origin, id\n}}\n"
            )]);
        };
        let warning = "warning[S0103]: no pipeline uses the source";
        told("from s_*", "");
        told("from s_[0..1]", &format!("{warning} `s_2` and 1 more of `s_[n:0..3]`"));
        told("from s_[0..2]", &format!("{warning} `s_3`"));
    }

    #[test]
    fn a_second_pipeline_of_one_name_uses_it() {
        check_project(&[&format!(
            "{ENDS}target out stdout\npipeline p from shop to bus {{\ninclude a.b\n}}\n\
             pipeline p from shop to out {{  # error[S0102]: there are two pipelines called `p`\ninclude a.b\n}}\n"
        )]);
    }
}
