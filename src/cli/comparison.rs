//! What the files change, compared with another state of the project: from texts and `schema.lock`, no server is asked.

use super::front::known_tables;
use crate::hir::Program;
use crate::plan::{Origins, Plan, PlanDiff, Subject, TaskId, diff, subjects};

/// A project as far as it is compared.
#[derive(Clone, Copy)]
pub(super) struct State<'s> {
    pub(super) plan: &'s Plan,
    pub(super) program: &'s Program,
}

/// An old state and a new one.
#[derive(Clone, Copy)]
pub(super) struct Comparison<'s> {
    pub(super) old: State<'s>,
    pub(super) new: State<'s>,
}

impl Comparison<'_> {
    /// What differs; `origins` are those of the new plan.
    pub(super) fn diff(&self, origins: &Origins) -> PlanDiff {
        diff(self.old.plan, self.new.plan, origins, &|id| self.tables(id))
    }

    /// The tables a task is compared by: those the lock files list, else those its lines name and one for each pattern.
    pub(super) fn tables(&self, id: &TaskId) -> Vec<Subject> {
        let known = known_tables(self.new.program, &id.source);
        if known.is_empty() {
            let tasks = self.old.plan.tasks.iter().chain(&self.new.plan.tasks);
            return subjects(tasks.filter(|task| task.id == *id));
        }
        let mut tables = known;
        for table in known_tables(self.old.program, &id.source) {
            if !tables.iter().any(|other| (&other.db, &other.table) == (&table.db, &table.table)) {
                tables.push(table);
            }
        }
        tables.sort();
        tables
    }
}
