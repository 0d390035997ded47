//! The command line: one file per subcommand.
//!
//! Results go to standard output, progress and logs to standard error. A pipe that closes early is no failure.

mod check;
mod comparison;
mod completions;
mod doctor;
mod exit;
mod explain;
mod explain_format;
mod explain_json;
mod explain_pipeline;
mod explain_row;
mod explain_statement;
mod explain_table;
mod explain_topic;
mod fmt;
mod form;
mod front;
mod global;
mod graph;
mod here;
mod init;
#[cfg(feature = "run")]
mod instance;
mod man;
mod output;
mod pages;
#[cfg(feature = "run")]
mod pause;
mod plan;
#[cfg(feature = "run")]
mod reload;
mod repair;
#[cfg(feature = "run")]
mod resnapshot;
mod revision;
#[cfg(feature = "run")]
mod run;
mod schema;
#[cfg(feature = "run")]
mod state;
#[cfg(feature = "run")]
mod status;
#[cfg(feature = "run")]
mod stop;
#[cfg(feature = "run")]
mod tap;
#[cfg(feature = "run")]
mod verify;
mod version;

pub use exit::Exit;

use clap::{Parser, Subcommand};
use global::Global;
use output::{Failure, Output};
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

/// Keeps Kafka topics in step with MySQL tables, as .sync files describe it.
///
/// A project is one directory. All *.sync files in it are read together, in any order:
///
///   edition 2026
///
///   source shop mysql "syncc@db1:3306" {
///     password env SHOP_DB_PASSWORD
///   }
///   target bus kafka "kafka1:9092"
///
///   pipeline shop from shop to bus {
///     include shop.*
///   }
///
/// `check` says what is wrong with the files, without a server. `explain CODE` tells more about a
/// finding. `run` loads existing rows, then follows the log; `status` tells how far it is.
#[derive(Debug, Parser)]
#[command(
    name = "syncc",
    version,
    verbatim_doc_comment,
    disable_help_subcommand = true,
    after_long_help = "Exit codes: 0 fine, 1 findings, 2 wrong usage or a file that cannot be read, 3 the world \
                       failed; `run` has codes of its own from 20 on, listed in README.md."
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Args),
    Check(check::Args),
    Fmt(fmt::Args),
    Explain(explain::Args),
    Plan(plan::Args),
    Graph(graph::Args),
    Schema(schema::Args),
    Doctor(doctor::Args),
    #[cfg(feature = "run")]
    Run(run::Args),
    #[cfg(feature = "run")]
    Status(status::Args),
    #[cfg(feature = "run")]
    Reload(reload::Args),
    #[cfg(feature = "run")]
    Pause(pause::Args),
    #[cfg(feature = "run")]
    Resume(pause::ResumeArgs),
    #[cfg(feature = "run")]
    Resnapshot(resnapshot::Args),
    #[cfg(feature = "run")]
    Tap(tap::Args),
    #[cfg(feature = "run")]
    Verify(verify::Args),
    #[cfg(feature = "run")]
    Stop(stop::Args),
    #[cfg(feature = "run")]
    State(state::Args),
    Completions(completions::Args),
    Man(man::Args),
    Version(version::Args),
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(asked) => {
            // Help and version are results, a usage error is not; clap knows which stream each goes to.
            let printed = asked.print();
            let failed = printed.is_err_and(|error| error.kind() != std::io::ErrorKind::BrokenPipe);
            let usage = asked.use_stderr() || failed;
            return if usage { Exit::Usage } else { Exit::Fine }.into();
        }
    };
    #[cfg(feature = "run")]
    if let Command::Run(args) = &cli.command {
        // A target may write to standard output from its own thread: nothing may hold it meanwhile.
        return run::run(args, &cli.global);
    }
    let limit = match &cli.command {
        Command::Check(args) => args.timeout(),
        _ => None,
    };
    let result = match limit {
        None => run_command(cli),
        Some(limit) => within(limit, cli),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(failure) => {
            output::note(&failure.to_string());
            failure.exit.into()
        }
    }
}

fn run_command(cli: Cli) -> Result<Exit, Failure> {
    let mut output = Output::new();
    let global = &cli.global;
    let exit = match cli.command {
        Command::Init(args) => init::run(&args, global, &mut output)?,
        Command::Check(args) => check::run(&args, global, &mut output)?,
        Command::Fmt(args) => fmt::run(&args, global, &mut output)?,
        Command::Explain(args) => explain::run(&args, global, &mut output)?,
        Command::Plan(args) => plan::run(&args, global, &mut output)?,
        Command::Graph(args) => graph::run(&args, global, &mut output)?,
        Command::Schema(args) => schema::run(&args, global, &mut output)?,
        Command::Doctor(args) => doctor::run(&args, global, &mut output)?,
        Command::Completions(args) => completions::run(&args, &mut output)?,
        Command::Man(args) => man::run(&args, &mut output)?,
        Command::Version(args) => version::run(&args, &mut output)?,
        #[cfg(feature = "run")]
        Command::Run(_) => unreachable!("it has ended above"),
        #[cfg(feature = "run")]
        Command::Status(args) => status::run(&args, global, &mut output)?,
        #[cfg(feature = "run")]
        Command::Reload(args) => reload::run(&args, global, &mut output)?,
        #[cfg(feature = "run")]
        Command::Pause(args) => pause::run(&args, global, &mut output)?,
        #[cfg(feature = "run")]
        Command::Resume(args) => pause::resume(&args, global, &mut output)?,
        #[cfg(feature = "run")]
        Command::Resnapshot(args) => resnapshot::run(&args, global, &mut output)?,
        #[cfg(feature = "run")]
        Command::Tap(args) => tap::run(&args, global, &mut output)?,
        #[cfg(feature = "run")]
        Command::Verify(args) => verify::run(&args, global, &mut output)?,
        #[cfg(feature = "run")]
        Command::State(args) => state::run(&args, global, &mut output)?,
        #[cfg(feature = "run")]
        Command::Stop(args) => stop::run(&args, global, &mut output)?,
    };
    output.finish()?;
    Ok(exit)
}

/// Gives a command so long. One that hangs in a file system or in `git` cannot be asked to stop: it ends with the process.
fn within(limit: Duration, cli: Cli) -> Result<Exit, Failure> {
    let (done, told) = mpsc::sync_channel(1);
    std::thread::spawn(move || {
        // Nobody listens any more when it is too late.
        let _ = done.send(run_command(cli));
    });
    told.recv_timeout(limit).unwrap_or_else(|_| {
        Err(Failure::new(Exit::Failed, format!("not done within {} ms", limit.as_millis())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn arguments_are_consistent() {
        Cli::command().debug_assert();
    }
}
