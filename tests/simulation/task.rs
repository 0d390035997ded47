//! An instance that runs the task: the order of what it does is that of the real one, its decisions are the engine's.

use super::broker::{Broker, Fenced, Record};
use super::life::{Life, Step};
use super::source::Source;
use crate::dice::Dice;
use syncc::checkpoint::{OwnerRecord, StateRecord};
use syncc::engine::commit::HEARTBEAT_MS;
use syncc::engine::owner::{Claim, alive, claim, confirm};
use syncc::engine::retry::{End, Kind, Next, RetryClocks};
use syncc::plan::Retry;

/// Exit codes: another one runs the task, another one has taken it, it was tried for too long.
pub(super) const ELSEWHERE: i32 = 21;
pub(super) const OWNER_LOST: i32 = 22;
pub(super) const EXPIRED: i32 = 24;

/// Short, so that it ends now and then.
const RETRY: Retry = Retry { window_ms: 4_000, errors_ms: 1_000 };

/// Why a life ends.
#[derive(Debug)]
pub(super) enum Failure {
    /// The producer was refused: whose is the task?
    Ownership,
    /// Another one owns it.
    OwnerLost,
    /// A request or its answer was lost, there.
    Transient(End),
    /// Something that must not be.
    Wrong(String),
}

impl From<Fenced> for Failure {
    fn from(_: Fenced) -> Failure {
        Failure::Ownership
    }
}

/// What an instance is about.
pub(super) enum Phase {
    Peek,
    Watch { owner: OwnerRecord, from: usize, until_ms: u64 },
    Take { before: Option<OwnerRecord> },
    Confirm { before: Option<OwnerRecord>, epoch: u64 },
    Live(Box<Life>),
    Rest { until_ms: u64 },
    Ended(i32),
}

/// What instances share.
pub(super) struct Servers {
    pub(super) source: Source,
    pub(super) broker: Broker,
    pub(super) now_ms: u64,
    /// Requests and answers get lost.
    pub(super) trouble: bool,
    /// Of the files.
    pub(super) generation: u64,
}

/// What an instance did.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Counts {
    /// Cuts inside of source transactions.
    pub(super) cuts: u64,
    /// Plans it went over to.
    pub(super) swaps: u64,
    /// Tables that were read at one place.
    pub(super) barriers: u64,
    /// Chunks that were read again.
    pub(super) redone: u64,
}

impl Counts {
    pub(super) fn add(&mut self, other: Counts) {
        self.cuts += other.cuts;
        self.swaps += other.swaps;
        self.barriers += other.barriers;
        self.redone += other.redone;
    }

    /// What came to it since then.
    pub(super) fn since(self, then: Counts) -> Counts {
        Counts {
            cuts: self.cuts - then.cuts,
            swaps: self.swaps - then.swaps,
            barriers: self.barriers - then.barriers,
            redone: self.redone - then.redone,
        }
    }
}

pub(super) struct Instance {
    pub(super) name: &'static str,
    pub(super) incarnation: String,
    pub(super) takeover: bool,
    pub(super) phase: Phase,
    pub(super) frozen_until_ms: u64,
    /// Since when it has been at work without a pause.
    pub(super) steady_since_ms: u64,
    /// It was the owner at some time.
    pub(super) owned: bool,
    pub(super) retry: RetryClocks,
    beat: u64,
    pub(super) counts: Counts,
}

impl Instance {
    pub(super) fn new(name: &'static str, incarnation: String, takeover: bool) -> Instance {
        Instance {
            name,
            incarnation,
            takeover,
            phase: Phase::Peek,
            frozen_until_ms: 0,
            steady_since_ms: 0,
            owned: false,
            retry: RetryClocks::default(),
            beat: 0,
            counts: Counts::default(),
        }
    }

    /// At work, and seen to be, since this time; none: it is not.
    pub(super) fn steady_since(&self) -> Option<u64> {
        matches!(self.phase, Phase::Live(_)).then_some(self.steady_since_ms)
    }

    fn takes_over(&self) -> bool {
        self.takeover && !self.owned
    }

    /// Says that it lives, or gives the task up.
    pub(super) fn owner(&mut self, released: bool) -> Record {
        self.beat += 1;
        Record::State(Box::new(StateRecord::Owner(OwnerRecord {
            incarnation: self.incarnation.clone(),
            instance: self.name.to_owned(),
            // two containers of one image
            host: "pod".to_owned(),
            pid: 1,
            version: "0".to_owned(),
            started: 0,
            beat: self.beat,
            interval_ms: HEARTBEAT_MS,
            released,
        })))
    }

