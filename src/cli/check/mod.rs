//! `syncc check`: what is wrong with the files, without a server.

mod environment;
#[cfg(feature = "run")]
mod live;
mod report;
mod scope;
#[cfg(feature = "run")]
mod standby;
mod watch;
mod weight;

use super::comparison::{Comparison, State};
use super::global::{Global, duration_of};
use super::here::STDIN;
use super::output::{Failure, Output, note};
use super::revision::Revision;
use super::{Exit, front, repair};
use crate::diagnostic::{self, Diagnostic, Severity};
use crate::hir;
use crate::plan::{Combined, Compiled, compile_project};
use crate::project::io::{Overlay, read_with};
use crate::project::{Location, Project};
use crate::text::FileSet;
use clap::ValueEnum;
use report::{Format, Report};
use scope::Scope;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;
use weight::Weights;

/// Checks the files of a project
///
/// Reads all *.sync files of the project, needs no server and no secret, and prints every finding: where it is, why it
/// matters here and what to do. `syncc explain CODE` tells more about one.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    syncc check\n  \
    syncc check -C prod --fix\n  \
    syncc check --watch\n  \
    syncc check --against main              what a branch breaks for consumers\n  \
    syncc check --only pipeline:shop --deny S0702\n  \
    syncc check --live                      what would keep `run` from starting\n  \
    syncc check --format short shop.sync    one line each, for grep and editors\n  \
    syncc check --stdin < draft.sync        one file alone\n  \
    syncc check --format sarif > syncc.sarif\n\n\
    Exit codes: 0 nothing at or above --fail-on, 1 findings, 2 wrong usage or a file that cannot be read, \
    3 not done within --timeout. A finding is silenced in the files, by `allow CODE because`, and nowhere else.")]
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
    /// Findings of this code weigh as errors; repeatable
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    deny: Vec<String>,
    /// Advice of this code weighs as a warning; repeatable
    #[arg(long, value_name = "CODE", value_delimiter = ',')]
    warn: Vec<String>,
    /// Print only what concerns one pipeline
    #[arg(long, value_name = "pipeline:NAME")]
    only: Option<String>,
    /// Also tell what changes for consumers since a git revision, or compared with the project in another directory
    #[arg(long, value_name = "REV|DIR")]
    against: Option<String>,
    /// Check every combination of the values that parameters may have
    #[arg(long)]
    all_params: bool,
    /// Also look whether the variables and files of secrets are there; values are not printed
    #[arg(long)]
    env: bool,
    /// Also ask the servers, and tell what would keep `run` from starting; one line per item on standard error
    #[cfg(feature = "run")]
    #[arg(long, conflicts_with_all = ["stdin", "watch", "fix_dry_run"])]
    live: bool,
    /// Apply every certain repair, then report what is left
    #[arg(long, conflicts_with = "stdin")]
    fix: bool,
    /// Print the certain repairs as a diff instead of applying them
    #[arg(long, conflicts_with_all = ["stdin", "fix"])]
    fix_dry_run: bool,
    /// Read one file from standard input; without --stdin-path it is a project of its own
    #[arg(long)]
    stdin: bool,
    /// The file of the project that standard input stands for
    #[arg(long, value_name = "PATH", requires = "stdin")]
    stdin_path: Option<PathBuf>,
    /// Check again whenever a file is saved, until Ctrl-C
    #[arg(long, conflicts_with_all = ["stdin", "fix", "fix_dry_run"])]
    watch: bool,
    /// Give up after this long, such as 10s
    #[arg(long, value_name = "DURATION", value_parser = duration_of, conflicts_with = "watch")]
    timeout: Option<Duration>,
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

impl FailOn {
    fn least(self) -> Severity {
        match self {
            FailOn::Error => Severity::Error,
            FailOn::Warning => Severity::Warning,
            FailOn::Advice => Severity::Advice,
        }
    }
}

impl Args {
    /// How long it may take.
    pub(super) fn timeout(&self) -> Option<Duration> {
        self.timeout
    }
}

