//! `syncc plan`: what the files change, and what of it is refused. Changes nothing.

#[cfg(feature = "run")]
mod begins;
mod human;
#[cfg(feature = "run")]
mod running;

use super::comparison::{Comparison, State};
use super::form::Form;
use super::global::Global;
use super::output::{Failure, Output};
use super::revision::Revision;
use super::{Exit, front, here};
use crate::diagnostic::{self, Summary, json};
use crate::plan::{PlanDiff, report};
use serde::Serialize;

/// Tells what the files change
///
/// Compares the project with what runs: what comes, goes and changes, and what would break consumers; and where in the log each
/// task goes on or begins. --against state compares with what is stored about tasks where nothing runs; a git revision or another
/// directory is compared by its files and schema.lock alone, and no server is asked. Nothing is changed.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    syncc plan\n  \
    syncc plan --against state\n  \
    syncc plan --against main\n  \
    syncc plan -C prod --against HEAD~1 --format json\n  \
    syncc plan --against ../prod --detailed-exitcode\n\n\
    Exit codes: 0 nothing is refused, 1 the files have errors, 2 wrong usage, 4 something is refused, \
    10 with --detailed-exitcode: there are changes.")]
pub(super) struct Args {
    /// A control socket, `state`, a git revision, or the directory of another project [default: what runs here]
    #[arg(long, value_name = "SOCKET|state|REV|DIR")]
    against: Option<String>,
    /// Exit with 10 where something changes
    #[arg(long)]
    detailed_exitcode: bool,
    /// Form of the answer
    #[arg(long, value_name = "FORM", default_value = "human")]
    format: Form,
}

/// What is beside the findings in the JSON form.
#[derive(Serialize)]
struct Changes<'r> {
    plan: &'r report::Report,
}

pub(super) fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let old = Old::read(args.against.as_deref(), global)?;
    let Some(new) = front::planned(global, output)? else { return Ok(Exit::Findings) };
    let (mut diff, report) = old.compare(&new, global)?;
    diagnostic::sort(&mut diff.findings, &new.files);
    match args.format {
        Form::Human => {
            output.print(&human::text(&report, global.ascii))?;
            let files = here::from_here(&new.files, &global.project);
            let renderer = front::renderer(&files, global.style());
            for finding in diff.findings.iter().filter(|_| diff.is_refused() && !global.quiet) {
                if finding.severity == diagnostic::Severity::Error {
                    output.print(&format!("\n{}", renderer.draw(finding)))?;
                }
            }
        }
        Form::Json => {
            let summary = Summary::of(&diff.findings, new.files.len());
            let more = Changes { plan: &report };
            output.print(&json::document_with(&diff.findings, &new.files, summary, &more))?;
        }
    }
    Ok(match (diff.is_refused(), report.counts.is_empty()) {
        (true, _) => Exit::Refused,
        (false, false) if args.detailed_exitcode => Exit::Pending,
        (false, _) => Exit::Fine,
    })
}

/// What the files are compared with.
enum Old {
    Revision(Box<Revision>),
    #[cfg(feature = "run")]
    Running(running::Running),
    /// What is stored; read when the files say where.
    #[cfg(feature = "run")]
    Stored,
}

impl Old {
    #[cfg(feature = "run")]
    fn read(against: Option<&str>, global: &Global) -> Result<Old, Failure> {
        match against {
            None => running::Running::ask(&global.project.join(".syncc/control.sock")).map(Old::Running),
            Some("state") => Ok(Old::Stored),
            Some(path) if running::is_socket(path) => running::Running::ask(path.as_ref()).map(Old::Running),
            Some(revision) => Ok(Old::Revision(Box::new(Revision::read(revision, &global.location())?))),
        }
    }

    #[cfg(not(feature = "run"))]
    fn read(against: Option<&str>, global: &Global) -> Result<Old, Failure> {
        let revision = against.ok_or_else(|| Failure::usage("--against says what to compare with"))?;
        Ok(Old::Revision(Box::new(Revision::read(revision, &global.location())?)))
    }

    /// What differs, and the same line by line.
    fn compare(&self, new: &front::Planned, global: &Global) -> Result<(PlanDiff, report::Report), Failure> {
        let _ = global;
        match self {
            Old::Revision(old) => {
                let compared =
                    Comparison { old: old.state(), new: State { plan: &new.plan, program: &new.program } };
                let diff = compared.diff(&new.origins);
                let report = report::report(old.state().plan, &new.plan, &diff, &|id| compared.tables(id));
                Ok((diff, report))
            }
            #[cfg(feature = "run")]
            Old::Running(old) => Ok(old.compare(new, &global.project)),
            #[cfg(feature = "run")]
            Old::Stored => Ok(running::Running::stored(new, global)?.compare(new, &global.project)),
        }
    }
}
