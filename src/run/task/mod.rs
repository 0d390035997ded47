//! One task: a thread that prepares, owns, streams, loads and commits, from one recovery to the next.
//!
//! A *life* goes from a committed position to a failure, a changed plan or a stop. Whatever goes wrong, the next life
//! begins the same way: a new producer (which fences the old one), the committed position, the log from there on.
//!
//! Guarantees: the position moves only by commits, so ending a life anywhere loses nothing.

mod beats;
mod counts;
mod cut;
mod ddl;
pub(super) mod edit;
mod fence;
mod first;
mod gauge;
mod given;
mod halt;
mod heal;
mod held;
mod history;
mod inherit;
mod known;
mod letters;
mod life;
mod limit;
mod lost;
mod marker;
mod marks;
mod online;
mod output;
mod progress;
mod reader;
mod reads;
mod repartition;
mod retention;
mod rows;
mod salts;
mod schemas;
mod source;
mod start;
mod stream;
mod tables;
#[cfg(test)]
mod tests;
mod until;
mod verdict;

pub(super) use inherit::another_cluster;
pub(super) use reads::Answer;
pub(super) use start::prepare;

use super::context::{Clock, Context};
use super::event::{Event, Name};
use super::failure::{Class, Failure, Side};
use super::follower::Follower;
use super::panic_text;
use crate::checkpoint::{CtlRecord, MidRecord};
use crate::control::{Counters, TaskState, TaskStatus};
use crate::engine::commit::HEARTBEAT_MS;
use crate::engine::retry::{End, Kind, Next, RetryClocks};
use crate::mysql::position::{Position, ServerIdentity};
use crate::mysql::schema::TableName;
use crate::plan::{Retry, TaskId, TaskPlan};
use crate::run::precheck;
use crate::run::pulse::Pulse;
use crate::run::tap::Taps;
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use gauge::Gauge;
use limit::Limit;
use output::Output;
use retention::Retention;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// Shortest wait before the owner record is asked whether we were replaced, ms: a new owner needs time to write it.
const OWNERSHIP_WAIT_MS: u64 = 10_000;

/// Failures of one kind at one position after which a task stops waiting for a better outcome.
const SAME_PANIC_MAX: u32 = 2;

/// While something is tried again, one line for each kind of failure comes this often, ms.
const LINE_MS: u64 = 60_000;

/// What comes to a task's thread.
pub(super) enum Input {
    /// There may be a new block.
    Wake,
    /// A read for the load ended.
    Answer(Answer),
}

/// What the supervisor wants.
#[derive(Debug, Clone)]
pub(super) enum Command {
    /// Go on under another plan from the next transaction end on.
    Swap {
        /// The plan.
        plan: Arc<TaskPlan>,
        /// Its generation.
        generation: u64,
    },
    /// End at the next transaction end and give up ownership.
    Drain,
}

/// What an operator wants of a task besides; it holds until it is carried out and stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Wishes {
    /// Stand still, or go on.
    pub(super) paused: Option<bool>,
    /// Tables whose existing rows are loaded anew.
    pub(super) anew: BTreeSet<TableName>,
    /// Tables that wait alone and are to go on.
    pub(super) heal: BTreeSet<TableName>,
    /// Tables that cannot go on or be loaded, and why: for whoever asked.
    pub(super) kept: BTreeMap<TableName, String>,
    /// Codes of changes that were accepted with a plan that is not stored yet.
    pub(super) accepted: BTreeSet<String>,
}

/// The last thing the supervisor wants of a task, kept until it is done. Giving an order never waits, whatever the task
/// is busy with; wake the task afterwards.
#[derive(Debug, Clone, Default)]
pub(super) struct Orders(Arc<Mutex<(Option<Command>, Wishes)>>);

impl Orders {
    /// An operator wishes something.
    pub(super) fn wish(&self, wish: impl FnOnce(&mut Wishes)) {
        wish(&mut self.slot().1);
    }

    /// What an operator wishes.
    pub(super) fn wishes(&self) -> Wishes {
        self.slot().1.clone()
    }

    /// Orders something; a later plan replaces an earlier one, and nothing replaces the end.
    pub(super) fn give(&self, command: Command) {
        let slot = &mut self.slot().0;
        if !matches!(*slot, Some(Command::Drain)) {
            *slot = Some(command);
        }
    }

