//! `syncc stop`: a running instance drains and ends.

use super::Exit;
use super::global::{Global, duration_of};
use super::instance::Instance;
use super::output::{Failure, Output};
use crate::control::{Operation, wait_for_end};
use std::time::Duration;

/// Ends a running instance
///
/// As SIGTERM does: every task commits what is under way and gives up its ownership, so that the next start need not wait.
#[derive(Debug, clap::Args)]
#[command(after_long_help = "Examples:\n  syncc stop -C prod\n\n\
                             Exit codes: 0 it has ended, 3 none runs here, or it did not end in time.")]
pub(super) struct Args {
    /// Longest wait for its end
    #[arg(long, value_name = "DURATION", value_parser = duration_of, default_value = "60s")]
    timeout: Duration,
    #[command(flatten)]
    instance: Instance,
}

/// Asks, and waits until nobody listens any more.
pub(super) fn run(args: &Args, global: &Global, output: &mut Output) -> Result<Exit, Failure> {
    args.instance.result(global, &Operation::Stop)?;
    if !wait_for_end(&args.instance.socket(global), args.timeout) {
        let text = format!("it was told to end and has not within {} s", args.timeout.as_secs());
        return Err(Failure::new(Exit::Failed, text));
    }
    output.print("stopped\n")?;
    Ok(Exit::Fine)
}
