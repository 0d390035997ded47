//! Threads and their lives: what `syncc run` starts, watches and ends.
//!
//! The supervisor owns everything: a thread per task, per reader, per loader, one that looks at changed files. Nothing
//! per row passes through more than one channel, and none of it through an async runtime.

mod context;
mod event;
mod failure;
mod follower;
mod framer;
mod given;
mod hub;
mod last_good;
mod place;
mod precheck;
mod pulse;
pub mod registry;
mod reload;
mod ring;
mod room;
mod search;
mod state_dir;
mod state_tool;
mod supervisor;
mod tap;
mod task;
mod turns;
mod watch;

pub use given::give_schema;
pub use search::start_place;

pub use state_tool::{Recorded, StateToolError, Stored, forget, recorded, set_position, state_records};

use crate::control::Status;
use crate::diagnostic::{Diagnostic, Severity};
use crate::plan::{Compiled, compile_project};
use crate::project::Location;
use crate::statement::StartAt;
use crate::text::FileSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Exit code when the files of the project cannot be read, or `--param` names a parameter they do not declare.
const USAGE_CODE: u8 = 2;

/// How to run a project.
#[derive(Debug, Clone)]
pub struct Options {
    /// The project, and the values of its parameters as long as it runs.
    pub project: Location,
    /// State directory; none: `.syncc` in the project.
    pub state: Option<PathBuf>,
    /// Control socket; none: `control.sock` in the state directory.
    pub control: Option<PathBuf>,
    /// Status and metrics over HTTP.
    pub listen: Option<Listen>,
    /// How changed files are noticed.
    pub watch: Watching,
    /// How often they are looked at, where that does not wait for an event.
    pub poll: Duration,
    /// Pipelines that run here; none names all.
    pub only: Vec<String>,
    /// Wait for tasks that another instance runs, and take over those that fall silent.
    pub standby: bool,
    /// A server that cannot be reached at the start is a failed precheck.
    pub require_live: bool,
    /// End when existing rows are loaded.
    pub once: bool,
    /// End when existing rows are loaded and the log was followed to a place.
    pub until: Option<Until>,
    /// Where the files have errors, run what ran last.
    pub last_good: bool,
    /// Take tasks over without watching whether their owner lives.
    pub takeover: bool,
    /// Begin anew where the state is gone.
    pub accept_state_loss: bool,
    /// Codes of changes that are accepted, for what was edited while nothing ran.
    pub accept: Vec<String>,
    /// Longest drain.
    pub drain: Duration,
    /// End when the first task fails.
    pub fail_fast: bool,
}

/// How changed files are noticed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watching {
    /// By events of the system, and by a look now and then.
    Auto,
    /// By events of the system alone; where there are none to be had, the run does not begin.
    Native,
    /// By a look now and then alone.
    Poll,
    /// Not at all, but when somebody asks for a look.
    Off,
}

impl Watching {
    /// Listens to events.
    fn listens(self) -> bool {
        matches!(self, Watching::Auto | Watching::Native)
    }

    /// Looks without an event.
    fn looks(self) -> bool {
        matches!(self, Watching::Auto | Watching::Poll)
    }
}

/// Where in the log a run ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Until {
    /// Where the log ends when the task starts.
    Now,
    /// At a place.
    At(StartAt),
}

/// Where and to whom status and metrics are told over HTTP.
#[derive(Debug, Clone)]
pub struct Listen {
    /// Address.
    pub address: SocketAddr,
    /// File with the token that a request needs.
    pub token_file: Option<PathBuf>,
    /// Certificate and key.
    pub tls: Option<crate::http::Tls>,
    /// Anybody may see names, from other machines, too.
    pub open: bool,
}

/// Where what happens is shown.
pub trait Screen {
    /// Findings in files: of a start or a reload that was refused, and warnings of one that was not.
    fn findings(&mut self, files: &FileSet, findings: &[Diagnostic]);

    /// The status, at least once a second.
    fn status(&mut self, status: &Status);
}

/// Runs the project until it is stopped or no task can go on. Returns the exit code.
pub fn run(options: &Options, screen: &mut dyn Screen) -> u8 {
    crate::failpoint::arm();
    let reading = match reload::load(&options.project) {
        Ok(reading) => reading,
        Err(finding) => {
            screen.findings(&FileSet::new(), &[*finding]);
            return stale(options, screen).unwrap_or(USAGE_CODE);
        }
    };
    let files = &reading.project.files;
    let Compiled { mut findings, plan, idle, undeclared } = compile_project(&reading.project);
    if !undeclared.is_empty() {
        screen.findings(files, &undeclared);
        return USAGE_CODE;
    }
    let runs = idle.is_empty();
    findings.extend(idle);
    if !findings.is_empty() {
        screen.findings(files, &findings);
    }
    let Some((plan, _)) = plan.filter(|_| runs) else {
        debug_assert!(findings.iter().any(|finding| finding.severity == Severity::Error));
        return stale(options, screen).unwrap_or(1);
    };
    let plan = match plan.only(&options.only) {
        Ok(plan) => plan,
        Err(text) => {
            event::Event::error(event::Name::ProcessStopped, format!("--only: {text}")).emit();
            return USAGE_CODE;
        }
    };
    if plan.tasks.is_empty() {
        let text = "the project has no pipeline, so there is nothing to run; write `pipeline NAME from SOURCE to TARGET { … }`";
        event::Event::error(event::Name::ProcessStopped, text).emit();
        return 1;
    }
    let loaded = reload::Loaded { plan, texts: reload::Texts::of(files), directories: reading.directories };
    supervisor::supervise(options, loaded, screen)
}

/// Runs what ran last, where that is asked for; none where it is not.
fn stale(options: &Options, screen: &mut dyn Screen) -> Option<u8> {
    if !options.last_good {
        return None;
    }
    let plan = match last_good::plan(options, &options.state_path()) {
        Ok(plan) => plan,
        Err(failure) => {
            event::Event::error(event::Name::ProcessStopped, failure.text.clone()).failure(&failure).emit();
            return Some(if failure.class == failure::Class::Usage { 1 } else { failure.exit_code() });
        }
    };
    let plan = match plan.only(&options.only) {
        Ok(plan) => plan,
        Err(text) => {
            event::Event::error(event::Name::ProcessStopped, format!("--only: {text}")).emit();
            return Some(1);
        }
    };
    let directories = vec![options.project.directory.clone()];
    Some(supervisor::supervise(options, reload::Loaded::stale(plan, directories), screen))
}

impl Options {
    /// The state directory.
    fn state_path(&self) -> PathBuf {
        self.state.clone().unwrap_or_else(|| self.project.directory.join(".syncc"))
    }
}

/// What a panic said.
fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    if let Some(text) = panic.downcast_ref::<&str>() {
        (*text).to_owned()
    } else if let Some(text) = panic.downcast_ref::<String>() {
        text.clone()
    } else {
        "a panic without words".to_owned()
    }
}
