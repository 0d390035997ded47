//! Paths of project files as one opens them from the working directory.

use crate::text::FileSet;
use std::borrow::Cow;
use std::fs;
use std::path::{Component, Path, PathBuf};

/// What standard input is called where it stands for no file.
pub(super) const STDIN: &str = "<stdin>";

/// The files of the project in `directory`, under paths that lead to them from here.
pub(super) fn from_here<'f>(files: &'f FileSet, directory: &Path) -> Cow<'f, FileSet> {
    if directory == Path::new(".") {
        return Cow::Borrowed(files);
    }
    Cow::Owned(files.with_paths(|path| if path == STDIN { path.to_owned() } else { joined(directory, path) }))
}

fn joined(directory: &Path, path: &str) -> String {
    let whole = directory.join(path);
    let short = without_detours(&whole);
    // Behind a link, `..` leads elsewhere than its name says.
    let is_same = !path.starts_with("..")
        || fs::canonicalize(&whole).is_ok_and(|real| fs::canonicalize(&short).is_ok_and(|it| it == real));
    if is_same { short } else { whole }.display().to_string()
}

/// Without `.`, and without `..` together with the name before it.
fn without_detours(path: &Path) -> PathBuf {
    let mut short = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(short.components().next_back(), Some(Component::Normal(_))) => {
                short.pop();
            }
            part => short.push(part),
        }
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_the_file() {
        let root = tempfile::tempdir().expect("a temporary directory");
        let root = fs::canonicalize(root.path()).expect("it is there");
        for directory in ["deep/prod", "platform", "deep/platform"] {
            fs::create_dir_all(root.join(directory)).expect("a directory");
            fs::write(root.join(directory).join("a.sync"), "").expect("a file");
        }
        std::os::unix::fs::symlink("deep/prod", root.join("prod")).expect("a link");
        let check = |directory: &str, path: &str, expected: &str| {
            let shown = joined(&root.join(directory), path);
            assert_eq!(Path::new(&shown), root.join(expected));
            assert!(Path::new(&shown).exists(), "{shown}");
        };
        check("./deep/prod", "a.sync", "deep/prod/a.sync");
        check("deep/prod", "../platform/a.sync", "deep/platform/a.sync");
        check("prod", "../platform/a.sync", "prod/../platform/a.sync");
        assert_eq!(joined(Path::new("./prod"), "a.sync"), "prod/a.sync");
        assert_eq!(joined(Path::new("../prod"), "a.sync"), "../prod/a.sync");
    }
}
