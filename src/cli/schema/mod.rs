//! `syncc schema`: the lock file, and what the servers have.

#[cfg(feature = "run")]
mod live;
#[cfg(feature = "run")]
mod set;
mod show;

#[cfg(feature = "run")]
pub(super) use live::schema_of;

use super::Exit;
use super::global::Global;
use super::output::{Failure, Output};
use clap::Subcommand;

/// Keeps schema.lock, which says what the sources' tables look like
///
/// The file is committed and reviewed. With it `check` finds, without a server, includes that take nothing, shards that
/// are missing, keys of columns that a table does not have, and more.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    syncc schema pull\n  \
    syncc schema pull shop\n  \
    syncc schema diff --format json\n  \
    syncc schema show shop.orders\n  \
    syncc schema check\n\n\
    Exit codes: 0 fine, 1 `check` found a difference or the files have errors, 2 wrong usage, 3 a server cannot be asked.")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    #[cfg(feature = "run")]
    Pull(live::PullArgs),
    #[cfg(feature = "run")]
    Diff(live::DiffArgs),
    Show(show::Args),
    #[cfg(feature = "run")]
    Check(live::CheckArgs),
    #[cfg(feature = "run")]
    Set(set::Args),
}

pub(super) fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    match &args.command {
        #[cfg(feature = "run")]
        Command::Pull(args) => live::pull(args, global, output),
        #[cfg(feature = "run")]
        Command::Diff(args) => live::diff(args, global, output),
        Command::Show(args) => show::run(args, global, output),
        #[cfg(feature = "run")]
        Command::Check(args) => live::check(args, global, output),
        #[cfg(feature = "run")]
        Command::Set(args) => set::run(args, global, output),
    }
}
