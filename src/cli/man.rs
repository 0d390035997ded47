//! `syncc man`: the manual page of the program or of one command.

use super::output::{Failure, Output};
use super::{Cli, Exit};
use crate::statement::closest;
use clap::CommandFactory;

/// Prints a manual page
///
/// In the form that `man` reads: of the whole program, or of one command.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    syncc man | man -l -\n  \
    syncc man check > /usr/local/share/man/man1/syncc-check.1")]
pub(super) struct Args {
    /// The command [default: the program]
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let mut program = Cli::command();
    // Flags of every command are handed down to the commands.
    program.build();
    let (asked, title) = match &args.command {
        None => (program, "syncc".to_owned()),
        Some(name) => {
            let found = program.find_subcommand(name).cloned();
            (found.ok_or_else(|| unknown(name, &program))?, format!("syncc-{name}"))
        }
    };
    let mut page = Vec::new();
    clap_mangen::Man::new(asked)
        .title(title)
        .render(&mut page)
        .map_err(|error| Failure::new(Exit::Failed, error))?;
    output.write(&page)?;
    Ok(Exit::Fine)
}

fn unknown(name: &str, program: &clap::Command) -> Failure {
    let names = program.get_subcommands().map(clap::Command::get_name);
    let guess = closest(name, names).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    Failure::usage(format!("there is no command `{name}`{guess}"))
}
