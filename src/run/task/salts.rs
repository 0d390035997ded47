//! The salts of a plan's masks, read when a life begins.

use crate::plan::{TaskPlan, io as secrets};
use crate::route::Salts;
use crate::run::context::Context;
use crate::run::failure::{Class, Failure};
use std::path::PathBuf;

/// Finds every salt that a level of the plan names; also the files of which others may read one. A salt that is missing keeps
/// the task from starting, whichever tables it is for: without it values would go out under another hash.
pub(super) fn find(plan: &TaskPlan, context: &Context) -> Result<(Salts, Vec<PathBuf>), Failure> {
    let (found, open_files) = secrets::salts(plan, &context.project)
        .map_err(|error| Failure::new(Class::Precheck, error.to_string()))?;
    Ok((Salts::new(found), open_files))
}
