//! The life of the process: starts tasks, watches files, carries out what the control socket and signals ask.
//!
//! One loop over one enum of events; every thread is started here, named, and joined here.

use super::context::{Clock, Context};
use super::event::{Event as Log, Name, counted};
use super::failure::Failure;
use super::reload::{Loaded, Outcome, Reload};
use super::state_dir::{StateDir, random_id};
use super::task::{Carried, Command, Exit, Input, Orders, Task};
use super::watch::{RESCAN, SETTLE, SETTLE_MAX, Watch};
use super::{Options, Screen};
use crate::control::{Handler, Operation, Refused, Server, Status, TaskStatus};
use crate::plan::{Plan, TaskId, TaskPlan};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

/// Interval of the loop when nothing happens.
const TICK: Duration = Duration::from_secs(1);

/// Events that may wait.
const EVENTS_MAX: usize = 1_024;

/// Inputs that may wait for one task. Wakes are dropped when it is full; answers wait.
const INBOX_MAX: usize = 64;

/// Threads for control and signals; no row passes through them.
const RUNTIME_WORKERS: usize = 2;

/// Exit code when tasks could not be ended in time.
const NOT_DRAINED_CODE: u8 = 3;

/// Exit code after a second signal, as shells give it for SIGINT.
const SECOND_SIGNAL_CODE: i32 = 130;

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
    /// A changed project was compiled, compared and prepared.
    Reloaded(Box<Outcome>),
}

/// A running task.
struct Running {
    plan: Arc<TaskPlan>,
    inbox: Sender<Input>,
    orders: Orders,
    /// It was removed from the files; declared again meanwhile, it starts once it has ended.
    removed: bool,
    status: Arc<Mutex<TaskStatus>>,
    carried: Carried,
    thread: Option<JoinHandle<()>>,
    exit: Option<Exit>,
}

impl Running {
    /// Orders something. Does not wait: a full inbox belongs to a task that is at work and looks at its orders then.
    fn order(&self, command: Command) {
        self.orders.give(command);
        let _ = self.inbox.try_send(Input::Wake);
    }
}

/// Statuses of all tasks, shared with the control socket.
type Board = Arc<Mutex<BoardState>>;

#[derive(Default)]
struct BoardState {
    /// Newest generation that a reload of this process made active; 0 before the first.
    generation: u64,
    refused: Option<Refused>,
    tasks: BTreeMap<String, Arc<Mutex<TaskStatus>>>,
}

/// Runs a compiled project until it is stopped, or no task can go on. Returns the exit code.
pub(super) fn supervise(options: &Options, loaded: Loaded, screen: &mut dyn Screen) -> u8 {
    let state_path = options.state.clone().unwrap_or_else(|| options.project.directory.join(".syncc"));
    let context = match context(options, &state_path) {
        Ok(context) => context,
        Err(failure) => {
            Log::error(Name::TaskFailed, failure.text.clone()).failure(&failure).emit();
            return failure.exit_code();
        }
    };
    let (events, inbox) = bounded(EVENTS_MAX);
    let board = Board::default();
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
    let watch = options.watch.then(|| {
        let events = events.clone();
        Watch::open(&loaded.directories, move || drop(events.try_send(Event::Files)))
    });
    let watch = match watch.transpose() {
        Ok(watch) => watch,
        Err(error) => {
            let text =
                format!("the files are looked at every {} s: no watch to be had: {error}", RESCAN.as_secs());
            Log::warn(Name::ProcessStarted, text).emit();
            None
        }
    };
    Log::info(Name::ProcessStarted, format!("syncc {}", env!("CARGO_PKG_VERSION"))).emit();
    let supervisor = Supervisor {
        options,
        reload: Reload::new(options.project.clone(), context.clone(), loaded.texts, loaded.directories),
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
        stopping: None,
        watch,
    };
    let code = supervisor.run(loaded.plan, screen);
    Log::info(Name::ProcessStopped, format!("exit code {code}")).emit();
    code
}