    /// What is to be done.
    fn look(&self) -> Option<Command> {
        self.slot().0.clone()
    }

    /// Takes what is to be done.
    fn take(&self) -> Option<Command> {
        self.slot().0.take()
    }

    /// `command` was carried out; what came after it stands.
    fn done(&self, command: &Command) {
        let slot = &mut self.slot().0;
        let same = match (&*slot, command) {
            (Some(Command::Drain), Command::Drain) => true,
            (Some(Command::Swap { generation: new, .. }), Command::Swap { generation, .. }) => {
                new == generation
            }
            (Some(Command::Drain | Command::Swap { .. }) | None, _) => false,
        };
        if same {
            *slot = None;
        }
    }

    fn slot(&self) -> MutexGuard<'_, (Option<Command>, Wishes)> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// Why a life ended without a failure.
enum Ended {
    Drained,
    Swapped {
        plan: Arc<TaskPlan>,
        generation: u64,
    },
    Loaded,
    /// Tables that waited are to go on: they need another stream.
    Healing,
    /// Stand still until an operator says otherwise.
    Paused,
    /// The source transaction that was cut has ended: its plan, too, has had its time.
    Passed,
}

/// Tables that a task carries, for the comparison of plans.
pub(super) type Carried = Arc<Mutex<BTreeSet<TableName>>>;

/// How a task's thread ends.
#[derive(Debug, Clone)]
pub(super) enum Exit {
    /// On request, or because the load was all that was asked for.
    Done,
    /// For good.
    Failed(Failure),
}

/// A failure that was told.
struct Told {
    name: Name,
    reason: String,
    at_ms: u64,
    /// Commits before it.
    n_moved: u64,
}

/// A task before its thread runs.
pub(super) struct Task {
    id: TaskId,
    plan: Arc<TaskPlan>,
    /// Generation given by a reload; none: what the state says.
    generation: Option<u64>,
    /// What it may have been called before, until its state was looked for there.
    former: Vec<TaskId>,
    /// What the files declared when it started.
    declared: Vec<TaskId>,
    context: Arc<Context>,
    clock: Clock,
    inbox: Receiver<Input>,
    me: Sender<Input>,
    status: Arc<Mutex<TaskStatus>>,
    carried: Carried,
    /// The stream of the last life, when it was not the stream that failed.
    follower: Option<Follower>,
    /// Whether it waits for long, for who reads the source with it: from a failure until it takes events again.
    waits: Arc<AtomicBool>,
    /// The target of the last life, when nothing of it was on its way: it keeps the ownership alive meanwhile.
    output: Option<Output>,
    /// Records sent by lives that have ended.
    records: u64,
    retry: RetryClocks,
    /// How fast it may go.
    limit: Limit,
    orders: Orders,
    n_lives: u64,
    /// Where the task stands, as far as it is known; none: it was not asked yet.
    position: Option<Position>,
    /// The source transaction behind it that was cut, if one was.
    cut: Option<MidRecord>,
    /// Plan and generation to go over to once the source transaction that was cut under the stored one has ended.
    after_cut: Option<(Arc<TaskPlan>, Option<u64>)>,
    /// The position is lost, and the tables are loaded anew from the present; stored with the first commit.
    lost: bool,
    /// Servers that were read, the one that is read now last.
    followed: Vec<ServerIdentity>,
    /// How long the source keeps what is not read yet.
    retention: Retention,
    /// Number of the last commit of this process; none: the task was not ours yet.
    committed: Option<u64>,
    /// Commits that were progress.
    n_moved: u64,
    /// Whether the state says that we stand still; none: it was not asked yet.
    paused: Option<bool>,
    /// What the state holds of an operator's wishes.
    ctl: CtlRecord,
    taps: Taps,
    /// Where an event came damaged last.
    damaged_at: Option<String>,
    /// What topics that refused a record for its size had said they take.
    refused: BTreeMap<String, Option<u64>>,
    /// Codes whose fences are in the open transaction.
    fenced: BTreeSet<String>,
    /// It was told that brokers hold back what is sent.
    throttled: bool,
    /// What is counted, as `status` and metrics show it.
    counters: Counters,
    /// Who asks for the length of the log.
    gauge: Option<Gauge>,
    /// Who counts up the heartbeat row of the source.
    pulse: Option<Arc<Pulse>>,
    /// Failures that were told lately.
    told: Vec<Told>,
    /// Where the run ends, once it was found.
    until: Option<Position>,
}

/// What a task shares with the supervisor.
#[derive(Debug, Clone, Default)]
pub(super) struct Shared {
    /// What the supervisor wants.
    pub(super) orders: Orders,
    /// What the task does.
    pub(super) status: Arc<Mutex<TaskStatus>>,
    /// Tables it carries.
    pub(super) carried: Carried,
    /// Who sees its messages.
    pub(super) taps: Taps,
    /// What it may have been called before.
    pub(super) former: Vec<TaskId>,
    /// What the files declare.
    pub(super) declared: Vec<TaskId>,
}

/// How long failures of an end are waited out.
fn retry_at(plan: &TaskPlan, end: End) -> &Retry {
    match end {
        End::Source => &plan.source.retry,
        End::Target => plan.target_retry(),
        End::Here => &plan.retry,
    }
}

impl Task {
    /// A task that will read `inbox`, of which `me` is the sending side.
    pub(super) fn new(
        plan: Arc<TaskPlan>,
        generation: Option<u64>,
        context: Arc<Context>,
        (me, inbox): (Sender<Input>, Receiver<Input>),
        shared: Shared,
    ) -> Task {
        let Shared { orders, status, carried, taps, former, declared } = shared;
        let id = plan.id.clone();
        let clock = context.clock.clone();
        Task {
            id,
            plan,
            generation,
            former,
            declared,
            context,
            clock,
            inbox,
            me,
            status,
            carried,
            follower: None,
            waits: Arc::default(),
            output: None,
            records: 0,
            retry: RetryClocks::default(),
            limit: Limit::default(),
            orders,
            n_lives: 0,
            position: None,
            cut: None,
            after_cut: None,
            lost: false,
            followed: Vec::new(),
            retention: Retention::default(),
            committed: None,
            n_moved: 0,
            paused: None,
            ctl: CtlRecord::default(),
            taps,
            damaged_at: None,
            refused: BTreeMap::new(),
            fenced: BTreeSet::new(),
            throttled: false,
            counters: Counters::default(),
            gauge: None,
            pulse: None,
            told: Vec::new(),
            until: None,
        }
    }

