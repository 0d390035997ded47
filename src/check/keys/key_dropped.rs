//! S0501: a column of the key or of the partition that `columns` leaves out.

use super::super::Rule;
use super::super::flow::Project;
use super::super::locked::listed;
use super::super::settings::{Setting, Subject};
use super::column_missing::check_column_missing;
use super::message_key::message_key;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::statement::{KeyRule, PartitionRule, Property};
use crate::text::Span;
use std::collections::BTreeMap;

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
    // What a line leaves out is one mistake of that line, whatever it was for.
    let told = primary_keys(project);
    findings.extend(told.clone().into_iter().map(of_primary_key));
    for flow in &project.flows {
        for lane in &flow.lanes {
            for subject in flow.subjects() {
                let Setting::Given(rule, _) =
                    lane.setting((subject, Property::Columns), |settings| settings.columns.as_ref())
                else {
                    continue;
                };
                let is_misspelt = |column: &str| match subject {
                    Subject::One(known) => flow.has_misspelt(known, column),
                    Subject::All(_) => false,
                };
                let mut check = |span, columns: &[String], what: &str, by: &str| {
                    let is_told = |column: &str| {
                        let ends = |of: &String| of.rsplit_once('.').is_some_and(|(_, own)| own == column);
                        told.get(&rule.span).is_some_and(|columns| columns.iter().any(ends))
                    };
                    let is_dropped = |column: &&String| {
                        lane.drops(rule, column) && !is_misspelt(column) && !is_told(column)
                    };
                    if let Some(column) = columns.iter().find(is_dropped) {
                        let message = format!("`{column}` {what} and is left out");
                        findings.push(
                            Diagnostic::error(KEY_COLUMN_GONE, span, message)
                                .beside(rule.span, "by this line")
                                .help(format!("keep `{column}`, or {by} by other columns")),
                        );
                    }
                };
                if let Setting::Given(key, _) =
                    lane.setting((subject, Property::Key), |settings| settings.key.as_ref())
                    && let KeyRule::Columns { columns, .. } = &key.value.rule
                {
                    check(key.span, columns, "is part of the key", "key");
                }
                if let Setting::Given(partition, _) =
                    lane.setting((subject, Property::Partition), |settings| settings.partition.as_ref())
                    && let PartitionRule::ByColumns(columns) = &partition.value.rule
                {
                    check(partition.span, columns, "decides about the partition", "partition");
                }
            }
        }
    }
}

/// The same of keys that no line names, those that `schema.lock` knows: columns by the line that leaves them out.
fn primary_keys(project: &Project<'_>) -> BTreeMap<Span, Vec<String>> {
    let mut left_out: BTreeMap<Span, Vec<String>> = BTreeMap::new();
    for flow in &project.flows {
        for lane in &flow.lanes {
            for (known, table) in (0..flow.pipeline.from.len()).flat_map(|source| flow.locked(source)) {
                let subject = Subject::One(known);
                let key = lane.setting((subject, Property::Key), |settings| settings.key.as_ref());
                let is_primary = match key {
                    Setting::Default => true,
                    Setting::Given(key, _) => key.value.rule == KeyRule::Primary,
                    Setting::Various => false,
                };
                let Some(key) = message_key(lane, known, Some(table)).filter(|_| is_primary) else {
                    continue;
                };
                let rule = lane.setting((subject, Property::Columns), |settings| settings.columns.as_ref());
                let Setting::Given(rule, _) = rule else { continue };
                let columns = left_out.entry(rule.span).or_default();
                let is_dropped =
                    |column: &&str| lane.drops(rule, column) && !flow.is_meant_column(known, table, column);
                for column in key.columns.into_iter().filter(is_dropped) {
                    let column = format!("{}.{column}", table.name.value);
                    if !columns.contains(&column) {
                        columns.push(column);
                    }
                }
            }
        }
    }
    left_out.retain(|_, columns| !columns.is_empty());
    left_out
}

/// What is said of a line that leaves out columns of primary keys.
fn of_primary_key((span, columns): (Span, Vec<String>)) -> Diagnostic {
    let message = match columns.as_slice() {
        [one] => format!("`{one}` is part of the primary key and is left out"),
        many => format!("{} columns of primary keys are left out: {}", many.len(), listed(many)),
    };
    Diagnostic::error(KEY_COLUMN_GONE, span, message)
        .label("rows are told apart by what this leaves out")
        .help("keep it, or write a `key` of other columns; `key none` where rows need none")
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{check_diagnostics, check_locked};

    #[test]
    fn keys_that_no_line_names() {
        let tables = "table d.a {\nprimary id\ncolumn id \"int not null\"\ncolumn no \"int not null\"\n}\n\
            table d.b {\nprimary id, no\ncolumn id \"int not null\"\ncolumn no \"int not null\"\n}\n";
        check_locked(
            "include d.*\n\
             columns no  # error[S0501]: 2 columns of primary keys are left out: `d.a.id`, `d.b.id`\n",
            tables,
        );
        check_locked(
            "include d.*\nkey primary\n\
             columns except no  # error[S0501]: `d.b.no` is part of the primary key and is left out\n",
            tables,
        );
        check_locked("include d.*\nkey no\ncolumns no\n", tables);
        check_locked("include d.*\nkey none\npartition to 0\ncolumns no\n", tables);
    }

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