fn context(options: &Options, state_path: &Path) -> Result<Arc<Context>, Failure> {
    let state = StateDir::open(state_path)?;
    crate::failpoint::hit("start.locked");
    let incarnation = random_id().unwrap_or_else(|_| std::process::id().to_string());
    let seed = u64::from_str_radix(incarnation.get(..16).unwrap_or("0"), 16).unwrap_or(0);
    let started_s = super::context::wall_ms() as u64 / 1_000;
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned();
    Ok(Arc::new(Context {
        project: options.project.directory.clone(),
        state,
        incarnation,
        started_s,
        host,
        takeover: options.takeover,
        accept_state_loss: options.accept_state_loss,
        require_live: options.require_live,
        once: options.once,
        clock: Clock::start(),
        dice: AtomicU64::new(seed),
    }))
}

/// The first SIGTERM or SIGINT drains; the second ends the process at once, which loses nothing either.
fn listen_to_signals(runtime: &Handle, events: Sender<Event>) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let _inside = runtime.enter();
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    runtime.spawn(async move {
        let mut asked = false;
        loop {
            let event = tokio::select! {
                biased;
                // 1 and 2: the end comes first.
                _ = terminate.recv() => Event::Stop,
                _ = interrupt.recv() => Event::Stop,
                // 3: a look at the files.
                _ = hangup.recv() => Event::Rescan,
            };
            if matches!(event, Event::Stop) && std::mem::replace(&mut asked, true) {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "asked for twice: nothing uncommitted counts, nothing is left to do"
                )]
                std::process::exit(SECOND_SIGNAL_CODE);
            }
            let _ = events.try_send(event);
        }
    });
    Ok(())
}

/// What the control socket does.
struct Socket {
    board: Board,
    events: Sender<Event>,
}

impl Handler for Socket {
    fn handle(&self, operation: Operation) -> serde_json::Value {
        match operation {
            Operation::Status => serde_json::to_value(status(&self.board)).unwrap_or(serde_json::Value::Null),
            Operation::Stop => {
                let _ = self.events.send(Event::Stop);
                serde_json::Value::String("stopping".into())
            }
        }
    }
}

fn status(board: &Board) -> Status {
    let board = board.lock().unwrap_or_else(PoisonError::into_inner);
    let tasks: Vec<TaskStatus> = board
        .tasks
        .values()
        .map(|task| task.lock().unwrap_or_else(PoisonError::into_inner).clone())
        .collect();
    Status {
        version: 1,
        pid: std::process::id(),
        generation: tasks.iter().map(|task| task.generation).fold(board.generation, u64::max),
        refused: board.refused.clone(),
        tasks,
    }
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
    /// Generation that is not active yet, and the tasks it is awaited from.
    activating: Option<(u64, BTreeSet<TaskId>)>,
    /// When the drain began.
    stopping: Option<Instant>,
    watch: Option<Watch>,
}

