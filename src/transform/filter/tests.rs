//! Misfits by type, and the three values; that comparisons are the server's is shown by `tests/where.rs`.

use super::*;
use crate::mysql::column_type::{ColumnType, Labels, Text};
use crate::mysql::schema::{Column, TableName, TableVersion};
use crate::mysql::value::{Decimal, Value};

fn table() -> TableVersion {
    let text = |charset: &str| Text { charset: charset.to_owned(), max_bytes: 80, compressed: false };
    let labels = || Labels { labels: vec!["new".to_owned(), "Paid".to_owned()] };
    let columns = [
        ("id", ColumnType::BigInt { unsigned: true }, "bigint unsigned", None),
        ("amount", ColumnType::Decimal { precision: 10, scale: 2 }, "decimal(10,2)", None),
        ("status", ColumnType::VarChar(text("utf8mb4")), "varchar(20)", Some("utf8mb4_0900_ai_ci")),
        ("state", ColumnType::Enum(labels()), "enum('new','Paid')", Some("utf8mb4_0900_ai_ci")),
        ("flags", ColumnType::Set(labels()), "set('new','Paid')", Some("utf8mb4_0900_ai_ci")),
        ("at", ColumnType::DateTime { fsp: 0 }, "datetime", None),
        ("seen", ColumnType::Timestamp { fsp: 0 }, "timestamp", None),
        ("took", ColumnType::Time { fsp: 0 }, "time", None),
        ("year", ColumnType::Year, "year", None),
        ("ratio", ColumnType::Double, "double", None),
        ("rounded", ColumnType::Double, "double(10,2)", None),
        ("body", ColumnType::Json, "json", None),
        ("name", ColumnType::VarChar(text("utf8mb4")), "varchar(20)", Some("utf8mb4_ja_0900_as_cs")),
        ("old", ColumnType::VarChar(text("latin1")), "varchar(20)", Some("latin1_swedish_ci")),
        ("raw", ColumnType::VarBinary { bytes: 16 }, "varbinary(16)", None),
    ];
    let columns = columns.map(|(name, ty, declared, collation)| Column {
        name: name.to_owned(),
        ty,
        nullable: true,
        declared: declared.to_owned(),
        hidden: false,
        collation: collation.map(str::to_owned),
    });
    TableVersion {
        name: TableName::new("shop", "orders"),
        columns: columns.into(),
        primary_key: vec![0],
        unique_keys: Vec::new(),
    }
}

/// `A OP B`; names of columns are columns, quoted ones texts.
fn compare(left: &str, op: Comparison, right: &str) -> Condition {
    Condition::Test(Test::Compare { op, left: operand(left), right: operand(right) })
}

fn operand(text: &str) -> Operand {
    match (text.strip_prefix('\''), text.parse()) {
        (Some(text), _) => Operand::Text(text.trim_end_matches('\'').to_owned()),
        (None, Ok(number)) => Operand::Number(number),
        (None, Err(_)) if text == "null" => Operand::Null,
        (None, Err(_)) => Operand::Column(text.to_owned()),
    }
}

#[track_caller]
fn refused(condition: Condition, expected: &[&str]) {
    let misfits = Filter::bind(&condition, &table(), None).err().unwrap_or_default();
    let shown: Vec<String> =
        misfits.iter().map(|misfit| format!("{}.{} {}", misfit.test, misfit.operand, misfit.why)).collect();
    assert_eq!(shown, expected, "{condition}");
    assert!(misfits.iter().all(|misfit| !misfit.why.help().is_empty()));
}

#[test]
fn comparisons_that_are_none() {
    let refused_pair = |left: &str, right: &str, expected: &str| {
        refused(compare(left, Comparison::Equal, right), &[expected])
    };
    refused_pair("gone", "1", "0.0 there is no column `gone`");
    refused_pair("amount", "'0'", "0.1 column `amount` is decimal(10,2), and is compared with a text");
    refused_pair("1", "status", "0.0 column `status` is varchar(20), and is compared with a number");
    refused_pair("state", "1", "0.1 column `state` is enum('new','Paid'), and is compared with a number");
    refused_pair("at", "20240101", "0.1 column `at` is datetime, and is compared with a number");
    refused_pair("at", "'today'", "0.1 column `at` is datetime, and 'today' is none of its values");
    refused_pair("took", "'10:00:00.5'", "0.1 column `took` is time, and '10:00:00.5' is none of its values");
    refused_pair("year", "24", "0.1 column `year` is a year, and 24 is none");
    refused_pair("body", "'{}'", "0.0 column `body` is json, and can only be asked whether it is null");
    refused_pair(
        "rounded",
        "1",
        "0.0 column `rounded` is double(10,2), which the server compares by rounding",
    );
    refused_pair("old", "'\u{4e2d}'", "0.1 column `old` cannot hold this text: its character set is latin1");
    refused_pair("'a'", "'b'", "0.0 a text is compared with no column");
    refused_pair(
        "name",
        "'a'",
        "0.0 texts of column `name` cannot be compared: collation `utf8mb4_ja_0900_as_cs` is not known to conditions",
    );
    refused_pair(
        "at",
        "seen",
        "0.1 column `at` is datetime and column `seen` is timestamp: the two are not compared",
    );
    refused_pair(
        "status",
        "old",
        "0.1 column `status` is varchar(20) (utf8mb4_0900_ai_ci) and column `old` is varchar(20) (latin1_swedish_ci): the \
         two are not compared",
    );
}