pub(super) fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let (directory, only) = paths(args, global)?;
    let location = global.location_of(directory);
    let against = args.against.as_deref().map(|against| Revision::read(against, &location)).transpose()?;
    let check = Check {
        args,
        global,
        location,
        only,
        weights: Weights::new(&args.deny, &args.warn)?,
        pipeline: args.only.as_deref().map(scope::pipeline_name).transpose()?,
        against,
    };
    if args.watch { watch::run(&check, output) } else { check.once(output) }
}

/// What is asked for.
struct Check<'a> {
    args: &'a Args,
    global: &'a Global,
    location: Location,
    /// Files to print findings of; empty: all.
    only: &'a [PathBuf],
    weights: Weights,
    pipeline: Option<&'a str>,
    against: Option<Revision>,
}

impl Check<'_> {
    /// Reads and checks the project, and prints what was found.
    fn once(&self, output: &mut Output) -> Result<Exit, Failure> {
        let args = self.args;
        let mut project = match args.stdin {
            true => with_stdin(&self.location, args.stdin_path.as_deref())?,
            false => front::read(&self.location)?,
        };
        let scope = Scope::new(&project, self.directory(), self.only, self.pipeline)?;
        let mut compiled = self.compile(&project)?;
        if args.fix || args.fix_dry_run {
            let with = |files: &FileSet| self.compile_again(&project.with_files(files.clone()));
            let may_change = |file| scope.is_of_file(file);
            // What the change does is repaired, too: a line `moved`.
            let all = |project: &Project, mut compiled: Compiled| {
                let compared = self.compared(project, &compiled);
                compiled.findings.extend(compared);
                compiled.findings
            };
            let again = |files: &FileSet| all(&project.with_files(files.clone()), with(files));
            let repaired = repair::rounds(&project.files, all(&project, compiled), may_change, again);
            self.tell_repairs(&project.files, &repaired, output)?;
            if args.fix_dry_run {
                let left: Vec<Diagnostic> =
                    repaired.findings.into_iter().filter(|finding| scope.shows(finding)).collect();
                return Ok(self.exit(&left));
            }
            compiled = with(&repaired.files);
            project = project.with_files(repaired.files);
        }
        let compared = self.compared(&project, &compiled);
        let mut findings = compiled.findings;
        if args.env || self.is_live() {
            findings.extend(environment::findings(&project, self.directory()));
        }
        #[cfg(feature = "run")]
        if args.live {
            findings.extend(self.live(&project, compiled.plan.as_ref().map(|(plan, _)| plan)));
        }
        findings.extend(compared);
        findings.iter_mut().for_each(|finding| self.weights.apply(finding));
        findings.retain(|finding| scope.shows(finding));
        let files = &project.files;
        diagnostic::sort(&mut findings, files);
        Report { findings: &findings, files, least: args.fail_on.least(), directory: self.directory() }
            .print(args.format, self.global, output)?;
        Ok(self.exit(&findings))
    }

    /// What the difference to the other revision does; nothing without one, or where the files have errors.
    fn compared(&self, project: &Project, compiled: &Compiled) -> Vec<Diagnostic> {
        let (Some(old), Some((plan, origins))) = (&self.against, &compiled.plan) else { return Vec::new() };
        let (program, _) = hir::program(project);
        let compared = Comparison { old: old.state(), new: State { plan, program: &program } };
        compared.diff(origins).findings
    }

    fn compile(&self, project: &Project) -> Result<Compiled, Failure> {
        let compiled = front::compile_asked(project)?;
        if !self.args.all_params {
            return Ok(compiled);
        }
        let Combined { findings, n_checked, n_all } = front::compile_combinations(project);
        if n_checked < n_all && !self.global.quiet {
            note(&format!("{n_checked} of {n_all} combinations of parameters are checked"));
        }
        Ok(Compiled { findings, ..compiled })
    }

    /// The same after repairs.
    fn compile_again(&self, project: &Project) -> Compiled {
        let compiled = compile_project(project);
        match self.args.all_params {
            true => Compiled { findings: front::compile_combinations(project).findings, ..compiled },
            false => compiled,
        }
    }

    /// True when the servers are asked.
    fn is_live(&self) -> bool {
        #[cfg(feature = "run")]
        return self.args.live;
        #[cfg(not(feature = "run"))]
        false
    }

    /// What is found at the servers; nothing where the files have errors.
    #[cfg(feature = "run")]
    fn live(&self, project: &Project, plan: Option<&crate::plan::Plan>) -> Vec<Diagnostic> {
        let Some(plan) = plan else {
            note("the servers are not asked, because the files have errors");
            return Vec::new();
        };
        let (program, _) = hir::program(project);
        let live = live::Live {
            plan,
            program: &program,
            directory: self.directory(),
            pipeline: self.pipeline,
            quiet: self.global.quiet,
        };
        live.findings()
    }

    fn directory(&self) -> &Path {
        &self.location.directory
    }

    fn tell_repairs(
        &self,
        files: &FileSet,
        repaired: &repair::Repaired,
        output: &mut Output,
    ) -> Result<(), Failure> {
        for (id, text) in &repaired.changed {
            if self.args.fix_dry_run {
                output.print(&repair::diff(files.path(*id), files.text(*id), text))?;
                continue;
            }
            let path = self.directory().join(files.path(*id));
            crate::project::io::replace_text(&path, text)
                .map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?;
            if !self.global.quiet {
                note(&format!("repaired {}", files.path(*id)));
            }
        }
        Ok(())
    }

    fn exit(&self, findings: &[Diagnostic]) -> Exit {
        let least = self.args.fail_on.least();
        let fails = findings.iter().any(|finding| finding.severity >= least);
        if fails { Exit::Findings } else { Exit::Fine }
    }
}

