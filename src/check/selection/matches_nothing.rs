//! S0212: an `include` of what is not there.

use super::super::Rule;
use super::super::flow::{Flow, Project};
use super::super::index::exact_table;
use super::super::locked::written;
use super::super::selector::Selector;
use super::column_unknown::check_column_unknown;
use super::taken::{Taken, includes, is_decided};
use crate::diagnostic::{Code, CodeDoc, Diagnostic, Fix, Safety};
use crate::pattern::{NamePattern, TablePattern};
use crate::statement::{Rename, name_text};

pub(in crate::check) const MATCHES_NOTHING: Code = Code::new("S0212", "matches-nothing");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: MATCHES_NOTHING,
        what: "An `include` takes no table that `schema.lock` lists for the sources of the pipeline; or a `mask` or `columns` names a \
               column that none of its tables has.",
        why: "The name is misspelt, or the table or column has gone: nothing would be sent, or a column that was meant to be masked \
              would be sent as it is, and nobody would be told. What was made after the file was written is listed after \
              `syncc schema pull`.",
        wrong: locked!(
            "  include shop.ordres\n",
            "  table shop.orders {\n    primary id\n    column id \"bigint not null\"\n  }\n"
        ),
        right: locked!(
            "  include shop.orders\n",
            "  table shop.orders {\n    primary id\n    column id \"bigint not null\"\n  }\n"
        ),
    },
    run: check_matches_nothing,
};

/// Most names of a pipeline for which the one that was meant is looked for. Who has more of them has not misspelt them.
const GUESSES_MAX: usize = 200;

fn check_matches_nothing(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    check_column_unknown(project, findings);
    for flow in project.flows.iter().filter(|flow| !flow.pipeline.left_out.may_be(&["from"])) {
        let mut n_found = 0;
        for (include, taken) in includes(flow) {
            match taken {
                Taken::Nothing => {
                    n_found += 1;
                    findings.push(nothing(flow, include, n_found <= GUESSES_MAX));
                }
                Taken::Tables | Taken::Views(_) | Taken::OtherCase(..) => {}
            }
        }
    }
}

fn nothing(flow: &Flow<'_>, include: &Selector<'_>, may_guess: bool) -> Diagnostic {
    let pattern = include.pattern;
    let message = match exact_table(pattern) {
        Some(_) => format!("`schema.lock` lists no table `{pattern}`"),
        None => format!("`schema.lock` lists no table that fits `{pattern}`"),
    };
    let finding = Diagnostic::error(MATCHES_NOTHING, include.span, message);
    let pull = "where it is new, `syncc schema pull` adds it";
    if !may_guess {
        return finding.help(pull);
    }
    match flow.locks.only(include.source).nearest(pattern) {
        Some(near) => {
            let text = written(&near);
            let certain = !is_decided(flow, &near) && !is_named_elsewhere(flow, pattern);
            let safety = if certain { Safety::Machine } else { Safety::Choice };
            let fix = Fix { safety, ..Fix::machine(format!("write `{text}`"), include.span, text.clone()) };
            finding.label(format!("did you mean `{text}`?")).help(pull).fix(fix)
        }
        None => match same_table_elsewhere(flow, pattern) {
            Some(there) => finding.help(format!("there is `{there}`; {pull}")),
            None => finding.help(pull),
        },
    }
}

/// True when other lines of the pipeline name the same table, and would have to be mended as well.
fn is_named_elsewhere(flow: &Flow<'_>, pattern: &TablePattern) -> bool {
    let renames = flow.renames.iter().filter_map(|one| match one.rename {
        Rename::Table { from, .. } => Some(from),
        Rename::Column { table, .. } => Some(table),
        Rename::Database { .. } => None,
    });
    let blocks = flow.blocks().map(|block| &block.pattern.value);
    renames.chain(blocks).any(|other| other.db == pattern.db && other.table == pattern.table)
}

/// A table of the same name in another database.
fn same_table_elsewhere(flow: &Flow<'_>, pattern: &TablePattern) -> Option<String> {
    let NamePattern::Exact(table) = &pattern.table else { return None };
    let mut names = flow.locks.sources().flat_map(|lock| lock.tables.keys());
    let found = names.find(|name| name.table == *table)?;
    Some(format!("{}.{}", name_text(&found.db), name_text(&found.table)))
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{check_diagnostics, check_files, check_locked, check_repaired_locked};

    const TABLES: &str = "table shop.orders {\nprimary id\ncolumn id \"int not null\"\n}\n\
        table shop.`order notes` {\nprimary id\ncolumn id \"int not null\"\n}\n";

    #[test]
    fn names_that_are_not_there() {
        check_locked(
            "include shop.ordres  # error[S0212]: `schema.lock` lists no table `shop.ordres`\n\
             include shp.*  # error[S0212]: `schema.lock` lists no table that fits `shp.*`\n\
             include shop.tmp_*  # error[S0212]: `schema.lock` lists no table that fits `shop.tmp_*`\n\
             include shop.Orders  # error[S0212]: `schema.lock` lists no table `shop.Orders`\n\
             include shop.orders, crm.orders  # error[S0212]: `schema.lock` lists no table `crm.orders`\n",
            TABLES,
        );
        check_diagnostics("include shop.ordres\n");
    }

    #[test]
    fn what_is_left_out_of_the_lock_may_be_there() {
        check_locked(
            "include shop.ordres\n",
            "table shop.orders {\nprimary id\ncolumn id \"int not null\"\n}\n\
             tabel shop.ordres {  # error[S0013]: `tabel` is no statement; did you mean `table`?\n}\n",
        );
    }

    #[test]
    fn other_rules_go_first() {
        check_locked(
            "include shop.orders\n\
             include mysql.*  # error[S0210]: `mysql` is a database of the server itself\n\
             include shop.tmp_a  # error[S0202]: `shop.tmp_a` can take no table: `exclude` wins over it\n\
             exclude shop.tmp_*\n",
            TABLES,
        );
    }

    #[test]
    fn repaired_where_one_name_is_near() {
        check_repaired_locked("include shop.ordres\n", TABLES, "include shop.orders\n");
        check_repaired_locked("include shop.`order note`\n", TABLES, "include shop.`order notes`\n");
        // Two lines would have to change.
        let lines = "include shop.ordres\ntable shop.ordres {\npartition by table\n}\n";
        check_repaired_locked(lines, TABLES, lines);
        // It would be included twice.
        let lines = "include shop.orders, shop.ordres\n";
        check_repaired_locked(lines, TABLES, lines);
    }

    /// What is included from one source alone is looked for there alone.
    #[test]
    fn selections_of_one_source() {
        let text = "edition 2026\nsource a mysql \"db1\" {\npassword env P\n}\nsource b mysql \"db2\" {\npassword env P\n}\n\
            target out stdout\npipeline p {\nto out\n\
            from a {\ninclude d.x, d.y  # error[S0212]: `schema.lock` lists no table `d.y`\n}\nfrom b {\ninclude d.y\n}\n}\n";
        let table = |name| format!("table d.{name} {{\nprimary id\ncolumn id \"int not null\"\n}}\n");
        let lock =
            format!("edition 2026\nlock source a {{\n{}}}\nlock source b {{\n{}}}\n", table("x"), table("y"));
        check_files(&[("a.sync", text), ("schema.lock", &lock)]);
    }
}
