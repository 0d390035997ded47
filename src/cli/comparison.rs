//! What the files change, compared with another state of the project: from texts and `schema.lock`, no server is asked.

use super::front::{known_tables, lock};
use crate::diagnostic::Diagnostic;
use crate::hir::Program;
use crate::plan::{Origins, Plan, PlanDiff, Subject, TaskId, diff, schema_changes, subjects};

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
        let mut diff = diff(self.old.plan, self.new.plan, origins, &|id| self.tables(id));
        for finding in self.schema_changes() {
            // Tasks that read one table have one schema to tell about.
            if !diff.findings.contains(&finding) {
                diff.findings.push(finding);
            }
        }
        diff
    }

    /// What the lock files say about tables that both states send.
    fn schema_changes(&self) -> Vec<Diagnostic> {
        let mut findings = Vec::new();
        for new in &self.new.plan.tasks {
            let old = self.old.plan.tasks.iter().find(|old| old.id == new.id);
            let locks = lock(self.old.program, &new.id.source).zip(lock(self.new.program, &new.id.source));
            if let Some((old, (old_lock, new_lock))) = old.zip(locks) {
                findings.extend(schema_changes((old, old_lock), (new, new_lock)));
            }
        }
        findings
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
