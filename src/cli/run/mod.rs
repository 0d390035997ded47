//! `syncc run`: from files to running tasks.

use super::global::{Global, duration_of};
use super::{front, here};
use crate::control::Status;
use crate::diagnostic::{Diagnostic, Summary};
use crate::http::Tls;
use crate::run::{Listen, Options, Screen, Until, Watching};
use crate::statement::{StartAt, timestamp_us};
use crate::text::FileSet;
use clap::ValueEnum;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

mod log;
mod progress;

pub(super) use log::timestamp;
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
        syncc run --once                load existing rows, then end\n  \
        syncc run --standby             take over when the instance that runs it falls silent\n  \
        syncc run --until now           load existing rows, follow the log to where it ends now, then end\n  \
        syncc run --until 2026-09-20T10:00:00Z\n  \
        syncc run --last-good           in a pod: files with errors do not keep data from flowing\n\n\
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
    /// Tell liveness, readiness, metrics and status over HTTP at this address; a port alone is one of loopback
    #[arg(long, value_name = "ADDR", value_parser = crate::http::address)]
    listen: Option<SocketAddr>,
    /// File with the token that a request has to bring, to see more than counts
    #[arg(long, value_name = "FILE", requires = "listen")]
    listen_token_file: Option<PathBuf>,
    /// Certificate chain for HTTPS, PEM
    #[arg(long, value_name = "FILE", requires = "listen", requires = "listen_tls_key")]
    listen_tls_cert: Option<PathBuf>,
    /// Key of the certificate, PEM
    #[arg(long, value_name = "FILE", requires = "listen_tls_cert")]
    listen_tls_key: Option<PathBuf>,
    /// Show names of tables and topics to anybody who reaches the address
    #[arg(long, requires = "listen")]
    listen_open: bool,
    /// End once existing rows are loaded
    #[arg(long)]
    once: bool,
    /// Run this pipeline alone, as pipeline:NAME; repeatable. Other processes run the others
    #[arg(long, value_name = "pipeline:NAME", value_parser = pipeline)]
    only: Vec<String>,
    /// Wait for tasks that another instance runs, and take over those whose owner falls silent
    #[arg(long, conflicts_with = "takeover")]
    standby: bool,
    /// End at a place in the log: `now`, GTIDs, FILE:OFFSET or a time
    ///
    /// Existing rows are loaded first, and everything before the place is committed.
    #[arg(long, value_name = "PLACE", value_parser = until_of, conflicts_with = "once")]
    until: Option<Until>,
    /// Where the files have errors, run what ran last here
    ///
    /// The state directory keeps the plan, so it has to be that of the former run (--state), in a container a place on a volume.
    /// The files take effect once they have no errors.
    #[arg(long)]
    last_good: bool,
    /// A server that cannot be reached at the start ends the run (exit 20) instead of being waited for
    #[arg(long)]
    require_live: bool,
    /// Take tasks over without watching whether another instance runs them
    #[arg(long)]
    takeover: bool,
    /// Begin anew where the state topic is gone
    #[arg(long)]
    accept_state_loss: bool,
    /// Accept a change that breaks consumers, for what was edited while nothing ran; repeatable
    #[arg(long, value_name = "CODE", value_parser = crate::plan::acceptable)]
    accept: Vec<String>,
    /// End when the first task fails, not when no task can go on
    #[arg(long)]
    fail_fast: bool,
    /// Longest wait for a clean end
    #[arg(long, value_name = "DURATION", value_parser = duration_of, default_value = "30s")]
    drain: Duration,
    /// How changed files are noticed
    #[arg(long, value_enum, value_name = "WHEN", default_value_t = When::Auto)]
    watch: When,
    /// How often files are looked at without an event, at least 1s [default: 30s, with --watch poll 5s]
    #[arg(long, value_name = "DURATION", value_parser = poll_of, hide_short_help = true)]
    poll: Option<Duration>,
    /// Form of the log [default: human on a terminal, else json]
    #[arg(long, value_enum, value_name = "FORM")]
    log: Option<log::Form>,
}

impl Args {
    fn listen(&self) -> Option<Listen> {
        let tls = self.listen_tls_cert.clone().zip(self.listen_tls_key.clone());
        Some(Listen {
            address: self.listen?,
            token_file: self.listen_token_file.clone(),
            tls: tls.map(|(cert, key)| Tls { cert, key }),
            open: self.listen_open,
        })
    }
}

/// The name behind `pipeline:`.
fn pipeline(text: &str) -> Result<String, String> {
    match text.strip_prefix("pipeline:") {
        Some(name) if !name.is_empty() => Ok(name.to_owned()),
        Some(_) | None => Err("write `pipeline:NAME`".to_owned()),
    }
}

/// A place in the log, as it is written on the command line.
fn until_of(text: &str) -> Result<Until, &'static str> {
    if text == "now" {
        return Ok(Until::Now);
    }
    if let Ok(us) = timestamp_us(text) {
        return Ok(Until::At(StartAt::TimeUs(us)));
    }
    let place = text.rsplit_once(':').filter(|(file, _)| file.contains('.') && !file.contains(','));
    match place.map(|(file, offset)| (file, offset.parse())) {
        Some((file, Ok(offset))) => Ok(Until::At(StartAt::Binlog { file: file.to_owned(), offset })),
        Some((_, Err(_))) => Err("an offset is a number, as in mysql-bin.000042:7919"),
        None if text.contains(['-', ':']) => Ok(Until::At(StartAt::Gtid(text.to_owned()))),
        None => Err(
            "write `now`, GTIDs as the server prints them, FILE:OFFSET, or a time as 2026-09-20T10:00:00Z",
        ),
    }
}

/// How changed files are noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum When {
    /// By the system's events, and a look now and then.
    Auto,
    /// By the system's events alone; exit 3 where there are none to be had.
    Native,
    /// By looks alone: for file systems that tell nothing.
    Poll,
    /// Not at all.
    Off,
}

impl When {
    fn watching(self) -> Watching {
        match self {
            When::Auto => Watching::Auto,
            When::Native => Watching::Native,
            When::Poll => Watching::Poll,
            When::Off => Watching::Off,
        }
    }

    /// How often files are looked at.
    fn poll(self) -> Duration {
        match self {
            When::Poll => POLL,
            When::Auto | When::Native | When::Off => LOOK,
        }
    }
}

/// Between two looks at files where nothing else tells that they have changed.
const POLL: Duration = Duration::from_secs(5);

/// Between two looks beside the events of the system: network file systems tell nothing.
const LOOK: Duration = Duration::from_secs(30);

/// A time between two looks.
fn poll_of(text: &str) -> Result<Duration, String> {
    let poll = duration_of(text)?;
    if poll < Duration::from_secs(1) {
        return Err("the least is 1s".to_owned());
    }
    Ok(poll)
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
        listen: args.listen(),
        watch: args.watch.watching(),
        poll: args.poll.unwrap_or_else(|| args.watch.poll()),
        only: args.only.clone(),
        standby: args.standby,
        require_live: args.require_live,
        once: args.once,
        until: args.until.clone(),
        last_good: args.last_good,
        takeover: args.takeover,
        accept_state_loss: args.accept_state_loss,
        accept: args.accept.clone(),
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
        let shown = here::from_here(files, &self.global.project);
        let renderer = front::renderer(&shown, self.global.style_for_stderr());
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
