//! S0802: failures that are waited out for longer than the source keeps its log.

use super::super::Rule;
use super::super::flow::Project;
use super::super::locked::listed;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::statement::{FOREVER_MS, duration_text};
use crate::text::Span;
use std::collections::BTreeMap;

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

/// A window, and the sources that keep their log for a shorter time.
struct Longer<'p> {
    window_ms: u64,
    is_written: bool,
    /// The shortest.
    kept_ms: u64,
    sources: Vec<&'p str>,
}

fn check_retry_over_retention(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let program = project.program;
    // By the place that says the window: a range of sources, or all pipelines of a `defaults`, have one.
    let mut longer: BTreeMap<Span, Longer<'_>> = BTreeMap::new();
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
            let left_outs = [&pipeline.left_out, &source.left_out, &program.defaults.left_out];
            let may_be_written = left_outs.into_iter().any(|left_out| left_out.may_be(&["retry", "with"]));
            if written.is_none() && may_be_written {
                continue;
            }
            // A window without an end is S0801, a log that is kept for 0 s is kept for ever.
            if window_ms <= kept_ms || window_ms == FOREVER_MS || kept_ms == 0 {
                continue;
            }
            let one = longer.entry(span).or_insert(Longer {
                window_ms,
                is_written: written.is_some(),
                kept_ms,
                sources: Vec::new(),
            });
            one.kept_ms = one.kept_ms.min(kept_ms);
            let name = source.name.value.as_str();
            if !one.sources.contains(&name) {
                one.sources.push(name);
            }
        }
    }
    for (span, Longer { window_ms, is_written, kept_ms, sources }) in longer {
        let (window, kept) = (duration_text(window_ms), duration_text(kept_ms));
        let by_default = if is_written { "" } else { " by default" };
        let keep = match sources.as_slice() {
            [one] => format!("source `{one}` keeps its log for {kept}"),
            many => format!("{} sources keep their log for {kept}: {}", many.len(), listed(many)),
        };
        let message = format!("failures are waited out for {window}{by_default}, and {keep}");
        findings.push(
            Diagnostic::error(RETRY_OVER_RETENTION, span, message)
                .help("write a shorter `retry for`, or let the server keep its log for longer"),
        );
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
             retry for 5h  # error[S0802]: failures are waited out for 5h, and source `shop` keeps its log for 4h\n",
            &kept("4h"),
        );
        check_locked("include d.t\nretry for 4h\n", &kept("4h"));
        check_locked("include d.t\nretry for 4h\n", &kept("0s"));
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
                 pipeline p from shop to out {  # error[S0802]: failures are waited out for 12h by default, and source `shop` keeps its log for 4h\n\
                 include d.t\n}\n",
            ),
            ("schema.lock", &format!("edition 2026\nlock source shop {{\nbinlog-expires 4h\n{TABLE}}}\n")),
        ]);
    }

    #[test]
    fn a_range_of_sources_has_one_window() {
        check_files(&[
            (
                "a.sync",
                "edition 2026\nsource s_[n:0..2] mysql \"db{n}\" {\npassword env P\n}\ntarget out stdout\n\
                 pipeline p from s_* to out {  # error[S0802]: failures are waited out for 12h by default, and 3 sources keep their log for 4h: `s_0`, `s_1`, `s_2`\n\
                 include d.t\ntopic \"{source}\"\n}\n",
            ),
            (
                "schema.lock",
                &format!("edition 2026\nlock source s_[0..2] {{\nbinlog-expires 4h\n{TABLE}}}\n"),
            ),
        ]);
    }
}
