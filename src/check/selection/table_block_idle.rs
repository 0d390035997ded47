//! S0205: settings for tables that are not sent.

use super::super::Rule;
use super::super::flow::{Flow, Project};
use super::super::misspelt::meant;
use super::taken::TakeNothing;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::pattern::TablePattern;

const TABLE_BLOCK_IDLE: Code = Code::new("S0205", "table-block-idle");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: TABLE_BLOCK_IDLE,
        what: "A `table` block is for tables that no `include` takes, or that `exclude` takes away.",
        why: "Its settings have no effect. If its name is misspelt, the table that was meant is sent without them: all of its \
              columns, for one.",
        wrong: pipeline!("  include shop.*\n  table crm.customers {\n    columns except phone\n  }\n"),
        right: pipeline!("  include shop.*\n  table shop.customers {\n    columns except phone\n  }\n"),
    },
    run: check_table_block_idle,
};

fn check_table_block_idle(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for flow in project
        .flows
        .iter()
        .filter(|flow| !flow.pipeline.left_out.may_be(&["from", "include"]) && !flow.include.is_empty())
    {
        let includes = TakeNothing::of(flow);
        for block in flow.blocks() {
            let pattern = &block.pattern.value;
            // A name in another case has a finding of its own.
            if flow.locks.complete() && flow.locks.is_case_alone(pattern) {
                continue;
            }
            let place = block.pattern.span;
            if flow.guesses.is_told_elsewhere(pattern, place) {
                continue;
            }
            let (message, help) = if flow.is_idle(pattern) {
                if includes.explains(pattern) {
                    continue;
                }
                (format!("no table that is sent fits `{pattern}`"), IDLE_HELP)
            } else if is_of_no_table(flow, pattern) {
                (format!("no table that `schema.lock` lists and that is sent fits `{pattern}`"), LOCK_HELP)
            } else {
                continue;
            };
            let finding = Diagnostic::warning(TABLE_BLOCK_IDLE, place, message).help(help);
            let finding = flow.guesses.with_same(finding, place);
            findings.push(match flow.guesses.blocks.get(pattern) {
                Some(guess) => meant(finding, place, guess),
                None => finding,
            });
        }
    }
}

const IDLE_HELP: &str = "include the table, or remove the block";

const LOCK_HELP: &str =
    "write the name of a table, or remove the block; where the table is new, `syncc schema pull` adds it";

fn is_of_no_table(flow: &Flow<'_>, pattern: &TablePattern) -> bool {
    flow.locks.complete() && pattern.compile().is_ok_and(|tables| flow.fits_nothing(Some(pattern), &tables))
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{check_diagnostics, check_locked};

    #[test]
    fn of_a_table_that_is_not_there() {
        let tables = "table shop.customers {\nprimary id\ncolumn id \"int not null\"\n}\n";
        check_locked(
            "include shop.*\n\
             table shop.custmers {  # warning[S0205]: no table that `schema.lock` lists and that is sent fits `shop.custmers`\n\
             key id\n}\ntable shop.customer* {\nkey id\n}\n",
            tables,
        );
        check_locked(
            "include shop.custmers  # error[S0212]: `schema.lock` lists no table `shop.custmers`\n\
             table shop.custmers {\nkey id\n}\n",
            tables,
        );
    }

    #[test]
    fn a_name_in_another_case_is_told_once() {
        check_locked(
            "include shop.customers\n\
             table shop.Customers {  # warning[S0215]: `shop.Customers` is in another case than `shop.customers` on the server\n\
             key id\n}\n",
            "lower-case-table-names 1\ntable shop.customers {\nprimary id\ncolumn id \"int not null\"\n}\n",
        );
    }

    #[test]
    fn a_mistake_in_an_include_is_told_once() {
        let tables =
            "lower-case-table-names 1\ntable shop.customers {\nprimary id\ncolumn id \"int not null\"\n}\n";
        check_locked(
            "include SHOP.*  # warning[S0215]: `SHOP.*` is in another case than `shop.customers` on the server\n\
             table shop.customers {\nkey id\n}\n",
            tables,
        );
        check_locked(
            "include shop.custmers  # error[S0212]: `schema.lock` lists no table `shop.custmers`\n\
             table shop.customers {\nkey id\n}\n",
            tables,
        );
    }

    #[test]
    fn neither_included_nor_excluded() {
        check_diagnostics(
            "include shop.*\nexclude shop.tmp_*\n\
             table crm.a {  # warning[S0205]: no table that is sent fits `crm.a`\nkey id\n}\n\
             table shop.tmp_a {  # warning[S0205]: no table that is sent fits `shop.tmp_a`\nkey id\n}\n\
             table shop.a {\nkey id\n}\n\
             to out {\ntable shop.b_* {\nkey id\n}\n\
             table crm.* {  # warning[S0205]: no table that is sent fits `crm.*`\nkey id\n}\n}\n",
        );
    }
}
