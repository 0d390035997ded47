//! S0411: two names that change places.

use super::super::Rule;
use super::super::flow::Project;
use super::super::renaming::{Renamed, Renaming};
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::pattern::NamePattern;
use crate::statement::Rename;
use crate::text::Span;
use std::collections::HashMap;

const NAMES_SWAP: Code = Code::new("S0411", "names-swap");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: NAMES_SWAP,
        what: "Two `rename` lines give two things each other's name.",
        why: "It works, and it is seldom meant: whoever compares a message with the database sees the wrong table under the right \
              name.",
        wrong: pipeline!(
            "  include shop.*\n  rename table shop.orders to lines\n  rename table shop.lines to orders\n"
        ),
        right: pipeline!(
            "  include shop.*\n  rename table shop.orders to order_heads\n  rename table shop.lines to order_lines\n"
        ),
    },
    run: check_names_swap,
};

fn check_names_swap(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for flow in &project.flows {
        // By kind and place, old and new name.
        let mut lines: HashMap<(Renamed, Vec<&str>, &str, &str), Span> = HashMap::new();
        for later in &flow.renames {
            if let Some((of, a, b)) = exact(later).filter(|(_, a, b)| a != b) {
                if let Some(first) = lines.get(&(later.kind(), of.clone(), b, a)) {
                    let message = format!("`{b}` and `{a}` get each other's name");
                    findings.push(
                        Diagnostic::warning(NAMES_SWAP, later.span, message)
                            .beside(*first, "the other way round here")
                            .help("give one of them a name that neither has"),
                    );
                }
                lines.entry((later.kind(), of, a, b)).or_insert(later.span);
            }
        }
    }
}

/// Where a line's thing is, its name, and its new name; where all are exact.
fn exact<'p>(renaming: &Renaming<'p>) -> Option<(Vec<&'p str>, &'p str, &'p str)> {
    let name = |pattern: &'p NamePattern| match pattern {
        NamePattern::Exact(name) => Some(name.as_str()),
        NamePattern::Glob(_) | NamePattern::Regex(_) => None,
    };
    let to = renaming.to().as_literal()?;
    Some(match renaming.rename {
        Rename::Database { from, .. } => (Vec::new(), name(from)?, to),
        Rename::Table { from, .. } => (vec![name(&from.db)?], name(&from.table)?, to),
        Rename::Column { table, column, .. } => {
            (vec![name(&table.db)?, name(&table.table)?], name(column)?, to)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_diagnostics;

    #[test]
    fn within_one_database_or_table() {
        check_diagnostics(
            "include shop.*, crm.*\nrename table shop.a to b\n\
             rename table shop.b to a  # warning[S0411]: `a` and `b` get each other's name\n\
             rename column shop.c.a to b\nrename column shop.d.b to a\n\
             rename column shop.c.b to a  # warning[S0411]: `a` and `b` get each other's name\n",
        );
        check_diagnostics("include shop.*\nrename table shop.a to b\nrename table shop.b to c\n");
    }
}
