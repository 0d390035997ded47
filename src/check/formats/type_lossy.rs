//! S0603: types that a format cannot hold as they are.

use super::super::Rule;
use super::super::answers::Answers;
use super::super::columns::sent;
use super::super::flow::{Known, Project};
use super::super::keys::message_key;
use super::super::locked::listed;
use super::super::settings::{Lane, Setting, Subject};
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::hir::LockedTable;
use crate::mysql::column_type::ColumnType;
use crate::mysql::ident::same_column;
use crate::mysql::schema::ColumnText;
use crate::statement::{BigintUnsigned, DecimalForm, FormatName, KeyForm, OnInvalidValue, Property};
use crate::text::Span;
use std::collections::BTreeMap;

const TYPE_LOSSY: Code = Code::new("S0603", "type-lossy");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: TYPE_LOSSY,
        what: "A column that is sent has values which the format's form for its type does not hold: BIGINT UNSIGNED or BIT(64) as a signed \
               64-bit number (the default of the debezium formats), DECIMAL as a floating-point number, in keys of the form of `avro` a NOT NULL DATE, DATETIME or \
               TIMESTAMP, where a zero date or one that no calendar has is null.",
        why: "A BIGINT UNSIGNED above 9,223,372,036,854,775,807 arrives as a negative number, and 0.1 is no number in binary: amounts \
              change on their way, and nobody is told. Rows with several such dates have one key, and consumers keep the last of them.",
        wrong: locked!(
            "  include shop.orders\n  format debezium-json\n",
            "  table shop.orders {\n    primary id\n    column id \"bigint unsigned not null\"\n  }\n"
        ),
        right: locked!(
            "  include shop.orders\n  format debezium-json {\n    bigint-unsigned precise\n  }\n",
            "  table shop.orders {\n    primary id\n    column id \"bigint unsigned not null\"\n  }\n"
        ),
    },
    run: check_type_lossy,
};

/// A form that loses something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Loss {
    Unsigned,
    Decimal,
    KeyDate,
}

fn check_type_lossy(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let mut lost: BTreeMap<(Span, Loss), Vec<String>> = BTreeMap::new();
    for flow in &project.flows {
        let answers = Answers::new(project.program, flow, TYPE_LOSSY);
        for lane in &flow.lanes {
            for source in 0..flow.pipeline.from.len() {
                for (known, table) in flow.locked(source) {
                    let losses = losses(lane, known, table);
                    if losses.is_empty() {
                        continue;
                    }
                    let key = message_key(lane, known, Some(table)).map_or(Vec::new(), |key| key.columns);
                    for column in sent(lane, known, table).unwrap_or_default() {
                        let in_key = key.iter().any(|name| same_column(name, &column.name.value));
                        let hit = |loss: Loss| loss.hits(&column.text) && (in_key || loss != Loss::KeyDate);
                        for &(loss, span) in losses.iter().filter(|(loss, _)| hit(*loss)) {
                            let name = format!("{}.{}", table.name.value, column.name.value);
                            let place = answers.place(known).unwrap_or(span);
                            let names = lost.entry((place, loss)).or_default();
                            if !names.contains(&name) {
                                names.push(name);
                            }
                        }
                    }
                }
            }
        }
    }
    for ((span, loss), names) in lost {
        let (what, help) = match loss {
            Loss::Unsigned => (
                "sent as a signed number, which does not hold their greatest values",
                "write `bigint-unsigned precise`, or with `format avro` `decimal` or `string`",
            ),
            Loss::Decimal => (
                "sent as a floating-point number, which does not hold them exactly",
                "write another form of `decimal`",
            ),
            Loss::KeyDate => (
                "zero dates and days that no calendar has are null in a key of Avro, so that rows with several of them have one key",
                "write `key … as text` or `as json`, or `on-invalid-value stop`, which does not send such a row",
            ),
        };
        findings
            .push(Diagnostic::warning(TYPE_LOSSY, span, format!("{}: {what}", listed(&names))).help(help));
    }
}

impl Loss {
    fn hits(self, column: &ColumnText) -> bool {
        let ty = &column.ty;
        match self {
            Loss::Unsigned => {
                matches!(ty, ColumnType::BigInt { unsigned: true } | ColumnType::Bit { bits: 64 })
            }
            Loss::Decimal => matches!(ty, ColumnType::Decimal { .. }),
            Loss::KeyDate => {
                !column.nullable
                    && matches!(
                        ty,
                        ColumnType::Date | ColumnType::DateTime { .. } | ColumnType::Timestamp { .. }
                    )
            }
        }
    }
}