#[test]
fn questions_that_are_none() {
    let like = |column: &str| Test::Like { operand: operand(column), pattern: operand("'%'") };
    refused(Condition::Test(like("id")), &["0.0 `like` looks at texts, and column `id` is bigint unsigned"]);
    let expression = |column: &str, pattern: &str| {
        Condition::Test(Test::Regexp { operand: operand(column), pattern: Operand::Text(pattern.to_owned()) })
    };
    refused(
        expression("status", r"\d"),
        &["0.1 the expression of `regexp` cannot be used: `\\d` is not supported"],
    );
    refused(
        expression("raw", "a"),
        &["0.1 the expression of `regexp` cannot be used: column `raw` is in character set binary"],
    );
    for (column, ty) in [("status", "varchar(20)"), ("at", "datetime"), ("amount", "decimal(10,2)")] {
        let expected = format!("0.0 column `{column}` is {ty}, and alone is no condition");
        refused(Condition::Test(Test::Truth(operand(column))), &[&expected]);
    }
}

#[test]
fn everything_that_does_not_fit_is_told() {
    let one = compare("gone", Comparison::Equal, "1");
    let list = Test::In { operand: operand("id"), list: vec![operand("1"), operand("'2'"), operand("'3'")] };
    refused(
        Condition::all([one, compare("id", Comparison::Less, "5"), Condition::Test(list)]),
        &[
            "0.0 there is no column `gone`",
            "2.2 column `id` is bigint unsigned, and is compared with a text",
            "2.3 column `id` is bigint unsigned, and is compared with a text",
        ],
    );
}

#[test]
fn any_column_may_be_asked_for_null() {
    for column in ["body", "name", "rounded", "BODY"] {
        assert!(Filter::bind(&Condition::Test(Test::IsNull(operand(column))), &table(), None).is_ok());
        assert!(Filter::bind(&compare(column, Comparison::Same, "null"), &table(), None).is_ok());
    }
}

#[test]
fn unknown_is_neither_true_nor_false() {
    let mut row = vec![Value::Null; table().columns.len()];
    row[0] = Value::UInt(u64::MAX);
    row[1] = Value::Decimal(Decimal::Text(b"1.50"));
    let keeps = |condition: &Condition| Filter::bind(condition, &table(), None).expect("fits").keeps(&row);
    let unknown = compare("status", Comparison::NotEqual, "'draft'");
    let holds = compare("amount", Comparison::Equal, "1.5");
    let fails = compare("id", Comparison::Less, "18446744073709551615");
    let not = |condition: &Condition| condition.clone().negated();
    assert!(!keeps(&unknown) && !keeps(&not(&unknown)));
    assert!(keeps(&holds) && !keeps(&fails) && keeps(&not(&fails)));
    let both = |a: &Condition, b: &Condition| Condition::all([a.clone(), b.clone()]);
    let either = |a: &Condition, b: &Condition| Condition::any([a.clone(), b.clone()]);
    assert!(!keeps(&both(&unknown, &holds)) && !keeps(&not(&both(&unknown, &holds))));
    assert!(keeps(&not(&both(&unknown, &fails))), "false decides");
    assert!(keeps(&either(&unknown, &holds)), "true decides");
    assert!(keeps(&Condition::Unknown(Box::new(both(&unknown, &holds)))));
    assert!(!keeps(&Condition::Unknown(Box::new(both(&unknown, &fails)))));
    assert!(keeps(&not(&compare("status", Comparison::Same, "'draft'"))), "`<=>` is never unknown");
}

/// A condition is part of a plan.
#[test]
fn a_stored_condition_reads_back() {
    let condition = Condition::any([
        compare("a", Comparison::Same, "null"),
        compare("b", Comparison::Less, "0.5").negated(),
    ]);
    let text = serde_json::to_string(&condition).expect("json");
    assert_eq!(serde_json::from_str::<Condition>(&text).expect("a condition"), condition);
}
