//! Tables by which two plans are compared where no server tells which there are.

use super::{Rename, TaskPlan};
use crate::pattern::{FILLER, TablePattern};
use std::collections::BTreeMap;
use std::fmt;

/// Most members of a range that are looked at one by one.
const MEMBERS_MAX: usize = 4096;

/// In place of [`FILLER`], and with no sign at the same place.
const OTHER_FILLER: &str = "9zy";

/// A table to compare two plans by: one that is there, or one that stands for all that a pattern takes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subject {
    /// Database in the source.
    pub db: String,
    /// Name there.
    pub table: String,
    /// What people are told: the table, or the pattern it stands for.
    pub shown: String,
    /// About how many rows it has, where that is known.
    pub rows: Option<u64>,
    /// About how many bytes one of them has, where that is known.
    pub row_bytes: Option<u64>,
    /// Columns that identify its rows, in the order of the key; empty where that is not known.
    pub key: Vec<String>,
}

impl Subject {
    /// A table.
    pub fn table(db: impl Into<String>, table: impl Into<String>) -> Subject {
        let (db, table) = (db.into(), table.into());
        Subject { shown: format!("{db}.{table}"), db, table, rows: None, row_bytes: None, key: Vec::new() }
    }

    /// `about 1_000_000 rows`, where that is known.
    pub fn rows_text(&self) -> Option<String> {
        let digits = self.rows?.to_string();
        let mut grouped = String::new();
        for (n, digit) in digits.chars().enumerate() {
            if n > 0 && (digits.len() - n).is_multiple_of(3) {
                grouped.push('_');
            }
            grouped.push(digit);
        }
        Some(format!("about {grouped} rows"))
    }

    /// For one that stands for what a pattern takes: another one for the same, which shares nothing with it but what the
    /// pattern says. None for a table.
    pub fn other(&self) -> Option<Subject> {
        let is_table = self.shown == format!("{}.{}", self.db, self.table);
        (!is_table).then(|| Subject {
            db: self.db.replace(FILLER, OTHER_FILLER),
            table: self.table.replace(FILLER, OTHER_FILLER),
            shown: self.shown.clone(),
            rows: None,
            row_bytes: None,
            key: Vec::new(),
        })
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// The tables that the lines of tasks name, members of ranges among them, and for every other pattern one that stands for
/// what it takes. Sorted, each table once.
pub fn subjects<'p>(tasks: impl IntoIterator<Item = &'p TaskPlan>) -> Vec<Subject> {
    let mut subjects: BTreeMap<(String, String), Subject> = BTreeMap::new();
    for task in tasks {
        for subject in patterns(task).flat_map(of_pattern) {
            // A table that one line names stands for itself, whatever pattern takes it.
            let known = subjects.entry((subject.db.clone(), subject.table.clone()));
            let known = known.or_insert_with(|| subject.clone());
            if subject.shown < known.shown {
                *known = subject;
            }
        }
    }
    subjects.into_values().collect()
}

/// Every pattern of tables that a task's rules have.
fn patterns(task: &TaskPlan) -> impl Iterator<Item = &TablePattern> {
    let rules = &task.rules;
    let renamed = rules.renames.iter().filter_map(|rename| match rename {
        Rename::Database { .. } => None,
        Rename::Table { from, .. } => Some(from),
        Rename::Column { table, .. } => Some(table),
    });
    let layers = rules.layers.iter().filter_map(|layer| layer.tables.as_ref());
    rules.include.iter().chain(&rules.exclude).chain(renamed).chain(layers)
}

fn of_pattern(pattern: &TablePattern) -> Vec<Subject> {
    let members = pattern.db.members().zip(pattern.table.members());
    match members.filter(|(dbs, tables)| dbs.len() * tables.len() <= MEMBERS_MAX) {
        Some((dbs, tables)) => {
            let of_db =
                |db: &str| tables.iter().map(|table| Subject::table(db, &table.name)).collect::<Vec<_>>();
            dbs.iter().flat_map(|db| of_db(&db.name)).collect()
        }
        None => {
            let sample = pattern.compile().ok().and_then(|matcher| matcher.some_table());
            sample
                .into_iter()
                .map(|(db, table)| Subject {
                    db,
                    table,
                    shown: pattern.to_string(),
                    rows: None,
                    row_bytes: None,
                    key: Vec::new(),
                })
                .collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{HELLO, plan};
    use super::*;

    #[test]
    fn rows_are_grouped_as_the_language_writes_them() {
        let text = |rows| Subject { rows, ..Subject::table("a", "b") }.rows_text();
        assert_eq!(text(Some(1_000_000)).as_deref(), Some("about 1_000_000 rows"));
        assert_eq!(text(Some(100)).as_deref(), Some("about 100 rows"));
        assert_eq!(text(None), None);
    }

    #[test]
    fn names_ranges_and_patterns_have_tables() {
        let lines = "  include shop.a, shop.b_[0..1], shop.tmp_*, shop./[0-9]+x/\n  exclude shop.tmp_1\n";
        let plan = plan(&[&HELLO.replace("  include shop.*\n", lines)]);
        let shown: Vec<String> =
            subjects(&plan.tasks).iter().map(|subject| format!("{} {}", subject, subject.table)).collect();
        assert_eq!(
            shown,
            [
                "shop./[0-9]+x/ 0x",
                "shop.a a",
                "shop.b_0 b_0",
                "shop.b_1 b_1",
                "shop.tmp_1 tmp_1",
                "shop.tmp_* tmp_x7q"
            ]
        );
    }
}
