//! Reading a project from a directory, as one.
//!
//! Editors, `git` and ConfigMaps replace files in steps. What is read here was the same before and after reading, so no
//! half-saved project is ever compiled; a project that never rests is an error. Blocks on nothing but the disk: pipes and
//! devices are refused.

mod list;
mod open;
mod write;

pub use list::{Entry, Listing, list};
pub use open::read_text;
pub use write::replace_text;

use super::{FILES_MAX, PROJECT_BYTES_MAX, Project};
use crate::text::FileSet;
use std::io;
use std::path::{Path, PathBuf};
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
    /// The directory holds no `*.sync` file.
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
    #[error("{directory} holds more than {limit} `.sync` files")]
    TooManyFiles {
        /// Which.
        directory: PathBuf,
        /// The limit.
        limit: usize,
    },
    /// All files together are over the limit.
    #[error("the `.sync` files in {directory} are larger than {limit_bytes} bytes together")]
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

/// A project, and what the directory looked like when it was read.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The files.
    pub project: Project,
    /// Compare it with a later one to learn whether anything changed.
    pub listing: Listing,
}

/// Reads the project in `directory`.
///
/// # Errors
///
/// When the directory or a file cannot be read, a limit of `project` is passed, there is no `.sync` file, or the files keep
/// changing while they are read.
pub fn read(directory: &Path) -> Result<Reading, ReadError> {
    read_as_one(directory, read_files)
}

/// [`read`] with the reading of the texts as a parameter, so that a test can change files in between.
fn read_as_one(
    directory: &Path,
    mut read_files: impl FnMut(&Listing) -> Result<FileSet, ReadError>,
) -> Result<Reading, ReadError> {
    let mut last = None;
    for _ in 0..TRIES {
        let before = list(directory)?;
        if before.entries.is_empty() {
            return Err(ReadError::Empty { directory: directory.to_owned() });
        }
        let files = read_files(&before);
        let after = list(directory)?;
        if before == after {
            // An error counts only when the files rested: a file may vanish between listing and reading.
            return files.map(|files| Reading { project: Project { files }, listing: after });
        }
        last = files.err();
    }
    Err(last.unwrap_or(ReadError::KeepsChanging { directory: directory.to_owned() }))
}

fn read_files(listing: &Listing) -> Result<FileSet, ReadError> {
    if listing.entries.len() > FILES_MAX {
        return Err(ReadError::TooManyFiles { directory: listing.directory.clone(), limit: FILES_MAX });
    }
    let mut files = FileSet::new();
    let mut bytes = 0;
    for entry in &listing.entries {
        let text = read_text(&listing.directory.join(&entry.name))?;
        bytes += text.len() as u64;
        if bytes > PROJECT_BYTES_MAX {
            return Err(ReadError::TooLarge {
                directory: listing.directory.clone(),
                limit_bytes: PROJECT_BYTES_MAX,
            });
        }
        files.add(entry.name.clone(), text);
    }
    Ok(files)
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
        let project = read(dir.path()).expect("a project").project;
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
        let first = read(dir.path()).expect("a project");
        assert_eq!(first.project.files.text(crate::text::FileId(0)), "one");

        fs::create_dir(at("..two")).expect("a directory");
        fs::write(at("..two/a.sync"), "two").expect("a file");
        std::os::unix::fs::symlink("..two", at("..data_tmp")).expect("a link");
        fs::rename(at("..data_tmp"), at("..data")).expect("the link is replaced");
        let second = read(dir.path()).expect("a project");
        assert_eq!(second.project.files.text(crate::text::FileId(0)), "two");
        assert_ne!(first.listing, second.listing);
    }

    #[test]
    fn refuses_what_is_no_file() {
        let dir = directory(&[]);
        rustix::fs::mkfifoat(rustix::fs::CWD, dir.path().join("a.sync"), rustix::fs::Mode::RUSR)
            .expect("a pipe is made");
        assert!(matches!(read(dir.path()), Err(ReadError::NotRegular { .. })));
        assert!(matches!(read(&dir.path().join("none")), Err(ReadError::Unreadable { .. })));
        let empty = directory(&[("notes.txt", "")]);
        assert!(matches!(read(empty.path()), Err(ReadError::Empty { .. })));
    }

    #[test]
    fn bytes_that_are_no_text_are_kept_apart() {
        let dir = directory(&[]);
        fs::write(dir.path().join("a.sync"), b"a \xff b").expect("a file");
        let project = read(dir.path()).expect("a project").project;
        assert_eq!(project.files.text(crate::text::FileId(0)), "a \u{FFFD} b");
    }

    #[test]
    fn large_files_are_refused() {
        let dir = directory(&[]);
        fs::write(dir.path().join("a.sync"), vec![b' '; 1 << 20]).expect("a file");
        assert!(read(dir.path()).is_ok());
        fs::write(dir.path().join("a.sync"), vec![b' '; (1 << 20) + 1]).expect("a file");
        assert!(matches!(read(dir.path()), Err(ReadError::FileTooLarge { .. })));
    }

    #[test]
    fn reads_anew_when_files_change_meanwhile() {
        let dir = directory(&[("a.sync", "one")]);
        let mut tries = 0;
        let reading = read_as_one(dir.path(), |listing| {
            tries += 1;
            if tries == 1 {
                fs::write(dir.path().join("b.sync"), "two").expect("a file");
            }
            read_files(listing)
        });
        assert_eq!((tries, reading.expect("a project").project.files.len()), (2, 2));

        let mut n = 0;
        let restless = read_as_one(dir.path(), |listing| {
            n += 1;
            fs::write(dir.path().join("a.sync"), "x".repeat(n)).expect("a file");
            read_files(listing)
        });
        assert!(matches!(restless, Err(ReadError::KeepsChanging { .. })));
        assert_eq!(n, TRIES);
    }
}
