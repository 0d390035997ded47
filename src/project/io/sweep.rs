//! One pass over the directories of a project: its own, and those its files add with `use`.

use super::used::{self, Used};
use super::{Listing, Overlay, ReadError, Reading, list};
use crate::project::{FILES_MAX, Location, PROJECT_BYTES_MAX, Project, Role, Root, Schema, Unfound, role};
use crate::text::{FileId, FileSet};
use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

/// One pass.
pub(super) struct Sweep<'a> {
    location: &'a Location,
    overlay: Option<Overlay<'a>>,
    root: Root,
    /// Directories looked at, each once, the project's own first.
    listings: Vec<Listing>,
    /// The same as they were named.
    directories: Vec<PathBuf>,
    files: FileSet,
    bytes: u64,
    uses: BTreeMap<(FileId, String), Option<Unfound>>,
    schemas: BTreeMap<(FileId, String), Schema>,
}

impl<'a> Sweep<'a> {
    /// Looks at the project directory.
    pub(super) fn new(location: &'a Location, overlay: Option<Overlay<'a>>) -> Result<Sweep<'a>, ReadError> {
        let listing = list(&location.directory)?;
        if listing.is_empty() && overlay.is_none() {
            return Err(ReadError::Empty { directory: location.directory.clone() });
        }
        let root = used::root(location, &listing.directory)?;
        Ok(Sweep {
            location,
            overlay,
            root,
            listings: vec![listing],
            directories: vec![location.directory.clone()],
            files: FileSet::new(),
            bytes: 0,
            uses: BTreeMap::new(),
            schemas: BTreeMap::new(),
        })
    }

    /// Reads all texts, and those of every directory that they add.
    pub(super) fn run(
        &mut self,
        mut read_bytes: impl FnMut(&Path) -> Result<Vec<u8>, ReadError>,
    ) -> Result<(), ReadError> {
        let mut waiting = VecDeque::from([0]);
        while let Some(n) = waiting.pop_front() {
            for (id, path) in self.read_directory(n, &mut read_bytes)? {
                if let Some(added) = self.follow(n, id, path) {
                    waiting.push_back(added);
                }
            }
        }
        Ok(())
    }

    /// Reads the files of the n-th directory. Returns what they use.
    fn read_directory(
        &mut self,
        n: usize,
        mut read_bytes: impl FnMut(&Path) -> Result<Vec<u8>, ReadError>,
    ) -> Result<Vec<(FileId, String)>, ReadError> {
        let listing = &self.listings[n];
        let shown = used::relative(&self.listings[0].directory, &listing.directory);
        let overlay = self.overlay.filter(|_| n == 0);
        let mut names: Vec<&str> = listing.entries.iter().map(|entry| entry.name.as_str()).collect();
        // A used directory is a project of its own, and its lock file speaks of that.
        names.retain(|name| n == 0 || role(name) != Some(Role::Lock));
        if overlay.is_some_and(|overlay| overlay.alone) {
            names.clear();
        }
        if let Some(overlay) = overlay
            && let Err(at) = names.binary_search(&overlay.name)
        {
            names.insert(at, overlay.name);
        }
        if self.files.len() + names.len() > FILES_MAX {
            return Err(ReadError::TooManyFiles {
                directory: self.listings[0].directory.clone(),
                limit: FILES_MAX,
            });
        }
        let mut uses = Vec::new();
        for name in names {
            let bytes = match overlay.filter(|overlay| overlay.name == name) {
                Some(overlay) => overlay.bytes.to_owned(),
                None => read_bytes(&listing.directory.join(name))?,
            };
            self.bytes += bytes.len() as u64;
            if self.bytes > PROJECT_BYTES_MAX {
                return Err(ReadError::TooLarge {
                    directory: self.listings[0].directory.clone(),
                    limit_bytes: PROJECT_BYTES_MAX,
                });
            }
            let id = self.files.add_bytes(format!("{shown}{name}"), bytes);
            if role(name) == Some(Role::Tests) {
                for path in used::schemas(id, self.files.text(id)) {
                    let schema = used::schema(&listing.directory, &path, &self.root);
                    self.schemas.insert((id, path), schema);
                }
                continue;
            }
            uses.extend(used::uses(id, self.files.text(id)).into_iter().map(|path| (id, path)));
        }
        Ok(uses)
    }

    /// Follows a `use` in a file of the n-th directory. Returns the number of the directory it adds.
    fn follow(&mut self, n: usize, id: FileId, path: String) -> Option<usize> {
        let said = self.directories[n].join(&path);
        match used::find(&self.listings[n].directory, &path, &self.root) {
            Used::Directory(listing) => {
                self.uses.insert((id, path), None);
                if self.listings.iter().any(|known| known.directory == listing.directory) {
                    return None;
                }
                self.listings.push(listing);
                self.directories.push(said);
                Some(self.listings.len() - 1)
            }
            Used::Nothing(unfound) => {
                self.uses.insert((id, path), Some(unfound));
                None
            }
        }
    }

    /// True when the directories look as they did, so that all texts are of one moment.
    pub(super) fn rested(&self) -> bool {
        self.listings.iter().all(|listing| list(&listing.directory).is_ok_and(|now| now == *listing))
            && fs::canonicalize(&self.location.directory).is_ok_and(|now| now == self.listings[0].directory)
    }

    /// What was read.
    pub(super) fn reading(self) -> Reading {
        let Location { choices, memory_bytes, .. } = self.location.clone();
        let project =
            Project { files: self.files, uses: self.uses, schemas: self.schemas, choices, memory_bytes };
        Reading { project, directories: self.directories, listings: self.listings }
    }
}
