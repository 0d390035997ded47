//! Which files are a project, and how many there may be.
//!
//! A project is one directory and those its files add with `use`: all `*.sync` files directly in them form one namespace,
//! whatever their order. A `schema.lock` in the project directory says what the sources' tables look like. Does not read
//! files ([`io`] does), nor know what is in them.

mod choices;
pub mod io;
mod unfound;

pub use choices::{Choice, Choices, VARIABLE_PREFIX, variable};
pub use unfound::{Root, Unfound, Why};

use crate::diagnostic::{Code, CodeDoc};
use crate::mysql::ddl::CreatedTable;
use crate::text::{FileId, FileSet};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The project directory cannot be read as one.
pub const PROJECT_UNREADABLE: Code = Code::new("S0021", "project-unreadable");

/// A `use` that adds nothing.
pub const USE_NOT_FOUND: Code = Code::new("S0106", "use-not-found");

/// The pages of this module.
pub const PAGES: &[CodeDoc] = &[
    CodeDoc {
        code: PROJECT_UNREADABLE,
        what: "The project directory holds no `.sync` file, cannot be read, passes a limit, or keeps changing while it is read.",
        why: "Half a project would leave out pipelines without a word, so nothing is taken from it. What runs goes on as it was, \
              and the files are looked at again.",
        wrong: "",
        right: "",
    },
    CodeDoc {
        code: USE_NOT_FOUND,
        what: "The directory that a `use` names is not there, is none, holds no `.sync` file, or lies outside of the project \
               root once symbolic links are resolved.",
        why: "What it declares is missing, so nothing is said about names that it may hold. A project reads nothing outside of \
              its root: that is the directory of `--root`, else the nearest one above with `.git`, else the parent of the \
              project directory.",
        wrong: "edition 2026\n\nuse \"../no-such-directory\"\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\n\npipeline shop from shop to bus {\n  include shop.*\n}\n",
        right: "edition 2026\n\nsource shop mysql \"syncc@db1:3306\" {\n  password env SHOP_DB_PASSWORD\n}\ntarget bus kafka \"kafka1:9092\"\n\npipeline shop from shop to bus {\n  include shop.*\n}\n",
    },
];

/// Most files of a project.
pub const FILES_MAX: usize = 10_000;
/// Largest file, in bytes.
pub const FILE_BYTES_MAX: u64 = 1 << 20;
/// Largest sum of all files, in bytes.
pub const PROJECT_BYTES_MAX: u64 = 64 << 20;

/// Name of the file that says what the sources' tables look like.
pub const LOCK_NAME: &str = "schema.lock";
/// Largest lock file, in bytes: it is written by a program, and lists every column of every table.
pub const LOCK_BYTES_MAX: u64 = 16 << 20;

/// What a file is to a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Part of what is compiled.
    Pipelines,
    /// What the sources' tables look like, `schema.lock`.
    Lock,
    /// Tests, `*.test.sync`: checked and run on their own, part of no pipeline.
    Tests,
}

/// Role of a file by its name, without directories; none for what is no project file.
///
/// Names that begin with a dot or end in `~` are what editors leave beside the file they save.
pub fn role(name: &str) -> Option<Role> {
    if name == LOCK_NAME {
        return Some(Role::Lock);
    }
    if name.starts_with('.') || !name.ends_with(".sync") {
        return None;
    }
    Some(if name.ends_with(".test.sync") { Role::Tests } else { Role::Pipelines })
}

/// True for the path of a file with tests.
pub fn is_test(path: &str) -> bool {
    role_of(path) == Some(Role::Tests)
}

/// Role of the file at a path.
pub fn role_of(path: &str) -> Option<Role> {
    role(path.rsplit('/').next().unwrap_or(path))
}

/// Where a project lies, and what its parameters are given.
#[derive(Debug, Clone, Default)]
pub struct Location {
    /// The project directory.
    pub directory: PathBuf,
    /// The directory that `use` may not leave; none: see [`Root`].
    pub root: Option<PathBuf>,
    /// Values of parameters.
    pub choices: Choices,
    /// Memory the process may use, bytes; none: what holds by default.
    pub memory_bytes: Option<u64>,
}

impl Location {
    /// A directory, with nothing said about it.
    pub fn new(directory: impl Into<PathBuf>) -> Location {
        Location { directory: directory.into(), ..Location::default() }
    }
}

/// The files of a project, in memory, and what was found out while they were read.
#[derive(Debug, Clone, Default)]
pub struct Project {
    /// All files: those of the directory in order of their names, then those of each used directory.
    pub files: FileSet,
    /// Every `use` that was followed, by its file and the path it names, and why it adds nothing if it does not.
    pub uses: BTreeMap<(FileId, String), Option<Unfound>>,
    /// Every script that a `schema` of a test names, by its file and the path.
    pub schemas: BTreeMap<(FileId, String), Schema>,
    /// Values of parameters.
    pub choices: Choices,
    /// Memory the process may use, bytes; none: what holds by default.
    pub memory_bytes: Option<u64>,
}

/// The script that a `schema` of a test names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schema {
    /// Its tables.
    Tables(Vec<CreatedTable>),
    /// Nothing is there.
    Missing,
    /// It lies outside of the project root.
    Outside,
    /// It is there, but cannot be read.
    Unreadable(String),
}

impl Project {
    /// Files alone, with no directory around them.
    pub fn of(files: FileSet) -> Project {
        Project { files, ..Project::default() }
    }

    /// The same project with other texts in its files, whose ids stay.
    pub fn with_files(&self, files: FileSet) -> Project {
        Project { files, ..self.clone() }
    }

    /// Why a `use` adds nothing; one that was not followed names a directory that is not there.
    pub fn unfound(&self, file: FileId, path: &str) -> Option<Unfound> {
        match self.uses.get(&(file, path.to_owned())) {
            Some(unfound) => unfound.clone(),
            None => Some(Unfound { why: Why::Missing, near: None }),
        }
    }

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
        check("schema.lock", Some(Role::Lock));
        check("other.lock", None);
        check(".sync", None);
    }
}