/// The project directory, and the files to print findings of.
fn paths<'a>(args: &'a Args, global: &'a Global) -> Result<(&'a Path, &'a [PathBuf]), Failure> {
    match (args.paths.as_slice(), args.stdin_path.as_deref()) {
        ([], None) => Ok((&global.project, &[])),
        ([], Some(path)) => {
            let parent = path.parent().unwrap_or(Path::new(""));
            match parent.is_dir() || global.project.join(parent).is_dir() {
                true => Ok((beside(&global.project, path), &[])),
                false => Err(Failure::usage(format!("there is no directory {}", parent.display()))),
            }
        }
        ([directory], _) if directory.is_dir() => Ok((directory, &[])),
        (files, _) => {
            let missing = files.iter().find(|path| !path.exists() && !global.project.join(path).exists());
            match missing {
                Some(path) => {
                    Err(Failure::usage(format!("there is no file or directory {}", path.display())))
                }
                None => Ok((around(&global.project, files), files)),
            }
        }
    }
}

/// The directory of the project: where none is named, that of the files that are.
fn around<'a>(project: &'a Path, files: &'a [PathBuf]) -> &'a Path {
    files.first().filter(|file| file.is_file()).map_or(project, |file| beside(project, file))
}

/// The directory of the project that a file lies in, which need not be there yet.
fn beside<'a>(project: &'a Path, file: &'a Path) -> &'a Path {
    match file.parent() {
        Some(parent) if project == Path::new(".") && parent.is_dir() => parent,
        Some(_) | None => project,
    }
}

/// The project with one of its files, or a new one, read from standard input; without a path that text alone.
fn with_stdin(location: &Location, path: Option<&Path>) -> Result<Project, Failure> {
    let mut bytes = Vec::new();
    let limit = crate::project::FILE_BYTES_MAX;
    std::io::stdin().take(limit + 1).read_to_end(&mut bytes).map_err(Failure::usage)?;
    if bytes.len() as u64 > limit {
        return Err(Failure::usage(format!("standard input is larger than {limit} bytes")));
    }
    let name = path.map_or(STDIN.into(), |path| path.file_name().unwrap_or_default().to_string_lossy());
    let overlay = Overlay { name: &name, bytes: &bytes, alone: path.is_none() };
    Ok(read_with(location, overlay).map_err(Failure::usage)?.project)
}
