//! Where a `use` leads.

use super::{Listing, ReadError, list, read_text};
use crate::ast;
use crate::mysql::ddl::created_tables;
use crate::project::{Location, Root, Schema, Unfound, Why};
use crate::statement::closest;
use crate::syntax;
use crate::text::FileId;
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

/// What a `use` adds.
pub(super) enum Used {
    /// A directory with project files.
    Directory(Listing),
    /// Nothing.
    Nothing(Unfound),
}

/// The paths that a file's `use` statements name. Most files have none, and are not parsed for it.
pub(super) fn uses(id: FileId, text: &str) -> Vec<String> {
    let begins_use = |line: &str| {
        let rest = line.trim_start_matches([' ', '\t', '\u{FEFF}']).strip_prefix("use");
        // `user` is a statement of its own, and more frequent.
        rest.is_some_and(|rest| !rest.starts_with(|sign: char| sign.is_alphanumeric()))
    };
    if text.lines().any(begins_use) { ast::uses(&syntax::parse(id, text), text) } else { Vec::new() }
}

/// The paths that the `schema` statements of a file with tests name.
pub(super) fn schemas(id: FileId, text: &str) -> Vec<String> {
    ast::schemas(&syntax::parse(id, text), text)
}

/// Reads the script that a `schema` in `directory` names; `directory` has no links in it.
pub(super) fn schema(directory: &Path, path: &str, root: &Root) -> Schema {
    let real = match fs::canonicalize(directory.join(path)) {
        Ok(real) => real,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Schema::Missing;
        }
        Err(error) => return Schema::Unreadable(error.to_string()),
    };
    let (Root::Given(limit) | Root::Git(limit) | Root::Parent(limit)) = root;
    if !real.starts_with(limit) {
        return Schema::Outside;
    }
    match read_text(&real) {
        Ok(script) => match created_tables(&script) {
            Some(tables) => Schema::Tables(tables),
            None => Schema::Unreadable("a quote or a comment in it is not closed".to_owned()),
        },
        Err(ReadError::Unreadable { source, .. }) => Schema::Unreadable(source.to_string()),
        Err(ReadError::FileTooLarge { limit_bytes, .. }) => {
            Schema::Unreadable(format!("it is larger than {limit_bytes} bytes; a dump without rows will do"))
        }
        Err(_) => Schema::Unreadable("it is no regular file".to_owned()),
    }
}

/// The directory that no `use` may leave. `directory` is the project's, with all links resolved.
pub(super) fn root(location: &Location, directory: &Path) -> Result<Root, ReadError> {
    if let Some(root) = &location.root {
        return match fs::canonicalize(root) {
            Ok(root) => Ok(Root::Given(root)),
            Err(source) => Err(ReadError::Unreadable { path: root.clone(), source }),
        };
    }
    let git = directory.ancestors().find(|above| above.join(".git").exists());
    Ok(match git {
        Some(git) => Root::Git(git.to_owned()),
        None => Root::Parent(directory.parent().unwrap_or(directory).to_owned()),
    })
}

/// Follows a path from `directory`, which has no links in it.
pub(super) fn find(directory: &Path, path: &str, root: &Root) -> Used {
    let nothing = |why, near| Used::Nothing(Unfound { why, near });
    let full = directory.join(path);
    let real = match fs::canonicalize(&full) {
        Ok(real) => real,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return nothing(Why::Missing, near(&full, path));
        }
        Err(error) => return nothing(Why::Unreadable(error.to_string()), None),
    };
    let (Root::Given(limit) | Root::Git(limit) | Root::Parent(limit)) = root;
    if !real.starts_with(limit) {
        return nothing(Why::Outside { real, root: root.clone() }, None);
    }
    if !real.is_dir() {
        return nothing(Why::NotADirectory, None);
    }
    match list(&real) {
        Ok(listing) if listing.is_empty() => nothing(Why::Empty, None),
        Ok(listing) => Used::Directory(listing),
        Err(ReadError::Unreadable { source, .. }) => nothing(Why::Unreadable(source.to_string()), None),
        Err(error) => nothing(Why::Unreadable(error.to_string()), None),
    }
}

/// A directory beside the missing one, with a name like it.
fn near(missing: &Path, path: &str) -> Option<String> {
    let (before, wanted) = match path.trim_end_matches('/').rsplit_once('/') {
        Some((before, wanted)) => (format!("{before}/"), wanted),
        None => (String::new(), path),
    };
    let beside = fs::read_dir(missing.parent()?).ok()?.flatten();
    let names: Vec<String> = beside
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.'))
        .collect();
    closest(wanted, names.iter().map(String::as_str)).map(|name| format!("{before}{name}"))
}

