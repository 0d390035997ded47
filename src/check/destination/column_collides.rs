//! S0412: two columns of a table get one name.

use super::super::Rule;
use super::super::columns::sent;
use super::super::flow::{Project, sources};
use super::super::renaming::Renaming;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::pattern::NamePattern;
use crate::statement::Rename;
use foldhash::HashMap;

const COLUMN_COLLIDES: Code = Code::new("S0412", "column-collides");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: COLUMN_COLLIDES,
        what: "A `rename column` gives a column the name of another one that is sent as well.",
        why: "A message has one field of a name: one of the two values would be lost.",
        wrong: locked!(
            "  include shop.orders\n  rename column shop.orders.order_no to id\n",
            "  table shop.orders {\n    primary id\n    column id \"bigint not null\"\n    column order_no \"bigint not null\"\n  }\n"
        ),
        right: locked!(
            "  include shop.orders\n  rename column shop.orders.order_no to number\n",
            "  table shop.orders {\n    primary id\n    column id \"bigint not null\"\n    column order_no \"bigint not null\"\n  }\n"
        ),
    },
    run: check_column_collides,
};

fn check_column_collides(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for flow in &project.flows {
        for lane in &flow.lanes {
            for (n, source) in sources(project.program, flow.pipeline).enumerate() {
                for (known, table) in flow.locked(n) {
                    let Some(columns) = sent(lane, known, table) else { continue };
                    let mut names: HashMap<String, (&str, Option<&Renaming<'_>>)> = HashMap::default();
                    for column in columns {
                        let own = column.name.value.as_str();
                        let Some(new) = flow.column_name(source, known, own) else { continue };
                        match names.get(&new.name) {
                            None => {
                                names.insert(new.name, (own, new.line));
                            }
                            Some(&(other, line)) => {
                                let table = table.name.value.to_string();
                                findings.extend(finding(&table, &new.name, (other, line), (own, new.line)));
                            }
                        }
                    }
                }
            }
        }
    }
}

/// A column and the line that renames it.
type Named<'a, 'p> = (&'a str, Option<&'a Renaming<'p>>);

fn finding(table: &str, name: &str, first: Named<'_, '_>, second: Named<'_, '_>) -> Option<Diagnostic> {
    let mut lines = [first, second];
    lines.sort_by_key(|(_, line)| line.map(|line| line.span));
    let [(a, first), (b, later)] = lines;
    let later = later?;
    // Two lines that name a column each are S0403.
    if first.is_some_and(|first| names_one(first) && names_one(later) && first.span != later.span) {
        return None;
    }
    let message = match first {
        None => {
            format!("`{b}` of `{table}` is renamed to `{name}`, and there is a `{a}` that keeps its name")
        }
        Some(_) => format!("`{a}` and `{b}` of `{table}` are both renamed to `{name}`"),
    };
    let finding = Diagnostic::error(COLUMN_COLLIDES, later.span, message)
        .help("give it another name, or leave one of the two out with `columns except`");
    Some(match first {
        Some(first) if first.span != later.span => {
            finding.beside(first.span, format!("`{a}` gets this name here"))
        }
        Some(_) | None => finding,
    })
}

/// True for a line about one column by its name.
fn names_one(line: &Renaming<'_>) -> bool {
    matches!(line.rename, Rename::Column { column: NamePattern::Exact(_), .. })
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::check_locked;

    const TABLES: &str =
        "table d.a {\nprimary id\ncolumn id \"int not null\"\ncolumn a_no \"int\"\ncolumn b_no \"int\"\n}\n";

    #[test]
    fn kept_and_renamed() {
        check_locked(
            "include d.a\n\
             rename column d.a.a_no to id  # error[S0412]: `a_no` of `d.a` is renamed to `id`, and there is a `id` that keeps its name\n",
            TABLES,
        );
        check_locked("include d.a\nrename column d.a.a_no to b_no\ncolumns except b_no\n", TABLES);
        check_locked("include d.a\nrename column d.a.a_no to b_no\nrename column d.a.b_no to c\n", TABLES);
    }

    #[test]
    fn one_line_for_two_columns() {
        check_locked(
            "include d.a\n\
             rename column d.*.?_no to no  # error[S0412]: `a_no` and `b_no` of `d.a` are both renamed to `no`\n",
            TABLES,
        );
        check_locked(
            "include d.a\nrename column d.*.a_no to no\n\
             rename column d.a.b_no to no  # error[S0403]: `a_no` and `b_no` of `d.a` are both renamed to `no`\n",
            TABLES,
        );
    }
}