    /// Does one thing. `drain`: it has been asked to stop.
    ///
    /// # Errors
    /// What must never be.
    pub(super) fn step(&mut self, servers: &mut Servers, drain: bool, dice: &mut Dice) -> Result<(), String> {
        let now_ms = servers.now_ms;
        let failure = match std::mem::replace(&mut self.phase, Phase::Peek) {
            Phase::Peek => {
                let owner = servers.broker.state()?.owner;
                self.phase = match claim(owner.as_ref(), self.name) {
                    Claim::Watch { owner, for_ms } if !self.takes_over() => {
                        let from = servers.broker.n_records();
                        Phase::Watch { owner, from, until_ms: now_ms + for_ms }
                    }
                    Claim::Watch { .. } => Phase::Take { before: owner },
                    Claim::Free => {
                        let others =
                            owner.as_ref().filter(|owner| !owner.released && owner.instance != self.name);
                        if others.is_some() {
                            return Err(format!("{} takes what {others:?} owns", self.incarnation));
                        }
                        Phase::Take { before: owner }
                    }
                };
                return Ok(());
            }
            Phase::Watch { owner, from, until_ms } => {
                self.phase = if servers.broker.owners(from).any(|seen| alive(&owner, seen)) {
                    Phase::Ended(if self.owned { OWNER_LOST } else { ELSEWHERE })
                } else if now_ms >= until_ms {
                    Phase::Take { before: Some(owner) }
                } else {
                    Phase::Watch { owner, from, until_ms }
                };
                return Ok(());
            }
            Phase::Take { before } => {
                self.phase = Phase::Confirm { before, epoch: servers.broker.init() };
                return Ok(());
            }
            Phase::Confirm { before, epoch } => {
                let state = servers.broker.state()?;
                if confirm(before.as_ref(), state.owner.as_ref(), self.name).is_err() && !self.takes_over() {
                    self.phase = Phase::Ended(OWNER_LOST);
                    return Ok(());
                }
                let came = state.owner.as_ref().filter(|owner| {
                    let known = before.as_ref().is_some_and(|before| before.incarnation == owner.incarnation);
                    !owner.released && owner.instance != self.name && !known
                });
                if let Some(came) = came.filter(|_| !self.takes_over()) {
                    return Err(format!(
                        "{} drives out {}, which came before it",
                        self.incarnation, came.incarnation
                    ));
                }
                self.phase = Phase::Live(Box::new(Life::new(&state, epoch, servers)));
                self.steady_since_ms = now_ms;
                return Ok(());
            }
            Phase::Rest { until_ms } => {
                if now_ms < until_ms {
                    self.phase = Phase::Rest { until_ms };
                }
                return Ok(());
            }
            Phase::Ended(code) => {
                self.phase = Phase::Ended(code);
                return Ok(());
            }
            Phase::Live(mut life) => match life.step(self, servers, drain, dice) {
                Ok(Step::Stopped) => {
                    self.phase = Phase::Ended(0);
                    return Ok(());
                }
                Ok(Step::On) => {
                    self.phase = Phase::Live(life);
                    return Ok(());
                }
                Ok(Step::Swapped) => {
                    self.counts.swaps += 1;
                    let state = servers.broker.state()?;
                    match confirm(None, state.owner.as_ref(), self.name) {
                        Ok(()) => {
                            self.phase = Phase::Live(Box::new(Life::new(&state, life.epoch, servers)));
                            return Ok(());
                        }
                        Err(_) => Failure::OwnerLost,
                    }
                }
                Err(failure) => failure,
            },
        };
        self.phase = match failure {
            Failure::Ownership => Phase::Rest { until_ms: now_ms + 10_000 + dice.below(10_000) as u64 },
            Failure::OwnerLost => Phase::Ended(OWNER_LOST),
            Failure::Transient(end) => {
                match self.retry.failed(end, Kind::Connection, &RETRY, now_ms, dice.next()) {
                    Next::Wait(ms) if ms <= RETRY.window_ms => Phase::Rest { until_ms: now_ms + ms },
                    Next::Wait(ms) => {
                        return Err(format!("waits for {ms} ms, and may for {} ms", RETRY.window_ms));
                    }
                    Next::Expired => Phase::Ended(EXPIRED),
                }
            }
            Failure::Wrong(wrong) => return Err(wrong),
        };
        Ok(())
    }
}
