//! S0412: two columns of a table get one name, or a column that of a field which its format adds.

use super::super::Rule;
use super::super::columns::sent;
use super::super::flow::{Flow, Known, Project, sources};
use super::super::keys::message_key;
use super::super::renaming::Renaming;
use super::super::settings::{Lane, Setting, Subject};
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::hir::{LockedColumn, LockedTable};
use crate::mysql::ident::same_column;
use crate::pattern::NamePattern;
use crate::statement::{FormatName, KeyForm, Property, Rename};
use crate::text::Span;
use foldhash::HashMap;

const COLUMN_COLLIDES: Code = Code::new("S0412", "column-collides");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: COLUMN_COLLIDES,
        what: "A `rename column` gives a column the name of another one that is sent as well, or a column has the name of a field that \
               is added to it: `__op`, `__ts_ms` and `__deleted` by the formats `json` and `avro`, `origin` in a key by `key origin, …`.",
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

/// Fields that our own formats add to the columns.
const FIELDS: &[&str] = &["__op", "__ts_ms", "__deleted"];

fn check_column_collides(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let mut found = Vec::new();
    // A line that could not be read may have given a column another name.
    let read = |flow: &&Flow<'_>| !flow.pipeline.left_out.may_be(&["rename"]);
    for flow in project.flows.iter().filter(read) {
        for lane in &flow.lanes {
            for (n, source) in sources(project.program, flow.pipeline).enumerate() {
                for (known, table) in flow.locked(n) {
                    let Some(columns) = sent(lane, known, table) else { continue };
                    for (own, added) in added(flow, lane, source, known, table, &columns) {
                        found.extend(hidden(flow, source, known, own, added));
                    }
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
                                found.extend(finding(&table, &new.name, (other, line), (own, new.line)));
                            }
                        }
                    }
                }
            }
        }
    }
    findings.extend(of_places(found));
}

/// Most collisions that the finding of a place tells.
const TOLD_MAX: usize = 5;

/// One finding for each place, which tells all that collides there: an `include` stands for many tables.
fn of_places(found: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut places: Vec<Vec<Diagnostic>> = Vec::new();
    let place = |finding: &Diagnostic| finding.primary.as_ref().map(|label| label.span);
    let mut numbers: HashMap<Option<Span>, usize> = HashMap::default();
    for finding in found {
        let number = *numbers.entry(place(&finding)).or_insert(places.len());
        match places.get_mut(number) {
            None => places.push(vec![finding]),
            // two targets of a pipeline have the same to tell
            Some(there) if there.iter().any(|other| other.message == finding.message) => {}
            Some(there) => there.push(finding),
        }
    }
    let one = |all: Vec<Diagnostic>| {
        let mut messages: Vec<String> =
            all.iter().take(TOLD_MAX).map(|finding| finding.message.clone()).collect();
        if let Some(more @ 1..) = all.len().checked_sub(TOLD_MAX) {
            messages.push(format!("and {more} more"));
        }
        let first = all.into_iter().next()?;
        Some(Diagnostic { message: messages.join("; "), ..first })
    };
    places.into_iter().filter_map(one).collect()
}

/// What adds a field to those of the columns.
#[derive(Clone, Copy)]
enum Added {
    Format(FormatName),
    Key,
}

