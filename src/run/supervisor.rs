//! The life of the process: starts tasks, watches files, carries out what the control socket and signals ask.
//!
//! One loop over one enum of events; every thread is started here, named, and joined here.

mod board;
mod files;
mod operations;
mod service;
mod signals;
mod site;
mod socket;
mod stall;
mod tasks;

use super::context::Context;
use super::event::{Event as Log, Name};
use super::failure::Failure;
use super::reload::{Loaded, Outcome, Reload};
use super::state_dir::StateDir;
use super::task::{Command, Exit};
use super::watch::{SETTLE, Watch};
use super::{Options, Screen, Watching};
use crate::control::{Operation, Reply, Server};
use crate::plan::{Plan, TaskId, TaskPlan};
use board::Board;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use operations::{AskedReload, Waiter};
use service::Service;
use signals::listen_to_signals;
use socket::Socket;
use stall::Moves;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tasks::{Activating, Running};

/// Interval of the loop when nothing happens.
const TICK: Duration = Duration::from_secs(1);

/// Interval of the loop while somebody waits for tasks.
const AWAITED: Duration = Duration::from_millis(50);

/// Events that may wait.
const EVENTS_MAX: usize = 1_024;

/// Threads for control and signals; no row passes through them.
const RUNTIME_WORKERS: usize = 2;

/// How often it is told that what runs is not what the files say.
const STALE_EVERY: Duration = Duration::from_secs(60);

/// Exit code when tasks could not be ended in time.
const NOT_DRAINED_CODE: u8 = 3;

/// What comes to the supervisor.
pub(super) enum Event {
    /// Something happened in or around the project.
    Files,
    /// A task's thread ended.
    Ended(TaskId, Exit),
    /// SIGTERM, SIGINT, or `stop` over the socket.
    Stop,
    /// SIGHUP.
    Rescan,
    /// Somebody asked over the control socket.
    Asked(Operation, Reply),
    /// A changed project was compiled, compared and prepared.
    Reloaded(Box<Outcome>),
}

/// Runs a compiled project until it is stopped, or no task can go on. Returns the exit code.
pub(super) fn supervise(options: &Options, loaded: Loaded, screen: &mut dyn Screen) -> u8 {
    let state_path = options.state_path();
    let context = match context(options, &state_path) {
        Ok(context) => context,
        Err(failure) => {
            Log::error(Name::TaskFailed, failure.text.clone()).failure(&failure).emit();
            return failure.exit_code();
        }
    };
    let (events, inbox) = bounded(EVENTS_MAX);
    let board = Board::new(context.clone());
    board.open().started_s = context.started_s;
    let socket = options.control.clone().unwrap_or_else(|| state_path.join("control.sock"));
    let handler = Arc::new(Socket { board: board.clone(), events: events.clone() });
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .worker_threads(RUNTIME_WORKERS)
        .thread_name("control")
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            Log::error(Name::ProcessStopped, format!("cannot start threads: {error}")).emit();
            return 3;
        }
    };
    let _server = match Server::open(&socket, runtime.handle(), handler) {
        Ok(server) => server,
        Err(error) => {
            let text = format!("cannot open the control socket {}: {error}", socket.display());
            Log::error(Name::ProcessStopped, text).emit();
            return 3;
        }
    };
    if let Err(error) = listen_to_signals(runtime.handle(), events.clone()) {
        Log::error(Name::ProcessStopped, format!("cannot listen to signals: {error}")).emit();
        return 3;
    }
    let site = match site::open(options.listen.as_ref(), &context.host, board.clone(), runtime.handle()) {
        Ok(site) => site,
        Err(failure) => {
            Log::error(Name::ProcessStopped, failure.text.clone()).failure(&failure).emit();
            return failure.exit_code();
        }
    };
    let watch = options.watch.listens().then(|| {
        let events = events.clone();
        Watch::open(&loaded.directories, move || drop(events.try_send(Event::Files)))
    });
    let watch = match watch.transpose() {
        Ok(watch) => watch,
        Err(error) if options.watch == Watching::Native => {
            let text = format!("no watch to be had for --watch native: {error}");
            Log::error(Name::ProcessStopped, text).emit();
            return 3;
        }
        Err(error) => {
            let text = format!(
                "the files are looked at every {} s: no watch to be had: {error}",
                options.poll.as_secs()
            );
            Log::warn(Name::ProcessStarted, text).emit();
            None
        }
    };
    let listens = site.as_ref().map(|site| format!(", listens at {}", site.address())).unwrap_or_default();
    Log::info(Name::ProcessStarted, format!("syncc {}{listens}", env!("CARGO_PKG_VERSION"))).emit();
    protect();
    let loaded_stale = loaded.is_stale();
    let supervisor = Supervisor {
        options,
        reload: Reload::new(options, context.clone(), loaded.texts, loaded.directories),
        context,
        events,
        inbox,
        board,
        tasks: BTreeMap::new(),
        plan: Plan::default(),
        files_touched: None,
        scanned: Instant::now(),
        accepted: 0,
        activating: None,
        reload_asked: None,
        start_anew: false,
        activation_asked: None,
        waiters: Vec::new(),
        starting: Vec::new(),
        moves: Moves::new(),
        service: Service::find(),
        stopping: None,
        stale_told: loaded_stale.then(Instant::now),
        watch,
    };
    let code = supervisor.run(loaded.plan, screen);
    Log::info(Name::ProcessStopped, format!("exit code {code}")).emit();
    code
}

