//! Which files are a project, and how many there may be.
//!
//! A project is one directory: all `*.sync` files directly in it form one namespace, whatever their order.
//! Does not read files ([`io`] does), nor know what is in them.

pub mod io;

use crate::diagnostic::{Code, CodeDoc};
use crate::text::{FileId, FileSet};

/// The project directory cannot be read as one.
pub const PROJECT_UNREADABLE: Code = Code::new("S0021", "project-unreadable");

/// The pages of this module. They speak of directories, so none has an example file.
pub const PAGES: &[CodeDoc] = &[CodeDoc {
    code: PROJECT_UNREADABLE,
    what: "The project directory holds no `.sync` file, cannot be read, passes a limit, or keeps changing while it is read.",
    why: "Half a project would leave out pipelines without a word, so nothing is taken from it. What runs goes on as it was, \
          and the files are looked at again.",
    wrong: "",
    right: "",
}];

/// Most files of a project.
pub const FILES_MAX: usize = 10_000;
/// Largest file, in bytes.
pub const FILE_BYTES_MAX: u64 = 1 << 20;
/// Largest sum of all files, in bytes.
pub const PROJECT_BYTES_MAX: u64 = 64 << 20;

/// What a file is to a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Part of what is compiled.
    Pipelines,
    /// Tests, `*.test.sync`: checked and run on their own, part of no pipeline.
    Tests,
}

/// Role of a file by its name, without directories; none for what is no project file.
///
/// Names that begin with a dot or end in `~` are what editors leave beside the file they save.
pub fn role(name: &str) -> Option<Role> {
    if name.starts_with('.') || !name.ends_with(".sync") {
        return None;
    }
    Some(if name.ends_with(".test.sync") { Role::Tests } else { Role::Pipelines })
}

/// True for the path of a file with tests.
pub fn is_test(path: &str) -> bool {
    role(path.rsplit('/').next().unwrap_or(path)) == Some(Role::Tests)
}

/// The files of a project, in memory.
#[derive(Debug, Clone, Default)]
pub struct Project {
    /// All files, in order of their names.
    pub files: FileSet,
}

impl Project {
    /// The files with tests; the others are compiled.
    pub fn tests(&self) -> impl Iterator<Item = FileId> + '_ {
        self.files.ids().filter(|&id| is_test(self.files.path(id)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_decide() {
        let check = |name, expected| assert_eq!(role(name), expected, "{name}");
        check("shop.sync", Some(Role::Pipelines));
        check("shop.test.sync", Some(Role::Tests));
        check("订单.sync", Some(Role::Pipelines));
        check(".shop.sync", None);
        check(".#shop.sync", None);
        check("shop.sync~", None);
        check("shop.sync.swp", None);
        check("schema.lock", None);
        check(".sync", None);
    }
}
