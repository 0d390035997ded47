//! Lives of syncc, one after the other: what each of them goes through, and how it ends.

use super::faults::Fault;
use super::world::{PATIENCE, World};
use crate::support::program::Running;
use crate::support::wait;
use rustix::process::Signal;
use std::fmt;
use std::time::{Duration, Instant};

/// Transactions that writers may begin before syncc dies, when it lives that long.
const TRANSACTIONS: u64 = 150;

/// Of them those before syncc streams.
const BEFORE: u64 = 25;

/// Transactions that writers are allowed at a time: they stay ahead of syncc, but not by much.
pub(super) const GRANT: u64 = 5;

/// How long syncc may live past its first commit before it is killed anyway: the load may be over before its points
/// are met.
const POINT_PATIENCE: Duration = Duration::from_secs(20);

/// The point on the way back after a failure.
pub(super) const RECOVERY: &str = "recover.reinit";

/// The point on the way to an orderly end.
pub(super) const DRAIN: &str = "drain.begun";

/// The point before a task that is paused says so.
pub(super) const PAUSE: &str = "pause.storing";

/// One stretch between two starts of syncc.
#[derive(Debug, Clone, Copy)]
pub(super) enum Round {
    /// It ends itself at this point, met so many times before.
    Point(&'static str, usize),
    /// It is killed after so many committed transactions.
    Random(u64),
    /// The broker dies under it and comes again, then it is killed.
    Broker,
    /// The source dies under it and comes again, then it is killed.
    Source,
    /// The broker dies under it, and it dies itself when it has its new producer.
    Recovery,
    /// It dies when it is asked to stop.
    Drain,
    /// It is paused, and dies where it begins anew and is about to stand still; then it goes on.
    Pause,
    /// It stops when it is asked to.
    Stop,
    /// Something happens that it outlives; then it is killed.
    Fault(Fault),
}

/// How a life of syncc ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Death {
    /// By itself at a point.
    Struck(&'static str),
    /// Killed at some moment.
    Killed,
    /// Killed after it had outlived a server.
    Outlived,
    /// On request.
    Asked,
}

impl Death {
    /// The point it struck at.
    pub(super) fn point(self) -> Option<&'static str> {
        match self {
            Death::Struck(name) => Some(name),
            Death::Killed | Death::Outlived | Death::Asked => None,
        }
    }
}

impl fmt::Display for Death {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Death::Struck(_) => write!(f, "struck"),
            Death::Killed => write!(f, "killed"),
            Death::Outlived => write!(f, "outlived it, then killed"),
            Death::Asked => write!(f, "stopped"),
        }
    }
}

/// A test under way.
pub(super) struct Trial<'w> {
    pub(super) world: &'w World,
    /// The truth knows that the stream has begun.
    began: bool,
    /// Transactions granted in this round.
    granted: u64,
    /// Number of the last commit that was seen.
    pub(super) seq: u64,
}

