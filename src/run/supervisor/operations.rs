//! What is asked over the control socket: each operation begins here, and is answered when it is done.
//!
//! Guarantees: nothing here waits; an operation that takes time is looked at in each turn of the loop, until it is done
//! or has taken too long. What was asked for holds all the same.

use super::Supervisor;
use super::tasks::Running;
use crate::control::{Operation, Reply, TaskState, TaskStatus};
use crate::mysql::schema::TableName;
use crate::plan::{TaskId, acceptable};
use crate::run::tap::Tap;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// Exit code for what cannot be asked for.
const USAGE: u8 = 2;

/// Exit code for what was not done in time.
const NOT_YET: u8 = 3;

/// Longest wait for tasks to do what was asked.
const PATIENCE: Duration = Duration::from_secs(10);

/// A reload somebody asked for.
pub(super) struct AskedReload {
    pub(super) accept: Vec<String>,
    /// Answered when the change is active, not when it was accepted.
    pub(super) wait: bool,
    pub(super) reply: Reply,
    /// A look for it is under way.
    pub(super) began: bool,
}

/// What tasks are to come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Aim {
    Paused,
    Resumed,
    Loading,
    Healed,
}

/// Somebody waits for tasks.
pub(super) struct Waiter {
    reply: Reply,
    tasks: Vec<TaskId>,
    aim: Aim,
    since: Instant,
}

