//! `syncc run`: from files to running tasks.

use super::front;
use super::global::{Global, duration_of};
use crate::control::Status;
use crate::diagnostic::{Diagnostic, Summary};
use crate::run::{Options, Screen};
use crate::text::FileSet;
use clap::ValueEnum;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

mod log;
mod progress;

pub(super) use progress::duration;

use progress::Bars;

/// Runs the project
///
/// Checks it, loads existing rows, follows the log, and changes what runs when a file is saved.
///
/// The state of every task lies in Kafka, in the transactions of its rows: end it whenever you like,
/// with Ctrl-C or without, and start it again anywhere.
///
/// While it runs, `syncc status` tells how far it is, and saving a .sync file changes it. A file with
/// mistakes changes nothing.
///
/// Records for a target `stdout` go to standard output; log and progress go to standard error.
#[derive(Debug, clap::Args)]
#[command(
    verbatim_doc_comment,
    after_long_help = "Examples:\n  \
        syncc run                       the project in this directory\n  \
        syncc run -C prod --log json    another one, logs for machines\n  \
        syncc run --once                load existing rows, then end\n\n\
        Exit codes: 0 stopped, 1 the files have errors, 2 wrong usage, 3 the world failed, 4 a change was refused, \
        20 the look at the servers, 21 active elsewhere, 22 ownership lost, 23 position lost, 24 retry window over, \
        25 data not understood, 26 state lost."
)]
pub(super) struct Args {
    /// State directory: lock, identity, breadcrumbs [default: .syncc in the project]
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Control socket [default: control.sock in the state directory]
    #[arg(long, value_name = "SOCKET")]
    control: Option<PathBuf>,
    /// End once existing rows are loaded
    #[arg(long)]
    once: bool,
    /// A server that cannot be reached at the start ends the run (exit 20) instead of being waited for
    #[arg(long)]
    require_live: bool,
    /// Take tasks over without watching whether another instance runs them
    #[arg(long)]
    takeover: bool,
    /// Begin anew where the state topic is gone
    #[arg(long)]
    accept_state_loss: bool,
    /// End when the first task fails, not when no task can go on
    #[arg(long)]
    fail_fast: bool,
    /// Longest wait for a clean end
    #[arg(long, value_name = "DURATION", value_parser = duration_of, default_value = "30s")]
    drain: Duration,
    /// How changed files are noticed
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = Watching::Auto)]
    watch: Watching,
    /// Form of the log [default: human on a terminal, else json]
    #[arg(long, value_enum, value_name = "FORM")]
    log: Option<log::Form>,
}

/// How changed files are noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Watching {
    /// By the system's events, and a look every 30 seconds.
    Auto,
    /// Not at all.
    Off,
}

/// Runs until it is stopped or no task can go on.
pub(super) fn run(args: &Args, global: &Global) -> ExitCode {
    let form = args.log.unwrap_or_else(log::Form::fitting);
    // A live line between objects would be no JSON.
    let bars = Bars::new(form == log::Form::Human, global.quiet, global.ascii);
    log::start(form, global, bars.clone());
    let options = Options {
        project: global.location(),
        state: args.state.clone(),
        control: args.control.clone(),
        watch: args.watch == Watching::Auto,
        require_live: args.require_live,
        once: args.once,
        takeover: args.takeover,
        accept_state_loss: args.accept_state_loss,
        drain: args.drain,
        fail_fast: args.fail_fast,
    };
    let code = crate::run::run(&options, &mut Terminal { global, form, bars: bars.clone() });
    bars.clear();
    ExitCode::from(code)
}

/// Standard error, as a person or a collector of logs sees it.
struct Terminal<'g> {
    global: &'g Global,
    form: log::Form,
    bars: Bars,
}

impl Screen for Terminal<'_> {
    fn findings(&mut self, files: &FileSet, findings: &[Diagnostic]) {
        if self.form == log::Form::Json {
            findings.iter().for_each(|finding| log::finding(finding, files));
            return;
        }
        let renderer = front::renderer(files, self.global.style_for_stderr());
        for finding in findings {
            self.bars.print(&format!("{}\n", renderer.draw(finding)));
        }
        let summary = Summary::of(findings, files.len());
        if !self.global.quiet {
            self.bars.print(&format!("{summary}\n"));
        }
    }

    fn status(&mut self, status: &Status) {
        self.bars.show(status);
    }
}
