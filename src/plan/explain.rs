//! Why a table is sent as it is, or not sent: every decision with the line that makes it.

mod decision;

use super::{
    ColumnRule, DecideError, Decider, KeyRule, Layer, Origins, Part, Plan, TableDecision, TaskPlan, Way,
};
use crate::diagnostic::render::harmless;
use crate::hir::Listed;
use crate::project::LOCK_NAME;
use crate::statement::{Key, Partition, Property, closest};
use crate::text::{FileSet, Span};
use std::collections::BTreeMap;
use std::fmt;

/// Most patterns that are named where none takes a table.
const INCLUDES_MAX: usize = 8;

/// What `schema.lock` says of a table, by source.
pub type KnownTables<'a> = BTreeMap<&'a str, Listed<'a>>;

/// What one task does with a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Explanation {
    /// It is sent.
    Sent {
        /// What is asked about, `db.table`.
        table: String,
        /// Which pipeline, and from where to where when it has several.
        by: Way,
        /// `schema.lock` lists all tables of the source, and not this one: it is sent once it is there.
        is_missing: bool,
        /// The decisions, in the order of a row's way.
        decisions: Vec<Decision>,
    },
    /// It would be sent, but its rules give no name or topic.
    Undecided {
        /// What is asked about.
        table: String,
        /// Which pipeline.
        by: Way,
        /// Why.
        error: DecideError,
    },
    /// It is not sent.
    NotSent {
        /// Why, in one sentence.
        why: String,
    },
}

/// One line of an explanation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What is decided, `topic`; an option of a block is set in.
    pub what: String,
    /// The outcome.
    pub value: String,
    /// More about it, or that it is a default; may be empty.
    pub note: String,
    /// `file:line` of the statement; empty for what holds by default.
    pub place: String,
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Explanation::NotSent { why } => writeln!(f, "{why}"),
            Explanation::Undecided { table, by, error } => {
                writeln!(f, "{table} is selected by {by}, but cannot be sent: {error}")
            }
            Explanation::Sent { table, by, is_missing, decisions } => {
                match is_missing {
                    true => writeln!(
                        f,
                        "{table} is not listed in {LOCK_NAME}; once it is there, it is replicated by {by}\n"
                    )?,
                    false => writeln!(f, "{table} is replicated by {by}\n")?,
                }
                decisions_text(decisions, f)
            }
        }
    }
}

/// Decisions one a line, in columns.
pub(super) fn decisions_text(decisions: &[Decision], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let width = |of: fn(&Decision) -> &str, most: usize| {
        decisions.iter().map(|d| of(d).chars().count()).filter(|&n| n <= most).max().unwrap_or(0)
    };
    let name = width(|decision| &decision.what, 40);
    let value = width(|decision| &decision.value, 40);
    let note = width(|decision| &decision.note, 40);
    for Decision { what, value: shown, note: more, place } in decisions {
        let line = format!("  {what:<name$}  {shown:<value$}  {more:<note$}  {place}");
        writeln!(f, "{}", line.trim_end())?;
    }
    Ok(())
}

/// What every task of a plan does with a table; a single `NotSent` when none sends it.
pub fn explain_table(
    plan: &Plan,
    origins: &Origins,
    files: &FileSet,
    known: &KnownTables<'_>,
    (db, table): (&str, &str),
) -> Vec<Explanation> {
    let mut sent = Vec::new();
    let mut not_sent = Vec::new();
    for task in &plan.tasks {
        let listed = known.get(task.id.source.as_str()).copied();
        let explainer = Explainer { task, origins, files, listed, db, table };
        match explainer.explain() {
            Explanation::NotSent { why } => {
                if !not_sent.contains(&why) {
                    not_sent.push(why);
                }
            }
            other => sent.push(other),
        }
    }
    if !sent.is_empty() {
        return sent;
    }
    if not_sent.is_empty() {
        not_sent.push(format!("nothing takes `{db}.{table}`: the project has no pipeline"));
    }
    vec![Explanation::NotSent { why: not_sent.join("\n") }]
}

