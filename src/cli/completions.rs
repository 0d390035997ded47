//! `syncc completions`: what a shell needs to complete our command line.

use super::output::{Failure, Output};
use super::{Cli, Exit};
use clap::CommandFactory;
use clap_complete::{Shell, generate};

/// Prints the completion script of a shell
///
/// The script knows every command and flag of this version; print it anew after an update.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    syncc completions bash > ~/.local/share/bash-completion/completions/syncc\n  \
    syncc completions zsh > \"${fpath[1]}/_syncc\"\n  \
    syncc completions fish > ~/.config/fish/completions/syncc.fish")]
pub(super) struct Args {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

pub(super) fn run(args: &Args, output: &mut Output) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    generate(args.shell, &mut Cli::command(), "syncc", &mut script);
    output.write(&script)?;
    Ok(Exit::Fine)
}
