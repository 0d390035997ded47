//! The half of S0220 about numbers: one that no value of an integer column is, or lies beyond.

use super::super::conditions::{asked, filtered};
use super::super::flow::Project;
use super::where_constant::WHERE_CONSTANT;
use crate::diagnostic::Diagnostic;
use crate::mysql::column_type::ColumnType;
use crate::text::Span;
use crate::transform::filter::{Comparison, Operand, Test};
use std::collections::BTreeMap;

/// Most comparisons of a block that are looked at.
const COMPARED_MAX: usize = 200;

/// A column, how it is compared, and the number with its own number among the operands.
type Compared<'t> = (&'t str, Comparison, i128, usize);

pub(super) fn check_where_range(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    // What is said of a comparison; none where it may hold in some table.
    let mut found: BTreeMap<Span, Option<String>> = BTreeMap::new();
    for filtered in filtered(project) {
        let asked = filtered.lines.iter().flat_map(|line| asked(&line.value));
        let compared = asked.flat_map(|asked| {
            compared(asked.test).into_iter().map(move |compared| (asked.place.operands[compared.3], compared))
        });
        for (span, compared) in compared.take(COMPARED_MAX) {
            let never =
                filtered.table.column(compared.0).and_then(|column| never(&column.text.ty, &compared));
            let known = found.entry(span).or_insert_with(|| never.clone());
            if never.is_none() {
                *known = None;
            }
        }
    }
    findings.extend(found.into_iter().filter_map(|(span, never)| {
        Some(
            Diagnostic::warning(WHERE_CONSTANT, span, never?)
                .help("write a number that the column can have, or remove the comparison"),
        )
    }));
}

fn compared(test: &Test) -> Vec<Compared<'_>> {
    let whole = |operand: &Operand| match operand {
        Operand::Number(number) => number.to_string().parse::<i128>().ok(),
        Operand::Column(_) | Operand::Text(_) | Operand::Null => None,
    };
    match test {
        Test::Compare { op, left: Operand::Column(column), right } => {
            whole(right).map(|number| (column.as_str(), *op, number, 1)).into_iter().collect()
        }
        Test::In { operand: Operand::Column(column), list } => (list.iter().enumerate())
            .filter_map(|(n, one)| Some((column.as_str(), Comparison::Equal, whole(one)?, n + 1)))
            .collect(),
        Test::Compare { .. }
        | Test::In { .. }
        | Test::Between { .. }
        | Test::Like { .. }
        | Test::Regexp { .. }
        | Test::IsNull(_)
        | Test::Truth(_) => Vec::new(),
    }
}

/// What is said of a comparison that holds for no value of a type.
fn never(ty: &ColumnType, (column, op, number, _): &Compared<'_>) -> Option<String> {
    let (least, most) = bounds(ty)?;
    let (holds, words) = match op {
        Comparison::Less => (least < *number, format!("below {number}")),
        Comparison::LessOrEqual => (least <= *number, format!("{number} or below")),
        Comparison::Greater => (most > *number, format!("above {number}")),
        Comparison::GreaterOrEqual => (most >= *number, format!("{number} or above")),
        Comparison::Equal | Comparison::Same => ((least..=most).contains(number), number.to_string()),
        Comparison::NotEqual => return None,
    };
    (!holds).then(|| format!("column `{column}` is never {words}: it holds {least} to {most}"))
}

/// The least and the largest value of an integer type.
fn bounds(ty: &ColumnType) -> Option<(i128, i128)> {
    let (bits, unsigned) = match ty {
        ColumnType::TinyInt { unsigned } => (8, *unsigned),
        ColumnType::SmallInt { unsigned } => (16, *unsigned),
        ColumnType::MediumInt { unsigned } => (24, *unsigned),
        ColumnType::Int { unsigned } => (32, *unsigned),
        ColumnType::BigInt { unsigned } => (64, *unsigned),
        _ => return None,
    };
    let half = 1_i128 << (bits - 1);
    Some(if unsigned { (0, 2 * half - 1) } else { (-half, half - 1) })
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_locked;

    const TABLES: &str = "table d.a {\nprimary id\ncolumn id \"bigint not null\"\n\
        column retries \"int unsigned not null\"\ncolumn grade \"tinyint unsigned\"\ncolumn small \"tinyint\"\n}\n\
        table d.b {\nprimary id\ncolumn id \"bigint not null\"\ncolumn grade \"int\"\n}\n";

    #[track_caller]
    fn check(condition: &str) {
        check_locked(&format!("include d.a\ntable d.a {{\nwhere {condition}\n}}\n"), TABLES);
    }

    #[test]
    fn numbers_beyond_a_type() {
        check("retries < 0  # warning[S0220]: column `retries` is never below 0: it holds 0 to 4294967295");
        check("grade > 300  # warning[S0220]: column `grade` is never above 300: it holds 0 to 255");
        check("grade >= 256  # warning[S0220]: column `grade` is never 256 or above: it holds 0 to 255");
        check("small in (1, 128)  # warning[S0220]: column `small` is never 128: it holds -128 to 127");
        check("small <= -129  # warning[S0220]: column `small` is never -129 or below: it holds -128 to 127");
    }

    #[test]
    fn numbers_that_may_be() {
        check(
            "retries <= 0 and retries >= 0 and grade >= 255 and grade <> 300 and small = -128 and small < 0.5",
        );
        check_locked("include d.*\ntable d.* {\nwhere grade > 300\n}\n", TABLES);
    }
}
