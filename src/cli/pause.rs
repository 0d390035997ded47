//! `syncc pause` and `syncc resume`: the tasks of a pipeline stand still, and go on.

use super::Exit;
use super::global::Global;
use super::instance::{Instance, print_tasks};
use super::output::{Failure, Output};
use crate::control::Operation;

/// Lets the tasks of a pipeline stand still
///
/// Each commits what is under way, keeps its position and its ownership, and closes its connection to the source. It is
/// stored with the state: a restart changes nothing about it, `syncc resume` does. How long a pause may last is for the
/// source's log to say: what is purged meanwhile cannot be read any more.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  syncc pause shop\n\n\
                             Exit codes: 0 it stands still, 2 there is no such pipeline, 3 no answer, or not yet.")]
pub(super) struct Args {
    /// Name of the pipeline
    pipeline: String,
    #[command(flatten)]
    instance: Instance,
}

/// Lets the tasks of a pipeline that was paused go on, or tables that wait
///
/// Without tables, its tasks go on at the position at which they stood still. With tables, those that wait alone (`on-error
/// park`) go on: their columns are read again and their rows loaded anew, while the others go on. What keeps a table from it is
/// told. What was deleted while it waited is not told.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  syncc resume shop\n  syncc resume shop shop.orders\n\n\
                             Exit codes: 0 it goes on, 2 there is no such pipeline, or the table does not wait, 3 no answer, \
                             or not yet.")]
pub(super) struct ResumeArgs {
    /// Name of the pipeline
    pipeline: String,
    /// Tables that wait, as database.table
    #[arg(value_name = "TABLE")]
    tables: Vec<String>,
    #[command(flatten)]
    instance: Instance,
}

/// Asks for a pause.
pub(super) fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let operation = Operation::Pause { pipeline: args.pipeline.clone() };
    print_tasks(&args.instance.result(global, &operation)?, output)?;
    Ok(Exit::Fine)
}

/// Asks for the end of a pause.
pub(super) fn resume(args: &ResumeArgs, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let operation = Operation::Resume { pipeline: args.pipeline.clone(), tables: args.tables.clone() };
    print_tasks(&args.instance.result(global, &operation)?, output)?;
    Ok(Exit::Fine)
}
