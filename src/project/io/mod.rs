//! Reading a project from its directories, as one.
//!
//! Editors, `git` and ConfigMaps replace files in steps. What is read here was the same before and after reading, so no
//! half-saved project is ever compiled; a project that never rests is an error. Blocks on nothing but the disk: pipes and
//! devices are refused.

mod list;
mod open;
mod sweep;
mod used;
mod write;

pub use list::{Entry, Listing, list};
pub use open::{read_bytes, read_text};
pub use write::{replace_text, write_text};

use super::{Location, Project};
use std::io;
use std::path::{Path, PathBuf};
use sweep::Sweep;
use thiserror::Error;

/// How often a project is read anew when it changed meanwhile.
const TRIES: usize = 5;

/// Why a project could not be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The directory or a file of it cannot be read.
    #[error("{path} cannot be read")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The project directory holds no `*.sync` file.
    #[error("{directory} holds no `.sync` file")]
    Empty {
        /// Which.
        directory: PathBuf,
    },
    /// A pipe, a device, a socket or a directory where a file should be.
    #[error("{path} is no regular file")]
    NotRegular {
        /// Which.
        path: PathBuf,
    },
    /// A name that is not UTF-8.
    #[error("{path}: the name of a project file is UTF-8")]
    Name {
        /// Which, with signs in place of what is not UTF-8.
        path: PathBuf,
    },
    /// A file over the limit.
    #[error("{path} is larger than {limit_bytes} bytes")]
    FileTooLarge {
        /// Which.
        path: PathBuf,
        /// The limit.
        limit_bytes: u64,
    },
    /// More files than allowed.
    #[error("the project in {directory} has more than {limit} `.sync` files")]
    TooManyFiles {
        /// Which.
        directory: PathBuf,
        /// The limit.
        limit: usize,
    },
    /// All files together are over the limit.
    #[error("the `.sync` files of the project in {directory} are larger than {limit_bytes} bytes together")]
    TooLarge {
        /// Which.
        directory: PathBuf,
        /// The limit.
        limit_bytes: u64,
    },
    /// The files were different every time they were looked at.
    #[error("the files in {directory} keep changing")]
    KeepsChanging {
        /// Which.
        directory: PathBuf,
    },
}

/// A project, and where it was read.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The files.
    pub project: Project,
    /// Its directories as they are named, links and all: the project's own first. What to watch.
    pub directories: Vec<PathBuf>,
    /// What they looked like; compare it with a later one to learn whether anything changed.
    pub listings: Vec<Listing>,
}

/// A text in place of that of a file in the project directory, which need not exist.
#[derive(Debug, Clone, Copy)]
pub struct Overlay<'a> {
    /// Name of the file.
    pub name: &'a str,
    /// What it holds.
    pub bytes: &'a [u8],
    /// It is a project of its own: the other files of the directory are left out.
    pub alone: bool,
}

/// Reads a project.
///
/// # Errors
///
/// When a directory or a file cannot be read, a limit of `project` is passed, there is no `.sync` file, or the files keep
/// changing while they are read. A `use` that adds nothing is no error: the project says so.
pub fn read(location: &Location) -> Result<Reading, ReadError> {
    read_as_one(location, None, read_bytes)
}

/// [`read`] with a text that is not saved yet.
///
/// # Errors
///
/// Those of [`read`].
pub fn read_with(location: &Location, overlay: Overlay<'_>) -> Result<Reading, ReadError> {
    read_as_one(location, Some(overlay), read_bytes)
}