impl Supervisor<'_> {
    /// Begins an operation.
    pub(super) fn asked(&mut self, operation: Operation, reply: Reply) {
        if self.stopping.is_some() {
            reply.refused(NOT_YET, "this instance is stopping");
            return;
        }
        match operation {
            Operation::Reload { accept, wait } => {
                if let Some(text) = accept.iter().find_map(|code| acceptable(code).err()) {
                    reply.refused(USAGE, text);
                    return;
                }
                self.start_anew = true;
                self.reload_asked = Some(AskedReload { accept, wait, reply, began: false });
                self.scan();
            }
            Operation::Plan => reply.done(self.plans()),
            Operation::Pause { pipeline } => self.pause(&pipeline, true, reply),
            Operation::Resume { pipeline, tables } if tables.is_empty() => {
                self.pause(&pipeline, false, reply);
            }
            Operation::Resume { pipeline, tables } => self.heal(&pipeline, &tables, reply),
            Operation::Resnapshot { pipeline, tables } => self.resnapshot(&pipeline, &tables, reply),
            Operation::Tap { pipeline, table, count } => self.tap(&pipeline, table.as_deref(), count, reply),
            // Answered before they come here.
            Operation::Status | Operation::Stop => reply.done(Value::Null),
        }
    }

    /// The plans that run and the tables each task carries, to compare files with.
    fn plans(&self) -> Value {
        let tables = |task: &Running| {
            let carried = task.shared.carried.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
            carried.iter().map(|table| json!([table.db, table.table])).collect::<Vec<_>>()
        };
        let tables: serde_json::Map<String, Value> =
            self.tasks.iter().map(|(id, task)| (id.to_string(), tables(task).into())).collect();
        let status = self.board.status();
        let position = |task: &TaskStatus| Some((task.task.clone(), task.position.clone()?.into()));
        let positions: serde_json::Map<String, Value> = status.tasks.iter().filter_map(position).collect();
        json!({ "generation": status.generation, "plan": self.plan, "tables": tables, "positions": positions })
    }

    /// The running tasks of a pipeline, or the refusal of whoever asked for them.
    fn tasks_of(&self, pipeline: &str, reply: Reply) -> Option<(Vec<TaskId>, Reply)> {
        let of = |id: &&TaskId| id.pipeline == pipeline;
        let declared: Vec<&TaskId> = self.plan.tasks.iter().map(|task| &task.id).filter(of).collect();
        if declared.is_empty() {
            let known: BTreeSet<&str> =
                self.plan.tasks.iter().map(|task| task.id.pipeline.as_str()).collect();
            let known: Vec<&str> = known.into_iter().collect();
            reply
                .refused(USAGE, format!("there is no pipeline `{pipeline}`; declared: {}", known.join(", ")));
            return None;
        }
        let lives =
            |id: &&TaskId| self.tasks.get(id).is_some_and(|task| task.exit.is_none() && !task.removed);
        let tasks: Vec<TaskId> = declared.into_iter().filter(lives).cloned().collect();
        if !tasks.is_empty() {
            return Some((tasks, reply));
        }
        let because = self.plan.paused().find(|(task, _)| task.id.pipeline == pipeline);
        let text = match because {
            Some((_, because)) => {
                format!("pipeline `{pipeline}` is paused by the files ({because}); take `paused` out of them")
            }
            None => format!(
                "no task of pipeline `{pipeline}` runs any more; `syncc status` tells why, and `syncc reload` starts those that have \
                 failed anew"
            ),
        };
        reply.refused(NOT_YET, text);
        None
    }

    fn pause(&mut self, pipeline: &str, pause: bool, reply: Reply) {
        let Some((tasks, reply)) = self.tasks_of(pipeline, reply) else { return };
        for task in tasks.iter().filter_map(|id| self.tasks.get(id)) {
            task.wish(|wishes| wishes.paused = Some(pause));
        }
        let aim = if pause { Aim::Paused } else { Aim::Resumed };
        self.waiters.push(Waiter { reply, tasks, aim, since: Instant::now() });
    }

    fn resnapshot(&mut self, pipeline: &str, tables: &[String], reply: Reply) {
        let Some((tasks, reply)) = self.tasks_of(pipeline, reply) else { return };
        let wanted = match self.tables_of(pipeline, &tasks, tables) {
            Ok(wanted) => wanted,
            Err(text) => return reply.refused(USAGE, text),
        };
        if let Some(table) = wanted.iter().find(|table| tasks.iter().any(|id| self.waits(id, table))) {
            let text = format!(
                "{table} waits for what keeps it to be mended; `syncc resume {pipeline} {table}` loads it anew then"
            );
            reply.refused(USAGE, text);
            return;
        }
        if wanted.is_empty() {
            reply.refused(USAGE, "no table is named");
            return;
        }
        let running = |id: &&TaskId| self.tasks.get(id).is_some_and(|task| task.status().state.sends());
        if let Some(still) = tasks.iter().find(|id| !running(id)) {
            let state = self.tasks.get(still).map_or("gone", |task| task.status().state.name());
            reply.refused(NOT_YET, format!("{still} is {state}; tables are loaded while it follows the log"));
            return;
        }
        for task in tasks.iter().filter_map(|id| self.tasks.get(id)) {
            task.wish(|wishes| {
                wishes.kept.clear();
                wishes.anew.extend(wanted.iter().cloned());
            });
        }
        self.waiters.push(Waiter { reply, tasks, aim: Aim::Loading, since: Instant::now() });
    }

    /// Tables that wait alone go on, in every task in which they wait.
    fn heal(&mut self, pipeline: &str, tables: &[String], reply: Reply) {
        let Some((tasks, reply)) = self.tasks_of(pipeline, reply) else { return };
        let wanted = match self.tables_of(pipeline, &tasks, tables) {
            Ok(wanted) => wanted,
            Err(text) => return reply.refused(USAGE, text),
        };
        if let Some(table) = wanted.iter().find(|table| !tasks.iter().any(|id| self.waits(id, table))) {
            let text = format!(
                "{table} does not wait; `syncc resnapshot {pipeline} {table}` loads a table that is sent"
            );
            reply.refused(USAGE, text);
            return;
        }
        for id in &tasks {
            let here: BTreeSet<TableName> =
                wanted.iter().filter(|table| self.waits(id, table)).cloned().collect();
            if let Some(task) = self.tasks.get(id).filter(|_| !here.is_empty()) {
                task.wish(|wishes| {
                    wishes.kept.clear();
                    wishes.heal.extend(here);
                });
            }
        }
        self.waiters.push(Waiter { reply, tasks, aim: Aim::Healed, since: Instant::now() });
    }

    /// The tables that are named, all of which the tasks send.
    fn tables_of(
        &self,
        pipeline: &str,
        tasks: &[TaskId],
        tables: &[String],
    ) -> Result<BTreeSet<TableName>, String> {
        let mut wanted = BTreeSet::new();
        for table in tables {
            let name =
                table_name(table).ok_or_else(|| format!("`{table}` is no table; write `database.table`"))?;
            let mut plans = tasks.iter().filter_map(|id| self.tasks.get(id));
            if !plans.all(|task| task.plan.selects(&name.db, &name.table)) {
                return Err(format!("pipeline `{pipeline}` does not send {table}"));
            }
            wanted.insert(name);
        }
        Ok(wanted)
    }

    /// True when the rows of a table wait in a task.
    fn waits(&self, id: &TaskId, table: &TableName) -> bool {
        let name = table.to_string();
        self.tasks.get(id).is_some_and(|task| task.status().parked.iter().any(|parked| parked.table == name))
    }

    fn tap(&mut self, pipeline: &str, table: Option<&str>, count: Option<u64>, reply: Reply) {
        let Some((tasks, reply)) = self.tasks_of(pipeline, reply) else { return };
        let name = table.and_then(table_name);
        if let (Some(table), None) = (table, &name) {
            reply.refused(USAGE, format!("`{table}` is no table; write `database.table`"));
            return;
        }
        if let (Some(table), Some(name)) = (table, &name)
            && !tasks
                .iter()
                .any(|id| self.tasks.get(id).is_some_and(|t| t.plan.selects(&name.db, &name.table)))
        {
            reply.refused(USAGE, format!("pipeline `{pipeline}` does not send {table}"));
            return;
        }
        let tap = Tap::new(name, count, reply);
        for task in tasks.iter().filter_map(|id| self.tasks.get(id)) {
            task.shared.taps.add(tap.clone());
        }
    }

    /// Answers those whose tasks have come to what was asked, and those who have waited long enough.
    pub(super) fn answer_waiters(&mut self) {
        for waiter in std::mem::take(&mut self.waiters) {
            let missing = waiter.tasks.iter().find(|id| !self.has_come_to(id, waiter.aim));
            match missing {
                None if waiter.aim == Aim::Healed && self.kept(&waiter.tasks).is_some() => {
                    let text = self.kept(&waiter.tasks).unwrap_or_default();
                    waiter.reply.refused(NOT_YET, text);
                }
                None if waiter.aim == Aim::Loading && self.missing(&waiter.tasks).is_some() => {
                    let text = self.missing(&waiter.tasks).unwrap_or_default();
                    waiter.reply.refused(USAGE, text);
                }
                None => {
                    let states: Vec<Value> = waiter.tasks.iter().map(|id| self.state_of(id)).collect();
                    waiter.reply.done(json!({ "tasks": states }));
                }
                Some(id) if waiter.since.elapsed() >= PATIENCE => {
                    let status = self.tasks.get(id).map(Running::status).unwrap_or_default();
                    let cause = status.error.map(|error| format!(" ({error})")).unwrap_or_default();
                    let text = format!(
                        "not done yet: {id} is {}{cause}; it is noted, and done as soon as the task can",
                        status.state.name()
                    );
                    waiter.reply.refused(NOT_YET, text);
                }
                Some(_) => self.waiters.push(waiter),
            }
        }
    }

    fn has_come_to(&self, id: &TaskId, aim: Aim) -> bool {
        let Some(task) = self.tasks.get(id).filter(|task| task.exit.is_none()) else { return true };
        let wishes = task.shared.orders.wishes();
        match aim {
            Aim::Paused => task.status().state == TaskState::Paused,
            Aim::Resumed => wishes.paused.is_none() && task.status().state != TaskState::Paused,
            Aim::Loading => wishes.anew.is_empty(),
            Aim::Healed => wishes.heal.is_empty(),
        }
    }

    /// What keeps tables waiting that were to go on.
    fn kept(&self, tasks: &[TaskId]) -> Option<String> {
        let tasks = tasks.iter().filter_map(|id| self.tasks.get(id));
        let kept: Vec<String> = tasks
            .flat_map(|task| task.shared.orders.wishes().kept)
            .map(|(table, cause)| format!("{table} still waits: {cause}"))
            .collect();
        (!kept.is_empty()).then(|| kept.join("; "))
    }

    /// What is said of tables that were to be loaded and that no source of the tasks has. What one of several sources has is loaded
    /// from there.
    fn missing(&self, tasks: &[TaskId]) -> Option<String> {
        let mut tasks = tasks.iter().filter_map(|id| self.tasks.get(id));
        let mut missing = tasks.next()?.shared.orders.wishes().kept;
        for task in tasks {
            let kept = task.shared.orders.wishes().kept;
            missing.retain(|table, _| kept.contains_key(table));
        }
        let told: Vec<String> = missing.iter().map(|(table, why)| format!("{table}: {why}")).collect();
        (!told.is_empty()).then(|| format!("{}; other tables that were named are loaded", told.join("; ")))
    }

    fn state_of(&self, id: &TaskId) -> Value {
        let state = self.tasks.get(id).map_or("stopped", |task| task.status().state.name());
        json!({ "task": id.to_string(), "state": state })
    }
}

fn table_name(text: &str) -> Option<TableName> {
    let (db, table) = text.split_once('.')?;
    (!db.is_empty() && !table.is_empty()).then(|| TableName::new(db, table))
}
