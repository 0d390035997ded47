//! A block of the file as text.

use super::Block;
use crate::catalog::{ColumnSchema, SourceSchema, TableSchema};
use crate::mysql::ident::TableNameCase;
use crate::mysql::schema::TableName;
use crate::statement::{duration_text, name_text};
use std::fmt::Write as _;

/// Writes `lock source`.
pub(super) fn block(block: &Block, out: &mut String) {
    let SourceSchema { server, case, binlog_expires_ms, tables, views } = &block.pulled.schema;
    let mut lines = Vec::new();
    lines.extend(server.as_ref().map(|server| format!("server {}", quoted(server))));
    let case = match case {
        TableNameCase::Sensitive => 0,
        TableNameCase::Lower => 1,
        TableNameCase::Insensitive => 2,
    };
    lines.push(format!("lower-case-table-names {case}"));
    lines.extend(binlog_expires_ms.map(|ms| format!("binlog-expires {}", duration_text(ms))));
    lines.extend(block.pulled.day.as_ref().map(|day| format!("pulled {day}")));
    // Writing into a String cannot fail.
    let _ = writeln!(out, "lock source {} {{", block.sources);
    for line in lines {
        let _ = writeln!(out, "  {line}");
    }
    if !tables.is_empty() || !views.is_empty() {
        out.push('\n');
    }
    for (name, table) in tables {
        for line in table_text(name, table).lines() {
            let _ = writeln!(out, "  {line}");
        }
    }
    for view in views {
        let _ = writeln!(out, "  view {}", table_name(view));
    }
    out.push_str("}\n");
}

/// `table DB.TABLE` with its block.
pub fn table_text(name: &TableName, table: &TableSchema) -> String {
    let mut text = format!("table {} {{\n", table_name(name));
    let mut line = |line: String| {
        let _ = writeln!(text, "  {line}");
    };
    if let Some(rows) = table.rows {
        line(format!("rows {}", grouped(rows)));
    }
    if !table.primary_key.is_empty() {
        line(format!("primary {}", key(table, &table.primary_key)));
    }
    for column in &table.columns {
        line(column_text(column));
    }
    for unique in &table.unique_keys {
        line(format!("unique {}", key(table, unique)));
    }
    for index in &table.indexes {
        line(format!("index {}", key(table, index)));
    }
    text.push_str("}\n");
    text
}

fn column_text(column: &ColumnSchema) -> String {
    format!("column {} {}", name_text(&column.name), quoted(&column.text.text()))
}

/// Names of a key's columns, as written.
pub(super) fn key(table: &TableSchema, columns: &[usize]) -> String {
    columns.iter().map(|&at| name_text(&table.columns[at].name)).collect::<Vec<_>>().join(", ")
}

pub(super) fn table_name(name: &TableName) -> String {
    format!("{}.{}", name_text(&name.db), name_text(&name.table))
}

/// A number with `_` between groups of three digits.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            text.push('_');
        }
        text.push(digit);
    }
    text
}

/// A text in quotes, with the signs escaped that mean something there, end the line, or would be told as a mistake.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = "\"".to_owned();
    for sign in text.chars() {
        match sign {
            '"' | '\\' | '{' | '}' => {
                quoted.push('\\');
                quoted.push(sign);
            }
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            sign if sign.is_control() || is_bidi(sign) || matches!(sign, '\u{FFFD}' | '\u{FEFF}') => {
                let _ = write!(quoted, "\\u{{{:x}}}", sign as u32);
            }
            sign => quoted.push(sign),
        }
    }
    quoted.push('"');
    quoted
}

/// Signs that turn the direction of a text.
fn is_bidi(sign: char) -> bool {
    matches!(sign, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fmt::{Formatted, format};
    use crate::lockfile::{Pulled, pulled, write};
    use crate::mysql::schema::ColumnText;
    use crate::project::Project;
    use crate::text::FileSet;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    /// What a lock file says of the source `shop`, which must have nothing wrong.
    fn read(text: &str) -> Pulled {
        let mut files = FileSet::new();
        files.add("a.sync", "edition 2026\nsource shop mysql \"db1\"\n");
        files.add("schema.lock", text);
        let (program, findings) = crate::hir::program(&Project::of(files));
        assert_eq!(findings, [], "{text}");
        pulled(program.lock.of(crate::hir::SourceId(0)).expect("a lock of it"))
    }

    #[test]
    fn the_file_of_the_manual_is_what_would_be_written() {
        let text = include_str!("../../tests/corpus/lock/schema.lock");
        let sources = BTreeMap::from([("shop".to_owned(), read(text))]);
        assert_eq!(write(&sources), text);
    }

    #[test]
    fn any_names_read_back_and_are_formatted() {
        let column = |name: &str, text: &str| ColumnSchema {
            name: name.to_owned(),
            text: ColumnText::parse(text).expect("a column"),
        };
        let table = TableSchema {
            rows: Some(0),
            columns: vec![
                column("where", "int not null"),
                column("order note", "enum('a\"b','{x}','\\\\','\u{202e}') collate utf8mb4_bin"),
                column("2nd", "set('it''s')"),
                column("24", "json"),
                column("订单", "decimal(10,2) unsigned generated"),
                column("a`b", "point not null"),
            ],
            primary_key: vec![0],
            unique_keys: vec![vec![1, 2], vec![3]],
            indexes: vec![vec![5, 4]],
        };
        let schema = SourceSchema {
            server: Some("10.11.9-MariaDB".to_owned()),
            case: TableNameCase::Insensitive,
            binlog_expires_ms: Some(90_000),
            tables: BTreeMap::from([
                (TableName::new("a b", "x.y"), table.clone()),
                (TableName::new("source", "lock"), TableSchema { rows: Some(1_000), ..table }),
            ]),
            views: [TableName::new("商城", "v*")].into(),
        };
        let pulled = Pulled { schema, day: Some("2026-09-20".to_owned()) };
        let text = write(&BTreeMap::from([("shop".to_owned(), pulled.clone())]));
        assert_eq!(read(&text), pulled, "{text}");
        assert_eq!(format(&text), Formatted::Text(text.clone()));
    }

    proptest! {
        #[test]
        fn any_labels_are_quoted(labels in prop::collection::vec("\\PC{0,8}|[\"\\\\{}'\u{202e}]{0,6}", 1..4)) {
            let ty = crate::mysql::column_type::ColumnType::Enum(crate::mysql::column_type::Labels { labels });
            let declared = crate::mysql::schema::declared::synthesize(&ty);
            let text = ColumnText { ty, declared, nullable: true, collation: None, generated: false };
            let table = TableSchema {
                rows: None,
                columns: vec![ColumnSchema { name: "a".to_owned(), text }],
                primary_key: Vec::new(),
                unique_keys: Vec::new(),
                indexes: Vec::new(),
            };
            let written = format!("edition 2026\nlock source shop {{\n{}}}\n", table_text(&TableName::new("d", "t"), &table));
            prop_assert_eq!(&read(&written).schema.tables[&TableName::new("d", "t")], &table);
        }
    }
}
