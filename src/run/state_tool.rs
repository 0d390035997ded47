//! State of tasks for people: read, exported, set, forgotten. The only way to edit it by hand.

use super::context::Context;
use super::failure::Failure;
use super::precheck;
use super::state_dir::StateDir;
use super::task::edit;
use crate::mysql::position::Position;
use crate::mysql::schema::TableName;
use crate::plan::TaskPlan;
use crate::project::Location;
use std::path::Path;

/// Why a state could not be read or changed.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct StateToolError {
    /// Exit code for it.
    pub exit: u8,
    /// What happened, and what to do.
    pub text: String,
}

impl From<Failure> for StateToolError {
    fn from(failure: Failure) -> StateToolError {
        StateToolError { exit: failure.exit_code(), text: failure.text }
    }
}

/// A record as it is stored: key and value.
pub type Stored = (Vec<u8>, Vec<u8>);

/// The records of a task, key and value as they are stored. Nobody is disturbed by it.
///
/// # Errors
/// The target cannot be reached, or holds something that cannot be read.
pub fn state_records(
    project: &Location,
    state: &Path,
    plan: &TaskPlan,
) -> Result<Vec<Stored>, StateToolError> {
    let context = Context::new(project.directory.clone(), StateDir::look(state));
    Ok(edit::read(plan, &context)?.encode())
}

/// What is stored of a task that ran.
pub struct Recorded {
    /// The plan it ran last.
    pub plan: TaskPlan,
    /// Tables it carried.
    pub tables: Vec<TableName>,
    /// Where it has come to; none before its first commit.
    pub position: Option<Position>,
}

/// What is stored of a task; none when nothing is.
///
/// # Errors
/// As [`state_records`].
pub fn recorded(
    project: &Location,
    state: &Path,
    plan: &TaskPlan,
) -> Result<Option<Recorded>, StateToolError> {
    let context = Context::new(project.directory.clone(), StateDir::look(state));
    let stored = edit::read(plan, &context)?;
    let newest = stored.plans.values().next_back().and_then(precheck::unpack);
    let position = stored.pos.map(|pos| pos.position);
    Ok(newest.map(|plan| Recorded { plan, tables: stored.snaps.into_keys().collect(), position }))
}

/// Lets a task go on at another position; where it was and where it is now come back, for people.
///
/// # Errors
/// Somebody runs the task, the text names no position of its server, or the target fails.
pub fn set_position(
    project: &Location,
    state: &Path,
    plan: &TaskPlan,
    position: &str,
) -> Result<(String, String), StateToolError> {
    let (from, to) = edit::set_position(plan, position, &locked(project, state)?)?;
    Ok((from.to_string(), to.to_string()))
}

/// Forgets what is stored about a task: its next start is a first one.
///
/// # Errors
/// Somebody runs the task, or the target fails.
pub fn forget(project: &Location, state: &Path, plan: &TaskPlan) -> Result<(), StateToolError> {
    Ok(edit::forget(plan, &locked(project, state)?)?)
}

fn locked(project: &Location, state: &Path) -> Result<Context, Failure> {
    Ok(Context::new(project.directory.clone(), StateDir::open(state)?))
}
