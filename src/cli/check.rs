//! `syncc check`: what is wrong with the files, without a server.

use super::global::Global;
use super::output::{Failure, Output, note};
use super::{Exit, front, repair};
use crate::diagnostic::{Diagnostic, Severity, Summary, json, short};
use crate::project::io::{Overlay, read_with};
use crate::project::{Location, Project};
use crate::text::{FileId, FileSet};
use clap::ValueEnum;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Most findings that are drawn; the rest is counted.
const DRAWN_MAX: usize = 200;

/// Checks the files of a project
///
/// Reads all *.sync files of the project, needs no server and no secret, and prints every finding: where it is, why it
/// matters here and what to do. `syncc explain CODE` tells more about one.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    syncc check\n  \
    syncc check -C prod\n  \
    syncc check --fix\n  \
    syncc check --format short orders.sync\n\n\
    Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 a file cannot be read.")]
pub(super) struct Args {
    /// Files whose findings to print, or the directory of the project [default: all of the project]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Form of the findings
    #[arg(long, value_name = "FORM", default_value = "human")]
    format: Format,
    /// Least weight that makes the exit code 1
    #[arg(long, value_name = "WEIGHT", default_value = "error")]
    fail_on: FailOn,
    /// Apply every certain repair, then report what is left
    #[arg(long, conflicts_with = "stdin")]
    fix: bool,
    /// Print the certain repairs as a diff instead of applying them
    #[arg(long, conflicts_with_all = ["stdin", "fix"])]
    fix_dry_run: bool,
    /// Read one file from standard input
    #[arg(long, requires = "stdin_path")]
    stdin: bool,
    /// Where that file belongs in the project
    #[arg(long, value_name = "PATH", requires = "stdin")]
    stdin_path: Option<PathBuf>,
}

/// Form of the findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Drawings for people.
    Human,
    /// One line each: `path:line:col: error[CODE]: message`.
    Short,
    /// One JSON object.
    Json,
    /// One JSON object a line.
    Jsonl,
}

/// A weight, on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Errors.
    Error,
    /// Warnings and errors.
    Warning,
    /// Anything.
    Advice,
}

pub(super) fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let (directory, only) = paths(args, global)?;
    let location = global.location_of(directory);
    let project = match &args.stdin_path {
        Some(path) => with_stdin(&location, path)?,
        None => front::read(&location)?,
    };
    let shown = shown_files(directory, only, &project.files)?;
    let mut findings = front::compile(&project).findings;
    let mut files = project.files.clone();
    if args.fix || args.fix_dry_run {
        let compile = |files: &FileSet| front::compile(&project.with_files(files.clone())).findings;
        let repaired = repair::rounds(&files, findings, compile);
        for (id, text) in &repaired.changed {
            if args.fix_dry_run {
                output.print(&repair::diff(files.path(*id), files.text(*id), text))?;
            } else {
                let path = directory.join(files.path(*id));
                crate::project::io::replace_text(&path, text)
                    .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
                if !global.quiet {
                    note(&format!("repaired {}", files.path(*id)));
                }
            }
        }
        (files, findings) = (repaired.files, repaired.findings);
        if args.fix_dry_run {
            return Ok(exit(args.fail_on, &findings));
        }
    }
    if let Some(shown) = shown {
        findings
            .retain(|finding| finding.primary.as_ref().is_none_or(|label| shown.contains(&label.span.file)));
    }
    let summary = Summary::of(&findings, files.len());
    match args.format {
        Format::Human => human(&findings, &files, summary, global, output)?,
        Format::Short => {
            for finding in &findings {
                output.print(&short::line(finding, &files))?;
                output.print("\n")?;
            }
        }
        Format::Json => output.print(&json::document(&findings, &files, summary))?,
        Format::Jsonl => output.print(&json::lines(&findings, &files, summary))?,
    }
    Ok(exit(args.fail_on, &findings))
}

fn human(
    findings: &[Diagnostic],
    files: &FileSet,
    summary: Summary,
    global: &Global,
    output: &mut Output,
) -> Result<(), Failure> {
    let renderer = front::renderer(files, global.style());
    for finding in findings.iter().take(DRAWN_MAX) {
        output.print(&format!("{}\n", renderer.draw(finding)))?;
    }
    if findings.len() > DRAWN_MAX {
        output.print(&format!(
            "{} more findings are not drawn; --format short lists all\n\n",
            findings.len() - DRAWN_MAX
        ))?;
    }
    if global.quiet {
        return Ok(());
    }
    let fixable = match summary.fixable {
        0 => String::new(),
        n => format!("; {n} can be fixed with --fix"),
    };
    output.print(&format!("{summary}{fixable}\n"))
}

fn exit(fail_on: FailOn, findings: &[Diagnostic]) -> Exit {
    let least = match fail_on {
        FailOn::Error => Severity::Error,
        FailOn::Warning => Severity::Warning,
        FailOn::Advice => Severity::Advice,
    };
    let fails = findings.iter().any(|finding| finding.severity >= least);
    if fails { Exit::Findings } else { Exit::Fine }
}

/// The project directory, and the files to print findings of.
fn paths<'a>(args: &'a Args, global: &'a Global) -> Result<(&'a Path, &'a [PathBuf]), Failure> {
    match args.paths.as_slice() {
        [directory] if directory.is_dir() => Ok((directory, &[])),
        files => {
            let missing = files.iter().find(|path| !path.exists() && !global.project.join(path).exists());
            match missing {
                Some(path) => Err(Failure::usage(format!("there is no {}", path.display()))),
                None => Ok((&global.project, files)),
            }
        }
    }
}

/// Ids of the named files; none when all are meant.
fn shown_files(directory: &Path, only: &[PathBuf], files: &FileSet) -> Result<Option<Vec<FileId>>, Failure> {
    if only.is_empty() {
        return Ok(None);
    }
    let ids = only.iter().map(|path| {
        // `orders.sync` means the file of the project also from elsewhere.
        let real = fs::canonicalize(path).or_else(|_| fs::canonicalize(directory.join(path)));
        let same = |id: &FileId| {
            let other = fs::canonicalize(directory.join(files.path(*id)));
            real.as_ref().is_ok_and(|real| other.is_ok_and(|other| other == *real))
        };
        let not_here = || format!("{} is no file of the project in {}", path.display(), directory.display());
        files.ids().find(same).ok_or_else(|| Failure::usage(not_here()))
    });
    ids.collect::<Result<Vec<_>, _>>().map(Some)
}

/// The project with one of its files, or a new one, read from standard input.
fn with_stdin(location: &Location, path: &Path) -> Result<Project, Failure> {
    let mut bytes = Vec::new();
    let limit = crate::project::FILE_BYTES_MAX;
    std::io::stdin().take(limit + 1).read_to_end(&mut bytes).map_err(Failure::usage)?;
    if bytes.len() as u64 > limit {
        return Err(Failure::usage(format!("standard input is larger than {limit} bytes")));
    }
    let overlay = Overlay {
        name: &path.file_name().unwrap_or_default().to_string_lossy(),
        text: &String::from_utf8_lossy(&bytes),
    };
    Ok(read_with(location, overlay).map_err(Failure::usage)?.project)
}