    /// Lives until it ends for good.
    pub(super) fn run(mut self) -> Exit {
        // Panics without progress in between.
        let (mut panics, mut n_moved) = (0, 0);
        loop {
            self.set_state(TaskState::Starting);
            let life = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| self.life()));
            let ended = match life {
                Ok(ended) => ended,
                Err(panic) => {
                    panics = if n_moved == self.n_moved { panics + 1 } else { 1 };
                    n_moved = self.n_moved;
                    let text = panic_text(panic.as_ref());
                    Err(Failure::new(
                        if panics < SAME_PANIC_MAX { Class::Request } else { Class::Bug },
                        format!("this is a bug in syncc: {text}"),
                    ))
                }
            };
            match ended {
                Ok(Ended::Drained | Ended::Loaded) => {
                    self.set_state(TaskState::Stopped);
                    Event::info(Name::TaskStopped, "drained").task(&self.id).emit();
                    return Exit::Done;
                }
                Ok(Ended::Swapped { plan, generation }) => {
                    Event::info(Name::TaskSwapped, "goes on under the new plan")
                        .task(&self.id)
                        .generation(generation)
                        .emit();
                    self.adopt(plan, Some(generation));
                }
                // The next life begins with them.
                Ok(Ended::Healing) => {}
                Ok(Ended::Passed) => {
                    if let Some((plan, generation)) = self.after_cut.take() {
                        Event::info(
                            Name::TaskSwapped,
                            "the transaction that was cut has ended; goes on under the new plan",
                        )
                        .task(&self.id)
                        .emit();
                        self.adopt(plan, generation);
                    }
                }
                Ok(Ended::Paused) => {
                    if let Some(exit) = self.stand() {
                        return exit;
                    }
                }
                Err(failure) => {
                    let failure = precheck::with_grants(failure, &self.plan);
                    if let Some(exit) = self.after(failure) {
                        return exit;
                    }
                }
            }
        }
    }

    fn adopt(&mut self, plan: Arc<TaskPlan>, generation: Option<u64>) {
        // It frames what the old plan selects.
        self.follower = None;
        if self.plan.target != plan.target {
            self.output = None;
        }
        self.after_cut = None;
        self.plan = plan;
        self.generation = generation;
    }

    /// Waits a failure out, or ends.
    fn after(&mut self, failure: Failure) -> Option<Exit> {
        let failure = self.judged(failure);
        if self.gives_up_position(&failure) {
            return None;
        }
        {
            let mut status = self.status();
            status.error = Some(failure.text.clone());
            status.error_kind = Some(failure.kind().to_owned());
        }
        self.falls_behind();
        *self.counters.recoveries.entry(failure.kind().to_owned()).or_default() += 1;
        if failure.class == Class::Ownership {
            self.counters.owner_lost += 1;
        }
        self.status().counters = self.counters.clone();
        let end = match failure.side {
            Side::Source => End::Source,
            Side::Target => End::Target,
            Side::Here => End::Here,
        };
        let wait_ms = match failure.class {
            Class::Connection | Class::Request | Class::Damaged => {
                let unreachable_at_start =
                    self.context.require_live && self.n_lives <= 1 && self.committed.is_none();
                if unreachable_at_start {
                    return Some(self.fail(Failure { class: Class::Precheck, ..failure }));
                }
                let kind = if failure.class == Class::Request { Kind::Request } else { Kind::Connection };
                let now_ms = self.clock.now_ms();
                match self.retry.failed(end, kind, retry_at(&self.plan, end), now_ms, self.context.dice()) {
                    Next::Wait(wait_ms) => wait_ms,
                    Next::Expired => {
                        let text =
                            format!("{}; the retry window is over, the position is kept", failure.text);
                        return Some(self.fail(Failure::new(Class::Expired, text)));
                    }
                }
            }
            Class::Ownership => {
                // Whose the task is must be asked, and our own beats must not be the answer.
                self.output = None;
                OWNERSHIP_WAIT_MS + self.context.dice() % OWNERSHIP_WAIT_MS
            }
            Class::Precheck
            | Class::Elsewhere
            | Class::OwnerLost
            | Class::PositionLost
            | Class::Expired
            | Class::Data
            | Class::State
            | Class::Refused
            | Class::Usage
            | Class::Bug => return Some(self.fail(failure)),
        };
        let left_ms = self.retry.left_ms(end, retry_at(&self.plan, end), self.clock.now_ms());
        {
            let mut status = self.status();
            status.state = TaskState::Retrying;
            status.recoveries += 1;
            status.retry_seconds_left = left_ms.map(|ms| ms / 1_000);
        }
        let lost = match failure.side {
            Side::Source => Name::SourceLost,
            Side::Target if failure.too_small.is_some() => Name::RecordOversize,
            Side::Target => Name::KafkaLost,
            Side::Here => Name::TaskRetrying,
        };
        if self.is_worth_a_line(lost, &failure.text) {
            Event::warn(lost, failure.text.clone()).task(&self.id).failure(&failure).retry_in(wait_ms).emit();
        }
        self.wait(wait_ms)
    }

    /// What only the task knows of a failure: whether an event came damaged before, and which tables a lost position concerns.
    fn judged(&mut self, failure: Failure) -> Failure {
        match failure.class {
            Class::Damaged if self.damaged_at == failure.damaged_at => Failure {
                class: Class::Data,
                text: format!(
                    "{}: the same event came damaged twice, so it is damaged where it is stored. Mend the log or the disk of the \
                     server; rows behind it can only be had by loading their tables anew",
                    failure.text
                ),
                ..failure
            },
            Class::Damaged => {
                self.damaged_at.clone_from(&failure.damaged_at);
                Failure { text: format!("{}; it is read once more", failure.text), ..failure }
            }
            // Lost again before anything was committed.
            Class::PositionLost if self.lost => Failure { class: Class::Request, ..failure },
            Class::PositionLost if !failure.text.contains("loaded anew: ") => {
                let carried = self.carried.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
                let tables = carried.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                Failure {
                    text: format!("{}; these tables must be loaded anew: {tables}", failure.text),
                    ..failure
                }
            }
            _ => failure,
        }
    }

    /// True once a minute for each name of an event, while nothing is committed in between and the reason stays the same.
    fn is_worth_a_line(&mut self, name: Name, reason: &str) -> bool {
        let now_ms = self.clock.now_ms();
        let is_told = |told: &Told| {
            told.name == name
                && told.reason == reason
                && told.n_moved == self.n_moved
                && now_ms < told.at_ms + LINE_MS
        };
        let is_due = !self.told.iter().any(is_told);
        if is_due {
            self.told.retain(|told| told.name != name);
            let reason = reason.to_owned();
            self.told.push(Told { name, reason, at_ms: now_ms, n_moved: self.n_moved });
        }
        is_due
    }

    fn fail(&self, failure: Failure) -> Exit {
        {
            let mut status = self.status();
            status.state = TaskState::Failed;
            status.error = Some(failure.text.clone());
            status.error_kind = Some(failure.kind().to_owned());
        }
        let name = match failure.class {
            Class::Precheck => Name::PrecheckFailed,
            Class::Elsewhere => Name::OwnerElsewhere,
            Class::Ownership | Class::OwnerLost => Name::OwnerLost,
            Class::PositionLost => Name::SourcePositionLost,
            Class::Connection
            | Class::Request
            | Class::Expired
            | Class::Data
            | Class::Damaged
            | Class::State
            | Class::Refused
            | Class::Usage
            | Class::Bug => Name::TaskFailed,
        };
        Event::error(name, failure.text.clone()).task(&self.id).failure(&failure).emit();
        Exit::Failed(failure)
    }

    /// Waits; a drain ends the task, another plan ends the wait.
    fn wait(&mut self, wait_ms: u64) -> Option<Exit> {
        self.waits.store(true, Ordering::Relaxed);
        let until_ms = self.clock.now_ms() + wait_ms;
        self.wait_until(until_ms, |_| false)
    }

    /// Stands still, and stays the owner, until an operator says otherwise.
    fn stand(&mut self) -> Option<Exit> {
        // Nobody reads the stream meanwhile.
        self.follower = None;
        self.falls_behind();
        self.set_state(TaskState::Paused);
        Event::info(Name::TaskPaused, "stands still; `syncc resume` lets it go on").task(&self.id).emit();
        let ended = self
            .wait_until(u64::MAX, |task| task.output.is_none() || task.orders.wishes().paused == Some(false));
        if ended.is_none() && self.orders.wishes().paused == Some(false) {
            Event::info(Name::TaskResumed, "goes on").task(&self.id).emit();
        }
        ended
    }

    /// Waits for a moment or until it is enough; a drain ends the task, another plan ends the wait.
    fn wait_until(&mut self, until_ms: u64, enough: impl Fn(&Task) -> bool) -> Option<Exit> {
        let mut beat_ms = self.clock.now_ms();
        loop {
            let now_ms = self.clock.now_ms();
            self.watch_retention(now_ms);
            if now_ms >= beat_ms + HEARTBEAT_MS {
                beat_ms = now_ms;
                // A target that fails meanwhile is opened anew by the next life.
                if self.output.as_mut().is_some_and(|output| output.beat(&self.context).is_err()) {
                    self.output = None;
                }
            }
            match self.orders.take() {
                Some(Command::Drain) => {
                    if let Some(mut output) = self.output.take() {
                        // Best effort: without it the successor waits for missed beats.
                        let _ = output.release(&self.context);
                    }
                    self.set_state(TaskState::Stopped);
                    return Some(Exit::Done);
                }
                Some(Command::Swap { plan, generation }) => {
                    self.adopt(plan, Some(generation));
                    return None;
                }
                None => {}
            }
            if enough(self) {
                return None;
            }
            let left_ms = until_ms.min(beat_ms + HEARTBEAT_MS).saturating_sub(now_ms);
            match self.inbox.recv_timeout(Duration::from_millis(left_ms)) {
                Ok(Input::Wake | Input::Answer(_)) => {}
                Err(RecvTimeoutError::Timeout) if self.clock.now_ms() >= until_ms => return None,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Some(Exit::Done),
            }
        }
    }

    fn status(&self) -> MutexGuard<'_, TaskStatus> {
        self.status.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn carry<'t>(&self, tables: impl IntoIterator<Item = &'t TableName>) {
        let mut carried = self.carried.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        carried.extend(tables.into_iter().cloned());
    }

    fn set_state(&self, state: TaskState) {
        self.status().state = state;
    }
}