impl<'w> Trial<'w> {
    /// A trial that begins.
    pub(super) fn new(world: &'w World) -> Trial<'w> {
        Trial { world, began: false, granted: 0, seq: 0 }
    }

    /// One life of syncc.
    pub(super) fn live(&mut self, round: Round) -> Death {
        (self.granted, self.seq) = (0, 0);
        match round {
            Round::Point(name, passes) => self.until_point(name, passes),
            Round::Random(transactions) => {
                let mut running = self.world.start("");
                let enough = self.world.truth.n_committed() + transactions;
                wait::until("the writers write", PATIENCE, || {
                    self.go_on(&mut running);
                    let committed = self.world.truth.n_committed();
                    if committed >= enough { Ok(()) } else { Err(format!("{committed} of {enough}")) }
                });
                running.kill();
                Death::Killed
            }
            Round::Broker => {
                let mut running = self.works("");
                self.restart_broker();
                self.outlived(&mut running)
            }
            Round::Source => {
                let mut running = self.works("");
                self.world.server.kill();
                self.world.server.start_again();
                self.outlived(&mut running)
            }
            Round::Recovery => {
                let mut running = self.works(&format!("{RECOVERY}=return"));
                self.restart_broker();
                self.dies(&mut running, RECOVERY)
            }
            Round::Drain => {
                let mut running = self.works(&format!("{DRAIN}=return"));
                running.signal(Signal::TERM);
                self.dies(&mut running, DRAIN)
            }
            Round::Pause => {
                let mut running = self.works("");
                self.world.command(&["pause", "all"]);
                running.kill();
                let mut running = self.world.start(&format!("{PAUSE}=return"));
                let death = self.dies(&mut running, PAUSE);
                let mut running = self.world.start("");
                wait::until("it can be resumed", PATIENCE, || {
                    assert!(running.runs(), "syncc ended:\n{}", running.last_words());
                    if self.world.says(&["resume", "all"]) { Ok(()) } else { Err("it does not answer") }
                });
                self.seq = 0;
                self.reach(&mut running, 1);
                running.kill();
                death
            }
            Round::Stop => {
                let mut running = self.works("");
                assert_eq!(running.stop(), Some(0), "{}", running.last_words());
                Death::Asked
            }
            Round::Fault(fault) => {
                let mut running = self.works("");
                self.suffer(fault, &mut running);
                self.outlived(&mut running)
            }
        }
    }

    fn restart_broker(&self) {
        self.world.kafka.kill();
        self.world.kafka.start_again();
    }

    /// Starts syncc and waits for its first commit.
    fn works(&mut self, failpoints: &str) -> Running {
        let mut running = self.world.start(failpoints);
        self.reach(&mut running, 1);
        running
    }

    /// A server was away; syncc must find its way by itself, and is killed then.
    fn outlived(&mut self, running: &mut Running) -> Death {
        let seq = self.seq;
        self.reach(running, seq + 3);
        running.kill();
        Death::Outlived
    }

    /// It must end itself at this point.
    fn dies(&mut self, running: &mut Running, name: &'static str) -> Death {
        wait::until("syncc meets the point", PATIENCE, || {
            self.go_on(running);
            if running.runs() { Err("it lives") } else { Ok(()) }
        });
        let code = running.wait(10);
        assert_eq!(code, None, "it ended before it met {name}:\n{}", running.last_words());
        Death::Struck(name)
    }

    /// Lets the writers work until the commit of this number.
    pub(super) fn reach(&mut self, running: &mut Running, seq: u64) {
        wait::until("the task goes on", PATIENCE, || {
            assert!(running.runs(), "syncc ended:\n{}", running.last_words());
            self.go_on(running);
            if self.seq >= seq { Ok(()) } else { Err(format!("{:?}", self.world.progress())) }
        });
    }

    fn until_point(&mut self, name: &'static str, passes: usize) -> Death {
        let mut running = self.world.start(&format!("{name}={passes}*off->return"));
        // a start takes as long as it takes
        let mut committed = None;
        let struck = wait::until("syncc meets the point", PATIENCE, || {
            if !running.runs() {
                return Ok(true);
            }
            self.go_on(&mut running);
            if self.seq > 0 {
                committed.get_or_insert_with(Instant::now);
            }
            let over = committed.is_some_and(|at: Instant| at.elapsed() >= POINT_PATIENCE);
            if over { Ok(false) } else { Err("it lives") }
        });
        if struck {
            let code = running.wait(10);
            assert_eq!(code, None, "it ended before it met {name}:\n{}", running.last_words());
            Death::Struck(name)
        } else {
            running.kill();
            Death::Killed
        }
    }

    /// Lets the writers work for so long, without asking syncc how far it is.
    pub(super) fn meanwhile(&mut self, ms: u64) {
        let until = Instant::now() + Duration::from_millis(ms);
        wait::until("the time is over", PATIENCE, || {
            if self.world.truth.waiting() == 0 && self.granted < TRANSACTIONS {
                self.world.truth.grant(1);
                self.granted += 1;
            }
            if Instant::now() >= until { Ok(()) } else { Err("not yet") }
        });
    }

    /// Gives the writers something to do, and tells the truth when the stream has begun.
    pub(super) fn go_on(&mut self, running: &mut Running) {
        let truth = &self.world.truth;
        let progress = if running.runs() { self.world.progress().ok() } else { None };
        let seq = progress.map_or(self.seq, |progress| progress.seq);
        if seq > 0 && !self.began {
            self.began = true;
            truth.stream_began();
        }
        let most = if seq > 0 { TRANSACTIONS } else { BEFORE };
        if self.granted < most && truth.waiting() == 0 {
            truth.grant(GRANT);
            self.granted += GRANT;
        } else if self.granted >= TRANSACTIONS && seq > self.seq {
            // one more for every commit, so that points of commits are met however many changes one holds
            truth.grant(1);
        }
        self.seq = seq;
    }
}