/// Secrets in memory end in no core file; who runs as root is told that it need not be.
fn protect() {
    if rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable).is_err() {
        Log::warn(Name::ProcessStarted, "core files cannot be switched off; they would hold secrets").emit();
    }
    if rustix::process::geteuid().is_root() {
        Log::warn(Name::ProcessStarted, "runs as root, which it need not: give it a user of its own").emit();
    }
}

pub(super) fn context(options: &Options, state_path: &Path) -> Result<Arc<Context>, Failure> {
    let state = StateDir::open(state_path)?;
    crate::failpoint::hit("start.locked");
    Ok(Arc::new(Context {
        takeover: options.takeover,
        standby: options.standby,
        accept_state_loss: options.accept_state_loss,
        require_live: options.require_live,
        accept: options.accept.clone(),
        once: options.once,
        until: options.until.clone(),
        ..Context::new(options.project.directory.clone(), state)
    }))
}

struct Supervisor<'o> {
    options: &'o Options,
    context: Arc<Context>,
    events: Sender<Event>,
    inbox: Receiver<Event>,
    board: Board,
    tasks: BTreeMap<TaskId, Running>,
    plan: Plan,
    reload: Reload,
    /// When files were touched first and last, while they settle.
    files_touched: Option<(Instant, Instant)>,
    scanned: Instant,
    /// Newest generation that was accepted; 0 before the first reload.
    accepted: u64,
    /// Generation that is not active yet.
    activating: Option<Activating>,
    /// A reload that somebody asked for and that is not decided.
    reload_asked: Option<AskedReload>,
    /// Tasks that have failed are to start anew once the look that was asked for is over.
    start_anew: bool,
    /// Who waits for the generation to be active, and what they are told then.
    activation_asked: Option<(Reply, serde_json::Value)>,
    /// Who waits for tasks.
    waiters: Vec<Waiter>,
    /// Tasks to be started, their generations, and codes of changes that are accepted for them: one with another name waits for the end of the former one.
    starting: Vec<(Arc<TaskPlan>, u64, Vec<String>)>,
    /// When each task moved last.
    moves: Moves,
    service: Service,
    /// When the drain began.
    stopping: Option<Instant>,
    /// When it was told last that what runs is not what the files say; none while it is.
    stale_told: Option<Instant>,
    watch: Option<Watch>,
}