/// What a task makes of a table, setting by setting, in the words of the language; none where it does not send it.
pub fn outcomes(task: &TaskPlan, db: &str, table: &str) -> Option<Vec<(String, String)>> {
    let (origins, files) = (Origins::default(), FileSet::new());
    match (Explainer { task, origins: &origins, files: &files, listed: None, db, table }).explain() {
        Explanation::Sent { decisions, .. } => {
            let outcome = |decision: Decision| (decision.what.trim().to_owned(), decision.value);
            Some(decisions.into_iter().map(outcome).collect())
        }
        Explanation::Undecided { .. } | Explanation::NotSent { .. } => None,
    }
}

struct Explainer<'a> {
    task: &'a TaskPlan,
    origins: &'a Origins,
    files: &'a FileSet,
    /// What `schema.lock` says of the table.
    listed: Option<Listed<'a>>,
    db: &'a str,
    table: &'a str,
}

impl Explainer<'_> {
    fn explain(&self) -> Explanation {
        let (table, by) = (format!("{}.{}", self.db, self.table), Way::of(&self.task.id));
        let decider = match Decider::new(self.task) {
            Ok(decider) => decider,
            Err(error) => return Explanation::Undecided { table, by, error },
        };
        match decider.decide(self.db, self.table) {
            Ok(Some(_)) if self.listed == Some(Listed::View) => Explanation::NotSent {
                why: format!("`{table}` is a view in the source of {by}: it has no rows of its own"),
            },
            Ok(Some(decision)) => Explanation::Sent {
                table,
                by,
                is_missing: self.listed == Some(Listed::Nowhere),
                decisions: self.decisions(&decider, &decision),
            },
            Ok(None) => Explanation::NotSent { why: self.why_not(&decider) },
            Err(error) => Explanation::Undecided { table, by, error },
        }
    }

    fn why_not(&self, decider: &Decider) -> String {
        let (db, table, pipeline) = (self.db, self.table, &self.task.id.pipeline);
        let hits = decider.hits(db, table);
        let rules = &self.task.rules;
        if let Some(base) = decider.shadow_of(db, table) {
            let tools = &self.task.stream.online_ddl;
            let place = match self.place(Part::OnlineDdl) {
                place if place.is_empty() => "default".to_owned(),
                place => place,
            };
            return format!(
                "`{db}.{table}` is by its name a shadow table of `{db}.{base}` while that is changed online: \
                 `online-ddl {tools}` ({place}) of pipeline `{pipeline}` leaves it out"
            );
        }
        match (hits.include.first(), hits.exclude.first()) {
            (Some(&include), Some(&exclude)) => format!(
                "`{db}.{table}` matches include `{}` ({}) of pipeline `{pipeline}`, but exclude `{}` ({}) wins",
                rules.include[include],
                self.place(Part::Include(include)),
                rules.exclude[exclude],
                self.place(Part::Exclude(exclude)),
            ),
            _ => format!(
                "no include of pipeline `{pipeline}` takes `{db}.{table}`; {}",
                self.nearest_include().unwrap_or_else(|| self.includes())
            ),
        }
    }

    /// The `include` that differs little from the table.
    fn nearest_include(&self) -> Option<String> {
        let written: Vec<String> = self.task.rules.include.iter().map(ToString::to_string).collect();
        let asked = format!("{}.{}", self.db, self.table);
        let near = closest(&asked, written.iter().map(String::as_str))?;
        let nth = written.iter().position(|pattern| pattern == near)?;
        Some(format!("the nearest is `{near}` ({})", self.place(Part::Include(nth))))
    }

    /// The first of them, with their lines.
    fn includes(&self) -> String {
        let include = &self.task.rules.include;
        let one = |(n, pattern)| format!("`{pattern}` ({})", self.place(Part::Include(n)));
        let shown: Vec<String> = include.iter().enumerate().take(INCLUDES_MAX).map(one).collect();
        let more = match include.len().saturating_sub(INCLUDES_MAX) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("it has {}{more}", shown.join(", "))
    }

    fn place(&self, part: Part) -> String {
        self.origins.span(&self.task.id, part).map(|span| place(self.files, span)).unwrap_or_default()
    }
}

