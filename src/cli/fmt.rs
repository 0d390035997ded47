//! `syncc fmt`: the layout of files.

use super::global::Global;
use super::output::{Failure, Output, note};
use super::{Exit, repair};
use crate::ast::EDITIONS;
use crate::fmt::{Formatted, format};
use crate::project::io::{list, read_text, replace_text};
use crate::syntax::{self, NodeKind};
use crate::text::FileId;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Formats .sync files
///
/// Writes files in their one layout: two blanks for each level, one statement a line, at most one empty line in a row.
/// Comments and the order of lines stay. A line with an error keeps its form, a file whose braces do not balance is left
/// alone.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    syncc fmt\n  \
    syncc fmt --check prod\n  \
    syncc fmt --diff shop.sync\n  \
    syncc fmt --stdin < shop.sync\n\n\
    Exit codes: 0 fine, 1 --check found a file that is not formatted, 2 a file cannot be read.")]
pub(super) struct Args {
    /// Files, or directories whose *.sync files are meant; `-` is standard input [default: the project]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Change nothing; list the files that are not formatted
    #[arg(long)]
    check: bool,
    /// Change nothing; print what would change
    #[arg(long)]
    diff: bool,
    /// Format standard input to standard output
    #[arg(long, conflicts_with = "paths")]
    stdin: bool,
    /// Name of that file, for messages
    #[arg(long, value_name = "PATH")]
    stdin_path: Option<PathBuf>,
    /// Edition of files that do not say theirs: the line is written into them
    #[arg(long, value_name = "YEAR", value_parser = edition)]
    edition: Option<u64>,
}

impl Args {
    /// The text in its layout, with the edition where it is missing and wanted.
    fn formatted(&self, text: &str) -> Formatted {
        match (format(text), self.edition) {
            (Formatted::Text(new), Some(year)) if !has_edition(&new) => {
                format(&format!("edition {year}\n\n{new}"))
            }
            (formatted, _) => formatted,
        }
    }
}

/// True where a statement of the file is `edition`; one that stands too far down is moved by `check --fix`.
fn has_edition(text: &str) -> bool {
    let tree = syntax::parse(FileId(0), text).tree;
    let first_word = |id| tree.text(id, text).split_whitespace().next();
    tree.children(tree.root())
        .filter(|&id| tree.kind(id) == NodeKind::Statement)
        .any(|id| first_word(id) == Some("edition"))
}

fn edition(text: &str) -> Result<u64, String> {
    let known = || EDITIONS.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let year = text.parse().ok().filter(|year| EDITIONS.contains(year));
    year.ok_or_else(|| format!("this syncc knows the editions {}", known()))
}

pub(super) fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    if args.stdin || args.paths == [Path::new("-")] {
        return stdin(args, output);
    }
    let mut exit = Exit::Fine;
    for path in files(args, global)? {
        let text = read_text(&path).map_err(Failure::usage)?;
        let shown = path.display();
        let Formatted::Text(new) = args.formatted(&text) else {
            note(&left_alone(&path));
            if args.check {
                exit = Exit::Findings;
            }
            continue;
        };
        if new == text {
            continue;
        }
        if args.diff {
            output.print(&repair::diff(&shown.to_string(), &text, &new))?;
        } else if args.check {
            output.print(&format!("{shown}\n"))?;
        }
        if args.check {
            exit = Exit::Findings;
        } else if !args.diff {
            replace_text(&path, &new).map_err(|error| Failure::usage(format!("{shown}: {error}")))?;
            if !global.quiet {
                note(&format!("formatted {shown}"));
            }
        }
    }
    Ok(exit)
}

fn stdin(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let mut bytes = Vec::new();
    std::io::stdin().read_to_end(&mut bytes).map_err(Failure::usage)?;
    let path = args.stdin_path.as_deref().unwrap_or(Path::new("standard input"));
    let new = match std::str::from_utf8(&bytes).map(|text| args.formatted(text)) {
        Ok(Formatted::Text(new)) => new.into_bytes(),
        Ok(Formatted::LeftAlone) | Err(_) => {
            note(&left_alone(path));
            if args.check {
                return Ok(Exit::Findings);
            }
            bytes.clone()
        }
    };
    if args.diff && new != bytes {
        let text = String::from_utf8_lossy;
        output.print(&repair::diff(&path.display().to_string(), &text(&bytes), &text(&new)))?;
    }
    if args.check {
        return Ok(if new == bytes { Exit::Fine } else { Exit::Findings });
    }
    if !args.diff {
        output.write(&new)?;
    }
    Ok(Exit::Fine)
}

fn left_alone(path: &Path) -> String {
    format!(
        "{} is left alone: its braces do not balance, or it is no text; `syncc check` says where",
        path.display()
    )
}

/// The files that are meant.
fn files(args: &Args, global: &Global) -> Result<Vec<PathBuf>, Failure> {
    let asked =
        if args.paths.is_empty() { std::slice::from_ref(&global.project) } else { args.paths.as_slice() };
    let mut files = Vec::new();
    for path in asked {
        if path.is_dir() {
            let listing = list(path).map_err(Failure::usage)?;
            files.extend(listing.entries.iter().map(|entry| path.join(&entry.name)));
        } else {
            files.push(path.clone());
        }
    }
    // `./a.sync` is `a.sync` to a reader.
    Ok(files.into_iter().map(|path| path.strip_prefix(".").map(Path::to_path_buf).unwrap_or(path)).collect())
}
