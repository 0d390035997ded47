//! Random work and random deaths: nothing is lost, nothing comes twice.

use super::oracle::Finding;
use super::truth::Ending;
use super::world::{PATIENCE, World};
use super::writer;
use crate::support::dice::Dice;
use crate::support::program::Running;
use crate::support::{Isolation, Kind, wait};
use rustix::process::Signal;
use std::collections::BTreeSet;
use std::fmt;
use std::time::{Duration, Instant};

/// Writers at a time.
const WRITERS: u64 = 3;

/// Rows read at a time: the load takes some hundred windows, so that most deaths fall into it.
const CHUNK: usize = 6;

/// Transactions that writers may begin before syncc dies, when it lives that long.
const TRANSACTIONS: u64 = 150;

/// Of them those before syncc streams.
const BEFORE: u64 = 25;

/// Transactions that writers are allowed at a time: they stay ahead of syncc, but not by much.
const GRANT: u64 = 5;

/// How long syncc may live past a point before it is killed anyway: the load may be over before its points are met.
const POINT_PATIENCE: Duration = Duration::from_secs(15);

/// Deaths at points, `(name, most passes before it strikes)`. Those of windows come while the load runs.
const EARLY: [(&str, usize); 14] = [
    ("start.inited", 1),
    ("txn.begun", 2),
    ("txn.commit_sent", 1),
    ("win.opened", 10),
    ("win.caught_up", 10),
    ("win.selected", 10),
    ("win.read", 10),
    ("win.closing", 10),
    ("win.closed", 10),
    ("win.closed", 20),
    ("txn.rows", 40),
    ("txn.state_written", 6),
    ("txn.commit_sent", 6),
    ("txn.commit_acked", 6),
];

/// Those that can strike at any time.
const LATE: [(&str, usize); 8] = [
    ("start.owner_reread", 1),
    ("task.attached", 1),
    ("txn.begun", 15),
    ("txn.rows", 120),
    ("txn.state_written", 15),
    ("txn.commit_sent", 15),
    ("txn.commit_acked", 15),
    ("txn.rows", 60),
];

/// Points of rounds of their own.
const OTHERS: [&str; 2] = [RECOVERY, DRAIN];
/// On the way back after a failure.
const RECOVERY: &str = "recover.reinit";
/// On the way to an orderly end.
const DRAIN: &str = "drain.begun";

/// Deaths after some committed transactions, wherever syncc then is.
const RANDOM: usize = 5;

/// One stretch between two starts of syncc.
#[derive(Debug, Clone, Copy)]
enum Round {
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
    /// It stops when it is asked to.
    Stop,
}

/// Rounds while existing rows are read.
fn early(dice: &mut Dice) -> Vec<Round> {
    let mut rounds: Vec<Round> =
        EARLY.iter().map(|&(name, most)| Round::Point(name, dice.below(most))).collect();
    // The first deaths come before anything was committed, those behind the windows may see the load to its end.
    dice.shuffle(&mut rounds[3..10]);
    dice.shuffle(&mut rounds[10..]);
    // one server more dies while existing rows are read
    rounds.push(if dice.percent(50) { Round::Broker } else { Round::Source });
    rounds
}

/// Rounds that make sense at any time.
fn late(dice: &mut Dice) -> Vec<Round> {
    let mut rounds: Vec<Round> =
        LATE.iter().map(|&(name, most)| Round::Point(name, dice.below(most))).collect();
    rounds.extend((0..RANDOM).map(|_| Round::Random(20 + dice.below(80) as u64)));
    rounds.extend([Round::Broker, Round::Source, Round::Recovery, Round::Drain, Round::Stop]);
    dice.shuffle(&mut rounds);
    rounds
}

#[test]
fn mariadb_loses_nothing_and_repeats_nothing() {
    run(Kind::MariaDb10_11);
}

#[test]
fn mysql_loses_nothing_and_repeats_nothing() {
    run(Kind::MySql9_7);
}

/// The seed: `SYNCC_E2E_SEED`, or one from the clock.
fn seed() -> u64 {
    match std::env::var("SYNCC_E2E_SEED") {
        Ok(text) => text.parse().expect("SYNCC_E2E_SEED is a number"),
        Err(_) => {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
            now.expect("it is after 1970").as_nanos() as u64 % 1_000_000_007
        }
    }
}

