//! S0802: failures that are waited out for longer than the source keeps its log.

use super::super::Rule;
use super::super::flow::Project;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::statement::{FOREVER_MS, duration_text};

const RETRY_OVER_RETENTION: Code = Code::new("S0802", "retry-over-retention");

/// What is waited for where nothing is written: 12 hours.
const DEFAULT_MS: u64 = 12 * 3_600_000;

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: RETRY_OVER_RETENTION,
        what: "The retry window is longer than the source keeps its binary log, `binlog-expires` in `schema.lock`.",
        why: "A task that comes back after such a wait finds that the log it must go on from is gone, and everything has to be loaded \
              anew. What is waited out should end while the log is still there.",
        wrong: locked!(
            "  include shop.*\n  retry for 7d\n",
            "  binlog-expires 3d\n\n  table shop.orders {\n    primary id\n    column id \"bigint not null\"\n  }\n"
        ),
        right: locked!(
            "  include shop.*\n  retry for 2d\n",
            "  binlog-expires 3d\n\n  table shop.orders {\n    primary id\n    column id \"bigint not null\"\n  }\n"
        ),
    },
    run: check_retry_over_retention,
};

fn check_retry_over_retention(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let program = project.program;
    for pipeline in &program.pipelines {
        for from in &pipeline.from {
            let source = program.source(from.value);
            let Some(kept_ms) = program.lock.of(from.value).and_then(|lock| lock.binlog_expires_ms) else {
                continue;
            };
            let levels =
                [&pipeline.settings.task.retry, &source.retry, &program.defaults.settings.task.retry];
            let written = levels.into_iter().find_map(|retry| retry.window_ms.as_ref());
            let (window_ms, span) =
                written.map_or((DEFAULT_MS, pipeline.head), |window| (window.value, window.span));
            // A window without an end is S0801.
            if window_ms <= kept_ms || window_ms == FOREVER_MS {
                continue;
            }
            let name = &source.name.value;
            let (window, kept) = (duration_text(window_ms), duration_text(kept_ms));
            let message = match written {
                Some(_) => format!(
                    "failures are waited out for {window}, and source `{name}` keeps its log for {kept}"
                ),
                None => format!(
                    "failures are waited out for {window} by default, and source `{name}` keeps its log for {kept}"
                ),
            };
            findings.push(
                Diagnostic::warning(RETRY_OVER_RETENTION, span, message)
                    .help("write a shorter `retry for`, or let the server keep its log for longer"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{check_diagnostics, check_files, check_locked};

    const TABLE: &str = "table d.t {\nprimary id\ncolumn id \"int not null\"\n}\n";

    #[test]
    fn written_windows() {
        let kept = |expires: &str| format!("binlog-expires {expires}\n{TABLE}");
        check_locked(
            "include d.t\n\
             retry for 5h  # warning[S0802]: failures are waited out for 5h, and source `shop` keeps its log for 4h\n",
            &kept("4h"),
        );
        check_locked("include d.t\nretry for 4h\n", &kept("4h"));
        check_locked("include d.t\nretry off\n", &kept("4h"));
        check_locked(
            "include d.t\nretry forever  # warning[S0801]: a task that cannot go on waits without end\n",
            &kept("4h"),
        );
        check_locked("include d.t\nretry for 365d\n", TABLE);
        check_diagnostics("include d.t\nretry for 365d\n");
    }

    #[test]
    fn the_default_is_drawn_at_the_pipeline() {
        check_files(&[
            (
                "a.sync",
                "edition 2026\nsource shop mysql \"db1\" {\npassword env P\n}\ntarget out stdout\n\
                 pipeline p from shop to out {  # warning[S0802]: failures are waited out for 12h by default, and source `shop` keeps its log for 4h\n\
                 include d.t\n}\n",
            ),
            ("schema.lock", &format!("edition 2026\nlock source shop {{\nbinlog-expires 4h\n{TABLE}}}\n")),
        ]);
    }
}
