//! S0205: settings for tables that are not sent.

use super::super::Rule;
use super::super::flow::Project;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};

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
    for flow in project.flows.iter().filter(|flow| !flow.pipeline.incomplete && !flow.include.is_empty()) {
        for block in flow.blocks() {
            let pattern = &block.pattern.value;
            if flow.is_idle(pattern) {
                let message = format!("no table that is sent fits `{pattern}`");
                findings.push(
                    Diagnostic::warning(TABLE_BLOCK_IDLE, block.pattern.span, message)
                        .help("include the table, or remove the block"),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_diagnostics;

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
