//! S0505, S0506: partition columns by which rows move between partitions.

use super::super::Rule;
use super::super::flow::{Flow, Known, Project};
use super::super::locked::listed;
use super::super::settings::{Lane, Setting, Subject};
use super::message_key::message_key;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::hir::{LockedColumn, LockedTable};
use crate::mysql::ident::same_column;
use crate::statement::{PartitionRule, Property};
use crate::text::Span;
use std::collections::BTreeMap;

const PARTITION_COLUMN_MOVES: Code = Code::new("S0505", "partition-column-moves");
const PARTITION_COLUMN_NULL: Code = Code::new("S0506", "partition-column-null");

pub(super) const MOVES: Rule = Rule {
    doc: CodeDoc {
        code: PARTITION_COLUMN_MOVES,
        what: "A column that decides about the partition is not part of the key.",
        why: "An update of that column sends the row's next message to another partition. A consumer may read it before those that \
              came earlier, and keep an old state of the row.",
        wrong: locked!(
            "  include shop.orders\n  table shop.orders {\n    partition by column status\n  }\n",
            "  table shop.orders {\n    primary id\n    column id \"bigint not null\"\n    column status \"varchar(10) not null\"\n  }\n"
        ),
        right: locked!(
            "  include shop.orders\n  table shop.orders {\n    partition by column id\n  }\n",
            "  table shop.orders {\n    primary id\n    column id \"bigint not null\"\n    column status \"varchar(10) not null\"\n  }\n"
        ),
    },
    run: check_partition_column_moves,
};

pub(super) const NULL: Rule = Rule {
    doc: CodeDoc {
        code: PARTITION_COLUMN_NULL,
        what: "A column that decides about the partition may be NULL.",
        why: "All rows without a value go to one partition, which grows beyond the others; a row moves when it gets its value.",
        wrong: locked!(
            "  include shop.orders\n  table shop.orders {\n    key region, id\n    partition by column region\n  }\n",
            "  table shop.orders {\n    primary id\n    column id \"bigint not null\"\n    column region \"char(2)\"\n  }\n"
        ),
        right: locked!(
            "  include shop.orders\n  table shop.orders {\n    key region, id\n    partition by column region\n  }\n",
            "  table shop.orders {\n    primary id\n    column id \"bigint not null\"\n    column region \"char(2) not null\"\n  }\n"
        ),
    },
    run: check_partition_column_null,
};

fn check_partition_column_moves(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let found = columns_by_line(project, |lane, known, table, column| {
        if lane.may_lack_for(known, &["key"]) {
            return false;
        }
        let message_key = message_key(lane, known, Some(table));
        let row_key = || {
            table.row_key().map(|key| key.iter().map(|&at| table.columns[at].name.value.as_str()).collect())
        };
        let key: Option<Vec<&str>> = message_key.map(|key| key.columns).or_else(row_key);
        // A key of columns that are not there is S0501.
        let key = key.filter(|key| key.iter().all(|part| table.column(part).is_some()));
        key.is_some_and(|key| !key.iter().any(|part| same_column(part, &column.name.value)))
    });
    for ((span, column), tables) in found {
        let message = format!(
            "`{column}` is not part of the key of {}: an update can move a row to another partition",
            listed(&tables)
        );
        findings.push(
            Diagnostic::warning(PARTITION_COLUMN_MOVES, span, message)
                .help("partition by columns of the key, or by key"),
        );
    }
}

fn check_partition_column_null(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for ((span, column), tables) in columns_by_line(project, |_, _, _, column| column.text.nullable) {
        let message =
            format!("`{column}` of {} may be NULL: all such rows go to one partition", listed(&tables));
        findings.push(
            Diagnostic::warning(PARTITION_COLUMN_NULL, span, message)
                .help("partition by columns that are `not null`, or by key"),
        );
    }
}

/// Tables of which a partition column is `wrong`, by the line and the column.
fn columns_by_line<'a>(
    project: &'a Project<'_>,
    wrong: impl Fn(&Lane<'a>, &Known, &'a LockedTable, &LockedColumn) -> bool,
) -> BTreeMap<(Span, &'a str), Vec<String>> {
    let mut found: BTreeMap<(Span, &str), Vec<String>> = BTreeMap::new();
    for flow in &project.flows {
        let lanes: &'a [Lane<'a>] = &flow.lanes;
        for lane in lanes {
            for (known, table) in all_locked(flow) {
                let setting = lane.setting((Subject::One(known), Property::Partition), |settings| {
                    settings.partition.as_ref()
                });
                let Setting::Given(rule, _) = setting else { continue };
                let PartitionRule::ByColumns(columns) = &rule.value.rule else { continue };
                for name in columns {
                    let Some(column) = table.column(name) else { continue };
                    if wrong(lane, known, table, column) {
                        let tables = found.entry((rule.span, name)).or_default();
                        let table = table.name.value.to_string();
                        if !tables.contains(&table) {
                            tables.push(table);
                        }
                    }
                }
            }
        }
    }
    found
}

fn all_locked<'a>(flow: &'a Flow<'_>) -> impl Iterator<Item = (&'a Known, &'a LockedTable)> {
    let sources = 0..flow.pipeline.from.len();
    sources.flat_map(|source| flow.locked(source)).filter(|(_, table)| !table.incomplete)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_locked;

    const TABLES: &str = "table d.a {\nprimary id, region\ncolumn id \"int not null\"\ncolumn region \"char(2) not null\"\n\
        column status \"char(2) not null\"\ncolumn note \"text\"\n}\n";

    #[test]
    fn the_key_that_counts_is_that_of_the_message() {
        check_locked("include d.a\npartition by column REGION\n", TABLES);
        check_locked(
            "include d.a\nkey id\n\
             partition by column region  # warning[S0505]: `region` is not part of the key of `d.a`: an update can move a row to another partition\n",
            TABLES,
        );
        check_locked("include d.a\nkey status\npartition by column status\n", TABLES);
        check_locked(
            "include d.a\nkey none\n\
             partition by column status  # warning[S0505]: `status` is not part of the key of `d.a`: an update can move a row to another partition\n",
            TABLES,
        );
    }

    #[test]
    fn null_is_a_value_of_its_own() {
        check_locked(
            "include d.a\nkey id, note\n\
             partition by column note  # warning[S0506]: `note` of `d.a` may be NULL: all such rows go to one partition\n",
            TABLES,
        );
    }
}