/// What the format of a table loses, and where that is written: at the option, else at the format.
fn losses(lane: &Lane<'_>, known: &Known, table: &LockedTable) -> Vec<(Loss, Span)> {
    let subject = Subject::One(known);
    let Setting::Given(format, _) =
        lane.setting((subject, Property::Format), |settings| settings.format.as_ref())
    else {
        return Vec::new();
    };
    let bigint = match lane
        .setting((subject, Property::BigintUnsigned), |settings| settings.bigint_unsigned.as_ref())
    {
        Setting::Given(form, _) => (form.value == BigintUnsigned::Long).then_some(form.span),
        Setting::Default => match format.value {
            FormatName::DebeziumJson | FormatName::DebeziumAvro => Some(format.span),
            FormatName::CanalJson
            | FormatName::DtsAvro
            | FormatName::MaxwellJson
            | FormatName::Avro
            | FormatName::Json => None,
        },
        Setting::Various => None,
    };
    let decimal = match lane.setting((subject, Property::Decimal), |settings| settings.decimal.as_ref()) {
        Setting::Given(form, _) => (form.value == DecimalForm::Double).then_some(form.span),
        Setting::Default | Setting::Various => None,
    };
    // where such a row is not sent, nothing is lost
    let is_sent = match lane
        .setting((subject, Property::OnInvalidValue), |settings| settings.on_invalid_value.as_ref())
    {
        Setting::Given(answer, _) => answer.value == OnInvalidValue::Map,
        Setting::Default => true,
        Setting::Various => false,
    };
    let form = match lane.setting((subject, Property::Key), |settings| settings.key.as_ref()) {
        Setting::Given(key, _) => key.value.form,
        Setting::Default | Setting::Various => None,
    };
    // keys of Debezium have a day of its own for each
    let is_avro = match (format.value, form) {
        (FormatName::Avro, None | Some(KeyForm::Avro)) => true,
        (
            FormatName::CanalJson | FormatName::DtsAvro | FormatName::MaxwellJson | FormatName::Json,
            Some(KeyForm::Avro),
        ) => true,
        (FormatName::DebeziumJson | FormatName::DebeziumAvro, _)
        | (_, Some(KeyForm::Json | KeyForm::Text)) => false,
        (FormatName::CanalJson | FormatName::DtsAvro | FormatName::MaxwellJson | FormatName::Json, None) => {
            false
        }
    };
    let key = message_key(lane, known, Some(table)).filter(|_| is_sent && is_avro);
    let key = key.map(|key| key.line.unwrap_or(format.span));
    let all = [(Loss::Unsigned, bigint), (Loss::Decimal, decimal), (Loss::KeyDate, key)];
    all.into_iter().filter_map(|(loss, span)| Some((loss, span?))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_locked;

    const TABLES: &str = "table d.a {\nprimary id\ncolumn id \"bigint unsigned not null\"\ncolumn flags \"bit(64)\"\n\
        column few \"bit(8)\"\ncolumn total \"decimal(10,2)\"\n}\n";

    #[test]
    fn dates_in_keys() {
        let days = "table d.a {\nprimary day, shop\ncolumn day \"date not null\"\ncolumn shop \"int not null\"\ncolumn seen \"timestamp not null\"\n}\n";
        let lost = "zero dates and days that no calendar has are null in a key of Avro, so that rows with several of them have one key";
        let none = "error[S0601]: a key `as avro` needs a registry, and `bus` has none";
        let key = |columns: &str, more: &str, rest: &str| {
            check_locked(&format!("include d.a\nkey {columns} as avro  # {none}{more}\n{rest}"), days);
        };
        key("shop, day", &format!(" | warning[S0603]: `d.a.day`: {lost}"), "format json\n");
        key("shop, day", "", "format json\non-invalid-value stop\n");
        key("shop", "", "format json\n");
        key("shop, day", "", "format debezium-json\n");
        check_locked("include d.a\nformat json\n", days);
    }

    #[test]
    fn by_default_and_as_written() {
        check_locked("include d.a\nformat canal-json\n", TABLES);
        check_locked(
            "include d.a\n\
             format debezium-json {  # warning[S0603]: `d.a.id`, `d.a.flags`: sent as a signed number, which does not hold their greatest values\n\
             decimal double  # warning[S0603]: `d.a.total`: sent as a floating-point number, which does not hold them exactly\n}\n",
            TABLES,
        );
        check_locked(
            "include d.*\nformat debezium-json\ntable d.a {\nallow S0603 because \"small numbers\"\n}\n",
            TABLES,
        );
        check_locked("include d.a\ncolumns few\nformat debezium-json\nkey few\n", TABLES);
        check_locked(
            "include d.a\nformat debezium-json {\nbigint-unsigned precise\ndecimal string\n}\n",
            TABLES,
        );
    }
}
