//! `check --env`: whether the variables and files that secrets come from are there. Nothing is started, no value is kept.

use crate::check::{ENV_UNSET, SECRET_FILE_OPEN};
use crate::diagnostic::Diagnostic;
use crate::hir;
use crate::plan::io::{SecretError, find};
use crate::project::Project;
use std::path::Path;

/// One finding per place that names what is not there.
pub(super) fn findings(project: &Project, directory: &Path) -> Vec<Diagnostic> {
    let (program, _) = hir::program(project);
    let mut findings = Vec::new();
    for used in program.needs() {
        let span = used.span;
        match find(&used.value, directory) {
            Ok(secret) => findings.extend(secret.open_file.map(|path| {
                let path = path.display();
                Diagnostic::warning(SECRET_FILE_OPEN, span, format!("others may read the secret file {path}"))
                    .help(format!("chmod 600 {path}"))
            })),
            Err(SecretError::Unset { name }) => findings.push(
                Diagnostic::error(ENV_UNSET, span, format!("the variable `{name}` is not set here"))
                    .label("a value is taken from it")
                    .help(format!("set `{name}` where syncc runs; `check` without --env does not need it")),
            ),
            Err(error @ SecretError::File { .. }) => {
                let cause = std::error::Error::source(&error);
                let cause = cause.map(|cause| format!(": {cause}")).unwrap_or_default();
                findings.push(
                    Diagnostic::error(ENV_UNSET, span, format!("{error}{cause}"))
                        .help("it must be there where syncc runs; `check` without --env does not need it"),
                );
            }
            Err(error @ SecretError::NotText { .. }) => {
                findings.push(Diagnostic::error(ENV_UNSET, span, error.to_string()));
            }
        }
    }
    findings
}
