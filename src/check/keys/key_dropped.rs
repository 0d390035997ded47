//! S0501: a column of the key or of the partition that `columns` leaves out.

use super::super::Rule;
use super::super::columns::drops;
use super::super::flow::Project;
use super::super::settings::Setting;
use super::column_missing::check_column_missing;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::statement::{KeyRule, PartitionRule};

pub(super) const KEY_COLUMN_GONE: Code = Code::new("S0501", "key-column-gone");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: KEY_COLUMN_GONE,
        what: "A column of the key, or of `partition by column`, is left out by `columns`, or the table has no such column.",
        why: "The key would hold a column that the message does not: consumers cannot match the two.",
        wrong: pipeline!(
            "  include shop.orders\n  table shop.orders {\n    key order_no\n    columns except order_no\n  }\n"
        ),
        right: pipeline!(
            "  include shop.orders\n  table shop.orders {\n    key order_no\n    columns except note\n  }\n"
        ),
    },
    run: check_key_dropped,
};

fn check_key_dropped(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    check_column_missing(project, findings);
    for flow in &project.flows {
        for lane in &flow.lanes {
            for subject in flow.subjects() {
                let Setting::Given(rule, _) = lane.setting(subject, |settings| settings.columns.as_ref())
                else {
                    continue;
                };
                let mut check = |span, columns: &[String], what: &str, by: &str| {
                    if let Some(column) = columns.iter().find(|column| drops(&rule.value, column)) {
                        let message = format!("`{column}` {what} and is left out");
                        findings.push(
                            Diagnostic::error(KEY_COLUMN_GONE, span, message)
                                .beside(rule.span, "by this line")
                                .help(format!("keep `{column}`, or {by} by other columns")),
                        );
                    }
                };
                if let Setting::Given(key, _) = lane.setting(subject, |settings| settings.key.as_ref())
                    && let KeyRule::Columns { columns, .. } = &key.value.rule
                {
                    check(key.span, columns, "is part of the key", "key");
                }
                if let Setting::Given(partition, _) =
                    lane.setting(subject, |settings| settings.partition.as_ref())
                    && let PartitionRule::ByColumns(columns) = &partition.value.rule
                {
                    check(partition.span, columns, "decides about the partition", "partition");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_diagnostics;

    #[test]
    fn the_nearest_settings_count() {
        check_diagnostics(
            "include shop.*\nkey id  # error[S0501]: `id` is part of the key and is left out\ncolumns a, b\n",
        );
        check_diagnostics("include shop.*\nkey id\ncolumns i*\n");
        check_diagnostics(
            "include shop.*\ncolumns except region\n\
             partition by column region  # error[S0501]: `region` decides about the partition and is left out\n",
        );
        check_diagnostics(
            "include shop.*\nkey id\ntable shop.a {\n\
             columns except i?\n}\n\
             table shop.b {\ncolumns a\nkey a\n}\n"
                .replace("key id\n", "key id  # error[S0501]: `id` is part of the key and is left out\n")
                .as_str(),
        );
        // Every table that the line is about has a key of its own.
        check_diagnostics(
            "include shop.*\nkey id\ncolumns except id\ntable shop.[a-m]* {\nkey x\n}\n\
             table shop./[^a-m].*/ {\nkey y\n}\n",
        );
    }
}
