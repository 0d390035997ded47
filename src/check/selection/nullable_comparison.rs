//! S0218: a comparison that NULL never passes.

use super::super::Rule;
use super::super::conditions::{Asked, FINDINGS_MAX, Filtered, asked, filtered};
use super::super::flow::Project;
use super::super::locked::listed;
use crate::ast::Where;
use crate::diagnostic::{Code, CodeDoc, Diagnostic, Fix};
use crate::hir::LockedTable;
use crate::text::{Span, Spanned};
use crate::transform::filter::{Comparison, Condition, Constant, Operand, Test, column_text, constants};
use std::collections::{BTreeMap, HashSet};

const NULLABLE_COMPARISON: Code = Code::new("S0218", "nullable-comparison");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: NULLABLE_COMPARISON,
        what: "`<>`, `not in`, `not like` and the like ask a column that may be NULL.",
        why: "With NULL a comparison is neither true nor false, so such rows are not sent, although their value surely is not the \
              one that was to be left out. `not status <=> 'draft'` sends them; where they are to be dropped, `status is not \
              null` says so, and so does a question for values beside it, such as `status like 'd%' and status <> 'draft'`.",
        wrong: locked!(
            "  include shop.payments\n  table shop.payments {\n    where status <> 'draft'\n  }\n",
            "  table shop.payments {\n    primary id\n    column id \"bigint not null\"\n    column status \"varchar(20)\"\n  }\n"
        ),
        right: locked!(
            "  include shop.payments\n  table shop.payments {\n    where not status <=> 'draft'\n  }\n",
            "  table shop.payments {\n    primary id\n    column id \"bigint not null\"\n    column status \"varchar(20)\"\n  }\n"
        ),
    },
    run: check_nullable_comparison,
};

/// A comparison, and the tables where its column may be NULL.
struct Dropping<'p> {
    column: &'p str,
    word: &'static str,
    instead: String,
    tables: Vec<&'p LockedTable>,
    /// Tables where it may not.
    n_others: usize,
}

fn check_nullable_comparison(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let mut found: BTreeMap<Span, Dropping<'_>> = BTreeMap::new();
    for Filtered { table, lines, .. } in filtered(project) {
        let mut settled = thought_of(lines);
        settled.extend(lines.iter().flat_map(|line| never_null(&line.value.condition)));
        let meant_otherwise = one_of_two(lines);
        for line in lines {
            let dropping = asked(&line.value)
                .into_iter()
                .filter(|asked| asked.wanted)
                .filter(|asked| !meant_otherwise.iter().any(|test| std::ptr::eq(*test, asked.test)))
                .filter_map(|asked| dropping(&asked).map(|(column, word)| (asked, column, word)));
            for (asked, column, word) in dropping.take(FINDINGS_MAX) {
                let Some(locked) = table.column(column) else { continue };
                let folded = column.to_lowercase();
                if settled.contains(&folded) || is_settled(&line.value.condition, asked.test, &folded) {
                    continue;
                }
                let known = found.entry(asked.place.span).or_insert_with(|| Dropping {
                    column,
                    word,
                    instead: instead(&asked, column),
                    tables: Vec::new(),
                    n_others: 0,
                });
                if !locked.text.nullable {
                    known.n_others += 1;
                } else if !known.tables.iter().any(|known| known.name.value == table.name.value) {
                    known.tables.push(table);
                }
            }
        }
    }
    let found = found.into_iter().filter(|(_, dropping)| !dropping.tables.is_empty());
    findings.extend(found.map(|(span, dropping)| finding(span, &dropping)));
}

/// The column of a question that leaves NULL out beside a value, and the word that does so.
fn dropping<'p>(asked: &Asked<'p>) -> Option<(&'p str, &'static str)> {
    let column = Operand::column;
    match (asked.test, asked.negated) {
        // one that is compared with NULL never holds, which is another finding
        (Test::Compare { left: Operand::Null, .. } | Test::Compare { right: Operand::Null, .. }, _) => None,
        (Test::Compare { op: Comparison::NotEqual, left, right }, false) => {
            Some((column(left).or_else(|| column(right))?, "<>"))
        }
        (Test::Compare { op: Comparison::Equal, left, right }, true) => {
            Some((column(left).or_else(|| column(right))?, "not … ="))
        }
        (Test::In { operand, list }, true) if !list.contains(&Operand::Null) => {
            Some((column(operand)?, "not in"))
        }
        (Test::Like { operand, .. }, true) => Some((column(operand)?, "not like")),
        (Test::Regexp { operand, .. }, true) => Some((column(operand)?, "not regexp")),
        (Test::Between { operand, .. }, true) => Some((column(operand)?, "not between")),
        (
            Test::Compare { .. }
            | Test::In { .. }
            | Test::Like { .. }
            | Test::Regexp { .. }
            | Test::Between { .. }
            | Test::IsNull(_)
            | Test::Truth(_),
            _,
        ) => None,
    }
}

