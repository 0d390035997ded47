//! The salts of a plan's masks, read when a life begins.

use crate::plan::{TaskPlan, io as secrets};
use crate::route::Salts;
use crate::run::context::Context;
use crate::run::failure::{Class, Failure};
use crate::statement::MaskMethod;
use std::path::PathBuf;

/// Finds every salt that a level of the plan names; also the files of which others may read one. A salt that is missing keeps
/// the task from starting, whichever tables it is for: without it values would go out under another hash.
pub(super) fn find(plan: &TaskPlan, context: &Context) -> Result<(Salts, Vec<PathBuf>), Failure> {
    let mut found = Vec::new();
    let mut open_files = Vec::new();
    for rule in plan.rules.layers.iter().flat_map(|layer| &layer.masks) {
        let MaskMethod::Sha256 { salt: Some(salt) } = &rule.method else { continue };
        if found.iter().any(|(known, _)| known == salt) {
            continue;
        }
        let secret = secrets::find(salt, &context.project)
            .map_err(|error| Failure::new(Class::Precheck, error.to_string()))?;
        open_files.extend(secret.open_file);
        found.push((salt.clone(), secret.value));
    }
    Ok((Salts::new(found), open_files))
}