impl Supervisor<'_> {
    fn run(mut self, plan: Plan, screen: &mut dyn Screen) -> u8 {
        for task in plan.running() {
            self.start(Arc::new(task.clone()), None);
        }
        self.adopt(plan);
        loop {
            match self.inbox.recv_timeout(self.patience()) {
                Ok(event) => self.handle(event, screen),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return 101,
            }
            self.look_at_files();
            self.announce();
            screen.status(&status(&self.board));
            if let Some(code) = self.ended() {
                self.join();
                return code;
            }
        }
    }

    /// Until when the loop may sleep.
    fn patience(&self) -> Duration {
        if self.files_touched.is_some() { SETTLE } else { TICK }
    }

    fn handle(&mut self, event: Event, screen: &mut dyn Screen) {
        match event {
            Event::Files => {
                let now = Instant::now();
                let first = self.files_touched.map_or(now, |(first, _)| first);
                self.files_touched = Some((first, now));
            }
            Event::Rescan => self.scan(),
            Event::Stop => self.drain(),
            Event::Ended(id, exit) => {
                if let Some(task) = self.tasks.get_mut(&id) {
                    task.exit = Some(exit);
                    let declared = self.plan.running().find(|plan| plan.id == id);
                    if let Some(plan) = declared
                        && task.removed
                        && self.stopping.is_none()
                    {
                        let plan = Arc::new(plan.clone());
                        let generation = status(&self.board).generation.max(self.accepted) + 1;
                        self.start(plan, Some(generation));
                    }
                }
                self.forget_removed();
            }
            Event::Reloaded(outcome) => self.reloaded(*outcome, screen),
        }
    }

    fn start(&mut self, plan: Arc<TaskPlan>, generation: Option<u64>) {
        let id = plan.id.clone();
        let status = Arc::new(Mutex::new(TaskStatus { task: id.to_string(), ..TaskStatus::default() }));
        let (me, inbox) = bounded(INBOX_MAX);
        let carried = Carried::default();
        let orders = Orders::default();
        let task = Task::new(
            plan.clone(),
            generation,
            self.context.clone(),
            (me.clone(), inbox),
            orders.clone(),
            status.clone(),
            carried.clone(),
        );
        let events = self.events.clone();
        let thread = std::thread::Builder::new().name(format!("task {id}")).spawn({
            let id = id.clone();
            move || {
                let exit = task.run();
                let _ = events.send(Event::Ended(id, exit));
            }
        });
        let (thread, exit) = match thread {
            Ok(thread) => (Some(thread), None),
            Err(error) => {
                let text = format!("cannot start a thread: {error}");
                (None, Some(Exit::Failed(Failure::new(super::failure::Class::Request, text))))
            }
        };
        self.board
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .tasks
            .insert(id.to_string(), status.clone());
        let running = Running { plan, inbox: me, orders, removed: false, status, carried, thread, exit };
        self.tasks.insert(id, running);
    }

    /// Looks at the files when they have settled, and now and then in any case.
    fn look_at_files(&mut self) {
        if self.stopping.is_some() || !self.options.watch {
            return;
        }
        let settled = self
            .files_touched
            .is_some_and(|(first, last)| last.elapsed() >= SETTLE || first.elapsed() >= SETTLE_MAX);
        if settled || self.scanned.elapsed() >= RESCAN {
            self.scan();
        }
    }

    fn scan(&mut self) {
        if self.stopping.is_some() {
            return;
        }
        self.files_touched = None;
        self.scanned = Instant::now();
        self.renew_watch();
        let generation = status(&self.board).generation + 1;
        let events = self.events.clone();
        let carried = self
            .tasks
            .iter()
            .map(|(id, task)| {
                (id.clone(), task.carried.lock().unwrap_or_else(PoisonError::into_inner).clone())
            })
            .collect();
        self.reload.begin(&self.plan, carried, generation, move |outcome| {
            let _ = events.send(Event::Reloaded(Box::new(outcome)));
        });
    }

    fn renew_watch(&mut self) {
        if let Some(watch) = &mut self.watch {
            watch.renew(&self.reload.directories());
        }
    }

    fn reloaded(&mut self, outcome: Outcome, screen: &mut dyn Screen) {
        // A directory that a file has begun to use is watched from now on.
        self.renew_watch();
        if self.reload.ended() {
            self.files_touched = Some((Instant::now(), Instant::now()));
        }
        if self.stopping.is_some() {
            // Another plan would take the place of the order to end.
            return;
        }
        match outcome {
            Outcome::Same => {}
            Outcome::NoEffect { told } => {
                self.set_refused(None);
                Log::info(Name::ConfigChanged, "files changed; no effect").emit();
                told.show(screen);
            }
            Outcome::Refused { told, generation } => {
                let findings = &told.findings;
                let errors = findings
                    .iter()
                    .filter(|finding| finding.severity == crate::diagnostic::Severity::Error)
                    .count();
                Log::error(
                    Name::ConfigRefused,
                    format!(
                        "generation {generation} is refused, {}; generation {} stays active",
                        counted(errors, "error"),
                        generation - 1
                    ),
                )
                .generation(generation - 1)
                .emit();
                told.show(screen);
                let mut codes: Vec<String> =
                    findings.iter().map(|finding| finding.code.number.to_owned()).collect();
                codes.sort_unstable();
                codes.dedup();
                let since = super::context::wall_ms() as u64 / 1_000;
                self.set_refused(Some(Refused { errors, since, codes }));
            }
            Outcome::Accepted { plan, generation, summary, told } => {
                Log::info(Name::ConfigChanged, format!("generation {generation} prepared: {summary}"))
                    .generation(generation)
                    .emit();
                told.show(screen);
                self.set_refused(None);
                self.apply(plan, generation);
            }
            Outcome::Again => self.files_touched = Some((Instant::now(), Instant::now())),
        }
    }

    /// Hands the new plans to the tasks: changed ones swap at a transaction end, new ones start, removed ones drain.
    fn apply(&mut self, plan: Plan, generation: u64) {
        let wanted: BTreeMap<&TaskId, &TaskPlan> = plan.running().map(|task| (&task.id, task)).collect();
        let mut awaited = BTreeSet::new();
        for (id, running) in &mut self.tasks {
            match wanted.get(id) {
                None => {
                    running.removed = true;
                    running.order(Command::Drain);
                    awaited.insert(id.clone());
                }
                // It ends first, and starts under the new plan then.
                Some(_) if running.removed && running.exit.is_none() => {
                    awaited.insert(id.clone());
                }
                Some(&new) if *running.plan != *new && running.exit.is_none() => {
                    awaited.insert(id.clone());
                    running.plan = Arc::new(new.clone());
                    let command = Command::Swap { plan: running.plan.clone(), generation };
                    running.order(command);
                }
                Some(_) => {}
            }
        }
        let fresh: Vec<Arc<TaskPlan>> = plan
            .running()
            .filter(|task| self.tasks.get(&task.id).is_none_or(|running| running.exit.is_some()))
            .map(|task| Arc::new(task.clone()))
            .collect();
        for task in fresh {
            awaited.insert(task.id.clone());
            self.start(task, Some(generation));
        }
        self.adopt(plan);
        self.accepted = generation;
        self.activating = Some((generation, awaited));
    }

    /// Takes a plan over, and tells of the tasks that stand still under it and did not before.
    fn adopt(&mut self, plan: Plan) {
        let before: BTreeSet<&TaskId> = self.plan.paused().map(|(task, _)| &task.id).collect();
        for (task, why) in plan.paused().filter(|(task, _)| !before.contains(&task.id)) {
            Log::info(Name::TaskPaused, format!("paused: {why}")).task(&task.id).emit();
        }
        self.plan = plan;
    }

    /// Says that a generation is active once every task that it changes runs it, or has ended.
    fn announce(&mut self) {
        let Some((generation, awaited)) = &mut self.activating else { return };
        let generation = *generation;
        awaited.retain(|id| {
            self.tasks.get(id).is_some_and(|task| {
                let status = task.status.lock().unwrap_or_else(PoisonError::into_inner);
                status.generation < generation && task.exit.is_none()
            })
        });
        if awaited.is_empty() {
            self.activating = None;
            self.board.lock().unwrap_or_else(PoisonError::into_inner).generation = generation;
            Log::info(Name::ConfigActive, format!("generation {generation} active"))
                .generation(generation)
                .emit();
        }
    }

    fn set_refused(&self, refused: Option<Refused>) {
        self.board.lock().unwrap_or_else(PoisonError::into_inner).refused = refused;
    }

    /// Forgets tasks that were removed from the files and have drained.
    fn forget_removed(&mut self) {
        let plan = &self.plan;
        let board = &self.board;
        self.tasks.retain(|id, task| {
            let gone = task.exit.is_some() && !plan.running().any(|task| task.id == *id);
            if gone {
                if let Some(thread) = task.thread.take() {
                    let _ = thread.join();
                }
                board.lock().unwrap_or_else(PoisonError::into_inner).tasks.remove(&id.to_string());
            }
            !gone
        });
    }

    fn drain(&mut self) {
        if self.stopping.is_some() {
            return;
        }
        self.stopping = Some(Instant::now());
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
        if self.tasks.values().any(|task| task.exit.is_none()) {
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
