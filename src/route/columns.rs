//! Which columns are sent, and by what names.

use super::error::RouteError;
use crate::format::OutputColumn;
use crate::mysql::schema::TableVersion;
use crate::pattern::{Matcher, NamePattern, PatternError};
use crate::plan::{ColumnRule, NameCase, TableDecision, Template, TemplatePart};

/// Names of a table's columns in messages.
pub(super) struct ColumnNames<'d> {
    renames: Vec<(Matcher, &'d Template)>,
    case: NameCase,
}

impl<'d> ColumnNames<'d> {
    pub(super) fn new(decision: &'d TableDecision) -> Result<ColumnNames<'d>, RouteError> {
        let renames = decision.column_names.iter().map(|(pattern, to)| Ok((compile(pattern)?, to)));
        Ok(ColumnNames { renames: renames.collect::<Result<_, RouteError>>()?, case: decision.names })
    }

    /// Name in messages of the column `source`: the first rename that takes it, else its own in the case
    /// that `names` asks for.
    pub(super) fn of(&self, source: &str) -> Result<String, RouteError> {
        for (matcher, to) in &self.renames {
            if let Some(captures) = matcher.captures(source) {
                return expand(to, source, &captures);
            }
        }
        Ok(self.case.apply(source))
    }
}

/// Columns of a table that are sent, in table order, with their names in messages.
///
/// # Errors
/// A pattern that cannot be read, or two columns of one name.
pub fn sent_columns_of(
    decision: &TableDecision,
    version: &TableVersion,
) -> Result<Vec<OutputColumn>, RouteError> {
    sent_columns(decision, version, &ColumnNames::new(decision)?)
}

/// Columns that are sent, in table order.
pub(super) fn sent_columns(
    decision: &TableDecision,
    version: &TableVersion,
    names: &ColumnNames<'_>,
) -> Result<Vec<OutputColumn>, RouteError> {
    let compiled = |patterns: &[NamePattern]| patterns.iter().map(compile).collect::<Result<Vec<_>, _>>();
    let (patterns, keep) = match &decision.columns {
        None => (Vec::new(), false),
        Some(ColumnRule::Only(patterns)) => (compiled(patterns)?, true),
        Some(ColumnRule::Except(patterns)) => (compiled(patterns)?, false),
    };
    let mut columns: Vec<OutputColumn> = Vec::new();
    for (index, column) in version.columns.iter().enumerate() {
        let taken = patterns.iter().any(|pattern| pattern.matches(&column.name));
        if column.hidden || taken != keep {
            continue;
        }
        let name = names.of(&column.name)?;
        if let Some(other) = columns.iter().find(|other| other.name == name) {
            let first = version.columns[other.index].name.clone();
            return Err(RouteError::NamesCollide { first, second: column.name.clone(), name });
        }
        columns.push(OutputColumn { index, name });
    }
    if columns.is_empty() { Err(RouteError::NothingSent) } else { Ok(columns) }
}

/// Columns of a statement by their source names. MySQL compares column names without regard to case.
pub(super) fn named_columns(
    statement: &'static str,
    wanted: &[String],
    version: &TableVersion,
    names: &ColumnNames<'_>,
) -> Result<Vec<OutputColumn>, RouteError> {
    let find = |wanted: &String| {
        let same = |name: &str| name == wanted || name.to_lowercase() == wanted.to_lowercase();
        let index = version.columns.iter().position(|column| !column.hidden && same(&column.name));
        let index = index.ok_or_else(|| RouteError::NoSuchColumn { statement, column: wanted.clone() })?;
        Ok(OutputColumn { index, name: names.of(&version.columns[index].name)? })
    };
    wanted.iter().map(find).collect()
}

pub(super) fn compile(pattern: &NamePattern) -> Result<Matcher, RouteError> {
    pattern.compile_column().map_err(|error: PatternError| RouteError::Plan(error.to_string()))
}

/// Fills the placeholders that belong to the column: `{column}` and captures of its pattern.
fn expand(to: &Template, column: &str, captures: &[(String, String)]) -> Result<String, RouteError> {
    let mut text = String::new();
    for part in &to.parts {
        match part {
            TemplatePart::Text(literal) => text.push_str(literal),
            TemplatePart::Hole { name, filter } => {
                let capture = captures.iter().find(|(capture, _)| capture == name);
                let value = match capture {
                    Some((_, value)) => value,
                    None if name == "column" => column,
                    None => return Err(RouteError::Plan(format!("`{{{name}}}` stands for nothing here"))),
                };
                match filter.as_deref() {
                    None => text.push_str(value),
                    Some("lower") => text.push_str(&value.to_lowercase()),
                    Some("upper") => text.push_str(&value.to_uppercase()),
                    Some(other) => return Err(RouteError::Plan(format!("there is no filter `{other}`"))),
                }
            }
        }
    }
    Ok(text)
}
