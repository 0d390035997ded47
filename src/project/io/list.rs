//! What a directory looks like from outside.

use super::ReadError;
use crate::project::{Role, role};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The project files of a directory, without their texts. Two equal listings mean that no file was saved in between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The directory, with all links resolved.
    pub directory: PathBuf,
    /// Its project files, in order of their names.
    pub entries: Vec<Entry>,
}

/// One project file from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name in the directory.
    pub name: String,
    /// Where it really is, when it is a link.
    pub target: Option<PathBuf>,
    /// Device, inode, size in bytes, seconds and nanoseconds of the last change; none when a link leads nowhere.
    pub stamp: Option<(u64, u64, u64, i64, i64)>,
}

impl Listing {
    /// True when there is no `.sync` file in it; a lock file alone is no project.
    pub fn is_empty(&self) -> bool {
        self.entries.iter().all(|entry| role(&entry.name) == Some(Role::Lock))
    }
}

/// Looks at a directory.
///
/// # Errors
///
/// When the directory cannot be read, or the name of a project file is not UTF-8.
pub fn list(directory: &Path) -> Result<Listing, ReadError> {
    let unreadable = |source| ReadError::Unreadable { path: directory.to_owned(), source };
    let resolved = fs::canonicalize(directory).map_err(unreadable)?;
    let mut entries = Vec::new();
    for found in fs::read_dir(&resolved).map_err(unreadable)? {
        let found = found.map_err(unreadable)?;
        let Some(name) = found.file_name().to_str().map(str::to_owned) else {
            let path = found.path();
            if path.extension().is_some_and(|ending| ending == "sync") {
                return Err(ReadError::Name { path });
            }
            continue;
        };
        if role(&name).is_none() {
            continue;
        }
        let path = found.path();
        let is_link = found.file_type().is_ok_and(|kind| kind.is_symlink());
        let target = if is_link { fs::canonicalize(&path).ok() } else { None };
        // Of what is no link, the directory knows without a walk from the root.
        let metadata = if is_link { fs::metadata(&path) } else { found.metadata() };
        let stamp =
            metadata.ok().map(|meta| (meta.dev(), meta.ino(), meta.size(), meta.mtime(), meta.mtime_nsec()));
        entries.push(Entry { name, target, stamp });
    }
    entries.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(Listing { directory: resolved, entries })
}