/// Columns that have the name of a field which is added to them, in messages or in the key.
fn added<'t>(
    flow: &Flow<'_>,
    lane: &Lane<'_>,
    source: &str,
    known: &Known,
    table: &'t LockedTable,
    columns: &[&'t LockedColumn],
) -> Vec<(&'t str, Added)> {
    let format =
        match lane.setting((Subject::One(known), Property::Format), |settings| settings.format.as_ref()) {
            Setting::Given(format, _) => format.value,
            Setting::Default => FormatName::CanalJson,
            Setting::Various => return Vec::new(),
        };
    let is_called = |own: &str, names: &[&str]| {
        flow.column_name(source, known, own).is_some_and(|name| names.contains(&name.name.as_str()))
    };
    let names = columns.iter().map(|column| column.name.value.as_str());
    let of_messages = matches!(format, FormatName::Json | FormatName::Avro)
        .then(|| names.clone().filter(|own| is_called(own, FIELDS)))
        .into_iter()
        .flatten()
        .map(|own| (own, Added::Format(format)));
    let form = match lane.setting((Subject::One(known), Property::Key), |settings| settings.key.as_ref()) {
        Setting::Given(key, _) => key.value.form,
        Setting::Default | Setting::Various => None,
    };
    // Texts have no names, and those of Maxwell's keys begin with `pk.`.
    let is_named = match form {
        None | Some(KeyForm::Json) => format != FormatName::MaxwellJson,
        Some(KeyForm::Avro) => true,
        Some(KeyForm::Text) => false,
    };
    let key = message_key(lane, known, Some(table)).filter(|key| key.origin && is_named);
    let in_key = |own: &&str| {
        key.as_ref().is_some_and(|key| key.columns.iter().any(|column| same_column(column, own)))
    };
    let of_key = names.filter(in_key).filter(|own| is_called(own, &["origin"])).map(|own| (own, Added::Key));
    of_messages.chain(of_key).collect()
}

fn hidden(flow: &Flow<'_>, source: &str, known: &Known, own: &str, added: Added) -> Option<Diagnostic> {
    let name = flow.column_name(source, known, own)?;
    let whose = match added {
        Added::Format(format) => format!("a field that `format {format}` adds"),
        Added::Key => "the first field of the key".to_owned(),
    };
    let message =
        format!("`{own}` of `{}.{}` has the name of {whose}, `{}`", known.db, known.table, name.name);
    let span = name.line.map_or_else(|| flow.included_at(known), |line| line.span);
    Some(
        Diagnostic::error(COLUMN_COLLIDES, span, message)
            .help("give the column another name by `rename column`, or leave it out with `columns except`"),
    )
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
    fn fields_that_are_added() {
        let tables = "table d.a {\nprimary origin\ncolumn origin \"int not null\"\ncolumn __op \"int\"\n}\n";
        check_locked("include d.a\n", tables);
        check_locked(
            "include d.a  # error[S0412]: `__op` of `d.a` has the name of a field that `format json` adds, `__op`\n\
             format json\n",
            tables,
        );
        check_locked("include d.a\nrename column d.a.__op to operation\nformat json\n", tables);
        check_locked("include d.a\ncolumns except __op\nformat json\n", tables);
        check_locked(
            "include d.a\ncolumns except __op\nformat json\n\
             rename column d.a.origin to __deleted  # error[S0412]: `origin` of `d.a` has the name of a field that `format json` adds, `__deleted`\n",
            tables,
        );
        check_locked(
            "include d.a  # error[S0412]: `origin` of `d.a` has the name of the first field of the key, `origin`\n\
             key origin, `origin`\n",
            tables,
        );
        check_locked("include d.a\nkey origin, `origin`\nformat maxwell-json\n", tables);
        check_locked("include d.a\nkey origin, `origin` as text\n", tables);
        check_locked("include d.a\nkey origin, `origin`\nrename column d.a.origin to seller\n", tables);
    }

    #[test]
    fn all_that_an_include_brings() {
        let tables = "table d.a {\nprimary id\ncolumn id \"int\"\ncolumn __op \"int\"\ncolumn __deleted \"int\"\n}\n\
            table d.b {\nprimary id\ncolumn id \"int\"\ncolumn __op \"int\"\n}\n";
        let of = |column: &str, table: &str| {
            format!("`{column}` of `d.{table}` has the name of a field that `format json` adds, `{column}`")
        };
        let all = [of("__op", "a"), of("__deleted", "a"), of("__op", "b")].join("; ");
        check_locked(&format!("include d.*  # error[S0412]: {all}\nformat json\n"), tables);
        let many = "table d.a {\nprimary id\ncolumn id \"int\"\ncolumn a_no \"int\"\ncolumn b_no \"int\"\ncolumn c_no \"int\"\n}\n";
        check_locked(
            "include d.a\nrename column d.*.?_no to no  # error[S0412]: `a_no` and `b_no` of `d.a` are both renamed to `no`; \
             `a_no` and `c_no` of `d.a` are both renamed to `no`\n",
            many,
        );
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
