//! Where a stream begins for what is prepared (XA): before the position, so that its rows come again; and what of that was seen.

use crate::checkpoint::XaRecord;
use crate::mysql::position::{BinlogPosition, Gtids, Position, SeenAgain};

/// Where the stream of a life begins that stands at `position`: before everything whose rows it needs again.
pub(super) fn stream_from<'r>(
    position: &Position,
    prepared: impl Iterator<Item = &'r XaRecord>,
    moved: impl Fn(&Position) -> Position,
) -> Position {
    let befores = prepared.map(|record| moved(&record.before)).filter(|before| !reaches(before, position));
    let oldest = befores.reduce(|a, b| if reaches(&a, &b) { b } else { a });
    let Some(oldest) = oldest else { return position.clone() };
    match position.gtids {
        // The set does not hold them, so they are sent; the place is for the ring.
        Gtids::MySql(_) => Position { file: oldest.file, ..position.clone() },
        Gtids::Off | Gtids::MariaDb(_) => oldest,
    }
}

/// What was seen of the log from there on, up to `position`, where places of the log do not tell; `end` is where it ends now.
pub(super) fn seen_again(from: &Position, position: &Position, end: Option<&BinlogPosition>) -> SeenAgain {
    match (&from.gtids, &position.gtids) {
        (Gtids::MariaDb(begin), Gtids::MariaDb(seen)) if !have_places(from, position) => {
            SeenAgain::new(begin, seen, end.cloned())
        }
        (Gtids::Off | Gtids::MySql(_) | Gtids::MariaDb(_), _) => SeenAgain::default(),
    }
}

/// True when what lies before `b` lies before `a`, too, as far as places tell. Sets of MySQL need no places, and two servers without
/// GTIDs have none in common.
fn reaches(a: &Position, b: &Position) -> bool {
    match (&a.gtids, &b.gtids) {
        (Gtids::MariaDb(of_a), Gtids::MariaDb(of_b)) if !have_places(a, b) => of_b.beyond(of_a).is_empty(),
        (Gtids::Off | Gtids::MySql(_) | Gtids::MariaDb(_), _) => {
            !a.server.same_log(&b.server) || a.file >= b.file
        }
    }
}

/// True when places of one log tell how two positions stand to each other.
fn have_places(a: &Position, b: &Position) -> bool {
    a.server.same_log(&b.server) && a.file.is_place() && b.file.is_place()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mysql::position::{Flavor, ServerIdentity};

    fn position(uuid: &str, offset: u64, gtids: &str) -> Position {
        Position {
            server: ServerIdentity { flavor: Flavor::MariaDb, uuid: uuid.into(), server_id: 1 },
            file: BinlogPosition::new("b.000001", offset),
            gtids: Gtids::MariaDb(gtids.parse().expect("GTIDs")),
        }
    }

    #[track_caller]
    fn check(position: &Position, befores: &[&Position], expected: &str, comes_again: bool) {
        let record = |before: &&Position| XaRecord {
            gtid: None,
            at: BinlogPosition::new("b.000001", 4),
            before: Position::clone(before),
            prepared: 0,
        };
        let records: Vec<XaRecord> = befores.iter().map(record).collect();
        let from = stream_from(position, records.iter(), Position::clone);
        assert_eq!(from.to_string(), expected);
        assert_eq!(!seen_again(&from, position, None).is_over(), comes_again);
    }

    #[test]
    fn what_is_prepared_is_read_again_on_the_server_that_is_followed_then() {
        let (early, late) = (position("x", 400, "0-1-4"), position("x", 700, "0-1-7"));
        let here = position("x", 900, "0-1-9");
        check(&here, &[], "b.000001:900, 0-1-9", false);
        check(&here, &[&late, &early], "b.000001:400, 0-1-4", false);
        // another server has the same at other places, and only GTIDs tell
        let moved = |gtids: &str| position("y", 0, gtids);
        check(&moved("0-1-9"), &[&moved("0-1-7"), &moved("0-1-4")], "b.000001:0, 0-1-4", true);
        check(&moved("0-1-9"), &[&moved("0-1-9")], "b.000001:0, 0-1-9", false);
        // it has gone on there since
        check(&position("y", 90, "0-2-11"), &[&moved("0-1-4")], "b.000001:0, 0-1-4", true);
        check(&position("y", 90, "0-2-11"), &[&late, &early], "b.000001:400, 0-1-4", true);
    }

    /// Domains stand there in another order: what was seen of one may come behind what was not of another.
    #[test]
    fn a_place_counts_behind_the_end_that_another_server_had() {
        let end = BinlogPosition::new("b.000001", 900);
        let over = |at: &Position| seen_again(at, at, Some(&end)).is_over();
        assert!(!over(&position("y", 0, "0-1-9,1-1-3")));
        assert!(over(&position("y", 90, "0-1-9,1-1-3")));
    }

    #[test]
    fn a_set_without_what_is_prepared_asks_for_it_on_any_server() {
        let at = |uuid, offset| {
            let set = "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-4:6-9".parse().expect("a set");
            let mut position = position(uuid, offset, "");
            position.server.flavor = Flavor::MySql;
            Position { gtids: Gtids::MySql(set), ..position }
        };
        let text = |offset| format!("b.000001:{offset}, 3e11fa47-71ca-11e1-9e33-c80aa9429562:1-4:6-9");
        check(&at("x", 900), &[&at("x", 700), &at("x", 400)], &text(400), false);
        // a place of one server is none of another one
        check(&at("y", 900), &[&at("x", 400)], &text(900), false);
        check(&at("y", 900), &[&at("x", 400), &at("y", 600)], &text(600), false);
        check(&at("y", 900), &[&at("y", 0)], &text(0), false);
    }
}
