//! S0508: a mask that makes different keys equal.

use super::super::Rule;
use super::super::flow::{Flow, Project};
use super::super::settings::{Lane, Setting, Subject};
use super::message_key::message_key;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::statement::{KeyRule, PartitionRule, Property};
use crate::text::Span;

const KEY_MASKED: Code = Code::new("S0508", "key-masked");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: KEY_MASKED,
        what: "A column of the key, or of `partition by column`, is masked so that different values become one.",
        why: "Different rows would have one key: a compacted topic keeps one of them, and consumers take each for an update of the \
              other. `with sha256` keeps different values different.",
        wrong: pipeline!(
            "  include shop.orders\n  table shop.orders {\n    key order_no\n    mask order_no keep last 4\n  }\n"
        ),
        right: pipeline!(
            "  include shop.orders\n  table shop.orders {\n    key order_no\n    mask order_no with sha256 salt env ORDER_SALT\n  }\n"
        ),
    },
    run: check_key_masked,
};

fn check_key_masked(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for flow in &project.flows {
        for lane in &flow.lanes {
            for subject in flow.subjects() {
                if let Setting::Given(key, _) =
                    lane.setting((subject, Property::Key), |settings| settings.key.as_ref())
                    && let KeyRule::Columns { columns, .. } = &key.value.rule
                {
                    let columns = columns.iter().map(String::as_str);
                    findings.extend(masked(lane, subject, columns, "is part of the key", Some(key.span)));
                }
                if let Setting::Given(rule, _) =
                    lane.setting((subject, Property::Partition), |settings| settings.partition.as_ref())
                    && let PartitionRule::ByColumns(columns) = &rule.value.rule
                {
                    let columns = columns.iter().map(String::as_str);
                    findings.extend(masked(
                        lane,
                        subject,
                        columns,
                        "decides about the partition",
                        Some(rule.span),
                    ));
                }
            }
            findings.extend(primary_keys(flow, lane));
        }
    }
}

/// The same of keys that no line names: those that `schema.lock` knows.
fn primary_keys(flow: &Flow<'_>, lane: &Lane<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (known, table) in (0..flow.pipeline.from.len()).flat_map(|source| flow.locked(source)) {
        let subject = Subject::One(known);
        if let Setting::Given(key, _) =
            lane.setting((subject, Property::Key), |settings| settings.key.as_ref())
            && matches!(key.value.rule, KeyRule::Columns { .. })
        {
            continue;
        }
        if let Some(key) = message_key(lane, known, Some(table)) {
            let what = format!("is the key of `{}`", table.name.value);
            found.extend(masked(lane, subject, key.columns.into_iter(), &what, key.line));
        }
    }
    found
}

/// The first of the columns under a mask that keeps too little.
fn masked<'c>(
    lane: &Lane<'_>,
    subject: Subject<'_>,
    mut columns: impl Iterator<Item = &'c str>,
    what: &str,
    line: Option<Span>,
) -> Option<Diagnostic> {
    columns.find_map(|column| {
        let Setting::Given(mask, _) = lane.mask(subject, column) else { return None };
        mask.value.method.is_lossy().then(|| {
            let message = format!("`{column}` {what}, and this mask makes different values one");
            let finding = Diagnostic::error(KEY_MASKED, mask.span, message)
                .help("mask it `with sha256 salt env NAME`, which keeps values apart, or key and partition by other columns");
            match line {
                Some(line) => finding.beside(line, "by this line"),
                None => finding,
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{check_diagnostics, check_locked};

    #[test]
    fn keys_and_partitions_that_lines_name() {
        check_diagnostics(
            "include shop.*\nkey id\n\
             mask ID keep last 4  # error[S0508]: `id` is part of the key, and this mask makes different values one\n",
        );
        check_diagnostics(
            "include shop.*\npartition by column region\n\
             mask r* with null  # error[S0508]: `region` decides about the partition, and this mask makes different values one\n",
        );
        check_diagnostics("include shop.*\nkey id\nmask id with sha256 salt env S\n");
        check_diagnostics(
            "include shop.*\nkey id\nmask id with null\ntable shop.* {\nmask id with sha256 salt env S\n}\n",
        );
    }

    #[test]
    fn primary_keys_that_are_known() {
        let table = "table d.a {\nprimary id\ncolumn id \"int not null\"\ncolumn no \"int not null\"\n}\n";
        check_locked(
            "include d.a\n\
             mask id with null  # error[S0508]: `id` is the key of `d.a`, and this mask makes different values one\n",
            table,
        );
        check_locked("include d.a\nkey no\nmask id with null\n", table);
    }
}
