//! `syncc doctor`: whether this machine is fit for running a project, and the rights a project needs elsewhere.

mod machine;
mod rights;

use super::global::Global;
use super::output::{Failure, Output};
use super::version::Version;
use super::{Exit, front};
use machine::{Facts, State};
use std::path::PathBuf;

/// Looks whether this machine can run the project
///
/// Versions, limits of the system (inotify, open files), the clock, and whether the project can be read and the state
/// directory be written. Asks no server: `syncc run` does that before it starts.
/// With --grants it prints the GRANT statements and Kafka ACLs that the users of the project need, ready to paste.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  \
    syncc doctor\n  \
    syncc doctor -C prod --grants\n\n\
    Exit codes: 0 nothing stands in the way, 1 something does, 2 the project cannot be read.")]
pub(super) struct Args {
    /// Print the rights that the project needs at its servers
    #[arg(long)]
    grants: bool,
    /// State directory of the runs [default: .syncc in the project]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

pub(super) fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    if args.grants {
        let Some(project) = front::planned(global, output)? else { return Ok(Exit::Findings) };
        output.print(&rights::text(&project.plan))?;
        return Ok(Exit::Fine);
    }
    let state = args.state.clone().unwrap_or_else(|| global.project.join(".syncc"));
    let facts = Facts::read(&global.project, &state);
    let version = Version::get();
    let mut exit = Exit::Fine;
    output.print(&line(
        "syncc",
        State::Fine,
        &format!("{}, edition {}", version.version, version.edition),
    ))?;
    if let Some(client) = &version.librdkafka {
        output.print(&line("librdkafka", State::Fine, client))?;
    }
    for item in machine::items(&facts) {
        if item.state == State::Bad {
            exit = Exit::Findings;
        }
        output.print(&line(item.what, item.state, &item.text))?;
    }
    Ok(exit)
}

fn line(what: &str, state: State, text: &str) -> String {
    let mark = match state {
        State::Fine => "ok     ",
        State::Warning => "look   ",
        State::Bad => "problem",
    };
    format!("{mark}  {what:<12}  {text}\n")
}
