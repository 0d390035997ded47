//! Secrets, from the environment or a file. Their values go to whoever logs in, and nowhere else.

use crate::plan::{SecretRef, TaskPlan};
use crate::statement::MaskMethod;
use secrecy::SecretString;
use std::path::{Path, PathBuf};

/// A secret, and what is to be said about where it was found.
#[derive(Debug)]
pub struct Secret {
    /// The value; `Debug` hides it.
    pub value: SecretString,
    /// The file it stands in, when others than its owner may read that.
    pub open_file: Option<PathBuf>,
}

/// Why there is no secret. Names the place, never a value.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// No such variable (S0305).
    #[error("S0305: the environment variable `{name}` is not set; it has to hold a secret")]
    Unset {
        /// Its name.
        name: String,
    },
    /// The variable or file holds no UTF-8.
    #[error("the secret in {place} is no UTF-8 text")]
    NotText {
        /// Where.
        place: String,
    },
    /// The file cannot be read.
    #[error("the secret file `{}` cannot be read", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Salts with the places that they were found at, and the files of which others than their owner may read one.
pub type FoundSalts = (Vec<(SecretRef, SecretString)>, Vec<PathBuf>);

/// Finds every salt that the masks of a plan name.
///
/// # Errors
/// As [`find`].
pub fn salts(plan: &TaskPlan, project: &Path) -> Result<FoundSalts, SecretError> {
    let mut found: Vec<(SecretRef, SecretString)> = Vec::new();
    let mut open_files = Vec::new();
    for rule in plan.rules.layers.iter().flat_map(|layer| &layer.masks) {
        let MaskMethod::Sha256 { salt: Some(salt) } = &rule.method else { continue };
        if found.iter().any(|(known, _)| known == salt) {
            continue;
        }
        let secret = find(salt, project)?;
        open_files.extend(secret.open_file);
        found.push((salt.clone(), secret.value));
    }
    Ok((found, open_files))
}

/// Finds a secret; relative paths begin at `project`. One line end at the end of a file is not part of it.
///
/// # Errors
/// The variable is missing, the file cannot be read, or it is no text.
pub fn find(reference: &SecretRef, project: &Path) -> Result<Secret, SecretError> {
    match reference {
        SecretRef::Env(name) => match std::env::var(name) {
            Ok(value) => Ok(Secret { value: SecretString::from(value), open_file: None }),
            Err(std::env::VarError::NotPresent) => Err(SecretError::Unset { name: name.clone() }),
            Err(std::env::VarError::NotUnicode(_)) => {
                Err(SecretError::NotText { place: format!("variable `{name}`") })
            }
        },
        SecretRef::File(file) => {
            let path = project.join(file);
            let bytes =
                std::fs::read(&path).map_err(|source| SecretError::File { path: path.clone(), source })?;
            let text = String::from_utf8(bytes)
                .map_err(|_| SecretError::NotText { place: format!("file `{}`", path.display()) })?;
            let line = text.strip_suffix('\n').unwrap_or(&text);
            let line = line.strip_suffix('\r').unwrap_or(line);
            let open_file = others_may_read(&path).then_some(path);
            Ok(Secret { value: SecretString::from(line.to_owned()), open_file })
        }
    }
}

#[cfg(unix)]
fn others_may_read(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o044 != 0)
}

#[cfg(not(unix))]
fn others_may_read(_: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn one_line_end_is_not_part_of_a_secret() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        std::fs::write(dir.path().join("pw"), "hunter2\n\n").expect("writable");
        let secret = find(&SecretRef::File("pw".into()), dir.path()).expect("it is there");
        assert_eq!(secret.value.expose_secret(), "hunter2\n");
        assert!(!format!("{secret:?}").contains("hunter2"));
    }

    #[test]
    fn what_is_missing_is_named() {
        let unset = find(&SecretRef::Env("SYNCC_NO_SUCH_VARIABLE".into()), Path::new("."));
        assert!(unset.is_err_and(|error| error.to_string().contains("SYNCC_NO_SUCH_VARIABLE")));
        let missing = find(&SecretRef::File("no/such/file".into()), Path::new("/"));
        assert!(missing.is_err_and(|error| error.to_string().contains("/no/such/file")));
    }
}
