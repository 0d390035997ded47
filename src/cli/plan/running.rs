//! What runs, or what is stored about what ran, as the other side of a comparison.

use super::super::Exit;
use super::super::exit::exit_of;
use super::super::front::Planned;
use super::super::global::Global;
use super::super::output::Failure;
use super::begins;
use crate::control::{ControlError, Operation, ask};
use crate::mysql::schema::TableName;
use crate::plan::report::Begins;
use crate::plan::{Plan, PlanDiff, Subject, TaskId, TaskPlan, diff, report, subjects};
use crate::run::{Recorded, recorded};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

/// The plans of tasks, and the tables that each of them carries.
#[derive(Deserialize)]
pub(super) struct Running {
    plan: Plan,
    /// Database and name, by task.
    tables: BTreeMap<String, Vec<(String, String)>>,
    /// Where tasks have come to, for people.
    #[serde(default)]
    positions: BTreeMap<String, String>,
}

/// True for the path of a socket.
pub(super) fn is_socket(path: &str) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket())
}

impl Running {
    /// Of the instance that listens there.
    pub(super) fn ask(socket: &Path) -> Result<Running, Failure> {
        let answer = ask(socket, &Operation::Plan).map_err(|error| match error {
            ControlError::NotRunning(_) => Failure::new(
                Exit::Failed,
                "no syncc runs here: compare with what is stored (--against state), a git revision or a directory",
            ),
            other => Failure::new(Exit::Failed, other),
        })?;
        serde_json::from_value(answer).map_err(|error| Failure::new(Exit::Failed, error))
    }

    /// Of the tasks that the files declare, as far as anything is stored about them.
    pub(super) fn stored(new: &Planned, global: &Global) -> Result<Running, Failure> {
        let state = global.project.join(".syncc");
        let mut found =
            Running { plan: Plan::default(), tables: BTreeMap::new(), positions: BTreeMap::new() };
        let look = |task: &TaskPlan| {
            recorded(&global.location(), &state, task)
                .map_err(|error| Failure::new(exit_of(error.exit), error))
        };
        for task in &new.plan.tasks {
            let mut stored = look(task)?;
            for former in new.plan.former(&task.id) {
                if stored.is_none() {
                    stored = look(&task.called(&former))?;
                }
            }
            if let Some(Recorded { plan, tables, position }) = stored {
                let tables = tables.into_iter().map(|TableName { db, table }| (db, table));
                found.tables.insert(plan.id.to_string(), tables.collect());
                let position = position.map(|position| position.to_string());
                found.positions.extend(position.map(|position| (plan.id.to_string(), position)));
                found.plan.tasks.push(plan);
            }
        }
        Ok(found)
    }

    /// What the files change in it, and where each of their tasks starts; of those that have not run sources are asked for it.
    pub(super) fn compare(&self, new: &Planned, project: &Path) -> (PlanDiff, report::Report) {
        let tables = |id: &TaskId| self.tables(id, new);
        let diff = diff(&self.plan, &new.plan, &new.origins, &tables);
        let mut report = report::report(&self.plan, &new.plan, &diff, &tables);
        for told in &mut report.tasks {
            let is_told = |task: &&TaskPlan| {
                let id = &task.id;
                (&id.pipeline, &id.source, &id.target) == (&told.pipeline, &told.source, &told.target)
            };
            let Some(task) = new.plan.tasks.iter().find(is_told) else { continue };
            told.begins = Some(match self.positions.get(&diff.former(&task.id).to_string()) {
                Some(position) => Begins { at: position.clone(), stored: true },
                None => begins::first(task, project),
            });
        }
        (diff, report)
    }

    /// The tables a task is compared by: those it carries and those `schema.lock` lists, else those that its lines name.
    fn tables(&self, id: &TaskId, new: &Planned) -> Vec<Subject> {
        let carried = self.tables.get(&id.to_string()).into_iter().flatten();
        let mut tables: Vec<Subject> = carried.map(|(db, table)| Subject::table(db, table)).collect();
        let mut others = new.known_tables(&id.source);
        if others.is_empty() {
            let tasks = self.plan.tasks.iter().chain(&new.plan.tasks);
            others = subjects(tasks.filter(|task| task.id == *id));
        }
        for table in others {
            if !tables.iter().any(|other| (&other.db, &other.table) == (&table.db, &table.table)) {
                tables.push(table);
            }
        }
        tables.sort();
        tables
    }
}
