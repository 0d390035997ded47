//! What follows a failure: it is waited out within its window, or ends the task; and is told once.

use super::{Exit, Task};
use crate::control::{LastError, TaskState};
use crate::engine::retry::{End, Kind, Next};
use crate::plan::{Retry, TaskPlan};
use crate::run::context::wall_ms;
use crate::run::event::{Event, Name};
use crate::run::failure::{Class, Failure, Side};

/// Shortest wait before the owner record is asked whether we were replaced, ms: a new owner needs time to write it.
const OWNERSHIP_WAIT_MS: u64 = 10_000;

/// How often a task that has run tries again where it is not let in any more, while it commits nothing.
const DENIED_TRIES: u32 = 3;

/// Wait before the first of them, ms; doubled each time, so all of them take half a minute.
const DENIED_WAIT_MS: u64 = 4_000;

/// While something is tried again, one line for each kind of failure comes this often, ms.
const LINE_MS: u64 = 60_000;

/// A failure that was told.
pub(super) struct Told {
    name: Name,
    reason: String,
    at_ms: u64,
    /// Commits before it.
    n_moved: u64,
}

/// How long failures of an end are waited out.
fn retry_at(plan: &TaskPlan, end: End) -> &Retry {
    match end {
        End::Source | End::Load => &plan.source.retry,
        End::Target => plan.target_retry(),
        End::Here => &plan.retry,
    }
}

/// What was waited out for long enough.
fn expired(failure: &Failure) -> Failure {
    Failure::new(Class::Expired, format!("{}; the retry window is over, the position is kept", failure.text))
}

impl Task {
    /// Waits a failure out, or ends.
    pub(super) fn after(&mut self, failure: Failure) -> Option<Exit> {
        if self.status().state == TaskState::Standby {
            // What failed before is over, and another one has gone on since.
            self.retry.forget();
            self.forget();
        }
        let failure = self.judged(failure);
        if self.gives_up_position(&failure) {
            return None;
        }
        self.shows(&failure);
        self.falls_behind();
        *self.counters.recoveries.entry(failure.kind().to_owned()).or_default() += 1;
        if failure.class == Class::Ownership {
            self.counters.owner_lost += 1;
        }
        self.status().counters = self.counters.clone();
        let end = match failure.side {
            Side::Source => End::Source,
            Side::Load => End::Load,
            Side::Target => End::Target,
            Side::Here => End::Here,
        };
        let is_request = matches!(failure.class, Class::Request | Class::Ownership);
        let kind = if is_request { Kind::Request } else { Kind::Connection };
        let wait_ms = match failure.class {
            Class::Connection | Class::Request | Class::Damaged => {
                let unreachable_at_start =
                    self.context.require_live && self.n_lives <= 1 && self.committed.is_none();
                if unreachable_at_start {
                    return Some(self.fail(Failure { class: Class::Precheck, ..failure }));
                }
                let now_ms = self.clock.now_ms();
                match self.retry.failed(end, kind, retry_at(&self.plan, end), now_ms, self.context.dice()) {
                    Next::Wait(wait_ms) => wait_ms,
                    Next::Expired => return Some(self.fail(expired(&failure))),
                }
            }
            // Whose it is has to be asked once at least. Ours again and again, and never for long enough to commit, it is where each
            // transaction outlives its timeout.
            Class::Ownership => {
                let (retry, now_ms) = (retry_at(&self.plan, end), self.clock.now_ms());
                let again = self.retry.left_ms(end, kind, retry, now_ms).is_some();
                match self.retry.failed(end, kind, retry, now_ms, 0) {
                    Next::Expired if again => return Some(self.fail(expired(&failure))),
                    Next::Wait(_) | Next::Expired => self.asks_owner(),
                }
            }
            // It has been stopped by our producer, and needs as long to have the task again: only then its silence tells anything.
            Class::OwnerLost if self.context.standby => self.asks_owner(),
            Class::Denied if self.tries_denied() => DENIED_WAIT_MS << (self.denied.0 - 1),
            Class::Precheck
            | Class::Denied
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
        let left_ms = self.retry.left_ms(end, kind, retry_at(&self.plan, end), self.clock.now_ms());
        {
            let mut status = self.status();
            status.state = TaskState::Retrying;
            status.recoveries += 1;
            status.retry_seconds_left = left_ms.map(|ms| ms / 1_000);
        }
        let lost = match failure.side {
            Side::Source | Side::Load => Name::SourceLost,
            Side::Target if failure.too_small.is_some() => Name::RecordOversize,
            Side::Target => Name::KafkaLost,
            Side::Here => Name::TaskRetrying,
        };
        if self.is_worth_a_line(lost, &failure.text) {
            Event::warn(lost, failure.text.clone()).task(&self.id).failure(&failure).retry_in(wait_ms).emit();
        }
        self.wait(wait_ms)
    }

    /// True for a task that was let in before and has not tried often enough; this try counts.
    fn tries_denied(&mut self) -> bool {
        if self.denied.1 != self.n_moved {
            self.denied = (0, self.n_moved);
        }
        self.denied.0 += 1;
        self.committed.is_some() && self.denied.0 <= DENIED_TRIES
    }

    /// Whose the task is must be asked, and our own beats must not be the answer. How long to wait before, ms.
    fn asks_owner(&mut self) -> u64 {
        self.output = None;
        self.forget();
        OWNERSHIP_WAIT_MS + self.context.dice() % OWNERSHIP_WAIT_MS
    }

    /// What was known as the owner holds no more once another one may have gone on: the state is asked for it again.
    fn forget(&mut self) {
        (self.lost, self.position, self.cut, self.paused) = (false, None, None, None);
        if let Some((plan, generation)) = self.after_cut.take() {
            self.adopt(plan, generation);
        }
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
    pub(super) fn is_worth_a_line(&mut self, name: Name, reason: &str) -> bool {
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

    /// The failure stands in the status.
    fn shows(&self, failure: &Failure) {
        let (text, kind) = (failure.text.clone(), failure.kind().to_owned());
        let mut status = self.status();
        (status.error, status.error_kind) = (Some(text.clone()), Some(kind.clone()));
        status.last_error = Some(LastError { at: wall_ms() as u64 / 1_000, kind, text });
    }

    fn fail(&self, failure: Failure) -> Exit {
        self.shows(&failure);
        self.set_state(TaskState::Failed);
        let name = match failure.class {
            Class::Precheck | Class::Denied => Name::PrecheckFailed,
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
}
