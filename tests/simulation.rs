//! The core of a task in a simulated world: a seed is a schedule of work, delays, deaths and faults.
//!
//! What a task decides is the real [`syncc::engine`]; its servers, its clock and its network are played here, one step
//! after the other, without threads and without waiting. `SYNCC_SIMULATION_SEEDS` is the number of seeds,
//! `SYNCC_SIMULATION_SEED` the first of them; one seed gives one course of events on every machine.

#![allow(clippy::print_stdout, reason = "the test runner captures and shows it")]

#[path = "simulation/broker.rs"]
mod broker;
#[allow(dead_code, reason = "the other tests use the rest")]
#[path = "support/dice.rs"]
mod dice;
#[path = "simulation/judge.rs"]
mod judge;
#[path = "simulation/life.rs"]
mod life;
#[path = "simulation/plan.rs"]
mod plan;
#[path = "simulation/source.rs"]
mod source;
#[path = "simulation/task.rs"]
mod task;
#[path = "simulation/world.rs"]
mod world;

use std::time::Instant;
use world::World;

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name)
        .map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
}

#[test]
fn every_schedule_ends_with_every_change_once_and_in_order() {
    let (first, seeds) = (number("SYNCC_SIMULATION_SEED", 1), number("SYNCC_SIMULATION_SEEDS", 5_000));
    let began = Instant::now();
    let mut sum = world::Figures::default();
    for seed in first..first + seeds {
        match World::new(seed).run() {
            Ok(figures) => sum.add(figures),
            Err(wrong) => panic!("SYNCC_SIMULATION_SEED={seed} SYNCC_SIMULATION_SEEDS=1: {wrong}"),
        }
    }
    println!("{seeds} seeds from {first} in {:.1} s: {sum:?}", began.elapsed().as_secs_f64());
    // a world in which nothing happens proves nothing
    assert!(sum.faults > seeds && sum.records > 10 * seeds, "{sum:?}");
    assert!(sum.takeovers > 0 && sum.refused > 0 && sum.late_ends > 0 && sum.expired > 0, "{sum:?}");
    let did = sum.did;
    assert!(did.cuts > 0 && did.swaps > 0 && did.barriers > seeds / 2 && did.redone > 0, "{sum:?}");
}

/// A seed within these must find a planted bug.
#[cfg(feature = "planted-bugs")]
const SEEDS_PER_BUG: u64 = 10_000;

#[cfg(feature = "planted-bugs")]
#[test]
fn planted_bugs_are_found() {
    for bug in [
        "touched-kept",
        "only-after-key",
        "no-visibility-wait",
        "greatest-key-too-early",
        "window-inside",
        "barrier-unheld",
        "owner-not-read-again",
        "host-for-instance",
        "kept-after-timeout",
        "kept-after-trouble",
        "parts-sent-again",
        "tail-under-edit",
        "generation-early",
        "set-flattened",
        "by-sequence",
    ] {
        syncc::failpoint::plant(Some(bug));
        let found = (1..=SEEDS_PER_BUG).find_map(|seed| Some((seed, World::new(seed).run().err()?)));
        syncc::failpoint::plant(None);
        let (seed, wrong) = found.unwrap_or_else(|| panic!("{bug} was not found by {SEEDS_PER_BUG} seeds"));
        println!("{bug}: seed {seed}: {}", wrong.lines().next().unwrap_or_default());
    }
}