/// Questions of which one always holds; they are another finding, and were meant to be joined otherwise.
fn one_of_two(lines: &[Spanned<Where>]) -> Vec<&Test> {
    let tests: Vec<&Test> = lines.iter().flat_map(|line| line.value.condition.tests()).collect();
    let found = constants(lines.iter().map(|line| &line.value.condition));
    let pairs = found.into_iter().filter_map(|constant| match constant {
        Constant::EitherHolds(one, other) => Some([tests[one], tests[other]]),
        Constant::Always(_) | Constant::Never(..) | Constant::Contradiction(..) => None,
    });
    pairs.flatten().collect()
}

/// Columns that some line asks whether they are NULL, in lower case: they were thought of.
fn thought_of(lines: &[Spanned<Where>]) -> HashSet<String> {
    let tests = lines.iter().flat_map(|line| line.value.condition.tests());
    let asked = tests.flat_map(|test| match test {
        Test::IsNull(_) | Test::Compare { op: Comparison::Same, .. } => test.operands(),
        Test::Compare { .. }
        | Test::In { .. }
        | Test::Between { .. }
        | Test::Like { .. }
        | Test::Regexp { .. }
        | Test::Truth(_) => Vec::new(),
    });
    columns(asked.collect()).collect()
}

/// Columns, in lower case, that are not NULL in any row for which a condition holds. What this rule doubts shows nothing: who
/// writes `status <> 'draft'` may not have thought of NULL.
fn never_null(condition: &Condition) -> HashSet<String> {
    match condition {
        Condition::And(inner) => inner.iter().flat_map(never_null).collect(),
        Condition::Or(inner) => {
            let all = inner.iter().map(never_null);
            all.reduce(|some, other| some.intersection(&other).cloned().collect()).unwrap_or_default()
        }
        Condition::Not(inner) => match &**inner {
            Condition::Test(test) => compared(test, true),
            Condition::And(_) | Condition::Or(_) | Condition::Not(_) | Condition::Unknown(_) => {
                HashSet::new()
            }
        },
        Condition::Unknown(_) => HashSet::new(),
        Condition::Test(test) => compared(test, false),
    }
}

/// The columns, in lower case, of a question that asks for values and so is never true with NULL.
fn compared(test: &Test, negated: bool) -> HashSet<String> {
    let operands = match (test, negated) {
        (Test::Compare { op: Comparison::Same, .. }, _)
        | (Test::Compare { op: Comparison::NotEqual, .. }, false)
        | (Test::Compare { op: Comparison::Equal, .. }, true) => Vec::new(),
        (Test::Compare { .. }, _)
        | (Test::Between { .. } | Test::Like { .. } | Test::Regexp { .. } | Test::Truth(_), false)
        | (Test::IsNull(_), true) => test.operands(),
        (Test::In { operand, .. }, false) => vec![operand],
        (
            Test::In { .. } | Test::Between { .. } | Test::Like { .. } | Test::Regexp { .. } | Test::Truth(_),
            true,
        )
        | (Test::IsNull(_), false) => Vec::new(),
    };
    columns(operands).collect()
}

/// True when a part of a condition, in which a question stands beside others, never holds with NULL for a column.
fn is_settled(condition: &Condition, test: &Test, column: &str) -> bool {
    /// None where the question is not in it.
    fn looked_for(condition: &Condition, test: &Test, column: &str) -> Option<bool> {
        match condition {
            Condition::Test(own) => std::ptr::eq(own, test).then_some(false),
            Condition::Not(inner) | Condition::Unknown(inner) => looked_for(inner, test, column),
            Condition::Or(inner) => inner.iter().find_map(|one| looked_for(one, test, column)),
            Condition::And(inner) => {
                let nearer = inner.iter().find_map(|one| looked_for(one, test, column))?;
                Some(nearer || never_null(condition).contains(column))
            }
        }
    }
    looked_for(condition, test, column) == Some(true)
}

/// The columns among operands, in lower case.
fn columns(operands: Vec<&Operand>) -> impl Iterator<Item = String> {
    operands.into_iter().filter_map(Operand::column).map(str::to_lowercase)
}

/// The question that takes NULL too.
fn instead(asked: &Asked<'_>, column: &str) -> String {
    match asked.test {
        Test::Compare { left, right, .. } => format!("not {left} <=> {right}"),
        test @ (Test::In { .. }
        | Test::Between { .. }
        | Test::Like { .. }
        | Test::Regexp { .. }
        | Test::IsNull(_)
        | Test::Truth(_)) => {
            let test = Condition::Test(test.clone());
            let test = if asked.negated { test.negated() } else { test };
            format!("({} is null or {test})", column_text(column))
        }
    }
}

