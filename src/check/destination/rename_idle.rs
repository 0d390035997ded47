//! S0401: a `rename` of what is not sent.

use super::super::Rule;
use super::super::flow::{Flow, Known, Project};
use super::super::misspelt::{labelled, meant};
use super::super::renaming::Renaming;
use super::super::selection::TakeNothing;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::hir::{LockedTable, Program};
use crate::statement::{Rename, closest};

const RENAME_IDLE: Code = Code::new("S0401", "rename-idle");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: RENAME_IDLE,
        what: "A `rename` is for a database, table or column of tables that the pipeline does not send.",
        why: "The line has no effect; if its name is misspelt, messages carry the old name.",
        wrong: pipeline!("  include shop.*\n  rename table shpo.order_item to order_lines\n"),
        right: pipeline!("  include shop.*\n  rename table shop.order_item to order_lines\n"),
    },
    run: check_rename_idle,
};

fn check_rename_idle(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for flow in project
        .flows
        .iter()
        .filter(|flow| !flow.pipeline.left_out.may_be(&["from", "include"]) && !flow.include.is_empty())
    {
        let includes = TakeNothing::of(flow);
        for renaming in &flow.renames {
            let pattern = renaming.pattern();
            if pattern.is_some_and(|pattern| flow.guesses.is_told_elsewhere(pattern, renaming.span)) {
                continue;
            }
            if flow.renames_nothing(renaming) {
                if pattern.is_some_and(|pattern| includes.explains(pattern)) {
                    continue;
                }
                let message = format!("nothing that is sent is called `{}`", old_name(renaming));
                let finding = Diagnostic::warning(RENAME_IDLE, renaming.span, message)
                    .help("a `rename` is written with the names in the source");
                findings.push(misspelt(flow, renaming, finding));
            } else {
                findings.extend(
                    of_no_table(flow, renaming).or_else(|| of_no_column(project.program, flow, renaming)),
                );
            }
        }
    }
}

const LOCK_HELP: &str =
    "a `rename` is written with the names in the source; where it is new, `syncc schema pull` adds it";

/// What a line gives a new name to, as it is written.
fn old_name(renaming: &Renaming<'_>) -> String {
    match renaming.rename {
        Rename::Database { from, .. } => from.to_string(),
        Rename::Table { from, .. } => from.to_string(),
        Rename::Column { table, column, .. } => format!("{table}.{column}"),
    }
}

/// A rename for tables that are not there.
fn of_no_table(flow: &Flow<'_>, renaming: &Renaming<'_>) -> Option<Diagnostic> {
    let pattern = match renaming.rename {
        Rename::Database { .. } => None,
        Rename::Table { from, .. } => Some(from),
        Rename::Column { table, .. } => Some(table),
    };
    if !flow.fits_nothing(pattern, &renaming.tables)
        || pattern.is_some_and(|pattern| flow.locks.is_case_alone(pattern))
    {
        return None;
    }
    let message =
        format!("nothing that `schema.lock` lists and that is sent is called `{}`", old_name(renaming));
    let finding = Diagnostic::warning(RENAME_IDLE, renaming.span, message).help(LOCK_HELP);
    Some(misspelt(flow, renaming, finding))
}

/// What was probably meant by a line whose tables are not sent.
fn misspelt(flow: &Flow<'_>, renaming: &Renaming<'_>, finding: Diagnostic) -> Diagnostic {
    let Some(pattern) = renaming.pattern() else { return finding };
    let finding = flow.guesses.with_same(finding, renaming.span);
    let Some(guess) = flow.guess(pattern) else { return finding };
    match flow.pipeline.renamed.get(&renaming.span) {
        Some(&place) => meant(finding, place, &guess),
        None => labelled(finding, &guess),
    }
}

/// A rename for a column that none of its tables has.
fn of_no_column(program: &Program, flow: &Flow<'_>, renaming: &Renaming<'_>) -> Option<Diagnostic> {
    let column = renaming.column.as_ref().filter(|_| flow.locks.complete())?;
    let of_line = |(known, _): &(&Known, &LockedTable)| renaming.tables.matches(&known.db, &known.table);
    let tables: Vec<&LockedTable> = (0..flow.pipeline.from.len())
        .flat_map(|source| flow.locked(source).filter(of_line))
        .map(|(_, table)| table)
        .collect();
    let mut names = tables.iter().flat_map(|table| &table.columns).map(|column| column.name.value.as_str());
    if tables.is_empty()
        || tables.iter().any(|table| table.incomplete)
        || names.any(|name| column.matches(name))
    {
        return None;
    }
    let (Rename::Column { column: pattern, .. }, [first, ..]) = (renaming.rename, tables.as_slice()) else {
        return None;
    };
    let message = match tables.as_slice() {
        [one] => format!("`{}` has no column `{pattern}`", one.name.value),
        _ => format!("none of the tables that are sent has a column `{pattern}`"),
    };
    let finding = Diagnostic::warning(RENAME_IDLE, renaming.span, message).help(LOCK_HELP);
    let names = first.columns.iter().map(|column| column.name.value.as_str());
    Some(match closest(&pattern.to_string(), names) {
        Some(near) => Diagnostic {
            fixes: program.other_column(renaming.span, &pattern.to_string(), near).into_iter().collect(),
            ..finding.label(format!("did you mean `{near}`?"))
        },
        None => finding,
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{check_diagnostics, check_locked};

    #[test]
    fn of_what_is_not_there() {
        let tables = "table shop.customers {\nprimary id\ncolumn id \"int not null\"\ncolumn cust_no \"int\"\n}\n\
            table shop.orders {\nprimary id\ncolumn id \"int not null\"\n}\n";
        check_locked(
            "include shop.*\n\
             rename table shop.custmers to c  # warning[S0401]: nothing that `schema.lock` lists and that is sent is called `shop.custmers`\n\
             rename column shop.customers.cstno to no  # warning[S0401]: `shop.customers` has no column `cstno`\n\
             rename column shop.*.x_* to y  # warning[S0401]: none of the tables that are sent has a column `x_*`\n\
             rename column shop.*.CUST_NO to no\nrename table shop.orders to o\nrename database shop to s\n",
            tables,
        );
    }

    #[test]
    fn of_all_three_kinds() {
        check_diagnostics(
            "include shop.*\nexclude shop.tmp\nrename database s* to a\nrename table shop.a to b\n\
             rename database crm to a  # warning[S0401]: nothing that is sent is called `crm`\n\
             rename table shop.tmp to b  # warning[S0401]: nothing that is sent is called `shop.tmp`\n\
             rename column crm.a.b to c  # warning[S0401]: nothing that is sent is called `crm.a.b`\n",
        );
    }
}
