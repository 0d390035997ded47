//! Tasks begin, change their plans and end.

use super::board::Post;
use super::{Event, Supervisor};
use crate::control::{PausedTask, Pending, TaskStatus};
use crate::plan::{Plan, TaskId, TaskPlan};
use crate::run::event::{Event as Log, Name};
use crate::run::failure::{Class, Failure};
use crate::run::task::{Command, Exit, Input, Shared, Task, Wishes};
use crossbeam_channel::{Sender, bounded};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// Inputs that may wait for one task. Wakes are dropped when it is full; answers wait.
const INBOX_MAX: usize = 64;

/// A generation that is not active yet.
pub(super) struct Activating {
    pub(super) generation: u64,
    /// Tasks that are still to go over to it.
    pub(super) awaited: BTreeSet<TaskId>,
    /// Those that have failed on the way.
    pub(super) failed: Vec<(TaskId, Failure)>,
}

/// A running task.
pub(super) struct Running {
    pub(super) plan: Arc<TaskPlan>,
    pub(super) inbox: Sender<Input>,
    /// It was removed from the files; declared again meanwhile, it starts once it has ended.
    pub(super) removed: bool,
    /// Codes of changes that are accepted for the plan under which it starts then.
    pub(super) accept: Vec<String>,
    pub(super) shared: Shared,
    pub(super) thread: Option<JoinHandle<()>>,
    pub(super) exit: Option<Exit>,
}

impl Running {
    /// Orders something. Does not wait: a full inbox belongs to a task that is at work and looks at its orders then.
    pub(super) fn order(&self, command: Command) {
        self.shared.orders.give(command);
        self.wake();
    }

    /// An operator wishes something.
    pub(super) fn wish(&self, wish: impl FnOnce(&mut Wishes)) {
        self.shared.orders.wish(wish);
        self.wake();
    }

    fn wake(&self) {
        let _ = self.inbox.try_send(Input::Wake);
    }

