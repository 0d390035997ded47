//! S0215: a name in another case than the server's.

use super::super::Rule;
use super::super::flow::{Flow, Project};
use super::super::locked::{listed, written};
use super::taken::{Taken, includes, is_decided, taken};
use crate::diagnostic::{Code, CodeDoc, Diagnostic, Fix};
use crate::pattern::TablePattern;
use crate::statement::Rename;
use crate::text::Span;

const CASE_MISMATCH: Code = Code::new("S0215", "case-mismatch");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: CASE_MISMATCH,
        what: "A pattern takes no table as it is written, but would in another case, and the server compares names without case: \
               `lower-case-table-names` is 1 or 2 in `schema.lock`.",
        why: "SQL finds the table under either name. In the log it has only one, and a pattern in another case takes nothing.",
        wrong: locked!(
            "  include shop.Orders\n",
            "  lower-case-table-names 1\n\n  table shop.orders {\n    primary id\n    column id \"bigint not null\"\n  }\n"
        ),
        right: locked!(
            "  include shop.orders\n",
            "  lower-case-table-names 1\n\n  table shop.orders {\n    primary id\n    column id \"bigint not null\"\n  }\n"
        ),
    },
    run: check_case_mismatch,
};

fn check_case_mismatch(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for flow in project.flows.iter().filter(|flow| flow.locks.complete() && flow.locks.has_no_case()) {
        for (include, taken) in includes(flow) {
            let Some((finding, exact)) = mismatch(include.pattern, include.span, taken) else { continue };
            let certain = exact.filter(|exact| !is_decided(flow, exact));
            findings.push(mended(finding, include.span, certain));
        }
        for exclude in &flow.exclude {
            let taken = taken(&flow.locks.only(exclude.source), exclude.pattern, &exclude.matcher);
            let found = taken.and_then(|taken| mismatch(exclude.pattern, exclude.span, taken));
            findings.extend(found.map(|(finding, exact)| mended(finding, exclude.span, exact)));
        }
        for (pattern, span, is_whole) in others(flow) {
            let taken = pattern.compile().ok().and_then(|matcher| taken(&flow.locks, pattern, &matcher));
            let found = taken.and_then(|taken| mismatch(pattern, span, taken));
            findings.extend(found.map(|(finding, exact)| mended(finding, span, exact.filter(|_| is_whole))));
        }
    }
}

/// Patterns of `table` blocks and of renames, and whether their place holds nothing else.
fn others<'f>(flow: &'f Flow<'_>) -> impl Iterator<Item = (&'f TablePattern, Span, bool)> {
    let blocks = flow.blocks().map(|block| (&block.pattern.value, block.pattern.span, true));
    let renames = flow.renames.iter().filter_map(|one| match one.rename {
        Rename::Table { from, .. } => Some((from, one.span, false)),
        Rename::Column { table, .. } => Some((table, one.span, false)),
        Rename::Database { .. } => None,
    });
    blocks.chain(renames)
}

/// The finding, and the pattern that was meant, where it can be told.
fn mismatch(pattern: &TablePattern, span: Span, taken: Taken) -> Option<(Diagnostic, Option<TablePattern>)> {
    let (meant, exact) = match taken {
        Taken::OtherCase(meant, exact) => (meant, exact),
        Taken::Tables | Taken::Views(_) | Taken::Nothing => return None,
    };
    let message = format!("`{pattern}` is in another case than {} on the server", listed(&meant));
    let help = match &exact {
        Some(exact) => format!("write `{}`: the log has this name only", written(exact)),
        None => "write it in the case of the server: the log has this name only".to_owned(),
    };
    Some((Diagnostic::warning(CASE_MISMATCH, span, message).help(help), exact))
}

fn mended(finding: Diagnostic, span: Span, exact: Option<TablePattern>) -> Diagnostic {
    match exact.map(|exact| written(&exact)) {
        Some(text) => finding.fix(Fix::machine(format!("write `{text}`"), span, text)),
        None => finding,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{check_locked, check_repaired_locked};

    const LOWER: &str = "lower-case-table-names 1\n\
        table shop.orders {\nprimary id\ncolumn id \"int not null\"\n}\n\
        table shop.tmp_a {\nprimary id\ncolumn id \"int not null\"\n}\n";

    #[test]
    fn every_pattern_counts() {
        check_locked(
            "include Shop.*  # warning[S0215]: `Shop.*` is in another case than `shop.orders`, `shop.tmp_a` on the server\n",
            LOWER,
        );
        check_locked(
            "include shop.*\n\
             exclude shop.TMP_*  # warning[S0215]: `shop.TMP_*` is in another case than `shop.tmp_a` on the server\n\
             rename table shop.Orders to o  # warning[S0215]: `shop.Orders` is in another case than `shop.orders` on the server\n\
             table shop.ORDERS {  # warning[S0215]: `shop.ORDERS` is in another case than `shop.orders` on the server\n\
             partition by table\n}\n",
            LOWER,
        );
        check_locked(
            "include shop.orders\n\
             include shop.ORDERS  # warning[S0215]: `shop.ORDERS` is in another case than `shop.orders` on the server\n",
            LOWER,
        );
        check_locked(
            "include shop.orders, shop.Orders\n",
            &LOWER.replace("names 1", "names 0").replace("tmp_a", "Orders"),
        );
    }

    #[test]
    fn repaired() {
        check_repaired_locked(
            "include Shop.*\nexclude shop.TMP_*\n",
            LOWER,
            "include shop.*\nexclude shop.tmp_*\n",
        );
        let mixed =
            "lower-case-table-names 2\ntable Shop.Orders {\nprimary id\ncolumn id \"int not null\"\n}\n";
        check_repaired_locked("include shop.orders\n", mixed, "include Shop.Orders\n");
        // It would be included twice.
        let lines = "include shop.orders, shop.ORDERS\n";
        check_repaired_locked(lines, LOWER, lines);
    }
}
