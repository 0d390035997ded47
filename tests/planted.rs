//! Bugs planted on purpose in what needs servers: each is found by what the topics hold or by what is said.
//!
//! Every story is told twice, and goes well without its bug. Bugs of the core are planted in `simulation`, those that need a
//! death in `e2e::planted`.

use crate::support::program::Running;
use crate::support::shop::{CANARY, SOON, Shop};
use crate::support::{Isolation, Kafka, Kind, MySql, wait};

/// A shop on shared servers, and a run of it with the bug; none: without.
fn run(name: &str, include: &str, bug: Option<&str>) -> (Shop<'static>, Running) {
    let mut shop = Shop::new(name, MySql::shared(Kind::MariaDb10_11), Kafka::shared());
    shop.sql().run("create table notes (id int primary key, name text) engine = MyISAM");
    shop.text.include = include.to_owned();
    shop.save();
    let syncc = start(&shop, bug);
    (shop, syncc)
}

/// Runs it until existing rows are loaded.
fn start(shop: &Shop<'_>, bug: Option<&str>) -> Running {
    let planted = bug.map(|bug| ("SYNCC_PLANTED_BUG", bug));
    let mut syncc = shop.project.start_with(&["run", "--log", "json"], planted.as_slice());
    shop.wait_streaming(&mut syncc);
    syncc
}

/// The ids that come, up to one that is inserted now.
fn ids_up_to(shop: &Shop<'_>, last: i64) -> Vec<i64> {
    shop.insert("items", &[last]);
    wait::until("the last row", SOON, || {
        let ids = shop.ids("items");
        if ids.contains(&last) { Ok(ids) } else { Err(format!("{ids:?}")) }
    })
}

#[test]
fn rows_that_were_undone_are_found() {
    let story = |bug| {
        let (shop, mut syncc) = run("undone", "DB.items, DB.notes", bug);
        let row = |id: i64| format!("insert into items values ({id}, '{CANARY}');");
        // a table without transactions among them: the log keeps what is undone
        shop.sql().run(&format!(
            "begin; {} savepoint a; {} insert into notes values (1, '{CANARY}'); savepoint b; {} rollback to b; commit",
            row(10),
            row(11),
            row(12)
        ));
        let ids = ids_up_to(&shop, 20);
        shop.stop(&mut syncc);
        ids
    };
    assert_eq!(story(None), [1, 2, 3, 10, 11, 20]);
    assert_eq!(story(Some("back-to-ignored")), [1, 2, 3, 10, 11, 12, 20], "the bug shows");
}

#[test]
fn rows_that_are_only_prepared_are_found() {
    let story = |bug| {
        let (shop, mut syncc) = run("prepared", "DB.items", bug);
        let mut sql = shop.sql();
        sql.run(&format!(
            "xa start 'no'; insert into items values (10, '{CANARY}'); xa end 'no'; xa prepare 'no'; xa rollback 'no'"
        ));
        let ids = ids_up_to(&shop, 20);
        shop.stop(&mut syncc);
        ids
    };
    assert_eq!(story(None), [1, 2, 3, 20]);
    assert_eq!(story(Some("xa-at-prepare")), [1, 2, 3, 10, 20], "the bug shows");
}

#[test]
fn partitions_that_are_read_again_are_found() {
    let story = |bug| {
        let (shop, mut syncc) = run("again", "DB.items", bug);
        shop.stop(&mut syncc);
        let topic = format!("{}.items", shop.prefix);
        shop.kafka.add_partitions(&topic, 8);
        shop.insert("items", &[4, 5, 6, 7]);
        let planted = bug.map(|bug| ("SYNCC_PLANTED_BUG", bug));
        let mut syncc = shop.project.start_with(&["run", "--log", "json"], planted.as_slice());
        wait::until("it refuses, or sends", SOON, || {
            if !syncc.runs() || shop.ids("items").len() == 7 { Ok(()) } else { Err(syncc.last_words()) }
        });
        shop.kafka.consume(&topic, Isolation::ReadCommitted).iter().any(|row| row.partition > 0)
    };
    assert!(!story(None));
    assert!(story(Some("partitions-read-again")), "the bug shows");
}

#[test]
fn a_second_producer_is_found() {
    let story = |bug| {
        let (mut shop, mut syncc) = run("beside", "DB.items", bug);
        let before = shop.wait_streaming(&mut syncc).tasks[0].generation;
        shop.edit(|text| text.include = "DB.items, DB.notes".to_owned());
        shop.wait_status(&mut syncc, "the edit is taken", |status| status.tasks[0].generation > before);
        shop.insert("items", &[4]);
        shop.wait_ids("items", &[1, 2, 3, 4]);
        syncc.kill();
        // whoever was driven out has to take the task again
        syncc.stderr().matches("\"owner.acquired\"").count()
    };
    assert_eq!(story(None), 1);
    assert!(story(Some("second-producer")) > 1, "the bug shows");
}