/// How the files of `directory` are shown in a project: the way to it from the project directory, with a `/` behind it; empty
/// for that itself. Both have no links in them.
pub(super) fn relative(project: &Path, directory: &Path) -> String {
    let common = project.components().zip(directory.components()).take_while(|(a, b)| a == b).count();
    let up = project.components().count() - common;
    let mut way: PathBuf = std::iter::repeat_n(Component::ParentDir, up).collect();
    way.extend(directory.components().skip(common));
    match way.to_string_lossy() {
        way if way.is_empty() => String::new(),
        way => format!("{way}/"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;
    use std::os::unix::fs::symlink;

    /// Directories with files, below a root without `.git` above it that could matter.
    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().expect("a temporary directory");
        fs::create_dir(dir.path().join(".git")).expect("writable");
        for (path, text) in files {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().expect("a file lies in a directory")).expect("writable");
            fs::write(path, text).expect("writable");
        }
        dir
    }

    /// Paths of the project `prod`, and what is said about its uses.
    fn read_prod(dir: &Path, root: Option<&str>) -> (Vec<String>, Vec<String>) {
        let root = root.map(|root| dir.join(root));
        let location = Location { root, ..Location::new(dir.join("prod")) };
        let project = read(&location).expect("a project").project;
        let paths = project.files.ids().map(|id| project.files.path(id).to_owned()).collect();
        let span = |id: FileId| crate::text::Span::new(id, 0, 0);
        let told = project.uses.iter().filter_map(|((id, path), unfound)| {
            let finding = unfound.as_ref()?.finding(path, span(*id));
            let near = finding.primary.map(|label| label.text).unwrap_or_default();
            Some(format!("{}: {}; {near}", project.files.path(*id), finding.message))
        });
        (paths, told.collect())
    }

    #[test]
    fn a_directory_is_added_once_in_whatever_circle() {
        let dir = tree(&[
            ("prod/main.sync", "edition 2026\nuse \"../platform\"\nuse \"../platform/\"\n"),
            ("prod/z.sync", "edition 2026\n\n  use \"../platform/../platform\"\n"),
            ("platform/kafka.sync", "edition 2026\nuse \"../prod\"\nuse \"base\"\n"),
            ("platform/base/users.sync", "edition 2026\nuse \"..\"\nuse \".\"\n"),
        ]);
        symlink(dir.path().join("platform"), dir.path().join("link")).expect("a link");
        fs::write(dir.path().join("prod/l.sync"), "edition 2026\nuse \"../link\"\n").expect("writable");
        let (paths, told) = read_prod(dir.path(), None);
        assert_eq!(
            paths,
            ["l.sync", "main.sync", "z.sync", "../platform/kafka.sync", "../platform/base/users.sync"]
        );
        assert_eq!(told, [""; 0]);
    }

    #[test]
    fn what_cannot_be_added_is_told() {
        let dir = tree(&[
            (
                "prod/main.sync",
                "edition 2026\nuse \"../platfrom\"\nuse \"../platform/kafka.sync\"\nuse \"../empty\"\nuse \"/etc\"\n\
                 use \"../out\"\n",
            ),
            ("platform/kafka.sync", "edition 2026\n"),
            ("empty/readme.txt", ""),
        ]);
        let outside = tree(&[("a.sync", "edition 2026\n")]);
        symlink(outside.path(), dir.path().join("out")).expect("a link");
        let (paths, told) = read_prod(dir.path(), None);
        assert_eq!(paths, ["main.sync"]);
        assert_eq!(
            told,
            [
                "main.sync: the directory `../empty` holds no `.sync` file; ",
                "main.sync: `../out` lies outside of the project root; ",
                "main.sync: `../platform/kafka.sync` is no directory; ",
                "main.sync: there is no directory `../platfrom`; did you mean `../platform`?",
                "main.sync: `/etc` lies outside of the project root; ",
            ]
        );
    }

    #[test]
    fn the_root_is_what_is_said_or_found() {
        let dir = tree(&[
            ("prod/main.sync", "edition 2026\nuse \"../platform\"\n"),
            ("platform/kafka.sync", "edition 2026\n"),
        ]);
        let told = |root| read_prod(dir.path(), root).1;
        assert_eq!(told(None), [""; 0]);
        assert_eq!(told(Some(".")), [""; 0]);
        let outside = "main.sync: `../platform` lies outside of the project root; ";
        assert_eq!(told(Some("prod")), [outside]);
        // A repository of its own ends at itself.
        fs::create_dir(dir.path().join("prod/.git")).expect("writable");
        assert_eq!(told(None), [outside]);
        fs::remove_dir(dir.path().join("prod/.git")).expect("writable");
        fs::remove_dir(dir.path().join(".git")).expect("writable");
        assert_eq!(told(None), [""; 0], "the parent of the project directory");
    }

    #[test]
    fn a_way_is_shown_from_the_project() {
        let check = |project, directory, shown| {
            assert_eq!(relative(Path::new(project), Path::new(directory)), shown);
        };
        check("/r/prod", "/r/prod", "");
        check("/r/prod", "/r/platform", "../platform/");
        check("/r/a/prod", "/r", "../../");
        check("/r/prod", "/r/prod/inner", "inner/");
    }
}
