//! `syncc reload`: a running instance looks at its files now.

use super::Exit;
use super::exit::exit_of;
use super::form::Form;
use super::global::{Global, duration_of};
use super::instance::Instance;
use super::output::{Failure, Output};
use crate::control::{Answer, Operation};
use std::time::Duration;

/// Looks at the files of a running instance now
///
/// Prints what became of them: no effect, accepted, or refused with the findings. Saving a file has the same effect when the
/// files are watched; this tells the outcome, and starts tasks anew that have failed. Files that take something away are looked
/// at twice, five seconds apart.
#[derive(Debug, clap::Args)]
#[command(
    after_long_help = "Examples:\n  syncc reload\n  syncc reload --wait -C prod\n  syncc reload --wait --accept P1007\n\n\
                             Exit codes: 0 in force, or without effect; 1 the files have errors; 3 no answer in time; \
                             4 a change is refused; with --wait, that of the failure of a task which it ended."
)]
pub(super) struct Args {
    /// Wait until every task runs the new generation
    #[arg(long)]
    wait: bool,
    /// Longest wait for the outcome
    #[arg(long, value_name = "DURATION", value_parser = duration_of, default_value = "2m")]
    timeout: Duration,
    /// Accept a change that breaks consumers, by the code of its finding; repeatable
    ///
    /// What was sent stays as it is; a fence record in every partition of the topics marks the place from which on the
    /// new form is sent.
    #[arg(long, value_name = "CODE", value_parser = crate::plan::acceptable)]
    accept: Vec<String>,
    /// Form of the answer
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Form::Human)]
    format: Form,
    #[command(flatten)]
    instance: Instance,
}

/// Asks and prints.
pub(super) fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let operation = Operation::Reload { accept: args.accept.clone(), wait: args.wait };
    let answer = args.instance.ask(global, &operation, Some(args.timeout), |_| true)?;
    let Answer { ok, exit, result, error, .. } = answer;
    let Some(result) = result else {
        return Err(Failure::new(exit_of(exit), error.unwrap_or_default()));
    };
    match args.format {
        Form::Json => output.print(&format!("{result:#}\n"))?,
        Form::Human => {
            let generation = &result["generation"];
            let drawn = result["drawn"].as_str().unwrap_or_default();
            if !drawn.is_empty() && !global.quiet {
                output.print(&format!("{drawn}\n"))?;
            }
            let summary = result["summary"].as_str().unwrap_or_default();
            let line = match (ok, result["outcome"].as_str().unwrap_or_default()) {
                (false, _) => error.unwrap_or_default(),
                (true, "no-effect") if summary.is_empty() => {
                    format!("no effect; generation {generation} stays active")
                }
                (true, "no-effect") => format!("no effect; generation {generation} stays active; {summary}"),
                (true, outcome) => format!("generation {generation} {outcome}: {summary}"),
            };
            output.print(&format!("{line}\n"))?;
        }
    }
    Ok(exit_of(exit))
}