fn finding(span: Span, dropping: &Dropping<'_>) -> Diagnostic {
    let Dropping { column, word, instead, tables, n_others } = dropping;
    let names: Vec<String> = tables.iter().map(|table| table.name.value.to_string()).collect();
    let whose = match names.as_slice() {
        [_] if *n_others == 0 => String::new(),
        names => format!(" of {}", listed(names)),
    };
    let message = format!("rows{whose} without a `{column}` are not sent: with NULL `{word}` is never true");
    let negated_test = *word == "not … =";
    let finding = Diagnostic::warning(NULLABLE_COMPARISON, span, message)
        .label(format!("`{column}` may be NULL"))
        .help(format!(
            "`{instead}` sends them; `{} is not null` says that they are dropped",
            column_text(column)
        ));
    if negated_test {
        // the `not` stands before the place
        let plain = instead.trim_start_matches("not ").to_owned();
        return finding.fix(Fix::machine(format!("write `{instead}`"), span, plain));
    }
    finding.fix(Fix::machine(format!("write `{instead}`"), span, instead.clone()))
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{check_locked, check_repaired_locked};

    const TABLES: &str = "table d.a {\nprimary id\ncolumn id \"bigint not null\"\ncolumn status \"varchar(20)\"\n\
        column kind \"int not null\"\n}\ntable d.b {\nprimary id\ncolumn id \"bigint not null\"\n\
        column status \"varchar(20) not null\"\ncolumn kind \"int not null\"\n}\n";

    #[track_caller]
    fn check(condition: &str, word: &str) {
        let found =
            format!("warning[S0218]: rows without a `status` are not sent: with NULL `{word}` is never true");
        check_locked(&format!("include d.a\ntable d.a {{\nwhere {condition}  # {found}\n}}\n"), TABLES);
    }

    #[track_caller]
    fn fits(conditions: &str) {
        check_locked(&format!("include d.a\ntable d.a {{\n{conditions}\n}}\n"), TABLES);
    }

    #[track_caller]
    fn repairs(condition: &str, expected: &str) {
        let lines = |condition: &str| format!("include d.a\ntable d.a {{\nwhere {condition}\n}}\n");
        check_repaired_locked(&lines(condition), TABLES, &lines(expected));
    }

    #[test]
    fn what_leaves_null_out() {
        check("status <> 'draft'", "<>");
        check("'draft' != status", "<>");
        check("not status = 'draft'", "not … =");
        check("status not in ('draft', 'new')", "not in");
        check("status not like 'd%' and kind = 1", "not like");
        check("status not regexp '^d'", "not regexp");
        check("kind = 1 or status not between 'a' and 'b'", "not between");
    }

    #[test]
    fn repairs_send_null_too() {
        repairs("status <> 'draft' and kind = 1", "not status <=> 'draft' and kind = 1");
        repairs("not status = 'draft'", "not status <=> 'draft'");
        repairs("status not in ('a', 'b')", "(status is null or status not in ('a', 'b'))");
    }

    #[test]
    fn what_was_thought_of() {
        fits("where status = 'draft'");
        fits("where kind <> 1");
        fits("where status <> 'draft' or status is null");
        fits("where status <> 'draft'\nwhere status is not null");
        fits("where not status <=> 'draft'");
        fits("where not (status <> 'draft')");
        fits("where not (status <> 'draft' and kind = 1)");
    }

    #[test]
    fn another_question_leaves_null_out_already() {
        fits("where status like 'a%' and status <> 'abc'");
        fits("where status <> 'a' and status in ('a', 'b')");
        fits("where STATUS > 'a' and not status = 'b' and kind = 1");
        fits("where status not in ('a', 'b')\nwhere status between 'a' and 'f'");
        fits("where kind = 1 or (status regexp '^a' and status not like '%b')");
        fits("where (status = 'a' or status = 'b' and kind = 1) and status <> 'c'");
        fits("where not status <> 'a' and status not like 'b%'");
        // None of these is thought of with NULL, and a question in another branch says nothing.
        check("status <> 'draft' and (status = 'a' or kind = 1)", "<>");
        check("status = 'a' or status <> 'draft'", "<>");
        check("status <> 'draft' and kind in (1, 2)", "<>");
        check("status <> 'draft' and not (status = 'a' and kind = 1)", "<>");
        let found = "warning[S0218]: rows without a `status` are not sent: with NULL `<>` is never true";
        check_locked(
            &format!(
                "include d.a\ntable d.a {{\nwhere status <> 'a'  # {found}\nwhere status <> 'b'  # {found}\n}}\n"
            ),
            TABLES,
        );
    }

    #[test]
    fn only_the_tables_where_it_may_be_null() {
        check_locked(
            "include d.*\ntable d.* {\n\
             where status <> 'draft'  # warning[S0218]: rows of `d.a` without a `status` are not sent: with NULL `<>` is never true\n}\n",
            TABLES,
        );
    }
}
