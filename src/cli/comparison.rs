//! What the files change, compared with another state of the project: from texts alone, no server is asked.

use crate::plan::{Origins, Plan, PlanDiff, TaskId, diff, subjects};

/// Compares an old plan with a new one.
pub(super) fn compare(old: &Plan, new: &(Plan, Origins)) -> PlanDiff {
    let (plan, origins) = new;
    let of_task = |id: &TaskId| subjects(old.tasks.iter().chain(&plan.tasks).filter(|task| task.id == *id));
    diff(old, plan, origins, &of_task)
}
