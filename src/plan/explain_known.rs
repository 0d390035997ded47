//! What `schema.lock` adds to the explanation of a table: the columns of its key, and how many columns are sent.

use super::{ColumnRule, KeyRule, TableDecision};
use crate::hir::LockedTable;
use crate::statement::{NameCase, Names, RENAME_PLACEHOLDERS};

/// Most columns that are named as left out.
const NAMED_MAX: usize = 6;

/// The key in the words of its columns, and which key of the table it is; none where the files say it.
pub(super) fn key(decision: &TableDecision, table: &LockedTable) -> Option<(String, &'static str)> {
    match decision.key {
        KeyRule::Primary if !table.incomplete => {}
        KeyRule::Primary | KeyRule::Columns { .. } | KeyRule::None => return None,
    }
    let Some(key) = table.row_key() else { return Some(("none".to_owned(), "the table has no key")) };
    let column = |&at: &usize| {
        let own = table.columns[at].name.value.as_str();
        match name(decision, own) {
            Some(new) if new != own => format!("{new} ({own})"),
            Some(_) | None => own.to_owned(),
        }
    };
    let columns = key.iter().map(column).collect::<Vec<_>>().join(", ");
    let which = if table.primary_key.is_empty() { "first unique key" } else { "primary key" };
    Some((columns, which))
}

/// How many columns are sent, and which are not.
pub(super) fn columns(decision: &TableDecision, table: &LockedTable) -> Option<String> {
    let n_all = table.columns.len();
    if table.incomplete {
        return None;
    }
    let Some(rule) = &decision.columns else { return Some(format!("all {n_all}")) };
    let out: Vec<&str> = table
        .columns
        .iter()
        .map(|column| column.name.value.as_str())
        .filter(|name| drops(rule, name))
        .collect();
    Some(match out.len() {
        0 => format!("all {n_all}"),
        n if n <= NAMED_MAX => format!("{} of {n_all}, without {}", n_all - n, out.join(", ")),
        n => format!("{} of {n_all}", n_all - n),
    })
}

fn drops(rule: &ColumnRule, column: &str) -> bool {
    let (ColumnRule::Only(patterns) | ColumnRule::Except(patterns)) = rule;
    let named =
        patterns.iter().any(|pattern| pattern.compile_column().is_ok_and(|pattern| pattern.matches(column)));
    match rule {
        ColumnRule::Only(_) => !named,
        ColumnRule::Except(_) => named,
    }
}

/// A column's name in messages.
fn name(decision: &TableDecision, column: &str) -> Option<String> {
    for (pattern, to) in &decision.column_names {
        let Some(mut captures) = pattern.compile_column().ok()?.captures(column) else { continue };
        captures.push(("column".to_owned(), column.to_owned()));
        // Other placeholders have been replaced.
        let names = Names { source: "", pipeline: "", db: "", table: "", origin_db: "", origin_table: "" };
        return names.expand(to, &captures, RENAME_PLACEHOLDERS).ok();
    }
    Some(match decision.names {
        NameCase::AsSource => column.to_owned(),
        NameCase::Lower => column.to_lowercase(),
        NameCase::Upper => column.to_uppercase(),
    })
}
