//! S0307: hashes behind which the value is found by trying.

use super::super::Rule;
use super::super::flow::Project;
use super::super::locked::listed;
use super::super::settings::{Setting, Subject};
use crate::ast::Settings;
use crate::diagnostic::{Code, CodeDoc, Diagnostic};
use crate::hir::Program;
use crate::mysql::column_type::ColumnType;
use crate::mysql::schema::ColumnText;
use crate::pattern::NamePattern;
use crate::statement::{MaskMethod, MaskRule};
use crate::text::{Span, Spanned};
use std::collections::BTreeMap;

const WEAK_MASK: Code = Code::new("S0307", "weak-mask");

pub(super) const RULE: Rule = Rule {
    doc: CodeDoc {
        code: WEAK_MASK,
        what: "A hash without a salt, or one of a column that has few values.",
        why: "Whoever knows which values there may be hashes them all and compares: all phone numbers of a country take seconds. With \
              a salt that is not known this is not possible; of a column with a handful of values the hashes are told apart even \
              then, by how often each comes.",
        wrong: pipeline!("  include shop.*\n  mask phone with sha256\n"),
        right: pipeline!("  include shop.*\n  mask phone with sha256 salt env PHONE_SALT\n"),
    },
    run: check_weak_mask,
};

/// Parts of names of columns that have few values: all of them are tried in no time.
const FEW_VALUES: [&str; 14] = [
    "phone",
    "mobile",
    "fax",
    "birth",
    "birthday",
    "birthdate",
    "born",
    "dob",
    "zip",
    "postcode",
    "gender",
    "sex",
    "ssn",
    "pin",
];

fn check_weak_mask(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    for settings in all_settings(project.program) {
        for mask in
            settings.all_masks().filter(|mask| mask.value.method == (MaskMethod::Sha256 { salt: None }))
        {
            findings.push(unsalted(mask));
        }
    }
    for ((span, column), tables) in few_values(project) {
        let message = format!(
            "`{column}` of {} has few values: how often a hash comes tells which it is",
            listed(&tables)
        );
        findings.push(
            Diagnostic::warning(WEAK_MASK, span, message)
                .help("mask it `with null` or `with fixed \"…\"`, or leave it out with `columns except`"),
        );
    }
}

fn unsalted(mask: &Spanned<MaskRule>) -> Diagnostic {
    let column = &mask.value.column;
    let is_few = match column {
        NamePattern::Exact(name) | NamePattern::Glob(name) => {
            let mut parts = name.split(|sign: char| !sign.is_ascii_alphabetic());
            parts.any(|part| FEW_VALUES.iter().any(|few| part.eq_ignore_ascii_case(few)))
        }
        NamePattern::Regex(_) => false,
    };
    let message = match is_few {
        true => format!("`{column}` has few values: whoever hashes them all finds the one behind a hash"),
        false => {
            format!("`{column}` is hashed without a salt: whoever hashes what it may be finds the value")
        }
    };
    Diagnostic::warning(WEAK_MASK, mask.span, message)
        .help("add `salt env NAME`, or keep a part of the text only: `keep last 4`")
}

/// Every block of settings, with what its profiles give.
fn all_settings(program: &Program) -> impl Iterator<Item = &Settings> {
    let pipelines = program.pipelines.iter().flat_map(|pipeline| {
        let tables = pipeline.tables.iter().chain(pipeline.to.iter().flat_map(|to| &to.tables));
        let blocks = tables.map(|block| &block.settings);
        std::iter::once(&pipeline.settings).chain(pipeline.to.iter().map(|to| &to.settings)).chain(blocks)
    });
    std::iter::once(&program.defaults.settings).chain(pipelines)
}

/// Tables of which a column with a handful of values is hashed with a salt, by the line and the column.
fn few_values(project: &Project<'_>) -> BTreeMap<(Span, String), Vec<String>> {
    let mut found: BTreeMap<(Span, String), Vec<String>> = BTreeMap::new();
    for flow in &project.flows {
        for lane in &flow.lanes {
            for (known, table) in (0..flow.pipeline.from.len()).flat_map(|source| flow.locked(source)) {
                for column in table.columns.iter().filter(|column| has_few(&column.text)) {
                    let name = &column.name.value;
                    let Setting::Given(mask, _) = lane.mask(Subject::One(known), name) else { continue };
                    if matches!(mask.value.method, MaskMethod::Sha256 { salt: Some(_) }) {
                        let tables = found.entry((mask.span, name.clone())).or_default();
                        let table = table.name.value.to_string();
                        if !tables.contains(&table) {
                            tables.push(table);
                        }
                    }
                }
            }
        }
    }
    found
}

/// True for types of a handful of values.
fn has_few(column: &ColumnText) -> bool {
    match &column.ty {
        ColumnType::Enum(_) | ColumnType::Set(_) | ColumnType::Year => true,
        ColumnType::Bit { bits } => *bits <= 4,
        ColumnType::TinyInt { .. } => column.declared.starts_with("tinyint(1)"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{check_diagnostics, check_locked};

    #[test]
    fn hashes_without_a_salt() {
        let phone = "`phone` has few values: whoever hashes them all finds the one behind a hash";
        let email = "`email` is hashed without a salt: whoever hashes what it may be finds the value";
        check_diagnostics(&format!(
            "include shop.*\nmask email with sha256  # warning[S0307]: {email}\n\
             mask phone with sha256  # warning[S0307]: {phone}\n\
             mask fax with sha256 salt env S\nmask note keep last 4\nmask name with null\n"
        ));
        check_diagnostics(&format!(
            "include shop.*\nto out {{\ntable shop.a {{\nmask email with sha256  # warning[S0307]: {email}\n}}\n}}\n"
        ));
    }

    #[test]
    fn hashes_that_are_told_apart_by_how_often_they_come() {
        check_locked(
            "include d.a\nmask id, sort, ok with sha256 salt env S\
             \x20 # warning[S0307]: `ok` of `d.a` has few values: how often a hash comes tells which it is\n",
            "table d.a {\nprimary id\ncolumn id \"int not null\"\ncolumn ok \"tinyint(1) not null\"\ncolumn sort \"int\"\n}\n",
        );
    }
}
