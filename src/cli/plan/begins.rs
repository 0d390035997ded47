//! Where a task begins that has never run.

use crate::plan::TaskPlan;
use crate::plan::report::Begins;
use crate::run::start_place;
use crate::source::mysql::io::{self as mysql, Session, SourceFailure};
use crate::statement::Start;
use std::path::Path;

/// The place of a first start, for people. Only `start at` is looked up at the source: the end of the log moves on.
pub(super) fn first(task: &TaskPlan, project: &Path) -> Begins {
    let at = match &task.start {
        Start::Now => "the end of the log".to_owned(),
        Start::Snapshot(_) => "the end of the log, and loads existing rows".to_owned(),
        Start::At(_) => look_up(task, project)
            .unwrap_or_else(|failure| format!("`start at`, which cannot be looked up: {failure}")),
    };
    Begins { at, stored: false }
}

fn look_up(task: &TaskPlan, project: &Path) -> Result<String, SourceFailure> {
    let endpoint = mysql::resolve(&task.source, project)?.endpoint;
    let mut session = Session::open(&endpoint, None)?;
    let server = mysql::facts(&mut session)?;
    let found = start_place(task, &endpoint, &mut session, &server);
    session.quit();
    Ok(match found {
        Some(Ok(position)) => position.to_string(),
        Some(Err(finding)) => format!("`start at`, which is no place: {}", finding.message),
        None => "`start at`".to_owned(),
    })
}
