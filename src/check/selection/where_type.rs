//! S0219: a condition that does not fit the columns it is about.

use super::super::Rule;
use super::super::conditions::{FINDINGS_MAX, filtered, version};
use super::super::flow::Project;
use super::super::locked::listed;
use crate::diagnostic::{Code, CodeDoc, Diagnostic, Fix, TextEdit};
use crate::hir::LockedTable;
use crate::mysql::column_type::ColumnType;
use crate::mysql::ident::same_column;
use crate::statement::{closest, is_slip};
use crate::text::Span;
use crate::transform::filter::{
    Comparison, Filter, Number, Operand, Test, Why, column_text, is_date, quoted,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::mem::discriminant;

/// A condition that does not fit its table; also found when a run looks at the server's tables.
pub const WHERE_TYPE: Code = Code::new("S0219", "where-type");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: WHERE_TYPE,
        what: "A condition of `where` names a column that the table does not have, or compares it with a value of another type: \
               a number with a text, a date with a number, a text whose collation conditions do not know.",
        why: "The server would turn one into the other, by rules that surprise (`'1e1'` is 10, `'abc'` is 0). syncc sends a row \
              exactly when the server would select it, so a comparison it cannot make in the same way is refused, before any row.",
        wrong: locked!(
            "  include shop.payments\n  table shop.payments {\n    where amount > '0'\n  }\n",
            "  table shop.payments {\n    primary id\n    column id \"bigint not null\"\n    \
             column amount \"decimal(10,2) not null\"\n  }\n"
        ),
        right: locked!(
            "  include shop.payments\n  table shop.payments {\n    where amount > 0\n  }\n",
            "  table shop.payments {\n    primary id\n    column id \"bigint not null\"\n    \
             column amount \"decimal(10,2) not null\"\n  }\n"
        ),
    },
    run: check_where_type,
};

/// An operand that does not fit.
struct Wrong<'a> {
    why: Why,
    test: &'a Test,
    tables: Vec<&'a LockedTable>,
    /// Where else the line names the same column, which is not there.
    again: BTreeSet<Span>,
    /// The line, and the number of the comparison in it.
    at: (Span, usize),
}

