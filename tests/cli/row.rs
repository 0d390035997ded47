//! `explain row`: what becomes of one row, without a server.

use super::{check, project, with_input};
use serde_json::Value;

const FILES: [(&str, &str); 3] = [
    (
        "shop.sync",
        "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\n\
         target bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n  include shop.*\n  topic \"{db}.{table}\" {\n    \
         partitions 12\n  }\n  partition by key\n  rename table shop.orders to sales\n  table shop.orders {\n    where status <> 'draft'\n    \
         mask email with sha256 salt env SALT\n    columns except note\n  }\n}\n",
    ),
    (
        "schema.lock",
        "edition 2026\n\nlock source shop {\n  server \"8.4.2\"\n  lower-case-table-names 0\n  pulled 2026-09-20\n\n  \
         table shop.orders {\n    rows 1_000\n    primary id\n    column id \"bigint unsigned not null\"\n    \
         column status \"varchar(8) character set utf8mb4 collate utf8mb4_bin not null\"\n    \
         column email \"varchar(64) character set utf8mb4 collate utf8mb4_0900_ai_ci\"\n    column paid_at \"timestamp(3)\"\n    \
         column note \"text character set utf8mb4 collate utf8mb4_0900_ai_ci\"\n  }\n}\n",
    ),
    (
        "paid.json",
        r#"{"table": "shop.orders", "after": {"id": 1001, "status": "paid", "email": "a@b", "paid_at": "2024-03-05 02:20:31.120", "note": "x"}}"#,
    ),
];

fn answer(input: &str) -> Value {
    let project = project(&FILES);
    let output = with_input(project.path(), &["explain", "row", "-", "--format", "json"], input.as_bytes());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

#[test]
fn a_row_goes_through_the_rules() {
    let project = project(&FILES);
    let output = super::run(project.path(), &["explain", "row", "paid.json"]);
    let text = String::from_utf8(output.stdout).expect("text");
    assert_eq!(output.status.code(), Some(0), "{text}{}", String::from_utf8_lossy(&output.stderr));
    // The partition is that of Java's producers for the key's bytes.
    for part in [
        "shop.shop.bus -> shop.sales\n  partition  2\n  key        {\"id\":1001}\n",
        "\"paid_at\":\"2024-03-05 02:20:31.120\"",
        "\"type\":\"INSERT\"",
        "note: hashes are shown without their salt",
    ] {
        assert!(text.contains(part), "{part}:\n{text}");
    }
    assert!(!text.contains("a@b") && !text.contains("\"note\":"), "{text}");
}

#[test]
fn updates_cross_filters_and_keys() {
    let of = |input: &str| {
        let answer = answer(input);
        let messages = answer["answers"][0]["messages"].as_array().expect("messages").clone();
        messages
            .iter()
            .map(|one| one["value"]["type"].as_str().unwrap_or("tombstone").to_owned())
            .collect::<Vec<_>>()
    };
    let row = |before: &str, after: &str| format!(r#"{{"table": "shop.orders"{before}{after}}}"#);
    let paid = r#"{"id": 1, "status": "paid"}"#;
    let draft = r#"{"id": 1, "status": "draft"}"#;
    let other = r#"{"id": 2, "status": "paid"}"#;
    let before = |row: &str| format!(r#", "before": {row}"#);
    let after = |row: &str| format!(r#", "after": {row}"#);
    assert_eq!(of(&row("", &after(paid))), ["INSERT"]);
    assert_eq!(of(&row("", &after(draft))), Vec::<String>::new());
    assert_eq!(of(&row(&before(draft), &after(paid))), ["INSERT"]);
    assert_eq!(of(&row(&before(paid), &after(draft))), ["DELETE"]);
    assert_eq!(of(&row(&before(paid), &after(other))), ["DELETE", "INSERT"]);
    assert_eq!(of(&row(&before(paid), "")), ["DELETE"]);
}

#[test]
fn what_is_no_row_is_told() {
    let said = |file: &str, text: &str| {
        let project = project(&FILES);
        std::fs::write(project.path().join("row.json"), text).expect("a file is written");
        let output = super::run(project.path(), &["explain", "row", file]);
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let told = |text: &str, part: &str| {
        let (code, said) = said("row.json", text);
        assert!(code == Some(2) && said.contains(part), "{code:?} {said}");
    };
    told("{", "a row looks like");
    told(r#"{"table": "shop.orders"}"#, "a row has `after`, `before`, or both");
    told(r#"{"table": "shop.orders", "after": {"nmae": 1}}"#, "has no column `nmae`");
    told(r#"{"table": "shop.orders", "after": {"id": -1}}"#, "column `id`: the value is not a whole number");
    told(r#"{"table": "shop.other", "after": {}}"#, "does not list shop.other");
    assert_eq!(said("nothing.json", "").0, Some(2));
    let project = project(&FILES);
    check(
        project.path(),
        &["explain", "row"],
        (2, "", "syncc: `explain row` takes a file with a row, or `-`\n"),
    );
}

/// Of a lock file without collations; what the log would tell is not known here.
#[test]
fn a_text_without_a_collation_is_compared_with_nothing() {
    let files =
        FILES.map(|(name, text)| (name, text.replace(" character set utf8mb4 collate utf8mb4_bin", "")));
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let project = project(&files);
    check(project.path(), &["check", "--format", "short"], (0, "", ""));
    check(
        project.path(),
        &["explain", "row", "paid.json"],
        (
            1,
            "",
            "syncc: shop.orders: `where` cannot be evaluated: texts of column `status` cannot be compared: its collation is not \
             known; `syncc schema pull` writes it into `schema.lock`, behind the type; the log has it where \
             `binlog_row_metadata` is FULL\n",
        ),
    );
}
