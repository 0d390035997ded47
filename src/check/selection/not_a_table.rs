//! S0216: an `include` of a view.

use super::super::Rule;
use super::super::flow::Project;
use super::super::index::exact_table;
use super::super::locked::listed;
use super::taken::{Taken, includes};
use crate::diagnostic::{CodeDoc, Diagnostic};
use crate::source::mysql::NOT_A_TABLE;

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: NOT_A_TABLE,
        what: "An `include` takes views, sequences or histories of MariaDB and no table, as `schema.lock` has them; or, seen at the \
               server, a table with system versioning has columns of its own for start and end of a row.",
        why: "The log has rows of tables only. What a view shows comes from tables that can be included. The history of a versioned \
              table is in the log as rows like all others; it is told from them only where the server adds these columns by itself.",
        wrong: locked!(
            "  include shop.v_orders\n",
            "  table shop.orders {\n    primary id\n    column id \"bigint not null\"\n  }\n  view shop.v_orders\n"
        ),
        right: locked!(
            "  include shop.orders\n",
            "  table shop.orders {\n    primary id\n    column id \"bigint not null\"\n  }\n  view shop.v_orders\n"
        ),
    },
    run: check_not_a_table,
};

fn check_not_a_table(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for flow in &project.flows {
        for (include, taken) in includes(flow) {
            let views = match taken {
                Taken::Views(views) => views,
                Taken::Tables | Taken::OtherCase(..) | Taken::Nothing => continue,
            };
            let message = match exact_table(include.pattern) {
                Some(_) => format!("`{}` is no table: it has no rows in the log", include.pattern),
                None => format!("`{}` takes no table, only {}", include.pattern, listed(&views)),
            };
            findings.push(
                Diagnostic::error(NOT_A_TABLE, include.span, message)
                    .help("include the tables that its rows come from, or remove it"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_locked;

    #[test]
    fn views_alone() {
        let tables = "table d.t {\nprimary id\ncolumn id \"int not null\"\n}\nview d.v_a\nview d.v_b\n";
        check_locked(
            "include d.v_a  # error[S0216]: `d.v_a` is no table: it has no rows in the log\n\
             include d.v_*b  # error[S0216]: `d.v_*b` takes no table, only `d.v_b`\n",
            tables,
        );
        check_locked("include d.*\n", tables);
    }
}
