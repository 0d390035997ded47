//! Bugs planted on purpose: the judge must find them, and must find nothing without them.

use super::oracle::Wrong;
use super::truth::Ending;
use super::world::{PATIENCE, World};
use super::writer;
use crate::support::dice::Dice;
use crate::support::program::Running;
use crate::support::{Kind, wait};

/// Hundredths of the workload's keys.
const SCALE: usize = 12;

/// Rows read at a time.
const CHUNK: usize = 25;

/// Transactions before and after a death.
const TRANSACTIONS: u64 = 40;

#[test]
fn a_position_apart_from_its_rows_is_found() {
    // the only difference is the bug: the same death after the same commit
    assert_eq!(death_after_commit(None, "txn.commit_acked"), []);
    let found = death_after_commit(Some("position-apart"), "txn.apart");
    assert!(found.contains(&Wrong::Twice), "{found:?}");
}

#[test]
fn a_position_before_its_rows_is_found() {
    assert_eq!(death_after_commit(None, "txn.commit_acked"), []);
    let found = death_after_commit(Some("position-first"), "txn.commit_acked");
    assert!(found.contains(&Wrong::Lost), "{found:?}");
}

#[test]
fn a_stale_row_of_a_window_is_found() {
    assert_eq!(writes_into_windows(None), []);
    let found = writes_into_windows(Some("touched-kept"));
    assert!(found.contains(&Wrong::Order), "{found:?}");
}

/// Writes while syncc runs, has it die at `point` once rows are committed, writes on, and judges.
fn death_after_commit(bug: Option<&str>, point: &str) -> Vec<Wrong> {
    let world = world(bug);
    write(&world, || {
        // the first commits may hold no rows: the point must strike behind some that do
        let mut running = world.start(&format!("{point}=12*off->return"));
        begun(&world, &mut running);
        wait::until("syncc dies", PATIENCE, || {
            if !running.runs() {
                return Ok(());
            }
            if world.truth.waiting() == 0 {
                world.truth.grant(1);
            }
            Err("it lives")
        });
        assert_eq!(running.wait(10), None, "it ended before it met {point}:\n{}", running.last_words());
        world.truth.grant(TRANSACTIONS);
    });
    judged(&world)
}

/// Writes while every chunk lies around for a while between its view and its emission.
fn writes_into_windows(bug: Option<&str>) -> Vec<Wrong> {
    let world = world(bug);
    write(&world, || {
        let mut running = world.start("win.selected=sleep(300)");
        begun(&world, &mut running);
        wait::until("existing rows are loaded", PATIENCE, || {
            assert!(running.runs(), "syncc ended:\n{}", running.last_words());
            if world.truth.waiting() == 0 {
                world.truth.grant(5);
            }
            let progress = world.progress()?;
            if progress.loaded { Ok(()) } else { Err(format!("{progress:?}")) }
        });
        running.kill();
    });
    judged(&world)
}

fn world(bug: Option<&str>) -> World {
    // On MariaDB the view of a chunk is exact, so what is touched after it is stale for certain.
    let mut world = World::new(Kind::MariaDb10_11, SCALE, CHUNK);
    if let Some(bug) = bug {
        world.plant(bug);
    }
    world
}

/// Runs `story` beside a writer, and waits for the writer's end.
fn write(world: &World, story: impl FnOnce()) {
    std::thread::scope(|scope| {
        let _ending = Ending(&world.truth);
        scope.spawn(|| writer::write(&world.server, &world.database, &world.truth, Dice::new(1)));
        story();
    });
}

/// Waits for the first commit. What is written from then on must be seen.
fn begun(world: &World, running: &mut Running) {
    wait::until("the first commit", PATIENCE, || {
        assert!(running.runs(), "syncc ended:\n{}", running.last_words());
        let progress = world.progress()?;
        if progress.seq > 0 { Ok(()) } else { Err(format!("{progress:?}")) }
    });
}

fn judged(world: &World) -> Vec<Wrong> {
    let mut running = world.start("");
    world.settle(&mut running);
    let findings = world.findings();
    for finding in findings.iter().take(5) {
        println!("{finding}");
    }
    let mut wrong: Vec<Wrong> = findings.into_iter().map(|finding| finding.wrong).collect();
    wrong.dedup();
    wrong
}
