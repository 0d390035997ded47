//! Logs as they come over connections that begin at different places, and what is handed out of them.

use super::super::blocks::Stamp;
use super::*;
use crate::mysql::binlog::event::{EventType, Header};
use crate::mysql::position::{BinlogPosition, Flavor, ServerIdentity};

const FILE: &str = "b.000001";
const UUID: &str = "11111111-1111-1111-1111-111111111111";

/// A log of transactions, as it comes over a connection that begins with its first one, at offset 100.
struct Log {
    begin: u64,
    events: Vec<Plain>,
    bytes: Vec<u8>,
}

impl Log {
    fn new() -> Log {
        Log { begin: 100, events: Vec::new(), bytes: Vec::new() }
    }

    fn end(&self) -> u64 {
        self.events
            .iter()
            .rev()
            .find(|event| !event.inside)
            .map_or(self.begin, |event| event.header.end_position.into())
    }

    fn event(&mut self, event_type: EventType, body: &[u8]) {
        let header = Header {
            time: 1,
            event_type,
            server_id: 1,
            size: 50,
            end_position: self.end() as u32 + 50,
            flags: 0,
        };
        let start = self.bytes.len();
        self.bytes.extend_from_slice(body);
        self.events.push(Plain { header, body: start..self.bytes.len(), inside: false });
    }

    /// Four events: a beginning, a table map, rows, the end.
    fn transaction(mut self, gtids: &Gtids, number: u64) -> Log {
        match gtids {
            Gtids::Off => self.event(EventType::AnonymousGtid, &[]),
            Gtids::MySql(_) => {
                self.event(EventType::Gtid, &[&[0][..], &[0x11; 16], &number.to_le_bytes()].concat());
            }
            Gtids::MariaDb(_) => {
                self.event(EventType::MariaGtid, &[&number.to_le_bytes()[..], &[0; 11]].concat());
            }
        }
        self.event(EventType::TableMap, &[]);
        self.event(EventType::WriteRows, &[]);
        self.event(EventType::Xid, &[]);
        self
    }

    /// The server has nothing more.
    fn quiet(mut self) -> Log {
        let end_position = self.end() as u32;
        self.event(EventType::Heartbeat, FILE.as_bytes());
        self.events.last_mut().expect("pushed above").header.end_position = end_position;
        self
    }

    /// What comes over a connection that begins with this event, and how it begins.
    fn from(&self, first: usize) -> (RawBlock, Walker) {
        let place = self.events[..first].last().map_or(self.begin, |event| event.header.end_position.into());
        let walker = Walker::new(&BinlogPosition::new(FILE, place));
        let block = RawBlock {
            stamp: Stamp { walker: walker.clone(), begun: None },
            bytes: self.bytes.clone(),
            events: self.events[first..].to_vec(),
            drained: false,
            spares: Default::default(),
        };
        (block, walker)
    }
}

fn position(offset: u64, gtids: Gtids) -> Position {
    Position {
        server: ServerIdentity { flavor: Flavor::MySql, uuid: "u".into(), server_id: 1 },
        file: BinlogPosition::new(FILE, offset),
        gtids,
    }
}

fn set(numbers: &str) -> Gtids {
    let text = if numbers.is_empty() { String::new() } else { format!("{UUID}:{numbers}") };
    Gtids::MySql(text.parse().expect("a set"))
}

/// A beginning of each kind of log, behind which nothing was seen.
fn kinds() -> [Gtids; 3] {
    [Gtids::Off, set(""), Gtids::MariaDb("".parse().expect("no domain"))]
}

