//! S0220: a condition, or a part of it, that is the same for every row.

use super::super::Rule;
use super::super::conditions::FINDINGS_MAX;
use super::super::flow::Project;
use super::where_label::check_where_label;
use super::where_range::check_where_range;
use crate::ast::{Settings, TestPlace, Where};
use crate::diagnostic::{Code, CodeDoc, Diagnostic, Fix};
use crate::text::{Span, Spanned};
use crate::transform::filter::{Comparison, Constant, Operand, Reason, Test, constants};

pub(super) const WHERE_CONSTANT: Code = Code::new("S0220", "where-constant");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: WHERE_CONSTANT,
        what: "A condition of `where`, or a part of it, holds for every row or for none: two literals, a comparison with NULL, \
               bounds in the wrong order, two lines that exclude each other, a text that no label of an ENUM is, a number beyond \
               those of an integer column.",
        why: "A condition that never holds sends nothing, and nothing fails. One that always holds says more than it does. NULL \
              is asked for with `is null`; of `a <> 1 or a <> 2` one always holds.",
        wrong: pipeline!(
            "  include shop.*\n  table shop.orders {\n    where status = 'paid'\n    where status = 'sent'\n  }\n"
        ),
        right: pipeline!(
            "  include shop.*\n  table shop.orders {\n    where status in ('paid', 'sent')\n  }\n"
        ),
    },
    run: check_where_constant,
};

fn check_where_constant(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for pipeline in &project.program.pipelines {
        let tables = pipeline.tables.iter().chain(pipeline.to.iter().flat_map(|to| &to.tables));
        let blocks = pipeline.to.iter().map(|to| &to.settings).chain(tables.map(|table| &table.settings));
        blocks.for_each(|settings| check_block(settings, findings));
    }
    check_where_label(project, findings);
    check_where_range(project, findings);
}

fn check_block(settings: &Settings, findings: &mut Vec<Diagnostic>) {
    let lines: &[Spanned<Where>] = &settings.conditions;
    let places: Vec<&TestPlace> = lines.iter().flat_map(|line| &line.value.places).collect();
    let tests: Vec<&Test> = lines.iter().flat_map(|line| line.value.condition.tests()).collect();
    let found = constants(lines.iter().map(|line| &line.value.condition));
    for constant in found.into_iter().take(FINDINGS_MAX) {
        findings.push(match constant {
            Constant::Always(test) => {
                Diagnostic::warning(WHERE_CONSTANT, places[test].span, "this holds for every row")
                    .help("remove it; without `where` every row is sent")
            }
            Constant::Never(test, reason) => never(tests[test], places[test], reason),
            Constant::Contradiction(earlier, later) => {
                let message = "no row is sent: two conditions exclude each other";
                Diagnostic::warning(WHERE_CONSTANT, places[later].span, message)
                    .label("… and this never hold together")
                    .beside(places[earlier].span, "this …")
                    .help("lines of one block are joined with `and`; one of several values is `in (…)`")
            }
            Constant::EitherHolds(earlier, later) => {
                let takes_null = |test: &Test| matches!(test, Test::Compare { op: Comparison::Same, .. });
                let message = match takes_null(tests[earlier]) || takes_null(tests[later]) {
                    true => "one of the two always holds, so every row is sent",
                    false => "one of the two always holds, so every row but those with NULL is sent",
                };
                Diagnostic::warning(WHERE_CONSTANT, places[later].span, message)
                    .beside(places[earlier].span, "the other one")
                    .help("to leave several values out, join them with `and`, or write `not in (…)`")
            }
        });
    }
}

fn never(test: &Test, place: &TestPlace, reason: Reason) -> Diagnostic {
    let finding = |message: &str| Diagnostic::warning(WHERE_CONSTANT, place.span, message);
    match reason {
        Reason::Literals => finding("this holds for no row").help("compare a column"),
        Reason::Bounds => finding("this holds for no row: the first bound is above the second")
            .help("write the smaller bound first"),
        Reason::NullInList => finding("this holds for no row: with NULL in its list `not in` is never true")
            .help("take `null` out of the list, and ask for it with `is not null`"),
        Reason::Null => {
            let finding = finding("this holds for no row: nothing compares to NULL")
                .help("NULL is asked for with `is null` or `is not null`");
            match is_null(test, place) {
                Some((span, words)) => finding.fix(Fix::machine(format!("write `{words}`"), span, words)),
                None => finding,
            }
        }
    }
}

/// The operator and NULL of `a = null` and `a <> null`, and the words instead.
fn is_null(test: &Test, place: &TestPlace) -> Option<(Span, &'static str)> {
    use Comparison::{Equal, NotEqual};
    let Test::Compare { op, left: Operand::Column(_), right: Operand::Null } = test else { return None };
    let words = match op {
        Equal => "is null",
        NotEqual => "is not null",
        _ => return None,
    };
    Some((place.operator?.to(*place.operands.get(1)?), words))
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{check_diagnostics, check_repaired};

    #[track_caller]
    fn check(conditions: &str) {
        check_diagnostics(&format!("include d.*\ntable d.a {{\n{conditions}\n}}\n"));
    }

    #[test]
    fn parts_that_are_the_same_for_every_row() {
        check("where 1 = 1  # warning[S0220]: this holds for every row");
        check("where true and a = 1  # warning[S0220]: this holds for every row");
        check("where 1 = 2  # warning[S0220]: this holds for no row");
        check("where a = null  # warning[S0220]: this holds for no row: nothing compares to NULL");
        check(
            "where a not in (1, null)  # warning[S0220]: this holds for no row: with NULL in its list `not in` is never true",
        );
        check(
            "where a between 5 and 1  # warning[S0220]: this holds for no row: the first bound is above the second",
        );
        check(
            "where a <> 'x' or a <> 'y'  # warning[S0220]: one of the two always holds, so every row but those with NULL is sent",
        );
        check(
            "where not a <=> 'x' or not a <=> 'y'  # warning[S0220]: one of the two always holds, so every row is sent",
        );
    }

    #[test]
    fn lines_that_exclude_each_other() {
        check(
            "where a = 'x'\nwhere a = 'y'  # warning[S0220]: no row is sent: two conditions exclude each other",
        );
        check(
            "where a is null and a > 5  # warning[S0220]: no row is sent: two conditions exclude each other",
        );
        check_diagnostics("include d.*\nto out {\nwhere a = 1\ntable d.a {\nwhere a = 2\n}\n}\n");
    }

    #[test]
    fn what_may_be() {
        check("where a = 1 or a = 2\nwhere b > 5 and b < 7");
        check("where a = 'x' and a = 'X'");
        check("where a in (1, null) and not b <=> null");
    }

    #[test]
    fn null_is_asked_for_in_words() {
        check_repaired(
            "include d.*\ntable d.a {\nwhere a = null and b <> NULL\n}\n",
            "include d.*\ntable d.a {\nwhere a is null and b is not null\n}\n",
        );
    }
}
