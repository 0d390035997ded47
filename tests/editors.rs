//! What `editors/` gives to editors: word lists equal to the table of statements, highlighting equal to syncc's own
//! tree, findings found by quickfix lists and problem matchers.

mod corpus;
mod findings;
mod kinds;
mod textmate;
mod tree_sitter;
mod vim;
mod words;

use std::path::{Path, PathBuf};

/// A path of the repository.
fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

/// The text of a file of the repository.
#[track_caller]
fn text(name: &str) -> String {
    std::fs::read_to_string(path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}
