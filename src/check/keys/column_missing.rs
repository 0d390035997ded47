//! The half of S0501 that needs the columns of tables: a key or partition column that a table does not have.

use super::super::flow::Project;
use super::super::locked::listed;
use super::super::settings::{Setting, Subject};
use crate::diagnostic::Diagnostic;
use crate::hir::{LockedTable, Program};
use crate::mysql::ident::same_column;
use crate::statement::{KeyRule, PartitionRule, Property, closest};
use crate::text::Span;
use std::collections::BTreeMap;

/// Tables that lack a column, by the line that names it and the column.
type Lacking<'a> = BTreeMap<(Span, &'a str), Vec<&'a LockedTable>>;

pub(super) fn check_column_missing(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let (mut of_keys, mut of_partitions) = (Lacking::new(), Lacking::new());
    for flow in &project.flows {
        for lane in &flow.lanes {
            for source in 0..flow.pipeline.from.len() {
                for (known, table) in flow.locked(source).filter(|(_, table)| !table.incomplete) {
                    let subject = Subject::One(known);
                    if let Setting::Given(key, _) =
                        lane.setting((subject, Property::Key), |settings| settings.key.as_ref())
                        && let KeyRule::Columns { columns, .. } = &key.value.rule
                    {
                        note(&mut of_keys, key.span, columns, table);
                    }
                    if let Setting::Given(rule, _) =
                        lane.setting((subject, Property::Partition), |settings| settings.partition.as_ref())
                        && let PartitionRule::ByColumns(columns) = &rule.value.rule
                    {
                        note(&mut of_partitions, rule.span, columns, table);
                    }
                }
            }
        }
    }
    // One column that a table lacks is one mistake, whatever it is for.
    of_partitions.retain(|(_, column), tables| {
        let is_told = |table: &&LockedTable| {
            let of_column = of_keys.iter().filter(|((_, other), _)| other == column);
            of_column.flat_map(|(_, tables)| tables).any(|told| told.name.value == table.name.value)
        };
        !tables.iter().all(is_told)
    });
    for (lacking, what) in [(of_keys, "is part of the key"), (of_partitions, "decides about the partition")] {
        findings.extend(
            lacking
                .into_iter()
                .map(|((line, column), tables)| finding(project.program, line, column, what, &tables)),
        );
    }
}

fn note<'a>(lacking: &mut Lacking<'a>, span: Span, columns: &'a [String], table: &'a LockedTable) {
    for column in columns.iter().filter(|column| table.column(column).is_none()) {
        let tables = lacking.entry((span, column)).or_default();
        if !tables.iter().any(|known| known.name.value == table.name.value) {
            tables.push(table);
        }
    }
}

fn finding(program: &Program, line: Span, column: &str, what: &str, tables: &[&LockedTable]) -> Diagnostic {
    let names: Vec<String> = tables.iter().map(|table| table.name.value.to_string()).collect();
    let message = match names.as_slice() {
        [one] => format!("`{column}` {what}, but `{one}` has no such column"),
        many => format!("`{column}` {what}, but {} tables have no such column: {}", many.len(), listed(many)),
    };
    let place = program.place_of_column(line, column);
    let finding = Diagnostic::error(super::key_dropped::KEY_COLUMN_GONE, place, message);
    // A name that is near in all of them.
    let near = tables.first().and_then(|table| closest(column, names_of(table)));
    let everywhere =
        |near: &&str| tables.iter().all(|table| names_of(table).any(|name| same_column(name, near)));
    match near.filter(everywhere) {
        Some(near) => Diagnostic {
            fixes: program.other_column(line, column, near).into_iter().collect(),
            ..finding
                .label(format!("did you mean `{near}`?"))
                .help("columns are written with their names in the source")
        },
        None => {
            finding.help("name columns that the tables have, or give the others a `table` block of their own")
        }
    }
}

fn names_of(table: &LockedTable) -> impl Iterator<Item = &str> {
    table.columns.iter().map(|column| column.name.value.as_str())
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_locked;

    const TABLES: &str = "table d.a {\nprimary id\ncolumn id \"int not null\"\ncolumn customer_id \"int not null\"\n}\n\
        table d.b {\nprimary no\ncolumn no \"int not null\"\n}\ntable d.c {\nprimary no\ncolumn no \"int not null\"\n}\n";

    #[test]
    fn tables_that_lack_a_column() {
        check_locked(
            "include d.*\n\
             key id  # error[S0501]: `id` is part of the key, but 2 tables have no such column: `d.b`, `d.c`\n",
            TABLES,
        );
        check_locked(
            "include d.a\n\
             key ID, custmer_id  # error[S0501]: `custmer_id` is part of the key, but `d.a` has no such column\n",
            TABLES,
        );
        check_locked(
            "include d.a\nkey region  # error[S0501]: `region` is part of the key, but `d.a` has no such column\n\
             partition by column region\n",
            TABLES,
        );
        check_locked("include d.*\ntable d.a {\nkey id\n}\n", TABLES);
    }

    #[test]
    fn a_column_that_was_left_out_may_be_there() {
        check_locked(
            "include d.a\nkey id\n",
            "table d.a {\ncolum id \"int\"  # error[S0013]: `colum` is no statement; did you mean `column`?\n}\n",
        );
    }
}
