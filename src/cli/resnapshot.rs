//! `syncc resnapshot`: existing rows of tables are loaded anew, while the log is followed.

use super::Exit;
use super::global::Global;
use super::instance::{Instance, print_tasks};
use super::output::{Failure, Output};
use crate::control::Operation;

/// Loads the existing rows of tables anew
///
/// While the log is followed, as in the first load: each row is sent once more, and what changes meanwhile is sent as it
/// changes. Rows that are gone from the table are not represented. `syncc status --tables` tells how far it is.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  syncc resnapshot shop shop.orders shop.customers\n\n\
                             Exit codes: 0 it is stored and begins, 2 there is no such pipeline or table, 3 no answer.")]
pub(super) struct Args {
    /// Name of the pipeline
    pipeline: String,
    /// Tables, as database.table
    #[arg(required = true, value_name = "TABLE")]
    tables: Vec<String>,
    #[command(flatten)]
    instance: Instance,
}

/// Asks for it.
pub(super) fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    let operation = Operation::Resnapshot { pipeline: args.pipeline.clone(), tables: args.tables.clone() };
    print_tasks(&args.instance.result(global, &operation)?, output)?;
    Ok(Exit::Fine)
}