/// Hands out at most so many events of a connection; the numbers of those that were, in the whole log, and the place where the
/// first one was said to stand.
fn hand(
    seeker: &mut Seeker,
    log: &Log,
    first: usize,
    most: usize,
) -> Result<(Vec<usize>, Option<u64>), Failure> {
    let (block, walker) = log.from(first);
    seeker.enter(walker);
    let (mut handed, mut entered) = (Vec::new(), None);
    for at in 0..block.events.len() {
        if handed.len() == most {
            break;
        }
        match seeker.step(&block, at, false)? {
            Step::Hand => handed.push(first + at),
            Step::HandFirst((place, _)) => {
                assert!(handed.is_empty() && entered.is_none(), "a stream is entered once");
                entered = Some(place.offset);
                handed.push(first + at);
            }
            Step::Drop => {}
            Step::Compare => panic!("nothing was to be compared"),
        }
    }
    Ok((handed, entered))
}

#[test]
fn wherever_another_stream_begins_each_event_comes_once() {
    for gtids in kinds() {
        let log = (1..=3).fold(Log::new(), |log, number| log.transaction(&gtids, number));
        for cut in 0..=12 {
            // a stream serves who has seen all before it
            for first in (0..=cut / 4 * 4).step_by(4).filter(|&first| first < 12) {
                let mut seeker = Seeker::new(position(100, gtids.clone()));
                seeker.follow(true);
                let (before, entered) = hand(&mut seeker, &log, 0, cut).expect("one log");
                assert_eq!((before, entered), ((0..cut).collect(), None));
                seeker.follow(false);
                let (after, entered) = hand(&mut seeker, &log, first, 12).expect("the same log");
                assert_eq!(
                    after,
                    (cut..12).collect::<Vec<_>>(),
                    "{gtids:?}, cut before {cut}, stream from {first}"
                );
                // where transactions were cut the framer stands inside
                let enters = cut % 4 == 0 && cut < 12;
                assert_eq!(entered, enters.then(|| 100 + 50 * cut as u64), "{gtids:?} {cut} {first}");
                assert_eq!(seeker.boundary().file, BinlogPosition::new(FILE, 700));
            }
        }
    }
}

/// Without GTIDs a place beyond 4 GiB is found by reading the file from its head: headers hold 32 bits of it.
#[test]
fn a_place_beyond_4_gib_is_found_from_the_head_of_its_file() {
    let border = 1_u64 << 32;
    // seven transactions of 800 MB each, in one event beside three small ones
    let log = (1..=7).fold(Log::new(), |log, _| {
        let mut log = log.transaction(&Gtids::Off, 1);
        let rows = log.events.len() - 2;
        for event in &mut log.events[rows..] {
            event.header.end_position = event.header.end_position.wrapping_add(800_000_000);
        }
        log.events[rows].header.size += 800_000_000;
        log
    });
    let ends: Vec<u64> = (0..7).map(|n| 100 + (n + 1) * 800_000_200).collect();
    assert!(ends[4] < border && border < ends[5]);
    for (n, &end) in ends.iter().enumerate() {
        let mut seeker = Seeker::new(position(end, Gtids::Off));
        seeker.follow(false);
        let (handed, entered) = hand(&mut seeker, &log, 0, 28).expect("one log");
        assert_eq!(handed, ((n + 1) * 4..28).collect::<Vec<_>>(), "behind {end}");
        assert_eq!(entered, (n < 6).then_some(end));
        assert_eq!(seeker.boundary().file, BinlogPosition::new(FILE, ends[6]));
    }
}

#[test]
fn a_position_moves_with_whole_transactions() {
    let gtids = set("1-4");
    let log = Log::new().transaction(&gtids, 5).transaction(&gtids, 6);
    let mut seeker = Seeker::new(position(100, gtids));
    seeker.follow(true);
    hand(&mut seeker, &log, 0, 7).expect("one log");
    assert_eq!(*seeker.boundary(), position(300, set("1-5")));
}

#[test]
fn what_a_set_holds_is_left_out_wherever_it_stands() {
    let gtids = set("1-4:6");
    let log = [4, 5, 6, 7].into_iter().fold(Log::new(), |log, number| log.transaction(&gtids, number));
    let mut seeker = Seeker::new(position(9_000, gtids));
    seeker.follow(false);
    let (handed, _) = hand(&mut seeker, &log, 0, 16).expect("one log");
    assert_eq!(handed, [4, 5, 6, 7, 12, 13, 14, 15]);
    assert_eq!(seeker.boundary().gtids, set("1-7"));
}