fn check_where_type(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let mut wrong: BTreeMap<Span, Wrong<'_>> = BTreeMap::new();
    // First places of columns that are not there, by line.
    let mut first: HashMap<(Span, String), Span> = HashMap::new();
    for filtered in filtered(project) {
        let version = version(filtered.table);
        for line in filtered.lines {
            let Err(misfits) = Filter::bind(&line.value.condition, &version, filtered.zone.as_ref()) else {
                continue;
            };
            let tests = line.value.condition.tests();
            for misfit in misfits.into_iter().take(FINDINGS_MAX) {
                // The lock file need not tell collations.
                if matches!(misfit.why, Why::CollationUnknown { .. }) {
                    continue;
                }
                let span = line.value.places[misfit.test].operands[misfit.operand];
                if let Why::NoColumn { column } = &misfit.why {
                    let first = *first.entry((line.span, column.to_lowercase())).or_insert(span);
                    if let Some(known) = wrong.get_mut(&first).filter(|_| first != span) {
                        known.again.insert(span);
                        continue;
                    }
                }
                let test = tests[misfit.test];
                let known = wrong.entry(span).or_insert_with(|| Wrong {
                    why: misfit.why.clone(),
                    test,
                    tables: Vec::new(),
                    again: BTreeSet::new(),
                    at: (line.span, misfit.test),
                });
                let listed = known.tables.iter().any(|table| table.name.value == filtered.table.name.value);
                if known.why == misfit.why && !listed {
                    known.tables.push(filtered.table);
                }
            }
        }
    }
    let wrong: Vec<(Span, Wrong<'_>)> = wrong.into_iter().collect();
    // Values of a list that are wrong in one way are one mistake.
    let is_alike = |(_, one): &(Span, Wrong<'_>), (_, other): &(Span, Wrong<'_>)| {
        let is_value = !matches!(one.why, Why::NoColumn { .. });
        is_value && one.at == other.at && discriminant(&one.why) == discriminant(&other.why)
    };
    findings.extend(wrong.chunk_by(is_alike).filter_map(of_alike));
}

/// What is told of values that are wrong in one way: at the first of them, with the repair of all.
fn of_alike(alike: &[(Span, Wrong<'_>)]) -> Option<Diagnostic> {
    let (first, others) = alike.split_first()?;
    let mut told = finding(first.0, &first.1);
    let mut fixes = others.iter().map(|(span, wrong)| finding(*span, wrong).fixes.into_iter().next());
    match (told.fixes.first_mut(), fixes.by_ref().collect::<Option<Vec<Fix>>>()) {
        (Some(fix), Some(more)) if !more.is_empty() => {
            fix.title = "write them all in this way".to_owned();
            fix.edits.extend(more.into_iter().flat_map(|fix| fix.edits));
        }
        (Some(_), Some(_)) => {}
        // Some are no matter of quotes.
        _ => told.fixes.clear(),
    }
    for (span, _) in others {
        told = told.also(*span, "");
    }
    Some(told)
}

fn finding(span: Span, wrong: &Wrong<'_>) -> Diagnostic {
    match &wrong.why {
        Why::NoColumn { column } => missing(span, column, wrong),
        why => {
            let finding = Diagnostic::error(WHERE_TYPE, span, why.to_string());
            if let Why::TextWithNumber { column, number, .. } = why
                && let Some(label) = label(wrong, column, number)
            {
                return of_label(finding, span, number, label, wrong.test);
            }
            let finding = finding.help(why.help());
            match repaired(why) {
                Some(text) => finding.fix(Fix::machine(format!("write `{text}`"), span, text)),
                None => finding,
            }
        }
    }
}

/// The label that an ENUM, the same in all tables, has at a number, and all its labels; none where it is no ENUM.
fn label<'w>(wrong: &Wrong<'w>, column: &str, number: &str) -> Option<(Option<&'w str>, &'w [String])> {
    let labels = |table: &'w LockedTable| match &table.column(column)?.text.ty {
        ColumnType::Enum(labels) => Some(labels.labels.as_slice()),
        _ => None,
    };
    let mut all = wrong.tables.iter().map(|table| labels(table));
    let first = all.next()??;
    let nth = number.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    let label = nth.and_then(|nth| first.get(nth)).map(String::as_str);
    all.all(|other| other == Some(first)).then_some((label, first))
}

/// What is said of the number of a label in place of the label.
///
/// The server compares an ENUM with a number by the place of its label. Source: MySQL, "The ENUM Type".
fn of_label(
    finding: Diagnostic,
    span: Span,
    number: &str,
    (label, labels): (Option<&str>, &[String]),
    test: &Test,
) -> Diagnostic {
    let is_equal = match test {
        Test::Compare { op, .. } => {
            matches!(op, Comparison::Equal | Comparison::Same | Comparison::NotEqual)
        }
        Test::In { .. } => true,
        Test::Between { .. } | Test::Like { .. } | Test::Regexp { .. } | Test::IsNull(_) | Test::Truth(_) => {
            false
        }
    };
    match label.map(quoted) {
        Some(label) => {
            let finding = finding.help(format!(
                "the server takes {number} for the place of a label in the list, that of {label}"
            ));
            match is_equal {
                true => finding.fix(Fix::machine(format!("write {label}"), span, label)),
                false => finding,
            }
        }
        None => finding.help(format!("no label has that place in the list: {}", listed(labels))),
    }
}

/// The literal that was meant, where that is certain.
fn repaired(why: &Why) -> Option<String> {
    match why {
        Why::NumberWithText { text, .. } => {
            text.trim().parse::<Number>().ok().map(|number| number.to_string())
        }
        Why::TextWithNumber { number, .. } => Some(quoted(number)),
        // `20260901`
        Why::MomentWithNumber { number, .. } if number.len() == 8 && !number.contains(['-', '.']) => {
            let date = format!("{}-{}-{}", &number[..4], &number[4..6], &number[6..]);
            is_date(&date).then(|| quoted(&date))
        }
        _ => None,
    }
}

fn missing(span: Span, column: &str, wrong: &Wrong<'_>) -> Diagnostic {
    let tables = &wrong.tables;
    let names: Vec<String> = tables.iter().map(|table| table.name.value.to_string()).collect();
    let message = match names.as_slice() {
        [one] => format!("`{one}` has no column `{column}`"),
        many => format!("{} tables have no column `{column}`: {}", many.len(), listed(many)),
    };
    let finding = Diagnostic::error(WHERE_TYPE, span, message);
    let names_of = |table: &'_ LockedTable| -> Vec<String> {
        table.columns.iter().map(|column| column.name.value.clone()).collect()
    };
    let first = tables.first().map(|table| names_of(table)).unwrap_or_default();
    let everywhere =
        |near: &&str| tables.iter().all(|table| names_of(table).iter().any(|name| same_column(name, near)));
    if let Some(near) = closest(column, first.iter().map(String::as_str)).filter(everywhere) {
        let text = column_text(near);
        return finding
            .label(format!("did you mean `{near}`?"))
            .help("columns are written with their names in the source")
            .fix(everywhere_in(
                &wrong.again,
                Fix::sure_if(is_slip(column, near), format!("write `{text}`"), span, text),
            ));
    }
    if is_text_without_quotes(column, wrong) {
        let text = quoted(column);
        return finding.help("a text stands in single quotes").fix(Fix::machine(
            format!("write `{text}`"),
            span,
            text,
        ));
    }
    finding.help("name a column of the table, or give the tables that have it a `table` block of their own")
}

