//! S0308, S0309: columns that are sent in clear and should not be.

use super::super::Rule;
use super::super::columns::sent;
use super::super::flow::Project;
use super::super::locked::listed;
use super::super::selection::MATCHES_NOTHING;
use super::super::settings::{Setting, Subject};
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::hir::LockedColumn;
use crate::mysql::column_type::ColumnType;
use crate::pattern::Matcher;
use crate::text::Span;
use std::collections::{BTreeMap, HashSet};

const SENSITIVE_EXPOSED: Code = Code::new("S0308", "sensitive-exposed");
const LOOKS_SENSITIVE: Code = Code::new("S0309", "looks-sensitive");

pub(super) const EXPOSED: Rule = Rule {
    doc: CodeDoc {
        code: SENSITIVE_EXPOSED,
        what: "A column that `sensitive` names is sent without a mask.",
        why: "Forgetting is an error here, not a leak: a new column `email` in a table that is sent fails the check of the change that \
              brings it into `schema.lock`, until it is masked or left out.",
        wrong: locked!(
            "  include shop.customers\n}\n\ndefaults {\n  sensitive email, *_email\n",
            "  table shop.customers {\n    primary id\n    column id \"bigint not null\"\n    column email \"varchar(200)\"\n  }\n"
        ),
        right: locked!(
            "  include shop.customers\n  mask email with sha256 salt env PII_SALT\n}\n\ndefaults {\n  sensitive email, *_email\n",
            "  table shop.customers {\n    primary id\n    column id \"bigint not null\"\n    column email \"varchar(200)\"\n  }\n"
        ),
    },
    run: check_sensitive_exposed,
};

pub(super) const LOOKS: Rule = Rule {
    doc: CodeDoc {
        code: LOOKS_SENSITIVE,
        what: "A column whose name says that it holds a secret is sent, and the project has no `sensitive` rule.",
        why: "Passwords, card numbers and tokens seldom belong in messages. With `defaults { sensitive … }` such columns must be \
              masked or left out wherever they are, those that come later too.",
        wrong: locked!(
            "  include shop.customers\n",
            "  table shop.customers {\n    primary id\n    column id \"bigint not null\"\n    column password_hash \"char(60)\"\n  }\n"
        ),
        right: locked!(
            "  include shop.customers\n  columns except password*\n}\n\ndefaults {\n  sensitive password*, token, iban, cvv\n",
            "  table shop.customers {\n    primary id\n    column id \"bigint not null\"\n    column password_hash \"char(60)\"\n  }\n"
        ),
    },
    run: check_looks_sensitive,
};

/// Parts of names that say so.
const SAYS_SO: [&str; 9] = ["password", "passwd", "pwd", "cvv", "cvc", "iban", "token", "secret", "ssn"];

/// Those of them that are numbers.
const NUMBERS: [&str; 3] = ["cvv", "cvc", "ssn"];

fn check_sensitive_exposed(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let rules = &project.program.defaults.sensitive;
    let compiled: Vec<(Matcher, Span)> =
        rules.iter().filter_map(|rule| Some((rule.value.compile_column().ok()?, rule.span))).collect();
    if compiled.is_empty() {
        return;
    }
    let rule_of =
        |column: &str| compiled.iter().find(|(matcher, _)| matcher.matches(column)).map(|(_, span)| *span);
    let is_told = told(findings);
    for (span, columns) in in_clear(project, &is_told, |column| rule_of(&column.name.value).is_some()) {
        let message = match columns.as_slice() {
            [one] => format!("`{one}` is sensitive and is sent in clear"),
            many => format!("{} sensitive columns are sent in clear: {}", many.len(), listed(many)),
        };
        let mut finding = Diagnostic::error(SENSITIVE_EXPOSED, span, message).help(
            "mask it, `mask COLUMN with sha256 salt env NAME`, or leave it out, `columns except COLUMN`",
        );
        let first = columns
            .first()
            .and_then(|column| column.rsplit_once('.'))
            .and_then(|(_, column)| rule_of(column));
        if let Some(rule) = first {
            finding = finding.beside(rule, "sensitive by this");
        }
        findings.push(finding);
    }
}

fn check_looks_sensitive(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let defaults = &project.program.defaults;
    if !defaults.sensitive.is_empty() || defaults.left_out.may_be(&["sensitive"]) {
        return;
    }
    for (span, columns) in in_clear(project, &told(findings), says_so) {
        let message = match columns.as_slice() {
            [one] => format!("`{one}` looks like a secret and is sent in clear"),
            many => {
                format!("{} columns look like secrets and are sent in clear: {}", many.len(), listed(many))
            }
        };
        findings.push(Diagnostic::advice(LOOKS_SENSITIVE, span, message).help(
            "mask or leave out what is one, and say so for what comes later: `defaults { sensitive password*, token }`",
        ));
    }
}

