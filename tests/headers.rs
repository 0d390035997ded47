//! Headers and times of records, as a consumer sees them.

use crate::support::kafka::Received;
use crate::support::shop::Shop;
use crate::support::{Isolation, Kafka, Kind, MySql, wait};

/// The records of `items`, once there are so many.
fn records(shop: &Shop<'_>, n: usize) -> Vec<Received> {
    wait::until(&format!("{n} records"), 60, || {
        let records = shop.kafka.consume(&format!("{}.items", shop.prefix), Isolation::ReadCommitted);
        if records.len() == n { Ok(records) } else { Err(format!("{} so far", records.len())) }
    })
}

/// A header as text; none where the record does not have it.
fn header<'r>(record: &'r Received, name: &str) -> Option<&'r str> {
    let found = record.headers.iter().find(|(found, _)| found == name)?;
    Some(std::str::from_utf8(&found.1).expect("headers are text"))
}

/// What a position orders by: file, place of the transaction, number of the row; rows of the load have no number.
fn position(record: &Received) -> (String, u64, Option<u64>) {
    let mut parts = header(record, "position").expect("a position").split(':');
    let file = parts.next().expect("a file").to_owned();
    let mut number = || parts.next().map(|part| part.parse().expect("a number"));
    (file, number().expect("a place"), number())
}

#[test]
fn every_header_and_the_time_of_the_event() {
    for kind in [Kind::MySql9_7, Kind::MariaDb10_11] {
        let mut shop = Shop::new("headers", MySql::shared(kind), Kafka::shared());
        shop.text.topic_block = "    partitions 1\n".into();
        shop.text.rules = "  headers position, schema, event-time, op, transaction\n  tombstones on\n  \
                           timestamp event\n"
            .into();
        let mut syncc = shop.run();
        records(&shop, 3);
        let mut sql = shop.sql();
        sql.run("set timestamp = 1700000000");
        sql.run("insert into items values (4, 'a'), (5, 'b')");
        sql.run("update items set name = 'c' where id = 4");
        sql.run("alter table items add x int");
        sql.run("delete from items where id = 5");
        let records = records(&shop, 8);
        shop.stop(&mut syncc);

        let ops: Vec<&str> = records.iter().map(|record| header(record, "op").expect("an op")).collect();
        assert_eq!(ops, ["r", "r", "r", "c", "c", "u", "d", "d"]);
        assert_eq!(records[7].value, None, "a tombstone has the headers of its delete");

        let of = |name: &str| records.iter().map(|record| header(record, name)).collect::<Vec<_>>();
        let transactions = of("transaction");
        assert_eq!(transactions[..3], [None; 3], "rows of the load are of no transaction");
        assert!(transactions[3].is_some() && transactions[3] == transactions[4]);
        assert_eq!(transactions[6], transactions[7]);
        let distinct: std::collections::BTreeSet<_> = transactions[3..].iter().collect();
        assert_eq!(distinct.len(), 3, "{transactions:?}");
        let gtid = if kind.is_mariadb() { '-' } else { ':' };
        assert!(transactions[3].is_some_and(|gtid_or_place| gtid_or_place.contains(gtid)));

        let positions: Vec<_> = records[3..7].iter().map(position).collect();
        assert!(positions.is_sorted_by(|a, b| a < b), "positions only grow: {positions:?}");
        assert_eq!((positions[0].2, positions[1].2, positions[2].2), (Some(0), Some(1), Some(0)));
        assert!(records[..3].iter().all(|record| position(record).2.is_none()));

        let schemas: Vec<u32> =
            of("schema").into_iter().map(|number| number.expect("it is known").parse().unwrap()).collect();
        assert!(schemas[..6].iter().all(|number| *number == schemas[0]), "{schemas:?}");
        assert!(schemas[6] > schemas[5] && schemas[7] == schemas[6], "behind the ALTER TABLE: {schemas:?}");

        let times: Vec<i64> =
            of("event-time").into_iter().map(|time| time.expect("a time").parse().unwrap()).collect();
        assert_eq!(times[3..], [1_700_000_000_000; 5]);
        let of_records: Vec<i64> = records.iter().map(|record| record.time_ms).collect();
        assert_eq!(of_records, times);
    }
}

#[test]
fn nothing_is_there_unasked() {
    let shop = Shop::new("headerless", MySql::shared(Kind::MySql9_7), Kafka::shared());
    let mut syncc = shop.run();
    let before = records(&shop, 3);
    assert!(before.iter().all(|record| record.headers.is_empty()), "off by default");
    shop.stop(&mut syncc);
}

#[test]
fn files_show_headers() {
    let mut shop = Shop::new("headerfile", MySql::shared(Kind::MySql9_7), Kafka::shared());
    let path = shop.project.folder().join("{topic}.jsonl");
    shop.text.rules = "  headers op, schema\n".into();
    let file = shop.file();
    let (front, behind) = file.split_once("target bus kafka").expect("there is a target");
    let (_, behind) = behind.split_once("\n}\n").expect("its block ends");
    let text = format!("{front}target bus file \"{}\"\n{behind}", path.display());
    shop.project.write("shop.sync", &text);
    let mut syncc = shop.start(&["--once"]);
    crate::support::shop::finished(&mut syncc, 0);
    let lines = std::fs::read_to_string(shop.project.folder().join(format!("{}.items.jsonl", shop.prefix)))
        .expect("it was written");
    assert_eq!(lines.lines().count(), 3);
    for line in lines.lines() {
        let line: serde_json::Value = serde_json::from_str(line).expect("a line is JSON");
        assert_eq!(line["headers"]["op"], "r");
        assert!(line["headers"]["schema"].as_str().is_some_and(|number| number.parse::<u32>().is_ok()));
        assert_eq!(line["timestamp"], serde_json::Value::Null);
    }
}
