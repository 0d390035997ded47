//! The half of S0212 about columns: a `mask` or `columns` that names one which no table has.

use super::super::flow::{Flow, Project};
use super::super::index::exact_table;
use super::matches_nothing::MATCHES_NOTHING;
use crate::ast::Settings;
use crate::diagnostic::Diagnostic;
use crate::hir::{LockedTable, Program};
use crate::pattern::{Matcher, NamePattern, TablePattern};
use crate::statement::{ColumnRule, closest, closest_glob, name_text};
use crate::text::Span;
use std::collections::BTreeMap;

/// What is known of a column, or a glob of them, that a line names.
struct Named<'p> {
    pattern: &'p NamePattern,
    /// A table that the line is for has it, or may have it.
    found: bool,
    /// Tables that do not.
    lacking: Vec<&'p LockedTable>,
}

/// Columns by the line that names them; the word of the line.
type Lines<'p> = BTreeMap<(Span, &'p str), (&'static str, Named<'p>)>;

/// True when a table may have a column that a line names.
fn may_have(table: &LockedTable, pattern: &NamePattern) -> bool {
    table.incomplete
        || match pattern {
            NamePattern::Exact(name) => table.column(name).is_some(),
            NamePattern::Glob(_) | NamePattern::Regex(_) => {
                pattern.compile_column().map_or(true, |matcher| {
                    table.columns.iter().any(|column| matcher.matches(&column.name.value))
                })
            }
        }
}

pub(super) fn check_column_unknown(project: &Project<'_>, findings: &mut Vec<Diagnostic>) {
    let is_of_profile =
        |line: &Span| project.program.profiles.iter().any(|profile| profile.lines.contains(line));
    let mut lines = masks_of_profiles(project);
    for flow in project.flows.iter().filter(|flow| flow.locks.complete()) {
        for (settings, tables) in blocks_of(flow) {
            let columns: Vec<_> = columns(settings).filter(|(line, _, _)| !is_of_profile(line)).collect();
            if columns.is_empty() {
                continue;
            }
            let tables = tables_of(flow, tables);
            for (line, word, (column, pattern)) in columns {
                let named = Named { pattern, found: false, lacking: Vec::new() };
                let (_, named) = lines.entry((line, column)).or_insert((word, named));
                named.ask(&tables);
            }
        }
    }
    let unknown = lines.into_iter().filter(|(_, (_, named))| !named.found && !named.lacking.is_empty());
    findings.extend(unknown.filter_map(|((line, column), (word, named))| match named.pattern {
        NamePattern::Exact(_) => Some(finding(project.program, line, column, word, &named.lacking)),
        NamePattern::Glob(_) | NamePattern::Regex(_) => glob_finding(line, column, word, &named.lacking),
    }));
}

impl<'p> Named<'p> {
    /// Looks for the column in tables; none stands for one that is not known.
    fn ask(&mut self, tables: &[Option<&'p LockedTable>]) {
        for table in tables {
            match table {
                Some(table) if !may_have(table, self.pattern) => self.lacking.push(table),
                Some(_) | None => self.found = true,
            }
        }
    }
}

/// The blocks of settings of a pipeline, with the pattern of those that are for tables.
fn blocks_of<'p>(flow: &Flow<'p>) -> impl Iterator<Item = (&'p Settings, Option<&'p TablePattern>)> {
    let pipeline = flow.pipeline;
    let everywhere = pipeline.to.iter().map(|to| &to.settings).chain([&pipeline.settings]);
    let blocks = flow.blocks().map(|block| (&block.settings, Some(&block.pattern.value)));
    everywhere.map(|settings| (settings, None)).chain(blocks)
}

/// Masks of profiles that no table has a column for, and that were surely meant for one: a column that has to be masked is
/// called nearly so. A profile is for many tables, and may name what few of them have, or none yet.
fn masks_of_profiles<'p>(project: &Project<'p>) -> Lines<'p> {
    let sensitive: Vec<Matcher> = (project.program.defaults.sensitive.iter())
        .filter_map(|rule| rule.value.compile_column().ok())
        .collect();
    let mut lines = Lines::new();
    if sensitive.is_empty() {
        return lines;
    }
    for flow in &project.flows {
        for (settings, tables) in blocks_of(flow) {
            for mask in &settings.profile_masks {
                let pattern = &mask.value.column;
                let NamePattern::Exact(column) = pattern else { continue };
                let named = Named { pattern, found: false, lacking: Vec::new() };
                let (_, named) = lines.entry((mask.span, column)).or_insert(("mask", named));
                named.found |= !flow.locks.complete();
                named.ask(&tables_of(flow, tables));
            }
        }
    }
    let all_settings = project.flows.iter().flat_map(blocks_of).map(|(settings, _)| settings);
    let masked: Vec<Matcher> = all_settings
        .flat_map(Settings::all_masks)
        .filter_map(|mask| mask.value.column.compile_column().ok())
        .collect();
    lines.retain(|(_, column), (_, named)| {
        let near = closest(column, column_names(&named.lacking));
        let holds = |rules: &[Matcher], near: &str| rules.iter().any(|rule| rule.matches(near));
        near.is_some_and(|near| holds(&sensitive, near) && !holds(&masked, near))
    });
    lines
}

/// A glob takes what there is; where that is nothing, and a column is called nearly so, that was meant.
fn glob_finding(line: Span, glob: &str, word: &str, tables: &[&LockedTable]) -> Option<Diagnostic> {
    let names = column_names(tables);
    let near = closest_glob(glob, names)?;
    let message = format!("`{word}` names `{glob}`, which takes no column of the tables it is for");
    Some(
        Diagnostic::warning(MATCHES_NOTHING, line, message)
            .label(format!("did you mean `{near}`?"))
            .help("columns are written with their names in the source; a glob may wait for columns to come"),
    )
}

