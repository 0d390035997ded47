//! Why a `use` adds nothing (S0106), as a finding.

use super::USE_NOT_FOUND;
use crate::diagnostic::{Diagnostic, Fix};
use crate::text::Span;
use std::path::PathBuf;

/// The directory that `use` may not leave, with all links resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Root {
    /// What `--root` says.
    Given(PathBuf),
    /// The nearest directory with `.git`, from the project directory upwards.
    Git(PathBuf),
    /// The parent of the project directory.
    Parent(PathBuf),
}

/// Why a `use` adds nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfound {
    /// What is wrong with it.
    pub why: Why,
    /// A path that was probably meant.
    pub near: Option<String>,
}

/// What is wrong with the path of a `use`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// Nothing is there.
    Missing,
    /// It is a file.
    NotADirectory,
    /// It holds no `.sync` file.
    Empty,
    /// It is there, but cannot be read.
    Unreadable(String),
    /// It leads to a directory outside of the root.
    Outside {
        /// Where it leads.
        real: PathBuf,
        /// The root.
        root: Root,
    },
}

impl Unfound {
    /// The finding; `path` as it is written, at `span`.
    pub fn finding(&self, path: &str, span: Span) -> Diagnostic {
        let message = match &self.why {
            Why::Missing => format!("there is no directory `{path}`"),
            Why::NotADirectory => format!("`{path}` is no directory"),
            Why::Empty => format!("the directory `{path}` holds no `.sync` file"),
            Why::Unreadable(why) => format!("the directory `{path}` cannot be read: {why}"),
            Why::Outside { .. } => format!("`{path}` lies outside of the project root"),
        };
        let mut finding = Diagnostic::error(USE_NOT_FOUND, span, message);
        if let Some(near) = &self.near {
            let written = format!("\"{near}\"");
            finding = finding.label(format!("did you mean `{near}`?")).fix(Fix::choice(
                format!("write `{written}`"),
                span,
                written,
            ));
        }
        finding.help(match &self.why {
            Why::Missing => "the path is relative to the directory of this file".to_owned(),
            Why::NotADirectory => "`use` adds all files of a directory; name that".to_owned(),
            Why::Empty => {
                "`use` adds the files directly in a directory, not those in directories inside it".to_owned()
            }
            Why::Unreadable(_) => "make the directory readable, or remove the line".to_owned(),
            Why::Outside { real, root } => {
                let (root, source) = match root {
                    Root::Given(root) => (root, "named by `--root`"),
                    Root::Git(root) => (root, "the nearest directory with `.git`"),
                    Root::Parent(root) => (root, "the parent of the project directory"),
                };
                format!(
                    "it leads to {}; the root is {}, {source}: `--root DIR` names another one",
                    real.display(),
                    root.display()
                )
            }
        })
    }
}
