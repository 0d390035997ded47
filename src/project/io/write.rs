//! Writing one file.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Replaces the text of a file in one step, so that a reader sees the old text or the new one and never a part.
/// Links are followed; the permissions stay.
///
/// # Errors
///
/// When the file, or another one beside it, cannot be written.
pub fn replace_text(path: &Path, text: &str) -> io::Result<()> {
    let real = fs::canonicalize(path)?;
    let permissions = fs::metadata(&real)?.permissions();
    in_one_step(&real, text, Some(permissions))
}

/// The same for a file that need not be there; a new one has the permissions that new files have.
///
/// # Errors
///
/// When the file, or another one beside it, cannot be written.
pub fn write_text(path: &Path, text: &str) -> io::Result<()> {
    match replace_text(path, text) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => in_one_step(path, text, None),
        written => written,
    }
}

fn in_one_step(real: &Path, text: &str, permissions: Option<fs::Permissions>) -> io::Result<()> {
    let name = real.file_name().unwrap_or_default().to_string_lossy();
    // A leading dot keeps watchers of the directory from taking it for a project file.
    let beside = real.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let written = (|| {
        let mut file = fs::File::create_new(&beside)?;
        file.write_all(text.as_bytes())?;
        if let Some(permissions) = permissions {
            file.set_permissions(permissions)?;
        }
        file.sync_all()?;
        fs::rename(&beside, real)
    })();
    if written.is_err() {
        // What went wrong is worth more than that the rest could not be cleared away.
        let _ = fs::remove_file(&beside);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_new_file_appears_whole() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        for text in ["one", "two"] {
            write_text(&dir.path().join("new"), text).expect("the file is written");
            assert_eq!(fs::read_to_string(dir.path().join("new")).expect("a file"), text);
        }
        assert_eq!(fs::read_dir(dir.path()).expect("a directory").count(), 1);
    }

    #[test]
    fn keeps_links_and_permissions() {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let (real, link) = (dir.path().join("real.sync"), dir.path().join("link.sync"));
        fs::write(&real, "old").expect("a file");
        fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).expect("permissions");
        std::os::unix::fs::symlink("real.sync", &link).expect("a link");
        replace_text(&link, "new").expect("the file is replaced");
        assert_eq!(fs::read_to_string(&real).expect("a file"), "new");
        assert!(fs::symlink_metadata(&link).expect("a link").is_symlink());
        assert_eq!(fs::metadata(&real).expect("a file").permissions().mode() & 0o777, 0o640);
        assert_eq!(fs::read_dir(dir.path()).expect("a directory").count(), 2);
    }
}
