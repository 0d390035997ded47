//! Random work, random deaths and faults: nothing is lost, nothing comes twice.

use super::faults::{End, Fault};
use super::oracle::{Finding, Wrong};
use super::trial::{DRAIN, GRANT, PAUSE, RECOVERY, Round, Trial};
use super::truth::Ending;
use super::world::{PATIENCE, World};
use super::writer;
use crate::support::dice::Dice;
use crate::support::{Isolation, Kind, wait};
use std::collections::BTreeSet;

/// Writers at a time.
const WRITERS: u64 = 3;

/// Rows read at a time: the load takes some hundred windows, so that most deaths fall into it.
const CHUNK: usize = 6;

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
const LATE: [(&str, usize); 10] = [
    ("start.locked", 1),
    ("start.state_read", 1),
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
const OTHERS: [&str; 3] = [RECOVERY, DRAIN, PAUSE];

/// Deaths after some committed transactions, wherever syncc then is.
const RANDOM: usize = 5;

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
    rounds.extend([Round::Broker, Round::Source, Round::Recovery, Round::Drain, Round::Pause, Round::Stop]);
    rounds.extend(faults(dice).map(Round::Fault));
    dice.shuffle(&mut rounds);
    rounds
}

/// Faults that are no death, each at one end of the way.
fn faults(dice: &mut Dice) -> impl Iterator<Item = Fault> + use<> {
    let mut end = || if dice.percent(50) { End::Source } else { End::Target };
    let (cut, inside, silent, half_open) = (end(), end(), end(), end());
    let (gone, slow, frozen) = (end(), end(), end());
    let bytes = [3, 40, 500, 6_000][dice.below(4)] + dice.below(40);
    // longer than the broker lets a transaction stand, or shorter
    let ms = [1_000, 14_000][dice.below(2)];
    [
        Fault::Cut(cut),
        Fault::CutInside(inside, bytes),
        Fault::Silent(silent, 1_500),
        Fault::HalfOpen(half_open),
        Fault::Gone(gone, 2_000),
        Fault::Slow(slow),
        Fault::Frozen(frozen, 3_000),
        Fault::FrozenHere(ms),
        Fault::Twin,
        Fault::Takeover,
        Fault::FullDisk,
    ]
    .into_iter()
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

/// How many faults there are, deaths included: `SYNCC_E2E_FAULTS`, for a soak; else the schedule once.
fn n_faults() -> Option<usize> {
    std::env::var("SYNCC_E2E_FAULTS").ok().map(|text| text.parse().expect("SYNCC_E2E_FAULTS is a number"))
}

/// A long run is judged that often.
const FAULTS_PER_JUDGEMENT: usize = 50;

fn run(kind: Kind) {
    let seed = seed();
    println!("SYNCC_E2E_SEED={seed} ({kind:?})");
    let world = World::alone(kind, 100, CHUNK);
    let mut dice = Dice::part(seed, 0);
    let mut rounds = early(&mut dice);
    rounds.extend(late(&mut dice));
    let whole = n_faults().is_none_or(|wanted| wanted >= rounds.len());
    while n_faults().is_some_and(|wanted| rounds.len() < wanted) {
        rounds.extend(late(&mut dice));
    }
    rounds.truncate(n_faults().unwrap_or(rounds.len()));
    let deaths = std::thread::scope(|scope| {
        let _ending = Ending(&world.truth);
        for writer in 1..=WRITERS {
            let (world, dice) = (&world, Dice::part(seed, writer));
            scope.spawn(move || writer::write(&world.server, &world.database, &world.truth, dice));
        }
        let mut trial = Trial::new(&world);
        // some transactions are there, and some under way, when the first start looks for its position
        world.truth.grant(GRANT);
        let mut deaths = Vec::new();
        for (n, round) in rounds.iter().enumerate() {
            if n > 0 && n % FAULTS_PER_JUDGEMENT == 0 {
                wait::until("the writers rest", PATIENCE, || world.truth.rests());
                judge(&world, seed, n);
            }
            let death = trial.live(*round);
            println!("{}: {round:?}: {death}, {} transactions", n + 1, world.truth.n_committed());
            deaths.push(death);
        }
        deaths
    });
    judge(&world, seed, deaths.len());

    let (all, committed) =
        (world.n_records(Isolation::ReadUncommitted), world.n_records(Isolation::ReadCommitted));
    println!("{} deaths, {committed} records, {} never committed", deaths.len(), all - committed);
    assert!(all > committed, "no death struck an open transaction");
    if whole {
        let struck: BTreeSet<&str> = deaths.iter().filter_map(|death| death.point()).collect();
        let meant: BTreeSet<&str> = EARLY.iter().chain(&LATE).map(|(name, _)| *name).chain(OTHERS).collect();
        assert_eq!(struck, meant, "SYNCC_E2E_SEED={seed}: points that never struck");
    }
}

/// Lets everything come out, and holds it against what was committed.
fn judge(world: &World, seed: u64, n_faults: usize) {
    let mut last = world.start("");
    world.settle(&mut last);
    let findings = world.findings();
    let count = |wrong: &[Wrong]| findings.iter().filter(|one| wrong.contains(&one.wrong)).count();
    println!(
        "{:?}: faults {n_faults} rows {} lost {} duplicated {} reordered {}",
        world.server.kind(),
        world.n_records(Isolation::ReadCommitted),
        count(&[Wrong::Lost]),
        count(&[Wrong::Twice, Wrong::NeverCommitted]),
        count(&[Wrong::Order, Wrong::Scattered])
    );
    let some: Vec<String> = findings.iter().take(10).map(Finding::to_string).collect();
    assert!(
        findings.is_empty(),
        "SYNCC_E2E_SEED={seed}: {} keys are wrong:\n{}",
        findings.len(),
        some.join("\n")
    );
    let commits = world.commits();
    let gapless: Vec<u64> = (1..=commits.len() as u64).collect();
    assert_eq!(commits, gapless, "SYNCC_E2E_SEED={seed}: a commit was lost or came twice");
    let (heard, there) = world.ends();
    assert_eq!(heard, there, "SYNCC_E2E_SEED={seed}: the reader ends with other rows than the source");
}