/// [`read`] with the reading of the texts as a parameter, so that a test can change files in between.
fn read_as_one(
    location: &Location,
    overlay: Option<Overlay<'_>>,
    mut read_bytes: impl FnMut(&Path) -> Result<Vec<u8>, ReadError>,
) -> Result<Reading, ReadError> {
    let mut last = None;
    for _ in 0..TRIES {
        let mut sweep = Sweep::new(location, overlay)?;
        let swept = sweep.run(&mut read_bytes);
        // An error counts only when the files rested: a file may vanish between listing and reading.
        match (sweep.rested(), swept) {
            (true, Ok(())) => return Ok(sweep.reading()),
            (true, Err(error)) => return Err(error),
            (false, swept) => last = swept.err(),
        }
    }
    Err(last.unwrap_or(ReadError::KeepsChanging { directory: location.directory.clone() }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().expect("a temporary directory");
        for (name, text) in files {
            fs::write(directory.path().join(name), text).expect("a file is written");
        }
        directory
    }

    #[test]
    fn reads_project_files_in_order_of_names() {
        let dir = directory(&[("b.sync", "b"), ("a.test.sync", "t"), (".a.sync", "x"), ("a.sync~", "x")]);
        fs::create_dir(dir.path().join("inner")).expect("a directory");
        fs::write(dir.path().join("inner/c.sync"), "c").expect("a file");
        let project = read(&Location::new(dir.path())).expect("a project").project;
        let paths: Vec<_> = project.files.ids().map(|id| project.files.path(id)).collect();
        assert_eq!(paths, ["a.test.sync", "b.sync"]);
        assert_eq!(project.tests().map(|id| project.files.text(id)).collect::<Vec<_>>(), ["t"]);
    }

    #[test]
    fn follows_links_as_config_maps_have_them() {
        let dir = directory(&[]);
        let at = |name: &str| dir.path().join(name);
        fs::create_dir(at("..one")).expect("a directory");
        fs::write(at("..one/a.sync"), "one").expect("a file");
        std::os::unix::fs::symlink("..one", at("..data")).expect("a link");
        std::os::unix::fs::symlink("..data/a.sync", at("a.sync")).expect("a link");
        let first = read(&Location::new(dir.path())).expect("a project");
        assert_eq!(first.project.files.text(crate::text::FileId(0)), "one");

        fs::create_dir(at("..two")).expect("a directory");
        fs::write(at("..two/a.sync"), "two").expect("a file");
        std::os::unix::fs::symlink("..two", at("..data_tmp")).expect("a link");
        fs::rename(at("..data_tmp"), at("..data")).expect("the link is replaced");
        let second = read(&Location::new(dir.path())).expect("a project");
        assert_eq!(second.project.files.text(crate::text::FileId(0)), "two");
        assert_ne!(first.listings, second.listings);
    }

    #[test]
    fn refuses_what_is_no_file() {
        let dir = directory(&[]);
        rustix::fs::mkfifoat(rustix::fs::CWD, dir.path().join("a.sync"), rustix::fs::Mode::RUSR)
            .expect("a pipe is made");
        assert!(matches!(read(&Location::new(dir.path())), Err(ReadError::NotRegular { .. })));
        assert!(matches!(read(&Location::new(dir.path().join("none"))), Err(ReadError::Unreadable { .. })));
        let empty = directory(&[("notes.txt", "")]);
        assert!(matches!(read(&Location::new(empty.path())), Err(ReadError::Empty { .. })));
    }

    #[test]
    fn bytes_that_are_no_text_are_kept_apart() {
        let dir = directory(&[]);
        fs::write(dir.path().join("a.sync"), b"a \xff b").expect("a file");
        let project = read(&Location::new(dir.path())).expect("a project").project;
        assert_eq!(project.files.text(crate::text::FileId(0)), "a \u{FFFD} b");
    }

    #[test]
    fn large_files_are_refused() {
        let dir = directory(&[]);
        fs::write(dir.path().join("a.sync"), vec![b' '; 1 << 20]).expect("a file");
        assert!(read(&Location::new(dir.path())).is_ok());
        fs::write(dir.path().join("a.sync"), vec![b' '; (1 << 20) + 1]).expect("a file");
        assert!(matches!(read(&Location::new(dir.path())), Err(ReadError::FileTooLarge { .. })));
    }

    #[test]
    fn reads_anew_when_files_change_meanwhile() {
        let dir = directory(&[("a.sync", "one")]);
        let location = Location::new(dir.path());
        let mut n = 0;
        let reading = read_as_one(&location, None, |path| {
            n += 1;
            if n == 1 {
                fs::write(dir.path().join("b.sync"), "two").expect("a file");
            }
            read_bytes(path)
        });
        assert_eq!((n, reading.expect("a project").project.files.len()), (3, 2));

        let mut n = 0;
        let restless = read_as_one(&location, None, |path| {
            n += 1;
            fs::write(dir.path().join("a.sync"), "x".repeat(n)).expect("a file");
            read_bytes(path)
        });
        assert!(matches!(restless, Err(ReadError::KeepsChanging { .. })));
        // Both files, every time.
        assert_eq!(n, 2 * TRIES);
    }

    #[test]
    fn a_text_that_is_not_saved_stands_for_the_file() {
        let dir = directory(&[("a.sync", "saved"), ("b.sync", "b")]);
        let read = |name, text: &str, alone| {
            let overlay = Overlay { name, bytes: text.as_bytes(), alone };
            let reading = read_with(&Location::new(dir.path()), overlay).expect("a project");
            let files = reading.project.files;
            files.ids().map(|id| format!("{} {}", files.path(id), files.text(id))).collect::<Vec<_>>()
        };
        assert_eq!(read("a.sync", "new", false), ["a.sync new", "b.sync b"]);
        assert_eq!(read("c.sync", "new", false), ["a.sync saved", "b.sync b", "c.sync new"]);
        assert_eq!(read("c.sync", "new", true), ["c.sync new"]);
        let empty = directory(&[]);
        assert!(
            read_with(&Location::new(empty.path()), Overlay { name: "a.sync", bytes: b"x", alone: false })
                .is_ok()
        );
    }
}
