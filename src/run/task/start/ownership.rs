//! Whose a task is: asked before the producer is made, because making it would stop a healthy owner, and again after, when nobody
//! else can commit any more.

use crate::catalog::ClusterFacts;
use crate::checkpoint::{OwnerRecord, TaskState};
use crate::control;
use crate::engine::owner::{Claim, alive, claim, confirm, gave_up, is_twin, watch};
use crate::failpoint::hit;
use crate::run::event::{Event, Name};
use crate::run::failure::{Class, Failure};
use crate::run::task::Task;
use crate::run::task::output::{Output, Target};
use std::time::Duration;

/// How often it is looked whether an owner's last words are committed.
const SOON_COMMITTED: Duration = Duration::from_millis(50);

/// What is said of another process that has our name.
const COPIED: &str =
    "its state directory is a copy of ours, or ours of it: remove `instance-id` from one of them; ";

impl Task {
    /// The target as ours, and its state. None when an order came before.
    pub(in crate::run::task) fn take_over(
        &mut self,
        target: Target,
        facts: Option<&ClusterFacts>,
    ) -> Result<Option<(Output, TaskState)>, Failure> {
        match self.output.take() {
            // Nothing happened to the producer: the task is still ours. Without transactions nobody is stopped by that, so
            // the record is looked at all the same.
            Some(mut output) => {
                output.take_up(target, facts);
                let state = output.read_state()?;
                confirm(None, state.owner.as_ref(), self.context.state.instance())
                    .map_err(|other| self.taken(&other))?;
                if let Some(twin) = state.owner.as_ref().filter(|owner| self.is_twin(owner)) {
                    return Err(self.taken(twin));
                }
                Ok(Some((output, state)))
            }
            None => self.own(target, facts),
        }
    }

    /// Takes ownership: who has the task, does that one live, a producer that fences, and the question once more.
    /// None when an order came while the owner was watched: nothing has been taken then.
    pub(in crate::run::task) fn own(
        &self,
        target: Target,
        facts: Option<&ClusterFacts>,
    ) -> Result<Option<(Output, TaskState)>, Failure> {
        let instance = self.context.state.instance();
        let before = loop {
            let before = target.peek_state()?;
            hit("start.peeked");
            let twin = before.owner.as_ref().filter(|owner| self.is_twin(owner));
            let claim = twin.map_or_else(|| claim(before.owner.as_ref(), instance), watch);
            let Claim::Watch { owner, for_ms } = claim else { break before };
            if self.takes_over() {
                break before;
            }
            let lives = self.watch(&target, &owner, for_ms)?;
            if self.orders.look().is_some() {
                return Ok(None);
            }
            if !lives {
                let now = target.peek_state()?;
                // Who else stood by may have been faster, and must not be fenced.
                if now.owner.as_ref().is_some_and(|now| now.incarnation != owner.incarnation) {
                    continue;
                }
                self.set_state(control::TaskState::Starting);
                break now;
            }
            if !self.context.standby {
                return Err(Failure::new(
                    if self.committed.is_some() { Class::OwnerLost } else { Class::Elsewhere },
                    format!(
                        "active elsewhere: {} (pid {}, syncc {}) runs task {}; {}stop it first, stand by with --standby, or take over \
                         with --takeover if it is known dead",
                        owner.host,
                        owner.pid,
                        owner.version,
                        self.id,
                        if owner.instance == instance { COPIED } else { "" }
                    ),
                ));
            }
        };
        let mut output = target.take(facts, self.taps.clone(), self.status.clone())?;
        hit(if self.n_lives > 1 { "recover.reinit" } else { "start.inited" });
        let state = output.read_state()?;
        hit("start.state_read");
        if let Err(other) = confirm(before.owner.as_ref(), state.owner.as_ref(), instance)
            && !self.takes_over()
        {
            return Err(self.taken(&other));
        }
        let incarnation = |state: &TaskState| state.owner.as_ref().map(|owner| owner.incarnation.clone());
        if let Some(twin) = state.owner.as_ref().filter(|owner| self.is_twin(owner))
            && incarnation(&before) != incarnation(&state)
        {
            return Err(self.taken(twin));
        }
        hit("start.owner_reread");
        Event::info(Name::OwnerAcquired, "owns the task").task(&self.id).emit();
        Ok(Some((output, state)))
    }

    /// Watches the owner of the task for so long. True when it lives.
    fn watch(&self, target: &Target, owner: &OwnerRecord, for_ms: u64) -> Result<bool, Failure> {
        let until_ms = self.clock.now_ms() + for_ms;
        let (host, pid) = (&owner.host, owner.pid);
        let waits = |left_ms: u64| {
            let left_s = left_ms.div_ceil(1_000);
            let text = format!("for signs of life of {host} (pid {pid}), {left_s} s left");
            self.status().waiting.replace(text).is_some()
        };
        if self.context.standby {
            let mut status = self.status();
            status.state = control::TaskState::Standby;
            // Who stands by has nothing to mend.
            (status.error, status.error_kind, status.retry_seconds_left) = (None, None, None);
        }
        // who reads the event finds the state
        let told = waits(for_ms);
        if !told {
            let text = match self.context.standby {
                true => format!("stands by: {host} (pid {pid}) runs this task"),
                false => format!(
                    "{host} (pid {pid}) ran this task last; watching {} s for signs of life",
                    for_ms / 1_000
                ),
            };
            Event::info(Name::OwnerElsewhere, text).task(&self.id).emit();
        }
        let over = || {
            let left_ms = until_ms.saturating_sub(self.clock.now_ms());
            waits(left_ms);
            left_ms == 0 || self.orders.look().is_some()
        };
        let sign = |seen: &OwnerRecord| {
            let lives = alive(owner, seen);
            (lives || gave_up(owner, seen)).then_some(lives)
        };
        let sign = target.watch_owner(sign, over);
        if matches!(sign, Ok(Some(false))) {
            Event::info(Name::OwnerElsewhere, format!("{host} (pid {pid}) has given the task up"))
                .task(&self.id)
                .emit();
            // Whoever took it before that is committed would undo the last commit of its owner.
            while !over() && target.peek_state()?.owner.is_some_and(|now| alive(owner, &now)) {
                std::thread::sleep(SOON_COMMITTED);
            }
        }
        // Who stands by waits on.
        if !(self.context.standby && matches!(sign, Ok(Some(true)))) {
            self.status().waiting = None;
        }
        Ok(sign? == Some(true))
    }

    fn taken(&self, other: &OwnerRecord) -> Failure {
        let (host, pid, id) = (&other.host, other.pid, &self.id);
        let copied = if other.instance == self.context.state.instance() { COPIED } else { "" };
        Failure::new(
            Class::OwnerLost,
            format!("{host} (pid {pid}) took task {id} while this one started; {copied}stop one of the two"),
        )
    }

    /// True when another process has the task by our name, behind us.
    fn is_twin(&self, owner: &OwnerRecord) -> bool {
        self.committed.is_some() && is_twin(owner, self.context.state.instance(), &self.context.incarnation)
    }

    /// True when nobody is asked for the task. It is so once: whoever takes it from us later on keeps it, else two
    /// instances that were both told to take over would do so for ever.
    pub(in crate::run::task) fn takes_over(&self) -> bool {
        self.context.takeover && self.committed.is_none()
    }

    /// True when lost state is begun anew; not what this process itself has stored.
    pub(in crate::run::task) fn accepts_loss(&self) -> bool {
        self.context.accept_state_loss && self.committed.is_none()
    }
}
