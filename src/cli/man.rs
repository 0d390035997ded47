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
    syncc man check > /usr/local/share/man/man1/syncc-check.1\n  \
    syncc man schema pull > /usr/local/share/man/man1/syncc-schema-pull.1")]
pub(super) struct Args {
    /// The command, with its own command behind it where it has some [default: the program]
    #[arg(value_name = "COMMAND", num_args = 0..=2)]
    command: Vec<String>,
}

/// Section and missing date in the first line of a page.
const NO_DATE: &str = "1  ";

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let mut program = Cli::command();
    // Flags of every command are handed down to the commands.
    program.build();
    let version = program.render_version();
    let mut asked = &program;
    for name in &args.command {
        asked = asked.find_subcommand(name).ok_or_else(|| unknown(name, asked))?;
    }
    let title = asked.get_display_name().unwrap_or(asked.get_name()).to_owned();
    let mut page = Vec::new();
    clap_mangen::Man::new(asked.clone())
        .title(title)
        .source(version.trim())
        .manual("syncc manual")
        .render(&mut page)
        .map_err(|error| Failure::new(Exit::Failed, error))?;
    let page = String::from_utf8_lossy(&page);
    // The generator leaves out a date that is not given, and `man` takes what follows for it.
    output.print(&page.replacen(&format!("{NO_DATE}\""), "1 \"\" \"", 1))?;
    Ok(Exit::Fine)
}

/// There is no command `name` below `parent`.
fn unknown(name: &str, parent: &clap::Command) -> Failure {
    let names = parent.get_subcommands().map(clap::Command::get_name);
    let guess = closest(name, names).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
    Failure::usage(match parent.get_subcommands().next() {
        Some(_) => format!("there is no command `{name}`{guess}"),
        None => format!("`{}` has no commands of its own", parent.get_name()),
    })
}