/// The repair at other places, too.
fn everywhere_in(places: &BTreeSet<Span>, mut fix: Fix) -> Fix {
    let text = fix.edits.first().map(|edit| edit.text.clone()).unwrap_or_default();
    fix.edits.extend(places.iter().map(|&span| TextEdit { span, text: text.clone() }));
    fix
}

/// True when a word is compared with a column of texts, and is no column itself.
fn is_text_without_quotes(column: &str, wrong: &Wrong<'_>) -> bool {
    let holds_text = |operand: &Operand| match operand {
        Operand::Column(other) if other != column => wrong.tables.iter().all(|table| {
            table.column(other).is_some_and(|other| {
                other.text.ty.as_text().is_some()
                    || matches!(other.text.ty, ColumnType::Enum(_) | ColumnType::Set(_))
            })
        }),
        Operand::Column(_) | Operand::Number(_) | Operand::Text(_) | Operand::Null => false,
    };
    match wrong.test {
        Test::Compare { left, right, .. } => {
            matches!(right, Operand::Column(name) if name == column) && holds_text(left)
        }
        Test::In { operand, .. } => holds_text(operand),
        Test::Between { .. } | Test::Like { .. } | Test::Regexp { .. } | Test::IsNull(_) | Test::Truth(_) => {
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{check_locked, check_repaired_locked, codes_locked};

    const TABLES: &str = "table d.a {\nprimary id\ncolumn id \"bigint not null\"\ncolumn amount \"decimal(10,2) not null\"\n\
        column status \"varchar(20) not null\"\ncolumn at \"datetime not null\"\ncolumn body \"json\"\n\
        column kind \"enum('a','b') not null\"\n\
        column name \"varchar(20) character set utf8mb4 collate utf8mb4_ja_0900_as_cs not null\"\n}\n\
        table d.b {\nprimary id\ncolumn id \"bigint not null\"\n}\ntable d.c {\nprimary id\ncolumn id \"bigint not null\"\n}\n";

    #[track_caller]
    fn check(condition: &str, found: &str) {
        check_locked(
            &format!("include d.a\ntable d.a {{\nwhere {condition}  # error[S0219]: {found}\n}}\n"),
            TABLES,
        );
    }

    #[track_caller]
    fn fits(condition: &str) {
        check_locked(&format!("include d.a\ntable d.a {{\nwhere {condition}\n}}\n"), TABLES);
    }

    #[track_caller]
    fn repairs(condition: &str, expected: &str) {
        let lines = |condition: &str| format!("include d.a\ntable d.a {{\nwhere {condition}\n}}\n");
        check_repaired_locked(&lines(condition), TABLES, &lines(expected));
    }

    #[test]
    fn columns_that_are_not_there() {
        check("amuont > 0", "`d.a` has no column `amuont`");
        repairs("amuont > 0 and ID = 1", "amount > 0 and ID = 1");
        check("amuont > 0 and AMUONT < 9", "`d.a` has no column `amuont`");
        repairs("amuont > 0 and AMUONT < 9", "amount > 0 and amount < 9");
        check("status = paid", "`d.a` has no column `paid`");
        repairs("status in (paid, 'new')", "status in ('paid', 'new')");
        check_locked(
            "include d.*\nto out {\n\
             where deleted_at is null  # error[S0219]: 3 tables have no column `deleted_at`: `d.a`, `d.b`, `d.c`\n}\n",
            TABLES,
        );
    }

    #[test]
    fn values_of_another_type() {
        check("amount > '0'", "column `amount` is decimal(10,2), and is compared with a text");
        repairs("amount > '0'", "amount > 0");
        check("status = 1", "column `status` is varchar(20), and is compared with a number");
        check("status in (1, 2)", "column `status` is varchar(20), and is compared with a number");
        repairs("status in (1, 2)", "status in ('1', '2')");
        check("amount between '1' and 'x'", "column `amount` is decimal(10,2), and is compared with a text");
        repairs("amount between '1' and 'x'", "amount between '1' and 'x'");
        check("at > 20260901", "column `at` is datetime, and is compared with a number");
        check("at > 'yesterday'", "column `at` is datetime, and 'yesterday' is none of its values");
        check("body = '{}'", "column `body` is json, and can only be asked whether it is null");
        check(
            "name = 'x'",
            "texts of column `name` cannot be compared: collation `utf8mb4_ja_0900_as_cs` is not known to conditions",
        );
    }

    #[test]
    fn dates_without_quotes() {
        repairs("at > 20260901", "at > '2026-09-01'");
        repairs("at > 20261301", "at > 20261301");
    }

    /// The server compares an ENUM with a number by the place of the label.
    #[test]
    fn numbers_of_labels() {
        check("kind = 1", "column `kind` is enum('a','b'), and is compared with a number");
        repairs("kind <> 2 and kind in (1, 2)", "kind <> 'b' and kind in ('a', 'b')");
        repairs("kind = 0", "kind = 0");
        repairs("kind = 3", "kind = 3");
        repairs("kind > 1", "kind > 1");
    }

    /// The lock file tells no collation, and none would help.
    #[test]
    fn what_no_collation_would_mend() {
        check("status", "column `status` is varchar(20), and alone is no condition");
        check(
            "status = id",
            "column `status` is varchar(20) and column `id` is bigint: the two are not compared",
        );
        check("kind", "column `kind` is enum('a','b'), and alone is no condition");
        check(
            "kind < id",
            "column `kind` is enum('a','b') and column `id` is bigint: the two are not compared",
        );
        check("kind > 1", "column `kind` is enum('a','b'), and is compared with a number");
        let lines = "include d.a\ntable d.a {\nwhere status regexp '('\n}\n";
        assert_eq!(codes_locked(lines, TABLES), ["S0219"]);
        fits("kind = 'a' or kind < 'b' or kind like 'a%' or kind regexp '^a' or kind = status");
    }

    #[test]
    fn what_fits_or_is_not_known() {
        fits("amount > 0 and status <> 'draft' and at >= '2026-09-01' and body is null");
        // without a collation in the lock file
        fits("status like 'p%'");
        check_locked(
            "include d.a, d.x\ntable d.x {\nwhere gone = 1\n}\n",
            &format!(
                "{TABLES}table d.x {{\ncolum a \"int\"  # error[S0013]: `colum` is no statement; did you mean `column`?\n}}\n"
            ),
        );
    }

    #[test]
    fn the_nearest_level_holds() {
        check_locked("include d.a\nto out {\nwhere gone = 1\ntable d.a {\nwhere amount > 0\n}\n}\n", TABLES);
    }
}
