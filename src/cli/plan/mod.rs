//! `syncc plan`: what the files change, and what of it is refused. Changes nothing.

mod human;

use super::comparison::{Comparison, State};
use super::form::Form;
use super::global::Global;
use super::output::{Failure, Output};
use super::revision::Revision;
use super::{Exit, front};
use crate::diagnostic::{self, Summary, json};
use crate::plan::report;
use serde::Serialize;

/// Tells what the files change
///
/// Compares the project with a git revision of it, or with the one in another directory: what comes, goes and changes, and
/// what would break consumers. From the files and schema.lock alone: no server is asked, and nothing is changed.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    syncc plan --against main\n  \
    syncc plan -C prod --against HEAD~1 --format json\n  \
    syncc plan --against ../prod --detailed-exitcode\n\n\
    Exit codes: 0 nothing is refused, 1 the files have errors, 2 wrong usage, 4 something is refused, \
    10 with --detailed-exitcode: there are changes.")]
pub(super) struct Args {
    /// A git revision, or the directory of another project
    #[arg(long, value_name = "REV|DIR")]
    against: String,
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
    let old = Revision::read(&args.against, &global.location())?;
    let Some(new) = front::planned(global, output)? else { return Ok(Exit::Findings) };
    let compared = Comparison { old: old.state(), new: State { plan: &new.plan, program: &new.program } };
    let mut diff = compared.diff(&new.origins);
    diagnostic::sort(&mut diff.findings, &new.files);
    let report = report::report(old.state().plan, &new.plan, &diff, &|id| compared.tables(id));
    match args.format {
        Form::Human => {
            output.print(&human::text(&report, global.ascii))?;
            let renderer = front::renderer(&new.files, global.style());
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
