//! One task: a thread that prepares, owns, streams, loads and commits, from one recovery to the next.
//!
//! A *life* goes from a committed position to a failure, a changed plan or a stop. Whatever goes wrong, the next life
//! begins the same way: a new producer (which fences the old one), the committed position, the log from there on.
//!
//! Guarantees: the position moves only by commits, so ending a life anywhere loses nothing.

mod again;
mod beats;
mod boundaries;
mod counts;
mod cut;
mod ddl;
mod definitions;
pub(super) mod edit;
mod entries;
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
mod loading;
mod lost;
mod marker;
mod marks;
mod online;
mod orders;
mod output;
mod progress;
mod reader;
mod reads;
mod recover;
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
mod vigil;
mod waits;

pub(super) use inherit::another_cluster;
pub(super) use orders::{Command, Input, Orders, Wishes};
pub(super) use start::prepare;

use super::context::{Clock, Context};
use super::event::{Event, Name};
use super::failure::{Class, Failure};
use super::follower::Follower;
use super::panic_text;
use crate::checkpoint::{CtlRecord, MidRecord};
use crate::control::{Counters, TaskState, TaskStatus};
use crate::engine::retry::RetryClocks;
use crate::mysql::position::{BinlogPosition, Position, ServerIdentity};
use crate::mysql::schema::TableName;
use crate::plan::{TaskId, TaskPlan};
use crate::run::precheck;
use crate::run::pulse::Pulse;
use crate::run::tap::Taps;
use crossbeam_channel::{Receiver, Sender};
use gauge::Gauge;
use limit::Limit;
use output::Output;
use recover::Told;
use retention::Retention;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, MutexGuard};

/// Failures of one kind at one position after which a task stops waiting for a better outcome.
const SAME_PANIC_MAX: u32 = 2;

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
    /// Rows were sent that do not count: they are read once more.
    Undone,
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
    /// Codes of changes that are accepted: those that the process was started with, and those with which the task was.
    accept: Vec<String>,
    /// Whether it was parted from them.
    detached: Arc<AtomicBool>,
    /// Time for which reads of its loads waited for what they must show, ms.
    unseen_ms: Arc<AtomicU64>,
    /// The target of the last life, when nothing of it was on its way: it keeps the ownership alive meanwhile.
    output: Option<Output>,
    /// Records sent by lives that have ended.
    records: u64,
    retry: RetryClocks,
    /// How fast it may go.
    limit: Limit,
    orders: Orders,
    n_lives: u64,
    /// What was told last of who is read and written.
    identities: String,
    /// Where the task stands, as far as it is known; none: it was not asked yet.
    position: Option<Position>,
    /// The source transaction behind it that was cut, if one was.
    cut: Option<MidRecord>,
    /// Plan and generation to go over to once the source transaction that was cut under the stored one has ended.
    after_cut: Option<(Arc<TaskPlan>, Option<u64>)>,
    /// The position is lost, and the tables are loaded anew from the present; stored with the first commit.
    lost: bool,
    /// Where source transactions begin that are not committed and whose rows do not count.
    undone: BTreeSet<BinlogPosition>,
    /// Servers that were read, the one that is read now last.
    followed: Vec<ServerIdentity>,
    /// How long the source keeps what is not read yet.
    retention: Retention,
    /// Number of the last commit of this process; none: the task was not ours yet.
    committed: Option<u64>,
    /// Commits that were progress.
    n_moved: u64,
    /// How often it was not let in since so many of them.
    denied: (u32, u64),
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
    /// It was parted from those that read its source with it.
    pub(super) detached: Arc<AtomicBool>,
    /// Codes of changes that are accepted for its start.
    pub(super) accept: Vec<String>,
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
        let Shared { orders, status, carried, taps, former, declared, detached, accept } = shared;
        let id = plan.id.clone();
        let clock = context.clock.clone();
        Task {
            id,
            plan,
            generation,
            former,
            declared,
            accept: context.accept.iter().cloned().chain(accept).collect(),
            context,
            clock,
            inbox,
            me,
            status,
            carried,
            follower: None,
            waits: Arc::default(),
            detached,
            unseen_ms: Arc::default(),
            output: None,
            records: 0,
            retry: RetryClocks::default(),
            limit: Limit::default(),
            orders,
            n_lives: 0,
            identities: String::new(),
            position: None,
            cut: None,
            after_cut: None,
            lost: false,
            undone: BTreeSet::new(),
            followed: Vec::new(),
            retention: Retention::default(),
            committed: None,
            n_moved: 0,
            denied: (0, 0),
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
            self.status().spill_bytes = 0;
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
                Ok(Ended::Healing | Ended::Undone) => {}
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
        if !self.plan.target.is_reached_as(&plan.target) {
            self.output = None;
        }
        self.after_cut = None;
        self.plan = plan;
        self.generation = generation;
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