    /// What it does.
    pub(super) fn status(&self) -> TaskStatus {
        self.shared.status.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Supervisor<'_> {
    /// Starts a task, which in the plan of all may have been called otherwise before; changes of these codes are accepted against
    /// what it ran last.
    pub(super) fn start(
        &mut self,
        plan: Arc<TaskPlan>,
        generation: Option<u64>,
        all: &Plan,
        accept: Vec<String>,
    ) {
        let id = plan.id.clone();
        let status = Arc::new(Mutex::new(TaskStatus { task: id.to_string(), ..TaskStatus::default() }));
        let detached = Arc::new(AtomicBool::new(false));
        let (me, inbox) = bounded(INBOX_MAX);
        let shared = Shared {
            status: status.clone(),
            detached: detached.clone(),
            accept,
            former: all.former(&id),
            declared: all.tasks.iter().map(|task| task.id.clone()).collect(),
            ..Shared::default()
        };
        let task =
            Task::new(plan.clone(), generation, self.context.clone(), (me.clone(), inbox), shared.clone());
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
                (None, Some(Exit::Failed(Failure::new(Class::Request, text))))
            }
        };
        self.board.open().tasks.insert(id.to_string(), Post { status, detached });
        let running = Running { plan, inbox: me, shared, removed: false, accept: Vec::new(), thread, exit };
        self.tasks.insert(id, running);
    }

    /// Hands the new plans to the tasks: changed ones swap at a transaction end, new ones start, removed ones drain. `accept` is
    /// what was asked for, `accepted` what of it the running tasks need.
    pub(super) fn apply(&mut self, plan: Plan, generation: u64, accept: &[String], accepted: &[String]) {
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
                    running.accept = accept.to_vec();
                    awaited.insert(id.clone());
                }
                Some(&new) if *running.plan != *new && running.exit.is_none() => {
                    awaited.insert(id.clone());
                    running.plan = Arc::new(new.clone());
                    let command = Command::Swap { plan: running.plan.clone(), generation };
                    running.wish(|wishes| wishes.accepted.extend(accepted.iter().cloned()));
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
            self.starting.retain(|(next, ..)| next.id != task.id);
            self.starting.push((task, generation, accept.to_vec()));
        }
        self.starting.retain(|(renamed, ..)| plan.running().any(|task| task.id == renamed.id));
        self.adopt(plan);
        self.start_next();
        self.accepted = generation;
        self.activating = Some(Activating { generation, awaited, failed: Vec::new() });
    }

    /// Starts the tasks anew that have failed: what kept them may be mended outside of the files, or is accepted now. Their number
    /// comes back.
    pub(super) fn start_failed(&mut self, accept: &[String]) -> usize {
        let has_failed = |id: &TaskId| {
            self.tasks.get(id).is_some_and(|task| matches!(task.exit, Some(Exit::Failed(_))) && !task.removed)
        };
        let failed: Vec<Arc<TaskPlan>> = self
            .plan
            .running()
            .filter(|task| has_failed(&task.id))
            .map(|task| Arc::new(task.clone()))
            .collect();
        let all = self.plan.clone();
        let n_failed = failed.len();
        for plan in failed {
            Log::info(Name::TaskStarted, "had failed, and starts anew because a look was asked for")
                .task(&plan.id)
                .emit();
            let generation = self.board.status().generation.max(self.accepted);
            self.start(plan, Some(generation), &all, accept.to_vec());
        }
        n_failed
    }

    /// Starts new tasks; one that is the new name of another begins when that one has ended.
    pub(super) fn start_next(&mut self) {
        if self.stopping.is_some() {
            return;
        }
        let all = self.plan.clone();
        for (plan, generation, accept) in std::mem::take(&mut self.starting) {
            let former = all.former(&plan.id);
            let runs = |id: &TaskId| self.tasks.get(id).is_some_and(|task| task.exit.is_none());
            if former.iter().any(runs) {
                self.starting.push((plan, generation, accept));
            } else {
                self.start(plan, Some(generation), &all, accept);
            }
        }
    }

    /// Takes a plan over, and tells of the tasks that stand still under it and did not before.
    pub(super) fn adopt(&mut self, plan: Plan) {
        let before: BTreeSet<&TaskId> = self.plan.paused().map(|(task, _)| &task.id).collect();
        for (task, why) in plan.paused().filter(|(task, _)| !before.contains(&task.id)) {
            Log::info(Name::TaskPaused, format!("paused: {why}")).task(&task.id).emit();
        }
        let paused = plan
            .paused()
            .map(|(task, because)| PausedTask { task: task.id.to_string(), because: because.to_owned() });
        self.board.open().paused = paused.collect();
        // A full disk is no reason not to run it.
        let _ = self.context.state.keep_plan(&plan);
        self.plan = plan;
    }

    /// Says that a generation is active once every task that it changes runs it, or has ended.
    pub(super) fn announce(&mut self) {
        let Some(Activating { generation, awaited, failed }) = &mut self.activating else { return };
        let generation = *generation;
        let waits = |id: &TaskId| self.starting.iter().any(|(next, ..)| next.id == *id);
        for id in awaited.iter().filter(|id| !waits(id)) {
            if let Some(Exit::Failed(failure)) = self.tasks.get(id).and_then(|task| task.exit.as_ref())
                && !failed.iter().any(|(other, _)| other == id)
            {
                failed.push((id.clone(), failure.clone()));
            }
        }
        awaited.retain(|id| {
            self.tasks
                .get(id)
                .is_some_and(|task| task.status().generation < generation && task.exit.is_none())
                || waits(id)
        });
        let tasks: Vec<String> = awaited.iter().map(ToString::to_string).collect();
        if !tasks.is_empty() {
            self.board.open().pending = Some(Pending { generation, tasks });
            return;
        }
        let failed = std::mem::take(failed);
        self.activating = None;
        {
            let mut board = self.board.open();
            board.pending = None;
            board.generation = generation;
        }
        Log::info(Name::ConfigActive, format!("generation {generation} active"))
            .generation(generation)
            .emit();
        if let Some((reply, mut result)) = self.activation_asked.take() {
            if let Some((_, first)) = failed.first() {
                result["outcome"] = "failed".into();
                let ended: Vec<String> =
                    failed.iter().map(|(id, why)| format!("{id} has failed: {}", why.text)).collect();
                let text = format!("generation {generation} is accepted, but {}", ended.join("; "));
                reply.refused_with(first.exit_code(), text, result);
                return;
            }
            result["outcome"] = "active".into();
            reply.event(json!({ "name": "config.active", "generation": generation }));
            reply.done(result);
        }
    }

    /// Forgets tasks that were removed from the files and have drained.
    pub(super) fn forget_removed(&mut self) {
        let plan = &self.plan;
        let board = &self.board;
        self.tasks.retain(|id, task| {
            let gone = task.exit.is_some() && !plan.running().any(|task| task.id == *id);
            if gone {
                if let Some(thread) = task.thread.take() {
                    let _ = thread.join();
                }
                board.open().tasks.remove(&id.to_string());
            }
            !gone
        });
    }
}
