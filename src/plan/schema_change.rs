//! What another schema of a source changes for consumers, as two lock files say it: keys, columns that go or come, types.
//!
//! Knows the columns a task sends; asks no server. Only tables that both files list and both plans send are compared.

use super::change::{KEY_CHANGED, OLD_ROWS_DIFFER, SCHEMA_NARROWED};
use super::{ColumnRule, KeyRule, TableDecision, TaskPlan};
use crate::diagnostic::Diagnostic;
use crate::hir::{LockedTable, SourceLock};
use crate::mysql::column_type::ColumnType;
use crate::mysql::ident::same_column;

/// One finding for each column and key, about the tables that `old_task` sent and `new_task` sends.
pub fn schema_changes(
    (old_task, old): (&TaskPlan, &SourceLock),
    (new_task, new): (&TaskPlan, &SourceLock),
) -> Vec<Diagnostic> {
    let mut findings = Vec::new();
    for (name, after) in &new.tables {
        let Some(before) = old.tables.get(name).filter(|before| *before != after) else { continue };
        let decide = |task: &TaskPlan| task.decide(&name.db, &name.table).ok().flatten();
        if let (Some(was), Some(is)) = (decide(old_task), decide(new_task)) {
            key(before, after, &is, &mut findings);
            columns(before, after, (&was, &is), &mut findings);
        }
    }
    findings
}

/// Another key of the table is another key of its messages, where the files name none.
fn key(before: &LockedTable, after: &LockedTable, is: &TableDecision, findings: &mut Vec<Diagnostic>) {
    let names = |table: &LockedTable| -> Vec<String> {
        let key = table.row_key().unwrap_or_default();
        key.iter().map(|&n| table.columns[n].name.value.clone()).collect()
    };
    let (old, new) = (names(before), names(after));
    if is.key != KeyRule::Primary || old == new {
        return;
    }
    let shown = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    let message = format!(
        "the key of messages of `{}` changes: {} becomes {}",
        after.name.value,
        shown(&old),
        shown(&new)
    );
    findings.push(
        Diagnostic::error(KEY_CHANGED, after.name.span, message)
            .help("write the old `key`, or send the table to another topic"),
    );
}

fn columns(
    before: &LockedTable,
    after: &LockedTable,
    (was, is): (&TableDecision, &TableDecision),
    findings: &mut Vec<Diagnostic>,
) {
    let table = &after.name.value;
    for old in before.columns.iter().filter(|column| is_sent(was, &column.name.value)) {
        let name = &old.name.value;
        match after.columns.iter().find(|column| same_column(&column.name.value, name)) {
            None => {
                let message = format!("`{name}` of `{table}` is gone: consumers miss it");
                findings.push(
                    Diagnostic::error(SCHEMA_NARROWED, after.name.span, message)
                        .label("this table has lost it")
                        .help("drop a column when nobody reads it any more"),
                );
            }
            Some(new) if is_sent(is, name) && !takes_all(&new.text.ty, &old.text.ty) => {
                let (from, to) = (&old.text.declared, &new.text.declared);
                let message = format!("`{name}` of `{table}` takes less than before: {from} becomes {to}");
                findings.push(
                    Diagnostic::error(SCHEMA_NARROWED, new.name.span, message)
                        .help("send it under another name, or make sure that every consumer reads both"),
                );
            }
            Some(_) => {}
        }
    }
    for new in after.columns.iter().filter(|column| is_sent(is, &column.name.value)) {
        let name = &new.name.value;
        if !before.columns.iter().any(|column| same_column(&column.name.value, name)) {
            let message = format!("`{name}` of `{table}` is new: rows sent before are without it");
            findings.push(Diagnostic::warning(OLD_ROWS_DIFFER, new.name.span, message));
        }
    }
}

/// Whether the rules of a table send a column.
pub(super) fn is_sent(decision: &TableDecision, column: &str) -> bool {
    let takes = |patterns: &[crate::pattern::NamePattern]| {
        patterns.iter().any(|pattern| pattern.compile_column().is_ok_and(|matcher| matcher.matches(column)))
    };
    match &decision.columns {
        None => true,
        Some(ColumnRule::Only(patterns)) => takes(patterns),
        Some(ColumnRule::Except(patterns)) => !takes(patterns),
    }
}

