//! S0402: two new names for one thing.

use super::super::Rule;
use super::super::flow::{Flow, Project};
use super::super::pairs::SEARCH;
use super::super::renaming::Renaming;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::pattern::{Relation, TableMatcher, some_table};

const RENAME_TWICE: Code = Code::new("S0402", "rename-twice");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: RENAME_TWICE,
        what: "Two `rename` lines give one database, table or column two names, and neither is the narrower one.",
        why: "The narrower pattern wins, and the order of lines never matters, so neither of these two can.",
        wrong: pipeline!(
            "  include shop.*\n  rename table shop.order_item to order_lines\n  rename table shop.order_item to lines\n"
        ),
        right: pipeline!("  include shop.*\n  rename table shop.order_item to order_lines\n"),
    },
    run: check_rename_twice,
};

/// Most findings of a pipeline. Who has that many mends them by one change, and further ones show then.
const CLASHES_MAX: usize = 100;

fn check_rename_twice(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for flow in &project.flows {
        let mut n_found = 0;
        let mut pairs = flow.rename_pairs();
        while let Some((first, later)) = pairs.next() {
            if first.to() == later.to() || !may_clash(first, later) {
                continue;
            }
            pairs.costs(SEARCH + flow.renames.len() / 10);
            if clash(flow, first, later) {
                let (a, b) = (first.to(), later.to());
                findings.push(
                    Diagnostic::error(
                        RENAME_TWICE,
                        later.span,
                        format!("two new names for one thing: `{a}` and `{b}`"),
                    )
                    .beside(first.span, "the other name")
                    .help("keep one of the lines; of two patterns, make one the narrower"),
                );
                n_found += 1;
                if n_found == CLASHES_MAX {
                    break;
                }
            }
        }
        if n_found == 0
            && let Some(last) = flow.renames.last()
        {
            pairs.told(RENAME_TWICE, last.span, "lines of `rename`", findings);
        }
    }
}

/// True when a thing may be taken by both, and neither is narrower.
fn may_clash(first: &Renaming<'_>, later: &Renaming<'_>) -> bool {
    let columns = match (&first.column, &later.column) {
        (Some(first), Some(later)) => first.relation(later),
        (None, None) => Relation::Equal,
        (Some(_), None) | (None, Some(_)) => Relation::Disjoint,
    };
    match (first.tables.relation(&later.tables), columns) {
        (Relation::Disjoint, _) | (_, Relation::Disjoint) => false,
        // Of columns in the same tables the narrower wins.
        (Relation::Equal, Relation::Narrower | Relation::Wider) => false,
        (Relation::Narrower | Relation::Wider, _) => false,
        (Relation::Equal | Relation::Crossing | Relation::TooLarge, _) => true,
    }
}

/// True when a thing that is sent would have both names.
fn clash(flow: &Flow<'_>, first: &Renaming<'_>, later: &Renaming<'_>) -> bool {
    // A narrower line decides for the tables it takes.
    let deciding = flow
        .renames
        .iter()
        .filter(|third| third.kind() == later.kind() && third.column.is_none())
        .map(|third| &third.tables)
        .filter(|third| [&first.tables, &later.tables].iter().all(|one| third.is_narrower(one)));
    let none: Vec<&TableMatcher> = flow.exclude.iter().map(|one| &one.matcher).chain(deciding).collect();
    flow.include
        .iter()
        .any(|include| some_table(&[&first.tables, &later.tables, &include.matcher], &none) != Some(false))
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_diagnostics;

    #[test]
    fn equal_and_crossing_patterns() {
        check_diagnostics(
            "include shop.*\nrename database shop to a\n\
             rename database sho[p] to b  # error[S0402]: two new names for one thing: `a` and `b`\n",
        );
        check_diagnostics(
            "include shop.*\nrename table shop.a_* to a\n\
             rename table shop.*_b to b  # error[S0402]: two new names for one thing: `a` and `b`\n",
        );
        check_diagnostics("include shop.*\nrename table shop.a_* to a\nrename table shop.a_b* to b\n");
        check_diagnostics("include shop.*\nrename table shop.a to a1\nrename table shop.a to a1\n");
        check_diagnostics(
            "include shop.*\nrename table shop.a_* to a\nrename table shop.*_b to b\n\
             rename table shop.a_*_b to c\nrename table shop.a_b to c\n",
        );
    }

    #[test]
    fn columns() {
        check_diagnostics(
            "include shop.*\nrename column shop.a.x to y\n\
             rename column shop.a.x to z  # error[S0402]: two new names for one thing: `y` and `z`\n\
             rename column shop.b.x to q\nrename column shop.*.x to r\nrename column shop.a.x* to s\n",
        );
    }
}
