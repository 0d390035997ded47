//! The half of S0220 that needs the columns of tables: a text that an ENUM never is.

use super::super::conditions::{asked, filtered};
use super::super::flow::Project;
use super::super::locked::listed;
use super::where_constant::WHERE_CONSTANT;
use crate::diagnostic::{Diagnostic, Fix};
use crate::hir::{LockedColumn, LockedTable};
use crate::mysql::collate::Collator;
use crate::mysql::column_type::{ColumnType, Labels};
use crate::statement::{closest, is_slip};
use crate::text::Span;
use crate::transform::filter::{Comparison, Operand, Test, quoted};
use std::collections::BTreeMap;

/// Most texts of a block that are looked up.
const COMPARED_MAX: usize = 200;

/// A text, and the tables whose column has no such label.
struct NoLabel<'p> {
    column: &'p str,
    text: &'p str,
    labels: &'p Labels,
    tables: Vec<&'p LockedTable>,
    /// Tables where it is a label, or the column is none of labels.
    n_others: usize,
}

pub(super) fn check_where_label(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let mut found: BTreeMap<Span, NoLabel<'_>> = BTreeMap::new();
    for filtered in filtered(project) {
        let asked = filtered.lines.iter().flat_map(|line| asked(&line.value));
        let compared = asked.flat_map(|asked| {
            compared(asked.test).into_iter().map(move |(column, text, at)| (asked.place, column, text, at))
        });
        for (place, column, text, at) in compared.take(COMPARED_MAX) {
            let span = place.operands[at];
            let labels = filtered.table.column(column).and_then(|column| without_label(column, text));
            match (labels, found.get_mut(&span)) {
                (Some(_), Some(known)) => known.tables.push(filtered.table),
                (Some(labels), None) => {
                    found.insert(
                        span,
                        NoLabel { column, text, labels, tables: vec![filtered.table], n_others: 0 },
                    );
                }
                (None, Some(known)) => known.n_others += 1,
                (None, None) => {}
            }
        }
    }
    findings.extend(found.into_iter().map(|(span, no_label)| finding(span, &no_label)));
}

fn pair<'t>(column: &'t Operand, text: &'t Operand, at: usize) -> Option<(&'t str, &'t str, usize)> {
    match (column, text) {
        (Operand::Column(column), Operand::Text(text)) => Some((column, text, at)),
        _ => None,
    }
}

/// Columns and the texts that they are asked to be, with the numbers of those.
fn compared(test: &Test) -> Vec<(&str, &str, usize)> {
    match test {
        Test::Compare { op: Comparison::Equal | Comparison::Same | Comparison::NotEqual, left, right } => {
            pair(left, right, 1).or_else(|| pair(right, left, 0)).into_iter().collect()
        }
        Test::In { operand, list } => {
            list.iter().enumerate().filter_map(|(at, text)| pair(operand, text, at + 1)).collect()
        }
        Test::Compare { .. }
        | Test::Between { .. }
        | Test::Like { .. }
        | Test::Regexp { .. }
        | Test::IsNull(_)
        | Test::Truth(_) => Vec::new(),
    }
}

/// The labels of an ENUM, when a text is none of them. The empty text is what an invalid value reads as.
fn without_label<'p>(column: &'p LockedColumn, text: &str) -> Option<&'p Labels> {
    let ColumnType::Enum(labels) = &column.text.ty else { return None };
    let collator = column.text.collation.as_deref().and_then(Collator::by_name);
    let same = |label: &String| match collator {
        Some(collator) => {
            let encoded = |text: &str| collator.charset().encode(text);
            encoded(label)
                .zip(encoded(text))
                .is_some_and(|(label, text)| collator.compare(&label, &text).is_eq())
        }
        // of a collation that is not known, what any could take for the same
        None => {
            label.trim_end().to_lowercase() == text.trim_end().to_lowercase()
                || !(label.is_ascii() && text.is_ascii())
        }
    };
    (!text.trim().is_empty() && !labels.labels.iter().any(same)).then_some(labels)
}

fn finding(span: Span, no_label: &NoLabel<'_>) -> Diagnostic {
    let NoLabel { column, text, labels, tables, n_others } = no_label;
    let whose = match n_others {
        0 => String::new(),
        _ => format!(
            " of {}",
            listed(&tables.iter().map(|table| table.name.value.to_string()).collect::<Vec<_>>())
        ),
    };
    let message = format!("column `{column}`{whose} is never {}", quoted(text));
    let finding = Diagnostic::warning(WHERE_CONSTANT, span, message);
    match closest(text, labels.labels.iter().map(String::as_str)) {
        Some(near) => {
            let (is_sure, near) = (is_slip(text, near), quoted(near));
            finding
                .label(format!("did you mean {near}?"))
                .help("the labels of an ENUM are all its values")
                .fix(Fix::sure_if(is_sure, format!("write {near}"), span, near))
        }
        None => finding.help(format!("its labels are {}", listed(&labels.labels))),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{check_locked, check_repaired_locked};

    const TABLES: &str = "table d.a {\nprimary id\ncolumn id \"bigint not null\"\n\
        column status \"enum('new','paid','sent') not null\"\n}\n";

    #[test]
    fn texts_that_no_label_is() {
        check_locked(
            "include d.a\ntable d.a {\n\
             where status <> 'payed'  # warning[S0220]: column `status` is never 'payed'\n\
             where status in ('new', 'gone')  # warning[S0220]: column `status` is never 'gone'\n}\n",
            TABLES,
        );
        check_locked(
            "include d.a\ntable d.a {\nwhere status = 'PAID ' or status <> 'new' and status <> ''\n}\n",
            TABLES,
        );
    }

    #[test]
    fn the_label_that_was_meant() {
        check_repaired_locked(
            "include d.a\ntable d.a {\nwhere status <> 'payd'\n}\n",
            TABLES,
            "include d.a\ntable d.a {\nwhere status <> 'paid'\n}\n",
        );
    }
}
