//! S0805: a first load that takes all the source can give.

use super::super::Rule;
use super::super::flow::Project;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::statement::Start;
use crate::text::Spanned;

const SNAPSHOT_UNLIMITED: Code = Code::new("S0805", "snapshot-unlimited");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: SNAPSHOT_UNLIMITED,
        what: "`start snapshot` without `rate`. A load that nothing is written about is not told of.",
        why: "The load reads existing rows as fast as the source gives them, beside all that the source does for others. On a \
              server that is busy, a rate, or hours in which rows are read, keep it from being felt.",
        wrong: pipeline!("  include shop.*\n  start snapshot {\n    chunk 8_192 rows\n  }\n"),
        right: pipeline!(
            "  include shop.*\n  start snapshot {\n    chunk 8_192 rows\n    rate 20MiB/s\n  }\n"
        ),
    },
    run: check_snapshot_unlimited,
};

fn check_snapshot_unlimited(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let program = project.program;
    let sources = program.sources.iter().map(|source| (source.start.as_ref(), &source.left_out));
    let pipelines = program.pipelines.iter().map(|pipeline| (pipeline.start.as_ref(), &pipeline.left_out));
    for (start, left_out) in sources.chain(pipelines) {
        if let Some(start) = start.filter(|start| is_unlimited(start) && !left_out.may_be(&["rate"])) {
            findings.push(
                Diagnostic::advice(SNAPSHOT_UNLIMITED, start.span, "the load reads as fast as the source gives rows")
                    .help("a busy server feels it less with a limit, such as `rate 20MiB/s`, in the block of `start`"),
            );
        }
    }
}

fn is_unlimited(start: &Spanned<Start>) -> bool {
    match &start.value {
        Start::Snapshot(snapshot) => snapshot.data && snapshot.rate_bytes_s.is_none(),
        Start::Now | Start::At(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{check_diagnostics, check_project};

    #[test]
    fn where_a_load_is_written() {
        check_diagnostics("include shop.a\n");
        check_diagnostics("include shop.a\nstart now\n");
        check_diagnostics("include shop.a\nstart snapshot {\ndata off\n}\n");
        check_diagnostics("include shop.a\nstart snapshot {\nrate 1MiB/s\n}\n");
        check_diagnostics(
            "include shop.a\nstart snapshot  # advice[S0805]: the load reads as fast as the source gives rows\n",
        );
        check_project(&["edition 2026\n\
            source a mysql \"db\" {\npassword env P\n\
            start snapshot {  # advice[S0805]: the load reads as fast as the source gives rows\nchunk 9 rows\n}\n}\n\
            target out stdout\npipeline p from a to out {\ninclude a.b\n}\n"]);
    }
}
