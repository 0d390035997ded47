//! Rings with several readers.

use super::blocks::{Blocks, Got, RawBlock, Stamp};
use super::walk::Walker;
use super::*;
use crate::mysql::position::{Flavor, ServerIdentity};
use crate::run::failure::Class;
use std::sync::atomic::AtomicBool;

fn position(gtids: &str, offset: u64) -> Position {
    Position {
        server: ServerIdentity { flavor: Flavor::MySql, uuid: "u".into(), server_id: 1 },
        file: BinlogPosition::new("b.000001", offset),
        gtids: if gtids.is_empty() { Gtids::Off } else { Gtids::MySql(set(gtids).parse().expect("a set")) },
    }
}

fn set(numbers: &str) -> String {
    format!("3e11fa47-71ca-11e1-9e33-c80aa9429562:{numbers}")
}

/// What a block begins with that stands at `offset`, behind these transactions.
fn stamp(gtids: &str, offset: u64) -> Stamp {
    let begun = match position(gtids, offset).gtids {
        Gtids::MySql(set) => Some(Arc::new(set)),
        Gtids::MariaDb(_) | Gtids::Off => None,
    };
    Stamp { walker: Walker::new(&BinlogPosition::new("b.000001", offset)), begun }
}

fn publish(blocks: &Blocks, begin: Stamp, size: usize, tail: Stamp) -> bool {
    let (mut bytes, spares) = blocks.spare();
    bytes.resize(size, 0);
    blocks.publish(RawBlock { stamp: begin, bytes, events: Vec::new(), drained: false, spares }, tail)
}

fn next(blocks: &Blocks, cursor: u64) -> &'static str {
    match blocks.next(cursor, &AtomicBool::new(true)) {
        Got::Block(_) => "block",
        Got::Over => "over",
        Got::Detached => "detached",
        Got::Ended(_) => "ended",
    }
}

#[test]
fn a_cursor_begins_with_the_newest_block_that_has_all() {
    let blocks = Blocks::new(100, stamp("1-5", 100));
    let waits = Tie::default();
    let first = blocks.attach_first(&waits);
    assert!(publish(&blocks, stamp("1-5", 100), 4, stamp("1-6", 200)));
    assert!(publish(&blocks, stamp("1-6", 200), 4, stamp("1-7", 300)));
    assert!(blocks.attach(&position("1-4", 300), &waits).is_none(), "5 is left out from the beginning");
    let all = blocks.attach(&position("1-5:9", 4), &waits).expect("held");
    let one = blocks.attach(&position("1-6", 4), &waits).expect("held");
    let none = blocks.attach(&position("1-8", 4), &waits).expect("behind what is held");
    let counts = |cursor| std::iter::from_fn(|| (next(&blocks, cursor) == "block").then_some(())).count();
    assert_eq!([first, all, one, none].map(counts), [2, 2, 1, 0]);

    #[cfg(feature = "planted-bugs")]
    {
        crate::failpoint::plant(Some("merge-too-far"));
        let late = blocks.attach(&position("1-6", 4), &waits).expect("held");
        crate::failpoint::plant(None);
        assert_eq!(counts(late), 0, "the bug shows: 7 is left out");
    }

    let blocks = Blocks::new(100, stamp("", 100));
    let first = blocks.attach_first(&waits);
    assert!(publish(&blocks, stamp("", 100), 4, stamp("", 200)));
    assert!(blocks.attach(&position("", 99), &waits).is_none(), "it begins behind that");
    let inside = blocks.attach(&position("", 150), &waits).expect("held");
    let behind = blocks.attach(&position("", 200), &waits).expect("what comes next");
    let counts = |cursor| std::iter::from_fn(|| (next(&blocks, cursor) == "block").then_some(())).count();
    assert_eq!([first, inside, behind].map(counts), [1, 1, 0]);
}

#[test]
fn who_lets_another_one_starve_loses_the_cursor_and_nothing_else() {
    let blocks = Blocks::new(8, stamp("", 100));
    let (slow, quick) = (Tie::default(), Tie::default());
    let slow_one = blocks.attach_first(&slow);
    let quick_one = blocks.attach_first(&quick);
    assert!(publish(&blocks, stamp("", 100), 4, stamp("", 200)));
    assert!(publish(&blocks, stamp("", 200), 4, stamp("", 300)));
    assert_eq!((next(&blocks, quick_one), next(&blocks, quick_one)), ("block", "block"));
    // it waits for its target, so nobody waits for it
    slow.waits.store(true, Ordering::Relaxed);
    assert!(publish(&blocks, stamp("", 300), 4, stamp("", 400)));
    assert_eq!((next(&blocks, slow_one), next(&blocks, quick_one)), ("detached", "block"));
    let told = |tie: &Tie| tie.detached.load(Ordering::Relaxed);
    assert!(told(&slow) && !told(&quick), "its task knows, also while it reads nothing");
}

#[test]
fn who_reads_nothing_while_nobody_starves_keeps_the_cursor() {
    let blocks = Arc::new(Blocks::new(8, stamp("", 100)));
    let waits = Tie::default();
    let one = blocks.attach_first(&waits);
    let other = blocks.attach_first(&waits);
    assert!(publish(&blocks, stamp("", 100), 8, stamp("", 200)));
    let reader = std::thread::spawn({
        let blocks = blocks.clone();
        move || publish(&blocks, stamp("", 200), 8, stamp("", 300))
    });
    assert_eq!((next(&blocks, one), next(&blocks, other)), ("block", "block"));
    assert!(reader.join().expect("the reader ends"));
    blocks.finish(Failure::new(Class::Connection, "gone"));
    assert_eq!((next(&blocks, one), next(&blocks, one)), ("block", "ended"));
    blocks.leave(one);
    assert_eq!(next(&blocks, other), "block");
    blocks.close();
    assert!(!publish(&blocks, stamp("", 300), 4, stamp("", 400)), "nobody reads any more");
}

#[test]
fn a_stream_for_several_begins_with_what_all_of_them_have() {
    let common = |a: &Position, b: &Position| earlier(a, b).to_string();
    assert_eq!(
        common(&position("1-9", 40), &position("1-5:7", 90)),
        format!("b.000001:40, {}", set("1-5:7"))
    );
    assert_eq!(common(&position("", 400), &position("", 90)), "b.000001:90");
    assert_eq!(common(&position("", 400), &position("", 0)), "b.000001:400", "nobody knows where that is");
    let log = [("b.000001".to_owned(), 1_000), ("b.000002".to_owned(), 50)];
    assert_eq!(bytes_between(&log, &BinlogPosition::new("b.000001", 400)), Some(650));
    assert_eq!(bytes_between(&log, &BinlogPosition::new("a.000001", 400)), None);
}
