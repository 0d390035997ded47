//! S0502: rows that go by a key their table does not have.

use super::super::Rule;
use super::super::answers::Answers;
use super::super::flow::{Flow, Known, Project};
use super::super::locked::listed;
use super::super::settings::{Lane, Setting, Subject};
use crate::diagnostic::{CodeDoc, Diagnostic};
use crate::source::mysql::NO_PRIMARY_KEY;
use crate::statement::{FormatName, KeyRule, PartitionRule, Property};
use crate::text::Span;
use std::collections::BTreeMap;

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: NO_PRIMARY_KEY,
        what: "A selected table has neither a primary key nor a unique key without nullable columns, and its rows are keyed and \
               partitioned by key.",
        why: "Its rows cannot be told apart: they are read behind a short barrier instead of in pages, all go to one partition so \
              that their order is kept, a restart may send some of them twice, and a consumer cannot compact them.",
        wrong: locked!(
            "  include shop.audit_log\n",
            "  table shop.audit_log {\n    column at \"datetime(6) not null\"\n    column actor \"varchar(64)\"\n  }\n"
        ),
        right: locked!(
            "  include shop.audit_log\n  table shop.audit_log {\n    key none\n    partition to 0\n  }\n",
            "  table shop.audit_log {\n    column at \"datetime(6) not null\"\n    column actor \"varchar(64)\"\n  }\n"
        ),
    },
    run: check_no_primary_key,
};

fn check_no_primary_key(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for flow in &project.flows {
        // Tables by where their key is asked for.
        let mut keyless: BTreeMap<Span, Vec<String>> = BTreeMap::new();
        let answers = Answers::new(project.program, flow, NO_PRIMARY_KEY);
        for lane in &flow.lanes {
            for source in 0..flow.pipeline.from.len() {
                for (known, table) in flow.locked(source) {
                    if table.incomplete || table.row_key().is_some() {
                        continue;
                    }
                    if let Some(span) = asked_for(flow, lane, known) {
                        let span = answers.place(known).unwrap_or(span);
                        let names = keyless.entry(span).or_default();
                        let name = table.name.value.to_string();
                        if !names.contains(&name) {
                            names.push(name);
                        }
                    }
                }
            }
        }
        for (span, names) in keyless {
            let message = match names.as_slice() {
                [one] => format!("`{one}` has no key that its rows could go by"),
                many => {
                    format!("{} tables have no key that their rows could go by: {}", many.len(), listed(many))
                }
            };
            findings.push(
                Diagnostic::warning(NO_PRIMARY_KEY, span, message)
                    .label("no primary key, and no unique key without nullable columns")
                    .help("write `key none` and `partition to 0` for it, or name the columns with `key`"),
            );
        }
    }
}

/// Where a table's rows are told to go by its key: in a `table` block, else where the table is selected. None when they do not.
fn asked_for(flow: &Flow<'_>, lane: &Lane<'_>, known: &Known) -> Option<Span> {
    if lane.may_lack_for(known, &["key", "partition", "format"]) {
        return None;
    }
    let subject = Subject::One(known);
    let (key, key_span) = match lane.setting((subject, Property::Key), |settings| settings.key.as_ref()) {
        Setting::Default => (&KeyRule::Primary, None),
        Setting::Given(key, tables) => (&key.value.rule, tables.map(|_| key.span)),
        Setting::Various => return None,
    };
    let format = lane.setting((subject, Property::Format), |settings| settings.format.as_ref());
    let is_dts = matches!(format, Setting::Given(format, _) if format.value == FormatName::DtsAvro);
    let (partition, partition_span) =
        match lane.setting((subject, Property::Partition), |settings| settings.partition.as_ref()) {
            // All of its rows go to partition 0 anyway.
            Setting::Default if is_dts => return None,
            Setting::Default => (&PartitionRule::ByKey, None),
            Setting::Given(partition, tables) => (&partition.value.rule, tables.map(|_| partition.span)),
            Setting::Various => return None,
        };
    let by_key = match (key, partition) {
        (KeyRule::Primary, PartitionRule::ByKey) => true,
        (KeyRule::Columns { .. } | KeyRule::None, _)
        | (
            _,
            PartitionRule::ByTable
            | PartitionRule::ByDatabase
            | PartitionRule::ByColumns(_)
            | PartitionRule::To(_),
        ) => false,
    };
    by_key.then(|| key_span.or(partition_span).unwrap_or_else(|| flow.included_at(known)))
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_locked;

    const TABLES: &str = "table d.a {\ncolumn id \"int not null\"\n}\n\
        table d.b {\nunique id\ncolumn id \"int\"\n}\n\
        table d.c {\nunique id\ncolumn id \"int not null\"\n}\n";

    #[test]
    fn drawn_where_the_key_is_asked_for() {
        check_locked(
            "include d.*  # warning[S0502]: 2 tables have no key that their rows could go by: `d.a`, `d.b`\n",
            TABLES,
        );
        check_locked(
            "partition by key\n\
             include d.a  # warning[S0502]: `d.a` has no key that its rows could go by\n\
             include d.b, d.c\n\
             table d.b {\n\
             partition by key  # warning[S0502]: `d.b` has no key that its rows could go by\n}\n",
            TABLES,
        );
    }

    #[test]
    fn a_block_of_its_own_is_no_selection() {
        check_locked(
            "include d.*  # warning[S0502]: `d.a` has no key that its rows could go by\nexclude d.b\n\
             table d.a {\ntopic \"a\"\n}\n",
            TABLES,
        );
    }

    #[test]
    fn answered_in_the_block_of_its_table() {
        check_locked(
            "include d.*  # warning[S0502]: `d.b` has no key that its rows could go by\n\
             table d.a {\ntopic \"a\"\nallow S0502 because \"few rows, and all of one day\"\n}\n",
            TABLES,
        );
        check_locked("include d.*\nallow S0502 because \"x\"\ntable d.a {\ntopic \"a\"\n}\n", TABLES);
    }

    #[test]
    fn answered_by_another_key_or_partition() {
        check_locked("include d.*\nkey none\n", TABLES);
        check_locked("include d.*\nkey id\n", TABLES);
        check_locked("include d.*\npartition to 0\n", TABLES);
        check_locked("include d.*\nformat dts-avro\n", TABLES);
    }
}
