//! Every project file of the repository, with syncc's own tree of it.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use syncc::syntax::{NodeId, NodeKind, Tree, parse};
use syncc::text::FileSet;

/// A project file.
pub(super) struct File {
    /// Its path from the root of the repository.
    pub(super) name: String,
    pub(super) text: String,
    pub(super) tree: Tree,
}

impl File {
    /// True when no error node is in it, and it has a tree: one that is nested too deep has none.
    pub(super) fn is_sound(&self) -> bool {
        let root = self.tree.root();
        !self.tree.has_error(root) && self.tree.children(root).next().is_some()
    }

    /// The leaves of statements that can be understood, and that stand in no statement that cannot.
    pub(super) fn sound_leaves(&self) -> impl Iterator<Item = NodeId> + '_ {
        self.tree.leaves().filter(|&leaf| {
            let mut at = leaf;
            while at != self.tree.root() {
                if self.tree.kind(at) == NodeKind::Statement && self.tree.has_error(at) {
                    return false;
                }
                at = self.tree.node(at).parent;
            }
            true
        })
    }
}

/// All `*.sync` and `schema.lock` of the repository that are UTF-8, those with mistakes included.
pub(super) fn files() -> &'static [File] {
    static FILES: OnceLock<Vec<File>> = OnceLock::new();
    FILES.get_or_init(|| {
        let mut files = Vec::new();
        for folder in ["pipelines", "tests", "editors"] {
            walk(&super::path(folder), &mut files);
        }
        assert!(files.len() > 20, "only {} files: where are the others?", files.len());
        files
    })
}

fn walk(folder: &Path, files: &mut Vec<File>) {
    let entries = fs::read_dir(folder).expect("a folder of the repository can be read");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry can be read").path()).collect();
    paths.sort();
    for path in paths {
        if path.is_dir() {
            walk(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "sync") || path.ends_with("schema.lock") {
            // what is not UTF-8 is the input of another test
            if let Ok(text) = fs::read_to_string(&path) {
                let name =
                    path.strip_prefix(super::path("")).expect("it is below the root").display().to_string();
                let tree = parse(FileSet::new().add(&name, &text), &text).tree;
                files.push(File { name, text, tree });
            }
        }
    }
}
