//! `schema set` for the tasks of a project: none of them may run meanwhile.

use super::Options;
use super::supervisor::context;
use super::task::{Shared, Task};
use crate::mysql::position::BinlogPosition;
use crate::mysql::schema::TableName;
use crate::plan::{Plan, TaskPlan};
use crossbeam_channel::bounded;
use std::sync::Arc;

/// Stores what the CREATE TABLE statement `text` makes as the columns of `table` from `at` on, for every task of `plan` that selects
/// it. What was done, a line for each.
///
/// # Errors
/// Exit code and reason: an instance that runs, a place that a task has passed, a text that makes another table or none, servers that
/// do not answer.
pub fn give_schema(
    options: &Options,
    plan: &Plan,
    table: &TableName,
    at: &BinlogPosition,
    text: &str,
) -> Result<Vec<String>, (u8, String)> {
    let selects = |task: &&TaskPlan| task.selects(&table.db, &table.table);
    let tasks: Vec<&TaskPlan> = plan.running().filter(selects).collect();
    if tasks.is_empty() {
        return Err((2, format!("no pipeline selects {table}")));
    }
    let path = options.state_path();
    let context = context(options, &path).map_err(|failure| (failure.exit_code(), failure.text))?;
    let mut done = Vec::new();
    for plan in tasks {
        let mut task =
            Task::new(Arc::new(plan.clone()), None, context.clone(), bounded(1), Shared::default());
        let line =
            task.give_schema(table, at, text).map_err(|failure| (failure.exit_code(), failure.text))?;
        done.push(line);
    }
    Ok(done)
}