pub(super) fn place(files: &FileSet, span: Span) -> String {
    format!("{}:{}", files.path(span.file), files.line_col(span.file, span.start).line)
}

/// The conditions of the n-th layer as they are written, line by line, and the number of one of each line. Those that stand
/// in no file are told in the words of the plan.
pub(super) fn conditions(
    layer: &Layer,
    n: usize,
    files: &FileSet,
    span: &dyn Fn(Part) -> Option<Span>,
) -> Vec<(String, usize)> {
    let numbers = 0..layer.conditions.len();
    let mut lines: Vec<(Option<Span>, usize)> =
        numbers.map(|nth| (span(Part::Condition(n, nth)), nth)).collect();
    lines.sort();
    lines.dedup_by(|a, b| a.0.is_some() && a.0 == b.0);
    let text = |(span, nth): (Option<Span>, usize)| match span {
        Some(span) => {
            // The line begins with its own word.
            let words: Vec<&str> = files.slice(span).split_whitespace().skip(1).collect();
            (harmless(&words.join(" ")).into_owned(), nth)
        }
        None => (layer.conditions[nth].to_string(), nth),
    };
    lines.into_iter().map(text).collect()
}

pub(super) fn default_note(place: &str) -> String {
    if place.is_empty() { "default".into() } else { String::new() }
}

/// What becomes of a table by a setting, in the words of the language.
pub(super) fn outcome(property: Property, decision: &TableDecision) -> String {
    match property {
        Property::Topic => decision.topic.to_string(),
        Property::Key => {
            let key = Key { rule: decision.key.clone(), form: decision.key_form };
            match decision.key {
                KeyRule::Primary => key.to_string().replacen("primary", "primary, else first unique", 1),
                KeyRule::Columns { .. } | KeyRule::None => key.to_string(),
            }
        }
        Property::KeyChange => decision.key_change.to_string(),
        Property::Partition => {
            Partition { rule: decision.partition.clone(), hash: decision.hash }.to_string()
        }
        Property::Format => decision.format.name().to_string(),
        Property::Tombstones => if decision.tombstones { "on" } else { "off" }.to_owned(),
        Property::Headers => decision.headers.to_string(),
        Property::Changes => decision.changes.to_string(),
        Property::Columns => match &decision.columns {
            None => "all".into(),
            Some(only @ ColumnRule::Only(_)) => only.to_string(),
            Some(except @ ColumnRule::Except(_)) => format!("all {except}"),
        },
        Property::Ddl => if decision.ddl.is_some() { "on" } else { "off" }.to_owned(),
        Property::Truncate => decision.truncate.to_string(),
        Property::OnError => decision.on_error.to_string(),
        Property::OnOversize => decision.on_oversize.to_string(),
        Property::OnInvalidValue => decision.on_invalid_value.to_string(),
        Property::TopicCreate
        | Property::TopicPartitions
        | Property::TopicReplicas
        | Property::TopicMinInsync
        | Property::TopicCleanup
        | Property::TopicRetention
        | Property::Subject
        | Property::Compatibility
        | Property::Nulls
        | Property::SnapshotOp
        | Property::BigintUnsigned
        | Property::Decimal
        | Property::Binary
        | Property::EnumForm
        | Property::TimeZone
        | Property::Schemas
        | Property::Dialect
        | Property::FormatHeartbeat
        | Property::Transactions
        | Property::DdlTopic
        | Property::DdlPartition
        | Property::DdlAllow
        | Property::DdlDeny
        | Property::DdlOnDeny => String::new(),
    }
}

#[cfg(test)]
mod tests;
