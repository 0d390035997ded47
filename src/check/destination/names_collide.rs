//! S0403: two things get one name.

use super::super::Rule;
use super::super::flow::{Flow, Known, NewName, Project};
use super::super::pairs::{Beginnings, PAIRS_MAX, Pairs};
use super::super::renaming::Renaming;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::pattern::{NamePattern, TablePattern};
use crate::statement::{RENAME_PLACEHOLDERS, Rename};
use crate::text::Span;
use std::collections::{BTreeMap, HashSet};

/// Two things get one name.
pub const NAMES_COLLIDE: Code = Code::new("S0403", "names-collide");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: NAMES_COLLIDE,
        what: "Two different `rename` lines, or a `rename` and a table that keeps its name, give two tables (or two columns of a \
               table) one name.",
        why: "Their rows are mixed in one topic, and nothing in a message tells them apart. Tables that no file knows are held against \
              it at the server: by `check --live`, at a start, and when one appears while a task runs. One pattern that maps many tables to one \
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
        for source in 0..flow.pipeline.from.len() {
            check_tables(flow, source, findings);
        }
        check_columns(flow, findings);
    }
}

fn check_tables(flow: &Flow<'_>, source: usize, findings: &mut Vec<Diagnostic>) {
    let mut named: Vec<(&Known, &NewName)> = flow.named(source).collect();
    named.sort_by_key(|(_, name)| (&name.db, &name.table));
    let same = |one: &(&Known, &NewName), other: &(&Known, &NewName)| {
        (&one.1.db, &one.1.table) == (&other.1.db, &other.1.table)
    };
    for of in named.chunk_by(same).filter(|of| of.len() > 1) {
        let mut of = of.to_vec();
        // Of each line one table. Where it is renamed comes last, so that a finding is drawn at a `rename`.
        of.sort_by_key(|(known, name)| (name.is_new(), place(flow, known, name)));
        let mut lines = HashSet::new();
        of.retain(|(_, name)| lines.insert(name.lines));
        let Some(((first, first_name), rest)) = of.split_first() else { continue };
        for (other, other_name) in rest {
            let (a, b) = (format!("{}.{}", first.db, first.table), format!("{}.{}", other.db, other.table));
            let NewName { db, table, .. } = other_name;
            let message = format!("`{a}` and `{b}` are both called `{db}.{table}`");
            let there = if first_name.is_new() {
                format!("the name of `{a}`")
            } else {
                format!("`{a}` keeps its name")
            };
            findings.push(
                Diagnostic::error(NAMES_COLLIDE, place(flow, other, other_name), message)
                    .label(format!("the name of `{b}`"))
                    .beside(place(flow, first, first_name), there)
                    .help("give one of them another name; to merge them, rename both by one pattern"),
            );
        }
    }
}

/// The line that makes a table's name.
fn place(flow: &Flow<'_>, known: &Known, name: &NewName) -> Span {
    let line = name.lines.1.or(name.lines.0);
    line.map_or(known.span, |line| flow.renames[line].span)
}

fn check_columns(flow: &Flow<'_>, findings: &mut Vec<Diagnostic>) {
    let mut n_found = 0;
    // Lines by the name that they give: no others are compared.
    let mut of_names: BTreeMap<String, Vec<ColumnLine<'_>>> = BTreeMap::new();
    for renaming in &flow.renames {
        // Of one table one template makes one name, if nothing in it is of the line's own pattern.
        let is_of_table = renaming.to().placeholders().all(|hole| RENAME_PLACEHOLDERS.contains(&hole));
        if let Some((tables, column)) = exact_column(renaming).filter(|_| is_of_table) {
            let line = ColumnLine { renaming, tables, column };
            of_names.entry(renaming.to().to_string()).or_default().push(line);
        }
    }
    let pairs = of_names.iter().flat_map(|(name, lines)| {
        let beginnings = Beginnings::new(lines.iter().map(|line| line.tables));
        let pairs: Vec<_> = beginnings.pairs().take(PAIRS_MAX + 1).collect();
        pairs.into_iter().map(move |(first, later)| (name, &lines[first], &lines[later]))
    });
    let mut pairs = Pairs::new(pairs);
    while let Some((name, first, later)) = pairs.next() {
        let (a, b) = (first.column, later.column);
        let (first, later) = (first.renaming, later.renaming);
        pairs.costs(flow.known.len() / 10);
        let both = |known: &&Known| {
            [first, later].iter().all(|one| one.tables.matches(&known.db, &known.table))
                && [a, b].iter().all(|column| flow.may_have(known, column))
        };
        if let Some(known) = flow.known.iter().filter(|_| a != b).find(both) {
            let (db, table) = (&known.db, &known.table);
            let message = format!("`{a}` and `{b}` of `{db}.{table}` are both renamed to `{name}`");
            findings.push(
                Diagnostic::error(NAMES_COLLIDE, later.span, message)
                    .beside(first.span, format!("`{a}` gets this name here"))
                    .help("give one of them another name"),
            );
            n_found += 1;
        }
    }
    if n_found == 0
        && let Some(last) = flow.renames.last()
    {
        pairs.told(NAMES_COLLIDE, last.span, "lines of `rename`", findings);
    }
}

/// A line that names one column anew.
struct ColumnLine<'a> {
    renaming: &'a Renaming<'a>,
    tables: &'a TablePattern,
    column: &'a str,
}

/// Tables and column of a line, where it names one column.
fn exact_column<'p>(renaming: &Renaming<'p>) -> Option<(&'p TablePattern, &'p str)> {
    match renaming.rename {
        Rename::Column { table, column: NamePattern::Exact(name), .. } => Some((table, name)),
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
             rename table shop_[0..3].orders_[0..9] to orders\nkey origin, id\n",
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
        check_diagnostics(
            "include shop.*\nrename column shop.orders.buyer to \"{source}_id\"\n\
             rename column shop.orders.client to \"{source}_id\"  # error[S0403]: `buyer` and `client` of `shop.orders` are both renamed to `{source}_id`\n",
        );
        // No table is known to have both.
        check_diagnostics(
            "include shop.*\nrename column shop.*.buyer to id\nrename column shop.*.client to id\n",
        );
    }
}