/// Whether every value of the type `old` is one of `new`, in the same form.
fn takes_all(new: &ColumnType, old: &ColumnType) -> bool {
    if let (Some(new), Some(old)) = (range(new), range(old)) {
        return new.0 <= old.0 && old.1 <= new.1;
    }
    if let (Some(new), Some(old)) = (new.as_text(), old.as_text()) {
        return new.max_bytes >= old.max_bytes;
    }
    match (new, old) {
        (
            ColumnType::Decimal { precision, scale },
            ColumnType::Decimal { precision: old_precision, scale: old_scale },
        ) => scale >= old_scale && precision - scale >= old_precision - old_scale,
        (ColumnType::Bit { bits: new }, ColumnType::Bit { bits: old })
        | (ColumnType::Time { fsp: new }, ColumnType::Time { fsp: old })
        | (ColumnType::DateTime { fsp: new }, ColumnType::DateTime { fsp: old })
        | (ColumnType::Timestamp { fsp: new }, ColumnType::Timestamp { fsp: old })
        | (ColumnType::Blob { length_bytes: new }, ColumnType::Blob { length_bytes: old }) => new >= old,
        (ColumnType::VarBinary { bytes: new }, ColumnType::VarBinary { bytes: old }) => new >= old,
        (ColumnType::Double, ColumnType::Float) => true,
        (ColumnType::Enum(new), ColumnType::Enum(old)) | (ColumnType::Set(new), ColumnType::Set(old)) => {
            old.labels.iter().all(|label| new.labels.contains(label))
        }
        (new, old) => new == old,
    }
}

/// The values of an integer type.
fn range(ty: &ColumnType) -> Option<(i128, i128)> {
    let (bits, unsigned) = match ty {
        ColumnType::TinyInt { unsigned } => (8, unsigned),
        ColumnType::SmallInt { unsigned } => (16, unsigned),
        ColumnType::MediumInt { unsigned } => (24, unsigned),
        ColumnType::Int { unsigned } => (32, unsigned),
        ColumnType::BigInt { unsigned } => (64, unsigned),
        _ => return None,
    };
    Some(match unsigned {
        true => (0, (1 << bits) - 1),
        false => (-(1 << (bits - 1)), (1 << (bits - 1)) - 1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hir;
    use crate::plan::compile_project;
    use crate::project::Project;
    use crate::text::FileSet;

    const SHOP: &str = "edition 2026\nsource shop mysql \"db1\" {\n  password env P\n}\ntarget bus stdout\n\
                        pipeline p from shop to bus {\n  include shop.*\n  columns except secret*\n}\n";

    #[track_caller]
    fn check(old: &str, new: &str, expected: &[&str]) {
        let state = |columns: &str| {
            let mut files = FileSet::new();
            files.add("shop.sync", SHOP);
            files.add(
                "schema.lock",
                format!(
                    "edition 2026\nlock source shop {{\n  server \"8.4.2\"\n  lower-case-table-names 0\n  table shop.a {{\n{columns}\n  }}\n}}\n"
                ),
            );
            let project = Project::of(files);
            let compiled = compile_project(&project);
            let (plan, _) = compiled.plan.unwrap_or_else(|| panic!("{:?}", compiled.findings));
            (project.files.clone(), hir::program(&project).0, plan)
        };
        let ((_, old_program, old), (files, new_program, new)) = (state(old), state(new));
        let lock = |program: &hir::Program| {
            program.locked_sources().next().map(|(_, lock)| lock.clone()).expect("a lock")
        };
        let (old_lock, new_lock) = (lock(&old_program), lock(&new_program));
        let found = schema_changes((&old.tasks[0], &old_lock), (&new.tasks[0], &new_lock));
        let shown = |finding: &Diagnostic| {
            let place = finding.primary.as_ref().map(|label| files.slice(label.span));
            format!("{} {} {}", finding.code, place.unwrap_or_default(), finding.message)
        };
        assert_eq!(found.iter().map(shown).collect::<Vec<_>>(), expected);
    }

    const ID: &str = "    primary id\n    column id \"int not null\"\n    column n \"int not null\"\n";

    #[test]
    fn keys_and_columns_come_and_go() {
        check(ID, ID, &[]);
        check(
            ID,
            &ID.replace("primary id", "primary id, n"),
            &["P1002 shop.a the key of messages of `shop.a` changes: id becomes id, n"],
        );
        check(
            ID,
            &ID.replace("    column n \"int not null\"\n", ""),
            &["P1010 shop.a `n` of `shop.a` is gone: consumers miss it"],
        );
        check(
            ID,
            &format!("{ID}    column email \"varchar(9)\"\n    column secret \"int\"\n"),
            &["P1004 email `email` of `shop.a` is new: rows sent before are without it"],
        );
        check(&format!("{ID}    column secret \"int\"\n"), ID, &[]);
    }

    #[test]
    fn types_may_grow() {
        let with = |ty: &str| format!("{ID}    column x \"{ty}\"\n");
        for (old, new) in [
            ("int", "bigint"),
            ("int unsigned", "bigint"),
            ("varchar(9)", "varchar(90)"),
            ("varchar(9)", "text"),
            ("decimal(5,2)", "decimal(7,3)"),
            ("enum('a')", "enum('b','a')"),
            ("datetime", "datetime(6)"),
            ("json", "json"),
        ] {
            check(&with(old), &with(new), &[]);
            if old != new {
                let told = format!("P1010 x `x` of `shop.a` takes less than before: {new} becomes {old}");
                check(&with(new), &with(old), &[&told]);
            }
        }
        check(
            &with("int"),
            &with("varchar(20)"),
            &["P1010 x `x` of `shop.a` takes less than before: int becomes varchar(20)"],
        );
    }
}
