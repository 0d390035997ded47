//! S0510: keys of values that are not told apart as consumers do.

use super::super::Rule;
use super::super::answers::Answers;
use super::super::flow::Project;
use super::super::locked::listed;
use super::message_key::message_key;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::hir::LockedColumn;
use crate::mysql::column_type::ColumnType;
use crate::text::Span;
use std::collections::BTreeMap;

const FLOAT_KEY: Code = Code::new("S0510", "float-key");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: FLOAT_KEY,
        what: "The key of messages holds a FLOAT or DOUBLE, or text whose collation does not distinguish case.",
        why: "A consumer compares keys byte by byte. A number may be printed in more than one way, and `A` and `a` are one row to \
              the server but two keys in Kafka: after an update that changes the case alone the old key stays in a compacted topic.",
        wrong: locked!(
            "  include shop.prices\n",
            "  table shop.prices {\n    primary sku\n    column sku \"varchar(20) collate utf8mb4_0900_ai_ci not null\"\n  }\n"
        ),
        right: locked!(
            "  include shop.prices\n",
            "  table shop.prices {\n    primary sku\n    column sku \"varchar(20) collate utf8mb4_bin not null\"\n  }\n"
        ),
    },
    run: check_float_key,
};

fn check_float_key(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let mut found: BTreeMap<(Span, &str), Vec<String>> = BTreeMap::new();
    for flow in &project.flows {
        let answers = Answers::new(project.program, flow, FLOAT_KEY);
        for lane in &flow.lanes {
            for source in 0..flow.pipeline.from.len() {
                for (known, table) in flow.locked(source) {
                    let Some(key) = message_key(lane, known, Some(table)) else { continue };
                    for column in key.columns.iter().filter_map(|name| table.column(name)) {
                        let Some(why) = why_not(column) else { continue };
                        let name = format!("{}.{}", table.name.value, column.name.value);
                        let place = answers.place(known).or(key.line);
                        let names =
                            found.entry((place.unwrap_or_else(|| flow.included_at(known)), why)).or_default();
                        if !names.contains(&name) {
                            names.push(name);
                        }
                    }
                }
            }
        }
    }
    for ((span, why), names) in found {
        let message = format!("{} in the key: {why}", listed(&names));
        findings.push(
            Diagnostic::warning(FLOAT_KEY, span, message)
                .help("name other columns with `key`, where the table has a unique key of them"),
        );
    }
}

/// Why a column makes no good key.
fn why_not(column: &LockedColumn) -> Option<&'static str> {
    if matches!(column.text.ty, ColumnType::Float | ColumnType::Double) {
        return Some("a floating-point number has more than one text");
    }
    let ignores_case = |collation: &String| collation.ends_with("_ci");
    (column.text.ty.as_text().is_some() && column.text.collation.as_ref().is_some_and(ignores_case))
        .then_some("its collation does not distinguish case, consumers do")
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_locked;

    #[test]
    fn floats_and_text_without_case() {
        let tables = "table d.a {\nprimary f\nunique name\nunique code\ncolumn f \"float not null\"\n\
            column name \"varchar(9) collate utf8mb4_general_ci not null\"\n\
            column code \"char(9) collate latin1_general_cs not null\"\ncolumn plain \"varchar(9) not null\"\n}\n";
        check_locked(
            "include d.a  # warning[S0510]: `d.a.f` in the key: a floating-point number has more than one text\n",
            tables,
        );
        check_locked(
            "include d.a\nkey name  # warning[S0510]: `d.a.name` in the key: its collation does not distinguish case, consumers do\n",
            tables,
        );
        check_locked("include d.*\ntable d.a {\nallow S0510 because \"whole numbers\"\n}\n", tables);
        check_locked("include d.*\ntable d.? {\nallow S0510 because \"whole numbers\"\n}\n", tables);
        check_locked("include d.a\nkey code, plain\n", tables);
        check_locked("include d.a\nkey none\npartition to 0\n", tables);
    }
}