/// True when a name says so, and the type can hold it: `password_changed_at` and `token_count` do not.
fn says_so(column: &LockedColumn) -> bool {
    let words = match &column.text.ty {
        ColumnType::Char(_)
        | ColumnType::VarChar(_)
        | ColumnType::Text(_)
        | ColumnType::Binary { .. }
        | ColumnType::VarBinary { .. }
        | ColumnType::Blob { .. }
        | ColumnType::Json
        | ColumnType::Uuid => SAYS_SO.as_slice(),
        ColumnType::SmallInt { .. }
        | ColumnType::MediumInt { .. }
        | ColumnType::Int { .. }
        | ColumnType::BigInt { .. }
        | ColumnType::Decimal { .. } => NUMBERS.as_slice(),
        ColumnType::TinyInt { .. }
        | ColumnType::Float
        | ColumnType::Double
        | ColumnType::Bit { .. }
        | ColumnType::Year
        | ColumnType::Date
        | ColumnType::Time { .. }
        | ColumnType::DateTime { .. }
        | ColumnType::Timestamp { .. }
        | ColumnType::Enum(_)
        | ColumnType::Set(_)
        | ColumnType::Geometry
        | ColumnType::Vector
        | ColumnType::Inet4
        | ColumnType::Inet6 => return false,
    };
    let mut parts = column.name.value.split(|sign: char| !sign.is_ascii_alphabetic());
    parts.any(|part| words.iter().any(|word| part.eq_ignore_ascii_case(word)))
}

/// Where columns are told that no table has.
fn told(findings: &[Diagnostic]) -> HashSet<Span> {
    let of_columns = findings.iter().filter(|finding| finding.code == MATCHES_NOTHING);
    of_columns.filter_map(|finding| Some(finding.primary.as_ref()?.span)).collect()
}

/// Columns of the wanted names that are sent without a mask, as `db.table.column`, by the place that selects their table.
fn in_clear(
    project: &Project<'_>,
    told: &HashSet<Span>,
    wanted: impl Fn(&LockedColumn) -> bool,
) -> BTreeMap<Span, Vec<String>> {
    let mut found: BTreeMap<Span, Vec<String>> = BTreeMap::new();
    for flow in &project.flows {
        for lane in &flow.lanes {
            let locked = (0..flow.pipeline.from.len()).flat_map(|source| flow.locked(source));
            for (known, table) in locked.filter(|(known, _)| !lane.may_lack_for(known, &["mask", "columns"]))
            {
                for column in sent(lane, known, table).unwrap_or_default() {
                    let name = &column.name.value;
                    let is_clear = || matches!(lane.mask(Subject::One(known), name), Setting::Default);
                    let is_meant = || {
                        flow.is_meant_column(known, table, name)
                            || flow.masks_meant(known, table, name).any(|(line, mask)| {
                                told.contains(&project.program.place_of_column(line, mask))
                            })
                    };
                    if wanted(column) && is_clear() && !is_meant() {
                        let columns = found.entry(known.span).or_default();
                        let column = format!("{}.{name}", table.name.value);
                        if !columns.contains(&column) {
                            columns.push(column);
                        }
                    }
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{check_files, check_locked};

    const TABLES: &str = "table d.a {\nprimary id\ncolumn id \"int not null\"\ncolumn Email \"text\"\ncolumn work_email \"text\"\n}\n\
        table d.b {\nprimary id\ncolumn id \"int not null\"\ncolumn api_token \"text\"\n}\n";

    /// A project with a rule and these lines in its pipeline.
    #[track_caller]
    fn check(lines: &str) {
        let text = format!(
            "edition 2026\nsource s mysql \"db\" {{\npassword env P\n}}\ntarget out stdout\ndefaults {{\nsensitive email, *_email\n}}\n\
             pipeline p from s to out {{\n{lines}}}\n"
        );
        check_files(&[
            ("0.sync", &text),
            ("schema.lock", &format!("edition 2026\nlock source s {{\n{TABLES}}}\n")),
        ]);
    }

    #[test]
    fn what_a_rule_names_is_masked_or_left_out() {
        check(
            "include d.*  # error[S0308]: 2 sensitive columns are sent in clear: `d.a.Email`, `d.a.work_email`\n",
        );
        check("include d.*\nmask *email with sha256 salt env S\n");
        check("include d.*\ncolumns except EMAIL\ntable d.a {\nmask work_email with null\n}\n");
        check(
            "include d.*  # error[S0308]: `d.a.work_email` is sensitive and is sent in clear\nmask email keep last 4\n",
        );
        check("include d.b\n");
    }

    #[test]
    fn names_that_say_so_without_a_rule() {
        check_locked(
            "include d.*  # advice[S0309]: `d.b.api_token` looks like a secret and is sent in clear\n",
            TABLES,
        );
        check_locked("include d.*\nmask *token with null\n", TABLES);
        check_locked("include d.a\n", TABLES);
        check_locked(
            "include d.c  # advice[S0309]: `d.c.cvv` looks like a secret and is sent in clear\n",
            "table d.c {\nprimary id\ncolumn id \"int not null\"\ncolumn token_count \"int\"\ncolumn cvv \"smallint\"\n\
             column password_changed_at \"datetime\"\ncolumn has_password \"tinyint(1)\"\n}\n",
        );
    }
}
