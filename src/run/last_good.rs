//! `run --last-good`: what ran last goes on where the files have errors.
//!
//! The state directory keeps the plan of the last generation; what each of its tasks has recorded with its position counts
//! more, since another instance may have run it meanwhile. A task that nothing is recorded of is left out.

use super::Options;
use super::context::Context;
use super::event::{Event, Name};
use super::failure::{Class, Failure};
use super::precheck;
use super::state_dir::StateDir;
use super::task::edit;
use crate::plan::Plan;
use std::path::Path;

/// The plan that ran last.
///
/// # Errors
/// None was kept, or the targets do not tell what was recorded.
pub(super) fn plan(options: &Options, state: &Path) -> Result<Plan, Failure> {
    let context = Context::new(options.project.directory.clone(), StateDir::look(state));
    let kept = context.state.kept_plan().ok_or_else(|| {
        let text = format!(
            "--last-good: the state directory {} keeps no plan of a former run. A run keeps there what it runs, so the directory \
             has to outlive the process: name it with --state, in a container a place on a volume. Without it, as for a first \
             start, the files have to be right",
            state.display()
        );
        Failure::new(Class::Usage, text)
    })?;
    let mut tasks = Vec::new();
    for task in kept.tasks {
        let stored = edit::read(&task, &context)?;
        let newest = stored.plans.values().next_back().and_then(precheck::unpack);
        match newest.filter(|_| stored.retired.is_none()) {
            Some(recorded) => tasks.push(recorded),
            None if task.paused.is_some() => tasks.push(task),
            None => {
                Event::warn(Name::ConfigStale, "nothing is recorded of it: it does not run")
                    .task(&task.id)
                    .emit();
            }
        }
    }
    Ok(Plan { tasks, ..kept })
}
