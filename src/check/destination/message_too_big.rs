//! S0606: rows that may be larger than a topic takes.

use super::super::Rule;
use super::super::answers::Answers;
use super::super::columns::{meant_left_out, sent};
use super::super::flow::Project;
use super::super::locked::listed;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::hir::LockedColumn;
use crate::text::Span;
use std::collections::BTreeMap;

const MESSAGE_TOO_BIG: Code = Code::new("S0606", "message-too-big");

/// Largest message a topic takes where nothing else is set: the default of `message.max.bytes`.
/// Source: Apache Kafka, broker configuration.
const LIMIT_BYTES: u64 = 1_048_588;

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: MESSAGE_TOO_BIG,
        what: "The widest row of a table, by the declared lengths of its columns, is larger than a message may be: 1,048,588 bytes, where \
               the topic has no limit of its own. JSON and geometry have no declared length and are not counted.",
        why: "The task stops at the first row that is too large, unless `on-oversize` says where it goes.",
        wrong: locked!(
            "  include shop.files\n",
            "  table shop.files {\n    primary id\n    column id \"bigint not null\"\n    column body \"longblob\"\n  }\n"
        ),
        right: locked!(
            "  include shop.files\n  table shop.files {\n    columns except body\n  }\n",
            "  table shop.files {\n    primary id\n    column id \"bigint not null\"\n    column body \"longblob\"\n  }\n"
        ),
    },
    run: check_message_too_big,
};

fn check_message_too_big(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    // Tables by where they are selected, with their widest column.
    let mut wide: BTreeMap<Span, Vec<String>> = BTreeMap::new();
    for flow in &project.flows {
        let answers = Answers::new(project.program, flow, MESSAGE_TOO_BIG);
        for lane in &flow.lanes {
            for source in 0..flow.pipeline.from.len() {
                for (known, table) in flow.locked(source) {
                    let Some(mut columns) = sent(lane, known, table) else { continue };
                    let meant = meant_left_out(lane, known, table);
                    columns.retain(|column| !meant.contains(&column.name.value.as_str()));
                    let total: u64 = columns.iter().map(|column| widest(column)).sum();
                    let Some(most) = columns.iter().max_by_key(|column| widest(column)) else { continue };
                    let name = format!("{}.{}", table.name.value, most.name.value);
                    let place = answers.place(known).unwrap_or_else(|| flow.included_at(known));
                    let tables = wide.entry(place).or_default();
                    if total > LIMIT_BYTES && !tables.contains(&name) {
                        tables.push(name);
                    }
                }
            }
        }
    }
    for (span, names) in wide.into_iter().filter(|(_, names)| !names.is_empty()) {
        let message = match names.as_slice() {
            [one] => format!("a row with `{one}` may be larger than a message"),
            many => format!("rows of {} tables may be larger than a message: {}", many.len(), listed(many)),
        };
        findings.push(
            Diagnostic::warning(MESSAGE_TOO_BIG, span, message)
                .label(format!("a topic takes {LIMIT_BYTES} bytes where it has no limit of its own"))
                .help("leave the column out with `columns except`, or say with `on-oversize` where such rows go"),
        );
    }
}

fn widest(column: &LockedColumn) -> u64 {
    column.text.ty.declared_bytes()
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_locked;

    const TABLES: &str = "table d.a {\nprimary id\ncolumn id \"int not null\"\ncolumn t \"text\"\ncolumn j \"json\"\ncolumn g \"geometry\"\n}\n\
        table d.b {\nprimary id\ncolumn id \"int not null\"\ncolumn m \"mediumtext\"\ncolumn v \"varchar(9)\"\n}\n\
        table d.c {\nprimary id\ncolumn id \"int not null\"\ncolumn l \"longblob\"\n}\n";

    #[test]
    fn declared_lengths_count() {
        check_locked(
            "include d.*  # warning[S0606]: rows of 2 tables may be larger than a message: `d.b.m`, `d.c.l`\n",
            TABLES,
        );
        check_locked(
            "include d.a\ninclude d.b  # warning[S0606]: a row with `d.b.m` may be larger than a message\n\
             include d.c\ntable d.c {\ncolumns id\n}\n",
            TABLES,
        );
        check_locked(
            "include d.*  # warning[S0606]: a row with `d.b.m` may be larger than a message\n\
             table d.c {\nallow S0606 because \"the topic takes them\"\n}\n",
            TABLES,
        );
        let many: String = (0..17).map(|n| format!("column t{n} \"text\"\n")).collect();
        check_locked(
            "include d.w  # warning[S0606]: a row with `d.w.t16` may be larger than a message\n",
            &format!("table d.w {{\nprimary id\ncolumn id \"int not null\"\n{many}}}\n"),
        );
    }
}