#[test]
fn another_transaction_in_the_place_of_one_that_was_cut_is_told() {
    let gtids = set("1-4");
    let log = Log::new().transaction(&gtids, 5);
    let mut seeker = Seeker::new(position(100, gtids.clone()));
    seeker.follow(true);
    hand(&mut seeker, &log, 0, 2).expect("one log");
    seeker.follow(false);
    let other = Log::new().transaction(&gtids, 6);
    let failure = hand(&mut seeker, &other, 0, 4).expect_err("it is another one");
    assert_eq!(failure.class, Class::Connection);
    assert!(failure.text.contains("another one over another connection"), "{}", failure.text);
}

#[test]
fn a_quiet_server_says_where_its_log_ends() {
    for gtids in kinds() {
        let log = Log::new().transaction(&gtids, 1).quiet();
        let mut seeker = Seeker::new(position(100, gtids.clone()));
        seeker.follow(true);
        hand(&mut seeker, &log, 0, 4).expect("one log");
        // All of it was seen; the word of the server is the first thing that was not.
        seeker.follow(false);
        assert_eq!(hand(&mut seeker, &log, 0, 9).expect("the same log"), (vec![4], Some(300)), "{gtids:?}");
        // In a transaction that was cut it does not say that the rest has come.
        let mut seeker = Seeker::new(position(100, gtids.clone()));
        seeker.follow(true);
        hand(&mut seeker, &log, 0, 2).expect("one log");
        seeker.follow(false);
        assert_eq!(hand(&mut seeker, &log, 0, 9).expect("the same log"), (vec![2, 3, 4], None), "{gtids:?}");
    }
}

#[test]
fn streams_are_compared_between_transactions_only() {
    for gtids in kinds() {
        let log = Log::new().transaction(&gtids, 1).transaction(&gtids, 2).quiet();
        let (block, walker) = log.from(0);
        let mut seeker = Seeker::new(position(100, gtids));
        seeker.follow(true);
        seeker.enter(walker);
        let compared: Vec<usize> = (0..block.events.len())
            .filter(|&at| {
                let compares = matches!(seeker.step(&block, at, true), Ok(Step::Compare));
                if compares {
                    let passed = seeker.step(&block, at, false);
                    assert!(matches!(passed, Ok(Step::Hand)), "it was not looked at before: {passed:?}");
                }
                compares
            })
            .collect();
        assert_eq!(compared, [0, 4, 8]);
        // Not while what was seen is left out.
        seeker.follow(false);
        seeker.enter(log.from(0).1);
        assert!((0..8).all(|at| matches!(seeker.step(&block, at, true), Ok(Step::Drop))));
    }
}

#[test]
fn inside_of_a_compressed_transaction_nothing_begins() {
    let mut log = Log::new().transaction(&Gtids::Off, 1);
    // as it is unpacked
    log.event(EventType::AnonymousGtid, &[]);
    log.event(EventType::TransactionPayload, &[]);
    for event_type in [EventType::Query, EventType::TableMap, EventType::WriteRows, EventType::Xid] {
        log.event(event_type, &[]);
        let event = log.events.last_mut().expect("pushed above");
        (event.inside, event.header.end_position) = (true, 0);
    }
    let (block, walker) = log.from(0);
    for cut in 5..=10 {
        let mut seeker = Seeker::new(position(100, Gtids::Off));
        seeker.follow(true);
        hand(&mut seeker, &log, 0, cut).expect("one log");
        seeker.follow(false);
        seeker.enter(walker.clone());
        let dropped = (0..block.events.len())
            .filter(|&at| matches!(seeker.step(&block, at, true), Ok(Step::Drop)))
            .count();
        assert_eq!(dropped, cut, "cut before {cut}");
    }
}
