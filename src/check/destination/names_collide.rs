//! S0403: two things get one name.

use super::super::Rule;
use super::super::flow::{Flow, Known, NewName, Project, Renamed, Renaming};
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::pattern::NamePattern;
use crate::statement::Rename;
use crate::text::Span;
use std::collections::BTreeMap;

const NAMES_COLLIDE: Code = Code::new("S0403", "names-collide");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: NAMES_COLLIDE,
        what: "Two different `rename` lines, or a `rename` and a table that keeps its name, give two tables (or two columns of a \
               table) one name.",
        why: "Their rows are mixed in one topic, and nothing in a message tells them apart. One pattern that maps many tables to one \
              name says that this is meant.",
        wrong: pipeline!(
            "  include shop.*\n  rename table shop.orders_eu to orders\n  rename table shop.orders_us to orders\n"
        ),
        right: pipeline!("  include shop.*\n  rename table shop./orders_(eu|us)/ to orders\n"),
    },
    run: check_names_collide,
};

fn check_names_collide(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for flow in &project.flows {
        for source in flow.sources(project.program) {
            check_tables(flow, source, findings);
        }
        check_columns(flow, findings);
    }
}

fn check_tables(flow: &Flow<'_>, source: &str, findings: &mut Vec<Diagnostic>) {
    let mut by_name: BTreeMap<(String, String), Vec<(&Known, NewName)>> = BTreeMap::new();
    for known in &flow.known {
        if let Some(name) = flow.new_name(source, &known.db, &known.table) {
            by_name.entry((name.db.clone(), name.table.clone())).or_default().push((known, name));
        }
    }
    for ((db, table), of) in by_name {
        let Some(((first, first_name), rest)) = of.split_first() else { continue };
        let Some((other, other_name)) = rest.iter().find(|(_, name)| name.lines != first_name.lines) else {
            continue;
        };
        let mut places = [(first, place(flow, first, first_name)), (other, place(flow, other, other_name))];
        places.sort_by_key(|(_, span)| *span);
        let [(a, first), (b, later)] = places;
        let (a, b) = (format!("{}.{}", a.db, a.table), format!("{}.{}", b.db, b.table));
        findings.push(
            Diagnostic::error(
                NAMES_COLLIDE,
                later,
                format!("`{a}` and `{b}` are both called `{db}.{table}`"),
            )
            .label(format!("the name of `{b}`"))
            .beside(first, format!("the name of `{a}`"))
            .help("give one of them another name; to merge them, rename both by one pattern"),
        );
    }
}

/// The line that makes a table's name.
fn place(flow: &Flow<'_>, known: &Known, name: &NewName) -> Span {
    let line = name.lines.1.or(name.lines.0);
    line.map_or(known.span, |line| flow.renames[line].span)
}

fn check_columns(flow: &Flow<'_>, findings: &mut Vec<Diagnostic>) {
    let columns: Vec<&Renaming<'_>> =
        flow.renames.iter().filter(|renaming| renaming.kind() == Renamed::Column).collect();
    for (n, later) in columns.iter().enumerate() {
        for first in &columns[..n] {
            let (Some(a), Some(b)) = (exact_column(first), exact_column(later)) else { continue };
            let name = later.to().as_literal();
            if a == b || name.is_none() || name != first.to().as_literal() {
                continue;
            }
            let both =
                |known: &&Known| [first, later].iter().all(|one| one.tables.matches(&known.db, &known.table));
            if let (Some(known), Some(name)) = (flow.known.iter().find(both), name) {
                let message =
                    format!("`{a}` and `{b}` of `{}.{}` are both renamed to `{name}`", known.db, known.table);
                findings.push(
                    Diagnostic::error(NAMES_COLLIDE, later.span, message)
                        .beside(first.span, format!("`{a}` gets this name here"))
                        .help("give one of them another name"),
                );
            }
        }
    }
}

/// The column of a line, where it names one.
fn exact_column<'p>(renaming: &Renaming<'p>) -> Option<&'p str> {
    match renaming.rename {
        Rename::Column { column: NamePattern::Exact(name), .. } => Some(name),
        Rename::Column { .. } | Rename::Table { .. } | Rename::Database { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_diagnostics;

    #[test]
    fn two_lines_and_one_name() {
        check_diagnostics(
            "include shop.*\nrename table shop.a to x\n\
             rename table shop.b to x  # error[S0403]: `shop.a` and `shop.b` are both called `shop.x`\n",
        );
        check_diagnostics(
            "include shop.a\ninclude shop.x\n\
             rename table shop.a to x  # error[S0403]: `shop.x` and `shop.a` are both called `shop.x`\n",
        );
        check_diagnostics(
            "include a.t, b.t\nrename database a to x\n\
             rename database b to x  # error[S0403]: `a.t` and `b.t` are both called `x.t`\n",
        );
    }

    #[test]
    fn a_merge_by_one_pattern_is_meant() {
        check_diagnostics(
            "include shop_[0..3].orders_[0..9]\nrename database shop_[0..3] to shop\n\
             rename table shop_[0..3].orders_[0..9] to orders\n",
        );
        check_diagnostics("include shop.*\nrename table shop.a* to x\n");
    }

    #[test]
    fn two_columns() {
        check_diagnostics(
            "include shop.*\nrename column shop.orders.buyer to id\n\
             rename column shop.orders.client to id  # error[S0403]: `buyer` and `client` of `shop.orders` are both renamed to `id`\n\
             rename column shop.lines.client to id\n",
        );
        // No table is known to have both.
        check_diagnostics(
            "include shop.*\nrename column shop.*.buyer to id\nrename column shop.*.client to id\n",
        );
    }
}