fn column_names<'t>(tables: &[&'t LockedTable]) -> impl Iterator<Item = &'t str> {
    tables.iter().flat_map(|table| table.columns.iter().map(|column| column.name.value.as_str()))
}

/// A column as a line writes it, and as a pattern.
type Column<'p> = (&'p str, &'p NamePattern);

/// The columns that the lines of a block name, and globs of them.
fn columns(settings: &Settings) -> impl Iterator<Item = (Span, &'static str, Column<'_>)> {
    let masks = settings.masks.iter().map(|mask| (mask.span, "mask", &mask.value.column));
    let rule = settings.columns.as_ref().into_iter().flat_map(|rule| {
        let (ColumnRule::Only(patterns) | ColumnRule::Except(patterns)) = &rule.value;
        patterns.iter().map(|pattern| (rule.span, "columns", pattern))
    });
    masks.chain(rule).filter_map(|(span, word, pattern)| match pattern {
        NamePattern::Exact(text) | NamePattern::Glob(text) => Some((span, word, (text.as_str(), pattern))),
        NamePattern::Regex(_) => None,
    })
}

/// The selected tables that a block is for, as the lock file has them; none in place of one that it does not have.
fn tables_of<'p>(flow: &Flow<'p>, tables: Option<&TablePattern>) -> Vec<Option<&'p LockedTable>> {
    let n_sources = flow.pipeline.from.len();
    // A line that could not be read may take other tables.
    let others = flow.pipeline.left_out.may_be(&["include", "exclude"]).then_some(None);
    match tables.map(|tables| (exact_table(tables), tables.compile())) {
        Some((Some((db, table)), _)) => (0..n_sources).map(|n| flow.locks.table(n, db, table)).collect(),
        Some((None, Err(_))) => Vec::new(),
        Some((None, Ok(matcher))) => (0..n_sources)
            .flat_map(|n| flow.locked(n))
            .filter(|(known, _)| matcher.matches(&known.db, &known.table))
            .map(|(_, table)| Some(table))
            .chain(others)
            .collect(),
        None => {
            let selected = (0..n_sources).flat_map(|n| flow.locked(n));
            selected.map(|(_, table)| Some(table)).chain(others).collect()
        }
    }
}

fn finding(program: &Program, line: Span, column: &str, word: &str, tables: &[&LockedTable]) -> Diagnostic {
    let message = match tables {
        [one] => format!("`{word}` names `{column}`, but `{}` has no such column", one.name.value),
        many if many.iter().all(|table| table.name.value == many[0].name.value) => {
            format!("`{word}` names `{column}`, but `{}` has no such column", many[0].name.value)
        }
        many => format!(
            "`{word}` names `{column}`, but none of the {} tables it is for has such a column",
            many.len()
        ),
    };
    let names = column_names(tables);
    let finding = Diagnostic::error(MATCHES_NOTHING, program.place_of_column(line, column), message);
    match closest(column, names) {
        Some(near) => Diagnostic {
            fixes: program.other_column(line, column, near).into_iter().collect(),
            ..finding
                .label(format!("did you mean `{}`?", name_text(near)))
                .help("columns are written with their names in the source")
        },
        None => finding.help("columns are written with their names in the source; where it is new, `syncc schema pull` adds it"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{check_diagnostics, check_locked};

    const TABLES: &str = "table d.a {\nprimary id\ncolumn id \"int not null\"\ncolumn email \"text\"\n}\n\
        table d.b {\nprimary id\ncolumn id \"int not null\"\ncolumn phone \"text\"\n}\n";

    #[test]
    fn a_misspelt_column_is_not_masked() {
        check_locked(
            "include d.*\nmask email, phone with null\n\
             mask emial with null  # error[S0212]: `mask` names `emial`, but none of the 2 tables it is for has such a column\n\
             table d.a {\nmask phone with null  # error[S0212]: `mask` names `phone`, but `d.a` has no such column\n}\n",
            TABLES,
        );
        check_diagnostics("include d.*\nmask emial with null\n");
    }

    #[test]
    fn nor_left_out() {
        check_locked(
            "include d.*\ntable d.a {\n\
             columns except EMAIL, pasword  # error[S0212]: `columns` names `pasword`, but `d.a` has no such column\n}\n\
             table d.[b-c] {\ncolumns id, phon  # error[S0212]: `columns` names `phon`, but `d.b` has no such column\n}\n",
            TABLES,
        );
    }

    /// Patterns take what there is, and a profile is written for many tables.
    #[test]
    fn what_is_written_for_more_than_these_tables() {
        check_locked("include d.*\nmask *_email with null\ncolumns except pass*\n", TABLES);
        let tables =
            "edition 2026\nlock source s {\ntable d.a {\nprimary id\ncolumn id \"int not null\"\n}\n}\n";
        let text = "edition 2026\nprofile pii {\nmask email with null\ncolumns except password\n}\n\
            source s mysql \"db\" {\npassword env P\n}\ntarget o stdout\npipeline p from s to o {\ninclude d.a\nwith pii\n}\n";
        super::super::super::testing::check_files(&[("a.sync", text), ("schema.lock", tables)]);
    }

    #[test]
    fn a_column_that_was_left_out_may_be_there() {
        check_locked(
            "include d.a\nmask email with null\n",
            "table d.a {\ncolum email \"text\"  # error[S0013]: `colum` is no statement; did you mean `column`?\n}\n",
        );
    }
}
