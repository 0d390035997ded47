//! S0608: labels that are sent as numbers.

use super::super::Rule;
use super::super::columns::sent;
use super::super::flow::Project;
use super::super::locked::listed;
use super::super::settings::{Setting, Subject};
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::mysql::column_type::ColumnType;
use crate::statement::{EnumForm, Property};
use crate::text::Span;
use std::collections::BTreeMap;

const ENUM_AS_NUMBER: Code = Code::new("S0608", "enum-as-number");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: ENUM_AS_NUMBER,
        what: "A format with `enum index` for a table that has an ENUM or SET column.",
        why: "The number of the label is sent, not its text. Most consumers expect the text, and the number means something else once \
              somebody puts a label before others.",
        wrong: locked!(
            "  include shop.orders\n  format canal-json {\n    enum index\n  }\n",
            "  table shop.orders {\n    primary id\n    column id \"bigint not null\"\n    column status \"enum('new','paid') not null\"\n  }\n"
        ),
        right: locked!(
            "  include shop.orders\n  format canal-json {\n    enum label\n  }\n",
            "  table shop.orders {\n    primary id\n    column id \"bigint not null\"\n    column status \"enum('new','paid') not null\"\n  }\n"
        ),
    },
    run: check_enum_as_number,
};

fn check_enum_as_number(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let mut numbers: BTreeMap<Span, Vec<String>> = BTreeMap::new();
    for flow in &project.flows {
        for lane in &flow.lanes {
            for source in 0..flow.pipeline.from.len() {
                for (known, table) in flow.locked(source) {
                    let form = lane.setting((Subject::One(known), Property::EnumForm), |settings| {
                        settings.enum_form.as_ref()
                    });
                    let Setting::Given(form, _) = form else { continue };
                    if form.value != EnumForm::Index {
                        continue;
                    }
                    for column in sent(lane, known, table).unwrap_or_default() {
                        let name = format!("{}.{}", table.name.value, column.name.value);
                        let names = numbers.entry(form.span).or_default();
                        let has_labels = matches!(column.text.ty, ColumnType::Enum(_) | ColumnType::Set(_));
                        if has_labels && !names.contains(&name) {
                            names.push(name);
                        }
                    }
                }
            }
        }
    }
    for (span, names) in numbers.into_iter().filter(|(_, names)| !names.is_empty()) {
        let message = format!("{} is sent as a number", listed(&names));
        findings.push(
            Diagnostic::advice(ENUM_AS_NUMBER, span, message)
                .help("write `enum label` for consumers that expect the text"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_locked;

    #[test]
    fn where_it_is_written_and_there_are_labels() {
        let tables = "table d.a {\nprimary id\ncolumn id \"int not null\"\ncolumn e \"enum('a','b')\"\n}\n\
            table d.b {\nprimary id\ncolumn id \"int not null\"\n}\n";
        check_locked(
            "include d.*\nformat canal-json {\nenum index  # advice[S0608]: `d.a.e` is sent as a number\n}\n",
            tables,
        );
        check_locked("include d.b\nformat canal-json {\nenum index\n}\n", tables);
        check_locked("include d.a\ncolumns id\nformat canal-json {\nenum index\n}\n", tables);
        check_locked("include d.a\n", tables);
    }
}
