//! S0801: failures that are waited out for ever.

use super::super::Rule;
use super::super::flow::Project;
use crate::ast::TargetKind;
use crate::diagnostic::{Code, CodeDoc, Diagnostic, Fix};
use crate::statement::FOREVER_MS;

const RETRY_UNBOUNDED: Code = Code::new("S0801", "retry-unbounded");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: RETRY_UNBOUNDED,
        what: "`retry forever`: a task that cannot go on waits without end.",
        why: "The log of the source is kept for some days only. A task that waits longer can never go on without loading \
              everything anew, and nobody is told meanwhile; with a limit it ends, and whoever watches it learns why.",
        wrong: pipeline!("  include shop.*\n  retry forever\n"),
        right: pipeline!("  include shop.*\n  retry for 12h\n"),
    },
    run: check_retry_unbounded,
};

fn check_retry_unbounded(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let program = project.program;
    let clusters = program.targets.iter().filter_map(|target| match &target.kind {
        TargetKind::Kafka(cluster) => Some(&cluster.retry),
        TargetKind::Stdout | TargetKind::File { .. } => None,
    });
    let ends = program.sources.iter().map(|source| &source.retry).chain(clusters);
    let pipelines = program.pipelines.iter().map(|pipeline| &pipeline.settings.task.retry);
    let all = pipelines.chain([&program.defaults.settings.task.retry]);
    for window in ends.chain(all).filter_map(|retry| retry.window_ms.as_ref()) {
        if window.value == FOREVER_MS {
            findings.push(
                Diagnostic::warning(RETRY_UNBOUNDED, window.span, "a task that cannot go on waits without end")
                    .help("the log of the source is not kept for ever: write how long to wait, such as `retry for 12h`")
                    .fix(Fix::machine("write `retry for 12h`", window.span, "retry for 12h")),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{check_diagnostics, check_project, check_repaired};

    #[test]
    fn wherever_it_is_written() {
        check_diagnostics("include shop.a\nretry for 365d\nretry errors for 1h\n");
        check_diagnostics(
            "include shop.a\nretry forever  # warning[S0801]: a task that cannot go on waits without end\n",
        );
        check_project(&["edition 2026\n\
            source a mysql \"db\" {\npassword env P\n\
            retry forever  # warning[S0801]: a task that cannot go on waits without end\n}\n\
            target bus kafka \"k\" {\n\
            retry forever  # warning[S0801]: a task that cannot go on waits without end\n}\n\
            defaults {\nretry forever  # warning[S0801]: a task that cannot go on waits without end\n}\n\
            pipeline p from a to bus {\ninclude a.b\n}\n"]);
    }

    #[test]
    fn repaired() {
        check_repaired("include shop.a\n  retry forever\n", "include shop.a\n  retry for 12h\n");
    }
}
