//! S0804: batches that no topic takes.

use super::super::Rule;
use super::super::flow::Project;
use super::producers::{is_told, producers};
use crate::diagnostic::{Code, CodeDoc, Diagnostic, Fix};
use crate::kafka::limits::MAX_MESSAGE_BYTES_DEFAULT;
use crate::statement::size_text;

const BATCH_OVER_LIMIT: Code = Code::new("S0804", "batch-over-limit");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: BATCH_OVER_LIMIT,
        what: "`batch` is larger than what a topic takes. Where no limit is known, it is the broker's own default, 1,048,588 bytes.",
        why: "Kafka refuses a batch as a whole: none of its messages is written, and trying again does not help.",
        wrong: endpoints!(
            "source shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\" {\n  batch 4MiB\n}\n"
        ),
        right: endpoints!(
            "source shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\" {\n  batch 1MiB\n}\n"
        ),
    },
    run: check_batch_over_limit,
};

fn check_batch_over_limit(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let limit = MAX_MESSAGE_BYTES_DEFAULT as u64;
    for batch in producers(project).filter_map(|written| written.producer.batch_bytes) {
        if batch.value > limit && !is_told(BATCH_OVER_LIMIT, batch.span, findings) {
            let message = format!(
                "`batch {}` is larger than a topic takes: {limit} bytes, the broker's default",
                size_text(batch.value)
            );
            findings.push(
                Diagnostic::error(BATCH_OVER_LIMIT, batch.span, message)
                    .help("a batch that is too large is refused with all its messages: write at most `batch 1MiB`")
                    .fix(Fix::choice("write `batch 1MiB`", batch.span, "batch 1MiB")),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_project;

    #[test]
    fn of_a_target_and_of_one_pipeline() {
        check_project(&["edition 2026\n\
            source a mysql \"db\" {\npassword env P\n}\n\
            target bus kafka \"k\" {\nbatch 1MiB\n}\n\
            target hub kafka \"h\" {\n\
            batch 2MiB  # error[S0804]: `batch 2MiB` is larger than a topic takes: 1048588 bytes, the broker's default\n}\n\
            pipeline p {\nfrom a\nto bus {\n\
            batch 1100KiB  # error[S0804]: `batch 1100KiB` is larger than a topic takes: 1048588 bytes, the broker's default\n}\n\
            to hub\ninclude a.b\n}\n"]);
    }
}