impl Supervisor<'_> {
    fn run(mut self, plan: Plan, screen: &mut dyn Screen) -> u8 {
        for task in plan.running() {
            self.start(Arc::new(task.clone()), None, &plan, Vec::new());
        }
        self.adopt(plan);
        if self.stale_told.is_some() {
            self.tell_stale();
            self.scan();
        }
        loop {
            match self.inbox.recv_timeout(self.patience()) {
                Ok(event) => self.handle(event, screen),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return 101,
            }
            self.look_at_files();
            self.announce();
            self.answer_waiters();
            self.look_for_stalls();
            if self.stale_told.is_some_and(|told| told.elapsed() >= STALE_EVERY) {
                self.tell_stale();
            }
            let status = self.board.status();
            self.board.open().turned = Some(Instant::now());
            self.service.turn(&status);
            screen.status(&status);
            if let Some(code) = self.ended() {
                self.join();
                return code;
            }
        }
    }

    /// Says that what runs is not what the files say.
    fn tell_stale(&mut self) {
        self.stale_told = Some(Instant::now());
        Log::warn(Name::ConfigStale, "what ran last goes on; the files have errors (`syncc check`)").emit();
    }

    /// Number of the next plan. One that was accepted has its own, although no task may run it yet: by their numbers tasks tell
    /// which of two plans they have gone over to.
    fn next_generation(&self) -> u64 {
        self.board.status().generation.max(self.accepted) + 1
    }

    /// Until when the loop may sleep.
    fn patience(&self) -> Duration {
        let awaited = !self.waiters.is_empty() || self.activation_asked.is_some();
        match (awaited, self.files_touched.is_some()) {
            (true, _) => AWAITED,
            (false, true) => SETTLE,
            (false, false) => TICK,
        }
    }

    fn handle(&mut self, event: Event, screen: &mut dyn Screen) {
        match event {
            Event::Files => {
                let now = Instant::now();
                let first = self.files_touched.map_or(now, |(first, _)| first);
                self.files_touched = Some((first, now));
            }
            Event::Rescan => {
                self.service.reloading();
                self.start_anew = true;
                self.scan();
            }
            Event::Stop => self.drain(),
            Event::Asked(operation, reply) => self.asked(operation, reply),
            Event::Ended(id, exit) => {
                if let Some(task) = self.tasks.get_mut(&id) {
                    task.exit = Some(exit);
                    let declared = self.plan.running().find(|plan| plan.id == id);
                    if let Some(plan) = declared
                        && task.removed
                        && self.stopping.is_none()
                    {
                        let (plan, accept) = (Arc::new(plan.clone()), std::mem::take(&mut task.accept));
                        let generation = self.next_generation();
                        let files = self.plan.clone();
                        self.start(plan, Some(generation), &files, accept);
                    }
                }
                self.forget_removed();
                self.start_next();
            }
            Event::Reloaded(outcome) => self.reloaded(*outcome, screen),
        }
    }

    fn drain(&mut self) {
        if self.stopping.is_some() {
            return;
        }
        self.stopping = Some(Instant::now());
        self.service.stopping();
        Log::info(Name::ProcessStopping, "draining; a second signal ends at once").emit();
        for task in self.tasks.values() {
            task.order(Command::Drain);
        }
    }

    /// The exit code, once nothing runs any more.
    fn ended(&mut self) -> Option<u8> {
        if let Some(since) = self.stopping
            && since.elapsed() > self.options.drain
        {
            Log::warn(
                Name::ProcessStopping,
                format!(
                    "not drained after {} s; what was not committed comes again",
                    self.options.drain.as_secs()
                ),
            )
            .emit();
            // Threads that hang in a dead server cannot be joined; nothing uncommitted counts.
            for task in self.tasks.values_mut() {
                task.thread = None;
            }
            return Some(NOT_DRAINED_CODE);
        }
        if self.stopping.is_none() && self.options.fail_fast && self.first_failure().is_some() {
            self.drain();
        }
        let begins = self.stopping.is_none() && !self.starting.is_empty();
        if begins || self.tasks.values().any(|task| task.exit.is_none()) {
            return None;
        }
        if self.stopping.is_none() && self.tasks.is_empty() {
            let waits = !self.options.once && !self.plan.tasks.is_empty();
            if self.reload.is_busy() || waits {
                return None;
            }
            Log::info(
                Name::ProcessStopping,
                "the files have no pipeline any more; there is nothing left to run",
            )
            .emit();
        }
        Some(self.first_failure().map_or(0, Failure::exit_code))
    }

    fn first_failure(&self) -> Option<&Failure> {
        self.tasks.values().find_map(|task| match &task.exit {
            Some(Exit::Failed(failure)) => Some(failure),
            Some(Exit::Done) | None => None,
        })
    }

    fn join(&mut self) {
        for task in self.tasks.values_mut() {
            if let Some(thread) = task.thread.take() {
                let _ = thread.join();
            }
        }
    }
}