/// How often the schedule is run: `SYNCC_E2E_ROUNDS`, for a soak.
fn repetitions() -> usize {
    std::env::var("SYNCC_E2E_ROUNDS").map_or(1, |text| text.parse().expect("SYNCC_E2E_ROUNDS is a number"))
}

fn run(kind: Kind) {
    let seed = seed();
    println!("SYNCC_E2E_SEED={seed} ({kind:?})");
    let world = World::alone(kind, 100, CHUNK);
    let deaths = std::thread::scope(|scope| {
        let _ending = Ending(&world.truth);
        for writer in 1..=WRITERS {
            let (world, dice) = (&world, Dice::part(seed, writer));
            scope.spawn(move || writer::write(&world.server, &world.database, &world.truth, dice));
        }
        let mut dice = Dice::part(seed, 0);
        let mut trial = Trial { world: &world, began: false, granted: 0, seq: 0 };
        // some transactions are there, and some under way, when the first start looks for its position
        world.truth.grant(GRANT);
        let mut deaths = Vec::new();
        for repetition in 0..repetitions() {
            let early = if repetition == 0 { early(&mut dice) } else { Vec::new() };
            for round in early.into_iter().chain(late(&mut dice)) {
                let death = trial.live(round);
                println!("{round:?}: {death}, {} transactions", world.truth.n_committed());
                deaths.push(death);
            }
        }
        deaths
    });
    let mut last = world.start("");
    world.settle(&mut last);

    let findings = world.findings();
    let commits = world.commits();
    let gapless: Vec<u64> = (1..=commits.len() as u64).collect();
    assert_eq!(commits, gapless, "SYNCC_E2E_SEED={seed}: a commit was lost or came twice");
    let some: Vec<String> = findings.iter().take(10).map(Finding::to_string).collect();
    assert!(
        findings.is_empty(),
        "SYNCC_E2E_SEED={seed}: {} keys are wrong:\n{}",
        findings.len(),
        some.join("\n")
    );
    let (heard, there) = world.ends();
    assert_eq!(heard, there, "SYNCC_E2E_SEED={seed}: the reader ends with other rows than the source");
    let (all, committed) =
        (world.n_records(Isolation::ReadUncommitted), world.n_records(Isolation::ReadCommitted));
    println!("{} deaths, {committed} records, {} never committed", deaths.len(), all - committed);
    assert!(all > committed, "no death struck an open transaction");
    let struck: BTreeSet<&str> = deaths.iter().filter_map(|death| death.point()).collect();
    let meant: BTreeSet<&str> = EARLY.iter().chain(&LATE).map(|(name, _)| *name).chain(OTHERS).collect();
    assert_eq!(struck, meant, "SYNCC_E2E_SEED={seed}: points that never struck");
    assert!(deaths.len() >= 20, "{deaths:?}");
}

/// How a life of syncc ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Death {
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
    fn point(self) -> Option<&'static str> {
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
struct Trial<'w> {
    world: &'w World,
    /// The truth knows that the stream has begun.
    began: bool,
    /// Transactions granted in this round.
    granted: u64,
    /// Number of the last commit that was seen.
    seq: u64,
}

impl Trial<'_> {
    /// One life of syncc.
    fn live(&mut self, round: Round) -> Death {
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
            Round::Stop => {
                let mut running = self.works("");
                assert_eq!(running.stop(), Some(0), "{}", running.last_words());
                Death::Asked
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
    fn reach(&mut self, running: &mut Running, seq: u64) {
        wait::until("the task goes on", PATIENCE, || {
            assert!(running.runs(), "syncc ended:\n{}", running.last_words());
            self.go_on(running);
            if self.seq >= seq { Ok(()) } else { Err(format!("{:?}", self.world.progress())) }
        });
    }

    fn until_point(&mut self, name: &'static str, passes: usize) -> Death {
        let mut running = self.world.start(&format!("{name}={passes}*off->return"));
        let deadline = Instant::now() + POINT_PATIENCE;
        let struck = wait::until("syncc meets the point", PATIENCE, || {
            if !running.runs() {
                return Ok(true);
            }
            self.go_on(&mut running);
            if Instant::now() >= deadline { Ok(false) } else { Err("it lives") }
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

    /// Gives the writers something to do, and tells the truth when the stream has begun.
    fn go_on(&mut self, running: &mut Running) {
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
